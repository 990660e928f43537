"""Mail finds its way out."""

from __future__ import annotations

from fixtures.egress import Egress
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "NET-006", severity="high", group="mta", controls="AV", refs=["guide A46", "RFC 5321 4.1.1.1", "RFC 3207 4"],
    explained_by=["NET-001", "DNS-001"],
)  # fmt: skip
def test_other_domains_are_reached(egress: Egress, policy: PolicyView, evidence: Evidence) -> None:
    """From the mail host, the MX hosts of other domains take a connection to port 25, greet, and offer TLS.

    Why: providers and firewalls block outgoing port 25, or strip STARTTLS from it, and all services of the host look
    well meanwhile.
    Fix: all fail: look at the outgoing rules of the firewall, and ask the provider about port 25; one fails: read
    its words (a block list?), try it from elsewhere. TLS is missing at all of them: a middle box takes it away.
    """
    evidence.attach("reference domains", egress.text)
    evidence.band("domains not reached", egress.failed_percent, policy["net.egress.failed"], unit="%")
    evidence.band("domains not reached", egress.failed, policy["net.egress.some_failed"])
    evidence.band("reached over one family alone", egress.half, policy["net.egress.half"])
    evidence.band("without TLS", egress.plain, policy["net.egress.plain"])
