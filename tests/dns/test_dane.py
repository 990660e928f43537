"""DANE for SMTP: OpenSSL's own vectors, the rules of RFC 7672, and whole look-ups over a world of names."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fixtures import tlsa
from fixtures.tls import certificate

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
