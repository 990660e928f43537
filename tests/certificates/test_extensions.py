"""Extensions, lifetimes and purposes, on certificates that others made (badssl.com, zlint)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from checks.tls import test_certificate_life as checks
from fixtures.certificates import extensions, lifetime, purpose
from fixtures.certificates.extensions import Extensions, Timestamp
from fixtures.certificates.lifetime import Lifetime
from fixtures.certificates.served import CLIENT, Stored
from fixtures.errors import NotApplicable, ProbeError
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.policy import PolicyView, load_policy
from fixtures.tls.certificate import Certificate, parse

DATA = Path(__file__).parent.parent / "data" / "tls"
POLICY: PolicyView = load_policy().view()
LIMITS = POLICY["tls.public_lifetime"]


def load(file: str) -> Certificate:
    pem = (DATA / file).read_bytes()
    return parse(x509.load_pem_x509_certificates(pem)[0].public_bytes(Encoding.DER), file)


def cases(lint: str) -> list[Any]:
    found = json.loads((DATA / "zlint.json").read_text())["cases"]
    return [
        pytest.param(case["file"], item["result"], id=case["id"])
        for case in found
        for item in case["expect"]
        if item["lint"] == lint
    ]


@pytest.mark.parametrize(
    ("file", "public", "logs", "lists"),
    [
        ("badssl/wildcard-ecc256.pem", True, 3, 2),
        ("badssl/wildcard-sha384.pem", True, 3, 2),
        ("badssl/subdomain-extended-validation.pem", True, 3, 2),
        ("badssl/wildcard-expired.pem", True, 0, 1),
        ("badssl/wildcard-self-signed.pem", False, 0, 0),
        ("badssl/subdomain-superfish.pem", False, 0, 0),
        ("zlint/validComodo.pem", True, 0, 1),
    ],
)
def test_what_real_certificates_say(file: str, public: bool, logs: int, lists: int) -> None:
    found = extensions.read(load(file))
    assert (found.public, found.logs, len(found.crls), found.must_staple) == (public, logs, lists, False)


@pytest.mark.parametrize(("file", "result"), cases("e_sub_cert_eku_missing"))
def test_a_missing_purpose_is_seen(file: str, result: str) -> None:
    """zlint e_sub_cert_eku_missing: a missing extension allows a server, and is warned of."""
    found = extensions.read(load(file))
    assert (found.purposes is None) == (result == "fail")
    evidence = Evidence()
    checks.test_certificate_is_for_servers(found, purpose.ClientCertificate(), POLICY, evidence)
    assert evidence.level == ("warn" if result == "fail" else "pass")


def made(**fields: Any) -> Extensions:
    values: dict[str, Any] = {
        "purposes": ("serverAuth",), "must_staple": False, "crls": (), "policies": (), "timestamps": (), "serial": 7,
    }  # fmt: skip
    return Extensions(**values | fields)


def test_other_purposes_are_refused() -> None:
    with pytest.raises(RequirementFailed, match="allow a server"):
        checks.test_certificate_is_for_servers(
            made(purposes=("clientAuth",)), purpose.ClientCertificate(), POLICY, Evidence()
        )
    evidence = Evidence()
    shown = purpose.ClientCertificate(("/etc/ssl/mail.pem",))
    checks.test_certificate_is_for_servers(made(purposes=("anyExtendedKeyUsage",)), shown, POLICY, evidence)
    assert evidence.level == "warn"


def test_only_a_public_client_certificate_is_a_risk() -> None:
    public, private = load("badssl/wildcard-ecc256.pem"), load("badssl/wildcard-self-signed.pem")
    disk = [Stored("/a.pem", public), Stored("/b.pem", private), Stored("/c.pem", public)]
    assert purpose.shown({CLIENT: ["/a.pem", "/b.pem"], "postfix": ["/c.pem"]}, disk).public == ("/a.pem",)


@pytest.mark.parametrize(
    ("file", "held"),
    [
        ("zlint/subCert825DaysOK.pem", True),  # e_sub_cert_valid_time_longer_than_825_days: pass
        ("zlint/subCertValidTimeGood.pem", True),  # ..._39_months: pass
        ("zlint/subCertValidTimeTooLong.pem", False),  # ..._39_months: fail
        ("zlint/39months.pem", True),  # ..._39_months: pass
    ],
)
def test_lifetimes_as_zlint_judges_them(file: str, held: bool) -> None:
    found = lifetime.measure(load(file), LIMITS, None)
    assert (found.days <= found.limit) == held


@pytest.mark.parametrize(
    ("day", "limit"),
    [("2026-03-14", 398), ("2026-03-15", 200), ("2027-03-14", 200), ("2027-03-15", 100), ("2029-03-15", 47)],
)
def test_limits_by_day(day: str, limit: int) -> None:
    """CA/B BR 6.3.2."""
    assert lifetime.limit_at(LIMITS, date.fromisoformat(day)) == limit


def test_before_any_limit() -> None:
    with pytest.raises(NotApplicable):
        lifetime.limit_at(LIMITS, date(2010, 1, 1))


def leaf(begins: datetime, days: float) -> Certificate:
    plain = load("badssl/wildcard-ecc256.pem")
    ends = begins + timedelta(days=days, seconds=-1)
    return Certificate(**vars(plain) | {"not_before": begins, "not_after": ends})


@pytest.mark.parametrize(
    ("days", "interval", "level"), [(200, 0.5, "notice"), (90, 0.5, "pass"), (90, 20, "warn"), (90, 14, "pass"), (90, None, "pass")]
)
def test_lifetime_and_interval(days: float, interval: float | None, level: str) -> None:
    evidence = Evidence()
    found = lifetime.measure(leaf(datetime(2026, 12, 1, tzinfo=UTC), days), LIMITS, interval)
    checks.test_lifetime_is_within_public_limits(found, POLICY, evidence)
    assert evidence.level == level


def test_a_day_too_long() -> None:
    found = lifetime.measure(leaf(datetime(2026, 12, 1, tzinfo=UTC), 201), LIMITS, 0.5)
    with pytest.raises(RequirementFailed, match="201"):
        checks.test_lifetime_is_within_public_limits(found, POLICY, Evidence())
    assert Lifetime(90, 200, 100, date(2027, 1, 1), None).tries == {}


def test_a_public_issuer_is_told_by_policy_or_log() -> None:
    stamp = Timestamp("ab", datetime(2026, 1, 1, tzinfo=UTC))
    assert [made().public, made(policies=("2.23.140.1.2.1",)).public, made(timestamps=(stamp,)).public] == [
        False, True, True,
    ]  # fmt: skip
    assert made(timestamps=(stamp, stamp)).logs == 1


@given(st.binary(max_size=400))
def test_garbage_is_no_verdict(data: bytes) -> None:
    plain = load("badssl/wildcard-ecc256.pem")
    with pytest.raises(ProbeError):
        extensions.read(Certificate(**vars(plain) | {"der": data}))
