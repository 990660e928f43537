"""TLS peers that misbehave: each ends within the limits, in the right verdict or in none (ProbeError), never in a pass."""

from __future__ import annotations

import asyncio
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.dialogue.line import Limits
from fixtures.errors import ProbeError
from fixtures.tls.finish import look_tls12, look_tls13
from fixtures.tls.handshake import Handshake, parse
from fixtures.tls.hello import KEY_SHARE, RETRY, VERSIONS_EXT
from fixtures.tls.records import MAX_BYTES
from fixtures.tls.survey import Place, look_handshake
from fixtures.tls.versions import MAX_ANSWER
from tests.outside.servers import QUICK, Handler, serving

CHUNK = 65536
PATIENT = replace(QUICK, reply_s=5, total_s=20)  # for servers that are not silent: the machine may be busy


def survey_of(handler: Handler, connections: int = 30, limits: Limits = QUICK) -> Handshake:
    with serving(handler) as port:
        place = Place("127.0.0.1", port, "imap", "implicit", "mx.test", limits, connections, seconds=60)
        return parse(asyncio.run(look_handshake(place)), "bad")


def record(kind: int, body: bytes) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(body)) + body


def message(number: int, body: bytes) -> bytes:
    return bytes((number,)) + len(body).to_bytes(3, "big") + body


def hello(version: int, suite: int, extensions: dict[int, bytes] | None = None, random: bytes = bytes(32)) -> bytes:
    body = struct.pack("!H", version) + random + b"\0" + struct.pack("!HB", suite, 0)
    block = b"".join(struct.pack("!HH", kind, len(data)) + data for kind, data in (extensions or {}).items())
    return message(2, body + struct.pack("!H", len(block)) + block)


