"""A mail makes its whole way."""

from __future__ import annotations

from fixtures import recovery_probe
from fixtures.estate import Domain
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.round_trip import DELIVERED, RoundTrip, Ways


def has_probe(domain: Domain) -> bool:
    """Whether the inventory declares a mailbox that may receive a probe mail."""
    return domain.probe is not None


@requirement(
    "FLOW-044", severity="critical", controls="AV MA", refs=["RFC 6409", "RFC 6376 6", "RFC 8601"], active=True,
    explained_by=["NET-001", "NET-003", "SVC-001", "SVC-002", "TLS-030", "TLS-031", "TLS-038", "TLS-039",
                  "DNS-005", "DNS-008", "DNS-009", "DNS-034", "DNS-041", "DNS-043", "FLOW-055"],
    where={"test": has_probe},
)  # fmt: skip
def test_mail_makes_its_round_trip(
    round_trip: RoundTrip, ways: Ways, policy: PolicyView, evidence: Evidence
) -> None:  # fmt: skip
    """A mail that is submitted with a login arrives signed and can be read over IMAP, within the time allowed; so does
    mail from outside, and mail to a partner who sends it back, where such ways are declared.

    Why: every part may look well while mail is lost between them; only a mail that arrives proves that mail flows.
    Fix: the outcome names the leg that failed: follow the Message-ID through the mail log, look at the queue, and at
    the signer where the signature is missing or wrong.
    """
    evidence.attach("stages", "\n".join(f"{name}: {seconds:g} s" for name, seconds in round_trip.stages.items()))
    evidence.attach("results stated", ways.text())
    evidence.attach(recovery_probe.NAME, recovery_probe.record(round_trip.message))
    evidence.compare("round trip", round_trip.outcome, "==", DELIVERED)
    evidence.compare("DKIM signature", round_trip.dkim, "==", "pass")
    evidence.each("mail", ways.known, "==", DELIVERED)
    evidence.compare("results in Authentication-Results that say fail", ways.bad, "==", ())
    evidence.bands("seconds to the mailbox", ways.seconds, policy["flow.round_trip.seconds"], unit="s")
    evidence.band("letters that came twice", ways.twice, policy["flow.probe.twice"])
