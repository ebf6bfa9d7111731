"""Nexus against its peers: each figure is a ratio of two medians, measured in turns on one machine."""

import argparse
import base64
import json
import os
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

PORT = 18640
HAPROXY_PORT = 18641
# The tokens' key: text, so that HAProxy can be given the same one in its configuration.
KEY = b"benchmark-key-of-thirty-two-byte"


class Suite:
    """`nexus up`, in a folder of its own."""

    def __init__(self, binaries, *options):
        self.binaries = binaries
        self.folder = tempfile.mkdtemp(prefix="nexus-bench-")
        keys = os.path.join(self.folder, "keys")
        os.makedirs(keys, mode=0o700)
        with open(os.path.join(keys, "jwt.key"), "wb") as file:
            file.write(base64.urlsafe_b64encode(KEY).rstrip(b"=") + b"\n")
        os.chmod(os.path.join(keys, "jwt.key"), 0o600)
        self.options = options
        self.process = None

    def start(self):
        """Starts it, and gives the seconds until it was ready."""
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [f"{self.binaries}/nexus", "up", "--data", self.folder, "--port", str(PORT), *self.options],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            sys.exit(f"nexus up did not start: {line!r}")
        return time.monotonic() - begin

    def token(self):
        made = subprocess.run(
            [f"{self.binaries}/nexus", "token", "--data", self.folder, "--ttl", "2h"], capture_output=True, text=True, check=True)
        return made.stdout.strip()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def call(method, path, token, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}{path}", method=method, data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def wrk(url, token, seconds, connections=64, script=None):
    """Requests a second, and the 99th percentile in milliseconds; an error among the answers ends the benchmark."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {token}"]
    if script:
        command += ["-s", script]
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(f"wrk saw errors at {url}:\n{text}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    scale = {"us": 0.001, "ms": 1, "s": 1000}[tail.group(2)]
    return rate, float(tail.group(1)) * scale


def resident_kilobytes(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def start_time(arguments):
    """Seconds from the command to `ready`: the first start, which makes keys and databases, and later ones."""
    suite = Suite(arguments.bin)
    try:
        first = suite.start()
        suite.stop()
        later = []
        for _ in range(arguments.rounds):
            later.append(suite.start())
            suite.stop()
    finally:
        suite.remove()
    return [("ready, first start (s)", first, "< 1.5", first < 1.5),
            ("ready, later starts (s)", statistics.median(later), "< 1.5", statistics.median(later) < 1.5)]


def memory(arguments):
    """Resident memory of the whole suite in one process, idle, a little after it has answered something."""
    suite = Suite(arguments.bin)
    try:
        suite.start()
        token = suite.token()
        for path in ("/agents-api", "/goals-api", "/tasks-api", "/runs-api", "/approvals-api", "/api/projects"):
            call("GET", path, token)
        time.sleep(3)
        megabytes = resident_kilobytes(suite.process.pid) / 1024
        suite.stop()
    finally:
        suite.remove()
    return [("resident, one process, idle (MB)", megabytes, "< 80", megabytes < 80)]


def haproxy(folder, socket):
    """HAProxy before the same service, verifying the same tokens."""
    path = os.path.join(folder, "haproxy.cfg")
    with open(path, "w") as file:
        file.write(f"""
global
    nbthread 2
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    option http-keep-alive
frontend front
    bind 127.0.0.1:{HAPROXY_PORT}
    http-request set-var(txn.token) http_auth_bearer
    http-request set-var(txn.algorithm) var(txn.token),jwt_header_query('$.alg')
    http-request deny unless {{ var(txn.algorithm) -m str HS256 }}
    http-request deny unless {{ var(txn.token),jwt_verify(txn.algorithm,"{KEY.decode()}") 1 }}
    default_backend service
backend service
    http-reuse always
    server agents unix@{socket}
