"""DKIM: the published keys are strong, usable, and those that the signers hold."""

from fixtures.requirement import requirement


@requirement("DNS-008", severity="critical", refs=["guide A59", "RFC 6376 3.6.1"], controls="MA",
             explained_by=["DNS-041", "DNS-051"], where={"sends": True})
def test_published_dkim_key_is_the_signers(dkim_pairs, policy, evidence):
    """The DKIM key in the DNS belongs to the private key with which the signer signs.

    Why: after a half-done rotation every signature fails, and with DMARC the domain's mail is refused.
    Fix: publish the public key of the signer's private key (`openssl pkey -in KEY -pubout`), or point the signer at the
    right file; remove selectors that nobody signs with.
    """
    evidence.each("selector", dkim_pairs.compared, "==", "same key")
    evidence.band("published selectors of no declared signer", dkim_pairs.unknown, policy["dns.dkim_unknown"])


@requirement("DNS-040", severity="high", refs=["RFC 8301 3.1, 3.2", "RFC 8463 3", "RFC 6376 3.6.1"], controls="MA CR",
             explained_by=["DNS-041"], where={"sends": True})
def test_dkim_keys_are_strong(dkim_strength, policy, evidence):
    """The DKIM keys in use are RSA of 2048 bits or more, with Ed25519 only beside them, and none for SHA-1.

    Why: keys under 1024 bits must not be accepted and can be broken; many verifiers cannot read Ed25519 alone.
    Fix: make a new RSA key of 2048 bits under a new selector, publish it, then let the signer use it.
    """
    evidence.attach("keys", dkim_strength.text())
    evidence.band("weakest key", dkim_strength.bits(), policy["dns.dkim_rsa_bits"], unit="bits")
    evidence.band("Ed25519 without RSA", int(dkim_strength.lone_ed25519), policy["dns.dkim_lone_ed25519"])
    evidence.band("selectors that list SHA-1", dkim_strength.sha1, policy["dns.dkim_sha1"])


@requirement("DNS-041", severity="high", refs=["RFC 6376 3.6.1", "RFC 8301 3.1"], controls="MA",
             explained_by=["DNS-051"], where={"sends": True})
def test_dkim_records_are_usable(dkim, dkim_strength, policy, evidence):
    """Every declared selector has one valid, unrevoked key record that permits e-mail and SHA-256, and tests nothing.

    Why: verifiers treat an unusable record as no signature, and a key in testing (t=y) like an unsigned message.
    Fix: correct what the measured state names; take `t=y` out once signing works.
    """
    evidence.attach("records", dkim_strength.text())
    evidence.each("state of selector", {name: found.state for name, found in dkim.items()}, "in", ["valid", "weak"])
    evidence.compare("selectors that do not permit SHA-256", dkim_strength.no_sha256, "==", ())
    evidence.band("selectors in testing (t=y)", dkim_strength.testing, policy["dns.dkim_testing"])


@requirement("DNS-042", severity="medium", refs=["M3AAWG DKIM key rotation BCP", "NIST SP 800-57 part 1, 5.3"],
             controls="CR", explained_by=["DNS-041"], where={"sends": True})
def test_dkim_keys_are_rotated(dkim_rotation, policy, evidence):
    """The DKIM keys that sign are young enough, the next one stands ready, and retired ones are gone.

    Why: a key that leaked unseen forges mail until it is changed; one that nobody ever changes cannot be changed in a
    hurry either.
    Fix: publish the next key under a new selector and declare it with `staged: true`; let it sign some days later;
    a week after that revoke the old one (`p=`) and declare it among `retired_selectors`.
    """
    evidence.attach("selectors", dkim_rotation.text())
    evidence.bands("age of key", dkim_rotation.known_ages(), policy["dns.dkim_age_days"], unit="days")
    evidence.band("selectors staged", dkim_rotation.staged, policy["dns.dkim_staged"])
    evidence.band("retired selectors that still verify", dkim_rotation.alive, policy["dns.dkim_retired_alive"])
