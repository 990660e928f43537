"""DANE for SMTP: OpenSSL's own vectors, the rules of RFC 7672, and whole look-ups over a world of names."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from fixtures import dane, tlsa
from fixtures.errors import ProbeError
from fixtures.estate import Estate, HostEntry
from fixtures.inside import dane_resolver
from fixtures.tls import certificate
from tests.dns import world

DATA = Path(__file__).parents[1] / "data" / "dane" / "openssl_dane.json"
CASES = json.loads(DATA.read_text())["cases"]
#: OpenSSL's test judges as of the certificates' own time.
NOW = datetime(2015, 12, 20, tzinfo=UTC)


def chain_of(case: dict[str, Any]) -> list[certificate.Certificate]:
    ders = [x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER) for pem in case["chain"]]
    return [certificate.parse(der) for der in ders]


def records_of(case: dict[str, Any]) -> list[tlsa.Tlsa]:
    return [tlsa.Tlsa(r["usage"], r["selector"], r["mtype"], bytes.fromhex(r["data"])) for r in case["tlsa"]]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_openssl_vectors_as_rfc_7672_reads_them(case: dict[str, Any]) -> None:
    found = tlsa.judge(records_of(case), chain_of(case), ["example.com"], NOW)
    assert found.outcome == case["smtp_expect"], found


KEY = bytes.fromhex(CASES[3]["tlsa"][0]["data"])  # 3 1 1 of the leaf of case 4
LEAF = chain_of(CASES[3])


@pytest.mark.parametrize(("records", "outcome"), [
    ([tlsa.Tlsa(3, 1, 1, KEY), tlsa.Tlsa(3, 1, 1, bytes(32))], "match"),
    ([tlsa.Tlsa(3, 1, 1, bytes(32)), tlsa.Tlsa(3, 0, 1, bytes(32))], "no match"),
    # RFC 7671 9: a stronger digest of the same usage and selector makes the weaker one void.
    ([tlsa.Tlsa(3, 1, 1, KEY), tlsa.Tlsa(3, 1, 2, bytes(64))], "no match"),
    ([tlsa.Tlsa(3, 1, 1, KEY), tlsa.Tlsa(3, 0, 2, bytes(64))], "match"),
    ([tlsa.Tlsa(0, 1, 1, KEY), tlsa.Tlsa(1, 1, 1, KEY)], "unusable"),
    ([tlsa.Tlsa(3, 1, 1, KEY[:-1])], "unusable"), ([tlsa.Tlsa(3, 1, 3, KEY)], "unusable"),
    ([tlsa.Tlsa(3, 2, 1, KEY)], "unusable"), ([tlsa.Tlsa(4, 1, 1, KEY)], "unusable"),
    ([tlsa.Tlsa(3, 0, 0, b"no certificate")], "unusable"), ([tlsa.Tlsa(2, 1, 0, b"no key")], "unusable"), ([], "unusable"),
])
def test_the_rules_of_smtp(records: list[tlsa.Tlsa], outcome: str) -> None:
    """DANE-EE asks neither for a name nor for a date: the certificate of case 4 ended before it began."""
    assert tlsa.judge(records, LEAF, ["other.example"], NOW).outcome == outcome


def test_below_an_anchor_names_and_dates_count() -> None:
    case = next(case for case in CASES if case["id"] == "16")
    records, chain = records_of(case), chain_of(case)
    assert tlsa.judge(records, chain, ["mx.example.org", "example.com"], NOW).outcome == "match"
    assert "is not for mx.example.org" in str(tlsa.judge(records, chain, ["mx.example.org"], NOW))
    assert "outside its dates" in str(tlsa.judge(records, chain, ["example.com"], datetime(2010, 1, 1, tzinfo=UTC)))


@given(st.text(max_size=80), st.binary(max_size=200))
def test_any_record_is_read_or_refused(text: str, data: bytes) -> None:
    try:
        tlsa.parse(text)
    except ProbeError as error:
        assert "cannot be read" in str(error)
    for usage in (2, 3):
        for mtype in (0, 1, 9):
            tlsa.judge([tlsa.Tlsa(usage, 1, mtype, data)], LEAF, ["a.test"], NOW)


# --- look-ups -------------------------------------------------------------------------------------------------------

RECORD = "3 1 1 " + KEY.hex()
SECURE = {"": [("NS", "ns.root.test.")], "a.test": [("MX", (10, "mx.a.test"))], "mx.a.test": [("A", "192.0.2.1")]}


def test_records_are_looked_up_where_the_addresses_are_secure() -> None:
    zone = {**SECURE, "_25._tcp.mx.a.test": [("TLSA", RECORD)]}
    assert dane.look_up(world.resolver(zone, ad=True), "mx.a.test").protected
    found = dane.look_up(world.resolver(zone), "mx.a.test")
    assert not found.protected and "not signed" in found.insecure


def test_an_alias_is_followed_and_its_own_name_tried_next() -> None:
    zone = {**SECURE, "mx.a.test": [("CNAME", "host.b.test")], "host.b.test": [("A", "192.0.2.1")],
            "_25._tcp.mx.a.test": [("TLSA", RECORD)]}
    assert dane.look_up(world.resolver(zone, ad=True), "mx.a.test").base == "_25._tcp.mx.a.test"
    zone["_25._tcp.host.b.test"] = [("TLSA", RECORD)]
    assert dane.look_up(world.resolver(zone, ad=True), "mx.a.test").base == "_25._tcp.host.b.test"


def test_a_failing_look_up_keeps_mail_away_and_a_silent_one_is_not_measured() -> None:
    broken = dane.look_up(world.resolver({**SECURE, "_25._tcp.mx.a.test": "SERVFAIL"}, ad=True), "mx.a.test")
    assert "keep their mail" in broken.broken and not broken.unseen
    silent = dane.look_up(world.resolver({**SECURE, "_25._tcp.mx.a.test": "TIMEOUT"}, ad=True), "mx.a.test")
    assert silent.unseen and not silent.broken
    with pytest.raises(ProbeError, match="TIMEOUT"):
        dane.Dane("a.test", (silent,)).all_seen()


def test_a_resolver_that_does_not_validate_is_no_witness() -> None:
    with pytest.raises(ProbeError, match="does not validate"):
        dane.validating(world.resolver(SECURE))


def host(outcome: str = "match", *records: tlsa.Tlsa, **more: Any) -> dane.DaneHost:
    records = records or (tlsa.Tlsa(3, 1, 1, KEY), tlsa.Tlsa(3, 1, 1, bytes(32)))
    return dane.DaneHost("mx.a.test", "_25._tcp.mx.a.test", records, outcomes={"192.0.2.1": outcome}, **more)


def test_what_a_domain_is_told() -> None:
    good = dane.Dane("a.test", (host(),))
    assert not (good.faults or good.unusable or good.unprotected or good.single or good.unusual)
    assert dane.Dane("a.test", (host("no match: x"),)).faults == ("mx.a.test at 192.0.2.1: no match: x",)
    assert dane.Dane("a.test", (host("match", tlsa.Tlsa(3, 1, 1, KEY)),)).single == ("mx.a.test",)
    assert dane.Dane("a.test", (host("match", tlsa.Tlsa(3, 0, 1, KEY)),)).unusual
    without = dane.Dane("a.test", (host(), dane.DaneHost("mx2.a.test")), insecure_mx=True)
    assert without.unprotected == ("a.test MX: not signed", "mx2.a.test: no usable TLSA record")


# --- the resolver behind it -----------------------------------------------------------------------------------------


def test_who_is_trusted() -> None:
    ours = HostEntry("ns.a.test", (), {}, addresses=("192.0.2.53",), roles=frozenset({"resolver"}))
    estate = Estate({"ns.a.test": ours}, {}, trusted_resolvers=("198.51.100.1",))
    asked = ["127.0.0.1", "::1", "192.0.2.9", "192.0.2.53", "198.51.100.1", "8.8.8.8"]
    assert [dane_resolver.trusted(item, ["192.0.2.9"], estate) for item in asked] == [True] * 5 + [False]


@pytest.mark.parametrize(("text", "wanted", "defeated"), [
    ("smtp_tls_security_level = dane\nsmtp_dns_support_level = dnssec\n", True, 0),
    ("smtp_tls_security_level = dane-only\nsmtp_dns_support_level = enabled\n", True, 1),
    ("smtp_tls_security_level = may\nsmtp_dns_support_level =\n", False, 0),
])
def test_postfix_and_dane(text: str, wanted: bool, defeated: int) -> None:
    found = dane_resolver.of_postfix(text)
    assert (bool(found[0]), len(found[1])) == (wanted, defeated)


def test_exim_and_dane() -> None:
    text = ("\nlocal transport:\ndriver = appendfile\n\nremote_smtp transport:\ndnssec_request_domains = *\n"
            "hosts_require_dane = \nhosts_try_dane = *\n\nother transport:\nhosts_try_dane = *\ndnssec_request_domains = \n")
    wanted, defeated = dane_resolver.of_exim(text)
    assert "remote_smtp" in wanted and "local" not in wanted and len(defeated) == 1 and "other" in defeated[0]
