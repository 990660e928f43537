"""Ownership: no record leads to a name that somebody else could take, and the domain itself stays registered."""

from fixtures.requirement import requirement


@requirement("DNS-060", severity="high", refs=["ISO/IEC 27002 5.9", "RFC 7208 11.1", "RFC 1912 2.4"], controls="DA IN",
             explained_by=["DNS-002", "DNS-051"])
def test_no_record_of_mail_dangles(pointers, evidence):
    """Every alias, name server, MX host, SRV target and SPF include of the mail names exists.

    Why: whoever registers the missing name, or claims it at its provider, receives the mail, gets certificates or sends
    in the domain's name.
    Fix: remove the record that is named, or bring its target back.
    """
    evidence.attach("records and targets", pointers.text())
    evidence.compare("dangling", pointers.dangling, "==", ())
    evidence.compare("records looked at", len(pointers.all_seen().every), ">", 0)


@requirement("DNS-061", severity="high", refs=["RFC 9083 4.5, 5.3", "RFC 8056 2", "RFC 9537"], controls="DA")
def test_registration_of_the_domain_lasts(registration, policy, evidence):
    """The registration of the domain runs on for weeks, is locked against transfer, and has its contacts.

    Why: with the registration everything ends at once: mail, certificates, and the right to the name.
    Fix: renew now and see why it was not done by itself (card, contact address); have the registrar set the transfer
    lock.
    """
    evidence.attach("registration", registration.text())
    evidence.compare("states that take the name out of the DNS", registration.held, "==", ())
    evidence.bands("days left of", registration.days_left, policy["dns.registration_days"], unit="days")
    evidence.band("no date published", int(not registration.days_left), policy["dns.registration_undated"])
    evidence.band("no transfer lock", int(not registration.locked), policy["dns.registration_unlocked"])
    evidence.band("roles that nobody has", registration.missing(policy["dns.registration_roles"]),
                  policy["dns.registration_unnamed"])
