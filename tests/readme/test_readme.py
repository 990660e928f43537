"""What the README shows can be used as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.faults.model import Fault
from fixtures.inventory import read_inventory
from fixtures.policy import load_waivers
from fixtures.requirement import catalogue
from fixtures.yamlfile import load
from reports.model import VERDICTS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def block(language: str, begins: str) -> str:
    """The code block that begins with these words, without its indentation."""
    blocks = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)
    texts = ["\n".join(line.removeprefix(indent) for line in text.splitlines()) + "\n" for indent, text in blocks]
    (found,) = (text for text in texts if text.startswith(begins))
    return found


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    file = tmp_path / "estate.yml"
    file.write_text(block("yaml", "all:"))
    return file


def test_inventory(estate: Path) -> None:
    """The inventory of the five minutes declares one host, its endpoints and one domain."""
    read = read_inventory(estate)
    assert [str(item) for item in read.endpoints] == ["mx1.example.org:25", "mx1.example.org:465"]
    assert list(read.domains) == ["example.org"]


def test_example_inventory() -> None:
    """The commented example is valid; both hosts and every address of them are declared."""
    read = read_inventory(ROOT / "inventories/example.yml")
    assert set(read.hosts) == {"mx1.example.org", "mx2.example.org"}
    assert {item.address for item in read.endpoints} == {"192.0.2.10", "192.0.2.11", "2001:db8::10"}
    assert read.domains["example.org"].backup_mx == ("mx2.example.org",)


def test_waiver(tmp_path: Path) -> None:
    """The waiver is complete and names a requirement of the catalogue."""
    file = tmp_path / "waivers.yml"
    file.write_text(block("yaml", "waivers:"))
    data, _ = load(file)
    (entry,) = data["waivers"]
    month_before = datetime.fromisoformat(str(entry["until"])).replace(tzinfo=UTC) - timedelta(days=30)
    (waiver,) = load_waivers(file, catalogue(), month_before)
    assert waiver.covers(entry["requirement"], "mx1.example.org", "mx1.example.org:25")


def test_check(tmp_path: Path, estate: Path) -> None:
    """The check is collected for the host of the inventory."""
    file = tmp_path / "services" / "test_site.py"
    file.parent.mkdir()
    file.write_text(block("python", '"""Our own rules'))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-c", ROOT / "pytest.ini", f"--rootdir={ROOT}", "-p", "conftest",
         f"--inventory={estate}", "--co", "-q", "-p", "no:cacheprovider", file],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "test_mail_name[mx1.example.org]" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr


def test_fault(tmp_path: Path) -> None:
    """The fault is complete, and its root cause is the requirement of the check above it."""
    file = tmp_path / "mailname.yml"
    file.write_text(block("yaml", "title:"))
    data, _ = load(file)
    fault = Fault.model_validate(data)
    assert f'"{fault.root[0]}"' in block("python", '"""Our own rules')


def test_options() -> None:
    """The table has every option of the suite, and no other."""
    code = (ROOT / "fixtures/options.py").read_text()
    declared = set(re.findall(r'add\(\s*"(--[a-z-]+)"', code))
    table = README.partition("## Options")[2].partition("## ")[0]
    rows = "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"--[a-z][a-z-]+", rows)) == declared


def test_verdicts() -> None:
    """The table of verdicts is that of the reports."""
    table = README.partition("## Verdicts")[2].partition("##")[0]
    assert re.findall(r"^\| `([a-z_]+)`", table, re.MULTILINE) == list(VERDICTS)


def test_paths() -> None:
    """Every file or folder of the suite that is named exists."""
    named = set(re.findall(r"`((?:checks|fixtures|reports|policy|docker|tests|inventories|\.ci)/[\w./-]*)`", README))
    named |= set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
    real = {
        name for name in named if not name.startswith("reports/output") and not re.search("[A-Z]{4}|test_site", name)
    }
    assert len(real) >= 5
    assert {name for name in real if not (ROOT / name).exists()} == set()


def test_commands() -> None:
    """Every command of the launcher that is named is one that it has."""
    shown = subprocess.run([ROOT / "mailproof", "help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"[a-z]+", " ".join(re.findall(r"^  ([a-z]+(?:, [a-z]+)*)  ", shown, re.MULTILINE))))
    assert set(re.findall(r"\./mailproof ([a-z]+)", README)) <= known
