"""A service runs when unit, process, listener and greeting agree; where they do not, the contradiction is named."""

from __future__ import annotations

import pytest

from fixtures.errors import ProbeError
from fixtures.inside import boot, mta, store
from fixtures.inside.units import Units
from tests.inside.layouts import (
    BOTH_25,
    DOVECOT,
    DOVECOT_MASTER,
    EXIM,
    EXIM_25,
    EXIM_DAEMON,
    EXIM_DELIVERY,
    INSTANCE,
    INSTANCE_DEAD,
    LOOPBACK_25,
    MASTER,
    OTHER_25,
    PLAIN,
    PLAIN_DEAD,
    STOPPED,
    WRAPPER,
    ZOMBIE,
    endpoint,
    listening,
    running,
    systemd,
    unit,
)

BOTH = [endpoint(), endpoint(family=6)]


def verdict(units: Units, processes: tuple[str, ...], sockets: str) -> str:
    table, listed = running(*processes), listening(sockets)
    return mta.assess(mta.recognise(units, table, listed), units, listed, BOTH).verdict


@pytest.mark.parametrize(
    ("units", "processes", "sockets"),
    [
        pytest.param(systemd(WRAPPER, INSTANCE), (MASTER,), BOTH_25, id="debian-12"),
        pytest.param(systemd(PLAIN), (MASTER,), BOTH_25, id="debian-13"),
        pytest.param(systemd(EXIM), (EXIM_DAEMON, EXIM_DELIVERY), EXIM_25, id="exim"),
        pytest.param(Units({}, "no systemd runs on this host"), (MASTER,), BOTH_25, id="container without systemd"),
        pytest.param(systemd(WRAPPER, INSTANCE), (MASTER,), "tcp LISTEN 0 100 *:25 *:*\n", id="dual-stack socket"),
    ],
)
def test_what_runs_is_said_to_run(units: Units, processes: tuple[str, ...], sockets: str) -> None:
    assert verdict(units, processes, sockets) == "running"


def test_the_wrapper_does_not_pass_for_a_dead_master() -> None:
    assert verdict(systemd(WRAPPER, INSTANCE_DEAD), (), "") == (
        "postfix.service says active (exited) but its master process is dead: the unit is Debian's /bin/true wrapper, "
        "postfix@-.service is failed (signal), nothing listens on 25"
    )


@pytest.mark.parametrize(
    ("units", "processes", "sockets", "words"),
    [
        (systemd(PLAIN_DEAD), (), "", ["master process is dead", "postfix.service is failed (signal)"]),
        (systemd(PLAIN), (), BOTH_25, ["postfix.service says active (running) but its master process is dead"]),
        (systemd(WRAPPER, INSTANCE), (STOPPED,), BOTH_25, ["but its master process 452 is stopped (state Ts)"]),
        (systemd(WRAPPER, INSTANCE), (ZOMBIE,), "", ["(process 452 is a zombie)"]),
        (systemd(WRAPPER), (), "", ["no instance postfix@*.service is loaded"]),
        (systemd(PLAIN), (MASTER,), LOOPBACK_25, ["25 is not open to the outside over IPv4 and IPv6"]),
        (systemd(PLAIN), (MASTER,), OTHER_25, ["25 is held by opensmtpd, which is not Postfix"]),
        (systemd(EXIM), (EXIM_DELIVERY,), "", ["exim4.service says active (running) but its daemon process is dead"]),
    ],
)
def test_what_does_not_run_is_named(units: Units, processes: tuple[str, ...], sockets: str, words: list[str]) -> None:
    text = verdict(units, processes, sockets)
    assert [word for word in words if word not in text] == []


def test_another_product_is_not_measured() -> None:
    with pytest.raises(ProbeError, match="opensmtpd"):
        verdict(systemd(DOVECOT), (), OTHER_25)


def test_a_second_instance_that_is_down_counts() -> None:
    second = unit("postfix@postfix-out.service", "failed", "failed", Result="exit-code")
    assert "postfix@postfix-out.service is failed (exit-code)" in verdict(
        systemd(WRAPPER, INSTANCE, second), (MASTER,), BOTH_25
    )


def test_store() -> None:
    declared = [endpoint(143, protocol="imap"), endpoint(993, protocol="imap", tls="implicit")]
    sockets = listening(
        "".join(f'tcp LISTEN 0 100 0.0.0.0:{port} 0.0.0.0:* users:(("dovecot",pid=55,fd=3))\n' for port in (143, 993))
    )
    assert store.assess(systemd(DOVECOT), running(DOVECOT_MASTER), sockets, declared).verdict == "running"
    dead = store.assess(systemd(DOVECOT), running(), (), declared).verdict
    assert dead == (
        "dovecot.service says active (running) but its master process is dead (was 55): nothing listens on 143, 993"
    )


@pytest.mark.parametrize(
    ("state", "starts"),
    [
        ({"UnitFileState": "enabled"}, True),
        ({"UnitFileState": "disabled", "WantedBy": ""}, False),
        ({"LoadState": "masked", "UnitFileState": "masked"}, False),
        ({"UnitFileState": "generated", "WantedBy": "multi-user.target"}, True),
        ({"UnitFileState": "generated", "WantedBy": ""}, False),
        ({"UnitFileState": "static", "WantedBy": "postfix.service"}, True),
    ],
)
def test_what_starts_at_boot(state: dict[str, str], starts: bool) -> None:
    units = systemd(unit("dovecot.service", "active", "running", **state))
    found = boot.boot_of(units, None, True).services["dovecot.service"]
    assert found.startswith("starts") == starts


def test_a_disabled_dovecot_may_be_started_by_its_socket() -> None:
    socket = unit("dovecot.socket", "active", "listening")
    units = systemd(unit("dovecot.service", "active", "running", UnitFileState="disabled"), socket)
    assert boot.boot_of(units, None, True).services == {"dovecot.service": "starts at boot (by dovecot.socket)"}
