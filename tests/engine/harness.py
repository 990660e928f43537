"""Runs the suite, as a user does, over checks written for the occasion."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUITE = Path(__file__).resolve().parents[2]
INVENTORY = """\
all:
  children:
    mta:
      hosts:
        mx1.example.org: {ansible_connection: local}
        mx2.example.org: {ansible_connection: local}
"""
CHECK_HEAD = """\
from fixtures.errors import NotApplicable, ProbeError
from fixtures.exchange import fact
from fixtures.requirement import requirement
"""
TEXT = '"""It holds.\n\n    Why: it must.\n    Fix: mend it.\n    """'


def check(id: str, body: str, *, arguments: str = "host, evidence", options: str = 'group="mta"') -> str:
    """The source of one check."""
    inner = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return f'@requirement("{id}", severity="high", {options})\ndef test_{id.lower().replace("-", "_")}({arguments}):\n    {TEXT}\n{inner}\n\n\n'


@dataclass
class Outcome:
    """How a run ended."""

    code: int
    output: str
    directory: Path

    @property
    def evidence(self) -> dict[str, Any]:
        return dict(json.loads((self.directory / "evidence.json").read_text()))

    def verdicts(self) -> dict[tuple[str, str], str]:
        return {(item["id"], item["subject"]): item["verdict"] for item in self.evidence["results"]}

    def message(self, id: str) -> str:
        return next(item["message"] for item in self.evidence["results"] if item["id"] == id)


def run(
    tmp_path: Path,
    source: str = "",
    *options: str,
    inventory: str | None = INVENTORY,
    seconds: float = 90,
    name: str = "one",
) -> Outcome:
    """Judge ``source`` (checks) in a process of its own; its cache is ``tmp_path``'s."""
    folder = tmp_path / "checks" / "services"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "test_made.py").write_text(CHECK_HEAD + "\n\n" + source)
    arguments = [*options]
    if inventory is not None:
        (tmp_path / "inventory.yml").write_text(inventory)
        arguments.append(f"--inventory={tmp_path / 'inventory.yml'}")
    evidence = tmp_path / f"evidence-{name}"
    command = [
        sys.executable, "-m", "pytest", "-p", "conftest", "-c", str(SUITE / "pytest.ini"), f"--rootdir={SUITE}", "-o",
        f"cache_dir={tmp_path / 'cache'}", f"--evidence={evidence}", str(folder), *arguments,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=SUITE, capture_output=True, text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
    )
    return Outcome(done.returncode, done.stdout + done.stderr, evidence)
