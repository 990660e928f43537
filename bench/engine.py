"""How fast the suite asks, beside plain testinfra asking the same of the same running hosts in the same minutes.

    python -m bench.engine [--inventory=FILE] [--hosts=N] [--repeat=R] [--json=FILE]

The workload is what the suite's own checks ask: it is taken from a first run of the suite. Plain testinfra then runs
every command of every check, one after the other, as checks that know nothing of each other do; a second line leaves
out what was asked before. The engine asks each host everything in one round trip, all hosts at once. Exit codes of
both sides are compared, so that no side wins by not asking. Medians of R passes. With --hosts=N the suite also runs
against an estate of N names for one running host.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from bench.sides import Asked, ask_plainly, ask_with_engine
from bench.workload import ROOT, SuiteRun, Workload, run_suite
from fixtures.estate import HostEntry
from fixtures.inventory import read_inventory
from fixtures.lab.hold import held

MAX_HOSTS = 1000
LAB = ROOT / ".lab/inventory.yml"


def fleet_inventory(entry: HostEntry, count: int) -> dict[str, Any]:
    """An inventory of ``count`` names that all lead to the shell of ``entry``."""
    names = [f"host{number:04}.fleet.test" for number in range(1, count + 1)]
    own = {**entry.connection, "mailproof": {"roles": sorted(entry.roles), "addresses": list(entry.addresses)}}
    hosts = dict.fromkeys(names, own)
    return {
        "all": {"children": {group: {"hosts": {name: {} for name in names}} for group in entry.groups}, "hosts": hosts}
    }


def median_pass(ask: Callable[[], Asked], repeat: int) -> Asked:
    """The pass of median length among ``repeat``."""
    passes = sorted((ask() for _ in range(repeat)), key=lambda item: item.seconds)
    return passes[len(passes) // 2]


def side(asked: Asked, checks: int) -> dict[str, Any]:
    """One side of the comparison, for the report."""
    return {
        "seconds": round(asked.seconds, 3),
        "round_trips": asked.round_trips,
        "checks_per_second": round(checks / asked.seconds, 1),
    }


def compare(hosts: dict[str, HostEntry], workload: Workload, repeat: int) -> dict[str, Any]:
    """Both sides on the same workload, in turn."""
    plain = median_pass(lambda: ask_plainly(hosts, workload), repeat)
    once = median_pass(lambda: ask_plainly(hosts, workload, distinct=True), repeat)
    engine = median_pass(lambda: ask_with_engine(hosts, workload), repeat)
    other = [
        {"host": host, "command": command, "plain": rc, "engine": engine.codes[host, command]}
        for (host, command), rc in plain.codes.items()
        if engine.codes[host, command] != rc
    ]
    return {
        "hosts": len(workload.by_check),
        "checks": workload.checks,
        "plain_testinfra": side(plain, workload.checks),
        "plain_testinfra_each_command_once": side(once, workload.checks),
        "engine": side(engine, workload.checks),
        "ratio": {
            "checks_per_second": round(plain.seconds / engine.seconds, 1),
            "checks_per_second_each_command_once": round(once.seconds / engine.seconds, 1),
            "round_trips": round(plain.round_trips / engine.round_trips, 1),
        },
        "other_exit_code": other,
    }


def fleet(entry: HostEntry, count: int, work: Path, plain_seconds: float, options: Sequence[str]) -> dict[str, Any]:
    """The suite against ``count`` names of one host; plain testinfra's time for as many is computed, not measured."""
    inventory = work / "fleet.yml"
    inventory.write_text(yaml.safe_dump(fleet_inventory(entry, count)))
    run = run_suite(inventory, work, "fleet", options)
    computed = plain_seconds * count
    return {
        **run.as_json(),
        "plain_testinfra_seconds_computed": round(computed, 1),
        "ratio_computed": round(computed / run.wall, 1),
    }


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    shell, lines = report["shell"], []
    lines.append(f"{shell['hosts']} hosts, {shell['checks']} checks with a shell; {report['cores']} cores")
    lines.append(f"{'':38}{'seconds':>9}{'round trips':>13}{'checks/s':>10}")
    for name in ("plain_testinfra", "plain_testinfra_each_command_once", "engine"):
        row = shell[name]
        label = name.replace("_", " ")
        lines.append(f"{label:38}{row['seconds']:>9.2f}{row['round_trips']:>13}{row['checks_per_second']:>10.1f}")
    ratio = shell["ratio"]
    lines.append(f"ratio: {ratio['checks_per_second']} times the checks/s, 1/{ratio['round_trips']} of the round trips")
    if shell["other_exit_code"]:
        lines.append(f"commands whose exit code was not the same on both sides: {len(shell['other_exit_code'])}")
    lines += [
        "",
        f"{'whole suite, with pytest':38}{'seconds':>9}{'round trips':>13}{'checks/s':>10}{'checks':>8}{'hosts':>7}",
    ]
    for name, row in report["suite"].items():
        lines.append(
            f"{name:38}{row['seconds']:>9.2f}{row['round_trips']:>13}{row['checks_per_second']:>10.1f}"
            f"{row['checks']:>8}{row['hosts']:>7}"
        )
    return "\n".join(lines)


def measure(arguments: argparse.Namespace, work: Path) -> dict[str, Any]:
    """All measurements, in order."""
    inventory: Path = arguments.inventory.resolve()
    hosts = dict(read_inventory(inventory).hosts)
    options = ["--lab"] if inventory == LAB else []
    first: SuiteRun = run_suite(inventory, work, "first", options)
    steady: SuiteRun = run_suite(inventory, work, "steady", options)
    workload = Workload.of(steady.evidence)
    if not workload.checks:
        raise RuntimeError("no check asked a shell: is the estate up?")
    report = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("pytest", "pytest-testinfra")},
        "repeat": arguments.repeat,
        "shell": compare(hosts, workload, arguments.repeat),
        "suite": {"first run": first.as_json(), "steady state": steady.as_json()},
    }
    if arguments.hosts:
        name = max(workload.by_check, key=lambda host: len(workload.by_check[host]))
        one = Workload({name: workload.by_check[name]})
        plain = statistics.median(ask_plainly(hosts, one).seconds for _ in range(arguments.repeat))
        report["suite"][f"{arguments.hosts} names of {name}"] = fleet(
            hosts[name], arguments.hosts, work, plain, options
        )
    return report


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description=__doc__.splitlines()[0])
    parser.add_argument("--inventory", type=Path, default=LAB, metavar="FILE", help="default: the lab")
    parser.add_argument("--hosts", type=int, default=0, metavar="N", help="also N names for one host")
    parser.add_argument("--repeat", type=int, default=3, metavar="R", help="passes of each side (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    arguments = parser.parse_args(argv)
    if not 0 <= arguments.hosts <= MAX_HOSTS or not 1 <= arguments.repeat <= 20:
        parser.error(f"--hosts takes 0 to {MAX_HOSTS}, --repeat 1 to 20")
    if not arguments.inventory.is_file():
        parser.error(f"no such inventory: {arguments.inventory}; ./mailproof up makes the lab's")
    lab = arguments.inventory.resolve() == LAB
    # Nobody breaks the lab on purpose while it is measured.
    quiet = held() if lab else nullcontext()
    with quiet, tempfile.TemporaryDirectory(prefix="mailproof-bench-") as work:
        report = measure(arguments, Path(work))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    print(table(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
