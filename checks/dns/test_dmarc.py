"""DMARC: receivers find one valid policy, and it protects the domain."""

from fixtures.requirement import requirement


@requirement("DNS-043", severity="critical", refs=["RFC 9989 4.7, 4.10"], controls="MA", explained_by=["DNS-051"])
def test_dmarc_record_is_found_and_valid(dmarc, policy, evidence):
    """Receivers find one valid DMARC record for the domain, its own or its organisation's.

    Why: without it, or with two, receivers apply no policy and anybody can write in the domain's name.
    Fix: publish one TXT record at _dmarc.DOMAIN that begins with `v=DMARC1; p=`; remove tags that RFC 9989 removed
    (pct, rf, ri). The attached walk shows where receivers look.
    """
    evidence.attach("tree walk", f"{dmarc.text()}\norganisational domain: {dmarc.organisation}")
    evidence.compare("errors", dmarc.errors, "==", ())
    evidence.compare("name with the DMARC record", dmarc.at, "!=", "")
    evidence.band("removed or unknown tags", dmarc.notes, policy["dns.dmarc_removed"])


@requirement("DNS-044", severity="critical", refs=["RFC 9989 4.7", "BOD 18-01", "PCI DSS 5.4.1"], controls="MA",
             explained_by=["DNS-043"])
def test_dmarc_policy_is_enforced(dmarc, dmarc_enforcement, policy, evidence):
    """The DMARC policy for the domain, its subdomains and names that do not exist is quarantine or reject.

    Why: p=none only watches: forged mail is still delivered. How long it has been so cannot be seen in the DNS, so
    p=none and t=y need a declared end.
    Fix: set p=, and sp= and np= where present, to quarantine or reject. While you are still on the way there, give the
    last day of it as `dns.dmarc_plan_until` in the policy.
    """
    evidence.attach("tree walk", dmarc.text())
    evidence.compare("name with the DMARC record", dmarc.at, "!=", "")
    evidence.band("too weak", dmarc_enforcement.unplanned, policy["dns.dmarc_weak"])
    evidence.band("weak by plan", dmarc_enforcement.by_plan, policy["dns.dmarc_planned"])
    evidence.band("weaker than the domain's", dmarc_enforcement.softer, policy["dns.dmarc_softer"])


@requirement("DNS-045", severity="medium", refs=["RFC 9990 4", "RFC 9989 4.7"], controls="MA MO",
             explained_by=["DNS-043", "DNS-051"])
def test_dmarc_reports_can_arrive(dmarc_destinations, policy, evidence):
    """DMARC reports are asked for, their destinations take mail, and those of other organisations agreed to get them.

    Why: reporters send nothing to a destination that has not said that it wants these reports; then nobody sees who
    sends in the domain's name.
    Fix: publish `rua=mailto:ADDRESS`. For a destination of another organisation have it publish
    `DOMAIN._report._dmarc.DESTINATION TXT "v=DMARC1;"`; an address that takes no mail must be replaced.
    """
    evidence.attach("destinations", dmarc_destinations.text())
    evidence.compare("destinations that get nothing", dmarc_destinations.problems, "==", ())
    evidence.band("no rua=", dmarc_destinations.without_rua, policy["dns.dmarc_rua_missing"])
    evidence.band("destinations that are no mailto:", dmarc_destinations.other_ways, policy["dns.dmarc_other_ways"])


@requirement("DNS-046", severity="medium", refs=["RFC 9990 3"], controls="MO",
             explained_by=["DNS-005", "DNS-008", "DNS-009", "DNS-034", "DNS-041", "DNS-043"], where={"sends": True})
def test_dmarc_reports_say_that_own_mail_passes(dmarc_volume, policy, evidence):
    """By the DMARC reports of the last weeks nearly all mail from the domain's own senders passes.

    Why: only receivers see all senders; what fails there is refused as soon as the policy says so.
    Fix: the attached list names each source with what failed: let it sign with the domain's key, or send with an
    envelope address of the domain. Sources among the others that are yours belong into the SPF record.
    """
    evidence.attach("sources", dmarc_volume.text())
    evidence.bands("aligned mail of own sender", dmarc_volume.shares, policy["dns.dmarc_pass_source"], unit="%")
    evidence.band("aligned mail of own senders", dmarc_volume.percent, policy["dns.dmarc_pass"], unit="%")
    evidence.band("report files that cannot be read", dmarc_volume.unreadable, policy["dns.reports_unreadable"])


@requirement("DNS-047", severity="medium", refs=["M3AAWG parked domains BCP", "RFC 7505", "RFC 7208 10.1.2"],
             controls="MA", explained_by=["DNS-031", "DNS-034", "DNS-043"], where={"sends": False, "receives": False})
def test_parked_domains_are_shut(parked, policy, evidence):
    """A domain that is declared without mail says so everywhere: SPF -all, DMARC reject, null MX, no wildcard MX.

    Why: nobody watches a parked domain, so forgers like it; only its records refuse what they send.
    Fix: publish exactly `@ TXT "v=spf1 -all"`, `_dmarc TXT "v=DMARC1; p=reject; rua=mailto:..."` and `@ MX 0 .`;
    remove wildcard MX records; `*._domainkey TXT "v=DKIM1; p="` revokes every key as well.
    """
    evidence.attach("domain", parked.text())
    evidence.compare("what is open", parked.open, "==", ())
    evidence.compare("wildcard MX", parked.wildcards, "==", ())
    evidence.band("no wildcard that revokes keys", parked.unrevoked, policy["dns.parked_wildcard_key"])
