"""The mail queue."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.queue import Queue
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "FLOW-001", severity="high", group="mta", controls="AV", stage="quick", refs=["guide A40"],
    explained_by=["NET-001", "DNS-001", "SVC-001", "RES-003"],
)  # fmt: skip
def test_queue_is_short_and_young(mail_queue: Queue, policy: PolicyView, evidence: Evidence) -> None:
    """The mail queue is short, and nothing has waited long in it.

    Why: a growing or ageing queue is the first sign of a delivery fault; 900 messages of three days are worse than
    2,000 fresh ones.
    Fix: read the reasons attached here (`postqueue -p`, `exim4 -bp`), correct the cause (DNS, a dead next hop, a full
    store, a refusal), then `postqueue -f` or `exim4 -qf`. Delete nothing before it is understood.
    """
    evidence.attach("queue", mail_queue.summary)
    evidence.band("queued", mail_queue.total, policy["flow.queue.messages"], unit="messages")
    hours = round(mail_queue.oldest_hours, 2)
    evidence.band("age of the oldest message", hours, policy["flow.queue.age_h"], unit="hours")
