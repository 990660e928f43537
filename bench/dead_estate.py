"""How long a run takes against an estate of which half is dead.

    python -m bench.dead_estate [--endpoints=N] [--ports=P] [--suite] [--json=FILE]

N endpoints on loopback addresses, P ports at each: at the first half of the addresses a small SMTP server answers, at
the other half connections are never taken (listeners whose backlog is full, so that the kernel drops every SYN). All
of it is looked at as a run does ahead of its checks, once with half of it dead and once with all of it alive; with
--suite the whole suite runs as well. Times in seconds, and in time-outs of a connection (net.connect_timeout_s).
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from fixtures.exchange import Tape
from fixtures.inventory import read_inventory
from fixtures.options import SUITE
from fixtures.policy import load_policy
from fixtures.prober import ADDRESS_LOOKS, LOOKS, Errand, Gathering, Prober

FIRST_PORT = 42525


@contextmanager
def living(address: str, port: int) -> Iterator[None]:
    """An SMTP server that is polite and short."""
    server = socket.create_server((address, port), backlog=64)
    stop = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 mx.bench.test ESMTP\r\n")
            for line in lines:
                verb = line.split()[0].upper() if line.split() else b""
                known = {b"EHLO": b"250 mx.bench.test\r\n", b"QUIT": b"221 bye\r\n", b"RSET": b"250 ok\r\n"}
                connection.sendall(known.get(verb, b"550 5.7.1 no\r\n"))
                if verb == b"QUIT":
                    return

    def guarded(connection: socket.socket) -> None:
        try:
            serve(connection)
        except OSError:
            return

    def accept() -> None:
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=guarded, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        stop.set()
        server.shutdown(socket.SHUT_RDWR)  # wakes accept(), which would keep the port
        server.close()


@contextmanager
def black_hole(address: str, port: int) -> Iterator[None]:
    """A port that takes no connection and refuses none: its backlog is full, so the kernel drops what comes."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen(0)
    filling = [socket.socket() for _ in range(3)]
    for item in filling:
        item.setblocking(False)
        item.connect_ex((address, port))
    try:
        yield
    finally:
        for item in (*filling, server):
            item.close()


def inventory(endpoints: int, ports: int) -> dict[str, Any]:
    """Hosts without shells; a domain for each host, so that the outside view has all to do."""
    count = endpoints // ports
    hosts = {}
    for number in range(count):
        declared = [{"port": FIRST_PORT + port, "protocol": "smtp", "tls": "starttls"} for port in range(ports)]
        hosts[f"mx{number:03}.bench.test"] = {
            "mailproof": {"shell": False, "roles": ["mx"], "addresses": [address(number)], "endpoints": declared}
        }
    return {"all": {"children": {"mta": {"hosts": hosts}}}}


def address(number: int) -> str:
    """The loopback address of a host."""
    return f"127.77.{number // 250}.{number % 250 + 1}"


def gather(estate: Path) -> float:
    """Seconds until all that a run asks of endpoints and addresses was asked."""
    prober = Prober(read_inventory(estate), Tape(), load_policy())
    todo = [Errand(endpoint, set(LOOKS)) for endpoint in prober.estate.endpoints]
    started = time.monotonic()
    Gathering(prober, todo, {address: set(ADDRESS_LOOKS) for address in prober.estate.addresses})()
    return time.monotonic() - started


def suite(estate: Path) -> float:
    """Seconds of one run of the whole suite."""
    with tempfile.TemporaryDirectory() as work:
        command = [sys.executable, "-m", "pytest", "checks", "-q", f"--inventory={estate}", f"--evidence={work}/out"]
        started = time.monotonic()
        done = subprocess.run(command, cwd=SUITE, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - started
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    return seconds


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.dead_estate")
    parser.add_argument("--endpoints", type=int, default=200)
    parser.add_argument("--ports", type=int, default=2)
    parser.add_argument("--suite", action="store_true")
    parser.add_argument("--json", metavar="FILE", type=Path)
    given = parser.parse_args(arguments)
    limit = float(load_policy().view()["net.connect_timeout_s"])
    count = given.endpoints // given.ports
    places = [(address(host), FIRST_PORT + port) for host in range(count) for port in range(given.ports)]
    half, measures = len(places) // 2, [gather, suite] if given.suite else [gather]
    with tempfile.TemporaryDirectory() as folder:
        estate = Path(folder) / "estate.yml"
        estate.write_text(yaml.safe_dump(inventory(given.endpoints, given.ports)))
        with ExitStack() as stack:
            for place in places:
                stack.enter_context(living(*place))
            alive = [measure(estate) for measure in measures]
        with ExitStack() as stack:
            for index, place in enumerate(places):
                stack.enter_context(living(*place) if index < half else black_hole(*place))
            dead = [measure(estate) for measure in measures]
    found: dict[str, Any] = {"endpoints": len(places), "black_holes": len(places) - half, "time_out_s": limit}
    for measure, good, bad in zip(measures, alive, dead, strict=True):
        found[measure.__name__] = {
            "all_alive_s": round(good, 1),
            "half_dead_s": round(bad, 1),
            "half_dead_in_time_outs": round(bad / limit, 2),
        }
    print(json.dumps(found, indent=2))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
