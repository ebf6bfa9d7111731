"""Tries the feeds of a running suite with a client that is not ours: Python's `websockets`, and plain HTTP for `/events`.

    feeds.py URL TOKEN [PID]

Prints a line for each thing tried, and ends with 1 at the first that is not as it should be. With the suite's PID it is told to end
last, so that its leave-taking is seen.
"""
import asyncio
import http.client
import json
import os
import signal
import socket
import sys
import urllib.parse
import urllib.request

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

address, token = sys.argv[1].rstrip("/"), sys.argv[2]
pid = int(sys.argv[3]) if len(sys.argv) > 3 else None
host = urllib.parse.urlsplit(address).netloc
sockets = f"ws://{host}/ws"
bearer = {"Authorization": f"Bearer {token}"}
WAIT_SECONDS = 20
made = 0


def api(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        address + path, data, {**bearer, "Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
        return json.loads(answer.read() or b"null")


def issue(**fields):
    """Makes an issue and gives its title, which no other has."""
    global made
    made += 1
    title = f"issue {os.getpid()} {made}"
    api("POST", "/api/issues", {"title": title, **fields})
    return title


async def in_thread(function, *arguments, **fields):
    return await asyncio.to_thread(function, *arguments, **fields)


async def receive(client):
    return json.loads(await asyncio.wait_for(client.recv(), WAIT_SECONDS))


async def ask(client, **command):
    await client.send(json.dumps(command))
    return await receive(client)


async def closed(client):
    """The code that the gateway closes with, whatever comes before."""
    try:
        while True:
            await asyncio.wait_for(client.recv(), WAIT_SECONDS)
    except ConnectionClosed as end:
        return end.rcvd.code if end.rcvd else None


def equal(found, wanted):
    if found != wanted:
        raise AssertionError(f"{found!r} is not {wanted!r}")


async def expect_event(client, title):
    event = await receive(client)
    equal((event["type"], event["channel"], event["payload"]["title"]), ("issue.created", "workspace:default", title))


async def a_subscriber_gets_each_event_once():
    async with connect(sockets, additional_headers=bearer) as client:
        equal(await ask(client, type="subscribe", channel="workspace:default"),
              {"type": "subscribed", "channel": "workspace:default"})
        for _ in range(3):
            await expect_event(client, await in_thread(issue))
        equal(await ask(client, type="ping"), {"type": "pong"})
        equal((await ask(client, type="unsubscribe", channel="workspace:default"))["type"], "unsubscribed")
        await in_thread(issue)
        equal(await ask(client, type="ping"), {"type": "pong"})


async def the_first_message_may_carry_a_token():
    short = await in_thread(api, "GET", "/api/v1/ws-token")
    async with connect(sockets) as client:
        equal((await ask(client, type="subscribe", channel="workspace:default"))["type"], "error")
        equal((await ask(client, type="auth", token=short["token"]))["type"], "authenticated")
        equal((await ask(client, type="subscribe", channel="workspace:default"))["type"], "subscribed")
        await expect_event(client, await in_thread(issue))
    async with connect(sockets) as client:
        await client.send(json.dumps({"type": "auth", "token": "nxw_nonsense"}))
        equal(await closed(client), 1008)


async def channels_are_denied_and_nonsense_is_answered():
    async with connect(sockets, additional_headers=bearer) as client:
        equal(await ask(client, type="subscribe", channel="workspace:elsewhere"),
              {"type": "error", "channel": "workspace:elsewhere", "payload": {"error": "access denied"}})
        await client.send("{")
        equal((await receive(client))["type"], "error")
        equal((await ask(client, type="dance"))["type"], "error")


async def frames_may_come_in_fragments_with_pings_between():
    async with connect(sockets, additional_headers=bearer) as client:
        async def pieces():
            yield '{"type":"subscribe",'
            await (await client.ping())
            yield '"channel":"workspace:def'
            yield 'ault"}'
        await client.send(pieces())
        equal((await receive(client))["type"], "subscribed")


async def what_is_too_large_or_binary_is_closed():
    async with connect(sockets, additional_headers=bearer) as client:
        await client.send("x" * 100_000)
        equal(await closed(client), 1009)
    async with connect(sockets, additional_headers=bearer) as client:
        await client.send(b"\0")
        equal(await closed(client), 1003)


async def strangers_are_refused():
    for headers, status in [({"Authorization": "Bearer nonsense"}, 401), ({**bearer, "Origin": "https://evil.example"}, 403)]:
        try:
            async with connect(sockets, additional_headers=headers):
                raise AssertionError(f"opened with {headers}")
        except InvalidStatus as refusal:
            equal(refusal.response.status_code, status)


async def a_slow_reader_is_closed():
    # Small buffers, and a client that takes nothing from them.
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    name, port = host.rsplit(":", 1)
    sock.connect((name.strip("[]"), int(port)))
    sock.setblocking(False)
    async with connect(sockets, sock=sock, additional_headers=bearer, max_queue=1) as client:
        equal((await ask(client, type="subscribe", channel="workspace:default"))["type"], "subscribed")
        for _ in range(150):
            await in_thread(issue, description="x" * 60_000)
        equal(await closed(client), 1013)


def stream_can_be_resumed():
    def events(headers, count):
        connection = http.client.HTTPConnection(host, timeout=WAIT_SECONDS)
        connection.request("GET", "/events?types=issue.created", headers={**bearer, **headers})
        answer = connection.getresponse()
        equal((answer.status, answer.getheader("content-type")), (200, "text/event-stream"))
        found, last, data = [], None, None
        while len(found) < count:
            line = answer.readline().decode().rstrip("\n")
            if line.startswith("id: "):
                last = line[4:]
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif not line and data is not None:
                found.append((last, data["payload"]["title"]))
                data = None
            if count == 1 and last and not found and data is None and not line:
                yield last
        yield found
        connection.close()

    stream = events({}, 1)
    start = next(stream)
    titles = [issue() for _ in range(5)]
    equal([title for _, title in next(stream)], titles[:1])
    found = list(events({"Last-Event-ID": start}, 5))[-1]
    equal([title for _, title in found], titles)
    for index in range(4):
        rest = list(events({"Last-Event-ID": found[index][0]}, 4 - index))[-1]
        equal([title for _, title in rest], titles[index + 1:])


async def the_suites_end_is_told():
    async with connect(sockets, additional_headers=bearer) as client:
        os.kill(pid, signal.SIGTERM)
        equal(await closed(client), 1001)


async def main():
    tried = [a_subscriber_gets_each_event_once, the_first_message_may_carry_a_token,
             channels_are_denied_and_nonsense_is_answered, frames_may_come_in_fragments_with_pings_between,
             what_is_too_large_or_binary_is_closed, strangers_are_refused, a_slow_reader_is_closed]
    for one in tried:
        await one()
        print("passed", one.__name__)
    await in_thread(stream_can_be_resumed)
    print("passed", stream_can_be_resumed.__name__)
    if pid:
        await the_suites_end_is_told()
        print("passed", the_suites_end_is_told.__name__)


asyncio.run(main())
