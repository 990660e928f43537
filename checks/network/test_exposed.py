"""What is not meant for strangers is not to be reached by them."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.exposed import Exposed
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "NET-035", severity="critical", controls="NS", refs=["PCI DSS 1.4.4", "CIS 4.4"], explained_by=["NET-001"]
)
def test_private_ports_are_closed_to_strangers(exposed: Exposed, policy: PolicyView, evidence: Evidence) -> None:
    """No port for administration, a database, a cache, a milter, a filter's controller or a meter is open to strangers.

    Why: many of them ask for no password: whoever reaches redis or a filter's controller owns the mail host, and a
    milter or an inner SMTP port takes mail past every check.
    Fix: bind the service to 127.0.0.1 or a private address, and let the firewall drop what is not declared. A port that
    must be public is declared as a listener with `scope: public`, and stays a warning.
    """
    evidence.attach("asked", f"{exposed.asked} ports")
    evidence.compare("open to strangers", exposed.undeclared, "==", ())
    evidence.band("open, and declared as public", exposed.declared, policy["net.private_ports.declared"])
    evidence.band("open from here, and declared as private", exposed.private, policy["net.private_ports.from_here"])
