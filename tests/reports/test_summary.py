"""The end of the terminal's output."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports import summary, text
from tests.reports import synthetic


def shown(run: object, columns: int = 80, **more: bool) -> str:
    lines = list(summary.render(run, columns, Path("reports/output/one"), **more))  # type: ignore[arg-type]
    assert max(map(text.width, lines)) <= columns
    return "\n".join(lines)


def test_it_tells_verdict_root_causes_reasons_and_waivers_in_this_order() -> None:
    told = shown(synthetic.ordinary())
    parts = [
        "FAIL: 5 of 47", "not measured 3",
        "Root causes (2)", "RES-003 critical", "measured 100 %, required < 80 %", "Fix: Find what grew",
        "Explains 3 more: SVC-001, FLOW-001, NET-003", "Not measured (3)", "permission denied",
        "Waivers to look at (2)", "expired: RES-003", "report.html",
    ]  # fmt: skip
    places = [told.find(part) for part in parts]
    assert -1 not in places, dict(zip(parts, places, strict=True))
    assert places[2:] == sorted(places[2:])


def test_a_healthy_run_takes_three_lines_and_the_path() -> None:
    assert shown(synthetic.healthy()).splitlines() == [
        "PASS: All 18 checks hold.",
        "pass 18",
        "",
        "Report    reports/output/one/report.html",
    ]


def test_quiet_takes_a_line_for_each_root_cause() -> None:
    told = shown(synthetic.ordinary(), quiet=True)
    assert len(told.splitlines()) < 14
    assert "RES-003" in told and "DNS-013" in told


@pytest.mark.parametrize("columns", [40, 80, 100])
def test_a_hostile_answer_neither_moves_the_cursor_nor_fills_the_screen(columns: int) -> None:
    told = shown(synthetic.hostile(), columns)
    assert told.isprintable() or all(char.isprintable() or char == "\n" for char in told)
    assert len(told.splitlines()) < 45


def test_a_failure_that_the_diagnosis_forgot_is_still_a_root_cause() -> None:
    run = synthetic.ordinary()
    run.diagnosis = {"root_causes": []}
    assert "Root causes (5)" in shown(run)


def test_three_thousand_failures_stay_on_one_screen() -> None:
    assert len(shown(synthetic.large(hosts=100)).splitlines()) < 50
