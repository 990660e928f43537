"""Submission demands a login, port 25 offers none, and no password travels in the clear."""

from __future__ import annotations

from fixtures.dialogue.relay import judged
from fixtures.dialogue.smtp import CLEAR_AUTH_TAKEN, SmtpFacts
from fixtures.estate import Endpoint
from fixtures.evidence import Evidence
from fixtures.requirement import requirement


@requirement(
    "FLOW-033", severity="critical", controls="AC", refs=["RFC 6409 4.3", "RFC 8314 3.3", "RFC 4954"],
    explained_by=["NET-003", "TLS-030", "TLS-031"], where={"protocol": ("smtp", "submission")},
)  # fmt: skip
def test_login_where_it_belongs(endpoint: Endpoint, smtp: SmtpFacts, evidence: Evidence) -> None:
    """Submission offers AUTH and takes no mail without it; port 25 offers none.

    Why: mail taken on submission without a login passes as the owner's own, signed and not to be traced to a user; on
    port 25 passwords are guessed all day, beside the limits and logs that watch submission.
    Fix: Postfix: smtpd_sasl_auth_enable = no in main.cf; yes on submission and smtps in master.cf, there with
    smtpd_relay_restrictions and smtpd_recipient_restrictions = permit_sasl_authenticated, reject.
    """
    evidence.compare("AUTH offered", bool(smtp.auth), "==", endpoint.protocol == "submission")
    if endpoint.protocol == "submission":
        evidence.each("without a login", judged(smtp.unauthenticated, smtp.talk.name), "!=", "accepted")


@requirement(
    "FLOW-034", severity="critical", controls="AC TR", refs=["RFC 4954 4", "RFC 8314 4.1"],
    explained_by=["NET-003"], where={"protocol": ("smtp", "submission"), "tls": "starttls"},
)  # fmt: skip
def test_no_login_before_tls(smtp: SmtpFacts, evidence: Evidence) -> None:
    """AUTH is neither offered nor taken before TLS.

    Why: a client that is offered it sends the password in the clear, to whoever listens.
    Fix: Postfix: smtpd_tls_auth_only = yes; Exim: auth_advertise_hosts only where $tls_in_cipher is set.
    """
    evidence.compare("SASL mechanisms before TLS", smtp.auth_in_clear, "==", [])
    evidence.compare("answer to AUTH before TLS", smtp.clear_auth_answer.code, "not in", CLEAR_AUTH_TAKEN)
