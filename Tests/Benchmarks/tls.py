"""TLS at the gateway, against HAProxy with the same certificate before the same service; and what an idle connection takes."""

import os
import socket
import ssl
import statistics
import subprocess
import sys

from suite import HAPROXY_PORT, PORT, Suite, call, haproxy, resident_kilobytes, wrk

IDLE_CONNECTIONS = 1000


def certificate(folder):
    """A certificate of this moment's own: the files of it, of its key, and of both as HAProxy wants them."""
    paths = [os.path.join(folder, name) for name in ("tls.pem", "tls.key", "tls.both")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", paths[1], "-out", paths[0]], check=True, stderr=subprocess.DEVNULL)
    with open(paths[2], "w") as both:
        for path in paths[:2]:
            with open(path) as file:
                both.write(file.read())
    return paths


def prepared(arguments, *options):
    """A suite with one agent and a token of it, started again with TLS."""
    suite = Suite(arguments.bin, *options)
    suite.start()
    token = suite.token()
    call("POST", "/agents-api", token, {"name": "Bench", "model": {"provider": "runbook"}})
    suite.stop()
    chain, key, both = certificate(suite.folder)
    suite.options = (*options, "--tls-cert", chain, "--tls-key", key)
    suite.start()
    return suite, token, both


def tls(arguments):
    """A small authenticated GET over TLS through the gateway and through HAProxy, in turns, on connections that stay."""
    suite, token, both = prepared(arguments, "--separate")
    try:
        peer = haproxy(suite.folder, os.path.join(suite.folder, "run", "agents-api.sock"), f" ssl crt {both}")
        try:
            rates = {PORT: [], HAPROXY_PORT: []}
            for turn in range(arguments.rounds + 1):
                for port in rates:
                    rate, _ = wrk(f"https://127.0.0.1:{port}/agents-api/bench", token, arguments.seconds if turn else 2)
                    if turn:
                        rates[port].append(rate)
        finally:
            peer.terminate()
            peer.wait()
        suite.stop()
    finally:
        suite.remove()
    ours, theirs = (statistics.median(rates[port]) for port in (PORT, HAPROXY_PORT))
    print(f"  over TLS: gateway {ours:.0f}/s, HAProxy {theirs:.0f}/s", file=sys.stderr)
    return [("proxied GET over TLS ÷ HAProxy with jwt_verify", ours / theirs, "≥ 1.0", ours >= theirs)]


def tls_idle(arguments):
    """Resident memory that an idle connection takes over TLS, after it has asked for something."""
    suite, _, _ = prepared(arguments)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def connect():
        connection = context.wrap_socket(socket.create_connection(("127.0.0.1", PORT)))
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.recv(65536)
        return connection

    try:
        # What the first ones make the process take for good is not theirs.
        for connection in [connect() for _ in range(50)]:
            connection.close()
        before = resident_kilobytes(suite.process.pid)
        connections = [connect() for _ in range(IDLE_CONNECTIONS)]
        kilobytes = (resident_kilobytes(suite.process.pid) - before) / IDLE_CONNECTIONS
        for connection in connections:
            connection.close()
        suite.stop()
    finally:
        suite.remove()
    return [("memory of an idle TLS connection (KB)", kilobytes, "< 40", kilobytes < 40)]
