"""``--catalogue=FILE``: every requirement of the suite, for auditors, as Markdown, JSON or CSV. Nothing is probed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.errors import InputError
from fixtures.faults.proof import proofs_of_the_suite
from fixtures.requirement import LAYERS, SELECTION, Requirement
from reports import files, frameworks

if TYPE_CHECKING:
    from reports.frameworks import Frameworks


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    name = config.option.catalogue
    if name and Path(name).suffix not in WRITERS:
        raise InputError(f"--catalogue={name}: the file ends in {', '.join(WRITERS)}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    config = session.config
    if not config.option.catalogue:
        return None
    if session.testsfailed:
        raise session.Interrupted(f"{session.testsfailed} errors during collection: no catalogue was written")
    path = Path(config.option.catalogue)
    selection = config.stash[SELECTION]
    requirements = sorted(selection.requirements.values(), key=lambda item: (LAYERS.index(item.layer), item.id))
    rows = entries(requirements, frameworks.load(), selection.subjects)
    try:
        files.write(path, WRITERS[path.suffix](rows))
    except OSError as error:
        raise InputError(f"--catalogue: cannot be written: {error.strerror}", file=path) from error
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal:
        terminal.write_line(f"{len(rows)} requirements written to {path}")
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Without an inventory no check has a subject, which pytest calls 5, nothing ran: here nothing should."""
    if session.config.option.catalogue and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


def entries(
    requirements: list[Requirement], mapping: Frameworks, subjects: Mapping[str, str]
) -> list[dict[str, Any]]:
    """One entry for each requirement, with its clauses by framework label, and the faults that it is proved by."""
    faults, unproved = proofs_of_the_suite()
    return [
        {
            "id": item.id,
            "layer": item.layer,
            "subject": subjects.get(item.id, ""),
            "severity": item.severity,
            "title": item.title,
            "why": item.why,
            "fix": item.fix,
            "groups": list(item.group),
            "stage": item.stage,
            "sends_mail": item.active,
            "explained_by": list(item.explained_by),
            "refs": list(item.refs),
            "controls": list(item.controls),
            "faults": list(faults.get(item.id, ())),
            "unproved": unproved.get(item.id, ""),
            "clauses": {
                framework.label: clauses
                for framework in mapping.frameworks.values()
                if (clauses := mapping.clauses(list(item.controls), framework.code))
            },
        }
        for item in requirements
    ]


def as_json(rows: list[dict[str, Any]]) -> str:
    return json.dumps({"schema": "mailproof/catalogue/1", "requirements": rows}, indent=1, ensure_ascii=False) + "\n"


def as_csv(rows: list[dict[str, Any]]) -> str:
    """RFC 4180; lists are joined by semicolons."""
    stream = io.StringIO()
    labels = sorted({label for row in rows for label in row["clauses"]})
    names = [name for name in (rows[0] if rows else {}) if name != "clauses"]
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(names + labels)
    for row in rows:
        cells = [row[name] for name in names] + [row["clauses"].get(label, []) for label in labels]
        writer.writerow("; ".join(cell) if isinstance(cell, list) else str(cell) for cell in cells)
    return stream.getvalue()


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """One section for each layer, one for each requirement in it."""
    proved = sum(bool(row["faults"]) for row in rows)
    head = f"{len(rows)} requirements, by layer of the fault tree; {proved} of them seen to fail in the lab."
    lines = ["# Requirements", "", head]
    layer = ""
    for row in rows:
        if row["layer"] != layer:
            layer = row["layer"]
            lines += ["", f"## {layer.capitalize()}"]
        about = f"Severity {row['severity']}."
        about += f" Hosts of group {', '.join(row['groups'])}." if row["groups"] else ""
        about += " Sends a probe mail, only with --active." if row["sends_mail"] else ""
        lines += ["", f"### {row['id']}: {row['title']}", "", about, "", row["why"], "", f"Fix: {row['fix']}", ""]
        lines += [f"- References: {'; '.join(row['refs'])}"] if row["refs"] else []
        lines += [f"- A consequence of: {', '.join(row['explained_by'])}"] if row["explained_by"] else []
        lines += [f"- Seen to fail in the lab: {', '.join(row['faults'])}"] if row["faults"] else []
        lines += [f"- Not seen to fail in the lab: {row['unproved']}"] if row["unproved"] else []
        lines += [f"- {label}: {', '.join(clauses)}" for label, clauses in row["clauses"].items()]
    return "\n".join(lines) + "\n"


WRITERS = {".md": as_markdown, ".json": as_json, ".csv": as_csv}
