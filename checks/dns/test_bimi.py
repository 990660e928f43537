"""BIMI: the logo beside the mail, for domains that declare one."""

from __future__ import annotations

from fixtures.bimi import Bimi
from fixtures.estate import Domain
from fixtures.evidence import Evidence
from fixtures.requirement import requirement


def has_logo(domain: Domain) -> bool:
    """Whether the inventory declares that the domain shows a logo."""
    return domain.bimi is not None


@requirement("DNS-062", severity="info", controls="MA", explained_by=["DNS-043", "DNS-044", "DNS-051"],
             refs=["draft-brand-indicators-for-message-identification", "draft-svg-tiny-ps-abrotman"],
             where={"test": has_logo})  # fmt: skip
def test_bimi_logo_can_be_shown(bimi: Bimi, evidence: Evidence) -> None:
    """The declared logo has one valid record, a file that mail programs take, a good certificate, and enforced DMARC.

    Why: mailbox providers show no logo at all where one of these is wrong, and say so to nobody.
    Fix: correct what is named. The file must be SVG Tiny PS: have it exported as such, with a title and a square
    viewBox, without scripts, links, pictures or styles.
    """
    evidence.attach("record", bimi.text())
    evidence.compare("what DMARC lacks", bimi.precondition, "==", ())
    evidence.compare("faults", bimi.faults, "==", ())
