"""Name servers that misbehave: every answer is told for what it is, and none of them is taken for a record."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from .conftest import Look
from .names import (
    AA,
    CNAME,
    NAME,
    NXDOMAIN,
    OPT,
    QR,
    QUESTION_NAME,
    RA,
    RD,
    SERVFAIL,
    TC,
    TXT,
    Server,
    framed,
    message,
    record,
    serving,
    text,
)

TXT_A = record(QUESTION_NAME, TXT, text(b"v=spf1 -all"))
B = b"\x01b\x04test\x00"
Told = dict[str, Any]


def not_measured(told: Told) -> bool:
    return "not measured" in told


def drip(client: socket.socket, query: bytes) -> None:
    """A whole reply, a byte at a time, for longer than anybody waits."""
    client.settimeout(0.2)
    for byte in framed(message(query, *[TXT_A] * 40)):
        client.send(bytes([byte]))
        try:
            client.recv(1)
        except TimeoutError:
            continue
        return


def endless(client: socket.socket, query: bytes) -> None:
    """Replies to another question, without end."""
    while True:
        client.sendall(framed(message(query, TXT_A, id=b"\xff\xff")))


def sends(data: Callable[[bytes], bytes]) -> Callable[[socket.socket, bytes], None]:
    return lambda client, query: client.sendall(data(query))


def cut(query: bytes) -> bytes:
    return message(query, flags=QR | RD | RA | TC)


def chain(query: bytes) -> bytes:
    """a.test -> n0.test -> n1.test ... far beyond what resolvers follow."""
    names = [NAME, *(b"\x03n%02d\x04test\x00" % number for number in range(60))]
    return message(query, *(record(here, CNAME, there) for here, there in pairwise(names)))


def junk(size: int) -> bytes:
    return bytes(range(256)) * (size // 256 + 1)


CASES: dict[str, tuple[Server, Callable[[Told], bool]]] = {
    "silence": (Server(lambda query: None), lambda told: told["rcode"] == "TIMEOUT" and not_measured(told)),
    "SERVFAIL to everything": (Server(lambda query: message(query, rcode=SERVFAIL)), not_measured),
    "garbage": (Server(lambda query: junk(400)[:400]), not_measured),
    "an empty datagram": (Server(lambda query: b""), not_measured),
    "another query's id": (Server(lambda query: message(query, TXT_A, id=b"\xff\xff")), not_measured),
    "another question": (Server(lambda query: message(query[:12] + B + query[20:], TXT_A)), not_measured),
    "the query sent back": (Server(lambda query: query), not_measured),
    "ten thousand wrong datagrams": (
        Server(lambda query: [message(query, TXT_A, id=b"\xff\xff")] * 10_000),
        not_measured,
    ),
    "counts that lie": (Server(lambda query: message(query, TXT_A, counts=(65535, 65535, 65535))), not_measured),
    "a record longer than the reply": (
        Server(lambda query: message(query, record(QUESTION_NAME, TXT, text(b"x"), length=60000))),
        not_measured,
    ),
    "a pointer to itself": (Server(lambda query: message(query, record(b"\xc0\x18", TXT, text(b"x")))), not_measured),
    "two pointers in a circle": (
        Server(lambda query: message(query, record(b"\x01x\xc0\x1c\xc0\x18", TXT, text(b"x")))),
        not_measured,
    ),
    "a pointer beyond the end": (Server(lambda query: message(query, record(b"\xff\xff", TXT, text(b"x")))), not_measured),
    "a name without end": (Server(lambda query: message(query, record(b"\x3f" + b"y" * 63, TXT, b"") * 40)), not_measured),
    "a broken EDNS option": (
        Server(lambda query: message(query, TXT_A, b"\0" + record(b"", OPT, b"\0\x0f\xff\xff")[0:], counts=(1, 0, 1))),
        not_measured,
    ),
    "aliases in a circle": (
        Server(lambda query: message(query, record(NAME, CNAME, B), record(B, CNAME, NAME))),
        lambda told: not told.get("texts") and told["rows"] == 2,
    ),
    "an alias of itself": (
        Server(lambda query: message(query, record(NAME, CNAME, NAME), TXT_A)),
        lambda told: told["rows"] <= 2,
    ),
    "sixty aliases": (Server(chain), lambda told: not told.get("texts") and told["rows"] == 60),
    "NXDOMAIN with records": (Server(lambda query: message(query, TXT_A, rcode=NXDOMAIN)), not_measured),
    "a referral to itself": (
        Server(lambda query: message(query, record(QUESTION_NAME, 2, NAME), flags=QR | AA, counts=(0, 1, 0))),
        lambda told: told["texts"] == 0,
    ),
    "cut, and no TCP": (Server(cut), not_measured),
    "cut, and garbage by TCP": (Server(cut, sends(lambda query: framed(junk(300)))), not_measured),
    "cut, and half a reply by TCP": (Server(cut, sends(lambda query: framed(message(query, TXT_A))[:20])), not_measured),
    "cut, and nothing by TCP": (Server(cut, sends(lambda query: b"\0\0")), not_measured),
    "cut, and cut again by TCP": (Server(cut, sends(lambda query: framed(cut(query)))), not_measured),
    "a byte at a time by TCP": (Server(cut, drip), not_measured),
    "replies without end by TCP": (Server(cut, endless), not_measured),
    "a datagram of 60,000 octets": (
        Server(lambda query: message(query, *[record(QUESTION_NAME, TXT, text(b"x" * 250))] * 220)),
        lambda told: told.get("octets", 0) <= 60_000,
    ),
    "a TXT of 64 KB": (
        Server(cut, sends(lambda query: framed(message(query, record(QUESTION_NAME, TXT, text(*[b"x" * 255] * 250)))))),
        lambda told: told["texts"] == 1 and told["octets"] == 63_750,
    ),
    "five thousand records": (
        Server(cut, sends(lambda query: framed(message(query, *(record(QUESTION_NAME, TXT, text(b"%04d" % n)) for n in range(3600)))))),
        lambda told: told["texts"] == 500,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_bad_name_server(look: Look, case: str) -> None:
    server, expected = CASES[case]
    with serving(server) as place:
        told = look("dns", place)
    assert expected(told), told
    assert server.asked
