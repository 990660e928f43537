"""The end of an incident is proved."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.records.incidents import Recoveries
from fixtures.requirement import requirement


@requirement("FLOW-007", severity="high", controls="IR", refs=["guide A110", "ISO 27001 A.5.26"])
def test_recovery_was_proved_by_a_mail(recoveries: Recoveries, evidence: Evidence) -> None:
    """Before an incident was declared over, a test mail had gone through, and its Message-ID is on record.

    Why: services that are up again are not yet mail that flows; an end that was declared too early is a second outage.
    Fix: `./mailproof probe --inventory=FILE` sends a mail through submission to the probe mailbox and prints the record
    `recovery_probe` for the incident; declare the end after it has come.
    """
    evidence.attach("incidents that are over", ", ".join(recoveries.over))
    evidence.compare("not proved", recoveries.unproved, "==", ())
