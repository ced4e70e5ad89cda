"""Front door against a bare aiohttp + HMAC + ``json.loads`` handler, side by side.

``python -m tests.benchmarks.bench_front_door`` (or the file itself) prints deliveries a second and
the ratios; every delivery is on disk before its 202. ``--memory`` sends 50,000 deliveries and
prints how much each server grew. Exit 1 if a goal is missed.

Servers run in child processes on core 0, the generator on core 1, 32 kept-alive connections, every
delivery id unique, bodies distinct and signed ahead of time. The three servers take turns, round
by round, so that a busy moment of the machine hits all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

SECRET = "a secret of some length"
SAMPLES = ROOT / "tests" / "samples" / "github-webhook-examples.json"
CONNECTIONS = 32
ROUNDS = 5
BODIES = 1_000
GOALS = {"fast": 0.8, "plain": 0.45}
MEMORY_GOAL_MB = 10.0
DELIVERIES_FOR_MEMORY = 50_000


# ------------------------------------------------------------------------------- servers


async def serve_bare() -> None:
    from aiohttp import web

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
            return web.Response(status=401)
        json.loads(body)
        return web.Response(status=202)

    app = web.Application(client_max_size=25 * 1024 * 1024)
    app.router.add_post("/webhook", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


async def serve_ours(directory: Path, *, fast: bool) -> None:
    from aiohttp import web

    from bot.handlers.handler import handlers, needed_fields
    from bot.store import Store, sqlite_url
    from bot.webhook.payload import parse_json
    from bot.webhook.receiver import Receiver
    from bot.webhook.server import FrontDoor
    from bot.webhook.writer import DeliveryWriter

    url = sqlite_url(directory)
    store = await Store.open(url)
    writer = DeliveryWriter(url)
    await writer.start()
    receiver = Receiver(
        secret=SECRET,
        fields=needed_fields(handlers()),
        writer=writer,
        parse=None if fast else parse_json,
    )
    door = FrontDoor(receiver, web.Application())
    print(await door.start("127.0.0.1", 0), flush=True)
    await asyncio.Event().wait()
    await store.close()


def serve(kind: str, directory: Path) -> None:
    if kind == "bare":
        asyncio.run(serve_bare())
    elif kind == "plain":
        asyncio.run(serve_ours(directory, fast=False))
    else:
        import msgspec  # noqa: F401  # the point of this row: fail without it
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_ours(directory, fast=True))


@dataclass
class Server:
    kind: str
    process: subprocess.Popen[bytes]
    port: int

    @classmethod
    def start(cls, kind: str, directory: Path) -> Server:
        directory.mkdir()
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), "--serve", kind, str(directory)],
            stdout=subprocess.PIPE,
            preexec_fn=lambda: os.sched_setaffinity(0, {0}),
        )
        assert process.stdout is not None
        return cls(kind, process, int(process.stdout.readline()))

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


# ----------------------------------------------------------------------------- generator


def bodies() -> list[tuple[bytes, bytes]]:
    """GitHub's ``pull_request.opened`` example, compact as GitHub sends it, and signed."""
    examples = json.loads(SAMPLES.read_text())
    opened = next(
        example
        for kind in examples
        if kind["name"] == "pull_request"
        for example in kind["examples"]
        if example["action"] == "opened" and "installation" in example
    )
    made = []
    for number in range(BODIES):
        opened["pull_request"]["number"] = opened["number"] = 1_000_000 + number
        body = json.dumps(opened, separators=(",", ":")).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        head = (
            "POST /webhook HTTP/1.1\r\nHost: localhost\r\nUser-Agent: GitHub-Hookshot/0\r\n"
            "Accept: */*\r\nContent-Type: application/json\r\nX-GitHub-Event: pull_request\r\n"
            "X-GitHub-Hook-ID: 1\r\nX-GitHub-Hook-Installation-Target-ID: 1\r\n"
            "X-GitHub-Hook-Installation-Target-Type: integration\r\n"
            f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n"
            "X-GitHub-Delivery: "
        )
        made.append((head.encode(), b"\r\n\r\n" + body))
    return made


