"""What the benchmarks share: a suite in a folder of its own, the load generator, the peers."""

import base64
import json
import os
import re
import shutil
import signal
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

    def __init__(self, binaries, *options, environment=None):
        self.environment = {**os.environ, **(environment or {})}
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
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.environment)
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


def haproxy(folder, socket, tls=""):
    """HAProxy before the same service, verifying the same tokens; `tls` is what its `bind` says of that."""
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
    bind 127.0.0.1:{HAPROXY_PORT}{tls}
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
