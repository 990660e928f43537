"""The network is as quick as it was."""

from __future__ import annotations

from fixtures.dialogue.latency import Latency
from fixtures.estate import Address
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.response_time import Earlier


def has_port(address: Address) -> bool:
    """Whether an endpoint is declared there to connect to."""
    return bool(address.port)


@requirement(
    "NET-008", severity="medium", controls="RT", refs=["guide A65"], explained_by=["NET-001", "NET-003"],
    where={"test": has_port},
)  # fmt: skip
def test_connections_are_quick(latency: Latency, earlier: Earlier, policy: PolicyView, evidence: Evidence) -> None:
    """A TCP connection to the address takes less than 200 ms, and not three times as long as in the baseline.

    Why: a way that became long means a full line, a detour or a filter that holds packets back; mail then crawls, and
    at some point stops.
    Fix: `mtr` to the address shows where the time is lost; ask the provider for its part of the way. Compare the load
    of line and host. Where the way is long by nature, set net.rtt_ms in the policy.
    """
    evidence.attach("connections in ms", ", ".join(f"{time * 1000:.2f}" for time in latency.times) or latency.state)
    evidence.band("median time of a connection", latency.median_ms, policy["net.rtt_ms"], unit="ms")
    evidence.bands("against the baseline,", earlier.ratios(latency), policy["net.rtt_times"], unit="times")
