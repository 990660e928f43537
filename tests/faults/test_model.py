"""Fault files are read strictly, and those of the suite are all right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.errors import InputError
from fixtures.faults.actions import Command, Dns, Nft, Pause
from fixtures.faults.model import FAULTS, Fault, read_faults
from fixtures.requirement import LAYERS

GOOD = """\
title: The MTA is dead
host: mx1
inject: touch /dead
settle: test /dead
revert: rm /dead
root: [SVC-001]
"""


def test_the_short_form(write: Callable[..., Fault]) -> None:
    """Commands and conditions may be plain strings, lists may be left out where one thing is meant."""
    fault = write(GOOD)
    assert isinstance(fault.inject[0], Command) and fault.settle[0].exec == "test /dead"
    assert fault.kind == "fail" and fault.name == "services/broken"


def test_the_long_form(write: Callable[..., Fault]) -> None:
    """Actions with an inverse need no revert."""
    fault = write("""\
title: t
host: mx1.example.test
inject:
  - dns: {zone: example.test, delete: ["@ MX"]}
  - nft: tcp dport 25 drop
    on: mx2
  - pause: resolver
settle: [{dns: {name: example.test, type: MX, lacks: mx1}, within: 5}, {tcp: {port: 25, state: filtered}}]
root: [DNS-002, NET-003]
consequences: [FLOW-*, "NET-03?@mx2*"]
target: example.test
kind: not_measured
""")
    assert [type(action) for action in fault.inject] == [Dns, Nft, Pause]
    assert fault.may_change("FLOW-044", ["mx1"]) and not fault.may_change("TLS-001", ["mx1"])
    assert fault.may_change("NET-030", ["mx2"]) and not fault.may_change("NET-030", ["mx1"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("root: [SVC-001]", "root: [SVC-998]", r"broken.yml:6: root: unknown requirement 'SVC-998'"),
        ("root: [SVC-001]", "root: []", r"broken.yml:6: root: "),
        ("root: [SVC-001]", "root: [SVC-001]\nconsequences: [XYZ-*]", r"broken.yml:7: consequences: no requirement"),
        ("root: [SVC-001]", "root: [SVC-001]\nkind: bad", r"broken.yml:7: kind: "),
        ("revert: rm /dead\n", "", r"revert: a command is injected"),
        ("settle: test /dead\n", "", r"settle: Field required"),
        ("settle: test /dead", "settle: {tcp: {port: 99999, state: open}}", r"broken.yml:4: settle.*port"),
        ("settle: test /dead", "settle: {within: 3}", r"broken.yml:4: settle.*exactly one of exec, dns, tcp and record"),
        ("settle: test /dead", "settle: {dns: {name: x, type: MX}}", r"broken.yml:4: .*has, lacks and rcode"),
        ("inject: touch /dead", "inject: {explode: mx1}", r"broken.yml:3: inject: an action is a command or"),
        ("inject: touch /dead", "inject: {dns: {zone: x}}", r"broken.yml:3: inject: .*one of set, delete and sign"),
        ("inject: touch /dead", "inject: {pause: a, exec: b}", r"broken.yml:3: inject: an action is"),
        ("host: mx1", "hosts: mx1", r"host: Field required|hosts: Extra inputs"),
    ],
)
def test_what_is_wrong_is_named(write: Callable[..., Fault], old: str, new: str, message: str) -> None:
    """With file and line, where the file has the line."""
    with pytest.raises(InputError, match=message):
        write(GOOD.replace(old, new))


def test_selection(tmp_path: Path, write: Callable[..., Fault]) -> None:
    """By name with or without the layer; a pattern that finds nothing is an error, as is an empty directory."""
    write(GOOD, "services/dead")
    write(GOOD, "dns/spf-twice")
    assert [fault.name for fault in read_faults(tmp_path / "faults", "dns/*")] == ["dns/spf-twice"]
    assert [fault.name for fault in read_faults(tmp_path / "faults", "dead")] == ["services/dead"]
    with pytest.raises(InputError, match="no fault is called 'x'"):
        read_faults(tmp_path / "faults", "x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="there are no faults here"):
        read_faults(tmp_path / "empty")


def test_the_faults_of_the_suite() -> None:
    """Every file is valid, lies in the folder of a layer, and says what it is about in a title of its own."""
    faults = read_faults(FAULTS)
    assert len(faults) >= 24
    assert {fault.name.split("/")[0] for fault in faults} <= set(LAYERS)
    assert len({fault.title for fault in faults}) == len(faults)


def test_there_is_no_python_beside_the_faults() -> None:
    """A Python file below docker/ would hide the docker package."""
    assert not list(FAULTS.parent.rglob("*.py"))
