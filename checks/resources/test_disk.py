"""Space and inodes where mail lives."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.space import Space
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "RES-003", severity="critical", group=("mta", "imap"), controls="CP", stage="quick",
    refs=["guide A41", "ISO 27001 A.8.6"], explained_by=["NET-001"],
)  # fmt: skip
def test_disks_have_room(space: Space, policy: PolicyView, evidence: Evidence) -> None:
    """The mounts that hold spool, mail store and logs have space and inodes left.

    Why: a full spool refuses mail, a full store defers it, full logs hide both.
    Fix: find what grows (`du -x -d2 MOUNT | sort -n | tail`), rotate or move it; `df -i` where inodes are short; then
    make the mount larger.
    """
    evidence.attach("mounts", space.text)
    evidence.compare("mounts looked at", space.looked_at, ">=", 1)
    evidence.bands("space used on", space.used, policy["res.disk"], unit="%")
    evidence.bands("inodes used on", space.inodes, policy["res.inodes"], unit="%")
    evidence.compare("mounts without room for one message more", space.tight, "==", ())
