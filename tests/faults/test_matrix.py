"""Faults on the running lab: each is found, its cause ranked first, with no false alarm; then it is taken back.

Here those of every layer that are quick to bring about. `./mailproof faults` plays all there are.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from fixtures.faults.model import FAULTS
from fixtures.lab.lab import Lab
from fixtures.options import SUITE

PLAYED = (
    "configuration/domain-placeholder",
    "configuration/loopback-only",
    "dns/dkim-key-differs",
    "dns/dmarc-none",
    "dns/mx-dead-name",
    "dns/ptr-missing",
    "dns/resolver-out-of-reach",
    "dns/spf-allows-all",
    "dns/spf-lacks-egress",
    "dns/spf-twice",
    "flow/auth-on-port-25",
    "flow/open-relay",
    "flow/vrfy-on",
    "logs/retention-four-weeks",
    "network/smtp-filtered",
    "network/unknown-listener",
    "resources/store-nearly-full",
    "services/dovecot-stopped",
    "services/postfix-disabled",
    "services/postfix-killed",
    "tls/certificate-expired",
    "tls/certificate-expiring",
    "tls/certificate-wrong-name",
    "tls/starttls-off",
    "tls/tls13-off",
)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of each fault."""
    Lab.open()
    folder = tmp_path_factory.mktemp("faults")
    for name in PLAYED:
        layer = folder / "chosen" / name.split("/")[0]
        layer.mkdir(parents=True, exist_ok=True)
        (layer / f"{name.split('/')[1]}.yml").write_bytes((FAULTS / f"{name}.yml").read_bytes())
    output = folder / "matrix.json"
    command = [sys.executable, "-m", "fixtures.faults", "run", f"--faults-dir={folder / 'chosen'}", f"--output={output}"]
    done = subprocess.run(command, cwd=SUITE, capture_output=True, text=True, timeout=1500, check=False)
    assert output.exists(), done.stdout + done.stderr
    return {item["name"]: item for item in json.loads(output.read_text())["faults"]}


@pytest.mark.timeout(1600)
@pytest.mark.parametrize("name", PLAYED)
def test_a_fault_is_found_first_and_alone(matrix: dict[str, dict[str, Any]], name: str) -> None:
    outcome = matrix[name]
    assert outcome["good"], json.dumps(outcome, indent=1)


def test_a_dead_master_behind_a_living_unit_is_named(matrix: dict[str, dict[str, Any]]) -> None:
    """SVC-001 fails on mx1 and says what contradicts what; no other host is touched; the run ends with 1."""
    fault = matrix["services/postfix-killed"]
    assert fault["exit_code"] == 1
    assert "postfix.service says active" in fault["judgement"]["said"]
    changed = {change["finding"]["target"] for change in fault["judgement"]["changes"]}
    assert "mx1.example.test" in changed and changed <= {"mx1.example.test", "example.test"}


def test_enough_requirements_are_shown_to_fail(matrix: dict[str, dict[str, Any]]) -> None:
    roots = {id for name in PLAYED for id in matrix[name]["root"]}
    assert len(roots) >= 15, sorted(roots)
