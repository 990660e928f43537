"""What a mail exchanger tells and takes: unknown recipients, names, the addresses that must work."""

from __future__ import annotations

from fixtures.dialogue.relay import judged
from fixtures.dialogue.smtp import SmtpFacts
from fixtures.evidence import Evidence
from fixtures.requirement import requirement


@requirement(
    "FLOW-032", severity="high", controls="AB", refs=["RFC 5321 3.6.2", "RFC 5321 6.1", "RFC 3834"],
    explained_by=["NET-003"], where={"protocol": "smtp", "roles": ("mx", "backup_mx")},
)  # fmt: skip
def test_unknown_recipient_is_refused(smtp: SmtpFacts, evidence: Evidence) -> None:
    """An address that does not exist is refused at RCPT, by the backup MX as well.

    Why: mail taken for nobody becomes bounces to forged senders, which puts the server on block lists.
    Fix: give every MX the list of recipients (relay_recipient_maps, virtual_mailbox_maps), or verify them
    (reject_unverified_recipient).
    """
    outcomes = judged(smtp.recipients("unknown"), smtp.talk.name)
    evidence.each("RCPT", outcomes, "!=", "accepted")
    if "refused" not in outcomes.values() or "deferred" in outcomes.values():
        evidence.notice(f"deferred, so not fully seen: {', '.join(outcomes)}")


@requirement(
    "FLOW-037", severity="medium", controls="CF", refs=["RFC 5321 3.5.3", "RFC 5321 7.3", "RFC 2505 2.11"],
    explained_by=["NET-003"], where={"protocol": ("smtp", "submission")},
)  # fmt: skip
def test_vrfy_and_expn_reveal_nothing(smtp: SmtpFacts, evidence: Evidence) -> None:
    """VRFY and EXPN do not tell which addresses exist.

    Why: with them a stranger collects valid addresses, and the members of lists, without sending a mail.
    Fix: Postfix: disable_vrfy_command = yes; Exim: no acl_smtp_vrfy and acl_smtp_expn.
    """
    evidence.compare("VRFY of an address that exists", smtp.vrfy_known, "not in", ["250", "251"])
    evidence.compare("VRFY of an address that does not", smtp.vrfy_unknown, "==", smtp.vrfy_known)
    evidence.compare("EXPN", smtp.expn, "!=", "250")


@requirement(
    "FLOW-043", severity="medium", controls="CF IR", refs=["RFC 5321 4.5.1", "RFC 2142 2"],
    explained_by=["NET-003"], where={"protocol": "smtp", "roles": ("mx", "backup_mx")},
)  # fmt: skip
def test_postmaster_and_abuse_are_accepted(smtp: SmtpFacts, evidence: Evidence) -> None:
    """Mail to postmaster and abuse is accepted.

    Why: complaints and incident reports of other operators come there and nowhere else.
    Fix: add both as aliases to a mailbox that somebody reads, in every domain.
    """
    outcomes = judged(smtp.recipients("postmaster") | smtp.recipients("abuse"), smtp.talk.name)
    evidence.each("RCPT", outcomes, "not in", ["refused"])
    if set(outcomes.values()) != {"accepted"}:
        evidence.notice("deferred, so not fully seen: " + ", ".join(k for k, v in outcomes.items() if v != "accepted"))
