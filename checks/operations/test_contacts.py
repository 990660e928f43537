"""The people who are needed when mail is down."""

from __future__ import annotations

from fixtures.requirement import requirement


@requirement("OPS-003", severity="medium", refs=["guide A15"], controls="HW")
def test_hardware_contacts(contacts, policy, evidence):
    """Hands at the hardware and the hardware vendor can be reached, and that was tried within 180 days.

    Why: a failed power supply or disk is found in minutes and repaired by whoever answers the telephone; numbers that
    nobody has called for a year are often wrong on the day.
    Fix: record both contacts with a telephone number that works without mail, call them, and write down the day.
    """
    roles = policy["ops.contact.hardware_roles"]
    evidence.compare("roles with a contact", contacts.roles, "superset", roles)
    evidence.compare("contacts never tested", contacts.never_tested(roles), "==", [])
    days = contacts.days_since_test(roles)
    evidence.band("days since the oldest test", days, policy["ops.contact.test_days"], unit="days")


@requirement("OPS-031", severity="medium", refs=["PCI DSS 12.10.3"], controls="IR")
def test_incident_contacts(contacts, policy, evidence):
    """Somebody is on call for mail, somebody decides on escalation, and both were reached in a test within 180 days.

    Why: an alert at night helps only if it reaches a person who may act, and a second one when the first is silent.
    Fix: keep a contact in force for each role, test the whole chain, and write down the day.
    """
    roles = policy["ops.contact.incident_roles"]
    evidence.compare("roles with a contact", contacts.roles, "superset", roles)
    evidence.compare("contacts never tested", contacts.never_tested(roles), "==", [])
    days = contacts.days_since_test(roles)
    evidence.band("days since the oldest test", days, policy["ops.contact.test_days"], unit="days")
