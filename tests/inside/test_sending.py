"""Who is trusted, how long is tried, what limits a user: both sides of each limit."""

from __future__ import annotations

import pytest

from fixtures.backend.readonly import refuse
from fixtures.errors import ProbeError
from fixtures.inside import lifetime, outbound, trusted

WIDEST = {"v4": 16, "v6": 48}


def test_the_commands_only_look() -> None:
    commands = [module.POSTFIX_COMMAND for module in (lifetime, outbound, trusted)]
    commands += [module.EXIM_COMMAND for module in (lifetime, outbound, trusted)]
    assert [refuse(command) for command in commands] == [None] * 6


@pytest.mark.parametrize(
    ("entry", "good"),
    [
        ("127.0.0.0/8", True), ("[::1]/128", True), ("[::ffff:127.0.0.0]/104", False), ("192.0.2.1", True),
        ("192.0.2.0/31", True), ("192.0.2.0/30", False), ("[2001:db8::1]", True), ("[2001:db8::]/64", False),
        ("10.1.0.0/16", True), ("10.1.2.3", True), ("10.1.0.0/15", False), ("10.0.0.0/8", False), ("0.0.0.0/0", False),
        ("*", False), ("!192.0.2.99", True), ("@[]", True), ("fe80::/10", False),
    ],
)  # fmt: skip
def test_what_goes_beyond_the_declared(entry: str, good: bool) -> None:
    declared = ["192.0.2.0", "192.0.2.1", "2001:db8::1"]
    assert (not trusted.beyond([entry], declared, ["10.1.0.0/16"], WIDEST)) == good


def test_a_declared_network_has_a_width_too() -> None:
    assert trusted.beyond(["10.0.0.0/8"], [], ["10.0.0.0/8"], WIDEST) == ["10.0.0.0/8 is declared, yet wider than /16"]


@pytest.mark.parametrize("entry", ["hash:/etc/postfix/networks", "mx.example.org", "$mynetworks", "10.0.0.0/99", ""])
def test_what_cannot_be_read_is_not_measured(entry: str) -> None:
    with pytest.raises(ProbeError, match="not known"):
        trusted.beyond([entry], [], [], WIDEST)


def test_services_and_files_of_postfix() -> None:
    text = (
        "== main\nmynetworks = 127.0.0.0/8, cidr:/etc/postfix/nets\n== services\n"
        "2525/inet/mynetworks = 192.0.2.1,[::1]/128\n== file /etc/postfix/nets\n# ours\n10.0.0.0/8 permit\n== end\n"
    )
    assert trusted.parse_postfix(text) == {
        "main.cf": ("127.0.0.0/8", "10.0.0.0/8"),
        "2525/inet": ("192.0.2.1", "[::1]/128"),
    }


EXIM = """== config
hostlist relay_from_hosts = <; 127.0.0.1 ; ::1 ; 10.0.0.0/8
acl_smtp_rcpt = acl_rcpt
begin acl
  acl_other:
    accept hosts = 0.0.0.0/0
  acl_rcpt:
    accept hosts = :
    accept hosts = +relay_from_hosts
    control = dkim_disable_verify
    accept hosts = 192.0.2.0/24
    domains = +local_domains
    deny hosts = 198.51.100.0/24
    accept authenticated = *
begin routers
== end
"""


def test_hosts_that_exim_accepts_for_any_recipient() -> None:
    found = trusted.parse_exim(EXIM)
    assert list(found.values()) == [(), ("127.0.0.1", "::1", "10.0.0.0/8")]
    with pytest.raises(ProbeError, match="is not shown"):
        trusted.parse_exim(EXIM.replace("hostlist relay_from_hosts", "hostlist other"))
    with pytest.raises(ProbeError, match="acl_smtp_rcpt"):
        trusted.parse_exim("== config\n== end\n")


