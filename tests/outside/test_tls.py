"""TLS versions and chains, against canned answers and against OpenSSL."""

from __future__ import annotations

import asyncio
import ssl
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.dialogue.conversation import Conversation, converse
from fixtures.dialogue.protocols import reader_of, script_of
from fixtures.errors import ProbeError
from fixtures.tls.chain import look_trust, parse_chain
from fixtures.tls.handshake import Handshake, parse
from fixtures.tls.hello import client_hello, parse_answer
from fixtures.tls.iana import VERSIONS
from fixtures.tls.survey import Place, look_handshake
from fixtures.tls.versions import TlsVersions
from tests.outside.servers import QUICK, Handler, certificate, serving


def record_of(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    return struct.pack("!BHH", kind, version, len(body)) + body


def server_hello(version: int, suite: int = 0xC02F, extensions: bytes = b"") -> bytes:
    body = struct.pack("!H", version) + bytes(32) + b"\0" + struct.pack("!HB", suite, 0)
    body += struct.pack("!H", len(extensions)) + extensions if extensions else b""
    return record_of(22, b"\2" + len(body).to_bytes(3, "big") + body, version)


def answering(*answer: bytes, wait: float = 0.0) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (await reader.read(4096))[:1] == b"\x80":  # a hello of SSL 2.0
            return
        for part in answer:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.02)
        await asyncio.sleep(wait)

    return handler


def survey(port: int, protocol: str = "imap", tls: str = "implicit") -> Handshake:
    place = Place("127.0.0.1", port, protocol, tls, "mx.test", QUICK)
    return parse(asyncio.run(look_handshake(place)), "bad")


def survey_of(handler: Handler, tls: ssl.SSLContext | None = None) -> Handshake:
    with serving(handler, tls) as port:
        return survey(port)


def versions_of(handler: Handler, tls: ssl.SSLContext | None = None) -> TlsVersions:
    return survey_of(handler, tls).versions


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [(server_hello(0x0301), ["TLSv1"]), (server_hello(0x0300), ["SSLv3"]), (server_hello(0x0303), ["TLSv1.2"]),
     (server_hello(0x0303, 0x1301, bytes.fromhex("002b00020304")), ["TLSv1.3"])],
)  # fmt: skip
def test_the_version_in_the_server_hello_counts(answer: bytes, accepted: list[str]) -> None:
    seen = versions_of(answering(answer))
    assert seen.accepted == accepted
    assert set(seen.states(*VERSIONS).values()) == {"accepted", "refused"}


def test_a_hello_in_small_pieces() -> None:
    hello = server_hello(0x0301)
    assert versions_of(answering(hello[:3], hello[3:20], hello[20:])).accepted == ["TLSv1"]


@pytest.mark.parametrize("number", [40, 70])
def test_an_alert_is_a_refusal(number: int) -> None:
    seen = versions_of(answering(record_of(21, bytes((2, number)))))
    assert set(seen.states(*VERSIONS).values()) == {"refused"}
    assert f"alert {number}" in seen.details["TLSv1"]


def test_nothing_but_closing_is_no_measurement() -> None:
    with pytest.raises(ProbeError, match="TLSv1 is spoken could not be measured: connection closed"):
        versions_of(answering(b"")).state("TLSv1")


def test_closing_is_a_refusal_beside_a_version_that_is_spoken() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.read(4096)
        if hello[9:11] == b"\3\3":  # legacy_version of the hellos for 1.2 and 1.3
            writer.write(server_hello(0x0303))

    assert versions_of(handler).states("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2") == {
        "SSLv3": "refused", "TLSv1": "refused", "TLSv1.1": "refused", "TLSv1.2": "accepted"
    }  # fmt: skip


@pytest.mark.parametrize(
    "handler",
    [answering(b"", wait=5), answering(b"220 not TLS\r\n"), answering(b"\x16\x03\x03\x40", wait=5)],
    ids=["silence", "clear text", "part of a record"],
)
def test_silence_and_garbage_are_no_refusal(handler: Handler) -> None:
    started = time.monotonic()
    seen = versions_of(handler)
    assert time.monotonic() - started < 5 * QUICK.total_s
    with pytest.raises(ProbeError, match="could not be measured"):
        seen.states("TLSv1")


