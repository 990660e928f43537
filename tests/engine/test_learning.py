"""One round trip for every host after the first of its kind; the same verdicts however they were asked."""

from __future__ import annotations

from pathlib import Path

from fixtures.backend.learned import Learned
from tests.engine.harness import check, run

SOURCE = (
    check("SVC-001", 'evidence.compare("system", host.check_output("uname -s"), "==", "Linux")')
    + check("SVC-002", 'evidence.compare("root", host.file("/etc/passwd").user, "==", "root")')
    + check("SVC-007", 'evidence.compare("me", host.check_output("id -u %s", "root"), "==", "0")', options="")
)
FLEET = "all: {children: {mta: {hosts: {'mx[01:20].example.org': {ansible_connection: local}}}}}\n"


def test_the_first_host_teaches_and_the_others_cost_one_round_trip(tmp_path: Path) -> None:
    first = run(tmp_path, SOURCE, inventory=FLEET)
    engine = first.evidence["run"]["engine"]
    assert engine["hosts"] == 20 and first.code == 0, first.output
    trips = [item["round_trips"] for item in engine["per_host"].values()]
    assert trips[0] > 1 and trips[1:] == [1] * 19
    second = run(tmp_path, SOURCE, inventory=FLEET, name="two")
    assert [item["round_trips"] for item in second.evidence["run"]["engine"]["per_host"].values()] == [1] * 20
    assert second.verdicts() == first.verdicts()


def test_a_command_nobody_foresaw_costs_its_own_round_trip_and_is_right(tmp_path: Path) -> None:
    body = 'evidence.compare("me", host.check_output("echo %s", host.name), "==", host.name)'
    outcome = run(tmp_path, check("SVC-001", body), inventory=FLEET)
    assert set(outcome.verdicts().values()) == {"pass"}, outcome.output


def test_a_changed_or_broken_memory_changes_no_verdict(tmp_path: Path) -> None:
    first = run(tmp_path, SOURCE, inventory=FLEET)
    cache = next((tmp_path / "cache").rglob("learned"))
    for text in ('{"checks": {"SVC-001": ["reboot", "uname -s"]}, "hosts": 3}', "[1, 2]", "not json"):
        cache.write_text(text)
        again = run(tmp_path, SOURCE, inventory=FLEET, name="again")
        assert again.verdicts() == first.verdicts(), again.output


def test_what_only_one_of_many_hosts_needs_is_kept_for_that_host() -> None:
    learned = Learned()
    for host in ("a", "b", "c"):
        learned.saw("SVC-001", host, ["uname", f"cat /etc/{host}"])
    kept = learned.as_json()
    assert kept["checks"] == {"SVC-001": ["uname"]}
    again = Learned(kept)
    assert again.plan("b", ["SVC-001"]) == ["cat /etc/b", "uname"]
    assert again.plan("new", ["SVC-001"]) == ["uname"]
