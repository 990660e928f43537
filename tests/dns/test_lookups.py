"""Whole look-ups over a world of names: DMARC, MTA-STS, TLS-RPT, MX, PTR, CAA, DNSSEC, name servers, SPF costs."""

from __future__ import annotations

import base64
import http.client
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import caa, dmarc, dnssec, dnswire, host_resolver, https, mta_sts, mx, nameservers, ptr, spf, tlsrpt
from fixtures.errors import ProbeError
from fixtures.estate import Domain, Estate, HostEntry
from fixtures.exchange import Tape
from fixtures.resolver import Resolver
from tests.dns import world

DATA = Path(__file__).parents[1] / "data"
ROOT = {"": [("NS", "ns.root.test.")]}
PREFIX = {"dmarc": "_dmarc.", "mta-sts": "_mta-sts.", "tlsrpt": "_smtp._tls."}
#: The kind dmarc-report-consent is left out: it is about other domains' reports.
LOOKUPS = [case for case in json.loads((DATA / "records/lookup.json").read_text())["cases"] if case["kind"] in PREFIX]


def zone_of(txt: dict[str, Any]) -> dict[str, Any]:
    def records(value: Any) -> Any:
        if isinstance(value, str):
            return value
        if isinstance(value, dict):
            return [("CNAME", value["CNAME"])]
        # Two equal records are one record in the DNS: a blank at the end keeps them apart.
        return [("TXT", text + " " * index) for index, text in enumerate(value)]

    return {**ROOT, **{name: records(value) for name, value in txt.items()}}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in LOOKUPS])
def test_lookups_end_as_in_another_project(case: dict[str, Any]) -> None:
    resolver = world.resolver(zone_of(case["txt"]))
    try:
        texts = resolver.lookup(PREFIX[case["kind"]] + case["domain"], "TXT").texts
    except ProbeError:
        assert case["expect"] == "temperror"
        return
    assert _verdict(case["kind"], case["domain"], texts, resolver) == case["expect"]


def _verdict(kind: str, domain: str, texts: tuple[str, ...], resolver: Resolver) -> str:
    if kind == "dmarc":
        found = dmarc.discover(domain, lambda name: resolver.lookup(name, "TXT").texts)
        return "invalid" if found.errors else "valid" if found.at else "absent"
    if kind == "mta-sts":
        errors = [mta_sts.parse_record(text).error for text in texts if text.startswith("v=STSv1")]
    else:
        errors = [tlsrpt.parse(text).error for text in texts if text.startswith("v=TLSRPTv1")]
    return "absent" if not errors else "invalid" if any(errors) or len(errors) > 1 else "valid"


ZONES = json.loads((DATA / "spf/zone_hygiene.json").read_text())["cases"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in ZONES])
def test_spf_hygiene_of_test_zones(case: dict[str, Any]) -> None:
    """Servers that differ, and zones that mean no mail, are other requirements' business: only records are judged."""
    errors = {
        file: spf.read(case["zone"], [text.strip('"').replace('" "', "") for text in texts]).error
        for file, texts in case["txt_by_zone_file"].items()
    }
    if case["upstream_mandatory_tags"] == ["Z11_SPF_SYNTAX_OK"]:
        assert not any(errors.values()), errors
    if {"Z11_NO_SPF_FOUND", "Z11_SPF_MULTIPLE_RECORDS", "Z11_SPF_SYNTAX_ERROR"} & set(case["upstream_mandatory_tags"]):
        assert any(errors.values()), errors


def test_spf_costs_are_counted_with_their_path() -> None:
    zone = {"a.test": [("TXT", "v=spf1 include:b.test a:gone.test mx -all"), ("MX", (10, "h.test"))],
            "b.test": [("TXT", "v=spf1 exists:%{i}.b.test ?all")], "h.test": [("A", "192.0.2.9")]}
    found = spf.evaluate(world.resolver(zone), spf.STRANGER, "x@a.test", "h.test", audit=True)
    below = "a.test > b.test: exists:%{i}.b.test"
    assert found.terms == ("a.test: include:b.test", below, "a.test: a:gone.test", "a.test: mx")
    assert [void.partition(" looks up ")[2] for void in found.voids] == ["192.0.2.77.b.test", "gone.test"]
    assert found.verdict == "fail"


def test_a_dead_resolver_is_no_spf_verdict_but_a_silent_name_is() -> None:
    silent = {**ROOT, "a.test": [("TXT", "v=spf1 include:slow.test -all")], "slow.test": "TIMEOUT"}
    assert spf.evaluate(world.resolver(silent), "192.0.2.1", "x@a.test", "h.test").verdict == "temperror"
    with pytest.raises(ProbeError, match="does not answer"):
        spf.evaluate(world.resolver({"": "TIMEOUT", "a.test": "TIMEOUT"}), "192.0.2.1", "x@a.test", "h.test")


