"""Mail that leaves, and mail between the estate's own programs, is encrypted."""

from __future__ import annotations

from collections.abc import Mapping

from fixtures.estate import Domain
from fixtures.evidence import Evidence
from fixtures.outbound.hops import CLEAR, OPPORTUNISTIC, Hop, in_state
from fixtures.outbound.level import Outbound
from fixtures.outbound.refusal import REFUSED, Outcome
from fixtures.outbound.require_tls import RequireTls
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


def has_refused(domain: Domain) -> bool:
    """Whether the inventory declares receivers that no mail may reach."""
    return domain.probe is not None and any(domain.probe.refused.model_dump().values())


@requirement(
    "TLS-048", severity="high", controls="TR", group="mta", refs=["RFC 7435", "RFC 8314 4.1", "NIST 800-177r1 5"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_outbound_mail_is_encrypted(outbound: Outbound, policy: PolicyView, evidence: Evidence) -> None:
    """Mail that leaves the host is encrypted with TLS 1.2 or better wherever the receiver offers it.

    Why: without it every line on the way reads the mail; a fall in the share is how an attacker who strips STARTTLS, or
    a broken trust store, first shows.
    Fix: Postfix: smtp_tls_security_level = dane (may without DNSSEC), smtp_tls_loglevel = 1; Exim: no hosts_avoid_tls,
    hosts_try_dane = *. Where the level is right, look in the log which receivers are sent to in clear text.
    """
    evidence.each("TLS level of", outbound.levels, "in", policy["tls.outbound_levels"])
    evidence.attach("deliveries", outbound.text())
    evidence.band("deliveries whose TLS is not logged (smtp_tls_loglevel = 0)", int(not outbound.logged), {"warn": 1})
    if not outbound.logged or outbound.total < policy["tls.outbound_least"]:
        evidence.notice(f"the share is not judged: {outbound.total} deliveries, TLS logged: {outbound.logged}")
    else:
        share = 100 * outbound.share
        evidence.band("deliveries over TLS 1.2 or better", round(share, 2), policy["tls.outbound_share"], unit="%")


@requirement(
    "TLS-049", severity="high", controls="TR", refs=["RFC 8461 5", "RFC 7672 2.2"], active=True,
    explained_by=["NET-001", "SVC-001", "TLS-048"], where={"test": has_refused},
)  # fmt: skip
def test_outbound_honours_dane_and_mta_sts(refusals: Mapping[str, Outcome], evidence: Evidence) -> None:
    """Mail to a receiver whose certificate DANE or its MTA-STS policy forbids is not delivered.

    Why: opportunistic TLS takes any certificate, so whoever diverts the connection reads the mail; both mechanisms help
    only where the sender obeys them.
    Fix: Postfix: smtp_tls_security_level = dane and smtp_dns_support_level = dnssec with a validating resolver on the
    host; for MTA-STS a policy map such as postfix-mta-sts-resolver in smtp_tls_policy_maps. Exim: hosts_try_dane = *.
    """
    evidence.attach("outcomes", "\n".join(f"{name}: {item.state}: {item.detail}" for name, item in refusals.items()))
    evidence.each("mail to", {name: item.state for name, item in refusals.items()}, "==", REFUSED)


@requirement(
    "TLS-050", severity="low", controls="TR", refs=["RFC 8689 2", "RFC 8689 4.2"],
    explained_by=["NET-003", "TLS-030", "TLS-031"],
    where={"protocol": ("smtp", "submission"), "tls": ("starttls", "implicit")},
)  # fmt: skip
def test_requiretls_is_offered(require_tls: RequireTls, policy: PolicyView, evidence: Evidence) -> None:
    """REQUIRETLS is offered over TLS, as far as the profile demands it.

    Why: with it a sender can insist that a message travels encrypted or comes back; few servers know it so far.
    Fix: Postfix 3.11 or later offers it over TLS; until then nothing is lost but a choice of the sender's.
    """
    evidence.band("REQUIRETLS not offered", int(not require_tls.offered), policy["tls.requiretls_missing"])
    evidence.band("REQUIRETLS offered before TLS", int(require_tls.before_tls), policy["tls.requiretls_early"])


@requirement(
    "TLS-051", severity="high", controls="TR", group=["mta", "imap"], refs=["NIST 800-53 SC-8", "PCI DSS 2.2.7"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_internal_hops_are_encrypted(internal_hops: tuple[Hop, ...], policy: PolicyView, evidence: Evidence) -> None:
    """What the mail software says to filters, stores and databases on other hosts is encrypted.

    Why: behind the edge the same mail and the same passwords cross the network; whoever sits on it needs no key.
    Fix: use a socket on the host, TLS (lmtp_tls_security_level = encrypt, ldaps, tls_CAfile, sslmode=verify-full,
    tcps), or a tunnel, and declare its network under protected_networks. Milters know no TLS: tunnel them.
    """
    evidence.attach("hops", "\n".join(map(str, internal_hops)) or "none over the network")
    evidence.compare("hops in clear text that leave the host", in_state(internal_hops, CLEAR), "==", [])
    loose = in_state(internal_hops, OPPORTUNISTIC)
    evidence.band("hops that are encrypted only if the other side offers it", loose, policy["tls.hops_opportunistic"])
