"""A mail makes its whole way."""

from __future__ import annotations

from fixtures.estate import Domain
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.round_trip import DELIVERED, RoundTrip


def has_probe(domain: Domain) -> bool:
    """Whether the inventory declares a mailbox that may receive a probe mail."""
    return domain.probe is not None


@requirement(
    "FLOW-044", severity="critical", controls="AV MA", refs=["RFC 6409", "RFC 6376 6", "RFC 8601"], active=True,
    explained_by=["NET-001", "NET-003", "SVC-001", "SVC-002", "TLS-030", "TLS-031", "TLS-038", "TLS-039",
                  "DNS-005", "DNS-008", "DNS-034", "DNS-041", "DNS-043"],
    where={"test": has_probe},
)  # fmt: skip
def test_mail_makes_its_round_trip(round_trip: RoundTrip, policy: PolicyView, evidence: Evidence) -> None:
    """A mail that is submitted with a login arrives signed and can be read over IMAP, within the time allowed.

    Why: every part may look well while mail is lost between them; only a mail that arrives proves that mail flows.
    Fix: the outcome names the leg that failed: follow the Message-ID through the mail log, look at the queue, and at
    the signer where the signature is missing or wrong.
    """
    evidence.compare("round trip", round_trip.outcome, "==", DELIVERED)
    evidence.compare("DKIM signature", round_trip.dkim, "==", "pass")
    evidence.compare("results in Authentication-Results that say fail", round_trip.bad_results, "==", [])
    evidence.band("time to the mailbox", round_trip.seconds, policy["flow.round_trip.seconds"], unit="s")
    evidence.attach("Authentication-Results", round_trip.results or "none in mail from inside")
