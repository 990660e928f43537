"""The measurement compares what both sides were really asked."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench.engine import compare, fleet_inventory, main
from bench.workload import Workload
from fixtures.estate import HostEntry
from fixtures.inventory import read_inventory

HERE = HostEntry("here.example.test", ("mta",), {"ansible_connection": "local"}, roles=frozenset({"mx"}))


def test_workload_is_every_command_of_every_check() -> None:
    """A command that two checks ask counts twice for plain testinfra and once for the engine; only shells count."""
    exchanges = {
        "a": {"kind": "shell", "where": "mx", "request": "true"},
        "b": {"kind": "shell", "where": "mx", "request": "uname"},
        "c": {"kind": "dns", "where": "192.0.2.53", "request": "example.org. MX"},
    }
    results = [{"nodeid": "one", "exchanges": ["a", "b"]}, {"nodeid": "two", "exchanges": ["a", "c"]}]
    workload = Workload.of({"results": results, "exchanges": exchanges})
    assert (workload.checks, workload.asked("mx"), workload.distinct("mx")) == (
        2,
        ["true", "uname", "true"],
        ["true", "uname"],
    )


def test_both_sides_answer_alike() -> None:
    """On this very machine: the same exit codes, and one round trip instead of one for each command."""
    workload = Workload({HERE.name: {"one": ["true", "false"], "two": ["true", "test -e /nowhere"]}})
    found = compare({HERE.name: HERE}, workload, repeat=1)
    assert (found["plain_testinfra"]["round_trips"], found["engine"]["round_trips"]) == (4, 1)
    assert found["plain_testinfra_each_command_once"]["round_trips"] == 3
    assert found["other_exit_code"] == []


def test_fleet(tmp_path: Path) -> None:
    """An estate of many names for one host is a valid inventory."""
    file = tmp_path / "fleet.yml"
    file.write_text(yaml.safe_dump(fleet_inventory(HERE, 3)))
    hosts = read_inventory(file).hosts
    assert list(hosts) == [f"host{number:04}.fleet.test" for number in (1, 2, 3)]
    assert {(host.groups, host.connection["ansible_connection"]) for host in hosts.values()} == {(("mta",), "local")}


def test_wrong_use() -> None:
    """A size out of bounds is refused before anything is measured."""
    with pytest.raises(SystemExit, match="2"):
        main(["--hosts=100000"])
