"""A second server takes the mail while the first is away."""

from __future__ import annotations

from fixtures.backup_parity import SAME, BackupParity
from fixtures.estate import Domain
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.standby import Standby


@requirement(
    "DR-001", severity="high", controls="CT", refs=["guide A16", "RFC 5321 5.1", "RFC 5321 3.6.2"],
    explained_by=["NET-001", "NET-003", "SVC-001"], where={"receives": True},
)  # fmt: skip
def test_backup_mx_is_ready(standby: Standby, policy: PolicyView, evidence: Evidence) -> None:
    """A backup MX answers, takes only recipients that exist, and its use was rehearsed within a year.

    Why: without it mail waits at the senders, who give up after hours or days; one that takes everything sends bounces
    to strangers; one never tried fails on the day it is needed.
    Fix: start or repair the backup MX, give it the list of recipients, and rehearse: cut the primary off, send, put it
    back, count. Where one MX is enough, set dr.standby.servers_min to 0.
    """
    evidence.compare("standby servers", len(standby.hosts), ">=", policy["dr.standby.servers_min"])
    evidence.each("answer of", standby.openings, "==", "ready")
    evidence.each("unknown recipient", standby.unknown_recipients, "!=", "accepted")
    if standby.rehearsed is False:
        evidence.warn("the records know no drill that tried the backup MX and passed")
    if standby.rehearsed:
        evidence.band("days since the drill", standby.days_since_drill, policy["dr.standby.drill_days"], unit="days")


def has_backup(domain: Domain) -> bool:
    """Whether a second MX takes the mail of the domain."""
    return domain.receives and len(domain.mx) > 1


@requirement(
    "FLOW-062", severity="high", controls="AB CT", refs=["M3AAWG best practices", "RFC 5321 3.6.2"],
    explained_by=["NET-001", "NET-003", "TLS-030", "FLOW-032", "FLOW-043"], where={"test": has_backup},
)  # fmt: skip
def test_backup_mx_is_as_strict(backup_parity: BackupParity, evidence: Evidence) -> None:
    """The backup MX refuses, checks and protects what the primary does.

    Why: spammers send to the backup first, as it is often the weaker one; what it lets through, the primary trusts.
    Fix: give the backup the recipients, filters, block lists, TLS and limits of the primary; where that is too much
    trouble, remove it: senders try again for days.
    """
    evidence.each("at", backup_parity.outcomes, "==", SAME)
    if backup_parity.smaller:
        evidence.warn("refuses messages that the primary takes, by their size: " + ", ".join(backup_parity.smaller))
    if backup_parity.unseen:
        evidence.notice("not compared: " + "; ".join(backup_parity.unseen))