def test_mx_against_the_inventory() -> None:
    targets = {20: "mx1.a.test", 10: "mx2.a.test", 30: "www.a.test", 40: "192.0.2.4"}
    zone = {"a.test": [("MX", pair) for pair in targets.items()],
            "mx1.a.test": [("A", "203.0.113.1")], "mx2.a.test": [("A", "10.0.0.2"), ("AAAA", "2001:db8::2")],
            "www.a.test": [("CNAME", "mx1.a.test")]}
    found = mx.read("a.test", world.resolver(zone))
    domain = Domain("a.test", mx=("mx1.a.test", "mx2.a.test"), backup_mx=("mx2.a.test",))
    hosts = {"mx1.a.test": HostEntry("mx1.a.test", (), {}, addresses=("203.0.113.7",))}
    assert mx.differences(found, domain, Estate(hosts, {})) == (
        "192.0.2.4 is published and not declared", "www.a.test is published and not declared",
        "mx1.a.test: 203.0.113.1 is published, not in the inventory",
        "mx1.a.test: 203.0.113.7 is in the inventory, not published",
        "mx2.a.test is a backup, but its preference 10 is not above 20",
    )
    said = mx.violations(found, ["203.0.113.0/24", "2001:db8::/32"])
    assert said == ("mx2.a.test has the address 10.0.0.2, which is not reachable from outside", "www.a.test is a CNAME",
                    "192.0.2.4 is an address, not a host name")


def test_null_mx() -> None:
    found = mx.read("a.test", world.resolver({"a.test": [("MX", (0, "."))]}))
    assert found.null and not found.names and mx.violations(found, []) == ()


def test_reverse_names() -> None:
    zone = {"1.2.0.192.in-addr.arpa": [("PTR", "mx.a.test")], "mx.a.test": [("A", "192.0.2.1")],
            "2.2.0.192.in-addr.arpa": [("PTR", "gone.a.test")], "a.test": []}
    resolver = world.resolver(zone)
    outcomes = [ptr.reverse_of(resolver, f"192.0.2.{number}").outcome for number in (1, 2, 3)]
    assert outcomes == ["confirmed", "gone.a.test does not lead back to the address", "no PTR record"]


@pytest.mark.parametrize(("name", "address", "expected"), [
    ("ec2-203-0-113-25.compute.example.net", "203.0.113.25", True),
    ("25.113.0.203.dyn.example.net", "203.0.113.25", True),
    ("cb007119.example.net", "203.0.113.25", True), ("mx25.example.net", "203.0.113.25", False),
    ("pool1.example.net", "203.0.113.25", True), ("static.example.net", "203.0.113.25", False),
    ("mail.pooldoctor.example", "203.0.113.25", False),
    ("2001-0db8-0000-0000-0000-0000-0000-0001.example.net", "2001:db8::1", True),
    ("mx.example.net", "2001:db8::1", False),
])
def test_generic_names(name: str, address: str, expected: bool) -> None:
    assert ptr.generic(name, address, ["dyn", "dynamic", "pool"]) is expected


def test_caa_is_found_by_climbing() -> None:
    zone = {"a.test": [("CAA", '0 issue "ca.test"')], "mx.a.test": [("A", "192.0.2.1")],
            "b.a.test": [("CAA", '0 issue ";"')]}
    resolver = world.resolver(zone)
    permits = [caa.permit(resolver, name) for name in ("mx.a.test", "b.a.test", "c.test")]
    assert [(item.at, item.issuers) for item in permits] == [("a.test", ("ca.test",)), ("b.a.test", ()), ("", ())]
    found = caa.judge(permits, ["ca.test"])
    assert found.missing == ("c.test",)
    assert found.forbidden == ("b.a.test: ca.test may not issue (CAA at b.a.test: nobody)",)


class Authority:
    """Name servers by address: each a World, made authoritative, but for the recursive resolver and a lame one."""

    def __init__(self, by_address: dict[str, dict[str, Any]], *, recursive: str = "", lame: str = "") -> None:
        self.by_address, self.recursive, self.lame = by_address, recursive, lame

    def __call__(
        self, message: dns.message.Message, address: str, port: int, tcp: bool, seconds: float
    ) -> dns.message.Message:
        reply = world.World(self.by_address[address])(message, address, port, tcp, seconds)
        if address not in (self.lame, "192.0.2.53"):
            reply.flags |= dns.flags.AA
        if address == self.recursive:
            reply.flags |= dns.flags.RA
        return reply


