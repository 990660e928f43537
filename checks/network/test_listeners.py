"""What listens on a host is what is declared."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.listeners import Listeners
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "NET-002", severity="critical", controls="NS", stage="quick", refs=["guide A8", "guide A36", "PCI DSS 1.2.5"],
    explained_by=["NET-001", "SVC-001", "SVC-002", "CFG-001"],
)  # fmt: skip
def test_listeners_are_those_declared(listeners: Listeners, policy: PolicyView, evidence: Evidence) -> None:
    """Every declared port listens, in both address families, and nothing else listens beyond the host itself.

    Why: a missing listener is an outage that a unit's state does not show; an extra one is a door that nobody watches.
    Fix: missing: look at the service (`ss -ltnp`, `postconf -M inet_interfaces inet_protocols`). Undeclared: stop it,
    bind it to loopback, or declare it in the inventory (`mailproof: listeners`).
    """
    evidence.attach("declared", ", ".join(listeners.declared))
    evidence.each(
        "ports", {"declared but not open": listeners.missing, "open but not declared": listeners.undeclared}, "==", ()
    )
    evidence.band("undeclared listeners on loopback", listeners.internal, policy["net.listeners.internal"])
