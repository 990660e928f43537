"""Levels and delivery logs of Postfix and Exim; the log programs run on the lines by awk itself."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.tls import test_outbound as checks
from fixtures.backend.readonly import refuse
from fixtures.errors import ProbeError
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.outbound import level
from fixtures.outbound.level import CLEAR, Outbound
from fixtures.policy import load_policy

POLICY = load_policy().view()
STAMP = "2026-11-25T08:12:53.275315+00:00 mx1 "
TLS = "Verified TLS connection established to exim.partner.test[10.77.0.21]:25: TLSv1.3 with cipher TLS_AES_256 (256 bits)"
TO = "to=<c@partner.test>, relay=exim.partner.test[10.77.0.21]:25, delay=0.4, dsn=2.0.0, status=sent (250 OK)"


def awk(program: str, lines: list[str]) -> dict[str, int]:
    """What the program counts, by version."""
    done = subprocess.run(["awk", program.strip("'")], input="\n".join(lines), capture_output=True, text=True, check=True)
    found: dict[str, int] = {}
    for line in done.stdout.splitlines():
        count, version, stamp = line.split("\t")
        assert stamp.startswith(("2026-11-25T08:1", "Nov 25 08:1", "2026-11-25 08:1"))
        found[version] = found.get(version, 0) + int(count)
    return found


def postfix(*lines: str, stamp: str = STAMP) -> dict[str, int]:
    return awk(level._POSTFIX, [stamp + line for line in lines])


def test_a_delivery_over_tls() -> None:
    assert postfix(f"postfix/smtp[9]: {TLS}", f"postfix/smtp[9]: AAAAAA1: {TO}") == {"TLSv1.3": 1}


def test_two_recipients_of_one_message_share_a_connection() -> None:
    lines = (f"postfix/smtp[9]: {TLS}", f"postfix/smtp[9]: AAAAAA1: {TO}", f"postfix/smtp[9]: AAAAAA1: {TO}")
    assert postfix(*lines) == {"TLSv1.3": 2}


def test_a_later_message_without_a_handshake_went_in_clear_text() -> None:
    lines = (f"postfix/smtp[9]: {TLS}", f"postfix/smtp[9]: AAAAAA1: {TO}", f"postfix/smtp[9]: BBBBBB2: {TO}")
    assert postfix(*lines) == {"TLSv1.3": 1, CLEAR: 1}


def test_a_connection_that_is_used_again() -> None:
    again = TLS.replace("established", "reused")
    lines = (f"postfix/smtp[9]: {TLS}", f"postfix/smtp[9]: AAAAAA1: {TO}",
             f"postfix/smtp[9]: {again}", f"postfix/smtp[9]: BBBBBB2: {TO}")  # fmt: skip
    assert postfix(*lines) == {"TLSv1.3": 2}


def test_processes_are_told_apart() -> None:
    assert postfix(f"postfix/smtp[9]: {TLS}", f"postfix/relay/smtp[8]: AAAAAA1: {TO}") == {CLEAR: 1}


@pytest.mark.parametrize(
    "line",
    [
        f"postfix/lmtp[9]: AAAAAA1: {TO}",
        f"postfix/smtp[9]: AAAAAA1: {TO.replace('sent', 'deferred')}",
        f"postfix/smtp[9]: AAAAAA1: {TO.replace('10.77.0.21', '127.0.0.1')}",
        f"postfix/smtp[9]: AAAAAA1: {TO.replace('10.77.0.21', '::1')}",
        f"postfix/smtp[9]: AAAAAA1: {TO.replace('exim.partner.test[10.77.0.21]:25', 'none')}",
        "postfix/smtpd[9]: Anonymous TLS connection established from x[192.0.2.1]: TLSv1.3 with cipher X (256 bits)",
    ],
)
def test_what_is_no_delivery_to_others(line: str) -> None:
    assert postfix(line) == {}


def test_stamps_of_old_loggers() -> None:
    assert postfix(f"postfix/smtp[9]: AAAAAA1: {TO}", stamp="Nov 25 08:12:53 mx1 ") == {CLEAR: 1}


def test_exim() -> None:
    head = "2026-11-25 08:12:55.037 +0000 1xW87a-00001y-1X "
    lines = [
        f"{head}=> bob@example.test R=remote T=remote_smtp H=mx1.example.test DS [fd00:77::11] X=TLS1.3:ECDHE_X:256 CV=dane",
        f"{head}-> eve@example.test R=remote T=remote_smtp H=mx1.example.test [10.77.0.11] X=TLSv1.2:AES:256",
        f"{head}=> bob@old.test R=remote T=remote_smtp H=mx.old.test [192.0.2.9] C=\"250 OK\"",
        f"{head}=> carol <carol@partner.test> R=mailboxes T=maildir",
        f"{head}=> bob@x.test R=filter T=remote_smtp H=localhost [127.0.0.1] C=\"250 OK\"",
    ]
    assert awk(level._EXIM, lines) == {"TLS1.3": 1, "TLSv1.2": 1, CLEAR: 1}


ANSWER = (
    "== main\nsmtp_tls_security_level = dane\nsmtp_use_tls = no\nsmtp_enforce_tls = no\nsmtp_tls_loglevel = 1\n"
    "== services\nrelay/unix/smtp_tls_security_level = none\nfilter/unix/smtp_tls_security_level = none\n"
    "== master\nrelay unix - - y - - smtp\nfilter unix - - y - - smtp\n"
    "== now\n1764065573 +0000\n== log\n90\tTLSv1.3\t2025-11-25T08:12:53+00:00\n10\tclear text\t2025-11-23T08:12:53+00:00\n"
    "5\tTLSv1.1\t2025-11-25T07:00:00+00:00\n== end\n"
)


def test_the_whole_answer() -> None:
    found = level.parse_postfix(ANSWER, 24)
    assert found.levels == {"smtp": "dane", "relay": "none"}
    assert (found.deliveries, round(found.share, 3), found.logged) == ({"TLSv1.1": 5, "TLSv1.3": 90}, 0.947, True)


def judge(found: Outbound) -> Evidence:
    evidence = Evidence()
    checks.test_outbound_mail_is_encrypted(found, POLICY, evidence)
    return evidence


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Outbound({"smtp": "may"}, {"TLSv1.3": 98, CLEAR: 2}), "pass"),
        (Outbound({"smtp": "dane"}, {"TLSv1.3": 97, CLEAR: 3}), "warn"),
        (Outbound({"smtp": "dane"}, {"TLSv1.3": 97, "TLSv1.1": 3}), "warn"),
        (Outbound({"smtp": "dane"}, {CLEAR: 3}), "notice"),
        (Outbound({"smtp": "dane"}, {CLEAR: 90}, logged=False), "warn"),
        (Outbound({"smtp": "encrypt"}, {}), "notice"),
    ],
)
def test_the_share(found: Outbound, verdict: str) -> None:
    assert judge(found).level == verdict


def test_no_level() -> None:
    with pytest.raises(RequirementFailed, match="TLS level of relay: measured none"):
        judge(Outbound({"smtp": "dane", "relay": "none"}, {}))


@pytest.mark.parametrize(
    ("options", "wanted"),
    [("hosts_try_dane = *", "dane"), ("hosts_try_dane =\nhosts_avoid_tls = *", "none"), ("hosts_require_tls = *", "encrypt"),
     ("hosts_try_dane =", "may"), ("hosts_require_dane = *", "dane-only")],
)  # fmt: skip
def test_exim_levels(options: str, wanted: str) -> None:
    text = (
        f"== transports\n\nout transport:\ndriver = smtp\nprotocol = smtp\n{options}\n\nlocal transport:\n"
        "driver = appendfile\nno_body_only\n== now\n1764065573 +0000\n== log\n== end\n"
    )
    assert level.parse_exim(text, 24).levels == {"out": wanted}


def test_the_commands_only_look() -> None:
    assert [refuse(level.POSTFIX_COMMAND), refuse(level.EXIM_COMMAND)] == [None, None]


@given(st.text(max_size=200))
def test_garbage(text: str) -> None:
    with pytest.raises(ProbeError):
        level.parse_postfix(text, 24)
    with pytest.raises(ProbeError):
        level.parse_exim(f"== transports\n{text}\n== now\n{text}\n", 24)
