"""The life of a certificate: how long, how renewed, in force everywhere, for what use, revoked or not, logged."""

from __future__ import annotations

from datetime import datetime

from fixtures.certificates.extensions import Extensions
from fixtures.certificates.lifetime import Lifetime
from fixtures.certificates.purpose import ClientCertificate
from fixtures.certificates.renewal import Renewal
from fixtures.certificates.revocation import Revocation
from fixtures.certificates.served import NEWEST, Served
from fixtures.certificates.stapling import NOT_DEMANDED, STAPLED
from fixtures.certificates.transparency import Transparency
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement

SPEAKS_TLS = {"tls": ("starttls", "implicit")}
UNREACHED = ["NET-003", "TLS-030", "TLS-031"]


@requirement(
    "TLS-041", severity="medium", controls="CR", refs=["CA/B BR 6.3.2", "CA/B ballot SC-081v3"],
    explained_by=UNREACHED, where=SPEAKS_TLS,
)  # fmt: skip
def test_lifetime_is_within_public_limits(public_lifetime: Lifetime, policy: PolicyView, evidence: Evidence) -> None:
    """A public certificate lives no longer than the rules of its day allow, and is renewed often enough for the next.

    Why: clients refuse public certificates that live too long; the limit falls to 100 days in 2027 and 47 in 2029, and
    a renewal that is tried too seldom then leaves no second try.
    Fix: issue it anew with the authority's default lifetime, and let the timer try at least twice a week.
    """
    life = public_lifetime
    evidence.compare("lifetime", round(life.days, 3), "<=", life.limit, unit="days")
    evidence.bands("in the last third of the next lifetime:", life.tries, policy["tls.renewal_tries"])
    if life.days > life.next_limit:
        evidence.notice(f"the certificate that follows, due about {life.follows}, may live only {life.next_limit} days")


@requirement(
    "TLS-042", severity="high", controls="CR", refs=["RFC 8555", "RFC 9773 4", "CA/B ballot SC-081v3"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_renewal_is_automated(
    renewal: Renewal, not_reloaded: list[str], policy: PolicyView, evidence: Evidence
) -> None:
    """The host renews its public certificates by itself: enabled, last run successful, daemons reloaded afterwards.

    Why: a certificate that somebody must remember runs out on a holiday; one that is renewed without a reload is
    served until it runs out all the same.
    Fix: enable the timer of the ACME client (certbot.timer and the like), or declare your own under renewal; mend what
    its journal says; add a deploy hook that reloads Postfix and Dovecot.
    """
    evidence.attach("renewal", renewal.text() or "nothing was found")
    names = [item.name for item in renewal.automations]
    evidence.compare("timers and cron jobs that renew certificates", names, "!=", [])
    problems = [text for item in renewal.automations for text in item.problems]
    evidence.compare("what keeps them from renewing", problems, "==", [])
    evidence.band("daemons that no deploy hook reloads", not_reloaded, policy["tls.not_reloaded"])


@requirement(
    "TLS-043", severity="high", controls="CR", refs=["postconf(5) smtpd_tls_chain_files", "doveadm-reload(1)"],
    explained_by=["NET-001", *UNREACHED, "SVC-001", "SVC-002", "TLS-042"],
)  # fmt: skip
def test_newest_certificate_is_served(served_certificates: Served, policy: PolicyView, evidence: Evidence) -> None:
    """Every port and address serves the certificate that its configuration names, and that is the newest on the disk.

    Why: Dovecot and nginx keep the old certificate in memory after a renewal, until it runs out before all clients.
    Fix: reload the daemon that is named, and add that reload to the deploy hook of the renewal.
    """
    evidence.each("certificate served at", served_certificates.states, "==", NEWEST)
    evidence.band("names with different certificates", served_certificates.apart, policy["tls.certificates_apart"])
    evidence.attach("ports that could not be judged", "\n".join(served_certificates.unknown) or "none")
    if served_certificates.unknown:
        evidence.notice("not judged: " + "; ".join(served_certificates.unknown))


@requirement(
    "TLS-045", severity="medium", controls="CR",
    refs=["RFC 5280 4.2.1.12", "CA/B BR 7.1.2.7.10", "Chrome Root Program Policy 1.8 3.2.2"],
    explained_by=UNREACHED, where=SPEAKS_TLS,
)  # fmt: skip
def test_certificate_is_for_servers(
    tls_extensions: Extensions, client_certificate: ClientCertificate, policy: PolicyView, evidence: Evidence
) -> None:
    """The certificate is meant for TLS servers, and nothing here relies on a public one for TLS clients.

    Why: clients refuse a certificate with other purposes; public authorities no longer issue clientAuth, so outbound
    mail that shows such a certificate is refused after the next renewal.
    Fix: issue it with the purpose serverAuth; leave smtp_tls_cert_file and smtp_tls_chain_files empty, or take the
    client certificate from a private authority.
    """
    purposes = tls_extensions.purposes
    evidence.compare("purposes of the certificate allow a server", tls_extensions.serves(), "==", True)
    evidence.attach("purposes", ", ".join(purposes) if purposes is not None else "not restricted")
    missing, shown = int(purposes is None), client_certificate.public
    evidence.band("purposes left out, which Apple's clients refuse", missing, policy["tls.purposes_missing"])
    evidence.band("public certificates shown by the SMTP client", shown, policy["tls.client_public"])


@requirement(
    "TLS-046", severity="low", controls="CR", refs=["RFC 7633 4.2.3", "RFC 5280 5.1.2.5", "CA/B BR 4.9.7"],
    explained_by=UNREACHED, where=SPEAKS_TLS,
)  # fmt: skip
def test_revocation_can_be_checked(
    stapling: str, revocation: Revocation, now: datetime, policy: PolicyView, evidence: Evidence
) -> None:
    """The certificate is not revoked, its revocation list is in force, and no staple is demanded in vain.

    Why: clients that check refuse the server, those that honour must-staple at once; Postfix and Dovecot cannot staple.
    Fix: issue the certificate without must-staple; tell the authority that its list is missing or out of date; a
    private authority must sign a new list before the old one runs out. An absent OCSP address is fine.
    """
    evidence.compare("stapled status", stapling, "in", [NOT_DEMANDED, STAPLED])
    evidence.compare("revoked by", revocation.revoking, "==", [])
    evidence.compare("revocation lists that are not in force", revocation.stale(now), "==", [])
    evidence.band("revocation lists that cannot be had", revocation.unreachable, policy["tls.crl_unreachable"])


@requirement(
    "TLS-047", severity="medium", controls="CR MO", refs=["RFC 6962 3.3", "RFC 9162", "Chrome CT Policy"],
    explained_by=["NET-003", "TLS-030", "TLS-031"],
)  # fmt: skip
def test_certificates_are_logged(transparency: Transparency, policy: PolicyView, evidence: Evidence) -> None:
    """The public certificates of the domain are in enough logs, and the logs hold none that nobody here ordered.

    Why: browsers refuse what is not logged; a certificate in the logs that nobody ordered is how an attacker who
    listens in, or a forgotten service, comes to light.
    Fix: take certificates from an authority that embeds timestamps; ask whoever is named who ordered it, have it
    revoked if nobody did, and narrow the CAA records.
    """
    evidence.attach("what was seen", transparency.text())
    evidence.band("certificates in too few logs", transparency.short, policy["tls.logged_short"])
    evidence.band("logged certificates that nobody here ordered", transparency.unexpected, policy["tls.logged_unknown"])
    if transparency.unlogged:
        evidence.notice("not in the export, which may be old: " + ", ".join(transparency.unlogged))
