"""A reboot would bring everything back, and none is overdue."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.boot import Reboot
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement("OPS-002", severity="high", controls="AV", refs=["guide A14"], explained_by=["NET-001"])
def test_reboot_is_safe_and_not_due(reboot: Reboot, policy: PolicyView, evidence: Evidence) -> None:
    """No reboot has been pending for long, and everything in fstab is mounted.

    Why: fixes of kernel and libraries work only after a reboot, and an unmounted line of fstab stops the next one.
    Fix: capture the state, reboot in the next window (`cat /run/reboot-required.pkgs`); `mount -a` shows what is wrong
    in fstab. Whether services come back is SVC-007.
    """
    evidence.attach("kernel", f"{reboot.kernel}, up {reboot.uptime_days:.1f} days")
    evidence.attach("reason", reboot.reason or "no reboot is due")
    evidence.compare("in fstab, but not mounted", reboot.unmounted, "==", ())
    pending = round(reboot.pending_days, 1)
    evidence.band("since a reboot is pending", pending, policy["ops.reboot_pending_days"], unit="days")
