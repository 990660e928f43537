"""Who may send through a host, how much, and for how long it tries."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.lifetime import Lifetime
from fixtures.inside.outbound import Guard
from fixtures.inside.trusted import Trusted
from fixtures.policy import PolicyView
from fixtures.requirement import requirement

NAT = {"ok": 1}


@requirement(
    "FLOW-031", severity="critical", group="mta", controls="AB",
    refs=["postconf(5) mynetworks", "RFC 2505 2.1", "CIS 4.4"], explained_by=["NET-001"],
)  # fmt: skip
def test_only_declared_hosts_are_trusted(trusted: Trusted, evidence: Evidence) -> None:
    """Without a login only this host, declared hosts and declared networks may relay.

    Why: whoever stands in a trusted network sends in the owner's name without a password; one infected machine, or a
    router that hides everybody behind its own address, makes it an open relay.
    Fix: Postfix: mynetworks_style = host, and in mynetworks the addresses of hosts that must send without a login;
    Exim: the host list that the recipient ACL accepts (relay_from_hosts). A network that is meant to be trusted is
    declared in the inventory (`mailproof: trusted`).
    """
    evidence.attach("trusted", trusted.text)
    evidence.compare("trusted beyond what is declared", trusted.wide, "==", ())
    evidence.band("routers among the trusted", trusted.gateways, NAT)


@requirement(
    "FLOW-056", severity="low", group="mta", controls="CF", refs=["RFC 5321 4.5.4.1"], explained_by=["NET-001"]
)
def test_mail_is_tried_long_enough(lifetime: Lifetime, policy: PolicyView, evidence: Evidence) -> None:
    """Mail that cannot be delivered is tried for four days or more, and its sender is told when it is late.

    Why: a receiver that is down over a long weekend must not lose mail; a sender who knows of the delay can telephone.
    Fix: Postfix: maximal_queue_lifetime = 5d, bounce_queue_lifetime = 5d, delay_warning_time = 4h; Exim: a last retry
    rule such as `F,5d,6h`, and delay_warning.
    """
    limits = policy["flow.lifetime"]
    evidence.band("time in the queue", lifetime.queue_days, limits["queue_days"], unit="days")
    evidence.band("time of a bounce in the queue", lifetime.bounce_days, limits["bounce_days"], unit="days")
    evidence.band("time until the sender is told", lifetime.warning_hours, limits["warning_h"], unit="hours")
    evidence.band("no word to late senders", int(not lifetime.warning_hours), limits["warning_off"])


@requirement(
    "FLOW-059", severity="medium", group="mta", controls="AB", refs=["M3AAWG outbound", "CIS 13"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_stolen_account_is_held_back(outbound_guard: Guard, policy: PolicyView, evidence: Evidence) -> None:
    """A limit for each user holds back an account whose password was stolen.

    Why: with one stolen password a spammer sends thousands of mails in an hour, and the host is on every block list
    before anybody reads a complaint.
    Fix: count by login: a policy service at the submission ports (check_policy_service: policyd, postfwd), rspamd's
    ratelimit for `user`, Exim's `ratelimit = ... / $authenticated_id`; alarm on it and know how to suspend the account.
    A limit that stands elsewhere is declared (`mailproof: outbound_limit`).
    """
    evidence.attach("limits", outbound_guard.text)
    evidence.band("limit (2 by user, 1 by address, 0 none)", outbound_guard.strength, policy["flow.outbound_guard"])
