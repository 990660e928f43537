"""report.html: pytest-html's file, carrying a viewer of our own over a compact copy of the evidence.

pytest-html writes one file and calls our hooks. Its summary gets the whole report; its own table, which needs a script
and 0.6 KB a row, keeps what did not pass. What has to stand in the page's head is added after it has written.
"""

from __future__ import annotations

from collections.abc import Generator
from html import escape
from pathlib import Path
from typing import Any

import pytest

from reports import files, text
from reports.html import page
from reports.model import RUN, Run
from reports.observe import bundle_directory, judging

NAME = "report.html"
MOST_ROWS = 2000
_ROWS = pytest.StashKey[list[int]]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before pytest-html's own, which looks at these options."""
    if not judging(config) or config.option.jobs > 1 or not hasattr(config.option, "htmlpath"):
        return
    config.option.htmlpath = config.option.htmlpath or str(bundle_directory(config) / NAME)
    config.option.self_contained_html = True
    config.option.css.append(str(page.STYLE))
    config.stash[_ROWS] = [0]
    config.pluginmanager.register(_Table(config.stash[_ROWS]), "mailproof-html")


class _Table:
    """Hooks of pytest-html, there only in a run that is reported."""

    def __init__(self, rows: list[int]) -> None:
        self.rows = rows

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        report.title = "Mailproof"

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        verdict = getattr(report, "mailproof_verdict", report.outcome)
        self.rows[0] += verdict not in ("pass", "passed")
        if verdict in ("pass", "passed") or self.rows[0] > MOST_ROWS:
            cells.clear()
            return
        cells[1] = f'<td class="col-testId">{escape(text.line(report.nodeid))}</td>'

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[str]) -> None:
        data[:] = [escape(text.plain(report.longreprtext))] if report.longreprtext else []

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], session: pytest.Session) -> None:
        run = session.config.stash.get(RUN, None)
        if run is not None:
            prefix.append(page.fragment(run))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, Any]:
        outcome = yield
        run = session.config.stash.get(RUN, None)
        path = Path(session.config.option.htmlpath)
        if run is not None and path.is_file():
            written = path.read_text("utf-8")
            files.write(path, page.seal(written.replace('<title id="head-title">Mailproof<', _title(run), 1)))
        return outcome


def _title(run: Run) -> str:
    return f'<title id="head-title">{escape(page.title(run))}<'
