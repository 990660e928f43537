"""The procedures for mail failures."""

from __future__ import annotations

from fixtures.requirement import requirement


@requirement("OPS-005", severity="high", refs=["guide A22", "ISO 27001 A.5.26"], controls="IR")
def test_failure_procedure(mail_sops, policy, evidence):
    """A procedure with roles and steps for each class of mail failure is in force and was reviewed within a year.

    Why: during an outage people follow what is written down; a class of failure without steps is improvised, and a
    procedure that nobody has read for a year describes machines that are gone.
    Fix: write the missing section (who does what, in order), read the whole procedure with those who use it, and
    record the version and the day of the review.
    """
    evidence.attach("procedures", mail_sops.name)
    classes = policy["ops.sop.fault_classes"]
    evidence.compare("fault classes with roles and steps", mail_sops.fault_classes, "superset", classes)
    evidence.band("days since the review", mail_sops.review_days, policy["ops.sop.review_days"], unit="days")
