"""A fault is injected, seen, run, and always reverted; the suite's answer is judged without mercy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.errors import InputError
from fixtures.faults import matrix as table
from fixtures.faults.__main__ import main
from fixtures.faults.compare import judge
from fixtures.faults.estate import FaultError, Stage
from fixtures.faults.matrix import as_json, row, total
from fixtures.faults.model import Fault, read_faults
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
        "publish {'example.test': {'set': {}, 'delete': ['mx1 A'], 'signing': {}, 'ttl': None}}",
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
    assert "did not hold" in outcome.error and outcome.reverted and suite.runs == ["baseline", "between"]


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
    assert "left over after the last fault: DNS-034 example.test: pass -> fail" in total(as_json(matrix))


def test_a_broken_lab_is_healed_or_the_run_ends(
    runner: Runner, stage: Stage, suite: FakeSuite, write: Callable[..., Fault]
) -> None:
    """What a fault leaves behind is seen at once, and nothing more is played on it."""
    faults = [write(KILLED, "services/first"), write(KILLED, "services/second")]
    suite.said |= {"services.first": DETECTED, "services.second": DETECTED}
    worse = ("DNS-034", "example.test", "fail")
    suite.said["services.first"] = bundle_of(("SVC-001", MX1, "fail"), worse, causes=(("SVC-001", MX1),))
    suite.said["between"] = bundle_of(worse)
    matrix = runner.play_all(faults)
    assert [outcome.fault.name for outcome in matrix.outcomes] == ["services/first"] and not matrix.good
    assert "make it anew" in matrix.stopped and "DNS-034 example.test: pass -> fail" in matrix.stopped
    assert "left over: DNS-034 example.test" in row(matrix.outcomes[0])

    def heal() -> Stage:
        del suite.said["between"]
        return stage

    runner.heal = heal
    matrix = runner.play_all(faults)
    assert [outcome.good for outcome in matrix.outcomes] == [False, True] and matrix.healed == 1 and not matrix.stopped
    suite.said["between"] = bundle_of(worse)
    runner.heal = lambda: stage
    assert "not as before" in runner.play_all(faults).stopped


def test_a_slow_moment_is_no_damage(runner: Runner, suite: FakeSuite, write: Callable[..., Fault]) -> None:
    """What is gone at a second look was never left over."""
    worse = ("DNS-034", "example.test", "warn")
    suite.said["services.broken"] = bundle_of(("SVC-001", MX1, "fail"), worse, causes=(("SVC-001", MX1),))
    looks = iter([bundle_of(worse), bundle_of(), bundle_of()])
    run = suite.run
    suite.run = lambda name: next(looks) if name == "between" else run(name)  # type: ignore[method-assign]
    matrix = runner.play_all([write(KILLED), write(KILLED)])
    assert len(matrix.outcomes) == 2 and not matrix.outcomes[0].left and not matrix.stopped


def test_an_alarm_must_be_there_at_two_looks(runner: Runner, suite: FakeSuite, write: Callable[..., Fault]) -> None:
    alarmed = bundle_of(("SVC-001", MX1, "fail"), ("DNS-034", "example.test", "warn"), causes=(("SVC-001", MX1),))
    suite.said["services.first"] = alarmed
    suite.said["services.first.again"] = bundle_of(("SVC-001", MX1, "fail"), causes=(("SVC-001", MX1),))
    suite.said |= {"services.second": alarmed, "services.second.again": alarmed}
    faults = [write(KILLED, "services/first"), write(KILLED, "services/second")]
    first, second = runner.play_all(faults).outcomes
    assert first.good and [str(change.finding) for change in first.fleeting] == ["DNS-034 example.test"]
    assert not second.good and second.judgement and len(second.judgement.alarms) == 1 and not second.fleeting


def test_a_fault_that_does_not_revert_is_healed(
    runner: Runner, lab: FakeLab, stage: Stage, suite: FakeSuite, write: Callable[..., Fault]
) -> None:
    """The marker goes with the lab that it spoke of."""
    suite.said["services.broken"] = DETECTED
    lab.answers["rm /dead"] = lambda: (1, "read-only file system")

    def heal() -> Stage:
        lab.files.clear()
        lab.answers.clear()
        return stage

    runner.heal = heal
    matrix = runner.play_all([write(KILLED), write(KILLED, "services/other")])
    assert len(matrix.outcomes) == 2 and matrix.healed == 1 and not runner.marker.exists()
    assert not matrix.outcomes[0].good


def test_a_matrix_is_written_read_joined_and_gone_on_with(
    runner: Runner, suite: FakeSuite, write: Callable[..., Fault], tmp_path: Path
) -> None:
    """What was good in a part, and by this very suite, need not be played again."""
    good, bad = write(KILLED, "services/good"), write(KILLED, "services/unseen")
    suite.said["services.good"] = DETECTED
    first = as_json(runner.play_all([good]))
    second = as_json(runner.play_all([bad]))
    table.write(tmp_path / "one.json", first)
    assert table.read(tmp_path / "one.json") == json.loads(json.dumps(first))
    assert [item["name"] for item in table.still_good(first, [good, bad])] == ["services/good"]
    assert not table.still_good(second, [good, bad]) and not table.still_good(first, [bad])
    assert not table.still_good({**first, "suite": "another"}, [good])
    both = table.join([first, second])
    assert [item["name"] for item in both["faults"]] == ["services/good", "services/unseen"] and not both["good"]
    assert "2 faults: 1 detected" in total(both)
    assert any("different versions" in text for text in table.join([first, {**first, "suite": "x"}])["stopped"])
    text = (tmp_path / "one.md").read_text() + table.as_markdown(both)
    assert "| services/good | SVC-001 | fail | yes | yes | 0 |" in text
    assert "- services/unseen: The MTA is dead\n  - missed: SVC-001 should be fail: unchanged" in text
    assert as_json(Matrix(bundle_of()), first["faults"])["faults"] == first["faults"]


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "mailproof/faults/1"}'])
def test_what_is_no_matrix_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "matrix.json").write_text(text)
    with pytest.raises(InputError, match="matrix"):
        table.read(tmp_path / "matrix.json")


def test_parts_of_the_faults(capsys: pytest.CaptureFixture[str]) -> None:
    """Every fault is in exactly one part; a part that cannot be is wrong use."""
    names = []
    for part in ("1/3", "2/3", "3/3"):
        assert main(["list", f"--shard={part}"]) == 0
        names += [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(names) == [fault.name for fault in read_faults()]
    with pytest.raises(SystemExit, match="2"):
        main(["list", "--shard=4/3"])


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