def test_name_servers_are_examined_one_by_one() -> None:
    soa = "ns1.a.test. host.a.test. {} 3600 900 1209600 300"
    names = {"a.test": [("SOA", soa.format(7)), ("NS", "ns1.a.test."), ("NS", "ns2.a.test.")],
             "ns1.a.test": [("A", "192.0.2.1")], "ns2.a.test": [("A", "192.0.2.2")]}
    second = {"": [("NS", "ns.root.test.")], "a.test": [("SOA", soa.format(6))]}
    send = Authority({"192.0.2.53": names, "192.0.2.1": names, "192.0.2.2": second}, recursive="192.0.2.2")
    resolver = Resolver(Tape(), "192.0.2.53", seconds=1, send=send)
    assert nameservers.zone_of(resolver, "a.test") == "a.test"
    pairs = nameservers.addresses_of(resolver, "a.test")
    found = [nameservers.examine(resolver, "a.test", name, address) for name, address in pairs]
    assert [server.serial for server in found] == [7, 6]
    assert [server.faults for server in found] == [(), ("resolves for strangers (RA, and an answer for the root)",)]
    del second[""]  # it sets RA, and resolves nothing for us
    closed = Resolver(Tape(), "192.0.2.53", seconds=1, send=send)
    assert not nameservers.examine(closed, "a.test", "ns2.a.test", "192.0.2.2").faults
    send.lame = "192.0.2.1"
    again = Resolver(Tape(), "192.0.2.53", seconds=1, send=send)
    assert nameservers.examine(again, "a.test", "ns1.a.test", "192.0.2.1").faults[0].startswith("lame")
    assert nameservers.authoritative(again, "a.test", "SOA").server == "192.0.2.2"


HEADS = [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]


@given(st.binary(max_size=300), st.sampled_from(HEADS))
def test_any_reply_of_a_policy_server_is_read_or_refused(data: bytes, head: bytes) -> None:
    try:
        found = https.read(head + data, mta_sts.MAX_BODY)
    except (OSError, http.client.HTTPException, ValueError):
        return  # what `fetch` turns into the reason why there is no policy
    assert isinstance(mta_sts._refusal(found), str)


def test_dnssec_names_follow_the_mx() -> None:
    resolver = world.resolver({"a.test": [("MX", (10, "mx.b.test"))]}, ad=True)
    assert ("mx.b.test", "A") in dnssec.names_of("a.test", resolver)


def test_a_reply_from_the_host_is_read() -> None:

    query = dnswire.query("a.test", "MX")
    reply = world.World({"a.test": [("MX", (10, "mx.a.test"))]})(query, "192.0.2.53", 53, False, 1)
    data = base64.b64encode(reply.to_wire()).decode()
    found, seconds = host_resolver.read_reply(f"1700000000.000100\n{data}\n1700000000.250100 0\n", query)
    assert found["rcode"] == "NOERROR" and found["answer"][0][3] == "10 mx.a.test." and round(seconds, 3) == 0.25
    silent = "1700000000.000100\n\n1700000003.000100 {}\n"
    assert host_resolver.read_reply(silent.format(124), query)[0]["rcode"] == "TIMEOUT"
    assert host_resolver.read_reply(silent.format(1), query)[0]["rcode"] == "CONNECTION REFUSED"
    other = base64.b64encode(dnswire.query("b.test", "MX").to_wire()).decode()
    assert host_resolver.read_reply(f"1.000100\n{other}\n1.250100 0", query)[0]["rcode"] == "MALFORMED"


@given(st.text(max_size=300))
def test_resolv_conf_and_replies_of_any_text(text: str) -> None:

    try:
        assert len(host_resolver.name_servers(text)) <= 3
    except ProbeError as error:
        assert "is no address" in str(error)
    with pytest.raises(ProbeError, match="cannot be read"):
        host_resolver.read_reply(text, dnswire.query("a.test", "A"))


def test_a_host_without_bash_is_not_measured() -> None:
    said = SimpleNamespace(rc=127, stdout="", stderr="sh: 1: bash: not found")
    host = SimpleNamespace(name="h", run=lambda *_: said)
    with pytest.raises(ProbeError, match="bash, coreutils and timeout are needed"):
        host_resolver.ask_from(host, "192.0.2.53", "a.test", "A", 3)


def test_many_questions_from_a_host_are_one_command() -> None:
    """A server that was silent twice is given up; what the host cannot do is not measured."""
    query = dnswire.query("a.test", "A")
    query.id = host_resolver.QUERY_ID
    packed = base64.b64encode(query.to_wire()).decode()
    reply = base64.b64encode(dns.message.make_response(query).to_wire()).decode()
    printed = base64.b64encode(f"1700000000.000100\n{reply}\n1700000000.250100 0\n".encode()).decode()
    asked = [("192.0.2.1", "a.test", "A"), ("192.0.2.2", "a.test", "A"), ("192.0.2.3", "a.test", "A")]
    lines = f"192.0.2.1,{packed} 0 {printed}\n192.0.2.2,{packed} 124 -\n192.0.2.3,{packed} 3 \n"

    def host(text: str) -> Any:
        return SimpleNamespace(name="mx", run=lambda *_: SimpleNamespace(rc=0, stdout=text, stderr="bash: not found"))

    found = host_resolver.ask_all(host(lines), asked, 3)
    assert [found[item].rcode for item in asked] == ["NOERROR", "TIMEOUT", "UNREACHABLE"]
    for wrong in ("", f"192.0.2.1,{packed} 0 !\n"):
        with pytest.raises(ProbeError):
            host_resolver.ask_all(host(wrong), asked[:1], 3)
