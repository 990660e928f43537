"""The clocks of the hosts."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.clock import Clock
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "MON-030", severity="high", group=("mta", "imap", "web", "db"), controls="TM",
    refs=["RFC 5905", "PCI DSS 10.6", "NIST AU-8"], explained_by=["NET-001"],
)  # fmt: skip
def test_clock_is_right(clock: Clock, policy: PolicyView, evidence: Evidence) -> None:
    """The clock is synchronised, exact, and has several sources.

    Why: logs of several hosts can only be put in order, and signatures and certificates only be judged, with one time.
    Fix: `chronyc tracking`, `chronyc sources`; let UDP port 123 out, name three servers or more.
    """
    evidence.compare("synchronised", clock.synchronised, "==", "yes")
    evidence.band("sources in use", clock.sources, policy["mon.time.sources"])
    if clock.offset_s is None:
        evidence.warn("how exact the clock is could not be seen: timedatectl does not tell; chrony does")
    else:
        evidence.band("offset", clock.offset_s, policy["mon.time.offset_s"], unit="s")
