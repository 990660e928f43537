"""The service level of the mail service, from the organisation's own monthly minutes."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.records.availability import ResponseTime
from fixtures.requirement import requirement


@requirement("MON-008", severity="high", refs=["guide A124", "guide A125", "ISO 27001 A.8.14"], controls="AV")
def test_availability(service_levels, policy, evidence):
    """Mail was available for 99.95 % of the minutes of the last month and of the last twelve months.

    Why: 99.95 % of a year leaves 4.38 hours; beyond that users and partners have lost mail service for longer than
    was promised, whatever the single incident looked like.
    Fix: read the incidents of the worst month named here, remove their common cause, and plan changes that need an
    outage into the agreed maintenance.
    """
    month, bands = service_levels.months[-1], policy["mon.availability.percent"]
    evidence.attach("availability by month in %", service_levels.table)
    evidence.band(f"availability in {month}", service_levels.latest_percent, bands, unit="%")
    evidence.band(f"availability over {len(service_levels.months)} months", service_levels.percent, bands, unit="%")
    evidence.band("minutes down in these", service_levels.minutes_down, policy["mon.availability.year_minutes"])


@requirement("FLOW-009", severity="medium", refs=["guide A126", "ISO 27001 A.8.6"], controls="CP")
def test_answers_are_quick(response_times: ResponseTime, policy: PolicyView, evidence: Evidence) -> None:
    """99 of 100 answers of the mail service came within half a second last month.

    Why: slow answers are what users feel first, weeks before a server that is too full stops.
    Fix: see which protocol and which hour the slow ones belong to; look at disk and memory of the store, at DNS and
    milters of the MTA. A greet delay that is wanted is written into the record (greet_delay_ms) and does not count.
    """
    evidence.attach("month", f"{response_times.month}, without {response_times.greet_delay_ms:g} ms of greet delay")
    evidence.band("99th percentile of response times", response_times.p99_ms, policy["flow.p99_ms"], unit="ms")
