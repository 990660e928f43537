"""The mailbox at work."""

from __future__ import annotations

from fixtures.dialogue.mailbox import DONE, Mailbox
from fixtures.estate import Domain
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.smtp_behaviour import percentile


def has_probe(domain: Domain) -> bool:
    """Whether the inventory declares a mailbox that may be used for probes."""
    return domain.probe is not None


@requirement(
    "ACC-034", severity="critical", controls="AV", refs=["RFC 9051 6", "RFC 2177", "RFC 4315"], active=True,
    explained_by=["NET-001", "NET-003", "SVC-002", "TLS-031", "TLS-038", "TLS-039", "RES-003"],
    where={"test": has_probe},
)  # fmt: skip
def test_mailbox_works(mailbox: Mailbox, policy: PolicyView, evidence: Evidence) -> None:
    """A user can log in, store, find, read and delete a message, and be told of new ones, without waiting.

    Why: a store that greets and lets in may still be read-only, full or broken, and users lose mail or see none.
    Fix: the step that failed is named with the server's words; look at the store's log (`journalctl -u dovecot`), the
    rights and space of the mail directories, and the quota of the probe mailbox.
    """
    evidence.each("step", mailbox.outcomes, "==", DONE)
    greeting = percentile(mailbox.greetings, 95)
    evidence.band("time to the greeting, 95th percentile", greeting, policy["acc.mailbox.greeting_s"], unit="s")
    evidence.band("slowest step", max(mailbox.seconds.values()), policy["acc.mailbox.step_s"], unit="s")
