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
    evidence.band("unsigned names under declared DANE", dnssec.unsigned_under_dane, policy["dns.unsigned_dane"])
    evidence.band("unsigned names", dnssec.complete().unsigned, policy["dns.unsigned"])


@requirement("DNS-052", severity="medium", refs=["RFC 9904 2", "RFC 9905 3", "RFC 9276 3.1", "RFC 4035 5.3.1"],
             controls="DA", explained_by=["DNS-051", "DNS-056"])
def test_dnssec_is_signed_with_what_lasts(signed, policy, evidence):
    """The zones of mail are signed with algorithms that validators accept, plain NSEC3, and signatures that last.

    Why: validators take SHA-1 and high iteration counts for no signature at all, and a signature that ends while nobody
    renews it makes the domain vanish at once.
    Fix: sign with ECDSAP256SHA256 (13) and a DS of SHA-256; set NSEC3 to 0 iterations without salt; find out why the
    signer does not renew (a stopped job, an unreachable primary, a key that is gone).
    """
    evidence.attach("zones", signed.text())
    evidence.compare("algorithms and digests that must not be used", signed.forbidden, "==", ())
    evidence.compare("signatures about to end", signed.ending, "==", ())
    evidence.band("algorithms and digests not recommended", signed.all_asked().discouraged, policy["dns.signing_weak"])
    evidence.bands("NSEC3 iterations of", signed.iterations, policy["dns.nsec3_iterations"])
    evidence.band("zones with an NSEC3 salt", signed.salted, policy["dns.nsec3_salt"])


@requirement("DNS-057", severity="low", refs=["RFC 1912 2.2", "RFC 2181 8"], controls="DA CT",
             explained_by=["DNS-002", "DNS-056"], where={"receives": True})
def test_mx_records_live_as_long_as_they_should(lifetimes, policy, evidence):
    """MX records and the addresses of MX hosts are kept neither too long nor too short, and short enough to fail over.

    Why: with a day's TTL a move to another host takes a day; with seconds every hiccup of the name servers stops mail.
    Fix: set the TTL of the records named to an hour or so; with a declared `rto_minutes` to a third of that at most.
    """
    evidence.attach("TTL", lifetimes.text())
    evidence.band("TTL out of bounds", lifetimes.outside, policy["dns.ttl_outside"])
    evidence.band("TTL too long for the declared RTO", lifetimes.too_slow, policy["dns.ttl_outside"])


@requirement("DNS-056", severity="medium", refs=["RFC 2182 3, 5", "RFC 1912 2.8", "RFC 9210 3", "RFC 5936 5"],
             controls="DA")
def test_name_servers_agree_and_keep_to_themselves(name_servers, nameless_servers, server_networks, policy, evidence):
    """The zone has several name servers, all of one serial by UDP and TCP; none recurses or gives the zone away.

    Why: a lame or stale server answers some of the world wrongly, which looks like mail that fails now and then.
    Fix: lame or different serials: see why the transfer to that server fails. RA or AXFR: restrict recursion and
    transfers to your own addresses. TCP: open port 53/tcp. Differences: have the registrar name the zone's own servers.
    """
    evidence.attach("servers", name_servers.text())
    evidence.compare("faults of name servers", name_servers.faults, "==", ())
    evidence.compare("different serials", len(name_servers.all_asked().serials), "==", 1)
    evidence.band("name servers", name_servers.fewest, policy["dns.servers"])
    evidence.band("networks they stand in", server_networks, policy["dns.server_networks"])
    evidence.band("differences from the zone above", name_servers.delegation, policy["dns.delegation_differs"])
    evidence.band("families with too few servers", name_servers.one_family, policy["dns.server_family"])
    evidence.band("primaries named by the SOA records", name_servers.primaries, policy["dns.server_primaries"])
    evidence.band("servers without a reverse name", nameless_servers, policy["dns.server_nameless"])
