"""The register of processing activities."""

from __future__ import annotations

from fixtures.requirement import requirement


@requirement("CMP-036", severity="medium", refs=["GDPR Art. 30"], controls="DP")
def test_register_covers_mail(processing_register, policy, evidence):
    """The register of processing activities covers mail, its logs and its backups, each with a retention period.

    Why: mail content, delivery logs and backups are three stores of personal data with different purposes; without a
    period for each nobody can say when data must be gone, and a request for erasure is answered wrongly.
    Fix: add the missing activity with purpose, categories, legal basis and retention_days.
    """
    topics = policy["cmp.processing_register.topics"]
    evidence.compare("activities that speak of", processing_register.covered(topics), "superset", sorted(topics))
    evidence.compare("of these without a retention period", processing_register.without_retention(topics), "==", [])