""")
    process = subprocess.Popen(["haproxy", "-f", path, "-db"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    return process


def proxy(arguments):
    """A small authenticated GET through the gateway and through HAProxy, in turns, before the same service."""
    suite = Suite(arguments.bin, "--separate")
    peer = None
    try:
        suite.start()
        token = suite.token()
        call("POST", "/agents-api", token, {"name": "Bench", "model": {"provider": "runbook"}})
        peer = haproxy(suite.folder, os.path.join(suite.folder, "run", "agents-api.sock"))
        ours, theirs, our_tails, their_tails = [], [], [], []
        wrk(f"http://127.0.0.1:{PORT}/agents-api/bench", token, 2)
        wrk(f"http://127.0.0.1:{HAPROXY_PORT}/agents-api/bench", token, 2)
        for _ in range(arguments.rounds):
            rate, tail = wrk(f"http://127.0.0.1:{PORT}/agents-api/bench", token, arguments.seconds)
            ours.append(rate)
            our_tails.append(tail)
            rate, tail = wrk(f"http://127.0.0.1:{HAPROXY_PORT}/agents-api/bench", token, arguments.seconds)
            theirs.append(rate)
            their_tails.append(tail)
        suite.stop()
    finally:
        if peer:
            peer.terminate()
            peer.wait()
        suite.remove()
    ratio = statistics.median(ours) / statistics.median(theirs)
    tails = statistics.median(our_tails) / statistics.median(their_tails)
    print(f"  gateway {statistics.median(ours):.0f}/s, HAProxy {statistics.median(theirs):.0f}/s", file=sys.stderr)
    return [("proxied GET ÷ HAProxy with jwt_verify", ratio, "≥ 0.8", ratio >= 0.8),
            ("  its p99 ÷ HAProxy's", tails, "", True)]


POST_SCRIPT = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/tasks-api", {["Authorization"] = wrk.headers["Authorization"], ["Content-Type"] = "application/json"},
    '{"title":"Task ' .. n .. '","description":"A task that is only stored."}')
end
"""


def bare_sqlite(folder, seconds):
    """Inserts a second of a loop that commits each row alone, durably, into the same table."""
    source = sqlite3.connect(os.path.join(folder, "tasks.sqlite"))
    row = source.execute("SELECT * FROM tasks LIMIT 1").fetchone()
    columns = [column[1] for column in source.execute("PRAGMA table_info(tasks)")]
    schema = [text for (text,) in source.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'tasks' AND sql IS NOT NULL")]
    source.close()
    path = os.path.join(folder, f"bare-{time.monotonic_ns()}.sqlite")
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    for text in schema:
        database.execute(text)
    statement = f"INSERT INTO tasks VALUES ({', '.join('?' for _ in columns)})"
    identifier = columns.index("id")
    count, begin = 0, time.monotonic()
    while time.monotonic() - begin < seconds:
        values = list(row)
        values[identifier] = f"task_{count:026d}"
        database.execute(statement, values)
        count += 1
    rate = count / (time.monotonic() - begin)
    database.close()
    return rate


def post(arguments):
    """A durable POST through the gateway with 64 connections, against a bare loop that commits each of the same inserts alone."""
    suite = Suite(arguments.bin)
    try:
        suite.start()
        token = suite.token()
        call("POST", "/tasks-api", token, {"title": "First"})
        script = os.path.join(suite.folder, "post.lua")
        with open(script, "w") as file:
            file.write(POST_SCRIPT)
        ours, bare = [], []
        for _ in range(arguments.rounds):
            ours.append(wrk(f"http://127.0.0.1:{PORT}/tasks-api", token, arguments.seconds, script=script)[0])
            bare.append(bare_sqlite(suite.folder, arguments.seconds))
        suite.stop()
    finally:
        suite.remove()
    ratio = statistics.median(ours) / statistics.median(bare)
    print(f"  POST {statistics.median(ours):.0f}/s, bare SQLite {statistics.median(bare):.0f}/s", file=sys.stderr)
    return [("durable POST ÷ bare SQLite loop", ratio, "≥ 1.5", ratio >= 1.5)]


PARTS = {"start": start_time, "memory": memory, "proxy": proxy, "post": post}


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
