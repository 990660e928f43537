"""Versions in use are maintained, and free of advisories that are fixed elsewhere."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.lifecycle import Lifecycle
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "VER-002", severity="high", group="mta", controls="VM", refs=["guide A70", "NIST SI-2", "NIST SA-22"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_postfix_is_maintained(postfix_lifecycle: Lifecycle, policy: PolicyView, evidence: Evidence) -> None:
    """Postfix is of a supported release, with the fixes of every known advisory.

    Why: distributions and upstream stop fixing old releases, and mail servers are found by scanners within hours.
    Fix: install the distribution's update; after the end of its support move to the next release.
    """
    life = postfix_lifecycle
    evidence.attach("judged by", f"{life.builder}, {life.supported_by}; table of {life.dated}")
    evidence.compare(f"open advisories of Postfix {life.version}", life.open, "==", ())
    evidence.band("days of support left", life.support_days, policy["ver.support_days"], unit="days")
    if life.waiting:
        evidence.warn(f"an update waits: {life.version} -> {life.waiting}")


@requirement(
    "VER-003", severity="critical", group="mta", controls="VM", refs=["guide A71", "CVE-2019-10149", "CVE-2026-45185"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_exim_is_maintained(exim_lifecycle: Lifecycle, policy: PolicyView, evidence: Evidence) -> None:
    """Exim is of a supported release with the fixes of every known advisory, and never 4.87 to 4.91.

    Why: 4.87 to 4.91 let a stranger run commands as root; a downgrade to them cures nothing.
    Fix: install the distribution's update, or the newest release from source.
    """
    life = exim_lifecycle
    evidence.attach("judged by", f"{life.builder}, {life.supported_by}; table of {life.dated}")
    evidence.compare("refused whoever built it", life.refused, "==", "")
    evidence.compare(f"open advisories of Exim {life.version}", life.open, "==", ())
    evidence.band("days of support left", life.support_days, policy["ver.support_days"], unit="days")
    if life.waiting:
        evidence.warn(f"an update waits: {life.version} -> {life.waiting}")


@requirement(
    "SEC-004", severity="critical", controls="VM", refs=["guide A63", "CVE-2024-6387", "CVE-2023-48795"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_openssh_is_maintained(openssh_lifecycle: Lifecycle, policy: PolicyView, evidence: Evidence) -> None:
    """OpenSSH has the fixes of every known advisory, by the state of its package and not by its banner.

    Why: the guide's floor of 8.0p1 admits 8.5p1 to 9.7p1, in which a stranger may run code as root.
    Fix: install the distribution's update; a build from source needs the newest release.
    """
    life = openssh_lifecycle
    evidence.attach("judged by", f"{life.builder}, {life.supported_by}; table of {life.dated}")
    evidence.compare("refused whoever built it", life.refused, "==", "")
    evidence.compare(f"open advisories of OpenSSH {life.version}", life.open, "==", ())
    evidence.band("days of support left", life.support_days, policy["ver.support_days"], unit="days")
    if life.waiting:
        evidence.warn(f"an update waits: {life.version} -> {life.waiting}")
