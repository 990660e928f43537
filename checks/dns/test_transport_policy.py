"""What the DNS tells senders and authorities about encryption: MTA-STS, TLS reports, CAA."""

from fixtures.requirement import requirement


@requirement("DNS-048", severity="high", refs=["RFC 8461 3.1, 3.2, 3.3, 4.1"], controls="TR DA",
             explained_by=["DNS-002", "DNS-051"], where={"receives": True})
def test_mta_sts_is_published_served_and_enforced(sts, policy, evidence):
    """The MTA-STS policy is announced, served over HTTPS with a valid certificate, enforced, and covers every MX host.

    Why: a policy that cannot be fetched protects nothing; one that leaves an MX out stops the mail for it. Whether the
    id changed with the content cannot be seen from one look.
    Fix: correct what is named; after every change of the policy change `id=` in the TXT record as well.
    """
    evidence.attach("policy", sts.text())
    evidence.compare("problems", sts.problems, "==", ())
    evidence.compare("MX hosts that the policy leaves out", sts.uncovered, "==", ())
    evidence.compare("mode and max_age out of bounds", sts.out_of_bounds, "==", ())
    evidence.band("mode testing", int(sts.mode == "testing"), policy["dns.sts_not_enforced"])


@requirement("DNS-049", severity="medium", refs=["RFC 8460 3"], controls="TR MO", where={"receives": True})
def test_tls_reports_are_asked_for(tls_rpt, policy, evidence):
    """The domain asks senders for TLS reports, by one valid record.

    Why: without reports nobody learns that senders fail to encrypt, or that a TLSA record or MTA-STS policy is wrong.
    Fix: publish at _smtp._tls.DOMAIN: `v=TLSRPTv1; rua=mailto:tls-reports@DOMAIN`.
    """
    evidence.attach("records", "\n".join(record.text for record in tls_rpt.records) or f"none at {tls_rpt.name}")
    evidence.compare("error", tls_rpt.error, "==", "")
    evidence.band("record missing", int(not tls_rpt.records), policy["dns.tlsrpt_missing"])


@requirement("DNS-050", severity="medium", refs=["RFC 8460 4"], controls="MO",
             explained_by=["DNS-048", "TLS-030", "TLS-038", "TLS-039"], where={"receives": True})
def test_tls_reports_count_few_failures(tls_sessions, policy, evidence):
    """By the TLS reports of the last weeks hardly any session to the domain failed.

    Why: these failures are mail that came late, unencrypted or not at all, and only the senders saw it.
    Fix: the attached list names the kinds of failure: sts-policy-fetch-error is the policy's web server, tlsa-invalid
    the TLSA records, certificate-expired and the like the certificate of an MX host.
    """
    evidence.attach("sessions", tls_sessions.text())
    evidence.band("failed sessions", tls_sessions.percent, policy["dns.tls_sessions_failed"], unit="%")
    evidence.band("report files that cannot be read", tls_sessions.unreadable, policy["dns.reports_unreadable"])


@requirement("DNS-055", severity="medium", refs=["RFC 8659 4", "RFC 8657 3, 4", "RFC 9495 3"],
             controls="CR DA", where={"receives": True})
def test_caa_permits_the_authorities_in_use(caa, caa_bound, policy, evidence):
    """CAA records say which authorities may issue for the names of mail, and those in use are among them.

    Why: without CAA any authority may issue a certificate for the mail host; with the wrong one the renewal fails.
    Fix: publish `DOMAIN CAA 0 issue "your-authority"`, with `issuemail` for S/MIME and `iodef` for reports; declare the
    CAA names of the authorities in use as `mailproof.authorities`, with account and methods where records bind them.
    """
    evidence.attach("CAA", caa.text())
    evidence.compare("authorities that are in use and not permitted", caa.forbidden, "==", ())
    evidence.band("names without CAA", caa.missing, policy["dns.caa_missing"])
    evidence.band("sets bound to an account or method that is not declared", caa_bound, policy["dns.caa_bound"])
    evidence.band("sets without issuemail", caa.open_to_mail, policy["dns.caa_mail_open"])
    evidence.band("sets without iodef", caa.unreported, policy["dns.caa_unreported"])
    evidence.band("declared authorities", caa.authorities, policy["dns.caa_authorities"])
