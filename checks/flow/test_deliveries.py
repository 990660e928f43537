"""What becomes of the mail that the hosts deliver."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.deliveries import FlowHealth, SuccessRate
from fixtures.inside.queue import Queue
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "FLOW-005", severity="high", group="mta", controls="AV", refs=["guide A95"],
    explained_by=["NET-001", "DNS-001", "SVC-001", "SVC-002", "RES-003", "NET-006"],
)  # fmt: skip
def test_deliveries_succeed(success_rate: SuccessRate, policy: PolicyView, evidence: Evidence) -> None:
    """Nearly all mail that this host delivers arrives, at its own domains and elsewhere.

    Why: when deliveries fail in numbers, users lose mail without anybody being down.
    Fix: read the reasons attached here: a block list, a lost DNS name or a refused signature fails a whole class of
    destinations; unknown recipients in numbers come from a bad list or a stolen account.
    """
    evidence.attach(f"last {success_rate.hours:g} hours", success_rate.text)
    shares = success_rate.judged(policy["flow.success.deliveries_min"])
    evidence.bands("deliveries that arrived,", shares, policy["flow.success.percent"], unit="%")


@requirement(
    "FLOW-055", severity="high", group="mta", controls="AV", stage="quick", refs=["RFC 3463 3.4", "RFC 5321 4.5.4"],
    explained_by=["NET-001", "DNS-001", "SVC-001", "SVC-002", "RES-003", "NET-006"],
)  # fmt: skip
def test_mail_moves(flow_health: FlowHealth, mail_queue: Queue, policy: PolicyView, evidence: Evidence) -> None:
    """Mail moves: little is put off, little comes back, nobody is sent away for a fault of this host.

    Why: a dead milter, a full store or a lost lookup defers every mail while all services look well; the reasons name
    the cause hours before the queue is long.
    Fix: read the reasons attached here, most frequent first. Refused for a fault of this host: start the milter or
    policy service that the log names, free disk space, repair the lookup table. Put off by others: look at their words.
    Corrupt files lie in the queue directory `corrupt`: keep them, read them with `postcat`, look at the disk.
    """
    limits = policy["flow.stuck"]
    evidence.attach("reasons", flow_health.text)
    evidence.attach("queue", mail_queue.summary)
    refused = flow_health.put_off_percent if flow_health.put_off >= limits["put_off_min"] else 0.0
    evidence.band("senders sent away for a fault of this host", refused, limits["put_off"], unit="%")
    stuck = flow_health.stuck_percent if flow_health.stuck >= limits["messages_min"] else 0.0
    evidence.band("messages that wait after a try", stuck, limits["percent"], unit="%")
    shares = {"bounced": flow_health.bounced_percent} if flow_health.bounced_percent is not None else {}
    evidence.bands("deliveries", shares, policy["flow.queue.bounced"], unit="%")
    counts = {"corrupt": flow_health.corrupt} if flow_health.corrupt is not None else {}
    evidence.bands("queue files", counts, policy["flow.queue.corrupt"])
    evidence.band("messages on hold", mail_queue.held, policy["flow.queue.held"])
