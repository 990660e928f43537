"""Revocation lists from servers good and bad, stapling, and what the transparency logs hold."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from checks.tls import test_certificate_life as checks
from fixtures.certificates import extensions, revocation, stapling, transparency
from fixtures.certificates.revocation import Revocation, RevocationList
from fixtures.certificates.transparency import Presented, Transparency
from fixtures.errors import ProbeError
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.exchange import Tape
from fixtures.lab import pki
from fixtures.policy import load_policy
from fixtures.records.models import LoggedCertificate
from fixtures.tls.certificate import Certificate, parse
from fixtures.tls.hello import client_hello

POLICY = load_policy().view()
NOW = datetime.now(UTC)
DATA = Path(__file__).parent.parent / "data" / "tls" / "badssl"


def load(file: str) -> Certificate:
    return parse(x509.load_pem_x509_certificates((DATA / file).read_bytes())[0].public_bytes(Encoding.DER))


class Authority:
    """A CA with one leaf, and lists that it signs."""

    def __init__(self, folder: Path) -> None:
        chain = pki.credential("mx", ("mx.example.test",), folder).chain
        self.leaf, self.issuer = (
            parse(item.public_bytes(Encoding.DER)) for item in x509.load_pem_x509_certificates(chain)
        )
        self.serial = extensions.read(self.leaf).serial
        self._issuing = pki.authorities(folder)[1]

    def crl(self, *serials: int, days: int = 7, key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._issuing.certificate.subject)
        builder = builder.last_update(NOW - timedelta(days=30)).next_update(NOW + timedelta(days=days))
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - timedelta(days=1)).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(key or self._issuing.key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@contextmanager
def serving(status: int, body: bytes, headers: dict[str, str], drip: float = 0) -> Iterator[str]:
    """A web server with one answer; ``drip``: seconds between two bytes of it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for index in range(len(body) if drip else 1):
                    self.wfile.write(body[index : index + 1] if drip else body)
                    self.wfile.flush()
                    time.sleep(drip)
            except OSError:
                return

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/issuing.crl"
    finally:
        server.shutdown()
        server.server_close()


def fetch(authority: Authority, url: str, seconds: float = 2) -> RevocationList:
    return revocation.fetch(Tape(), None, url, authority.leaf, authority.serial, authority.issuer, seconds)  # type: ignore[arg-type]


def judge(found: RevocationList, staple: str = stapling.NOT_DEMANDED) -> Evidence:
    evidence = Evidence()
    checks.test_revocation_can_be_checked(staple, Revocation((found,)), NOW, POLICY, evidence)
    return evidence


def test_a_list_in_force(authority: Authority) -> None:
    with serving(200, authority.crl(1, 2), {}) as url:
        found = fetch(authority, url)
    assert (found.unreachable, found.invalid, found.revoked) == ("", "", False)
    assert judge(found).level == "pass"


def test_bad_lists(authority: Authority) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    for body, message in (
        (authority.crl(authority.serial), "revoked by"),
        (authority.crl(days=-1), "ran out"),
        (authority.crl(key=stranger), "not signed by the issuer"),
        (b"<html>Sign in to the hotel network</html>", "no revocation list"),
        (b"", "no revocation list"),
    ):
        with serving(200, body, {}) as url, pytest.raises(RequirementFailed, match=message):
            judge(fetch(authority, url))


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (404, {}, "status 404"),
        (301, {"Location": "/issuing.crl"}, "redirects"),
        (302, {"Location": "https://127.0.0.1/x"}, "not http"),
        (302, {"Location": "ldap://127.0.0.1/x"}, "not http"),
        (302, {"Location": "http://[::1"}, "ValueError"),
    ],
)
def test_lists_that_cannot_be_had(authority: Authority, status: int, headers: dict[str, str], message: str) -> None:
    with serving(status, b"", headers) as url:
        found = fetch(authority, url)
    assert message in found.unreachable
    assert judge(found).level == "warn"


def test_a_refused_connection_is_a_warning(authority: Authority) -> None:
    with serving(200, b"", {}) as url:
        pass
    assert judge(fetch(authority, url)).level == "warn"


