"""``--domain`` as users give it: refused where it makes no sense, and the outside view of the lab's domain."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.inventory import read_inventory
from fixtures.lab import Lab
from tests.engine.harness import SUITE, Outcome, check, run

ONE = check("SVC-001", 'evidence.compare("system", host.check_output("uname -s"), "==", "Linux")')
QUICK = "dns: {timeout_s: 0.2}\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--inventory=inventory.yml"], "do not give --inventory as well"),
        (["--domain="], "not the name of a mail domain"),
        (["--resolver=ns1.example.org"], "--resolver=ns1.example.org: not an address"),
        (["--resolver=127.0.0.1"], "the resolver 127.0.0.1 does not answer"),
    ],
)
def test_refused(tmp_path: Path, options: list[str], said: str) -> None:
    """Exit code 4 with one clear line, before anything else is probed, and no bundle."""
    (tmp_path / "policy.yml").write_text(QUICK)
    given = ["--domain=example.org", f"--policy={tmp_path / 'policy.yml'}", *options]
    outcome = run(tmp_path, ONE, *given, inventory=None)
    assert outcome.code == 4, outcome.output
    assert said in outcome.output and "Traceback" not in outcome.output
    assert not outcome.directory.exists()


def test_without_an_estate_the_domain_is_offered(tmp_path: Path) -> None:
    outcome = run(tmp_path, ONE, inventory=None)
    assert outcome.code == 4 and "--domain=NAME" in outcome.output


def judge(directory: Path, *options: str) -> Outcome:
    command = [
        sys.executable, "-m", "pytest", "checks", "--domain=example.test", f"--evidence={directory}",
        "-o", f"cache_dir={directory.parent / 'cache'}", *options,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=SUITE, capture_output=True, text=True, timeout=200, check=False, stdin=subprocess.DEVNULL
    )
    return Outcome(done.returncode, done.stdout + done.stderr, directory)


@pytest.fixture(scope="module")
def seen(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The lab's domain seen from outside alone."""
    return judge(tmp_path_factory.mktemp("domain") / "seen", f"--resolver={lab.topology.hosts['resolver'].ipv4}")


def verdicts(outcome: Outcome) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for item in outcome.evidence["results"]:
        found.setdefault(item["id"], set()).add(item["verdict"])
    return found


def test_the_outside_view_of_the_lab(seen: Outcome) -> None:
    """What is right from outside passes. The lab's authority is nobody's and its addresses are private, and that is
    what fails, nothing else."""
    assert seen.code == 1, seen.output
    by_id = verdicts(seen)
    for id in ("DNS-034", "DNS-035", "DNS-036", "DNS-043", "DNS-044", "DNS-049", "DNS-051", "NET-003", "TLS-001"):
        assert by_id[id] == {"pass"}, (id, by_id[id])
    assert {id for id, verdict in by_id.items() if "fail" in verdict} == {"DNS-030", "DNS-048", "TLS-038"}
    assert not any("not_measured" in verdict for verdict in by_id.values())
    assert "example.test by 10.77.0.53: 2 MX, 2 hosts, 18 endpoints; seen from outside alone" in seen.output


def test_what_the_dns_cannot_tell_is_never_a_pass(seen: Outcome) -> None:
    """No selector, no egress address, no declared MX to compare with, and no shell."""
    by_id = verdicts(seen)
    for id in ("DNS-002", "DNS-005", "DNS-008", "DNS-033", "DNS-040", "DNS-041"):
        assert by_id[id] == {"not_applicable"}, id
    missing = {item["id"]: item["reason"] for item in seen.evidence["not_applicable"]}
    assert missing["SVC-001"].startswith("seen from outside alone")
    assert not [item for item in seen.evidence["exchanges"].values() if item["kind"] == "shell"]


def test_the_bundle_is_whole(seen: Outcome, tmp_path: Path) -> None:
    """Hosts and domain are its targets, it has the snapshot, and judging that again, without a resolver, agrees."""
    kinds = {item["name"]: item["kind"] for item in seen.evidence["targets"]}
    assert kinds == {"mx1.example.test": "host", "mx2.example.test": "host", "example.test": "domain"}
    again = judge(tmp_path / "again", f"--replay={seen.directory}")
    assert again.verdicts() == seen.verdicts() and again.code == 1, again.output
    assert again.evidence["run"]["inventory_sha256"] == seen.evidence["run"]["inventory_sha256"]


def test_a_target_that_was_not_found(seen: Outcome, tmp_path: Path) -> None:
    outcome = judge(tmp_path / "none", f"--replay={seen.directory}", "--target=mx9.*")
    assert outcome.code == 4 and "the DNS of example.test has that name" in outcome.output


def test_discover_prints_what_the_lab_declares(lab: Lab, tmp_path: Path) -> None:
    """Endpoint for endpoint what the lab's own inventory has of these hosts, and a shell where one was named."""
    command = [
        sys.executable, "-P", "-m", "fixtures.discovery", "--domain=example.test", "--resolver=10.77.0.53",
        "--host=mx1.example.test=docker://mailproof-mx1",
    ]  # fmt: skip
    done = subprocess.run(
        command, env={"PYTHONPATH": str(SUITE)}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "estate.yml").write_text(done.stdout)
    mine, declared = read_inventory(tmp_path / "estate.yml"), read_inventory(lab.inventory)
    for name in ("mx1.example.test", "mx2.example.test"):
        ours = {(str(item), item.address, item.protocol, item.tls) for item in mine.hosts[name].endpoints}
        theirs = {(str(item), item.address, item.protocol, item.tls) for item in declared.hosts[name].endpoints}
        assert ours == theirs
    assert mine.hosts["mx1.example.test"].connection == declared.hosts["mx1.example.test"].connection
    assert json.dumps(mine.domains["example.test"].mx) == json.dumps(declared.domains["example.test"].mx)
