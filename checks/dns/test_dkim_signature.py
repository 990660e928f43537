"""DKIM as it is really used: a message that was signed verifies."""

from __future__ import annotations

from fixtures.estate import Domain
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.signatures import Signatures


def has_probe(domain: Domain) -> bool:
    """Whether the inventory declares a mailbox that may receive a probe mail."""
    return domain.probe is not None


@requirement(
    "DNS-009", severity="critical", controls="MA", refs=["guide A31", "RFC 6376 6.1", "RFC 8301 3"], active=True,
    explained_by=["DNS-008", "DNS-040", "DNS-041"], where={"test": has_probe},
)  # fmt: skip
def test_signed_mail_verifies(
    signatures: Signatures, signs_undeclared: tuple[str, ...], policy: PolicyView, evidence: Evidence
) -> None:
    """The probe mail arrives with a signature of the domain that verifies against the published key.

    Why: key files and records may look right while the signer uses another selector, or something changes mail after
    it was signed; receivers then see no valid signature, and DMARC rests on SPF alone.
    Fix: compare the selector named with those published and with the signer's tables (KeyTable, SigningTable); where
    the body hash differs find what changes the mail after the signer.
    """
    evidence.each("signature", signatures.results, "==", "pass")
    evidence.band("signatures over a part of the text (l=)", signatures.partial, policy["dns.dkim_partial"])
    evidence.band("selectors that sign undeclared", signs_undeclared, policy["dns.dkim_undeclared"])
