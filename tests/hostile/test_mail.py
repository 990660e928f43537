"""IMAP, POP3 and ManageSieve servers that promise, nest or list more than anybody should keep."""

from __future__ import annotations

import asyncio

import pytest

from tests.outside.servers import Handler, serving

from .conftest import Look

#: What is kept of a conversation, as JSON: the limit of a reply, escaped, and a little more.
MOST_KEPT = 600_000


def greets(greeting: bytes, reply: bytes = b"", times: int = 1, tail: bytes = b"") -> Handler:
    """A greeting, and to the first command ``reply``, again and again, and ``tail``."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        if not await reader.readline():
            return
        for _ in range(times):
            writer.write(reply)
            await writer.drain()
        writer.write(tail)
        await reader.read()

    return handler


MANY = 20_000
CASES: dict[str, tuple[str, Handler, set[str]]] = {
    "imap: a greeting with a literal of 4 GB": (
        "imap", greets(b"* OK [CAPABILITY {4294967295}\r\n", b"x" * 4096 + b"\r\n", MANY), {"overlong", "garbage"}),
    "imap: a literal that never comes": ("imap", greets(b"* OK hi\r\n", b"* CAPABILITY {99999999999}\r\n"), {"timeout"}),
    "imap: a literal of 80 MB": (
        "imap", greets(b"* OK hi\r\n", b"* CAPABILITY {80000000}\r\n" + b"y" * 4000, MANY), {"overlong", "garbage"}),
    "imap: brackets in brackets": (
        "imap", greets(b"* OK hi\r\n", b"* CAPABILITY " + b"(" * 8000 + b"\r\n", MANY), {"overlong", "garbage"}),
    "imap: capabilities without end": (
        "imap", greets(b"* OK hi\r\n", b"* CAPABILITY IMAP4rev1 X=1\r\n", MANY * 4), {"overlong"}),
    "imap: a line without end": ("imap", greets(b"* OK hi\r\n", b"* CAPABILITY" + b" X" * 4000, MANY), {"overlong"}),
    "imap: continuations without end": ("imap", greets(b"* OK hi\r\n", b"+ go on\r\n", MANY * 4), {"overlong"}),
    "imap: another tag": ("imap", greets(b"* OK hi\r\n", b"z9 OK done\r\n"), {"garbage", "timeout"}),
    "pop3: a list without end": ("pop3", greets(b"+OK hi\r\n", b"SASL PLAIN\r\n", MANY * 4), {"overlong", "garbage"}),
    "pop3: a list without its dot": ("pop3", greets(b"+OK hi\r\n", b"+OK\r\nUSER\r\n"), {"timeout"}),
    "pop3: a list that begins well and does not end": (
        "pop3", greets(b"+OK hi\r\n+OK list\r\n", b"X" * 500 + b"\r\n", MANY), {"overlong"}),
    "pop3: octets of no line": ("pop3", greets(b"+OK hi\r\n", b"\0" * 4096, MANY), {"overlong", "garbage"}),
    "sieve: a literal of 1 GB in the greeting": (
        "sieve", greets(b'"IMPLEMENTATION" {1073741824}\r\n', b"x" * 4096, MANY), {"overlong", "garbage", "timeout"}),
    "sieve: a literal first": ("sieve", greets(b"{1073741824+}\r\n", b"x" * 4096, MANY), {"garbage"}),
    "sieve: capabilities without end": (
        "sieve", greets(b'"SIEVE" "fileinto"\r\n' * 5000, b'"SIEVE" "x"\r\n', MANY), {"overlong"}),
    "sieve: a string without its end": ("sieve", greets(b'"SIEVE" "' + b"x" * 80_000), {"overlong"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_bad_mail_server(look: Look, case: str) -> None:
    protocol, handler, expected = CASES[case]
    with serving(handler) as port:
        told = look("mail", protocol, port)
    assert told["how"] in expected, told
    assert told["kept"] < MOST_KEPT
