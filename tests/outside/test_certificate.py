"""Certificates of others: what they say, and what is no certificate."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import ProbeError
from fixtures.tls.certificate import Certificate, name_matches, parse
from fixtures.tls.chain import Chain

DATA = Path(__file__).parents[1] / "data" / "tls"
BADSSL = json.loads((DATA / "badssl.json").read_text())["cases"]
ZLINT = json.loads((DATA / "zlint.json").read_text())["cases"]
LIMBO = json.loads((DATA / "limbo.json").read_text())["testcases"]


def chain_of(pem: bytes) -> Chain:
    certificates = tuple(parse(item.public_bytes(Encoding.DER)) for item in x509.load_pem_x509_certificates(pem))
    return Chain("test", "TLSv1.3", "", certificates, "")


def check(seen: Certificate, facts: dict[str, Any]) -> None:
    listed = {name for name in facts["san"] if not name.startswith("...")}  # long lists are cut in the data
    assert {name for name in listed if "/" not in name and "@" not in name} <= {*seen.names, *seen.addresses}
    assert seen.not_after == datetime.fromisoformat(facts["not_after"])
    assert seen.not_before == datetime.fromisoformat(facts["not_before"])
    assert (seen.key, seen.bits, seen.hash) == (facts["key"], facts["bits"], facts["sig_hash"])


@pytest.mark.parametrize("case", BADSSL, ids=lambda case: case["id"])
def test_badssl(case: dict[str, Any]) -> None:
    chain = chain_of((DATA / case["file"]).read_bytes())
    check(chain.leaf, case["leaf"])
    assert len(chain.certificates) == case["certs_in_chain"]
    moment = datetime.now(UTC) if case["judge_at"] == "today" else datetime.fromisoformat(case["judge_at"])
    weak = [name for name, kind in chain.signature_hashes.items() if kind in ("sha1", "md5")]
    assert bool(weak) == ("SHA-1" in (case["why"] or ""))
    assert (chain.leaf.days_left(moment) < 0) == ("expired" in (case["why"] or ""))
    assert chain.order_faults == []


@pytest.mark.parametrize("case", [case for case in ZLINT if case.get("facts")], ids=lambda case: case["id"])
def test_zlint(case: dict[str, Any]) -> None:
    facts = case["facts"]
    der = ssl.PEM_cert_to_DER_cert((DATA / case["file"]).read_text().strip())
    try:
        seen = parse(der)
    except ProbeError as error:
        assert facts.get("unparsable_by_pyca"), error
        return
    if not facts.get("unparsable_by_pyca"):
        check(seen, facts)
    for lint in case["expect"]:
        if lint["lint"] == "e_rsa_mod_less_than_2048_bits" and seen.key == "RSA":
            assert (seen.bits < 2048) == (lint["result"] == "error")


@pytest.mark.parametrize("case", [c for c in LIMBO if "SAN" in c["description"]], ids=lambda case: case["id"])
def test_limbo_names_are_read(case: dict[str, Any]) -> None:
    (leaf,) = x509.load_pem_x509_certificates(case["peer_certificate"].encode())
    peer = case.get("expected_peer_name") or {}
    try:
        seen = parse(leaf.public_bytes(Encoding.DER))
    except ProbeError:
        assert case["expected_result"] == "FAILURE"
        return
    if peer.get("kind") == "DNS" and case["expected_result"] == "SUCCESS":
        assert seen.covers(peer["value"])


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("mx.example.org", "mx.example.org.", True),
        ("*.example.org", "example.org", False),
        ("*.org", "example.org", False),
        ("f*.example.org", "foo.example.org", False),
        ("*.*.org", "a.b.org", False),
        ("192.0.2.1", "192.0.2.1", False),
        ("mx.example.org", "mx.example.org.evil.test", False),
        ("", "", False),
    ],
)
def test_names(pattern: str, host: str, matches: bool) -> None:
    assert name_matches(pattern, host) is matches


@given(st.binary(max_size=300))
def test_garbage_is_no_certificate(data: bytes) -> None:
    with pytest.raises(ProbeError, match="cannot be read as a certificate"):
        parse(data)


def test_a_damaged_certificate_never_breaks_the_reader() -> None:
    der = x509.load_pem_x509_certificates((DATA / BADSSL[0]["file"]).read_bytes())[0].public_bytes(Encoding.DER)
    for place in range(0, len(der), 7):
        try:
            parse(der[:place] + bytes((der[place] ^ 0x55,)) + der[place + 1 :])
        except ProbeError:
            continue
