"""Nobody outside can send through this server to somebody else."""

from __future__ import annotations

from fixtures.dialogue.relay import judged
from fixtures.dialogue.smtp import SmtpFacts
from fixtures.evidence import Evidence
from fixtures.requirement import requirement


@requirement(
    "FLOW-030", severity="critical", controls="AB", refs=["RFC 2505 2.1", "RFC 5321 7.9", "M3AAWG open relay"],
    explained_by=["NET-003"], where={"protocol": ("smtp", "submission")},
)  # fmt: skip
def test_no_open_relay(smtp: SmtpFacts, evidence: Evidence) -> None:
    """Mail from a stranger to a stranger is refused, in every form of address.

    Why: an open relay is found within hours, sends spam in the owner's name, and puts all his addresses on block lists.
    Fix: Postfix: smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination,
    and a mynetworks that holds only own hosts.
    """
    evidence.each("relaying", judged(smtp.relay, smtp.talk.name), "!=", "accepted")
    if unclear := [form for form, outcome in smtp.relay.items() if outcome != "refused"]:
        evidence.notice(f"deferred or refused for another reason, so not fully seen: {', '.join(unclear)}")
