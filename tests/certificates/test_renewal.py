"""What renews certificates, on answers as hosts of several kinds give them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.tls import test_certificate_life as checks
from fixtures.backend.readonly import refuse
from fixtures.certificates import renewal
from fixtures.errors import ProbeError
from fixtures.estate import RenewalVars
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.inside import sockets
from fixtures.policy import load_policy

POLICY = load_policy().view()
END = "== systemd\nyes\n== end\n"
LINEAGE = "== lineages\n/etc/letsencrypt/renewal/mx.example.org.conf\n"


def timer(name: str = "certbot.timer", **fields: str) -> str:
    """A timer and its service as ``systemctl show`` prints them (systemd 252)."""
    values = {
        "Unit": name.replace(".timer", ".service"), "LastTriggerUSec": "Wed 2026-11-25 03:12:09 UTC",
        "NextElapseUSecRealtime": "Wed 2026-11-25 15:12:09 UTC", "Id": name, "LoadState": "loaded",
        "ActiveState": "active", "UnitFileState": "enabled",
    } | {key: value for key, value in fields.items() if key not in ("Result", "ExecMainStatus", "started")}  # fmt: skip
    service = {
        "Result": fields.get("Result", "success"), "ExecMainStatus": fields.get("ExecMainStatus", "0"),
        "ExecMainStartTimestamp": fields.get("started", "Wed 2026-11-25 03:12:09 UTC"),
    }  # fmt: skip
    lines = "".join(f"{key}={value}\n" for key, value in values.items())
    return f"== timer {name}\n{lines}== service {name}\n" + "".join(f"{key}={value}\n" for key, value in service.items())


def judge(text: str, *unreloaded: str, declared: RenewalVars | None = None) -> Evidence:
    evidence = Evidence()
    checks.test_renewal_is_automated(renewal.parse(text, declared), list(unreloaded), POLICY, evidence)
    return evidence


def test_certbot_on_debian() -> None:
    found = renewal.parse(timer() + LINEAGE + END)
    (automation,) = found.automations
    assert (automation.result, automation.problems, found.interval_days) == ("success", [], 0.5)
    assert automation.last == datetime(2026, 11, 25, 3, 12, 9, tzinfo=UTC)
    assert judge(timer() + LINEAGE + END).level == "pass"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(timer(UnitFileState="disabled") + LINEAGE + END, "not enabled", id="disabled"),
        pytest.param(timer(ActiveState="inactive") + LINEAGE + END, "is stopped", id="stopped"),
        pytest.param(timer(LoadState="masked", UnitFileState="masked", ActiveState="inactive") + LINEAGE + END,
                     "not enabled", id="masked"),
        pytest.param(timer(Result="exit-code", ExecMainStatus="1") + LINEAGE + END, r"failed \(exit-code\)", id="failed"),
        pytest.param(timer(ExecMainStatus="1") + LINEAGE + END, "exit status 1", id="exit status that systemd accepts"),
        pytest.param(LINEAGE + END, "timers and cron jobs", id="nothing"),
        pytest.param(timer() + END, "timers and cron jobs", id="a client without certificates"),
    ],
)  # fmt: skip
def test_what_renews_nothing(text: str, message: str) -> None:
    with pytest.raises(RequirementFailed, match=message):
        judge(text)


def test_a_host_that_was_just_started_has_not_failed() -> None:
    assert judge(timer(started="", Result="success") + LINEAGE + END).level == "pass"


def test_cron() -> None:
    """acme.sh writes a line into root's table; Debian's certbot leaves the work to the timer under systemd."""
    acme = "/var/spool/cron/crontabs/root:17 3 * * * \"/root/.acme.sh\"/acme.sh --cron > /dev/null\n"
    debian = "/etc/cron.d/certbot:0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && certbot renew\n"
    lineage = "== lineages\n/root/.acme.sh/mx.example.org_ecc/mx.example.org.conf\n"
    found = renewal.parse(f"== cron\n{acme}{debian}" + lineage + END)
    assert [(item.name, item.interval_days, item.result) for item in found.automations] == [
        ("/var/spool/cron/crontabs/root", 1.0, "not recorded")
    ]
    assert judge(f"== cron\n{acme}" + lineage + END).level == "pass"


def test_a_declared_timer_alone_counts() -> None:
    declared = RenewalVars(timer="cert-pull.timer", hooks=("/etc/pull/hook",))
    text = timer("cert-pull.timer") + "== hook /etc/pull/hook\nsystemctl reload postfix\ndoveadm reload\n" + END
    found = renewal.parse(text, declared)
    assert found.not_reloaded(["dovecot", "postfix", "nginx"]) == ["nginx"]
    assert judge(text, "nginx", declared=declared).level == "warn"
    with pytest.raises(ProbeError, match="no such unit"):
        renewal.parse("== timer cert-pull.timer\nLoadState=not-found\n" + END, declared)


@pytest.mark.parametrize(
    ("hook", "daemon", "covered"),
    [
        ("systemctl reload postfix dovecot", "dovecot", True),
        ("service dovecot restart", "dovecot", True),
        ("doveadm reload", "dovecot", True),
        ("nginx -s reload", "nginx", True),
        ("postfix reload", "dovecot", False),
        ("docker restart mailserver", "postfix", True),
        ("cp $RENEWED_LINEAGE/fullchain.pem /etc/dovecot/cert.pem", "dovecot", False),
        ("# systemctl reload dovecot", "dovecot", False),
        ("", "postfix", False),
    ],
)
def test_hooks(hook: str, daemon: str, covered: bool) -> None:
    assert renewal.reloads(hook, daemon) == covered


def test_daemons_that_must_be_told() -> None:
    listening = sockets.parse(
        'tcp LISTEN 0 100 0.0.0.0:25 0.0.0.0:* users:(("master",pid=452,fd=13))\n'
        'tcp LISTEN 0 100 *:993 *:* users:(("dovecot",pid=55,fd=3))\n'
        'tcp LISTEN 0 100 *:465 *:* users:(("exim4",pid=56,fd=3))\n'
        'tcp LISTEN 0 100 *:80 *:* users:(("nginx",pid=57,fd=3))\n'
    )
    assert renewal.daemons_of([25, 993, 465], listening) == ["dovecot", "postfix"]


@pytest.mark.parametrize("values", [{}, {"timer": "a.timer", "manual": "by hand each year"},
                                    {"timer": "a.timer", "by": "mx2.example.org"}, {"timer": "a; reboot"},
                                    {"timer": "a.timer", "hooks": ["/x; reboot"]}, {"manual": "lazy"}])  # fmt: skip
def test_wrong_declarations_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RenewalVars(**values)


def test_the_commands_only_look() -> None:
    declared = RenewalVars(timer="cert-pull.timer", hooks=("/etc/pull/hook.d/*",))
    assert [refuse(renewal.command(None)), refuse(renewal.command(declared))] == [None, None]


@given(st.text(max_size=300))
def test_garbage(text: str) -> None:
    try:
        renewal.parse(text)
    except ProbeError:
        return
    renewal.parse(f"== timer certbot.timer\n{text}\n== end\n")
