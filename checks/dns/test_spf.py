"""SPF: receivers find one valid, affordable, strict record, and it covers the real senders."""

from fixtures.requirement import requirement


@requirement("DNS-005", severity="critical", refs=["guide A58", "RFC 7208 2.4, 4"], controls="MA",
             explained_by=["DNS-002", "DNS-034", "DNS-035", "DNS-051"], where={"sends": True})
def test_spf_passes_for_every_egress_address(spf_egress, policy, evidence):
    """Mail from every egress address of the domain passes SPF, by MAIL FROM and by HELO.

    Why: mail that fails is refused or filed as spam, and DMARC then rests on DKIM alone.
    Fix: add the address to the record with `ip4:` or `ip6:`; for permerror and temperror correct what the reason says.
    """
    evidence.attach("results", spf_egress.text())
    evidence.each("SPF of", spf_egress.outcomes("MAIL FROM"), "matches", "^(pass|softfail)$")
    evidence.each("SPF of", spf_egress.outcomes("HELO"), "matches", "^(pass|softfail|none)( |$)")
    evidence.band("results of softfail", spf_egress.softfails(), policy["dns.spf_softfail"])


@requirement("DNS-034", severity="critical", refs=["RFC 7208 3.1, 3.2, 4.5, 4.6"], controls="MA",
             explained_by=["DNS-051"])
def test_spf_record_is_one_and_valid(spf, evidence):
    """The domain has exactly one SPF record, in TXT only, of valid grammar.

    Why: two records or a typing error are a permerror: receivers treat the domain as if its SPF were broken on purpose.
    Fix: merge all senders into one TXT record that begins with `v=spf1` and ends with `-all`; remove type SPF records.
    """
    evidence.attach("records", "\n".join((*spf.records, *spf.others)) or "none")
    evidence.compare("SPF records", spf.records, "!=", ())
    evidence.compare("error in the SPF record", spf.error, "==", "")
    evidence.compare("records of the obsolete type SPF", spf.type99, "==", ())


@requirement("DNS-035", severity="high", refs=["RFC 7208 4.6.4, 11.1"], controls="MA", explained_by=["DNS-034"])
def test_spf_costs_no_more_lookups_than_receivers_allow(spf_stranger, spf_limits, policy, evidence):
    """The SPF record can be evaluated within the limits that receivers keep.

    Why: above ten look-ups receivers answer permerror, and whoever is last in the record cannot send any more.
    Fix: the attached list shows the include path of every look-up: replace `a`, `mx` and `include` terms by `ip4:` and
    `ip6:` networks, and drop suppliers that no longer send.
    """
    evidence.attach("look-ups", "\n".join((*spf_stranger.terms, *spf_stranger.voids)) or "none")
    evidence.band("terms with a look-up", spf_stranger.terms, policy["dns.spf_terms"])
    evidence.band("void look-ups", spf_stranger.voids, policy["dns.spf_void"])
    evidence.compare("mx or ptr terms with too many names", sorted(spf_limits), "==", [])
    evidence.band("time for all look-ups", spf_stranger.seconds, policy["dns.spf_seconds"], unit="s")


@requirement("DNS-036", severity="critical", refs=["RFC 7208 5.1, 5.5", "NIST SP 800-177r1 4.4"], controls="MA",
             explained_by=["DNS-034", "DNS-035"])
def test_spf_lets_no_stranger_pass(spf, spf_stranger, spf_wide, policy, evidence):
    """The SPF record lets nobody pass but the declared networks, and ends in -all or ~all.

    Why: `+all`, or a range as wide as a provider, lets anybody send in the domain's name with a pass.
    Fix: end the record with `-all`, narrow the ranges named, remove `ptr` and whatever stands after `all`.
    """
    evidence.attach("record", "\n".join(spf.records))
    evidence.compare("SPF result for an address with no business to send", spf_stranger.verdict, "!=", "pass")
    evidence.compare("ranges that are too wide", spf_wide.own, "==", ())
    evidence.band("loose terms", spf_wide.loose, policy["dns.spf_loose"])
    evidence.band("wide ranges in included records", spf_wide.included, policy["dns.spf_included_wide"])


@requirement("DNS-037", severity="low", refs=["RFC 7208 2.3, 10.1.3"], controls="MA")
def test_helo_names_have_spf_records(spf_helo, policy, evidence):
    """The names that hosts say in HELO, and the MX hosts that send nothing, have SPF records of their own.

    Why: bounces have an empty MAIL FROM, so SPF looks at the HELO name; a name without a record can be used by anybody.
    Fix: publish `v=spf1 a -all` at the name of each host that sends, and `v=spf1 -all` at the others.
    """
    evidence.attach("records", spf_helo.text())
    evidence.each("SPF records at", {name: len(found.records) for name, found in spf_helo.found.items()}, "<=", 1)
    evidence.band("names without a valid record", spf_helo.without, policy["dns.spf_helo_missing"])