def test_starttls_that_is_not_offered_is_no_refusal() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.bad.test ESMTP\r\n")
        await reader.readline()
        writer.write(b"250 mx.bad.test\r\n")
        await reader.readline()

    with serving(handler) as port, pytest.raises(ProbeError, match="STARTTLS is not offered"):
        survey(port, "smtp", "starttls")


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    for begin in (b"", b"\x16\x03\x03\x00\x40\x02\x00\x00\x30", b"\x15\x03\x01"):
        answer = parse_answer(begin + data)
        assert answer is None or answer.kind in ("hello", "alert", "garbage")


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
    while line := await reader.readline():
        tag = line.split()[0].decode()
        writer.write(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n".encode())


def server_context(pem: Path, *chain: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    whole = pem.parent / "whole.pem"
    whole.write_text("".join(item.read_text() for item in (pem, *chain)))
    context.load_cert_chain(whole)
    return context


def imap(port: int) -> dict[str, Any]:
    script = script_of("imap", "implicit", "mx.test")
    return asyncio.run(converse("127.0.0.1", port, QUICK, reader_of("imap"), script))


def trust(port: int, store: Path) -> dict[str, Any]:
    return asyncio.run(look_trust("127.0.0.1", port, "imap", "implicit", "mx.test", store, QUICK))


def test_a_good_server(tmp_path: Path) -> None:
    ca, ca_cert, ca_key = certificate(tmp_path, "Test CA")
    leaf, made, _ = certificate(tmp_path, "mx.test", issuer=(ca_cert, ca_key))
    context = server_context(leaf)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with serving(silent, context) as port:
        record = imap(port)
        assert trust(port, ca) == {"trusted": True, "reason": ""}
        seen = survey(port)
    chain = parse_chain(Conversation(record, "good").tls, "good")
    assert (chain.version, chain.leaf.subject, chain.leaf.key, chain.leaf.bits) == ("TLSv1.3", "CN=mx.test", "EC", 256)
    assert chain.leaf.covers("MX.test") and not chain.order_faults
    assert seen.versions.accepted == ["TLSv1.2", "TLSv1.3"]
    assert seen.suites[0] == "AES_256_GCM_SHA384" and not seen.weak.keys() & {"anonymous", "RSA key exchange"}
    assert (seen.compression, seen.early_data, seen.renegotiations, seen.broken_signature) == ("none", 0, 0, "refused")
    assert seen.extended_master_secret and seen.secure_renegotiation and not seen.strict_alpn
    assert "x25519" in seen.groups and not seen.hybrid
    del made


def test_an_expired_certificate_is_a_date_and_not_a_lack_of_trust(tmp_path: Path) -> None:
    ca, ca_cert, ca_key = certificate(tmp_path, "Test CA")
    leaf, made, _ = certificate(tmp_path, "mx.test", days=(-90, -1), issuer=(ca_cert, ca_key))
    with serving(silent, server_context(leaf)) as port:
        assert trust(port, ca)["trusted"]
        chain = parse_chain(Conversation(imap(port), "old").tls, "old")
    moment = made.not_valid_after_utc.replace(microsecond=0)
    assert -0.1 < chain.leaf.days_left(moment) <= 0 and chain.leaf.life_left(moment) <= 0


def test_an_unknown_authority_is_not_trusted(tmp_path: Path) -> None:
    _, ca_cert, ca_key = certificate(tmp_path, "Other CA")
    leaf, _, _ = certificate(tmp_path, "mx.test", issuer=(ca_cert, ca_key))
    known, _, _ = certificate(tmp_path, "Test CA")
    with serving(silent, server_context(leaf)) as port:
        verdict = trust(port, known)
    assert not verdict["trusted"] and "unable to get local issuer" in verdict["reason"]


def test_a_chain_out_of_order(tmp_path: Path) -> None:
    ca, ca_cert, ca_key = certificate(tmp_path, "Test CA")
    stray, _, _ = certificate(tmp_path, "Stray CA")
    leaf, _, _ = certificate(tmp_path, "mx.test", issuer=(ca_cert, ca_key))
    with serving(silent, server_context(leaf, stray, ca)) as port:
        chain = parse_chain(Conversation(imap(port), "bad").tls, "bad")
    assert chain.order_faults[0] == "CN=mx.test is not issued by CN=Stray CA that follows it"


def test_only_tls12_and_a_weak_suite(tmp_path: Path) -> None:
    leaf, _, _ = certificate(tmp_path, "mx.test")
    context = server_context(leaf)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    with serving(silent, context) as port:
        seen = survey(port)
    assert seen.suites == ["ECDHE_ECDSA_WITH_AES_128_CBC_SHA"]
    assert (seen.versions.accepted, seen.preference) == (["TLSv1.2"], "none")


def test_a_certificate_of_garbage_ends_in_a_named_fault() -> None:
    body = b"\0\0\x0d" + b"\0\0\x0a" + b"not a cert"
    garbage = record_of(22, b"\x0b" + len(body).to_bytes(3, "big") + body)
    with serving(answering(server_hello(0x0303) + garbage, wait=1)) as port:
        seen = Conversation(imap(port), "bad")
    assert seen.tls_outcome.startswith("[")  # OpenSSL's own words
    with pytest.raises(ProbeError, match="bad: tls at tls"):
        _ = seen.tls


def test_every_hello_is_well_formed() -> None:
    for version in VERSIONS:
        hello = client_hello(version, "mx.example.org")
        assert int.from_bytes(hello[3:5], "big") == len(hello) - 5
        assert int.from_bytes(hello[6:9], "big") == len(hello) - 9
