"""The two sides of the comparison: plain testinfra, and the suite's engine. Both only ask; nobody judges."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import testinfra
import yaml

from bench.workload import ROOT, Workload
from fixtures.backend.shell import Limits, Shell
from fixtures.estate import HostEntry
from fixtures.exchange import Tape

Codes = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Asked:
    """One pass over the workload: seconds of wall clock, round trips, and the exit code of each command."""

    seconds: float
    round_trips: int
    codes: Codes


def plain_host(entry: HostEntry) -> Any:
    """testinfra's own host for the same connection, with its documented settings."""
    connection = entry.connection
    kind = str(connection.get("ansible_connection", "ssh"))
    address = str(connection.get("ansible_host", entry.name))
    sudo = connection.get("ansible_become") is True
    if kind == "local":
        return testinfra.get_host("local://", sudo=sudo)
    user = f"{connection['ansible_user']}@" if "ansible_user" in connection else ""
    if kind != "ssh":
        return testinfra.get_host(f"{kind}://{user}{address}", sudo=sudo)
    port = f":{connection['ansible_port']}" if "ansible_port" in connection else ""
    extra = " ".join(str(connection.get(f"ansible_ssh_{name}_args", "")) for name in ("common", "extra"))
    key = connection.get("ansible_ssh_private_key_file")
    more = {"ssh_identity_file": str(key)} if key else {}
    return testinfra.get_host(f"ssh://{user}{address}{port}", sudo=sudo, ssh_extra_args=extra, **more)


def ask_plainly(hosts: Mapping[str, HostEntry], workload: Workload, *, distinct: bool = False) -> Asked:
    """Each command a round trip of its own, one after the other: ``distinct`` leaves out what was asked before."""
    connections = {name: plain_host(hosts[name]) for name in workload.by_check}
    codes: Codes = {}
    trips = 0
    clock = time.monotonic()
    for name, connection in connections.items():
        for command in workload.distinct(name) if distinct else workload.asked(name):
            codes[name, command] = connection.run(command).rc
            trips += 1
    return Asked(time.monotonic() - clock, trips, codes)


def ask_with_engine(hosts: Mapping[str, HostEntry], workload: Workload) -> Asked:
    """All commands of a host in one round trip, all hosts at once, as the suite does in its steady state."""
    net = yaml.safe_load((ROOT / "policy/default.yml").read_text())["net"]
    tape = Tape()
    shells = [Shell(hosts[name], tape, Limits(**net["shell"])) for name in workload.by_check]
    plan: Sequence[list[str]] = [workload.distinct(shell.entry.name) for shell in shells]
    clock = time.monotonic()
    with ThreadPoolExecutor(min(int(net["shells_total"]), len(shells))) as pool:
        list(pool.map(Shell.fetch, shells, plan))
    seconds = time.monotonic() - clock
    codes: Codes = {}
    for exchange in tape:
        if "rc" not in exchange.answer:
            raise RuntimeError(f"{exchange.where}: {exchange.answer.get('error')}")
        codes[exchange.where, exchange.request] = exchange.answer["rc"]
    return Asked(seconds, sum(shell.round_trips for shell in shells), codes)
