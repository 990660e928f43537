"""How much one client may ask."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.rate_limits import RateLimits
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "FLOW-058", severity="medium", group="mta", controls="AB", refs=["RFC 2505 2.4", "ISO 27001 A.8.6", "postconf(5)"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_one_client_cannot_take_everything(rate_limits: RateLimits, policy: PolicyView, evidence: Evidence) -> None:
    """Connections, messages, recipients and errors of one client are limited, and so are attempts to log in.

    Why: without limits one client fills the queue or guesses passwords at thousands a minute.
    Fix: Postfix: smtpd_client_auth_rate_limit and the other smtpd_client_*_limit, smtpd_hard_error_limit (10), or
    fail2ban with postfix-sasl; Exim: smtp_accept_max, smtp_accept_max_per_host and an ACL with ratelimit.
    """
    if rate_limits.login_guards is not None:
        evidence.compare("what slows down the guessing of passwords", list(rate_limits.login_guards), "!=", [])
    if rate_limits.errors is not None:
        evidence.compare("errors before a client is dropped", rate_limits.errors, ">=", 1)
    evidence.attach("limits", ", ".join(f"{name}: {limit or 'none'}" for name, limit in rate_limits.limits.items()))
    evidence.band("not limited for one client", rate_limits.unlimited, policy["flow.unlimited"])
