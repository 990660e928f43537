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
