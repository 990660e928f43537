"""SMTP servers keep to the letter of SMTP."""

from __future__ import annotations

from fixtures.dialogue.conformance import HELD, Conformance
from fixtures.evidence import Evidence
from fixtures.requirement import requirement


@requirement(
    "NET-013", severity="medium", controls="CF",
    refs=["guide A137", "RFC 5321 2.4", "RFC 5321 4.1.4", "RFC 5321 4.2.4", "RFC 5321 4.5.1", "RFC 2034 4"],
    explained_by=["NET-003", "TLS-030", "TLS-031"], where={"protocol": ("smtp", "submission")},
)  # fmt: skip
def test_smtp_is_spoken_by_the_book(conformance: Conformance, evidence: Evidence) -> None:
    """The server answers EHLO, HELO, NOOP, RSET and QUIT, and commands unknown or out of order, as RFC 5321 demands.

    Why: other servers rely on it; what departs from it loses mail of some senders only, which is hard to find.
    Fix: the rule that is broken is named with its section. Look for a proxy, firewall ("SMTP inspection", "fixup") or
    filter in front of the MTA, and update or remove it; the MTA itself seldom errs.
    """
    evidence.each("RFC 5321,", conformance.musts, "==", HELD)
    if conformance.unseen:
        evidence.notice("put off or not answered, so not seen: " + "; ".join(conformance.unseen))
    if conformance.minor:
        evidence.warn("small departures: " + "; ".join(conformance.minor))
