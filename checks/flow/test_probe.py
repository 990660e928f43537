"""What only a message to the probe mailbox, or a login that must fail, can show."""

from __future__ import annotations

from fixtures.dialogue.logins import KNOWN, UNKNOWN, Logins
from fixtures.dialogue.probe_mail import ACCEPTED
from fixtures.estate import Domain
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.probe_looks import ProbeMails
from fixtures.requirement import requirement


def has_probe(domain: Domain) -> bool:
    """Whether the inventory declares a mailbox that may receive a probe mail."""
    return domain.probe is not None


@requirement(
    "FLOW-038", severity="medium", controls="AC", refs=["RFC 5321 7.3", "NIST SP 800-63B 3.2.2"], active=True,
    explained_by=["NET-001", "NET-003", "SVC-001", "TLS-030", "TLS-031"], where={"test": has_probe},
)  # fmt: skip
def test_logins_do_not_tell_who_exists(
    logins: Logins, submission_answers: list[str], policy: PolicyView, evidence: Evidence
) -> None:
    """A refused login or recipient at submission looks the same and takes as long whether the account exists or not.

    Why: whoever can tell real accounts from others needs to guess passwords for those alone.
    Fix: give one text for every refusal, and let unknown users cost the same delay and the same password hashing as
    known ones (Dovecot: no nodelay field, auth_failure_delay, one scheme in every passdb). Port 25 must refuse unknown
    recipients (FLOW-032): there error limits slow the guessing down.
    """
    evidence.compare("answer to unknown users", logins.texts(UNKNOWN), "==", logins.texts(KNOWN))
    evidence.compare("answers to recipients without a login that differ", submission_answers, "==", [])
    evidence.band("time by which they differ", logins.gap, policy["flow.enumeration.gap_s"], unit="s")


@requirement(
    "FLOW-039", severity="critical", controls="AB VM", active=True,
    refs=["RFC 5321 2.3.8", "RFC 5321 4.1.1.4", "CVE-2023-51764", "CVE-2023-51765", "CVE-2023-51766"],
    explained_by=["NET-001", "NET-003", "SVC-001", "SEC-054"], where={"test": has_probe},
)  # fmt: skip
def test_only_one_sequence_ends_a_message(probe_mails: ProbeMails, evidence: Evidence) -> None:
    """No MX takes anything but CRLF.CRLF for the end of a message.

    Why: where it does, a stranger hides a second mail in one that his own provider sends, in anybody's name, past SPF
    and DMARC.
    Fix: Postfix 3.5.23, 3.6.13, 3.7.9, 3.8.4, 3.9 or newer: smtpd_forbid_bare_newline = normalize (or yes); Exim 4.97.1
    or newer; Sendmail 8.18 or newer with srv_features o and u. Then `postfix reload`, and look at proxies in front.
    """
    evidence.each("sequence at", probe_mails.ends, "!=", ACCEPTED)


@requirement(
    "FLOW-057", severity="medium", controls="CF", refs=["RFC 5321 6.3", "RFC 3834 2"], active=True,
    explained_by=["NET-001", "NET-003", "SVC-001"], where={"test": has_probe},
)  # fmt: skip
def test_loops_are_cut(probe_mails: ProbeMails, loop_guards: list[str], evidence: Evidence) -> None:
    """A message that has made a hundred hops is refused by every MX.

    Why: two servers that forward to one another fill their queues within minutes; counting hops ends it.
    Fix: Postfix: hopcount_limit = 50 and prepend_delivered_header = command, file, forward, which are the defaults;
    Exim: received_headers_max = 30.
    """
    evidence.each("message of 110 hops at", probe_mails.loops, "==", "refused")
    if loop_guards:
        evidence.warn("forwarded mail is not marked with Delivered-To: " + ", ".join(loop_guards))
