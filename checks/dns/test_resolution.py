"""Resolution: hosts can look names up, name servers agree, and the answers can be trusted."""

from fixtures.requirement import requirement


@requirement("DNS-001", severity="critical", group="mta", refs=["guide A11", "RFC 1035 7"], controls="DA",
             stage="quick", explained_by=["NET-001", "DNS-002", "DNS-051", "DNS-056"])
def test_host_resolves_own_and_reference_names(host_resolvers, policy, evidence):
    """The name servers of the host resolve the estate's own names and outside names, soon and without failures.

    Why: a mail server that cannot look names up defers all outgoing mail, and rejects incoming mail it cannot verify.
    Fix: see which line fails. SERVFAIL for an own zone: repair the zone or its signatures (`delv DOMAIN MX`). TIMEOUT
    or CONNECTION REFUSED: restart that resolver, or take its address out of /etc/resolv.conf. An answer unlike the
    authoritative one is a cached one right after a change; if it stays, somebody answers in the zone's place.
    """
    evidence.attach("answers", host_resolvers.text())
    evidence.compare("own zones that a name server answers with SERVFAIL", host_resolvers.broken_zones, "==", ())
    evidence.compare("failures, with no name server left that resolves everything", host_resolvers.hopeless, "==", ())
    evidence.band("failed answers", host_resolvers.bad, policy["dns.bad_servers"])
    evidence.band("answers unlike the authoritative ones", host_resolvers.disagreeing, policy["dns.disagreeing"])
    evidence.band("median answer time", host_resolvers.latency_ms, policy["dns.latency_ms"], unit="ms")


@requirement("DNS-051", severity="high", refs=["RFC 4033", "RFC 4035 4.3", "RFC 9364"], controls="DA",
             explained_by=["DNS-056"])
def test_dnssec_validates(dnssec, policy, evidence):
    """The names on which mail for the domain depends are signed, and their signatures validate.

    Why: a bogus signature makes every validating receiver lose the domain at once; without any, answers can be forged
    and DANE protects nothing.
    Fix: bogus: read the extended error, then renew the signatures (expired RRSIG), or correct the DS at the parent.
    unsigned: sign the zone and publish its DS.
    """
    evidence.attach("states", dnssec.text())
    evidence.compare("names whose signatures do not validate", dnssec.bogus, "==", ())
    evidence.band("unsigned names", dnssec.complete().unsigned, policy["dns.unsigned"])


@requirement("DNS-056", severity="medium", refs=["RFC 2182 3, 5", "RFC 1912 2.8", "RFC 9210 3", "RFC 5936 5"],
             controls="DA")
def test_name_servers_agree_and_keep_to_themselves(name_servers, server_networks, policy, evidence):
    """The zone has several name servers, all of one serial by UDP and TCP; none recurses or gives the zone away.

    Why: a lame or stale server answers some of the world wrongly, which looks like mail that fails now and then.
    Fix: lame or different serials: see why the transfer to that server fails. RA or AXFR: restrict recursion and
    transfers to your own addresses. TCP: open port 53/tcp.
    """
    evidence.attach("servers", name_servers.text())
    evidence.compare("faults of name servers", name_servers.faults, "==", ())
    evidence.compare("different serials", len(name_servers.all_asked().serials), "==", 1)
    evidence.band("name servers", name_servers.names, policy["dns.servers"])
    evidence.band("networks they stand in", server_networks, policy["dns.server_networks"])
