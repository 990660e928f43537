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

#: Twenty seconds a fault on an idle machine of two cores; a busy one may take five times as long.
LIMIT_S = 6000
PLAYED = (
    "accounts/imap-login-before-tls",
    "accounts/weak-mechanism",
    "configuration/domain-placeholder",
    "configuration/loopback-only",
    "dns/dkim-key-differs",
    "dns/dmarc-none",
    "dns/mx-dead-name",
    "dns/nsec3-iterations",
    "dns/ptr-missing",
    "dns/recursion-open",
    "dns/registration-ending",
    "dns/resolver-out-of-reach",
    "dns/spf-allows-all",
    "dns/spf-lacks-egress",
    "dns/spf-twice",
    "dns/tlsa-differs",
    "flow/auth-on-port-25",
    "flow/backup-takes-unknown",
    "flow/blocklisted",
    "flow/open-relay",
    "flow/virus-scanner-stopped",
    "flow/vrfy-on",
    "flow/xclient-offered",
    "network/smtp-filtered",
    "network/unknown-listener",
    "resources/store-nearly-full",
    "services/dovecot-stopped",
    "services/postfix-disabled",
    "services/postfix-killed",
    "tls/anonymous-suites",
    "tls/certificate-expired",
    "tls/certificate-wrong-name",
    "tls/crl-missing",
    "tls/renewal-timer-off",
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
    # A fault that breaks the lab fails alone: the others are played on a lab that is made anew.
    command.append("--heal")
    done = subprocess.run(command, cwd=SUITE, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert output.exists(), done.stdout + done.stderr
    return {item["name"]: item for item in json.loads(output.read_text())["faults"]}


@pytest.mark.timeout(LIMIT_S + 100)
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
    assert len(roots) >= 30, sorted(roots)
