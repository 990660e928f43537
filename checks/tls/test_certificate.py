"""The certificate that a stranger is shown: path, names, dates, key."""

from __future__ import annotations

from datetime import datetime

from fixtures.estate import Endpoint
from fixtures.evidence import Evidence
from fixtures.outside import Trust
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.tls.chain import Chain

SPEAKS_TLS = {"tls": ("starttls", "implicit")}
UNREACHED = ["NET-003", "TLS-030", "TLS-031"]


@requirement(
    "TLS-038", severity="high", controls="CR", refs=["RFC 5280 6", "RFC 9325 7", "RFC 8446 4.4.2"],
    explained_by=[*UNREACHED, "TLS-045"], where=SPEAKS_TLS,
)  # fmt: skip
def test_chain_is_trusted(
    tls_chain: Chain, tls_trust: Trust, now: datetime, policy: PolicyView, evidence: Evidence
) -> None:
    """The chain is complete, in order, and leads to the trust store.

    Why: clients warn or refuse, and senders under MTA-STS do not deliver, when a link is missing or unknown.
    Fix: serve the leaf followed by every intermediate (the file usually named fullchain), issued by a CA that
    clients know.
    """
    evidence.compare("path to the trust store", tls_trust.verdict, "==", "trusted")
    evidence.compare("links out of order", tls_chain.order_faults, "==", [])
    evidence.compare("intermediates outside their dates", tls_chain.outside_dates(now), "==", [])
    evidence.band("departures from RFC 5280", tls_chain.defects, policy["tls.chain_defects"])
    evidence.attach("chain", "\n".join(item.subject for item in tls_chain.certificates))


@requirement(
    "TLS-039", severity="high", controls="CR", refs=["RFC 9525 6.3", "RFC 7817 3", "RFC 8461 4.1"],
    explained_by=UNREACHED, where=SPEAKS_TLS,
)  # fmt: skip
def test_certificate_names_the_server(endpoint: Endpoint, tls_chain: Chain, evidence: Evidence) -> None:
    """The certificate holds the server's name as a subject alternative name.

    Why: a name elsewhere (common name, other host) counts for nobody: clients warn and MTA-STS senders do not deliver.
    Fix: issue the certificate for the MX host name and for every name that clients are told to use.
    """
    evidence.attach("names", "\n".join((*tls_chain.leaf.names, *tls_chain.leaf.addresses)) or "none")
    evidence.compare("names in the certificate", sorted(tls_chain.leaf.names), "!=", [])
    covered = tls_chain.leaf.covers(endpoint.server_name)
    evidence.compare(f"certificate covers {endpoint.server_name}", covered, "==", True)


@requirement(
    "TLS-040", severity="critical", controls="CR", stage="quick", refs=["CA/B BR 6.3.2", "RFC 5280 4.1.2.5"],
    explained_by=UNREACHED, where=SPEAKS_TLS,
)  # fmt: skip
def test_certificate_is_not_about_to_expire(
    tls_chain: Chain, now: datetime, policy: PolicyView, evidence: Evidence
) -> None:
    """The certificate is valid, and a fair part of its lifetime is left.

    Why: an expired certificate stops every client at once; renewal that works leaves at least a third of the lifetime.
    Fix: renew it now, reload Postfix and Dovecot, and mend the renewal timer that should have done so.
    """
    leaf = tls_chain.leaf
    evidence.compare("valid from", leaf.not_before, "<=", now)
    evidence.compare("days left", round(leaf.days_left(now), 2), ">=", policy["tls.expiry_days_min"], unit="days")
    evidence.band("share of the lifetime left", round(leaf.life_left(now), 3), policy["tls.life_left"])


@requirement(
    "TLS-044", severity="high", controls="CR", refs=["NIST 800-57 5.6", "NIST 800-131A", "NCSC-NL TLS 2025-05 3.3.2"],
    explained_by=UNREACHED, where=SPEAKS_TLS,
)  # fmt: skip
def test_certificate_key_is_strong(
    tls_chain: Chain, shared_key: list[str], policy: PolicyView, evidence: Evidence
) -> None:
    """The certificate's key is long enough, and it is signed with SHA-256 or better.

    Why: a short key or a SHA-1 signature can be forged, and current clients refuse both.
    Fix: issue a new certificate with an EC P-256 or RSA 3072 key, signed with SHA-256.
    """
    leaf = tls_chain.leaf
    evidence.compare("kind of key", leaf.key, "in", list(policy["tls.key_bits"]))
    evidence.band(f"{leaf.key} key", leaf.bits, policy["tls.key_bits"][leaf.key], unit="bits")
    evidence.each("signature hash of", tls_chain.signature_hashes, "not in", policy["tls.hashes_forbidden"])
    evidence.band("other hosts with the same key", shared_key, policy["tls.key_shared"])
