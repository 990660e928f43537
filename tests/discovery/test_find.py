"""What is found of a domain, over a world of names: hosts, ports, and what must never be contacted."""

from __future__ import annotations

from typing import Any

import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.discovery.estate import discover
from fixtures.discovery.find import MAX_ENDPOINTS, MAX_HOSTS, Found, find
from fixtures.errors import InputError, NotApplicable, ProbeError
from fixtures.exchange import Tape
from fixtures.resolver import Resolver
from tests.dns import world

ROOT: dict[str, Any] = {"": [("NS", "ns.root.test.")]}
DOMAIN: dict[str, Any] = {
    "example.org": [("MX", (20, "mx2.example.org")), ("MX", (10, "MX1.example.org")), ("TXT", "v=spf1 mx -all")],
    "mx1.example.org": [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")],
    "mx2.example.org": [("A", "192.0.2.2")],
    "imap.example.org": [("A", "192.0.2.3")],
    "_submissions._tcp.example.org": [("SRV", "0 1 465 mx1.example.org.")],
    "_imaps._tcp.example.org": [("SRV", "0 1 993 imap.example.org."), ("SRV", "9 1 1993 mx1.example.org.")],
    "_imap._tcp.example.org": [("SRV", "0 0 0 .")],
    "_sieve._tcp.example.org": [("SRV", "0 1 4190 imap.example.org.")],
}


def found(zone: dict[str, Any], name: str = "example.org") -> Found:
    return find(name, world.resolver({**ROOT, **zone}, seconds=0.2), 4)


def test_hosts_and_ports() -> None:
    """MX and SRV targets are hosts, at all their addresses; groups and roles follow from what they offer."""
    estate = discover("Example.ORG.", world.resolver({**ROOT, **DOMAIN}))
    ports = {(str(item), item.protocol, item.tls, item.address) for item in estate.endpoints}
    assert ports == {
        ("mx1.example.org:25/ipv4", "smtp", "starttls", "192.0.2.1"),
        ("mx1.example.org:25/ipv6", "smtp", "starttls", "2001:db8::1"),
        ("mx1.example.org:465/ipv4", "submission", "implicit", "192.0.2.1"),
        ("mx1.example.org:465/ipv6", "submission", "implicit", "2001:db8::1"),
        ("mx1.example.org:1993/ipv4", "imap", "implicit", "192.0.2.1"),
        ("mx1.example.org:1993/ipv6", "imap", "implicit", "2001:db8::1"),
        ("mx2.example.org:25", "smtp", "starttls", "192.0.2.2"),
        ("imap.example.org:993", "imap", "implicit", "192.0.2.3"),
        ("imap.example.org:4190", "sieve", "starttls", "192.0.2.3"),
    }
    assert [(host.name, host.groups, sorted(host.roles), host.shell) for host in estate.hosts.values()] == [
        ("mx1.example.org", ("imap", "mta"), ["mx", "store", "submission"], False),
        ("mx2.example.org", ("mta",), ["mx"], False),
        ("imap.example.org", ("imap",), ["store"], False),
    ]
    domain = estate.domains["example.org"]
    assert (domain.mx, domain.backup_mx) == (("mx1.example.org", "mx2.example.org"), ())
    assert domain.sends and domain.receives and not domain.selectors and not domain.egress and domain.mta_sts is None
    assert estate.trust_store is None and estate.file is None and len(estate.sha256) == 64
    assert estate.related("example.org") == set(estate.hosts)


def test_what_is_not_declared_has_no_subject() -> None:
    """Only without an inventory: there, a missing declaration is a gap."""
    discovered = discover("example.org", world.resolver({**ROOT, **DOMAIN})).domains["example.org"]
    assert isinstance(discovered.undeclared("no selector"), NotApplicable)
    assert isinstance(type(discovered)("example.org").undeclared("no selector"), ProbeError)


@pytest.mark.parametrize(("spf", "sends"), [("v=spf1 -all", False), ("v=spf1 mx -all", True), ("", True)])
def test_null_mx(spf: str, sends: bool) -> None:
    """A domain that takes no mail (RFC 7505); that it sends none is believed only when its SPF record says so too."""
    zone = {"example.org": [("MX", (0, ".")), *([("TXT", spf)] if spf else [])]}
    estate = discover("example.org", world.resolver({**ROOT, **zone}))
    domain = estate.domains["example.org"]
    assert (domain.receives, domain.sends, domain.mx, dict(estate.hosts)) == (False, sends, (), {})


def test_null_mx_beside_another_is_no_null_mx() -> None:
    zone = {"example.org": [("MX", (0, ".")), ("MX", (5, "mx.example.org"))], "mx.example.org": [("A", "192.0.2.1")]}
    result = found(zone)
    assert result.receives and result.mx == ("mx.example.org",)


def test_implicit_mx() -> None:
    """Without MX the domain's own address takes the mail (RFC 5321 5.1), and the notes say so."""
    result = found({"example.org": [("A", "192.0.2.9")]})
    assert result.implicit and result.mx == ("example.org",) and list(result.hosts) == ["example.org"]
    assert "no MX record" in result.notes[0]


NOTHING = {
    "no such name": ({}, "no such domain", 1),
    "neither MX nor address": ({"example.org": [("TXT", "v=spf1 -all")]}, "neither MX records nor an address", 12),
    "resolver silent": ({"": "TIMEOUT", "example.org": "TIMEOUT"}, "does not answer within", 4),
    "refused": ({"example.org": "REFUSED"}, "REFUSED", 1),
    "servfail": ({"example.org": "SERVFAIL"}, "SERVFAIL", 2),
}


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_to_look_at(case: str) -> None:
    """The user is told why, after no more questions than that takes."""
    zone, said, questions = NOTHING[case]
    send = world.World({**ROOT, **zone})
    with pytest.raises(InputError, match=said):
        find("example.org", Resolver(Tape(), "192.0.2.53", seconds=0.2, send=send), 4)
    assert len(send.asked) <= questions


@pytest.mark.parametrize(
    "name", ["", ".", "org", "a b.org", "a..org", "192.0.2.1", "-x.org", "x" * 64 + ".org", "a\n.org"]
)
def test_no_domain_name(name: str) -> None:
    with pytest.raises(InputError, match="--domain="):
        discover(name, world.resolver(ROOT))


class Bogus(world.World):
    """A zone whose signatures do not hold: SERVFAIL, but with checking disabled."""

    def __call__(self, message: dns.message.Message, *rest: Any) -> dns.message.Message:
        if message.flags & dns.flags.CD:
            return super().__call__(message, *rest)
        reply = dns.message.make_response(dns.message.from_wire(message.to_wire()))
        reply.set_rcode(2)
        return dns.message.from_wire(reply.to_wire())


def test_broken_signatures_do_not_hide_the_hosts() -> None:
    """That validation fails is for a check to say: the hosts are found, and the notes name every such answer."""
    result = find("example.org", Resolver(Tape(), "192.0.2.53", seconds=0.2, send=Bogus({**ROOT, **DOMAIN})), 4)
    assert set(result.hosts) == {"mx1.example.org", "mx2.example.org", "imap.example.org"}
    assert "example.org MX: 192.0.2.53 answers only with DNSSEC validation off" in result.notes


def test_one_dead_name_costs_one_host() -> None:
    zone = {**DOMAIN, "mx2.example.org": "SERVFAIL", "_sieve._tcp.example.org": "SERVFAIL"}
    result = found(zone)
    assert set(result.hosts) == {"mx1.example.org", "imap.example.org"}
    assert result.mx == ("mx1.example.org", "mx2.example.org"), "DNS-030 is to judge it"
    assert any("mx2.example.org has no address" in note for note in result.notes)
    assert any(note.startswith("_sieve._tcp.example.org SRV") for note in result.notes)


def test_addresses_that_lead_nowhere_or_back_are_not_contacted() -> None:
    bad = ["127.0.0.1", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255"]
    bad6 = ["::1", "::", "fe80::1", "ff02::1", "::ffff:127.0.0.1"]
    zone = {
        "example.org": [("MX", (1, "mx.example.org"))],
        "mx.example.org": [*(("A", text) for text in bad), *(("AAAA", text) for text in bad6), ("A", "192.0.2.7")],
    }
    result = found(zone)
    assert result.hosts["mx.example.org"].addresses == ("192.0.2.7",)
    assert sum("never contacted" in note for note in result.notes) == len(bad) + len(bad6)


def test_numbers_are_bounded() -> None:
    """However much somebody publishes: a bounded number of hosts, addresses and ports; what was left out is told."""
    zone: dict[str, Any] = {"example.org": [("MX", (1, f"mx{i}.example.org")) for i in range(80)]}
    zone |= {f"mx{i}.example.org": [("A", f"198.51.{i}.{j}") for j in range(30)] for i in range(80)}
    zone["_imaps._tcp.example.org"] = [("SRV", f"0 1 {port} mx0.example.org.") for port in range(1000, 1100)]
    result = found(zone)
    assert len(result.hosts) <= MAX_HOSTS and 0 < result.endpoints() <= MAX_ENDPOINTS
    assert "30 hosts are left out" in result.notes[0]
    assert len(result.notes) > len(result.told()) == 21 and result.told()[-1].endswith("more of the kind")


def test_what_cannot_be_used_is_told() -> None:
    zone = {
        "example.org": [("MX", (1, "mx[1:9].example.org")), ("MX", (2, "10.0.0.1")), ("MX", (3, "mx.example.org"))],
        "mx.example.org": [("A", "192.0.2.7")],
        "_submission._tcp.example.org": [("SRV", "0 1 25 mx.example.org."), ("SRV", "0 1 0 mx.example.org.")],
    }
    result = found(zone)
    assert list(result.hosts) == ["mx.example.org"]
    assert [(item.port, item.protocol) for item in result.hosts["mx.example.org"].services] == [(25, "smtp")]
    assert len(result.mx) == 3
    assert len([note for note in result.notes if "no host name" in note or "cannot be used" in note]) == 3
    assert any(note.startswith("mx.example.org:25 is smtp") for note in result.notes)


NAMES = st.sampled_from(
    ["mx.example.org", "a.test", ".", "127.0.0.1", "*.example.org", "b_c.test", "x[1:3].test", "-o.test"]
)
SRV = st.builds(
    "{} {} {} {}.".format,
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 65535),
    NAMES.map(lambda n: n.rstrip(".")),
)
ADDRESS = st.ip_addresses(v=4).map(str)


@given(
    st.lists(st.tuples(st.integers(0, 50), NAMES), max_size=5, unique=True),
    st.lists(SRV, max_size=5, unique=True),
    ADDRESS,
)
def test_any_zone_ends_in_an_estate_or_a_word_to_the_user(mx: list[Any], srv: list[str], address: str) -> None:
    """Whatever is published: never another exception, never a host with a name or port that was not checked."""
    zone = {
        "example.org": [("MX", item) for item in mx],
        "_imaps._tcp.example.org": [("SRV", text.replace("..", ".")) for text in srv],
        "mx.example.org": [("A", address)],
        "a.test": [("A", "192.0.2.1")],
    }
    try:
        estate = discover("example.org", world.resolver({**ROOT, **zone}, seconds=0.1))
    except InputError:
        return
    assert set(estate.hosts) <= {"mx.example.org", "a.test", "b_c.test", "example.org"}
    assert all(1 <= item.port <= 65535 for item in estate.endpoints)
