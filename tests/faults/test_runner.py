"""A fault is injected, seen, run, and always reverted; the suite's answer is judged without mercy."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fixtures.faults.compare import judge
from fixtures.faults.estate import FaultError
from fixtures.faults.matrix import as_json, row, total
from fixtures.faults.model import Fault
from fixtures.faults.runner import Matrix, Runner

from .conftest import FakeLab, FakeSuite, bundle_of

MX1, MX2 = "mx1.example.test", "mx2.example.test"
KILLED = """\
title: The MTA is dead
host: mx1
inject: [touch /dead, {dns: {zone: example.test, delete: [mx1 A]}}]
settle: test /dead
revert: rm /dead
root: [SVC-001]
consequences: [NET-*]
"""
DETECTED = bundle_of(("SVC-001", MX1, "fail"), ("NET-003", f"{MX1}:25", "fail"), causes=(("SVC-001", MX1),))


def test_a_fault_is_played_and_reverted(
    runner: Runner, lab: FakeLab, suite: FakeSuite, write: Callable[..., Fault]
) -> None:
    """Inverses run first and in reverse, then the commands, then the host must be ready and the fault gone."""
    suite.said["services.broken"] = DETECTED
    matrix = runner.play_all([write(KILLED)])
    assert matrix.good and suite.runs == ["baseline", "services.broken", "after"]
    assert lab.done == [
        "mx1: touch /dead",
        "publish {'example.test': {'set': {}, 'delete': ['mx1 A'], 'signing': {}}}",
        "restore",
        "mx1: rm /dead",
        "wait_ready mx1 60.0",
        "mx1: wipe",
    ]
    assert not runner.marker.exists()
    assert "yes      yes        0" in row(matrix.outcomes[0])
    assert json.loads(json.dumps(as_json(matrix)))["good"] is True


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), RuntimeError("engine gone")])
def test_reverted_whatever_happens(
    runner: Runner, lab: FakeLab, suite: FakeSuite, write: Callable[..., Fault], failure: BaseException
) -> None:
    """Ctrl-C goes on after the fault is reverted; any other trouble is a row of the matrix."""
    suite.said["services.broken"] = failure
    if isinstance(failure, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            runner.play_all([write(KILLED)])
    else:
        outcome = runner.play_all([write(KILLED)]).outcomes[0]
        assert not outcome.good and outcome.reverted and "engine gone" in outcome.error
    assert not lab.files and not runner.marker.exists()


def test_a_fault_that_does_not_come_about_proves_nothing(
    runner: Runner, suite: FakeSuite, write: Callable[..., Fault]
) -> None:
    """It is an error of the fault, and the suite is not even asked."""
    outcome = runner.play_all([write(KILLED.replace("test /dead", "test /deader"))]).outcomes[0]
    assert "did not hold" in outcome.error and outcome.reverted and suite.runs == ["baseline", "after"]


def test_a_sign_that_is_there_before_proves_nothing(
    runner: Runner, lab: FakeLab, write: Callable[..., Fault]
) -> None:
    """Neither is such a fault injected."""
    lab.files.add("/dead")
    assert "already before" in runner.play_all([write(KILLED)]).outcomes[0].error
    assert not any("/dead" in step for step in lab.done)


def test_a_fault_that_stays_ends_the_matrix(
    runner: Runner, lab: FakeLab, suite: FakeSuite, write: Callable[..., Fault]
) -> None:
    """What followed would be judged on a broken lab. The next run begins by reverting it."""
    suite.said["services.broken"] = DETECTED
    lab.answers["rm /dead"] = lambda: (1, "read-only file system")
    matrix = runner.play_all([write(KILLED), write(KILLED)])
    assert len(matrix.outcomes) == 1 and not matrix.outcomes[0].reverted and not matrix.good
    assert "read-only file system" in row(matrix.outcomes[0])
    del lab.answers["rm /dead"]
    runner.clean_up()
    assert not lab.files and not runner.marker.exists()


def test_a_fault_that_went_with_its_host_needs_no_revert(
    runner: Runner, lab: FakeLab, suite: FakeSuite, write: Callable[..., Fault]
) -> None:
    """The lab was made anew since: the revert fails, but nothing of the fault can be seen, and the next run may go on."""
    suite.said["services.broken"] = DETECTED
    lab.answers["rm /dead"] = lambda: (1, "no such file")
    runner.play_all([write(KILLED)])
    with pytest.raises(FaultError, match="no such file"):
        runner.clean_up()
    lab.files.clear()
    runner.clean_up()
    assert not runner.marker.exists()


def test_what_is_left_over_is_told(runner: Runner, suite: FakeSuite, write: Callable[..., Fault]) -> None:
    """The last run is compared with the first."""
    suite.said |= {"services.broken": DETECTED, "after": bundle_of(("DNS-034", "example.test", "fail"))}
    matrix = runner.play_all([write(KILLED)])
    assert matrix.outcomes[0].good and not matrix.good
    assert "left over after the last fault: DNS-034 example.test: pass -> fail" in total(matrix)


def test_no_fault_is_no_proof(runner: Runner) -> None:
    """An empty matrix is not good."""
    assert not Matrix(bundle_of()).good


@pytest.mark.parametrize(
    ("changes", "causes", "detected", "ranked", "alarms"),
    [
        ([("SVC-001", MX1, "fail")], [("SVC-001", MX1)], True, True, 0),
        ([], [], False, False, 0),
        ([("SVC-001", MX1, "not_measured")], [("SVC-001", MX1)], False, True, 0),
        ([("SVC-001", MX2, "fail")], [("SVC-001", MX2)], False, False, 1),
        ([("SVC-001", MX1, "fail"), ("SVC-001", MX2, "fail")], [("SVC-001", MX1)], True, True, 1),
        ([("SVC-001", MX1, "fail"), ("NET-003", f"{MX1}:25", "fail")], [("NET-003", MX1)], True, False, 0),
        ([("SVC-001", MX1, "fail"), ("DNS-034", "example.test", "notice")], [("SVC-001", MX1)], True, True, 1),
        ([("SVC-001", MX1, "fail")], [], True, False, 0),
    ],
)
def test_judgement(
    write: Callable[..., Fault], changes: list[tuple[str, str, str]], causes: list[tuple[str, str]],
    detected: bool, ranked: bool, alarms: int,
) -> None:
    """The right id, with the right verdict, on the right host, first in the diagnosis, and nothing else changed."""
    after = bundle_of(*changes, causes=tuple(causes))
    judgement = judge(write(KILLED), bundle_of(), after, MX1, [MX1, MX2])
    assert (judgement.detected, judgement.ranked_first, len(judgement.alarms)) == (detected, ranked, alarms)


def test_a_check_that_vanishes_is_an_alarm(write: Callable[..., Fault]) -> None:
    """A fault must not make the suite stop looking."""
    after = bundle_of(("SVC-001", MX1, "fail"), causes=(("SVC-001", MX1),))
    after = type(after)({key: item for key, item in after.findings.items() if key[0] != "DNS-034"}, after.causes)
    judgement = judge(write(KILLED), bundle_of(), after, MX1, [MX1, MX2])
    assert [str(change) for change in judgement.alarms] == ["DNS-034 example.test: pass -> vanished"]


def test_what_heals_meanwhile_is_no_alarm(write: Callable[..., Fault]) -> None:
    """It is told among the changes all the same."""
    before = bundle_of(("DNS-034", "example.test", "warn"))
    after = bundle_of(("SVC-001", MX1, "fail"), causes=(("SVC-001", MX1),))
    judgement = judge(write(KILLED), before, after, MX1, [MX1, MX2])
    assert judgement.good and len(judgement.changes) == 2


def test_a_domain_is_nobodys_host(write: Callable[..., Fault]) -> None:
    """A fault of a zone may be injected on any host: its root shows on the domain."""
    fault = write(KILLED.replace("SVC-001", "DNS-034"))
    after = bundle_of(("DNS-034", "example.test", "fail"), causes=(("DNS-034", "example.test"),))
    assert judge(fault, bundle_of(), after, MX2, [MX1, MX2]).good


def test_a_target_narrows_it(write: Callable[..., Fault]) -> None:
    """With `target` the root cause must show there, wherever it was injected."""
    fault = write(KILLED + "target: mx2*\n")
    after = bundle_of(("SVC-001", MX2, "fail"), causes=(("SVC-001", MX2),))
    assert judge(fault, bundle_of(), after, MX1, [MX1, MX2]).good
