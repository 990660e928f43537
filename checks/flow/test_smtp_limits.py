"""What an SMTP server offers and takes: extensions, sizes, commands out of turn."""

from __future__ import annotations

from fixtures.dialogue.conformance import MESSAGE_MIN, SmtpLimits
from fixtures.dialogue.smtp import SmtpFacts
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "FLOW-040", severity="medium", controls="AB", refs=["RFC 2920 3.1", "RFC 5321 4.3.1"],
    explained_by=["NET-003", "TLS-031"], where={"protocol": ("smtp", "submission")},
)  # fmt: skip
def test_early_commands_are_refused(early: str, policy: PolicyView, evidence: Evidence) -> None:
    """Commands that come before the greeting and the answer to EHLO are refused.

    Why: no mail server speaks before its turn; spam engines and smuggled commands do, and are stopped here for nothing.
    Fix: Postfix: smtpd_forbid_unauth_pipelining = yes (3.5.20, 3.6.10, 3.7.6, 3.8.1 or newer), or postscreen with
    postscreen_greet_action = enforce; Exim: smtp_enforce_sync = true, which is its default.
    """
    evidence.attach("answer", early)
    evidence.band("early commands that were taken", int(early == "accepted"), policy["flow.early_commands"])


@requirement(
    "FLOW-041", severity="low", controls="CF", refs=["RFC 1870 4", "RFC 1870 6.1", "RFC 5321 4.5.3.1"],
    explained_by=["NET-003", "TLS-030", "TLS-031"], where={"protocol": ("smtp", "submission")},
)  # fmt: skip
def test_limits_are_told_and_kept(smtp_limits: SmtpLimits, policy: PolicyView, evidence: Evidence) -> None:
    """A limit of size is announced and kept, and nobody is refused what RFC 5321 grants: 64 KiB, 512 octets of command,
    100 recipients.

    Why: a sender that is told the limit learns at once that a message is too large, not after minutes of sending;
    without one a few messages fill the queue's disk.
    Fix: Postfix: message_size_limit (not 0), no "size" in smtpd_discard_ehlo_keywords, smtpd_recipient_limit of 100 or
    more; Exim: message_size_limit and recipients_max. A refused size of 64 KiB or line is often a proxy's doing.
    """
    loose = int(not smtp_limits.size or smtp_limits.enforced == "accepted")
    evidence.band("SIZE missing, unlimited or not enforced", loose, policy["flow.size_loose"])
    if smtp_limits.size:
        bands = policy["flow.size_octets"] | {"fail": MESSAGE_MIN}
        evidence.band("largest message", smtp_limits.size, bands, unit="octets")
    evidence.compare("a command line of 512 octets", smtp_limits.long_line_taken, "!=", "refused")
    if smtp_limits.recipients:
        evidence.band("recipients of one message", smtp_limits.recipients, policy["flow.recipients"])
    if smtp_limits.tried:
        evidence.compare("a hundred recipients", smtp_limits.tried, "==", "accepted")


@requirement(
    "FLOW-042", severity="low", controls="CF", refs=["RFC 6152", "RFC 2034", "RFC 3030", "RFC 1985", "postfix XCLIENT"],
    explained_by=["NET-003", "TLS-030", "TLS-031"], where={"protocol": ("smtp", "submission")},
)  # fmt: skip
def test_extensions_are_chosen(smtp: SmtpFacts, policy: PolicyView, evidence: Evidence) -> None:
    """The extensions that senders need are offered, and none that only trusted clients may use.

    Why: XCLIENT and XFORWARD let a stranger claim any address and login; BDAT and ETRN are code that strangers reach
    and hardly anybody needs; without 8BITMIME mail is re-coded on its way, which breaks signatures.
    Fix: Postfix: smtpd_authorized_xclient_hosts and smtpd_authorized_xforward_hosts only for own proxies,
    smtpd_discard_ehlo_keywords = chunking, etrn, silent-discard; Exim: chunking_advertise_hosts and
    acl_smtp_etrn empty. The lists are flow.extensions of the policy.
    """
    wanted, offered = policy["flow.extensions"], sorted(smtp.capabilities)
    evidence.attach("extensions offered", " ".join(offered))
    evidence.compare("offered to strangers", sorted(set(offered) & set(wanted["forbidden"])), "==", [])
    if unneeded := sorted(set(offered) & set(wanted["unneeded"])):
        evidence.warn(f"offered and hardly needed: {', '.join(unneeded)}")
    if missing := sorted(set(wanted["needed"]) - set(offered)):
        evidence.warn(f"not offered: {', '.join(missing)}")
    if missing := sorted(set(wanted["usual"]) - set(offered)):
        evidence.notice(f"not offered, and usual: {', '.join(missing)}")
