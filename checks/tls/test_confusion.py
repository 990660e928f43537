"""What an attacker in the middle does without breaking TLS: commands before it, other protocols, the weakest server."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.tls.consistency import Consistency
from fixtures.tls.injection import Injection

MAIL = ("smtp", "submission", "lmtp", "imap", "pop3", "sieve")


@requirement(
    "TLS-052", severity="critical", controls="TR",
    refs=["RFC 3207 4.2", "RFC 3207 6", "CVE-2011-0411", "CVE-2021-33515"],
    explained_by=["NET-003", "TLS-030"], where={"tls": "starttls", "protocol": MAIL},
)  # fmt: skip
def test_nothing_before_tls_counts(starttls_injection: Injection, evidence: Evidence) -> None:
    """A command sent right behind STARTTLS, before TLS, is not carried out inside TLS.

    Why: a man in the middle would put commands there that the server takes for the client's own, and read the mail or
    password that the client then sends.
    Fix: update the mail server or the proxy in front of it (Postfix 2.8, Dovecot 2.3.14.1, nginx 1.7.4 or later); a
    proxy must drop its buffer when TLS begins.
    """
    evidence.attach("inside TLS", starttls_injection.detail)
    evidence.compare("a command behind STARTTLS", starttls_injection.outcome, "in", ["discarded", "refused"])


@requirement(
    "TLS-053", severity="low", controls="TR", refs=["RFC 9325 3.7", "RFC 9325 3.8", "RFC 7301 3.2", "CVE-2021-3618"],
    explained_by=["NET-003", "TLS-030", "TLS-031"],
    where={"tls": ("starttls", "implicit"), "protocol": MAIL},
)  # fmt: skip
def test_no_browser_can_be_led_here(web_names: list[str], policy: PolicyView, evidence: Evidence) -> None:
    """Mail servers have certificates of their own, or refuse the protocols of others (ALPN).

    Why: where the certificate covers a web site too, a browser can be led to the mail server, which gives back what an
    attacker has put into the request: the site's cookies are his (ALPACA).
    Fix: separate certificates for mail and web, without wildcards; or servers that check ALPN (Exim, Dovecot 2.4).
    """
    evidence.band("names of web servers in the certificate", web_names, policy["tls.web_names"])


@requirement(
    "TLS-055", severity="medium", controls="TR",
    refs=["RFC 9325 3.1.1", "RFC 8461 4.1", "Internet.nl: all mail servers"],
    explained_by=["NET-003", "TLS-001", "TLS-030", "TLS-031", "TLS-032", "TLS-043"], where={"receives": True},
)  # fmt: skip
def test_tls_is_the_same_everywhere(tls_consistency: Consistency, policy: PolicyView, evidence: Evidence) -> None:
    """All MX hosts of the domain speak the same TLS, at both address families and on all ports.

    Why: an attacker chooses the weakest; and a difference is mostly a server that the last change has forgotten.
    Fix: give the server that differs the settings of the others, for every listener of its own as well.
    """
    evidence.attach("compared", "\n".join(tls_consistency.seen))
    evidence.attach("not compared", "\n".join(tls_consistency.unseen) or "none")
    evidence.band("differences", tls_consistency.differences, policy["tls.differences"])
