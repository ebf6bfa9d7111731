#!/bin/sh
# Runs the program on each tests/*.txt and compares what it prints with the .expected beside it; then on long texts.
set -u
program=$1
number=0
failed=0
report() {
    number=$((number + 1))
    if [ "$1" = 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        failed=$((failed + 1))
    fi
}
for input in tests/*.txt; do
    name=$(basename "$input" .txt)
    "$program" "$input" | cmp -s - "tests/$name.expected"
    report $? "$name"
done
for size in 10000 100000 500000; do
    most=$(seq "$size" | awk '{ print "word" $1 % 1000, "common" }' | "$program" | head -n 1)
    [ "$most" = "$size common" ]
    report $? "a text of $((size * 2)) words"
done
echo "1..$number"
exit "$failed"
