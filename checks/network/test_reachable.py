"""Declared ports answer a stranger, over IPv4 and IPv6 alike, and promptly."""

from __future__ import annotations

from fixtures.dialogue.banner import Banner
from fixtures.dialogue.reach import Reach
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.smtp_behaviour import Timers
from fixtures.vantage import Views


@requirement(
    "NET-003", severity="critical", controls="AV", stage="quick", refs=["guide A9", "RFC 5321 3.1", "RFC 9051 7.1"],
    explained_by=["NET-001", "NET-002", "NET-004", "SVC-001", "SVC-002", "TLS-031"], where={"public": True},
)  # fmt: skip
def test_port_answers(seen_by: Views, policy: PolicyView, evidence: Evidence) -> None:
    """The port accepts a connection and greets as its protocol demands, from every vantage.

    Why: a port that is closed, filtered or silent is an outage for all outside, whatever the host thinks of itself; one
    that only some places reach is an outage for the others.
    Fix: refused: start the service or its listener (`ss -ltn`); timeout: look at firewall, routing, frozen processes;
    another greeting: read the mail log for the reason given in it.
    """
    evidence.attach("greeting", seen_by.here.greeting or "none")
    evidence.attach("vantages", "\n".join([f"{k}: {v}" for k, v in seen_by.outcomes.items()] + list(seen_by.unseen)))
    evidence.compare("TCP connection", seen_by.connection, "==", "open")
    evidence.compare("greeting", seen_by.opening, "==", "ready")
    evidence.band("vantages that do not reach it", seen_by.failed, policy["net.vantages_failing"])


@requirement(
    "NET-030", severity="medium", controls="AV", refs=["RFC 6540"], explained_by=["NET-003"], where={"family": 6}
)
def test_ipv6_behaves_as_ipv4(ipv6_parity: list[str], evidence: Evidence) -> None:
    """The port offers over IPv6 what it offers over IPv4.

    Why: senders prefer IPv6, so a port that is dead, weaker or another server there breaks mail only for some of them.
    Fix: let the service listen on both families with the same configuration (`inet_protocols = all`), and open the
    firewall for both; or withdraw the AAAA record.
    """
    evidence.compare("differences from IPv4", ipv6_parity, "==", [])


@requirement(
    "NET-032", severity="medium", controls="CF", refs=["RFC 5321 4.1.1.1", "RFC 5321 4.2"], explained_by=["NET-003"],
    where={"protocol": "smtp"},
)  # fmt: skip
def test_greeting_names_the_host(banner: Banner, policy: PolicyView, evidence: Evidence) -> None:
    """The greeting gives the host's own full name, and no version of the software.

    Why: receivers compare the name with the reverse name; a version tells an attacker which holes to try.
    Fix: set myhostname to the name that the PTR record gives, and leave the version out of the banner (smtpd_banner).
    """
    evidence.compare("name in the greeting", banner.name, "matches", banner.FULL_NAME)
    evidence.compare("name in the EHLO answer", banner.ehlo_name.lower(), "==", banner.name.lower())
    evidence.band("versions told in the greeting", len(banner.versions), policy["net.versions_told"])
    if banner.name.lower() not in banner.reverse_names:
        evidence.warn(f"the address leads back to {', '.join(banner.reverse_names) or 'no name'}, not {banner.name}")


@requirement(
    "NET-036", severity="low", controls="CF", refs=["RFC 5321 4.5.3.2"], explained_by=["NET-003", "TLS-031"],
    where={"protocol": ("smtp", "submission", "imap", "pop3", "sieve")},
)  # fmt: skip
def test_timers_are_right(reach: Reach, timers: Timers, policy: PolicyView, evidence: Evidence) -> None:
    """The greeting comes within the time allowed, and an SMTP client is given the time that it is due.

    Why: slow greetings come from overload, dead DNS or dead policy services, and come before a stop; a server that
    gives up early loses the mail of slow clients.
    Fix: look at DNS answers and milters of the host, process limits and load; raise net.greeting_s if the delay is
    wanted (postscreen, tarpit). Postfix: `postconf -X smtpd_timeout` gives clients five minutes again.
    """
    evidence.compare("greeting", reach.opening, "==", "ready")
    evidence.band("time to the greeting, 95th percentile", timers.p95, policy["net.greeting_s"], unit="s")
    if timers.command_s is not None:
        evidence.band("time given for a command", timers.command_s, policy["net.command_timeout_s"], unit="s")
