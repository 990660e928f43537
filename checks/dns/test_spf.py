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


@requirement("DNS-035", severity="high", refs=["RFC 7208 4.6.4, 11.1"], controls="MA",
             explained_by=["DNS-034", "DNS-039"])
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


@requirement("DNS-006", severity="critical", refs=["guide A31", "RFC 7208 3.2, 4.5", "RFC 1912 2.2"], controls="MA",
             explained_by=["DNS-034", "DNS-041", "DNS-043", "DNS-051", "DNS-056"])
def test_every_name_server_has_the_one_valid_record_set(record_sets, policy, evidence):
    """Every name server of the domain holds exactly one valid record of SPF, DMARC and each DKIM key, all the same.

    Why: receivers ask different servers: where these differ, mail fails now and then, and no single look shows it.
    Fix: correct the server that is named. Servers of one serial with different records: the zone was edited without a
    new serial; raise it and let the others transfer. A text that only looks like SPF: correct or remove it.
    """
    evidence.attach("servers", record_sets.text())
    evidence.compare("records that are missing, double or invalid", record_sets.broken, "==", ())
    evidence.band("records that differ between name servers", record_sets.differing, policy["dns.auth_differing"])
    evidence.band("texts that look like SPF and are none", record_sets.lookalikes, policy["dns.spf_lookalikes"])


@requirement("DNS-038", severity="low", refs=["RFC 7208 3.3, 3.4"], controls="MA", explained_by=["DNS-034"])
def test_spf_answers_fit_one_datagram(spf_size, spf_large, policy, evidence):
    """The TXT records beside the SPF record are small enough for one UDP reply, and its strings join as meant.

    Why: a reply that is cut is asked again over TCP, which some firewalls stop: SPF then gives temperror.
    Fix: move verification texts that are no longer needed out of the apex, and long lists into an include of your own.
    Where two terms ran together put a blank at the end of the first string: strings are joined without any.
    """
    evidence.compare("terms that ran together", spf_size.glued, "==", ())
    evidence.band("octets of the answer", spf_size.own, policy["dns.spf_octets"])
    evidence.band("included names with larger answers", spf_large, policy["dns.spf_included_large"])


@requirement("DNS-039", severity="high", refs=["RFC 7208 5.2, 6.1, 11.1"], controls="MA SU",
             explained_by=["DNS-034", "DNS-051"])
def test_spf_names_live_and_are_known(spf_names, policy, evidence):
    """Every name that the SPF record includes or trusts exists, and belongs to us or to a supplier under contract.

    Why: a name that has lapsed can be registered by anybody, who may then send in the domain's name with a pass.
    Fix: take dead names out of the record. For a supplier in use declare the include as `spf_includes` of the domain,
    or in its record of the kind `supplier`; take out whoever no longer sends.
    """
    evidence.attach("names", spf_names.text())
    evidence.compare("dead names", spf_names.found_dead(), "==", ())
    evidence.band("included names of nobody we know", spf_names.strangers, policy["dns.spf_strangers"])
