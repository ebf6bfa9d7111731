"""The gateway as a proxy, against HAProxy before the same services; and the same work without a proxy, in one process."""

import os
import statistics
import sys

from suite import HAPROXY_PORT, PORT, Suite, call, haproxy, wrk

# Of a small object, as most objects are; a large one is 64 KiB of Markdown.
LARGE_BYTES = 64 * 1024
UPLOAD_BYTES = 10 * 1024 * 1024


def in_turns(path, token, arguments, connections=64, script=None):
    """Medians of the gateway's and HAProxy's rates, and of their 99th percentiles."""
    ours, theirs, our_tails, their_tails = [], [], [], []
    for port in (PORT, HAPROXY_PORT):
        wrk(f"http://127.0.0.1:{port}{path}", token, 2, connections, script)
    for _ in range(arguments.rounds):
        for port, rates, tails in ((PORT, ours, our_tails), (HAPROXY_PORT, theirs, their_tails)):
            rate, tail = wrk(f"http://127.0.0.1:{port}{path}", token, arguments.seconds, connections, script)
            rates.append(rate)
            tails.append(tail)
    print(f"  {path}: gateway {statistics.median(ours):.0f}/s, HAProxy {statistics.median(theirs):.0f}/s", file=sys.stderr)
    return (statistics.median(ours) / statistics.median(theirs), statistics.median(our_tails) / statistics.median(their_tails))


def before(service, path, token, suite, arguments, **load):
    """The ratios with HAProxy before `service`."""
    peer = haproxy(suite.folder, os.path.join(suite.folder, "run", f"{service}-api.sock"))
    try:
        return in_turns(path, token, arguments, **load)
    finally:
        peer.terminate()
        peer.wait()


def proxy(arguments):
    """A small authenticated GET through the gateway and through HAProxy, in turns, before the same service."""
    suite = Suite(arguments.bin, "--separate")
    try:
        suite.start()
        token = suite.token()
        call("POST", "/agents-api", token, {"name": "Bench", "model": {"provider": "runbook"}})
        ratio, tails = before("agents", "/agents-api/bench", token, suite, arguments)
        suite.stop()
    finally:
        suite.remove()
    return [("proxied GET ÷ HAProxy with jwt_verify", ratio, "≥ 1.0", ratio >= 1.0),
            ("  its p99 ÷ HAProxy's", tails, "≤ 1.0", tails <= 1.0)]


def bodies(arguments):
    """64 KiB answers and 10 MiB uploads, through the gateway and through HAProxy."""
    suite = Suite(arguments.bin, "--separate")
    try:
        suite.start()
        token = suite.token()
        skill = call("POST", "/skills-api", token, {
            "name": "Large", "slug": "large", "description": "A large one.", "content": "x" * LARGE_BYTES})
        large, _ = before("skills", f"/skills-api/{skill['id']}", token, suite, arguments)
        project = call("POST", "/api/projects", token, {"name": "Bench"})
        issue = call("POST", f"/api/projects/{project['id']}/issues", token, {"title": "Bench"})
        script = os.path.join(suite.folder, "upload.lua")
        with open(script, "w") as file:
            file.write(f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "multipart/form-data; boundary=bench"
wrk.body = "--bench\\r\\nContent-Disposition: form-data; name=\\"file\\"; filename=\\"bench.bin\\"\\r\\n\\r\\n"
  .. string.rep("x", {UPLOAD_BYTES}) .. "\\r\\n--bench--\\r\\n"
""")
        upload, _ = before(
            "board", f"/api/projects/issues/{issue['id']}/attachments", token, suite, arguments, connections=4, script=script)
        suite.stop()
    finally:
        suite.remove()
    return [("proxied 64 KiB answers ÷ HAProxy", large, "≥ 0.9", large >= 0.9),
            ("proxied 10 MiB uploads ÷ HAProxy", upload, "≥ 0.9", upload >= 0.9)]


def embedded(arguments):
    """One object and a list of 50 through the gateway in one process, against the same GET proxied to a process of its own."""
    alone, apart = Suite(arguments.bin), Suite(arguments.bin, "--separate")
    rates = {"one": [], "list": [], "proxied": []}
    try:
        for _ in range(arguments.rounds):
            for suite, figures in ((alone, (("one", "/tasks-api/{id}"), ("list", "/tasks-api?limit=50"))),
                                   (apart, (("proxied", "/tasks-api/{id}"),))):
                suite.start()
                token = suite.token()
                for number in range(60):
                    task = call("POST", "/tasks-api", token, {"title": f"Task {number}", "description": "A task that is read."})
                for name, path in figures:
                    url = f"http://127.0.0.1:{PORT}" + path.replace("{id}", task["id"])
                    wrk(url, token, 1)
                    rates[name].append(wrk(url, token, arguments.seconds)[0])
                suite.stop()
    finally:
        alone.remove()
        apart.remove()
    one, fifty, proxied = (statistics.median(rates[name]) for name in ("one", "list", "proxied"))
    print(f"  in one process: one {one:.0f}/s, list of 50 {fifty:.0f}/s; proxied {proxied:.0f}/s", file=sys.stderr)
    return [("GET in one process ÷ proxied", one / proxied, "≥ 1.5", one / proxied >= 1.5),
            ("list of 50 ÷ one object, in one process", fifty / one, "", True)]