def test_a_slow_server_is_no_verdict(authority: Authority) -> None:
    with serving(200, authority.crl(), {}, drip=0.05) as url, pytest.raises(ProbeError, match="no answer within"):
        fetch(authority, url, 0.3)


def test_a_list_without_end(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation, "MAX_CRL", 65536)
    with serving(200, bytes(1_000_000), {}) as url:
        assert "longer than 65536 bytes" in fetch(authority, url).unreachable


def test_must_staple() -> None:
    with pytest.raises(RequirementFailed, match="stapled status"):
        checks.test_revocation_can_be_checked(stapling.MISSING, Revocation(()), NOW, POLICY, Evidence())
    evidence = Evidence()
    checks.test_revocation_can_be_checked(stapling.STAPLED, Revocation(()), NOW, POLICY, evidence)
    assert evidence.level == "pass"


def server_hello(*kinds: int) -> bytes:
    block = b"".join(kind.to_bytes(2, "big") + b"\0\0" for kind in kinds)
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\xc0\x2b\0" + len(block).to_bytes(2, "big") + block
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


@pytest.mark.parametrize(("kinds", "promised"), [((), False), ((23, 5), True), ((0, 11, 23), False), ((5,), True)])
def test_the_promise_of_a_status(kinds: tuple[int, ...], promised: bool) -> None:
    assert stapling.promises_status(server_hello(*kinds)) == promised


@given(st.binary(max_size=200))
def test_garbage_promises_nothing_and_ends(data: bytes) -> None:
    stapling.promises_status(data)
    assert stapling.asking_for_status(client_hello("TLSv1.2", "a.test"))[:3] == b"\x16\x03\x01"


# --- transparency -----------------------------------------------------------------------------------------------


def logged(names: str, issuer: str = "C=US, O=Let's Encrypt, CN=R11", serial: str = "0a", days: int = 30) -> LoggedCertificate:
    ends = (NOW + timedelta(days=days)).replace(tzinfo=None).isoformat()
    return LoggedCertificate.model_validate(
        {"issuer_name": issuer, "name_value": names, "serial_number": serial, "not_before": "2026-01-01T00:00:00",
         "not_after": ends}
    )  # fmt: skip


def presented(file: str = "wildcard-ecc256.pem") -> Presented:
    leaf = load(file)
    return Presented("mx:25", leaf, extensions.read(leaf))


def test_unexpected_certificates() -> None:
    entries = [
        logged("mx.badssl.com", issuer="C=US, O=DigiCert Inc, CN=x"),  # the issuer of what is presented
        logged("a.badssl.com\\nb.example".replace("\\n", "\n"), issuer="O=Lab CA"),  # a declared authority
        logged("*.badssl.com"),
        logged("*.badssl.com", days=-1),  # ran out
        logged("notbadssl.com"),  # another domain
    ]
    found, count = transparency.unexpected(entries, [presented()], "badssl.com", ["lab ca"], NOW)
    assert count == 3
    assert len(found) == 1 and "by C=US, O=Let's Encrypt" in found[0]


def test_a_presented_certificate_is_expected() -> None:
    item = presented()
    entry = logged("badssl.com", issuer="O=Somebody", serial=f"{item.extensions.serial:x}")
    assert transparency.unexpected([entry], [item], "badssl.com", [], NOW) == ([], 1)


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        (Transparency((presented(),), (), None), "pass"),
        (Transparency((presented("wildcard-expired.pem"),), (), None), "warn"),
        (Transparency((presented(),), ("ct_export.json:1: x",), 1), "warn"),
        (Transparency((presented(),), (), 1, ("mx:25: serial 1",)), "notice"),
    ],
)
def test_transparency_is_judged(facts: Transparency, level: str) -> None:
    evidence = Evidence()
    checks.test_certificates_are_logged(facts, POLICY, evidence)
    assert evidence.level == level


def test_long_lived_certificates_need_more_logs() -> None:
    assert [presented().wanted, presented("wildcard-expired.pem").wanted] == [3, 2]
