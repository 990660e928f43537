"""TLS is offered, in the versions that the policy allows."""

from __future__ import annotations

from fixtures.dialogue.conversation import Conversation
from fixtures.estate import Endpoint
from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.prober import Session
from fixtures.requirement import requirement
from fixtures.tls.versions import OLD, TlsVersions

SPEAKS_TLS = {"tls": ("starttls", "implicit")}


@requirement(
    "TLS-001", severity="critical", controls="TR", refs=["guide A114", "RFC 9325 3.1.1", "RFC 8446"],
    explained_by=["NET-003", "TLS-030", "TLS-031", "TLS-032"], where=SPEAKS_TLS,
)  # fmt: skip
def test_tls13_is_offered(
    endpoint: Endpoint, tls_versions: TlsVersions, policy: PolicyView, evidence: Evidence
) -> None:
    """TLS 1.3 is offered, and no version that the policy does not allow.

    Why: versions below 1.2 are broken, and 1.3 alone protects the handshake; on port 25 TLS 1.2 stays, because a sender
    that is refused it falls back to clear text.
    Fix: Postfix: smtpd_tls_protocols = >=TLSv1.2; Dovecot: ssl_min_protocol = TLSv1.2; an OpenSSL of 1.1.1 or later.
    """
    states = tls_versions.states(*policy["tls.versions_required"])
    if endpoint.protocol == "smtp" and policy["tls.missing_on_smtp"] == "warn" and "refused" in states.values():
        evidence.warn(f"offered are only {', '.join(tls_versions.accepted) or 'none'}")
    else:
        evidence.each("offer of", states, "==", "accepted")
    allowed = policy["tls.versions_allowed_on_smtp" if endpoint.protocol == "smtp" else "tls.versions_allowed"]
    evidence.compare("versions accepted", tls_versions.accepted, "subset", allowed)


@requirement(
    "TLS-030", severity="critical", controls="TR", refs=["RFC 3207 4", "RFC 2595", "RFC 5804 2.2", "RFC 8314 3"],
    explained_by=["NET-003", "FLOW-055"], where={"tls": "starttls"},
)  # fmt: skip
def test_starttls_works(dialogue: Session, conversation: Conversation, evidence: Evidence) -> None:
    """STARTTLS is offered, and the handshake that follows it is completed.

    Why: without it mail and passwords cross the net in the clear, and senders that demand TLS cannot deliver.
    Fix: Postfix: smtpd_tls_security_level = may (encrypt on 587), key and certificate readable; Dovecot: ssl =
    required.
    """
    evidence.compare("STARTTLS offered", dialogue.starttls_offered, "==", True)
    evidence.compare("TLS handshake", conversation.tls_outcome, "==", "completed")


@requirement(
    "TLS-031", severity="high", controls="TR", refs=["RFC 8314 3.3", "RFC 8314 7.3"],
    explained_by=["NET-003"], where={"tls": "implicit"},
)  # fmt: skip
def test_implicit_tls_works(conversation: Conversation, evidence: Evidence) -> None:
    """The port speaks TLS from the first byte.

    Why: clients set to "SSL/TLS" on 465, 993 and 995 reach nothing else, and clear text there betrays their passwords.
    Fix: Postfix: smtpd_tls_wrappermode = yes on smtps; Dovecot: ssl = yes in the imaps and pop3s listeners; check that
    key and certificate load.
    """
    evidence.compare("TLS handshake", conversation.tls_outcome, "==", "completed")


@requirement(
    "TLS-032", severity="high", controls="TR",
    refs=["RFC 8996", "RFC 8997", "RFC 7568", "RFC 6176", "NIST 800-52r2 3.1"],
    explained_by=["NET-003", "TLS-030", "TLS-031"], where=SPEAKS_TLS,
)  # fmt: skip
def test_old_versions_are_refused(
    endpoint: Endpoint, tls_versions: TlsVersions, policy: PolicyView, evidence: Evidence
) -> None:
    """SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1 are refused.

    Why: they rest on MD5 and SHA-1 and are open to downgrade; no current client or sender needs them.
    Fix: Postfix: smtpd_tls_protocols and smtpd_tls_mandatory_protocols = >=TLSv1.2; Dovecot: ssl_min_protocol =
    TLSv1.2.
    """
    states = tls_versions.states(*OLD)
    level = policy["tls.old_on_smtp"] if endpoint.protocol == "smtp" else "fail"
    accepted = [version for version, state in states.items() if state != "refused"]
    evidence.attach("offers", "\n".join(f"{version}: {state}" for version, state in states.items()))
    evidence.band("old versions accepted", accepted, {level: 1})
