"""Log lines to many subscribers, against nchan; and what an idle subscriber costs."""

import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from suite import PORT, Suite, call, resident_kilobytes

NCHAN_PORT = 18642
# Enough for some seconds with 200 subscribers.
DELIVERIES = 400_000
IDLE_SUBSCRIBERS = 1_000


class Subscribers:
    """The same client for both: see Subscribers/main.swift."""

    def __init__(self, binaries, port, path, count, lines, *headers):
        self.process = subprocess.Popen(
            [f"{binaries}/bench-subscribers", f"127.0.0.1:{port}", path, str(count), str(lines), *headers],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.wait("open")

    def wait(self, word):
        line = self.process.stdout.readline().strip()
        if line != word:
            sys.exit(f"the subscribers said {line!r} where {word!r} was due")

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


class Nexus:
    """A run that goes on, whose agent's token the benchmark writes lines with."""

    name = "Nexus"

    def __init__(self, arguments):
        self.binaries = arguments.bin
        self.suite = Suite(arguments.bin)
        self.suite.start()
        self.token = self.suite.token()

    def open(self, count, lines):
        file = os.path.join(self.suite.folder, f"token-{time.monotonic_ns()}")
        agent = call("POST", "/agents-api", self.token, {
            "name": os.path.basename(file),
            "model": {"provider": "command", "command": ["sh", "-c", f"echo $NEXUS_AGENT_TOKEN > {file}; exec sleep 600"]}})
        task = call("POST", "/tasks-api", self.token, {"title": "Speak", "agent_id": agent["id"]})
        self.run = call("POST", "/runs-api", self.token, {"task_id": task["id"]})["id"]
        deadline = time.monotonic() + 60
        while not (os.path.exists(file) and os.path.getsize(file)):
            if time.monotonic() > deadline:
                sys.exit("the run did not start")
            time.sleep(0.05)
        with open(file) as text:
            self.agent_token = text.read().strip()
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT)
        self.next = self.quiet()
        return Subscribers(
            self.binaries, PORT, f"/runs-api/{self.run}/logs", count, lines, f"Authorization: Bearer {self.token}")

    def quiet(self):
        """The number of the next line, once the run's own program has said what it says at its start."""
        number, since = self.post([])["next"], time.monotonic()
        while time.monotonic() - since < 2:
            time.sleep(0.1)
            now = self.post([])["next"]
            if now != number:
                number, since = now, time.monotonic()
        return number

    def post(self, lines):
        self.connection.request(
            "POST", f"/runs-api/{self.run}/logs", json.dumps({"lines": lines}), {"Authorization": f"Bearer {self.agent_token}"})
        answer = self.connection.getresponse()
        body = json.load(answer)
        if answer.status != 200:
            sys.exit(f"a report was answered {answer.status}: {body}")
        return body

    def publish(self, texts):
        self.post([{"n": self.next + place, "time": "2026-01-01T00:00:00Z", "stream": "stdout", "text": text}
                   for place, text in enumerate(texts)])
        self.next += len(texts)

    def close(self):
        call("POST", f"/runs-api/{self.run}/cancel", self.token, {})
        self.connection.close()

    def stop(self):
        self.suite.stop()
        self.suite.remove()


class Nchan:
    """nginx with nchan, one worker, keeping as many messages as are sent."""

    name = "nchan"

    def __init__(self, arguments):
        self.binaries = arguments.bin
        self.folder = tempfile.mkdtemp(prefix="nexus-bench-")
        self.number = 0
        os.chmod(self.folder, 0o755)
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(f"""
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
worker_processes 1;
daemon off;
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {self.folder}/body;
    proxy_temp_path {self.folder}/proxy;
    fastcgi_temp_path {self.folder}/fastcgi;
    uwsgi_temp_path {self.folder}/uwsgi;
    scgi_temp_path {self.folder}/scgi;
    keepalive_requests 1000000;
    nchan_shared_memory_size 512M;
    server {{
        listen 127.0.0.1:{NCHAN_PORT};
        location ~ ^/publish/(\\w+)$ {{ nchan_publisher; nchan_channel_id $1; nchan_message_buffer_length 100000; }}
        location ~ ^/subscribe/(\\w+)$ {{ nchan_subscriber eventsource; nchan_channel_id $1; nchan_subscriber_first_message oldest; }}
    }}
}}
""")
        self.process = subprocess.Popen(["nginx", "-p", self.folder, "-c", path], stderr=subprocess.DEVNULL)
        time.sleep(1)

    def open(self, count, lines):
        self.number += 1
        self.connection = http.client.HTTPConnection("127.0.0.1", NCHAN_PORT)
        return Subscribers(self.binaries, NCHAN_PORT, f"/subscribe/c{self.number}", count, lines)

    def publish(self, texts):
        # What a line of Nexus's is, so that both send as many bytes.
        message = "\n".join(
            json.dumps({"seq": 1, "time": "2026-01-01T00:00:00Z", "stream": "stdout", "text": text}) for text in texts)
        self.connection.request("POST", f"/publish/c{self.number}", message)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status not in (200, 201, 202):
            sys.exit(f"nchan answered {answer.status}")

    def close(self):
        self.connection.close()

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def deliveries_a_second(server, count, lines_a_message):
    """Publishes one message after another, as fast as they are taken; until the last subscriber has the last line."""
    lines = max(DELIVERIES * (4 if lines_a_message > 1 else 1) // count // lines_a_message, 20) * lines_a_message
    subscribers = server.open(count, lines)
    begin = time.monotonic()
    for first in range(1, lines + 1, lines_a_message):
        server.publish([f"line @{number}; of a build that says what it does" for number in range(first, first + lines_a_message)])
    subscribers.wait("done")
    rate = count * lines / (time.monotonic() - begin)
    subscribers.end()
    server.close()
    return rate


def fanout(arguments):
    """Deliveries a second to 200 and 1,000 subscribers, with one line and with twenty lines a message."""
    rows = []
    servers = [Nexus(arguments), Nchan(arguments)]
    try:
        for count in (200, 1_000):
            for lines in (1, 20):
                rates = {server.name: [] for server in servers}
                for _ in range(max(arguments.rounds // 2, 1) + 1):
                    for server in servers:
                        rates[server.name].append(deliveries_a_second(server, count, lines))
                ours, theirs = (statistics.median(rates[server.name]) for server in servers)
                print(f"  {count} subscribers, {lines} a message: Nexus {ours:.0f}/s, nchan {theirs:.0f}/s", file=sys.stderr)
                rows.append((f"lines to {count}, {lines} a message ÷ nchan", ours / theirs, "≥ 1.0", ours >= theirs))
    finally:
        for server in servers:
            server.stop()
    return rows


def idle(arguments):
    """Resident memory that an idle subscriber of a log takes."""
    server = Nexus(arguments)
    try:
        server.open(1, 0).end()
        before = resident_kilobytes(server.suite.process.pid)
        subscribers = server.open(IDLE_SUBSCRIBERS, 0)
        kilobytes = (resident_kilobytes(server.suite.process.pid) - before) / IDLE_SUBSCRIBERS
        subscribers.end()
        server.close()
    finally:
        server.stop()
    return [("memory of an idle subscriber (KB)", kilobytes, "< 20", kilobytes < 20)]
