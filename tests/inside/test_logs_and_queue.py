"""Times, faults, retention and queues, on texts as the hosts of several releases write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fixtures.errors import ProbeError
from fixtures.inside import faults_seen, mail_log, marker, queue, retention

ZONE = timezone(timedelta(hours=2))
MOMENT = datetime(2026, 1, 2, 0, 0, 10, tzinfo=ZONE)
STAMP = "== now\n1767304810 +0200\n"  # MOMENT


@pytest.mark.parametrize(
    ("line", "time"),
    [
        pytest.param(
            "2026-01-01T22:30:00.123456+02:00 h x", datetime(2026, 1, 1, 22, 30, 0, 123456, ZONE), id="rfc3339"
        ),
        pytest.param("2026-01-01T20:30:00Z h x", datetime(2026, 1, 1, 20, 30, tzinfo=UTC), id="zulu"),
        pytest.param(
            "Dec 31 23:59:59 h postfix/smtpd[1]: x", datetime(2025, 12, 31, 23, 59, 59, tzinfo=ZONE), id="no year"
        ),
        pytest.param("Jan  2 00:00:01 h x", datetime(2026, 1, 2, 0, 0, 1, tzinfo=ZONE), id="one digit"),
        pytest.param("Feb 29 01:00:00 h x", datetime(2024, 2, 29, 1, tzinfo=ZONE), id="a leap day"),
        pytest.param("2026-01-01 21:00:00 1abcde-000 <= a@b", datetime(2026, 1, 1, 21, tzinfo=ZONE), id="exim"),
        pytest.param("1767304810.5 h x", datetime(2026, 1, 1, 22, 0, 10, 500000, UTC), id="journal"),
    ],
)
def test_time_of_a_line(line: str, time: datetime) -> None:
    assert mail_log.time_of(line, MOMENT) == time


@pytest.mark.parametrize("line", ["", "Foo 12 00:00:00", "Feb 31 00:00:00 h", "2026-02-31T00:00:00Z", "# comment"])
def test_line_without_a_time(line: str) -> None:
    assert mail_log.time_of(line, MOMENT) is None


LOG = (
    STAMP
    + "== newest /var/log/mail.log\n2026-01-02T00:00:05+02:00 h postfix/smtpd[9]: connect from x\n"
    + "== faults /var/log/mail.log\n"
    + "2025-12-31T10:00:00+02:00 h postfix/smtpd[1]: fatal: too old\n"
    + "2026-01-01T10:00:00+02:00 h postfix/master[1]: fatal: bind 0.0.0.0 port 25: Address already in use\n"
    + "2026-01-01T23:59:00+02:00 h dovecot: imap(u@x)<7><s>: Error: Mailbox INBOX: broken\n"
    + "2026-01-01T23:59:30+02:00 h postfix/smtpd[1]: warning: fatal: said by a client\n"
)


def test_faults_of_the_window() -> None:
    log = mail_log.parse(LOG)
    assert (log.source, len(log.faults), mail_log.shares(log.within(24))) == (
        "/var/log/mail.log",
        3,
        {"panic": 0, "fatal": 1, "error": 1},
    )


def test_a_restart_settles_what_was_said_before() -> None:
    log = mail_log.parse(LOG)
    before = faults_seen.sort_out(log, 24, {"master": 30 * 3600})
    after = faults_seen.sort_out(log, 24, {"master": 60})
    assert [(item.grave, item.settled) for item in (before, after)] == [(1, 0), (0, 1)]


def test_a_reload_settles_all_but_a_panic() -> None:
    head, rest = LOG.split("== faults")
    reload = "== reloads /var/log/mail.log\n2026-01-01T23:00:00+02:00 h postfix/master[318]: reload -- version 3.7.11\n"
    panic = "2026-01-01T10:00:00+02:00 h postfix/qmgr[9]: panic: no such queue\n"
    found = faults_seen.sort_out(mail_log.parse(f"{head}{reload}== faults{rest}{panic}"), 24, {"master": 30 * 3600})
    assert (found.grave, found.settled) == (1, 1)


def test_a_command_that_failed_is_no_dead_daemon() -> None:
    line = "2026-01-01T23:59:00+02:00 h postfix/postfix-script[7]: fatal: the Postfix mail system is not running\n"
    log = mail_log.parse(LOG.split("== faults")[0] + "== faults /var/log/mail.log\n" + line)
    found = faults_seen.sort_out(log, 24, {"master": 3600})
    assert (found.grave, found.settled, found.errors) == (0, 0, 1)


def test_no_log_is_not_no_fault() -> None:
    with pytest.raises(ProbeError, match="neither a mail log file nor"):
        mail_log.parse(STAMP + "== journal\n== end\n")
    with pytest.raises(ProbeError, match="add the audit account to the group adm"):
        mail_log.parse(STAMP + "== unreadable\n/var/log/mail.log\n")


def test_a_dead_logger_is_seen() -> None:
    text = STAMP + "== greeting\n220 mx ESMTP\n== newest /var/log/mail.log\n{}T23:00:00+02:00 h postfix/smtpd[1]: x\n"
    dead = marker.parse(text.format("2026-01-01") + "== newest journal\n1767304811 h x\n")
    assert (dead.arrived, dead.source, round(dead.silence_minutes)) == (False, "/var/log/mail.log", 60)
    assert marker.parse(text.format("2026-01-02")).arrived


ROTATE = (
    "weekly\nrotate 4\n/var/log/syslog\n/var/log/mail.log\n{{\n\trotate {}\n\tweekly\n"
    "\tpostrotate\n\t\t/x {{\n\tendscript\n}}\n"
)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        (ROTATE.format(27), 189),
        (ROTATE.format(4), 28),
        ("/var/log/mail.* {\n daily\n rotate 200\n maxage 90\n}\n", 90),
        ('"/var/log/mail.log" {\n monthly\n rotate 7\n}\n', 210),
        ("daily\nrotate 7\n/var/log/mail.log {\n}\n", 7),
        ("/var/log/mail.log {\n weekly\n size 10M\n rotate 99\n}\n", None),
    ],
)
def test_days_of_logrotate(text: str, days: float | None) -> None:
    rotation = retention.rotation_of(text, "/var/log/mail.log")
    assert rotation is not None
    assert rotation.days == days


def test_a_log_that_is_never_rotated() -> None:
    text = STAMP + "== log /var/log/mail.log\n/var/log/mail.log\n2026-01-01T00:00:00+02:00 h x\n== logrotate\n== end\n"
    found = retention.parse(text)
    assert (found.rotated, found.promised > 183, round(found.history or 0)) == (False, True, 1)


def test_a_journal_in_memory_keeps_nothing() -> None:
    found = retention.parse(STAMP + "== journal\n1767300000.1 h x\n== journald\n== end\n")
    assert (found.source, found.promised) == ("journal", 0.0)
    text = STAMP + "== journal\n/var/log/journal\n1767300000.1 h x\n== journald\nMaxRetentionSec=1year\n== end\n"
    assert round(retention.parse(text).promised) == 365


def test_history_shorter_than_the_system_is_old() -> None:
    text = (
        STAMP
        + "== installed\n1760000000\n== log /var/log/mail.log\n/var/log/mail.log.4.gz\n2025-12-20T00:00:00+02:00 h\n"
    )
    assert retention.parse(text + "== logrotate\n== end\n").gap(183) == pytest.approx(71.5, abs=0.1)


MESSAGE = '{{"queue_name": "{}", "queue_id": "4AbC", "arrival_time": {}, "message_size": 1, "forced_expire": false'


def postqueue(*messages: str, total: int | None = None) -> str:
    listed = "\n".join(messages)
    count = len(messages) if total is None else total
    reasons = "      2 connect to x: timed out\n"
    return f"== now\n1767304810\n== total\n{count}\n== messages\n{listed}\n== reasons\n{reasons}== end\n"


def test_postfix_queue() -> None:
    found = queue.parse_postfix(
        postqueue(
            MESSAGE.format("deferred", 1767304810 - 7200),
            MESSAGE.format("active", 1767304800),
            MESSAGE.format("hold", 1767304810 - 90 * 86400),
        )
    )
    assert (found.total, found.counts, found.oldest_hours) == (3, {"active": 1, "deferred": 1, "hold": 1}, 2)
    assert found.reasons == (("connect to x: timed out", 2),)


def test_an_empty_queue() -> None:
    found = queue.parse_postfix("== now\n1\n== total\n0\n== messages\n\n== reasons\n== end\n")
    assert (found.total, found.oldest_hours) == (0, 0)


@pytest.mark.parametrize("text", ["", postqueue("garbage"), postqueue(total=7), "== now\nx\n== total\n0\n"])
def test_what_is_no_queue(text: str) -> None:
    with pytest.raises(ProbeError):
        queue.parse_postfix(text)


def test_exim_queue() -> None:
    text = "== now\n1\n== total\n3\n== messages\n25m  2.9K 0t5C6f-0000c8-00 <a@b>\n 4h  1K x\n 3d 9K y\n"
    text += "== frozen\n1\n== end\n"
    found = queue.parse_exim(text)
    assert (found.total, found.oldest_hours, found.reasons) == (3, 72, (("frozen", 1),))
    with pytest.raises(ProbeError, match="lists none"):
        queue.parse_exim("== now\n1\n== total\n30\n== messages\n== frozen\n0\n== end\n")
