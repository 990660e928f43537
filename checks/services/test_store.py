"""The server of the mailboxes runs."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.agreement import ServiceState
from fixtures.requirement import requirement


@requirement(
    "SVC-002", severity="critical", group="imap", controls="AV", stage="quick",
    refs=["guide A2", "RFC 9051 7.1", "RFC 1939 4", "RFC 5804 2.2"], explained_by=["NET-001", "RES-002", "RES-003"],
)  # fmt: skip
def test_store_server_runs(store_state: ServiceState, evidence: Evidence) -> None:
    """The unit, the main process, the listeners and the greetings of the IMAP, POP and Sieve server agree that it runs.

    Why: users cannot read mail, and submission fails as well where it authenticates through Dovecot.
    Fix: `systemctl status dovecot`, `doveconf -n` for mistakes, `doveadm log errors`; keep that output, then restart.
    """
    evidence.attach("legs", "\n".join(store_state.lines))
    evidence.compare("the store's server", store_state.verdict, "==", "running")
    evidence.each("leg", store_state.evidence, "matches", "^up")
    if store_state.unmanaged:
        evidence.notice(f"the unit could not be judged: {store_state.unmanaged}")
