"""A run as a user makes it: what stands in its bundle, and pytest-html's file with our viewer in it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports import evidence_json
from tests.engine.harness import Outcome, check, run
from tests.reports.synthetic import HOSTILE

HOST = "all: {children: {mta: {hosts: {mx1.example.org: {ansible_connection: local}}}}}\n"
CHECKS = (
    check("SVC-001", 'evidence.compare("answer", 42, "==", 42)')
    + check(
        "CFG-001", f'evidence.attach("greeting", {HOSTILE!r})\nevidence.compare({HOSTILE!r}, {HOSTILE!r} * 50, "==", 0)'
    )
    + check("RES-003", f"raise ProbeError({HOSTILE!r} * 50)")
    + check("RES-001", 'evidence.band("use", 85, {"ok": 70, "warn": 80, "fail": 90}, unit="%")')
)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    done = run(tmp_path_factory.mktemp("run"), CHECKS, "--tb=no", inventory=HOST)
    assert done.code == 1, done.output
    return done


def test_the_bundle_is_complete_and_valid(outcome: Outcome) -> None:
    assert {"evidence.json", "report.html", "junit.xml"} <= {path.name for path in outcome.directory.iterdir()}
    jsonschema.Draft202012Validator(json.loads(evidence_json.SCHEMA.read_text())).validate(outcome.evidence)


def test_junit_has_id_verdict_and_severity(outcome: Outcome) -> None:
    cases = ElementTree.parse(outcome.directory / "junit.xml").iter("testcase")
    found = [{item.get("name"): item.get("value") for item in case.iter("property")} for case in cases]
    assert {(item["id"], item["verdict"]) for item in found} == {
        ("SVC-001", "pass"), ("CFG-001", "fail"), ("RES-003", "not_measured"), ("RES-001", "warn"),
    }  # fmt: skip
    assert {item["severity"] for item in found} == {"high"}


def test_the_terminal_tells_it_within_eighty_columns(outcome: Outcome) -> None:
    told = outcome.output.partition("= mailproof =")[2]
    assert "FAIL: 1 of 4 checks failed on 1 target, 1 could not be measured." in told
    assert str(outcome.directory / "report.html") in told
    assert "\x1b" not in told and "\u202e" not in told


@pytest.mark.parametrize("view", ["overview", "results", "requirements", "run"])
def test_the_page_is_ours_and_sealed(outcome: Outcome, open_page: Any, view: str) -> None:
    page = open_page(outcome.directory / "report.html", f"#{view}")
    assert page.title().startswith("FAIL · Mailproof")
    assert "owned" not in page.title()
    assert page.locator("h1 >> visible=true").count() == (1 if view == "overview" else 0)
    assert page.locator("img[onerror]").count() == 0


def test_pytests_own_table_keeps_only_what_is_no_pass(outcome: Outcome, open_page: Any) -> None:
    page = open_page(outcome.directory / "report.html", "#run")
    page.click("summary:has-text('own table')")
    names = page.locator("#results-table .col-testId").all_inner_texts()
    assert [name for name in names if "svc_001" in name] == []
    assert len([name for name in names if "::test_" in name]) == 3


def test_without_script_the_verdict_stands(outcome: Outcome, open_page: Any) -> None:
    page = open_page(outcome.directory / "report.html", script=False)
    assert page.locator("h1 >> visible=true").inner_text().startswith("1 of 4 checks failed")
    assert not page.locator("#results-table").is_visible()


def test_collecting_alone_writes_no_report(tmp_path: Path) -> None:
    done = run(tmp_path, CHECKS, "--collect-only", inventory=HOST)
    assert done.code == 0
    assert not done.directory.exists()
