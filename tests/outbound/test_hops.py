"""Internal hops, on effective configurations of Postfix, Dovecot and Exim."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.tls import test_outbound as checks
from fixtures.backend.readonly import refuse
from fixtures.errors import ProbeError
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.outbound import hops
from fixtures.outbound.hops import CLEAR, ENCRYPTED, LOCAL, OPPORTUNISTIC, PROTECTED, Hop, Surroundings
from fixtures.policy import load_policy

HERE = Surroundings(frozenset({"mx.example.org"}), frozenset({"192.0.2.10"}), ("10.9.0.0/24",))
POLICY = load_policy().view()


def found(text: str) -> dict[str, str]:
    return {hop.place: hop.state for hop in hops.parse(f"{text}== end\n", HERE)}


@pytest.mark.parametrize(
    ("setting", "place", "state"),
    [
        ("smtpd_milters = unix:opendkim/opendkim.sock", "unix:opendkim/opendkim.sock", LOCAL),
        ("smtpd_milters = inet:localhost:8891", "inet:localhost:8891", LOCAL),
        ("smtpd_milters = inet:192.0.2.10:8891", "inet:192.0.2.10:8891", LOCAL),
        ("smtpd_milters = inet:10.0.0.5:8891", "inet:10.0.0.5:8891", CLEAR),
        ("smtpd_milters = inet:10.9.0.5:8891", "inet:10.9.0.5:8891", PROTECTED),
        ("smtpd_milters = { inet:rspamd:11332, default_action=accept }", "inet:rspamd:11332", CLEAR),
        ("virtual_transport = lmtp:unix:private/dovecot-lmtp", "", ""),
        ("virtual_transport = lmtp:inet:10.0.0.5:24\nlmtp_tls_security_level = encrypt", "inet:10.0.0.5:24", ENCRYPTED),
        ("virtual_transport = lmtp:inet:10.0.0.5:24\nlmtp_tls_security_level = may", "inet:10.0.0.5:24", OPPORTUNISTIC),
        ("virtual_transport = lmtp:inet:10.0.0.5:24", "inet:10.0.0.5:24", CLEAR),
        ("content_filter = smtp-amavis:[127.0.0.1]:10024", "[127.0.0.1]:10024", LOCAL),
        ("content_filter = smtp:[10.0.0.6]:10024", "[10.0.0.6]:10024", CLEAR),
        ("smtpd_sasl_path = inet:10.0.0.5:12345", "inet:10.0.0.5:12345", CLEAR),
        ("smtpd_sasl_path = private/auth", "", ""),
        ("smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service inet:10.0.0.5:10023, permit",
         "inet:10.0.0.5:10023", CLEAR),
        ("smtpd_recipient_restrictions = check_policy_service unix:private/policyd-spf", "unix:private/policyd-spf", LOCAL),
        ("smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:postfix", "socketmap:inet:127.0.0.1:8461:postfix", LOCAL),
        ("transport_maps = tcp:10.0.0.5:2527", "tcp:10.0.0.5:2527", CLEAR),
    ],
)  # fmt: skip
def test_postfix(setting: str, place: str, state: str) -> None:
    assert found(f"== main\n{setting}\n") == ({place: state} if place else {})


def test_a_service_of_its_own() -> None:
    assert found("== main\nlmtp_tls_security_level = encrypt\n== services\n"
                 "lmtp2/unix/content_filter = lmtp:[10.0.0.5]:24\n") == {"[10.0.0.5]:24": ENCRYPTED}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "lines", "place", "state"),
    [
        ("mysql", "hosts = 127.0.0.1", "127.0.0.1", LOCAL),
        ("mysql", "hosts = unix:/run/mysqld/mysqld.sock", "unix:/run/mysqld/mysqld.sock", LOCAL),
        ("mysql", "hosts = db.example.org", "db.example.org", CLEAR),
        ("mysql", "hosts = db.example.org\ntls_CAfile = /etc/ssl/ca.pem", "db.example.org", ENCRYPTED),
        ("pgsql", "hosts = db.example.org", "db.example.org", OPPORTUNISTIC),
        ("pgsql", "hosts = postgresql://db.example.org/mail?sslmode=verify-full", "postgresql://db.example.org/mail",
         ENCRYPTED),
        ("ldap", "server_host = ldap://dir.example.org", "ldap://dir.example.org", CLEAR),
        ("ldap", "server_host = ldap://dir.example.org\nstart_tls = yes", "ldap://dir.example.org", ENCRYPTED),
        ("ldap", "server_host = ldaps://dir.example.org:636", "ldaps://dir.example.org:636", ENCRYPTED),
        ("ldap", "server_host = ldapi:///", "ldapi:///", LOCAL),
    ],
)  # fmt: skip
def test_look_up_tables(kind: str, lines: str, place: str, state: str) -> None:
    text = f"== main\nvirtual_alias_maps = proxy:{kind}:/etc/postfix/x.cf\n== lookup /etc/postfix/x.cf\n{lines}\n"
    assert found(text) == {place: state}


DOVECOT = """\
== dovecot
mail_replica = {replica}
passdb {{
  driver = sql
  args = /etc/dovecot/sql.conf.ext
}}
service auth {{
  inet_listener {{
    address = {address}
    port = 12345
  }}
  unix_listener auth-userdb {{
    mode = 0600
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = 143
  }}
}}
== lookup /etc/dovecot/sql.conf.ext
connect = host=10.0.0.5 dbname=mail
"""


def test_dovecot() -> None:
    seen = found(DOVECOT.format(replica="tcp:10.0.0.6:12345", address="127.0.0.1"))
    assert seen == {"10.0.0.6:12345": CLEAR, "10.0.0.5": CLEAR, "127.0.0.1:12345": LOCAL}
    seen = found(DOVECOT.format(replica="tcps:10.0.0.6:12345", address="192.0.2.10"))
    assert (seen["10.0.0.6:12345"], seen["192.0.2.10:12345"]) == (ENCRYPTED, CLEAR)


@pytest.mark.parametrize(
    ("args", "state"),
    [("proxy=y host=10.0.0.7 nopassword=y", CLEAR), ("proxy=y host=10.0.0.7 ssl=yes nopassword=y", ENCRYPTED)],
)
def test_dovecot_as_a_proxy(args: str, state: str) -> None:
    assert found(f"== dovecot\npassdb {{\n  args = {args}\n}}\n") == {"10.0.0.7": state}


def test_exim() -> None:
    text = (
        "== exim\nlmtp transport:\ndriver = smtp\nprotocol = lmtp\nhosts = 10.0.0.8\nhosts_require_tls =\n"
        "hosts_avoid_tls =\nout transport:\ndriver = smtp\nprotocol = smtp\nhosts =\n"
        "== exim av_scanner\nav_scanner = clamd:10.0.0.4 3310\n== exim spamd_address\nspamd_address = 127.0.0.1 783\n"
        "== exim mysql_servers\nmysql_servers = db.example.org\n"
    )
    assert found(text) == {
        "10.0.0.8": OPPORTUNISTIC, "clamd:10.0.0.4 3310": CLEAR, "127.0.0.1 783": LOCAL, "db.example.org": CLEAR,
    }  # fmt: skip


class Knows:
    """A host that knows names from /etc/hosts."""

    name = "mx.example.org"

    def run(self, command: str, *args: str) -> Any:
        assert refuse(command) is None
        assert "reboot" not in command
        return SimpleNamespace(rc=2, stdout="== db.internal\n127.0.0.1 STREAM db\n== dir.internal\n10.9.0.7 STREAM\n== gone\n")


def test_names_that_the_host_knows() -> None:
    text = (
        "== main\nsmtpd_milters = inet:db.internal:1, inet:dir.internal:2, inet:gone:3, inet:$(reboot):4\n== end\n"
    )
    here = hops.with_names(Knows(), HERE, hops.parse(text, HERE))
    assert {hop.place: hop.state for hop in hops.parse(text, here)} == {
        "inet:db.internal:1": LOCAL, "inet:dir.internal:2": PROTECTED, "inet:gone:3": CLEAR, "inet:$(reboot):4": CLEAR,
    }  # fmt: skip


def judge(*states: str) -> Evidence:
    evidence = Evidence()
    made = tuple(Hop("x", f"10.0.0.{index}", state) for index, state in enumerate(states))
    checks.test_internal_hops_are_encrypted(made, POLICY, evidence)
    return evidence


def test_judgement() -> None:
    assert [judge(LOCAL, ENCRYPTED, PROTECTED).level, judge(LOCAL, OPPORTUNISTIC).level] == ["pass", "warn"]
    with pytest.raises(RequirementFailed, match=r"x to 10\.0\.0\.1"):
        judge(LOCAL, CLEAR)


def test_the_command_only_looks_and_hides_passwords() -> None:
    assert refuse(hops.COMMAND) is None
    assert "password" in hops._HIDE


@given(st.text(max_size=300))
def test_garbage(text: str) -> None:
    try:
        hops.parse(text, HERE)
    except ProbeError:
        hops.parse(f"== main\n{text}\n== dovecot\n{text}\n== exim\n{text}\n== end\n", HERE)
