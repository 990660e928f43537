"""fixtures/resolver.py and dnswire.py: what came back is told apart, and a dead resolver costs one time-out."""

from __future__ import annotations

import dns.exception
import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import dnswire
from fixtures.errors import ProbeError
from fixtures.exchange import Tape
from fixtures.resolver import Resolver
from tests.dns import world

ROOT = {"": [("NS", "ns.root.test.")]}


def test_the_outcomes_are_told_apart() -> None:
    zone = {**ROOT, "a.test": [("TXT", "x")], "s.test": "SERVFAIL", "r.test": "REFUSED", "t.test": "TIMEOUT"}
    resolver = world.resolver(zone)
    found = {name: resolver.ask(f"{name}.test", "TXT").rcode for name in "asrtn"}
    assert found == {"a": "NOERROR", "s": "SERVFAIL", "r": "REFUSED", "t": "TIMEOUT", "n": "NXDOMAIN"}
    nodata = resolver.lookup("a.test", "MX")
    assert nodata.exists and not nodata.texts and nodata.outcome == "no MX records"
    for name in ("s", "r", "t"):
        with pytest.raises(ProbeError, match=f"{name}.test TXT"):
            resolver.lookup(f"{name}.test", "TXT")


def test_a_question_is_asked_once_and_answers_are_sorted() -> None:
    served = world.World({"a.test": [("TXT", "b"), ("TXT", "a"), ("TXT", ["v=spf1 ", "-all"])]})
    resolver = Resolver(Tape(), "192.0.2.53", seconds=1, send=served)
    assert resolver.lookup("A.test.", "TXT").texts == ("a", "b", "v=spf1 -all")
    assert resolver.lookup("a.test", "TXT").texts == ("a", "b", "v=spf1 -all")
    assert len(served.asked) == 1


def test_aliases_are_followed_and_seen() -> None:
    resolver = world.resolver({"www.test": [("CNAME", "host.test")], "host.test": [("A", "192.0.2.1")]})
    answer = resolver.lookup("www.test", "A")
    assert answer.aliases and answer.texts == ("192.0.2.1",) and not resolver.lookup("host.test", "A").aliases


def test_a_dead_resolver_costs_one_time_out() -> None:
    asked = []

    def silent(message: dns.message.Message, *_: object) -> dns.message.Message:
        asked.append(message.question[0].to_text())
        raise dns.exception.Timeout

    resolver = Resolver(Tape(), "192.0.2.53", seconds=1, send=silent)
    for index in range(20):
        with pytest.raises(ProbeError, match="does not answer within 1 s"):
            resolver.ask(f"n{index}.test", "A")
    assert len(asked) == 4  # the question and the control question, each sent twice


def test_a_cut_reply_is_asked_again_by_tcp() -> None:
    seen = []

    def cut(message: dns.message.Message, address: str, port: int, tcp: bool, seconds: float) -> dns.message.Message:
        seen.append(tcp)
        if not tcp:
            raise dns.message.Truncated(message=message)
        return world.World({"a.test": [("TXT", "x" * 3000)]})(message, address, port, tcp, seconds)

    answer = Resolver(Tape(), "192.0.2.53", seconds=1, send=cut).lookup("a.test", "TXT")
    assert answer.tcp and seen == [False, True] and len(answer.texts[0]) == 3000


def test_no_route_and_refusal_are_no_time_out() -> None:
    for error, rcode in ((OSError(101, "Network is unreachable"), dnswire.UNREACHABLE),
                         (ConnectionRefusedError(111, "refused"), dnswire.REFUSED_CONNECTION),
                         (dns.message.TrailingJunk(), dnswire.MALFORMED)):
        def broken(*_: object, error: Exception = error) -> dns.message.Message:
            raise error
        assert Resolver(Tape(), "192.0.2.53", seconds=1, send=broken).ask("a.test", "A").rcode == rcode


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_a_probe_error(text: str) -> None:
    resolver = world.resolver(ROOT)
    try:
        assert resolver.ask(text, "A").rcode in ("NXDOMAIN", "NOERROR")
    except ProbeError as error:
        assert "is no domain name" in str(error)


@given(st.binary(max_size=200))
def test_any_octets_are_a_reply_or_malformed(data: bytes) -> None:
    def garbage(message: dns.message.Message, *_: object) -> dns.message.Message:
        reply = dns.message.from_wire(message.to_wire()[:2] + data)
        if not message.is_response(reply):
            raise dns.query.BadResponse
        return reply

    answer = Resolver(Tape(), "192.0.2.53", seconds=1, send=garbage).ask("a.test", "A")
    assert isinstance(answer.outcome, str)


def test_a_texts_octets_stay_visible() -> None:
    resolver = world.resolver({"a.test": [("TXT", b"caf\xe9"), ("TXT", "caf\u00e9".encode())]})
    assert set(resolver.lookup("a.test", "TXT").texts) == {"caf\u00e9"}


def test_a_dead_name_server_costs_one_time_out() -> None:
    """It is asked one control question, and nothing after that; another server and a recording are not touched by it."""
    asked = []

    def send(message: dns.message.Message, server: str, *_: object) -> dns.message.Message:
        asked.append(server)
        if server == "192.0.2.1":
            raise dns.exception.Timeout
        return dns.message.make_response(message)

    tape = Tape()
    resolver = Resolver(tape, "192.0.2.53", seconds=1, send=send)
    for index in range(20):
        assert resolver.ask(f"n{index}.test", "A", server="192.0.2.1").rcode == "TIMEOUT"
        assert resolver.ask(f"n{index}.test", "A", server="192.0.2.2").rcode == "NOERROR"
    assert (asked.count("192.0.2.1"), asked.count("192.0.2.2")) == (4, 20)
    assert tape.peek("dns", "192.0.2.1", "n19.test A") is not None  # so that a replay knows it as well
