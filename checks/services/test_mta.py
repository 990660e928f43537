"""The mail transfer agent runs."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.agreement import ServiceState
from fixtures.inside.crashes import Crashes
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "SVC-001", severity="critical", group="mta", controls="AV", stage="quick",
    refs=["guide A2", "guide A35", "guide A83", "RFC 5321 4.2"],
    explained_by=["NET-001", "RES-002", "RES-003", "CFG-001"],
)  # fmt: skip
def test_mta_runs(mta_state: ServiceState, evidence: Evidence) -> None:
    """The MTA's owning unit, its main process, its listeners and its greeting agree that it runs.

    Why: a unit's state proves nothing by itself (Debian's postfix.service stays active after its master died), and mail
    stops while every dashboard is green.
    Fix: read why it ended (`journalctl -u postfix@- -u postfix -u exim4 -n 50`, the mail log), keep that output,
    correct the cause (`postfix check`, `exim4 -bV`), then start the owning unit: `systemctl restart postfix@-` where
    postfix.service is the wrapper.
    """
    evidence.attach("product and legs", "\n".join([mta_state.product, *mta_state.lines]))
    evidence.compare("the MTA", mta_state.verdict, "==", "running")
    evidence.each("leg", mta_state.evidence, "matches", "^up")
    if mta_state.unmanaged:
        evidence.notice(f"the unit could not be judged: {mta_state.unmanaged}")


@requirement(
    "SVC-003", severity="high", group="mta", controls="AV", refs=["guide A30"],
    explained_by=["NET-001", "RES-002", "RES-003"],
)
def test_mta_does_not_crash(crashes: Crashes, policy: PolicyView, evidence: Evidence) -> None:
    """The mail daemons have not crashed lately.

    Why: a daemon that is restarted again and again loses connections long before it stays down.
    Fix: read the lines attached here and the core (`coredumpctl info`), look for memory, limits or a bad map, update
    the package.
    """
    evidence.attach("lines", crashes.text)
    evidence.band("restarts by systemd", crashes.restarts, policy["svc.crashes"])
    evidence.band("processes ended by a signal or an error", crashes.ended, policy["svc.crashes"])
