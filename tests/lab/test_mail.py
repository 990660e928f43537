"""Mail through the healthy lab, and around its failures."""

from __future__ import annotations

import re
import smtplib
from typing import Any

import pytest

from fixtures.lab.lab import Lab

MTAS = ("mx1", "mx2", "exim", "sender")


def _until(condition: str) -> str:
    """A shell command that waits 20 s at most for a condition to hold."""
    return f"for try in $(seq 100); do {condition} && exit 0; sleep 0.2; done; exit 1"


def _results(headers: bytes) -> str:
    """All Authentication-Results of a message, unfolded."""
    text = re.sub(r"\r?\n[ \t]+", " ", headers.decode())
    return "\n".join(line for line in text.splitlines() if line.startswith("Authentication-Results:"))


def test_every_host_is_healthy(lab: Lab) -> None:
    assert not any(lab.status().values())


def test_outside_mail_arrives_authenticated(mail: Any) -> None:
    token = mail.from_outside("dave@sender.test", "probe@example.test")
    results = _results(mail.received("probe@example.test", token)[0])
    assert "dkim=pass" in results
    assert "spf=pass" in results
    assert "dmarc=pass" in results


def test_forged_results_are_removed(mail: Any) -> None:
    forged = "mx1.example.test; dkim=pass header.d=forged.test"
    token = mail.from_outside("dave@sender.test", "probe@example.test", forged)
    assert "forged.test" not in _results(mail.received("probe@example.test", token)[0])


def test_submitted_mail_is_signed_and_hides_the_client(mail: Any) -> None:
    headers = mail.received("alice@example.test", mail.submit("probe@example.test", "alice@example.test"))[0].decode()
    assert re.search(r"DKIM-Signature:.*d=example\.test;\s+s=s2026", headers, re.DOTALL)
    assert "client.example.test" not in headers
    assert "10.77.0.1]" not in headers


def test_partner_mail_goes_both_ways(lab: Lab, mail: Any) -> None:
    token = mail.submit("alice@example.test", "carol@partner.test")
    assert lab.exec("exim", _until(f"grep -rq {token} /var/vmail/partner.test/carol"))[0] == 0
    status, _ = lab.exec(
        "exim",
        f"printf 'From: carol@partner.test\\nTo: bob@example.test\\nSubject: back-{token}\\n\\nhello\\n' "
        "| /usr/sbin/sendmail -f carol@partner.test bob@example.test",
    )
    assert status == 0
    assert "dmarc=pass" in _results(mail.received("bob@example.test", f"back-{token}")[0])


@pytest.mark.parametrize("host", MTAS)
@pytest.mark.parametrize("family", [4, 6])
def test_relaying_is_refused(lab: Lab, host: str, family: int) -> None:
    entry = lab.topology.host(host)
    address = entry.ipv4 if family == 4 else entry.ipv6
    with smtplib.SMTP(address, 25, timeout=10, local_hostname="gateway.example.test") as client:
        client.ehlo()
        client.mail("gateway@gateway.example.test")
        assert client.rcpt("somebody@elsewhere.test")[0] in (550, 554)


def test_backup_takes_the_mail_while_the_primary_is_cut_off(breakable: Lab, mail: Any) -> None:
    breakable.disconnect("mx1")
    try:
        token = mail.from_outside("dave@sender.test", "probe@example.test")
        assert breakable.exec("mx2", _until("postqueue -j | grep -q probe@example.test"))[0] == 0
    finally:
        breakable.connect("mx1")
    breakable.wait_ready("mx1")
    assert mail.received("probe@example.test", token, patience_s=60)
