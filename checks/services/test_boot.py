"""What runs now also starts at boot."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.boot import Boot
from fixtures.requirement import requirement


@requirement(
    "SVC-007", severity="high", group=("mta", "imap"), controls="CF", refs=["guide A84"], explained_by=["NET-001"]
)
def test_services_start_at_boot(boot: Boot, evidence: Evidence) -> None:
    """Every mail service of the host is enabled, so that it starts at boot.

    Why: a unit that was started by hand runs until the next reboot, and then mail is down with nobody near.
    Fix: `systemctl enable NAME`; `systemctl unmask NAME` first where it is masked.
    """
    evidence.each("at boot", boot.services, "matches", "^starts")
