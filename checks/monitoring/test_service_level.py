"""The service level of the mail service, from the organisation's own monthly minutes."""

from __future__ import annotations

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
