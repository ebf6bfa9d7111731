#!/bin/sh
# Prints how often each word of its input occurs, the most frequent first.
set -eu
if [ "${1:-}" = --version ]; then
    echo 'wordfreq @VERSION@'
    exit 0
fi
awk '{ for (i = 1; i <= NF; i++) count[$i]++ } END { for (word in count) print count[word], word }' "$@" | LC_ALL=C sort -k1,1nr -k2
