"""A lab made of dictionaries, and a suite that says what it is told to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.estate import Estate, HostEntry
from fixtures.faults.compare import Bundle, Finding
from fixtures.faults.estate import Stage
from fixtures.faults.looks import Clock
from fixtures.faults.model import Fault, read_fault
from fixtures.faults.runner import Runner


class FakeNames:
    def __init__(self, done: list[str]) -> None:
        self.done = done

    def publish(self, zone_changes: Any = None, *, servers: Any = ()) -> None:
        self.done.append(f"publish {zone_changes}")

    def restore(self) -> None:
        self.done.append("restore")


class FakeLab:
    """Commands are answered by ``answers``; whatever is not there succeeds. ``touch X`` and ``rm X`` keep files."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.files: set[str] = set()
        self.answers: dict[str, Callable[[], tuple[int, str]]] = {}
        self.dns = FakeNames(self.done)

    def exec(self, name: str, command: str, limit: int = 60) -> tuple[int, str]:
        verb, _, file = command.partition(" ")
        if verb == "test":
            return (0 if file in self.files else 1), ""
        self.done.append(f"{name}: {'wipe' if 'reset-failed' in command else command}")
        if command in self.answers:
            return self.answers[command]()
        if verb == "touch":
            self.files.add(file)
        if verb == "rm":
            self.files.discard(file)
        return 0, ""

    def __getattr__(self, verb: str) -> Callable[..., None]:
        return lambda *arguments: self.done.append(" ".join([verb, *map(str, arguments)]))


class FakeSuite:
    """Says the healthy findings, or those of ``said`` for a fault's name."""

    def __init__(self) -> None:
        self.said: dict[str, Bundle | BaseException] = {}
        self.runs: list[str] = []

    def run(self, name: str) -> Bundle:
        self.runs.append(name)
        bundle = self.said.get(name, bundle_of())
        if isinstance(bundle, BaseException):
            raise bundle
        return bundle


HEALTHY = [
    ("SVC-001", "mx1.example.test", "mx1.example.test"),
    ("SVC-001", "mx2.example.test", "mx2.example.test"),
    ("NET-003", "mx1.example.test", "mx1.example.test:25"),
    ("DNS-034", "example.test", "example.test"),
]


def bundle_of(*changes: tuple[str, str, str], causes: tuple[tuple[str, str], ...] = ()) -> Bundle:
    """The healthy findings with ``changes`` (id, subject, verdict)."""
    verdicts = {(id, subject): verdict for id, subject, verdict in changes}
    findings = [Finding(id, target, subject, verdicts.get((id, subject), "pass")) for id, target, subject in HEALTHY]
    return Bundle({finding.key: finding for finding in findings}, causes)


@pytest.fixture
def lab() -> FakeLab:
    return FakeLab()


@pytest.fixture
def suite() -> FakeSuite:
    return FakeSuite()


@pytest.fixture
def stage(lab: FakeLab) -> Stage:
    hosts = {
        f"{name}.example.test": HostEntry(
            f"{name}.example.test", ("mta",), {"ansible_host": f"mailproof-{name}"}, (f"192.0.2.{number}",)
        )
        for number, name in enumerate(("mx1", "mx2"), start=1)
    }
    return Stage(lab, Estate(hosts, {}))


@pytest.fixture
def runner(stage: Stage, suite: FakeSuite, tmp_path: Path) -> Runner:
    seconds = iter(range(10_000))
    clock = Clock(now=lambda: float(next(seconds)), sleep=lambda _: None)
    return Runner(stage, suite, tmp_path / "fault.json", lambda _: None, clock)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Fault]:
    """Write a fault file and read it."""

    def written(text: str, name: str = "services/broken") -> Fault:
        path = tmp_path / "faults" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return read_fault(path, name)

    return written
