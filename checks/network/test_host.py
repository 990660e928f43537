"""The host is there."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.link import Presence
from fixtures.requirement import requirement


@requirement("NET-001", severity="critical", controls="AV", stage="quick", refs=["guide A1"])
def test_host_is_there(presence: Presence, evidence: Evidence) -> None:
    """The host answers from here, and has a default route.

    Why: a machine that is off, frozen or cut from the network explains every other failure on it.
    Fix: refused ports mean a live machine with dead services. Nothing at all: look at power, console and hypervisor.
    Its shell answers, its ports do not: look at cables, routes and firewalls (`ip route`, `nft list ruleset`). Capture
    the state before any reboot.
    """
    evidence.attach("ports", "\n".join(f"{port} {state}" for port, state in presence.ports.items()) or "none declared")
    evidence.compare("the host", presence.verdict, "==", "answers")
    evidence.compare("default routes", presence.routes, "!=", "none")
