"""The real checks against servers and resolvers that misbehave: bounded in time, and never a pass."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SUITE = Path(__file__).resolve().parents[2]
#: Small limits, so that the bounds are reached within the test.
POLICY = "net: {connect_timeout_s: 1, greeting_timeout_s: 3, reply_timeout_s: 3, dialogue_total_s: 8}\n"


def hang(client: socket.socket) -> None:
    client.settimeout(60)
    while client.recv(4096):
        pass


def flood(client: socket.socket) -> None:
    block = b"220-" + b"x" * 65532
    for _ in range(1600):
        client.sendall(block)


def garbage_certificate(client: socket.socket) -> None:
    """A TLS 1.2 server whose certificate is no certificate."""
    client.settimeout(5)
    client.recv(65536)
    random = b"\x11" * 32
    hello = b"\x03\x03" + random + b"\x00" + b"\xc0\x2f" + b"\x00"
    certificate = b"this is no certificate"
    chain = len(certificate).to_bytes(3, "big") + certificate
    body = b"".join(
        kind + len(data).to_bytes(3, "big") + data
        for kind, data in ((b"\x02", hello), (b"\x0b", len(chain).to_bytes(3, "big") + chain), (b"\x0e", b""))
    )
    client.sendall(b"\x16\x03\x03" + len(body).to_bytes(2, "big") + body)
    client.recv(65536)


@contextmanager
def server(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=guarded, args=(client,), daemon=True).start()

    def guarded(client: socket.socket) -> None:
        with client:
            try:
                behave(client)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def judge(tmp_path: Path, inventory: str, *paths: str, seconds: float) -> tuple[int, list[dict[str, Any]], str]:
    (tmp_path / "inventory.yml").write_text(inventory)
    (tmp_path / "policy.yml").write_text(POLICY)
    evidence = tmp_path / "evidence"
    command = [
        sys.executable, "-m", "pytest", *paths, f"--inventory={tmp_path / 'inventory.yml'}", f"--policy={tmp_path / 'policy.yml'}",
        f"--evidence={evidence}", "-o", f"cache_dir={tmp_path / 'cache'}", "-q",
    ]  # fmt: skip
    clock = time.monotonic()
    done = subprocess.run(command, cwd=SUITE, capture_output=True, text=True, timeout=280, check=False, stdin=subprocess.DEVNULL)
    assert time.monotonic() - clock < seconds, done.stdout
    assert "Traceback" not in done.stdout + done.stderr, done.stdout
    results = json.loads((evidence / "evidence.json").read_text())["results"]
    return done.returncode, results, done.stdout


def endpoint(port: int, protocol: str, tls: str) -> str:
    return (
        "all: {children: {mta: {hosts: {mx1.example.org: {mailproof: {shell: false, addresses: [127.0.0.1], roles: [mx],"
        f" endpoints: [{{port: {port}, protocol: {protocol}, tls: {tls}}}]}}}}}}}}}}}}\n"
    )


@pytest.mark.parametrize("behave", [hang, flood], ids=["hangs after connect", "100 MB of banner"])
@pytest.mark.parametrize(("protocol", "tls"), [("smtp", "starttls"), ("imap", "implicit")])
def test_an_endpoint_that_misbehaves(tmp_path: Path, behave: Callable[[socket.socket], None], protocol: str, tls: str) -> None:
    with server(behave) as port:
        code, results, output = judge(
            tmp_path, endpoint(port, protocol, tls), "checks/tls", "checks/network/test_reachable.py", "checks/flow", "checks/accounts", seconds=90
        )
    assert code == 1, output
    verdicts = {item["id"]: item["verdict"] for item in results}
    assert verdicts.pop("NET-003") == ("not_measured" if tls == "implicit" and behave is flood else "fail")
    assert "fail" in {item["verdict"] for item in results}
    assert "pass" not in verdicts.values(), verdicts
    assert all(len(item["message"]) < 20_000 for item in results)


def test_a_certificate_that_does_not_parse(tmp_path: Path) -> None:
    with server(garbage_certificate) as port:
        code, results, output = judge(tmp_path, endpoint(port, "imap", "implicit"), "checks/tls", seconds=90)
    verdicts = {item["id"]: item["verdict"] for item in results}
    assert code == 1, output
    assert {verdicts[id] for id in ("TLS-038", "TLS-039", "TLS-040", "TLS-044")} <= {"not_measured", "fail"}, verdicts
    assert "pass" not in {verdicts[id] for id in ("TLS-038", "TLS-039", "TLS-040", "TLS-044", "TLS-001")}


def test_a_resolver_that_is_down_is_not_measured_within_one_time_out_or_two(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.77", 0))
        inventory = (
            "all: {vars: {mailproof: {resolver: 127.0.0.77, domains: {example.org: {mx: [mx1.example.org], egress: [192.0.2.1]},"
            " example.net: {mx: [mx1.example.org], egress: [192.0.2.1]}}}}, hosts: {mx1.example.org: {mailproof: {shell: false}}}}\n"
        )
        code, results, output = judge(tmp_path, inventory, "checks/dns", seconds=90)
    assert code == 1, output
    undeclared = {"DNS-046", "DNS-050", "DNS-061"}  # no records and no registration are declared, whatever the DNS says
    seen = {(item["id"], item["verdict"]) for item in results}
    assert {verdict for id, verdict in seen if id not in undeclared} == {"not_measured"}, seen
    assert {verdict for id, verdict in seen if id in undeclared} == {"not_applicable"}, seen
    assert len(results) > 20
