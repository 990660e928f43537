"""The packet filter lets in what is declared, and nothing else."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.flows import Flows
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "NET-004", severity="high", controls="NS", refs=["guide A10", "PCI DSS 1.2.5", "CIS 4.4"], explained_by=["NET-001"],
)  # fmt: skip
def test_firewall_allows_what_is_declared(flows: Flows, policy: PolicyView, evidence: Evidence) -> None:
    """The host's packet filter accepts a stranger's connection to every public port, and drops it elsewhere.

    Why: a rule too many cuts the mail off, a rule too few opens what was never meant to be seen.
    Fix: blocked: find the rule (`nft -a list ruleset`; fail2ban's included) and remove it. Open elsewhere: give the
    chain at the hook input the policy drop, for IPv4 and IPv6, and accept only what is declared.
    """
    evidence.attach("source", flows.source)
    evidence.each("public port", flows.public, "==", "accept")
    evidence.compare("a port that nobody declared", flows.elsewhere, "in", policy["net.undeclared_flow"])
