"""Nexus against its peers: each figure is a ratio of two medians, measured in turns on one machine."""

import argparse
import os
import subprocess
import sys

from fanout import fanout, idle
from post import post, slow_post
from proxy import bodies, embedded, proxy
from startup import memory, start_time
from tls import tls, tls_idle

PARTS = {
    "start": start_time, "memory": memory, "proxy": proxy, "bodies": bodies, "embedded": embedded, "post": post,
    "slow-post": slow_post, "fanout": fanout, "idle": idle, "tls": tls, "tls-idle": tls_idle,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bin")
    arguments = parser.parse_args()
    if not arguments.bin:
        subprocess.run(["swift", "build", "-c", "release", "-j", "2"], cwd=arguments.root, check=True, stdout=sys.stderr)
        arguments.bin = os.path.join(arguments.root, ".build", "release")
    rows = []
    for name in arguments.only.split(","):
        print(f"measuring {name} …", file=sys.stderr)
        rows += PARTS[name](arguments)
    width = max(len(row[0]) for row in rows)
    for title, value, bar, holds in rows:
        verdict = "" if not bar else "holds" if holds else "MISSED"
        print(f"{title:<{width}}  {value:8.2f}  {bar:<6}  {verdict}")
    sys.exit(0 if all(row[3] for row in rows) else 1)


main()
