"""What the servers make of mail: false senders, forged results, malware, and what they write and sign themselves.

All of it by probe mails to the declared mailbox: see fixtures/post.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from fixtures.bulk import Bulk
from fixtures.estate import Domain
from fixtures.evidence import Evidence
from fixtures.forgery import Forgeries
from fixtures.own_mail import Format, Privacy
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.scanning import Scans
from fixtures.signing_quality import SigningQuality
from fixtures.spoofing import Sealed, Spoofs

#: Without these no probe mail goes or comes.
NO_POST = ["NET-001", "NET-003", "SVC-001", "SVC-002", "TLS-030", "TLS-031", "TLS-038", "TLS-039", "FLOW-044"]


def has_probe(domain: Domain) -> bool:
    """Whether the inventory declares a mailbox that may receive a probe mail."""
    return domain.probe is not None


def sends_bulk(domain: Domain) -> bool:
    """Whether it is declared to send bulk mail, and how to see how that arrives."""
    return domain.bulk and has_probe(domain)


@requirement("FLOW-035", severity="high", refs=["RFC 6409 6.1"], controls="AC MA", active=True,
             explained_by=NO_POST, where={"test": has_probe})  # fmt: skip
def test_users_send_in_their_own_name_only(sender_spoof: str, evidence: Evidence) -> None:
    """A user who has logged in cannot send mail as another user of the domain.

    Why: one stolen password is then enough to write, signed and aligned, as the head of finance.
    Fix: bind senders to logins: Postfix smtpd_sender_login_maps with reject_sender_login_mismatch on the submission
    ports, Exim an ACL that compares $authenticated_id with the sender.
    """
    evidence.compare("mail sent as another user", sender_spoof, "in", ["refused", "rewritten", "held"])


@requirement("FLOW-036", severity="high", refs=["RFC 9989 5.3", "RFC 9989 5.4"], controls="MA", active=True,
             explained_by=[*NO_POST, "FLOW-047", "DNS-036", "DNS-043", "DNS-044"],
             where={"test": has_probe})  # fmt: skip
def test_own_domain_is_not_taken_from_outside(own_spoofs: Spoofs, evidence: Evidence) -> None:
    """Outside mail that claims to come from our own domain is refused, set aside or marked, at every MX.

    Why: users trust mail from their own domain most, and the domain's DMARC record tells everybody but the own server.
    Fix: let the MX judge DMARC for the own domain as for all others, on the backup MX too, and take no own names off.
    """
    evidence.attach("answers", own_spoofs.answers)
    evidence.attach("MX hosts left out", own_spoofs.left_out)
    evidence.each("false mail", own_spoofs.fates, "in", ["refused", "held", "junk", "marked"])


@requirement("FLOW-045", severity="medium", refs=["RFC 8601 5"], controls="MA", active=True,
             explained_by=NO_POST, where={"test": has_probe})  # fmt: skip
def test_forged_results_are_removed(forged_results: Forgeries, evidence: Evidence) -> None:
    """Authentication-Results that a stranger writes in our own server's name are removed on the way in.

    Why: mail programs and filters believe these fields by the server's name: a forged "dmarc=pass" looks like ours.
    Fix: delete such fields at the border: OpenDKIM with AuthservID does it for mail that it verifies, rspamd by
    milter_headers, Exim by remove_header.
    """
    evidence.attach("names", "\n".join(f"{via}: {', '.join(names)}" for via, names in forged_results.names.items()))
    evidence.each("forged results kept of mail by", forged_results.kept, "==", ())


@requirement("FLOW-046", severity="high", refs=["RFC 6376 3.5", "RFC 6376 5.4", "RFC 6376 8.2", "RFC 6376 8.15"],
             controls="MA", active=True, explained_by=NO_POST, where={"test": has_probe})  # fmt: skip
def test_signatures_cover_what_matters(signing_quality: SigningQuality, policy: PolicyView, evidence: Evidence) -> None:
    """The delivered signature is of the author's domain, covers From, subject, date and recipient, and all of the body.

    Why: what is not signed can be changed or added, and the result still says dkim=pass in our name.
    Fix: sign From, To, Subject, Date and Message-ID once more than they stand (OpenDKIM OversignHeaders), take l= out
    (BodyLengths), and use relaxed/relaxed.
    """
    evidence.attach("signatures", "\n".join(item.text for item in signing_quality.own) or "none")
    evidence.compare("signatures of the author's domain", len(signing_quality.own), ">=", 1)
    evidence.compare("faults", signing_quality.wrong, "==", [])
    evidence.band("weaknesses", signing_quality.weak, policy["flow.signature.weak"])
    evidence.bands("lifetime of", signing_quality.lifetimes, policy["flow.signature.lifetime_h"], unit="h")


@requirement("FLOW-047", severity="high", refs=["RFC 9989 5.3", "RFC 9989 7.4"], controls="MA", active=True,
             explained_by=NO_POST, where={"test": has_probe})  # fmt: skip
def test_dmarc_is_enforced(
    foreign_spoofs: Spoofs, dmarc_exceptions: Mapping[str, tuple[str, ...]], evidence: Evidence
) -> None:
    """False mail in the name of a domain that asks for p=reject is refused or set aside, at every MX.

    Why: a DMARC record protects our users only if our own servers do as it says.
    Fix: let every MX judge DMARC and reject (OpenDMARC: RejectFailures true; rspamd: dmarc actions), and keep the list
    of clients that are never judged short.
    """
    evidence.attach("answers", foreign_spoofs.answers)
    evidence.attach("MX hosts left out", foreign_spoofs.left_out)
    listed = (f"{name}: {', '.join(clients)}" for name, clients in dmarc_exceptions.items())
    evidence.attach("clients that are never judged", "\n".join(listed) or "none that could be seen")
    evidence.each(f"mail in the name of {foreign_spoofs.claimed}, as", foreign_spoofs.fates, "in",
                  ["refused", "held", "junk"])  # fmt: skip


@requirement("FLOW-048", severity="info", refs=["RFC 8617 7", "RFC 9989 7.4"], controls="MA", active=True,
             explained_by=[*NO_POST, "FLOW-047"], where={"test": has_probe})  # fmt: skip
def test_unknown_seals_are_not_trusted(sealed_spoofs: Sealed, evidence: Evidence) -> None:
    """False mail is treated no better for an ARC set of a sealer that nobody knows.

    Why: anybody can seal; ARC says something only where the sealer is known and trusted.
    Fix: keep a short list of trusted sealers, or let ARC be: the IETF is retiring it (arc-to-historic, DKIM2 follows).
    """
    evidence.attach("with and without", "\n".join(f"{via}: {said}" for via, said in sealed_spoofs.compared.items()))
    evidence.compare("MX hosts that trust an unknown seal", sealed_spoofs.trusted, "==", ())
    evidence.attach("ARC in use here", ", ".join(sealed_spoofs.used) or "no sign of it")
    evidence.band("signs that ARC, which is being retired, is in use", sealed_spoofs.used, {"ok": 1})


@requirement("FLOW-049", severity="high", refs=["EICAR test file", "GTUBE"], controls="AB", active=True,
             explained_by=NO_POST, where={"test": has_probe})  # fmt: skip
def test_malware_is_caught(scans: Scans, evidence: Evidence) -> None:
    """The test virus and the test spam are caught on the way in and by submission, and no archive stops the scanner.

    Why: scanners fail silently: an empty signature database or a stopped daemon looks like a day without viruses.
    Fix: see whether the scanner runs, has signatures of this week, and is asked by this way too; and whether the mail
    server goes on without it. An estate that scans nothing says so: scanner: none.
    """
    evidence.attach("answers", scans.answers)
    evidence.attach("MX hosts left out", scans.left_out)
    evidence.each("test virus,", scans.viruses, "in", ["refused", "held", "cleaned"])
    evidence.each("test spam,", scans.spam, "in", ["refused", "held", "cleaned", "junk", "tagged"])
    evidence.each("mail after archives without end, at", scans.after, "in", ["delivered", "marked", "junk"])


@requirement("FLOW-052", severity="high", refs=["Google, Yahoo and Microsoft: demands on bulk senders", "RFC 9989"],
             controls="MA", active=True, explained_by=[*NO_POST, "DNS-005", "DNS-032", "DNS-043"],
             where={"test": sends_bulk})  # fmt: skip
def test_bulk_mail_meets_what_is_asked_of_it(bulk_sender: Bulk, evidence: Evidence) -> None:
    """Mail of a bulk sender passes SPF and DKIM elsewhere, is aligned, and comes by TLS from an address with a name.

    Why: since 2024 and 2025 the large providers reject bulk mail that lacks one of them.
    Fix: what is not "pass" says what the partner's server saw: mend the record, the signer, smtp_tls_security_level or
    the PTR record.
    """
    evidence.attach("received elsewhere", bulk_sender.hop)
    evidence.each("demand on bulk mail:", bulk_sender.demands, "==", "pass")


@requirement("FLOW-060", severity="low", refs=["RFC 5321 7.6", "GDPR Art. 25"], controls="DP", active=True,
             explained_by=NO_POST, where={"test": has_probe})  # fmt: skip
def test_headers_keep_private_what_is(header_privacy: Privacy, policy: PolicyView, evidence: Evidence) -> None:
    """Mail that leaves tells neither the address of its sender's device nor names and addresses of the inside.

    Why: every recipient learns where a user was when writing, and attackers learn the plan of the network.
    Fix: rewrite Received on the submission ports (Postfix: header_checks of a cleanup of its own; Exim:
    received_header_text), and let internal hops use public names.
    """
    evidence.attach("hops", "\n".join(header_privacy.hops))
    evidence.band("what tells the sender's device", header_privacy.client, policy["flow.privacy.client"])
    evidence.band("internal names and addresses", header_privacy.internal, policy["flow.privacy.internal"])


@requirement("FLOW-061", severity="low", refs=["RFC 5322 3.6", "RFC 6409 8", "RFC 2045"], controls="CF", active=True,
             explained_by=NO_POST, where={"test": has_probe})  # fmt: skip
def test_own_mail_is_well_formed(own_format: Format, evidence: Evidence) -> None:
    """Mail leaves in the form of RFC 5322, with one From, Date and Message-ID, even where the sender forgot them.

    Why: large receivers refuse mail without them, and without a Message-ID nobody can follow it.
    Fix: let the submission server add what is missing (Postfix: local_header_rewrite_clients with
    permit_sasl_authenticated) or refuse such mail.
    """
    evidence.attach("mail without Date and Message-ID", own_format.refused or "was taken")
    evidence.each("form of mail", own_format.problems, "==", ())
