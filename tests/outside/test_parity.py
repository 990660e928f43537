"""A backup MX that is as strict as the primary, and ones that are not; limits of one client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.flow import test_rate_limits as rate_checks
from checks.recovery import test_backup_mx as backup_checks
from fixtures.backup_parity import SAME, BackupParity, Traits, weaker
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.inside.exim import Exim
from fixtures.inside.mail_settings import command_timeout, filters, hop_limit, recipient_limit, seconds, settings_of
from fixtures.inside.postfix import Postfix
from fixtures.inside.rate_limits import parse
from fixtures.policy import load_policy

POLICY = load_policy().view()

GOOD = Traits(
    {"unknown recipient": "refused", "postmaster": "accepted", "commands ahead of the greeting": "refused"},
    "TLSv1.3",
    20480000,
    {"milter unix:dkim": "yes", "block list zen.example.test": "yes"},
)


def test_an_equal_backup_is_as_the_primary() -> None:
    assert set(weaker(GOOD, GOOD).values()) == {SAME} and len(weaker(GOOD, GOOD)) == 6


@pytest.mark.parametrize(
    ("changes", "trait"),
    [
        ({"answers": {"unknown recipient": "accepted"}}, "unknown recipient"),
        ({"answers": {"postmaster": "refused"}}, "postmaster"),
        ({"answers": {"commands ahead of the greeting": "accepted"}}, "commands ahead of the greeting"),
        ({"tls": ""}, "TLS"), ({"tls": "TLSv1.2"}, "TLS"),
        ({"filters": {"milter unix:dkim": "yes"}}, "block list zen.example.test"), ({"filters": {}}, "milter unix:dkim"),
    ],
)  # fmt: skip
def test_a_weaker_backup(changes: dict[str, Any], trait: str) -> None:
    found = weaker(GOOD, replace(GOOD, **changes))
    assert found[trait] != SAME
    with pytest.raises(RequirementFailed):
        backup_checks.test_backup_mx_is_as_strict(BackupParity(found, ()), Evidence())


@pytest.mark.parametrize(
    "changes",
    [
        {"answers": {"unknown recipient": "deferred"}},  # greylisting
        {"answers": {}}, {"size": None}, {"filters": None},  # no shell there
    ],
)  # fmt: skip
def test_what_was_not_seen_is_not_weaker(changes: dict[str, Any]) -> None:
    assert set(weaker(GOOD, replace(GOOD, **changes)).values()) == {SAME}


def test_a_stricter_backup_is_no_fault() -> None:
    lax = replace(GOOD, answers={"unknown recipient": "accepted"}, tls="TLSv1.2", filters={})
    assert set(weaker(lax, GOOD).values()) == {SAME}


def test_a_backup_that_takes_smaller_messages_is_a_warning() -> None:
    evidence = Evidence()
    backup_checks.test_backup_mx_is_as_strict(BackupParity({"a": SAME}, (), ("mx2",)), evidence)
    assert evidence.level == "warn" and "mx2" in evidence.message


def test_what_was_not_compared_is_told() -> None:
    evidence = Evidence()
    backup_checks.test_backup_mx_is_as_strict(BackupParity({"a": SAME}, ("mx2: filters",)), evidence)
    assert evidence.level == "notice"


def test_filters_are_found_wherever_they_stand() -> None:
    found = filters(
        Postfix({
            "smtpd_milters": "inet:127.0.0.1:11332, unix:dkim",
            "content_filter": "amavis:[127.0.0.1]:10024",
            "postscreen_dnsbl_sites": "zen.example.test*3 bl.example.test",
            "smtpd_recipient_restrictions": "check_policy_service inet:127.0.0.1:10023, reject_rbl_client x.test=127.0.0.2",
            "smtpd_sender_restrictions": "reject_rhsbl_sender dbl.test,permit",
        })
    )  # fmt: skip
    assert sorted(found) == [
        "block list bl.example.test", "block list dbl.test", "block list x.test=127.0.0.2",
        "block list zen.example.test", "content filter amavis:[127.0.0.1]:10024", "milter inet:127.0.0.1:11332",
        "milter unix:dkim", "policy service inet:127.0.0.1:10023",
    ]  # fmt: skip


def test_settings_of_both_products() -> None:
    postfix = Postfix({"smtpd_timeout": "300s", "smtpd_recipient_limit": "1000", "hopcount_limit": "50"})
    exim = Exim("4.96", "", {"smtp_receive_timeout": "5m", "recipients_max": "50000", "received_headers_max": "30"})
    assert (command_timeout(postfix), recipient_limit(postfix), hop_limit(postfix)) == (300, 1000, 50)
    assert (command_timeout(exim), recipient_limit(exim), hop_limit(exim)) == (300, 50000, 30)
    assert command_timeout(None) is recipient_limit(None) is hop_limit(None) is None
    assert seconds("${stress?{10}:{300}}s") is None
    assert settings_of({}, "mx")[0] is None


LIMITED = {
    "smtpd_client_connection_count_limit": "50", "smtpd_client_connection_rate_limit": "100",
    "smtpd_client_message_rate_limit": "100", "smtpd_client_recipient_rate_limit": "100",
    "smtpd_client_auth_rate_limit": "10", "smtpd_hard_error_limit": "10",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "running", "logins", "level"),
    [
        ({}, (), True, "pass"), ({"smtpd_client_auth_rate_limit": "0"}, ("fail2ban.service",), True, "pass"),
        ({"smtpd_client_auth_rate_limit": "0"}, (), False, "pass"),
        ({"smtpd_client_message_rate_limit": "0"}, (), True, "warn"),
        ({"smtpd_client_auth_rate_limit": "0"}, (), True, "fail"), ({"smtpd_hard_error_limit": "0"}, (), True, "fail"),
    ],
)  # fmt: skip
def test_limits_of_one_client(changes: dict[str, str], running: tuple[str, ...], logins: bool, level: str) -> None:
    evidence = Evidence()
    limits = parse(Postfix(LIMITED | changes), running, logins)
    if level == "fail":
        with pytest.raises(RequirementFailed):
            rate_checks.test_one_client_cannot_take_everything(limits, POLICY, evidence)
        return
    rate_checks.test_one_client_cannot_take_everything(limits, POLICY, evidence)
    assert evidence.level == level


def test_limits_of_exim() -> None:
    exim = Exim("4.96", "", {"smtp_accept_max": "50", "smtp_accept_max_per_host": "${if def:x{5}{9}}"})
    assert parse(exim, (), False).unlimited == []
    assert parse(Exim("4.96", "", {"smtp_accept_max": "0"}), (), False).unlimited == [
        "connections",
        "connections at a time",
    ]
