"""MX and reverse names: mail finds the right hosts, and they are known by their names."""

from fixtures.requirement import requirement


@requirement("DNS-002", severity="critical", refs=["guide A12", "RFC 5321 5.1"], controls="DA", stage="quick",
             explained_by=["DNS-051", "DNS-056"], where={"receives": True})
def test_mx_leads_to_the_declared_hosts(mx, mx_truth, policy, evidence):
    """The MX records name the declared hosts, at the addresses that the inventory declares for them.

    Why: a wrong MX or address sends the domain's mail to nobody, or to somebody else.
    Fix: correct the zone where the inventory is right, else the inventory (`domains.NAME.mx`, `addresses`). An address
    that no interface of the host has is in order behind NAT only.
    """
    evidence.attach("MX records", mx.text())
    evidence.compare("MX hosts", mx.names, "!=", ())
    evidence.compare("differences from the inventory", mx_truth.differences, "==", ())
    evidence.band("published addresses on no interface of the host", mx_truth.unbound, policy["dns.unbound"])
    evidence.band("MX hosts whose interfaces could not be seen", mx_truth.unseen, policy["dns.unseen"])


@requirement("DNS-030", severity="high", refs=["RFC 5321 5.1", "RFC 2181 10.3"], controls="DA",
             explained_by=["DNS-002"], where={"receives": True})
def test_mx_targets_are_reachable_host_names(mx, mx_violations, evidence):
    """Every MX target is a host name with addresses that the world can reach: no alias, no literal, nothing private.

    Why: some senders do not follow an alias, none can use an address or a private network; their mail is lost or late.
    Fix: let the MX record name the host that has the A and AAAA records itself. An estate that lives in a private
    network on purpose declares it as `mailproof.outside_networks`.
    """
    evidence.attach("MX records", mx.text())
    evidence.compare("violations", mx_violations, "==", ())


@requirement("DNS-031", severity="medium", refs=["RFC 7505 3"], controls="DA", where={"receives": False})
def test_domains_without_mail_say_so(mx, policy, evidence):
    """A domain that receives no mail says so by the null MX, and has no other MX beside it.

    Why: without it senders try the domain's A record and keep their mail for days before they tell anybody.
    Fix: publish `@ MX 0 .` as the only MX record.
    """
    evidence.attach("MX records", mx.text())
    evidence.compare("MX hosts", mx.names, "==", ())
    evidence.band("null MX missing", int(not mx.null), policy["dns.null_mx_missing"])


@requirement("DNS-032", severity="medium", refs=["RFC 5321 5.1", "RFC 2182 3.1"], controls="CT",
             explained_by=["DNS-002"], where={"receives": True})
def test_mx_hosts_do_not_fail_together(mx, mx_set, policy, evidence):
    """The MX records lead to more than one host, in more than one network.

    Why: with one host, or all behind one line, every outage stops all incoming mail; senders give up after days.
    Fix: add an MX host elsewhere, or waive this where senders' own queues are protection enough. Hosts of equal
    preference get the mail by chance: declare `mx_share: true` where that is meant.
    """
    evidence.attach("MX records", mx.text())
    evidence.band("MX hosts", mx_set.targets, policy["dns.mx_targets"])
    evidence.band("networks they stand in", mx_set.networks, policy["dns.mx_networks"])
    evidence.band("undeclared equal preferences", mx_set.equal, policy["dns.mx_equal"])


@requirement("DNS-033", severity="critical", refs=["RFC 1912 2.1", "RFC 8601 3"], controls="DA MA",
             explained_by=["DNS-002"], where={"sends": True})
def test_egress_addresses_have_confirmed_reverse_names(reverse_names, policy, evidence):
    """Every address that sends mail has a reverse name that leads back to it and looks like a mail server's.

    Why: large receivers refuse or throttle mail from addresses without one, or with a provider's generic name.
    Fix: have the owner of the address set its PTR to the host's name, and give that name the A or AAAA record.
    """
    evidence.attach("reverse names", reverse_names.text())
    evidence.each("reverse name of", reverse_names.outcomes(), "==", "confirmed")
    evidence.band("generic names", reverse_names.generic, policy["dns.generic_names"])
    evidence.band("names unlike the HELO name", reverse_names.unlike_helo, policy["dns.helo_differs"])
