"""evidence.json is what its published schema says, and is written whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports import evidence_json, files
from reports.model import Run
from tests.reports import synthetic

SCHEMA: dict[str, Any] = json.loads(evidence_json.SCHEMA.read_text())
MADE = {"ordinary": synthetic.ordinary, "healthy": synthetic.healthy, "hostile": synthetic.hostile}


def faults(data: Any) -> list[str]:
    check = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    return [f"{list(error.path)}: {error.message[:200]}" for error in check.iter_errors(data)]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_names_every_property_of_every_object() -> None:
    def walk(node: Any, path: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        loose = [path] if node.get("type") == "object" and node.get("additionalProperties") in (None, True) else []
        return loose + [found for key, value in node.items() for found in walk(value, f"{path}/{key}")]

    assert walk(SCHEMA, "") == []


@pytest.mark.parametrize("name", MADE)
def test_what_is_written_is_what_the_schema_says(name: str) -> None:
    assert faults(json.loads(evidence_json.render(MADE[name]().as_dict()))) == []


@pytest.mark.parametrize("name", MADE)
def test_what_is_written_reads_back_the_same(name: str) -> None:
    run = MADE[name]()
    assert Run.from_dict(json.loads(evidence_json.render(run.as_dict()))) == run


def test_a_pass_without_a_measurement_is_no_evidence() -> None:
    data = synthetic.healthy().as_dict()
    data["results"][0]["measurements"] = []
    assert faults(data)


def test_an_unknown_key_is_no_evidence() -> None:
    data = synthetic.healthy().as_dict()
    data["results"][0]["remark"] = "looks fine"
    assert faults(data)


def test_the_file_is_ascii_with_a_line_for_each_result() -> None:
    text = evidence_json.render(synthetic.ordinary().as_dict())
    assert text.isascii()
    assert sum(line.startswith('{"id": "SVC-001", "title"') for line in text.splitlines()) == 2


def test_numbers_that_json_does_not_know_become_texts() -> None:
    run = synthetic.healthy()
    run.results[0].measurements[0]["measured"] = float("nan")
    assert json.loads(evidence_json.render(run.as_dict()))["results"][0]["measurements"][0]["measured"] == "nan"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "evidence.json"
    files.write(path, "old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        files.write(path, "new")
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["evidence.json"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": "other/1"}', "[" * 100_000])
def test_what_is_no_bundle_is_refused_with_the_reason(tmp_path: Path, text: str) -> None:
    (tmp_path / "evidence.json").write_text(text)
    with pytest.raises(files.BundleError, match=r"evidence\.json"):
        files.read_evidence(tmp_path)
