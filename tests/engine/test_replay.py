"""A stored snapshot gives the same verdicts, with nothing asked; shards together give what one run gives."""

from __future__ import annotations

from pathlib import Path

from tests.engine.harness import check, run

FLEET = "all: {children: {mta: {hosts: {'mx[1:6].example.org': {ansible_connection: local}}}}}\n"
CHECKS = check("SVC-001", 'evidence.compare("s", host.check_output("uname -s"), "==", "Linux")') + check(
    "SVC-002", 'evidence.compare("seconds", float(host.check_output("cat /proc/uptime").split()[0]), "<", 1)'
)


def test_replay(tmp_path: Path) -> None:
    first = run(tmp_path, CHECKS, inventory=FLEET)
    dead = FLEET.replace("local", "docker")
    again = run(tmp_path, CHECKS, f"--replay={first.directory}", inventory=dead, name="again")
    assert again.verdicts() == first.verdicts()
    assert again.evidence["run"]["engine"]["round_trips"] == 0
    assert again.evidence["run"]["started"] == first.evidence["run"]["started"]
    assert [item["measurements"] for item in again.evidence["results"]] == [
        item["measurements"] for item in first.evidence["results"]
    ]


def test_what_is_not_in_the_snapshot_is_not_measured(tmp_path: Path) -> None:
    first = run(tmp_path, CHECKS, inventory=FLEET)
    more = CHECKS + check("SVC-003", 'evidence.compare("m", host.check_output("uname -m"), "!=", "")')
    again = run(tmp_path, more, f"--replay={first.directory}", inventory=FLEET, name="again")
    assert {verdict for (id, _), verdict in again.verdicts().items() if id == "SVC-003"} == {"not_measured"}
    assert "not in the snapshot" in again.message("SVC-003")


def test_a_broken_snapshot_is_a_usage_error(tmp_path: Path) -> None:
    first = run(tmp_path, CHECKS, inventory=FLEET)
    (first.directory / "snapshot.jsonl.gz").write_bytes(b"\x1f\x8b garbage")
    again = run(tmp_path, CHECKS, f"--replay={first.directory}", inventory=FLEET, name="again")
    assert again.code == 4 and "snapshot.jsonl.gz" in again.output and "Traceback" not in again.output


def test_shards_are_disjoint_and_complete(tmp_path: Path) -> None:
    whole = run(tmp_path, CHECKS, inventory=FLEET)
    parts = [run(tmp_path, CHECKS, f"--shard={n}/3", inventory=FLEET, name=f"part{n}") for n in (1, 2, 3)]
    seen = [key for part in parts if part.code != 5 for key in part.verdicts()]
    assert sorted(seen) == sorted(whole.verdicts())


def test_jobs_give_one_bundle_with_everything(tmp_path: Path) -> None:
    whole = run(tmp_path, CHECKS, inventory=FLEET)
    both = run(tmp_path, CHECKS, "--jobs=2", inventory=FLEET, name="jobs")
    assert both.code == whole.code == 1, both.output
    assert both.verdicts() == whole.verdicts()
    assert both.evidence["summary"]["counts"] == whole.evidence["summary"]["counts"]
    assert both.evidence["run"]["engine"]["hosts"] == 6


def test_against_a_baseline_only_what_is_new_fails_the_run(tmp_path: Path) -> None:
    old = check("SVC-001", 'evidence.compare("x", 1, "==", 2)') + check("SVC-002", 'evidence.compare("x", 1, "==", 1)')
    before = run(tmp_path, old, inventory=FLEET)
    assert before.code == 1
    options = (f"--baseline={before.directory}", "--fail-on=regression")
    assert run(tmp_path, old, *options, inventory=FLEET, name="same").code == 0
    worse = old.replace('"x", 1, "==", 1)', '"x", 1, "==", 3)')
    assert run(tmp_path, worse, *options, inventory=FLEET, name="worse").code == 1
    unseen = old.replace('evidence.compare("x", 1, "==", 1)', 'raise ProbeError("gone")')
    assert run(tmp_path, unseen, *options, inventory=FLEET, name="unseen").code == 1
    fixed = old.replace('"x", 1, "==", 2)', '"x", 1, "==", 1)')
    assert run(tmp_path, fixed, *options, inventory=FLEET, name="fixed").code == 0
    assert run(tmp_path, old, options[0], inventory=FLEET, name="alone").code == 4
