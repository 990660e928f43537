"""Every requirement of the outside view is seen to fail by a fault of the lab, or a reason is given why not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.errors import InputError
from fixtures.faults.model import FAULTS, read_faults
from fixtures.faults.proof import proofs, reasons
from fixtures.options import SUITE

#: What a stranger sees.
OUTSIDE = ("endpoint", "domain")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The catalogue of what is built, by id."""
    file = tmp_path_factory.mktemp("catalogue") / "catalogue.json"
    command = [sys.executable, "-m", "pytest", "checks", "-q", f"--catalogue={file}"]
    done = subprocess.run(command, cwd=SUITE, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {row["id"]: row for row in json.loads(file.read_text())["requirements"]}


def test_every_requirement_of_the_outside_view_is_proved(built: dict[str, dict[str, Any]]) -> None:
    """SUITE-030. What lacks a fault file is named; a reason in policy/unproved.yml is for what a lab cannot show."""
    proved, excused = proofs(read_faults(FAULTS)), reasons()
    missing = [id for id, row in built.items() if row["subject"] in OUTSIDE and id not in proved and id not in excused]
    assert not missing, f"without a fault file whose root names them: {', '.join(sorted(missing))}"


def test_what_is_not_proved_is_said_of_every_view(built: dict[str, dict[str, Any]]) -> None:
    """No requirement stands there without a fault and without a word."""
    silent = [id for id, row in built.items() if not row["faults"] and not row["unproved"]]
    assert not silent, f"neither a fault file nor a reason in policy/unproved.yml: {', '.join(sorted(silent))}"


def test_reasons_are_true(built: dict[str, dict[str, Any]]) -> None:
    """They are about what is built and has no fault; nobody's work that is only not done yet is one, seen from outside."""
    stale = {id for id in reasons() if id not in built or built[id]["faults"]}
    lazy = {id for id, text in reasons().items() if "yet" in text and built.get(id, {}).get("subject") in OUTSIDE}
    assert not stale | lazy, f"to be taken out of policy/unproved.yml: {', '.join(sorted(stale | lazy))}"


def test_faults_are_about_what_is_built(built: dict[str, dict[str, Any]]) -> None:
    """A root that no check states would never be detected."""
    unknown = {id: names for id, names in proofs(read_faults(FAULTS)).items() if id not in built}
    assert not unknown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- DNS-001", r"unproved.yml:1: a mapping"),
        ("DNS-001: too hard\nDNS-998: too hard", r"unproved.yml:2: unknown requirement 'DNS-998'"),
        ("DNS-001:", r"unproved.yml:1: DNS-001: the reason is missing"),
    ],
)
def test_a_wrong_list_of_reasons_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "unproved.yml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        reasons(path)
