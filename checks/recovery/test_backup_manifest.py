"""Backups of the mail store, from their manifests."""

from __future__ import annotations

from fixtures.requirement import requirement


@requirement("DR-007", severity="critical", refs=["guide A92", "NIST SP 800-53 CP-9(1)"], controls="BK")
def test_backup_integrity(backup_files, policy, evidence):
    """Every backup file that can be read here is there and has the SHA-256 that its manifest says.

    Why: a backup is believed until the day it is needed; a file that was cut short, rotted or was altered is found
    only by computing its hash again. MD5 finds accidents but no tampering.
    Fix: make a new backup of what the changed or missing file held, find out what changed it, and let the backup job
    write SHA-256 sums.
    """
    evidence.attach("verified", "\n".join(backup_files.verified))
    evidence.compare("backup files missing", list(backup_files.missing), "==", [])
    evidence.compare("backup files changed", list(backup_files.changed), "==", [])
    evidence.compare("backup files as recorded", backup_files.as_recorded, ">=", 1, unit="files")
    evidence.band("of these with an MD5 alone", len(backup_files.md5_only), policy["dr.manifest.md5_only"])


@requirement("DR-012", severity="high", refs=["guide A118", "ISO 27001 A.8.13", "NIST SP 800-53 CP-6"], controls="BK")
def test_backup_is_offsite(offsite_copies, policy, evidence):
    """Every backup job has a copy at another location, and the newest of them is younger than two days.

    Why: fire, theft and ransomware take the copy in the next rack together with the original.
    Fix: let the job write a copy to another site or region, and see why the newest one there is old.
    """
    evidence.each("off-site copies of", offsite_copies.copies, ">=", policy["dr.offsite.copies_min"], unit="copies")
    hours = offsite_copies.oldest_hours
    evidence.band("age of the newest off-site copy", hours, policy["dr.offsite.age_hours"], unit="hours")
