"""Whatever a server does, a conversation ends within its limits and says what was seen."""

from __future__ import annotations

import asyncio
import socket
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.dialogue.conversation import Conversation, converse
from fixtures.dialogue.line import Line
from fixtures.dialogue.protocols import reader_of, script_of
from fixtures.dialogue.reach import reach_of
from fixtures.dialogue.smtp_plan import SmtpPlan
from fixtures.dialogue.smtp_talk import converse_smtp
from fixtures.errors import ProbeError
from tests.outside.servers import QUICK, Handler, serving

PROTOCOLS = ("smtp", "imap", "pop3", "sieve", "ssh")


def plan(tls: str = "starttls", protocol: str = "smtp") -> SmtpPlan:
    return SmtpPlan(protocol, tls, "mx.bad.test", "127.0.0.1", ("own.test",), "own.test", "foreign.invalid")


def talk(port: int, protocol: str = "smtp", tls: str = "starttls") -> dict[str, Any]:
    if protocol == "smtp":
        return asyncio.run(converse_smtp(plan(tls), port, QUICK))
    script = script_of(protocol, tls, "mx.bad.test")
    return asyncio.run(converse("127.0.0.1", port, QUICK, reader_of(protocol), script))


def sends(data: bytes, pause: float = 0.0, times: int = 1, stay: float = 0.0) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(times):
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(pause)
        await asyncio.sleep(stay)

    return handler


CASES: dict[str, tuple[Handler, set[str]]] = {
    "hangs after connect": (sends(b"", stay=30), {"timeout"}),
    "closes at once": (sends(b""), {"closed"}),
    "half a line": (sends(b"220 mx"), {"closed"}),
    "garbage": (sends(bytes(range(256)) + b"\r\n", stay=5), {"garbage"}),
    "web page": (sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"), {"garbage"}),
    "no line end": (sends(b"220 " + b"x" * 60000, times=1700), {"overlong"}),
    "endless lines": (sends(b"220-hello\r\n" * 6000, times=1700), {"overlong", "garbage"}),
    "a byte a second": (sends(b"2", pause=0.2, times=100), {"timeout"}),
    "empty lines": (sends(b"\r\n" * 10, stay=5), {"garbage", "timeout"}),
}


@pytest.mark.parametrize("protocol", PROTOCOLS[:4])
@pytest.mark.parametrize("case", CASES)
def test_ends_in_bounded_time_and_memory(case: str, protocol: str) -> None:
    handler, expected = CASES[case]
    with serving(handler) as port:
        tracemalloc.start()
        started = time.monotonic()
        record = talk(port, protocol)
        seconds = time.monotonic() - started
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    seen = Conversation(record, "bad")
    assert record["ended"]["how"] in expected, record
    assert seconds < QUICK.total_s + 0.5
    assert peak < 40_000_000  # the server's own writes included; 100 MB were offered
    assert reach_of(seen, protocol).opening != "ready"
    with pytest.raises(ProbeError, match=r"bad: (timeout|closed|garbage|overlong) at greeting"):
        seen.reply("ehlo")


def test_refused_is_a_fact_and_no_error() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        record = talk(sock.getsockname()[1])
    assert record["connect"]["state"] == "refused"
    assert reach_of(Conversation(record, "bad"), "smtp").connection == "refused"


def test_no_answer_to_the_connection_is_a_timeout() -> None:
    with socket.socket() as sock:  # a listener whose queue is full drops what comes
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
        started = time.monotonic()
        record = talk(sock.getsockname()[1])
        for filler in fillers:
            filler.close()
    assert record["connect"]["state"] == "timeout", record
    assert time.monotonic() - started < 1.5


def test_no_address_is_our_fault() -> None:
    with pytest.raises(ProbeError, match="not an IP address"):
        asyncio.run(Line.connect("mx.example.org", 25, QUICK))


def test_dead_in_the_middle_keeps_what_was_seen() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.bad.test ESMTP\r\n")
        await reader.readline()
        writer.write(b"250-mx.bad.test\r\n250 SIZE 1000\r\n")
        await reader.readline()

    with serving(handler) as port:
        seen = Conversation(talk(port), "bad")
    assert seen.reply("ehlo").lines == ("mx.bad.test", "SIZE 1000")
    with pytest.raises(ProbeError, match="closed at auth-clear"):
        seen.reply("expn")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=300), st.sampled_from(PROTOCOLS))
def test_any_bytes_give_a_record(data: bytes, protocol: str) -> None:
    with serving(sends(data)) as port:
        record = talk(port, protocol)
    assert record["connect"]["state"] == "open"
    reach_of(Conversation(record, "bad"), protocol)


def middle(data: bytes, command: bytes) -> Handler:
    """A sound SMTP server that answers ``command`` with ``data``, whatever that is, and then stays."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.bad.test ESMTP\r\n")
        while line := await reader.readline():
            if line.upper().startswith(command):
                writer.write(data)
                await writer.drain()
                continue
            writer.write(b"250-mx\r\n250 SIZE 100\r\n" if line.upper().startswith(b"EHLO") else b"250 2.0.0 Ok\r\n")

    return handler


MIDDLE: dict[str, tuple[bytes, set[str]]] = {
    "endless lines": (b"250-more\r\n" * 60000, {"overlong"}),
    "one endless line": (b"250 " + b"x" * 6000000, {"overlong"}),
    "NUL bytes": (b"\0" * 100 + b"\r\n", {"garbage"}),
    "eight bits": (b"250 \xff\xfe\x80 caf\xe9\r\n", {"fine"}),
    "codes that change": (b"250-one\r\n550 two\r\n", {"garbage"}),
    "no code": (b"Ok, go on\r\n", {"garbage"}),
    "code of four digits": (b"2500 ok\r\n", {"garbage"}),
    "code of another kind": (b"900 what\r\n", {"garbage"}),
    "two answers at once": (b"250 one\r\n250 two\r\n250 three\r\n", {"fine"}),
    "silence": (b"", {"timeout"}),
    "half a line": (b"250 hal", {"timeout"}),
    "bare line feeds": (b"250 ok\n", {"fine"}),
    "only a code": (b"250\r\n", {"fine"}),
    "control characters": (b"250 \x1b[2J\x07\r\n", {"fine"}),
}


@pytest.mark.parametrize("command", [b"EHLO", b"MAIL", b"NOOP"])
@pytest.mark.parametrize("case", MIDDLE)
def test_whatever_comes_in_the_middle_ends_in_a_record(case: str, command: bytes) -> None:
    data, expected = MIDDLE[case]
    with serving(middle(data, command)) as port:
        tracemalloc.start()
        record = talk(port)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    ways = {item["how"] for item in (record["ended"], *record.get("parts", {}).values()) if item}
    assert ways & expected if expected != {"fine"} else True, (case, record["ended"])
    assert peak < 40_000_000
    shown = str(record)
    assert not any(ord(character) < 32 for character in shown) and len(shown) < 400_000
