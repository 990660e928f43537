"""The end of the terminal's output: the verdict in a sentence, root causes first, all within the terminal's width."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports import findings, text
from reports.model import DIRECTORY, RUN

if TYPE_CHECKING:
    from reports.model import Result, Run

MOST = 10
COLOURS = {"fail": {"red": True}, "incomplete": {"yellow": True}, "pass": {"green": True}, "empty": {"yellow": True}}


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is None:
        return
    columns = min(shutil.get_terminal_size().columns, 100)
    terminalreporter.write_sep("=", "mailproof", bold=True, **COLOURS[run.summary["verdict"]])
    for line in render(run, columns, config.stash.get(DIRECTORY, None), quiet=config.get_verbosity() < 0):
        terminalreporter.write_line(line)


def render(run: Run, columns: int = 80, directory: Path | None = None, *, quiet: bool = False) -> Iterator[str]:
    """The summary line by line, none wider than ``columns`` cells. Quiet: one line for each root cause."""
    verdict = run.summary["verdict"].upper()
    yield from text.wrap(f"{verdict}: {run.summary['text']}", columns)
    yield from text.wrap("   ".join(_counts(run)), columns)
    causes = findings.root_causes(run)
    if causes:
        yield from ("", _head("Root causes", len(causes)))
    for number, group in enumerate(causes[:MOST], 1):
        yield from _cause(number, group, columns, quiet)
    yield from _more(len(causes))
    yield from _not_measured(run, columns, quiet)
    if not quiet:
        yield from _waivers(run, columns)
    if directory is not None:
        yield ""
        for name, file in (("Report", "report.html"), ("Evidence", "evidence.json")):
            if (directory / file).exists() or file == "report.html":
                yield f"{name:<9} {text.plain(_short(directory / file))}"


def _counts(run: Run) -> Iterator[str]:
    counts = run.summary["counts"]
    for verdict, word in findings.VERDICTS.items():
        if counts.get(verdict):
            yield f"{word} {counts[verdict]}"


def _cause(number: int, group: findings.Group, columns: int, quiet: bool) -> Iterator[str]:
    first = group.first
    where = group.subjects[0] + (f" and {len(group.subjects) - 1} more" if len(group.subjects) > 1 else "")
    number_and_place = f"{first.id} {first.severity}, {text.line(where, 120)}"
    if quiet:
        yield text.fit(f"{number_and_place}: {first.title}", columns, f"{number:>2}. ")
        return
    yield text.fit(number_and_place, columns, f"{number:>2}. ")
    yield from text.wrap(first.title, columns, "    ", lines=2)
    for line in _measured(first):
        head, *rest = text.wrap(line, columns, "      ", lines=4)
        yield from ("    - " + head[6:], *rest)
    yield from text.wrap(f"Fix: {text.plain(first.fix)}", columns, "    ", lines=4)
    if group.consequences:
        names = ", ".join(dict.fromkeys(item.id for item in group.consequences))
        yield from text.wrap(f"Explains {len(group.consequences)} more: {names}", columns, "    ", lines=2)


def _measured(result: Result) -> Iterator[str]:
    bad = [item for item in result.measurements if not item["ok"]]
    for item in bad[:3]:
        measured, required = findings.required(item)
        yield f"{text.line(item['what'])}: measured {text.fit(measured, 220)}, required {required}"
    if len(bad) > 3:
        yield f"and {len(bad) - 3} more measurements"
    if not bad and result.message:
        yield text.line(result.message)


def _not_measured(run: Run, columns: int, quiet: bool) -> Iterator[str]:
    everything, reasons = findings.not_measured(run), findings.unexplained(run)
    if not everything:
        return
    yield from ("", _head("Not measured", sum(len(reason.results) for reason in everything)))
    if len(reasons) < len(everything):
        follow = sum(len(reason.results) for reason in everything if reason not in reasons)
        yield f"  - {follow} because of the root causes above"
    for reason in reasons[:MOST]:
        names = ", ".join(dict.fromkeys(item.id for item in reason.results))
        targets = list(dict.fromkeys(item.target for item in reason.results))
        where = text.line(targets[0] if len(targets) == 1 else f"{len(targets)} targets", 120)
        if quiet:
            checks = _number(len(reason.results), "check")
            yield text.fit(f"{where}, {checks}: {text.line(reason.message)}", columns, "  - ")
        else:
            yield text.fit(f"{where}: {names}", columns, "  - ")
            yield from text.wrap(reason.message, columns, "    ", lines=3)
    yield from _more(len(reasons))


def _waivers(run: Run, columns: int) -> Iterator[str]:
    stale = [item for item in run.waivers if item["status"] in ("expired", "unused")]
    if not stale:
        return
    yield from ("", _head("Waivers to look at", len(stale)))
    for item in stale[:MOST]:
        told = f"{item['status']}: {item['id']} on {text.line(item['target'], 40)}, until {item['until']}"
        yield text.fit(f"{told}, approved by {text.line(item['approver'])}", columns, "  - ")
    yield from _more(len(stale))


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _head(title: str, count: int) -> str:
    return f"{title} ({count})"


def _more(count: int) -> Iterator[str]:
    if count > MOST:
        yield f"    and {count - MOST} more: see the report"


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)
