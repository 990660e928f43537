"""The mail log: what it tells, that it is alive, and how long it is kept."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.faults_seen import FaultsSeen
from fixtures.inside.marker import Marker
from fixtures.inside.retention import Retention
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "LOG-001", severity="high", group=("mta", "imap"), controls="LG", stage="quick", refs=["guide A3"],
    explained_by=["NET-001", "RES-002", "RES-003", "SVC-001", "SVC-002"],
)  # fmt: skip
def test_mail_log_tells_no_faults(faults_seen: FaultsSeen, policy: PolicyView, evidence: Evidence) -> None:
    """The mail daemons have logged no panic and no fatal error since they were started or reloaded, and few errors.

    Why: a daemon says why it will stop before it stops.
    Fix: read the lines attached here, correct what they name, and reload or restart the daemon: what it said before
    counts as settled, and is shown as a notice until it is out of the window.
    """
    evidence.attach("lines", faults_seen.text)
    evidence.compare(f"panic and fatal lines in {faults_seen.source}", faults_seen.grave, "==", 0)
    evidence.band("such lines from before the last start or reload", faults_seen.settled, policy["log.settled"])
    evidence.band("error lines", faults_seen.errors, policy["log.errors"])


@requirement(
    "LOG-003", severity="high", group="mta", controls="LG", refs=["guide A37"],
    explained_by=["NET-001", "SVC-001", "RES-003"],
)  # fmt: skip
def test_mail_log_is_alive(log_marker: Marker, policy: PolicyView, evidence: Evidence) -> None:
    """A connection to the MTA leaves a line in the mail log.

    Why: with a dead logger nothing that follows can be proved, and no alarm that reads the log will ring.
    Fix: `systemctl status rsyslog systemd-journald`, `logger -p mail.info test`; look at disk space and file
    permissions.
    """
    evidence.attach("source", f"{log_marker.source}: last entry {log_marker.newest[log_marker.source].isoformat()}")
    evidence.compare("MTA answered the connection", log_marker.greeted, "==", True)
    evidence.compare("line after the connection", log_marker.arrived, "==", True)
    evidence.band("age of the last entry", round(log_marker.silence_minutes, 1), policy["log.silence"], unit="minutes")


@requirement(
    "LOG-006", severity="critical", group=("mta", "imap"), controls="LG",
    refs=["guide A116", "CSL 23", "PCI DSS 10.5.1"], explained_by=["NET-001"],
)  # fmt: skip
def test_mail_log_is_kept(retention: Retention, policy: PolicyView, evidence: Evidence) -> None:
    """The mail log is kept as long as the law and the standards demand.

    Why: what was deleted can neither be investigated nor shown to an auditor.
    Fix: in /etc/logrotate.d set `weekly` and `rotate 27` (183 days and more) for the file, or MaxRetentionSec and
    SystemMaxUse in journald.conf; keep a central copy.
    """
    evidence.attach("rule", f"{retention.source}: {retention.reason}")
    evidence.compare("days kept by configuration", retention.promised, ">=", policy["log.retention_days"], unit="days")
    evidence.compare("rotation is run by a timer or cron", retention.runs, "==", True)
    evidence.band(
        "days of history missing", retention.gap(policy["log.retention_days"]), policy["log.history_gap"], unit="days"
    )


@requirement(
    "LOG-002", severity="medium", group=("mta", "imap"), controls="LG", refs=["guide A20"], explained_by=["NET-001"]
)
def test_mail_log_is_rotated(retention: Retention, evidence: Evidence) -> None:
    """The mail log is rotated, so that it cannot fill the disk.

    Why: a log that only grows stops the mail on the day the disk is full.
    Fix: give /etc/logrotate.d a stanza for the file, and enable logrotate.timer.
    """
    evidence.compare(f"rotation of {retention.source}", retention.bounded, "==", "rotated")
    evidence.compare("rotation is run by a timer or cron", retention.runs, "==", True)