def test_a_router_among_the_trusted() -> None:
    entries = {"main.cf": ("127.0.0.0/8", "192.0.2.0/24", "!192.0.2.9")}
    assert trusted._gateways(entries, ["192.0.2.254", "fe80::1"], []) == ["192.0.2.254 is in 192.0.2.0/24"]
    assert trusted._gateways(entries, ["192.0.2.254"], ["192.0.2.254"]) == []


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (("5d", "5d", "4h"), (5, 5, 4)), (("1d", "5d", "0h"), (1, 1, 0)), (("5", "0", "4"), (5, 0, 4)),
        (("432000s", "1w", "0"), (5, 5, 0)),
    ],
)  # fmt: skip
def test_lifetimes_of_postfix(values: tuple[str, ...], found: tuple[float, ...]) -> None:
    names = ("maximal_queue_lifetime", "bounce_queue_lifetime", "delay_warning_time")
    text = "".join(f"{name} = {value}\n" for name, value in zip(names, values, strict=True))
    seen = lifetime.parse_postfix(text)
    assert (seen.queue_days, seen.bounce_days, seen.warning_hours) == found
    with pytest.raises(ProbeError):
        lifetime.parse_postfix("maximal_queue_lifetime = soon\nbounce_queue_lifetime = 1d\ndelay_warning_time = 1h\n")


def test_lifetimes_of_exim() -> None:
    text = (
        "== rule\nRetry rule: *  *  F,2h,15m; G,16h,1h,1.5; F,4d,6h; \n== bounces\nignore_bounce_errors_after = 10w\n"
        "== warning\ndelay_warning = 1d:2d\n== end\n"
    )
    seen = lifetime.parse_exim(text)
    assert (seen.queue_days, seen.bounce_days, seen.warning_hours) == (4, 4, 24)
    none = lifetime.parse_exim(text.replace("Retry rule: *  *  F,2h,15m; G,16h,1h,1.5; F,4d,6h; ", "No retry information found"))
    assert none.queue_days == 0
    with pytest.raises(ProbeError):
        lifetime.parse_exim("== rule\nexim: permission denied\n== end\n")


MAIN = "== main\nsmtpd_recipient_restrictions = {}\nsmtpd_client_message_rate_limit = {}\nsmtpd_sasl_auth_enable = {}\n"
SERVICE = "== services\nsubmission/inet/smtpd_sasl_auth_enable = yes\n"


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        (MAIN.format("", 0, "no") + SERVICE, 0),
        (MAIN.format("", 100, "no") + SERVICE, 1),
        (MAIN.format("check_policy_service inet:127.0.0.1:10031", 0, "no") + SERVICE, 2),
        (MAIN.format("check_policy_service,unix:private/quota", 0, "no") + SERVICE, 2),
        (MAIN.format("check_policy_service { inet:127.0.0.1:10031, timeout=10s }", 0, "no") + SERVICE, 2),
        (MAIN.format("check_policy_service unix:private/policyd-spf", 0, "no") + SERVICE, 0),
        (MAIN.format("check_policy_service inet:127.0.0.1:10023", 0, "yes"), 0),
        # main.cf counts only where a service with a login takes it over
        (MAIN.format("check_policy_service inet:127.0.0.1:10031", 0, "no")
         + SERVICE + "submission/inet/smtpd_recipient_restrictions = permit_sasl_authenticated,reject\n", 0),
        (MAIN.format("check_policy_service inet:127.0.0.1:10031", 0, "no"), 0),
        (MAIN.format("", 0, "no") + SERVICE + "submission/inet/smtpd_milters = inet:127.0.0.1:11332\n"
         "== rspamd\nrates {\n  user {\n", 2),
        (MAIN.format("", 0, "no") + SERVICE + "submission/inet/smtpd_milters = inet:127.0.0.1:11332\n== rspamd\n", 0),
    ],
)  # fmt: skip
def test_limits_of_postfix(text: str, strength: int) -> None:
    assert outbound.parse_postfix(text + "== end\n").strength == strength


def test_limits_of_exim() -> None:
    assert outbound.parse_exim("== limits\n    ratelimit = 100 / 1h / per_rcpt / $authenticated_id\n== end\n").strength == 2
    assert outbound.parse_exim("== limits\n    ratelimit = 100 / 1h / $sender_host_address\n== end\n").strength == 1
    assert outbound.parse_exim("== limits\n== end\n").strength == 0
