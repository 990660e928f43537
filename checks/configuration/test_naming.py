"""What the MTA calls itself and where it listens, by its effective configuration."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.naming import FULL_NAME, Exposure, Naming, origin_of, relation
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.resolver import Resolver


@requirement("CFG-001", severity="high", group="mta", controls="CF", refs=["guide A54"], explained_by=["NET-001"])
def test_mta_is_told_to_listen_where_declared(exposure: Exposure, evidence: Evidence) -> None:
    """The MTA is configured to listen on every declared address, and on loopback alone where none is declared.

    Why: inet_interfaces = loopback-only closes an MX to the world after the next restart, and `all` opens a null
    client.
    Fix: set inet_interfaces and inet_protocols (Exim: local_interfaces) to what the host's role needs, restart, and
    look at `ss -ltn`.
    """
    evidence.attach("configured", exposure.written)
    evidence.compare("declared addresses left out", exposure.missing, "==", ())
    evidence.compare("addresses beyond loopback without a declared port", exposure.excess, "==", ())


@requirement(
    "CFG-002", severity="high", group="mta", controls="CF", refs=["guide A55", "RFC 5321 4.1.1.1"],
    explained_by=["NET-001", "DNS-001"],
)  # fmt: skip
def test_mta_has_its_own_full_name(
    naming: Naming, own_names: tuple[str, ...], resolver: Resolver, policy: PolicyView, evidence: Evidence
) -> None:
    """The MTA's host name is a full name, the one that the inventory knows, and it resolves.

    Why: it is what EHLO, Received and bounces say; receivers refuse names that are not full or do not resolve.
    Fix: set myhostname (Exim: primary_hostname) to the public name of the host, and publish its addresses.
    """
    evidence.compare("host name", naming.hostname, "matches", FULL_NAME.pattern)
    evidence.compare("domain of a template", naming.hostname.lower(), "not in", policy["cfg.placeholders"])
    evidence.compare("host name", naming.hostname.lower(), "in", own_names)
    evidence.compare("addresses of the host name in the DNS", len(resolver.addresses(naming.hostname)), ">=", 1)


@requirement("CFG-003", severity="medium", group="mta", controls="CF", refs=["guide A56"], explained_by=["NET-001"])
def test_mta_knows_its_domain(naming: Naming, own_domains: tuple[str, ...], evidence: Evidence) -> None:
    """The MTA's own domain is one of the inventory.

    Why: a domain left over from a template or an installer ends up in addresses and bounces.
    Fix: set mydomain (Exim: qualify_domain).
    """
    evidence.attach("domains of the inventory", ", ".join(own_domains))
    evidence.compare(f"domain {naming.domain}", relation(naming.domain, own_domains), "in", ("owned", "near"))


@requirement("CFG-004", severity="medium", group="mta", controls="CF", refs=["guide A57"], explained_by=["NET-001"])
def test_mta_sends_from_an_owned_domain(naming: Naming, own_domains: tuple[str, ...], evidence: Evidence) -> None:
    """Mail that the host itself sends comes from a domain that the site owns.

    Why: cron mail and bounces from a name without SPF and DKIM are refused, and nobody hears of the fault they tell of.
    Fix: set myorigin = $mydomain (Exim: qualify_domain), or the right name in /etc/mailname.
    """
    evidence.attach("domains of the inventory", ", ".join(own_domains))
    evidence.compare(f"origin {naming.origin}", origin_of(naming, own_domains), "!=", "foreign")
    if origin_of(naming, own_domains) == "host":
        evidence.warn(f"the origin {naming.origin} is a host, not a domain: publish SPF and DKIM for it")
