"""The probe mail and the drills, without a server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from fixtures.records.models import Drill
from fixtures.round_trip import RoundTrip, letter, verify
from fixtures.standby import last_drill

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Names:
    """A resolver that knows one key."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def lookup(self, name: str, rtype: str) -> Names:
        assert (name.rstrip("."), rtype) == ("s1._domainkey.example.test", "TXT")
        return self


@pytest.fixture(scope="module")
def signed() -> tuple[bytes, str]:
    import base64

    key = rsa.generate_private_key(65537, 2048)
    message = letter("probe@example.test", "token", NOW).as_bytes()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    signature = dkim.sign(message, b"s1", b"example.test", pem)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return signature + message, f"v=DKIM1; k=rsa; p={base64.b64encode(spki).decode()}"


def test_a_signed_mail(signed: tuple[bytes, str]) -> None:
    message, record = signed
    assert verify(message, "example.test", cast("Any", Names(record))) == "pass"


def test_a_changed_mail(signed: tuple[bytes, str]) -> None:
    message, record = signed
    assert verify(message + b"more\r\n", "example.test", cast("Any", Names(record))).startswith("fail")


def test_a_missing_key_and_a_missing_signature(signed: tuple[bytes, str]) -> None:
    message, _ = signed
    assert verify(message, "example.test", cast("Any", Names())).startswith("fail")
    plain = letter("probe@example.test", "token", NOW).as_bytes()
    assert verify(plain, "example.test", cast("Any", Names())) == "no signature of example.test"
    assert verify(message, "other.test", cast("Any", Names())) == "no signature of other.test"
    assert verify(b"", "example.test", cast("Any", Names())) == "no message"


def test_bad_results_are_read() -> None:
    header = (
        b"Authentication-Results: mx.example.test; dkim=pass; spf=softfail smtp.mailfrom=a@b;\r\n\tdmarc=fail\r\n\r\n"
    )
    trip = RoundTrip("delivered", 1.0, header, "pass", ids=("mx.example.test",))
    assert trip.bad_results == ["dmarc=fail", "spf=softfail"]
    assert RoundTrip("delivered", 1.0, header, "pass", ids=("mx.other.test",)).bad_results == []


def drill(scenario: str, day: str, result: str) -> Drill:
    return Drill(id="D1", scenario=scenario, layer="flow", planned_at="2026-01-01T00:00:00Z", executed_at=day,
                 environment="test", result=result)  # type: ignore[arg-type]  # fmt: skip


def test_only_a_passed_drill_of_the_backup_mx_counts() -> None:
    drills = [
        drill("restore of a mailbox", "2026-09-01T00:00:00Z", "passed"),
        drill("mail waits at the Backup MX", "2026-05-01T00:00:00Z", "passed"),
        drill("mail waits at the backup MX", "2026-08-01T00:00:00Z", "failed"),
    ]
    assert last_drill(drills, ["backup mx"]) == datetime(2026, 5, 1, tzinfo=UTC)
    assert last_drill(drills, ["fire"]) is None
