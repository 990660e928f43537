"""Disks and arrays."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.raid import Array
from fixtures.inside.smart import Disk, worst
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement("HW-002", severity="high", controls="HW", refs=["guide A49"], explained_by=["NET-001"])
def test_disks_are_healthy(disks: tuple[Disk, ...], policy: PolicyView, evidence: Evidence) -> None:
    """No disk says of itself that it fails, and none counts bad sectors.

    Why: reallocated and pending sectors come before the loss of a disk, mostly by weeks.
    Fix: save the data, order a replacement, watch whether the counter grows (`smartctl -a DEVICE`).
    """
    evidence.attach("disks", "\n".join(map(str, disks)))
    evidence.each("faults of", {f"{disk.device} {disk.model}": disk.failing for disk in disks}, "==", ())
    evidence.bands("reallocated sectors of", worst(disks, "reallocated"), policy["hw.smart.reallocated"])
    evidence.bands("pending sectors of", worst(disks, "pending"), policy["hw.smart.pending"])
    evidence.bands("uncorrected errors of", worst(disks, "uncorrected"), policy["hw.smart.errors"])
    evidence.bands("uncorrectable sectors of", worst(disks, "offline_uncorrectable"), policy["hw.smart.errors"])
    evidence.bands("media errors of", worst(disks, "media_errors"), policy["hw.smart.errors"])
    evidence.bands("grown defects of", worst(disks, "grown_defects"), policy["hw.smart.errors"])
    evidence.bands("wear of", worst(disks, "percentage_used"), policy["hw.smart.wear"], unit="%")


@requirement("HW-003", severity="high", controls="HW", refs=["guide A29"], explained_by=["NET-001"])
def test_arrays_are_whole(raid: tuple[Array, ...], evidence: Evidence) -> None:
    """Every RAID array is active, with all its devices.

    Why: a degraded array works as before until the next disk fails, and then all is lost.
    Fix: `mdadm --detail /dev/mdN`, replace the failed disk, `mdadm --add`; let the rebuild end before any other work.
    """
    evidence.attach("arrays", "\n".join(f"{array.name}: {array}" for array in raid))
    evidence.each("array", {array.name: array.health for array in raid}, "in", ("ok", "work"))
    busy = [f"{array.name} ({array})" for array in raid if array.health == "work"]
    if busy:
        evidence.warn(f"whole, but being worked on or with a failed member: {', '.join(busy)}")
