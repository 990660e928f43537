"""A command behind STARTTLS: good servers drop it, bad ones answer it inside TLS; and what each profile makes of suites."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.errors import ProbeError
from fixtures.tls.injection import Injection, look_injection, parse
from tests.outside.servers import QUICK, Handler, certificate, serving

PATIENT = replace(QUICK, greeting_s=5, reply_s=5, total_s=20)  # nobody is silent here, but the machine may be busy
SIEVE = b'"IMPLEMENTATION" "test"\r\n"STARTTLS"\r\nOK "ready"\r\n'


def answer(protocol: str, line: bytes) -> bytes:
    """What a simple server says to one command."""
    word = line.split()[1 if protocol == "imap" else 0].upper() if line.split() else b""
    tag = line.split()[0] if line.split() else b"*"
    if protocol == "imap":
        bye = b"* BYE bye\r\n" if word == b"LOGOUT" else b""
        return bye + tag + b" OK done\r\n"
    if protocol == "pop3":
        return {b"CAPA": b"+OK list\r\nUSER\r\n.\r\n", b"QUIT": b"+OK bye\r\n"}.get(word, b"+OK\r\n")
    if protocol == "sieve":
        return b'OK (TAG "mailproof") "done"\r\n' if word == b"NOOP" else b'OK "done"\r\n'
    return {
        b"EHLO": b"250-mx\r\n250 STARTTLS\r\n",
        b"LHLO": b"250-mx\r\n250 STARTTLS\r\n",
        b"QUIT": b"221 bye\r\n",
    }.get(word, b"250 2.0.0 Ok\r\n")


def server(protocol: str, context: ssl.SSLContext, keeps: bool, how: str = "") -> Handler:
    """Speaks ``protocol`` up to STARTTLS; what came behind it is kept or dropped. ``how``: refuse, drop or put off."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = {"imap": b"* OK ready\r\n", "pop3": b"+OK ready\r\n", "sieve": SIEVE}
        writer.write(greeting.get(protocol, b"220 mx ESMTP\r\n"))
        kept = b""
        while True:
            kept += await reader.read(4096)
            line, _, rest = kept.partition(b"\r\n")
            if b"STARTTLS" in line or b"STLS" in line:
                break
            writer.write(answer(protocol, line))
            kept = rest
        if how in ("refuse", "put off"):
            writer.write(b"554 5.5.1 sync error\r\n" if how == "refuse" else b"454 4.7.0 not now\r\n")
            return
        if how == "drop":
            writer.write({"imap": b"a1 OK go\r\n", "pop3": b"+OK\r\n", "sieve": b"OK\r\n"}.get(protocol, b"220 go\r\n"))
            return
        writer.write({"imap": b"a1 OK go\r\n", "pop3": b"+OK\r\n", "sieve": b"OK\r\n"}.get(protocol, b"220 go\r\n"))
        await writer.drain()
        await writer.start_tls(context)
        if protocol == "sieve":
            writer.write(SIEVE)
        pending = rest if keeps else b""
        while True:
            while b"\r\n" in pending:
                line, _, pending = pending.partition(b"\r\n")
                writer.write(answer(protocol, line))
                if any(word in line for word in (b"QUIT", b"LOGOUT")):
                    await writer.drain()
                    return
            pending += (more := await reader.read(4096))
            if not more:
                return

    return handler


def look(protocol: str, tmp_path: Path, **more: Any) -> Injection:
    pem, _, _ = certificate(tmp_path, "mx.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with serving(server(protocol, context, **more)) as port:
        return parse(asyncio.run(look_injection("127.0.0.1", port, protocol, "mx.test", PATIENT)), "mx")


@pytest.mark.parametrize("protocol", ["smtp", "submission", "lmtp", "imap", "pop3", "sieve"])
@pytest.mark.parametrize(("keeps", "outcome"), [(False, "discarded"), (True, "executed")])
def test_what_becomes_of_the_command(tmp_path: Path, protocol: str, keeps: bool, outcome: str) -> None:
    assert look(protocol, tmp_path, keeps=keeps).outcome == outcome


@pytest.mark.parametrize("how", ["refuse", "drop"])
def test_a_server_that_will_not_have_it(tmp_path: Path, how: str) -> None:
    assert look("smtp", tmp_path, keeps=False, how=how).outcome == "refused"


def test_what_was_put_off_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match="put off"):
        look("smtp", tmp_path, keeps=False, how="put off")


def test_silence_inside_tls_is_not_measured() -> None:
    with pytest.raises(ProbeError, match="was not seen"):
        parse({"outcome": "", "detail": "timeout at inside TLS"}, "mx")
