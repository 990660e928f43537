"""Every command of the inside view is one that only looks, and quotes what comes from outside."""

from __future__ import annotations

import pytest

from fixtures.backend.readonly import refuse
from fixtures.inside import (
    boot,
    clock,
    disk,
    exim,
    firewall,
    iptables,
    limits,
    link,
    mail_log,
    marker,
    package,
    paths,
    permissions,
    postfix,
    processes,
    queue,
    raid,
    retention,
    sample,
    smart,
    sockets,
    units,
)
from fixtures.inside.greeting import greet
from fixtures.inside.sockets import Socket

CONFIG = postfix.Postfix({"queue_directory": "/var/spool/post fix; reboot", "config_directory": "/etc/postfix"})
COMMANDS = [
    boot.COMMAND, clock.COMMAND, disk.command(["/var/spool/x; reboot"]), exim.COMMAND, firewall.COMMAND, limits.COMMAND,
    link.COMMAND, mail_log.COMMAND, marker.command("127.0.0.1", 25), package.COMMAND, paths.STORE_COMMAND,
    permissions.command(CONFIG), postfix.COMMAND, processes.COMMAND, queue.POSTFIX_COMMAND, queue.EXIM_COMMAND,
    raid.COMMAND, retention.COMMAND, sample.command(3, 1), smart.VIRT_COMMAND, smart.SCAN_COMMAND, sockets.COMMAND,
    units.COMMAND, *iptables.SAVES.values(),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda text: text[:40])
def test_command_only_looks(command: str) -> None:
    assert refuse(command) is None


class Recorder:
    """A host that notes what it is asked."""

    name = "mx.example.org"
    rc, stdout, stderr = 0, "220 mx.example.org ESMTP\r\n", ""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def run(self, command: str, *args: str) -> Recorder:
        self.asked.append(command)
        return self


@pytest.mark.parametrize(("protocol", "tls"), [("smtp", False), ("imap", False), ("sieve", False), ("imap", True)])
@pytest.mark.parametrize("address", ["*", "::1", "192.0.2.1"])
def test_greetings_only_look(protocol: str, tls: bool, address: str) -> None:
    host = Recorder()
    greet(host, Socket(address, 25, frozenset({4, 6})), protocol, 10, tls=tls)
    assert [refuse(command) for command in host.asked] == [None]
