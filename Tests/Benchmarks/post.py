"""Durable writes through the gateway, against the database used naively."""

import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from suite import PORT, Suite, call, wrk

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


def measure(arguments, environment=None):
    """Medians of the suite's and of the bare loop's rates, and how many syncs a thousand of the suite's answers took."""
    suite = Suite(arguments.bin, environment=environment)
    bare_command = [sys.executable, __file__, suite.folder, str(arguments.seconds)]
    try:
        suite.start()
        token = suite.token()
        call("POST", "/tasks-api", token, {"title": "First"})
        script = os.path.join(suite.folder, "post.lua")
        with open(script, "w") as file:
            file.write(POST_SCRIPT)
        wrk(f"http://127.0.0.1:{PORT}/tasks-api", token, 1, script=script)
        ours, bare, syncs = [], [], []
        for _ in range(arguments.rounds):
            before = syncs_so_far(suite, token)
            ours.append(wrk(f"http://127.0.0.1:{PORT}/tasks-api", token, arguments.seconds, script=script)[0])
            syncs.append((syncs_so_far(suite, token) - before) / (ours[-1] * arguments.seconds) * 1000)
            # A process of its own, under the same conditions.
            bare.append(float(subprocess.run(
                bare_command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=True).stdout))
        suite.stop()
    finally:
        suite.remove()
    print(f"  POST {statistics.median(ours):.0f}/s, bare SQLite {statistics.median(bare):.0f}/s", file=sys.stderr)
    return statistics.median(ours) / statistics.median(bare), statistics.median(syncs)


def syncs_so_far(suite, token):
    """Syncs of the tasks service's database since its start: one for each commit."""
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/metrics", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        text = response.read().decode()
    found = re.search(r'^nexus_storage_commits_total\{[^}]*service="tasks"[^}]*\} ([0-9.e+]+)$', text, re.MULTILINE)
    if not found:
        sys.exit("the gateway's metrics do not tell of the tasks service's commits")
    return float(found.group(1))


def post(arguments):
    """A durable POST through the gateway with 64 connections, against a bare loop that commits each of the same inserts alone."""
    ratio, syncs = measure(arguments)
    return [("durable POST ÷ bare SQLite loop", ratio, "≥ 1.5", ratio >= 1.5),
            ("  syncs for 1,000 of them", syncs, "< 200", syncs < 200)]


def slow_post(arguments):
    """The same where a sync takes a millisecond more."""
    with tempfile.TemporaryDirectory(prefix="nexus-bench-") as folder:
        library = os.path.join(folder, "slow_fsync.so")
        source = os.path.join(arguments.root, "Tests", "Benchmarks", "slow_fsync.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        ratio, _ = measure(arguments, {"LD_PRELOAD": library})
    return [("the same, a sync taking 1 ms more", ratio, "≥ 10", ratio >= 10)]


if __name__ == "__main__":
    print(bare_sqlite(sys.argv[1], float(sys.argv[2])))
