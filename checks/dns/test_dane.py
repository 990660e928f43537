"""DANE: the keys of the MX hosts are announced in signed records, and those who send can believe them."""

from fixtures.requirement import requirement


@requirement("DNS-053", severity="critical", refs=["RFC 7672 2.2, 3.1", "RFC 7671 5, 8, 9"], controls="TR CR",
             explained_by=["DNS-002", "DNS-051", "NET-001", "NET-003", "SVC-001", "TLS-030"], where={"receives": True})
def test_tlsa_records_match_what_is_presented(dane, dane_gaps, policy, evidence):
    """The TLSA records of every MX host match the certificate that each of its addresses presents on port 25.

    Why: a sender with DANE keeps the mail when the key does not match, and returns it after days; a host without usable
    records is where an attacker leads the mail to.
    Fix: publish `_25._tcp.HOST TLSA 3 1 1 HASH` of the key in use and of the next one (RFC 7671 8.1), and wait two TTLs
    before the key changes. Usages 0 and 1 mean nothing here. The hash: `openssl x509 -in CERT -noout -pubkey | openssl
    pkey -pubin -outform DER | sha256sum`.
    """
    evidence.attach("TLSA", dane.text())
    evidence.compare("what keeps mail away", dane.faults, "==", ())
    evidence.compare("records that senders do not use", dane.unusable, "==", ())
    evidence.band("MX hosts without declared DANE", dane_gaps[0], policy["dns.dane_declared"])
    evidence.band("MX hosts that DANE leaves out", dane_gaps[1], policy["dns.dane_partial"])
    evidence.band("MX hosts without a record for the next key", dane.all_seen().single, policy["dns.tlsa_single"])
    evidence.band("records of an unusual form", dane.unusual, policy["dns.tlsa_unusual"])


@requirement("DNS-054", severity="high", group="mta", refs=["RFC 7672 2.1, 2.2", "RFC 6698 8.2", "RFC 4035 4.9.3"],
             controls="DA", explained_by=["NET-001", "DNS-001"])
def test_resolver_behind_dane_validates(dane_resolvers, policy, evidence):
    """The name servers that a sending MTA with DANE asks validate DNSSEC, and are local or trusted.

    Why: without the AD bit the MTA finds no TLSA record and falls back to any certificate, silently; over a path that
    is not trusted anybody can set the bit.
    Fix: run a validating resolver (unbound) on the host and name it alone in /etc/resolv.conf, then restart the MTA;
    declare a resolver on a trusted network with role `resolver`, or as `mailproof.trusted_resolvers`.
    """
    evidence.attach("resolvers", dane_resolvers.text())
    evidence.compare("settings that defeat DANE", dane_resolvers.defeated, "==", ())
    evidence.compare("name servers without AD", dane_resolvers.without_ad, "==", ())
    evidence.band("name servers not trusted", dane_resolvers.all_asked().remote, policy["dns.dane_remote"])