def requests(signed: list[tuple[bytes, bytes]]) -> Iterator[bytes]:
    while True:
        for head, rest in signed:
            yield head + str(uuid.uuid4()).encode() + rest


def drive(port: int, source: Iterator[bytes], *, seconds: float = 0.0, count: int = 0) -> int:
    """Closed loop until the time is over or so many were sent; returns how many were accepted."""
    poll = select.epoll()
    sockets = {}
    sent = answered = 0
    end = time.monotonic() + (seconds or 3600.0)
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[connection.fileno()] = connection
        poll.register(connection, select.EPOLLIN)
        connection.sendall(next(source))
        sent += 1
    busy = CONNECTIONS
    while busy:
        for number, _event in poll.poll():
            answer = sockets[number].recv(4096)
            if not answer.startswith(b"HTTP/1.1 202 "):
                raise SystemExit(f"not accepted: {answer[:300]!r}")
            answered += 1
            if time.monotonic() < end and (not count or sent < count):
                sockets[number].sendall(next(source))
                sent += 1
            else:
                busy -= 1
    for connection in sockets.values():
        connection.close()
    return answered


# -------------------------------------------------------------------------------- report


def throughput(servers: dict[str, Server], seconds: float) -> bool:
    source = requests(bodies())
    rates: dict[str, list[float]] = {kind: [] for kind in servers}
    costs: dict[str, list[float]] = {kind: [] for kind in servers}
    for server in servers.values():
        drive(server.port, source, seconds=seconds)  # warm
    for _ in range(ROUNDS):
        for kind, server in servers.items():
            cpu, start = server.cpu_seconds(), time.monotonic()
            accepted = drive(server.port, source, seconds=seconds)
            rates[kind].append(accepted / (time.monotonic() - start))
            costs[kind].append((server.cpu_seconds() - cpu) / accepted * 1e6)
    print(f"{'server':8} {'deliveries/s':>13} {'CPU µs each':>12} {'vs bare':>8}   rounds")
    met = True
    for kind in servers:
        ratios = [rate / bare for rate, bare in zip(rates[kind], rates["bare"], strict=True)]
        ratio = statistics.median(ratios)
        print(
            f"{kind:8} {statistics.median(rates[kind]):13,.0f}"
            f" {statistics.median(costs[kind]):12.0f} {ratio:8.2f}   "
            + " ".join(f"{r:.2f}" for r in ratios)
        )
        if kind in GOALS:
            met &= ratio >= GOALS[kind]
            print(f"{'':8} goal {GOALS[kind]}: {'met' if ratio >= GOALS[kind] else 'MISSED'}")
    return met


def memory(servers: dict[str, Server]) -> bool:
    source = requests(bodies())
    met = True
    print(f"{'server':8} {'idle MB':>8} {'warm MB':>8} {'after 50,000':>13} {'growth':>7}")
    for kind, server in servers.items():
        idle = server.memory_mb()
        drive(server.port, source, count=5_000)
        warm = server.memory_mb()
        drive(server.port, source, count=DELIVERIES_FOR_MEMORY)
        after = server.memory_mb()
        print(f"{kind:8} {idle:8.1f} {warm:8.1f} {after:13.1f} {after - warm:7.1f}")
        if kind in GOALS:
            met &= after - warm <= MEMORY_GOAL_MB
    print(f"goal {MEMORY_GOAL_MB} MB: {'met' if met else 'MISSED'}")
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", action="store_true", help="growth over 50,000 deliveries")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a round")
    parser.add_argument("--serve", nargs=2, metavar=("KIND", "DIRECTORY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve[0], Path(arguments.serve[1]))
        return 0
    os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory(prefix="bench-front-door-") as directory:
        servers = {}
        try:
            for kind in ("bare", "plain", "fast"):
                servers[kind] = Server.start(kind, Path(directory) / kind)
            met = memory(servers) if arguments.memory else throughput(servers, arguments.seconds)
        finally:
            for server in servers.values():
                server.stop()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