def answers(*parts: bytes, endless: bytes = b"", hold: bool = False) -> Handler:
    """Answer every hello of TLS with ``parts``, and that of SSL 2.0 by closing."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (await reader.read(4096))[:1] == b"\x80":
            return
        for part in parts:
            writer.write(part)
        while endless:
            writer.write(endless)
            await writer.drain()
        if hold:
            await asyncio.sleep(60)

    return handler


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    for byte in record(22, hello(0x0303, 0xC02F)):
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0.1)


RETRY_13 = hello(0x0303, 0x1301, {VERSIONS_EXT: b"\3\4", KEY_SHARE: b"\0\x17"}, RETRY)
CERTIFICATE = message(11, (3 + 60000).to_bytes(3, "big") + (60000).to_bytes(3, "big") + bytes(60000))
NO_VERSION: dict[str, Handler] = {
    "garbage": answers(b"\x00\xff" * 200),
    "clear text": answers(b"* OK ready\r\n"),
    "endless garbage": answers(endless=b"\x17\x03\x03" + b"\xff" * CHUNK),
    "endless record of a hello": answers(record(22, b"\2\xff\xff\xff")[:9], endless=b"a" * CHUNK),
    "half a record, then silence": answers(record(22, hello(0x0303, 0xC02F))[:20], hold=True),
    "silence": answers(hold=True),
    "closing at once": answers(),
    "a record longer than any": answers(b"\x16\x03\x03\xff\xff" + bytes(CHUNK), hold=True),
    "a record of no length": answers(b"\x16\x03\x03\x00\x00" * 2000, hold=True),
    "another message than a hello": answers(record(22, CERTIFICATE[:4000]), hold=True),
    "a hello too short": answers(record(22, message(2, b"\3\3" + bytes(10)))),
    "a hello whose session id runs over": answers(record(22, message(2, b"\3\3" + bytes(32) + b"\xff" + bytes(40)))),
    "one byte each tenth of a second": drip,
    "application data": answers(record(23, bytes(100)) * 100),
}


@pytest.mark.parametrize("name", NO_VERSION)
def test_what_is_no_answer_is_no_version_and_no_refusal(name: str) -> None:
    seen = survey_of(NO_VERSION[name])
    assert seen.record["asked"] <= 12
    for version in ("TLSv1.3", "TLSv1.2", "TLSv1"):
        with pytest.raises(ProbeError):
            seen.versions.state(version)
    for fact in ("suites", "groups", "broken_signature", "compression", "renegotiations", "early_data", "strict_alpn"):
        with pytest.raises(ProbeError):
            getattr(seen, fact)


def test_a_suite_that_was_not_offered_is_no_suite() -> None:
    """0xC02F is offered at first, and then chosen again and again although it is not."""
    seen = survey_of(answers(record(22, hello(0x0303, 0xC02F) + message(14, b""))), limits=PATIENT)
    assert seen.versions.state("TLSv1.2") == "accepted"
    with pytest.raises(ProbeError, match="which was not offered"):
        _ = seen.suites12


def test_a_suite_of_another_version_is_no_acceptance() -> None:
    with pytest.raises(ProbeError, match="not offered"):
        survey_of(answers(record(22, hello(0x0303, 0x0000))), limits=PATIENT).versions.state("TLSv1.2")


def test_endless_retries_are_followed_once() -> None:
    """A server that answers each hello with HelloRetryRequest for the same suite and group."""
    seen = survey_of(answers(record(22, RETRY_13)), limits=PATIENT)
    assert seen.versions.state("TLSv1.3") == "accepted"
    with pytest.raises(ProbeError, match="not offered"):
        _ = seen.suites13
    with pytest.raises(ProbeError):
        _ = seen.early_data

    async def again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            writer.write(record(22, RETRY_13))

    with serving(again) as port:
        told = asyncio.run(look_tls13("127.0.0.1", port, "imap", "implicit", "mx.test", QUICK))
    assert told["outcome"] == "unmeasured" and "second HelloRetryRequest" in told["detail"]


def test_a_hello_that_was_seen_counts_though_the_flight_never_ends() -> None:
    """A certificate chain of many megabytes: the versions are known, and no more is read than the limit."""
    handler = answers(
        record(22, hello(0x0303, 0xC02F)), endless=record(22, bytes((11,)) + b"\xff\xff\xff" + bytes(9000))
    )
    tracemalloc.start()
    seen = survey_of(handler, connections=4, limits=PATIENT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen.versions.state("TLSv1.2") == "accepted"
    assert peak < 40 * MAX_ANSWER
    with pytest.raises(ProbeError):
        _ = seen.suites12


def test_a_hello_in_records_of_one_byte_is_read() -> None:
    whole = hello(0x0303, 0xC02F) + message(14, b"")
    seen = survey_of(answers(*(record(22, whole[i : i + 1]) for i in range(len(whole)))), limits=PATIENT)
    assert seen.versions.state("TLSv1.2") == "accepted"


def test_a_flood_of_alerts_is_one_refusal() -> None:
    seen = survey_of(answers(endless=record(21, b"\1\x46") * 100), limits=PATIENT)
    assert seen.versions.state("TLSv1.2") == "refused"


def test_a_server_that_closes_after_a_while_has_not_refused() -> None:
    """It answers the first two connections and closes all others: that is a limit of its own, not a refusal."""
    count = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        await reader.read(4096)
        if count == 1:
            writer.write(record(21, b"\2\x46"))
        if count == 2:
            writer.write(record(22, hello(0x0303, 0xC030) + message(14, b"")))

    seen = survey_of(handler, limits=PATIENT)
    assert seen.versions.state("TLSv1.2") == "accepted"
    for version in ("SSLv2", "SSLv3", "TLSv1"):
        with pytest.raises(ProbeError):
            seen.versions.state(version)
    with pytest.raises(ProbeError, match="not all suites could be measured"):
        _ = seen.suites12


BROKEN_FLIGHTS: dict[str, bytes] = {
    "nothing": b"",
    "an endless hello": b"\2\xff\xff\xff" + bytes(16000),
    "a hello and no more": hello(0x0303, 0xC02F),
    "a curve that was not offered": hello(0x0303, 0xC02F) + message(12, b"\3\0\1\1\4") + message(14, b""),
    "a point that is none": hello(0x0303, 0xC02F) + message(12, b"\3\0\x17\x41" + bytes(65)) + message(14, b""),
    "a prime of nothing": hello(0x0303, 0x009E) + message(12, bytes(6)) + message(14, b""),
    "an even prime": hello(0x0303, 0x009E) + message(12, b"\0\x10" + b"\2" * 16 + b"\0\1\2\0\1\3") + message(14, b""),
    "RSA without a certificate": hello(0x0303, 0x009C) + message(14, b""),
    "RSA with a certificate of garbage": hello(0x0303, 0x009C) + message(11, b"\0\0\7\0\0\4abcd") + message(14, b""),
    "the same message again and again": hello(0x0303, 0xC02F) + message(0, b"") * 3000,
    "a share of another group": hello(0x0303, 0x1301, {VERSIONS_EXT: b"\3\4", KEY_SHARE: b"\0\x17\0\2ab"}),
    "a share that is too short": hello(0x0303, 0x1301, {VERSIONS_EXT: b"\3\4", KEY_SHARE: b"\0\x1d\0\2ab"}),
    "a retry for an unknown group": hello(0x0303, 0x1301, {VERSIONS_EXT: b"\3\4", KEY_SHARE: b"\x11\xec"}, RETRY),
}


@pytest.mark.parametrize("look", [look_tls12, look_tls13])
@pytest.mark.parametrize("name", BROKEN_FLIGHTS)
def test_a_handshake_that_makes_no_sense_is_not_finished(look: Callable[..., Any], name: str) -> None:
    data = BROKEN_FLIGHTS[name]
    parts = [record(22, data[i : i + 16000]) for i in range(0, len(data), 16000)]
    with serving(answers(*parts)) as port:
        told = asyncio.run(look("127.0.0.1", port, "imap", "implicit", "mx.test", QUICK))
    assert told["outcome"] == "unmeasured" and told["detail"]


def test_records_after_the_keys_that_nobody_can_decrypt() -> None:
    good = hello(0x0303, 0x1301, {VERSIONS_EXT: b"\3\4", KEY_SHARE: b"\0\x1d\0\x20" + b"\x09" + bytes(31)})
    with serving(answers(record(22, good), record(23, bytes(64)) * 10)) as port:
        told = asyncio.run(look_tls13("127.0.0.1", port, "imap", "implicit", "mx.test", QUICK))
    assert "cannot be decrypted" in told["detail"]


def test_an_endless_handshake_is_read_no_further_than_the_limit() -> None:
    flood = record(22, message(0, b"") * 4000)
    tracemalloc.start()
    with serving(answers(record(22, hello(0x0303, 0xC02F)), endless=flood)) as port:
        told = asyncio.run(look_tls12("127.0.0.1", port, "imap", "implicit", "mx.test", QUICK))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told["outcome"] == "unmeasured" and peak < 40 * MAX_BYTES


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400), st.sampled_from([look_tls12, look_tls13]))
def test_any_bytes_end_a_handshake(data: bytes, look: Callable[..., Any]) -> None:
    begin = record(22, hello(0x0303, 0xC02F if look is look_tls12 else 0x1301, {VERSIONS_EXT: b"\3\4"}))
    with serving(answers(begin + data)) as port:
        told = asyncio.run(look("127.0.0.1", port, "imap", "implicit", "mx.test", QUICK))
    assert told["outcome"] == "unmeasured"
