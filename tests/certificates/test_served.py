"""Certificates on the disk, served ones, and the files of the configuration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from fixtures.backend.readonly import refuse
from fixtures.certificates import served
from fixtures.certificates.served import NEWEST, Stored
from fixtures.errors import ProbeError
from fixtures.estate import Endpoint
from fixtures.inside import sockets
from fixtures.tls.certificate import Certificate, parse

DATA = Path(__file__).parent.parent / "data" / "tls" / "badssl"
PEM = (DATA / "wildcard-ecc256.pem").read_text()
PLAIN = parse(x509.load_pem_x509_certificates(PEM.encode())[0].public_bytes(Encoding.DER))
BEGINS = datetime(2026, 10, 1, tzinfo=UTC)

CONFIGURATION = """\
== postfix
smtpd_tls_chain_files =
smtpd_tls_cert_file = /etc/ssl/mail/fullchain.pem
smtpd_tls_eccert_file = /etc/ssl/mail/ec.pem
tls_server_sni_maps =
smtp_tls_cert_file = /etc/ssl/mail/client.pem
== services
submissions/inet/smtpd_tls_chain_files = /etc/ssl/private/other.key, /etc/ssl/other.pem
== dovecot
ssl_cert = </etc/dovecot/cert.pem
  ssl_cert = </etc/dovecot/imap.example.org.pem
== exim
== nginx
    ssl_certificate /etc/letsencrypt/live/mail.example.org/fullchain.pem;
== apache
== end
"""


def leaf(sha256: str, days: int = 0, **fields: Any) -> Certificate:
    begins = BEGINS + timedelta(days=days)
    return Certificate(**vars(PLAIN) | {"sha256": sha256, "not_before": begins} | fields)


def endpoint(port: int) -> Endpoint:
    return Endpoint("mx", "192.0.2.1", port, "smtp", "starttls", "mx.example.org", 4)


def test_the_files_of_each_service() -> None:
    assert served.files_of(CONFIGURATION) == {
        "postfix": ["/etc/ssl/mail/fullchain.pem", "/etc/ssl/mail/ec.pem"],
        "postfix client": ["/etc/ssl/mail/client.pem"],
        "postfix:submissions": ["/etc/ssl/private/other.key", "/etc/ssl/other.pem"],
        "dovecot": ["/etc/dovecot/cert.pem", "/etc/dovecot/imap.example.org.pem"],
        "nginx": ["/etc/letsencrypt/live/mail.example.org/fullchain.pem"],
    }


def test_which_service_holds_a_port() -> None:
    files = served.files_of(CONFIGURATION)
    listening = sockets.parse(
        'tcp LISTEN 0 100 0.0.0.0:25 0.0.0.0:* users:(("master",pid=452,fd=13))\n'
        'tcp LISTEN 0 100 0.0.0.0:465 0.0.0.0:* users:(("master",pid=452,fd=14))\n'
        'tcp LISTEN 0 100 *:993 *:* users:(("dovecot",pid=55,fd=3))\n'
        'tcp LISTEN 0 100 *:443 *:* users:(("docker-proxy",pid=57,fd=3))\n'
    )
    found = [served.service_of(endpoint(port), listening, files) for port in (25, 465, 993)]
    assert found == ["postfix", "postfix:submissions", "dovecot"]
    with pytest.raises(ProbeError, match="docker-proxy"):
        served.service_of(endpoint(443), listening, files)
    with pytest.raises(ProbeError, match="tls_server_sni_maps"):
        served.service_of(endpoint(25), listening, {**files, "postfix:sni": ["/etc/postfix/sni"]})


def test_a_forgotten_reload() -> None:
    old, new = leaf("a"), leaf("b", 60)
    disk = [Stored("/etc/dovecot/cert.pem", new)]
    assert served.judge(new, disk, [], "dovecot") == NEWEST
    said = served.judge(old, disk, [], "dovecot")
    assert "/etc/dovecot/cert.pem holds a newer one" in said
    assert said.endswith("reload dovecot")
    assert "another one" in served.judge(new, [Stored("/c.pem", old)], [], "postfix:submissions")


def test_a_renewal_that_was_not_copied() -> None:
    """The client's store is newer than the file that the daemon reads; other names and other keys do not matter."""
    old = leaf("a")
    disk = [Stored("/etc/postfix/cert.pem", old)]
    live = "/etc/letsencrypt/live/mx/cert.pem"
    assert live in served.judge(old, disk, [Stored(live, leaf("b", 60))], "postfix")
    others = [Stored(live, leaf("b", 60, names=("other.test",))), Stored(live, leaf("c", 60, key="RSA"))]
    assert served.judge(old, disk, [*others, Stored(live, leaf("d", -60))], "postfix") == NEWEST


def test_ports_that_differ() -> None:
    one, two = leaf("a" * 64), leaf("b" * 64)
    assert served.differing({endpoint(25): one, endpoint(465): one}) == []
    (said,) = served.differing({endpoint(25): one, endpoint(465): two, endpoint(587): one})
    assert said == f"mx.example.org: {'a' * 16} on 25, 587 and {'b' * 16} on 465"
    assert served.differing({endpoint(25): one, endpoint(465): leaf("c", key="RSA")}) == []


def test_the_disk_is_read() -> None:
    text = f"== /etc/ssl/private/host.key\n\n== /etc/ssl/a.pem\n{PEM}\n"
    (found,) = served.stored(text)
    assert (found.path, found.certificate.names) == ("/etc/ssl/a.pem", ("*.badssl.com", "badssl.com"))
    with pytest.raises(ProbeError, match="cannot be read"):
        served.stored("== /x.pem\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def test_the_command_only_looks() -> None:
    assert refuse(served.CONFIGURATION) is None


@given(st.text(max_size=300))
def test_garbage(text: str) -> None:
    try:
        served.files_of(text)
    except ProbeError:
        served.files_of(f"== postfix\n{text}\n== end\n")
