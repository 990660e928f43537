"""Mailbox access: no password before TLS, no weak mechanism after it."""

from __future__ import annotations

from fixtures.dialogue.banner import versions
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.prober import Session
from fixtures.requirement import requirement


@requirement(
    "ACC-030", severity="critical", controls="AC TR", refs=["RFC 9051 6.2", "RFC 9051 11", "RFC 8314 4.1"],
    explained_by=["NET-003"], where={"protocol": "imap", "tls": "starttls"},
)  # fmt: skip
def test_imap_takes_no_password_before_tls(dialogue: Session, evidence: Evidence) -> None:
    """IMAP announces LOGINDISABLED before TLS, and no mechanism that sends a password; after TLS logins are enabled.

    Why: a client that is not told so sends the password in the clear.
    Fix: Dovecot 2.4: auth_allow_cleartext = no; Dovecot 2.3: disable_plaintext_auth = yes; and ssl = required.
    """
    evidence.compare("ways to log in before TLS", dialogue.auth_in_clear, "==", [])
    evidence.compare("capabilities after TLS", dialogue.capabilities, "not in", [[], {}])
    evidence.compare("LOGINDISABLED after TLS", getattr(dialogue, "still_disabled", False), "==", False)


@requirement(
    "ACC-031", severity="high", controls="AC", refs=["RFC 2595 4", "RFC 5034", "RFC 1939 7"],
    explained_by=["NET-003"], where={"protocol": "pop3", "tls": "starttls"},
)  # fmt: skip
def test_pop3_takes_no_password_before_tls(dialogue: Session, evidence: Evidence) -> None:
    """POP3 offers neither USER nor a SASL mechanism before STLS.

    Why: a client that is offered them sends the password in the clear.
    Fix: Dovecot 2.4: auth_allow_cleartext = no; Dovecot 2.3: disable_plaintext_auth = yes; or switch POP3 off.
    """
    evidence.compare("ways to log in before TLS", dialogue.auth_in_clear, "==", [])


@requirement(
    "ACC-032", severity="medium", controls="AC", refs=["RFC 5804 1.7", "RFC 5804 2.1"],
    explained_by=["NET-003", "TLS-030"], where={"protocol": "sieve", "tls": "starttls"},
)  # fmt: skip
def test_managesieve_takes_no_password_before_tls(dialogue: Session, evidence: Evidence) -> None:
    """ManageSieve offers STARTTLS, and no SASL mechanism before it.

    Why: its password is the mailbox's own.
    Fix: Dovecot: ssl = required, and auth_allow_cleartext = no (2.4) or disable_plaintext_auth = yes (2.3).
    """
    evidence.compare("STARTTLS offered", dialogue.starttls_offered, "==", True)
    evidence.compare("ways to log in before TLS", dialogue.auth_in_clear, "==", [])


@requirement(
    "ACC-033", severity="medium", controls="AC", refs=["RFC 6331", "RFC 7677", "RFC 7628"],
    explained_by=["NET-003", "TLS-030", "TLS-031"], where={"protocol": ("submission", "imap", "pop3", "sieve")},
)  # fmt: skip
def test_sasl_mechanisms_are_sound(dialogue: Session, policy: PolicyView, evidence: Evidence) -> None:
    """No weak SASL mechanism is offered.

    Why: CRAM-MD5, DIGEST-MD5 and NTLM need the password in the clear on the server and can be broken;
    ANONYMOUS lets everybody in.
    Fix: Dovecot: auth_mechanisms = plain login (behind TLS), with scram-sha-256 or oauthbearer where clients can.
    """
    evidence.compare("mechanisms", dialogue.auth, "!=", [])
    evidence.each("mechanism", {name: name for name in dialogue.auth}, "not in", policy["acc.mechanisms_forbidden"])


@requirement(
    "ACC-035", severity="low", controls="CF", refs=["RFC 2971 4"], explained_by=["NET-003"],
    where={"protocol": ("imap", "pop3", "sieve")},
)  # fmt: skip
def test_greeting_tells_no_version(dialogue: Session, policy: PolicyView, evidence: Evidence) -> None:
    """Neither the greeting nor the answer to ID tells a version of the software.

    Why: it tells an attacker which holes to try.
    Fix: Dovecot: set login_greeting to a plain text, and imap_id_send to nothing.
    """
    evidence.attach("greeting", dialogue.self_description)
    found = versions(dialogue.self_description)
    evidence.band("versions told", len(found), policy["net.versions_told"])
