"""The catalogue for auditors, and the mapping to frameworks."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from fixtures.errors import InputError
from reports import frameworks
from tests.engine.harness import check, run

CHECKS = check("SVC-001", "pass", options='group="mta", controls="AV TR", refs=["guide A2"]') + check(
    "SVC-002", "pass", options='group="imap", explained_by=["SVC-001"]'
)


@pytest.mark.parametrize("suffix", ["md", "json", "csv"])
def test_it_is_written_without_an_inventory_and_nothing_runs(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"catalogue.{suffix}"
    done = run(tmp_path, CHECKS, f"--catalogue={file}", inventory=None)
    assert done.code == 0, done.output
    assert "2 requirements written" in done.output
    assert not done.directory.exists()
    text = file.read_text()
    if suffix == "json":
        first, second = json.loads(text)["requirements"]
        assert (first["id"], first["controls"], second["explained_by"]) == ("SVC-001", ["AV", "TR"], ["SVC-001"])
        assert "A.8.24" in first["clauses"]["ISO/IEC 27001:2022, Annex A (mapping, not verified)"]
    elif suffix == "csv":
        assert [row["id"] for row in csv.DictReader(io.StringIO(text))] == ["SVC-001", "SVC-002"]
    else:
        assert "### SVC-001: It holds." in text and "Fix: mend it." in text


def test_another_suffix_is_a_usage_error(tmp_path: Path) -> None:
    done = run(tmp_path, CHECKS, f"--catalogue={tmp_path / 'catalogue.pdf'}", inventory=None)
    assert done.code == 4
    assert "the file ends in" in done.output


def test_only_what_was_compared_with_a_source_counts_as_proofread() -> None:
    mapping = frameworks.load()
    proofread = {item.code for item in mapping.frameworks.values() if item.proofread}
    assert proofread == {"nist80053", "pci4", "hipaa"}
    assert all(mapping.frameworks[code].source for code in proofread)
    assert len(mapping.bundles) == 26
    assert mapping.clauses(["AV", "CP"], "nist80053") == ["CP-10", "SC-5", "SI-4", "AU-4", "CP-2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("frameworks: {}", "exactly the keys"),
        ("frameworks: {a: {title: A, proofread: true}}\nbundles: {}", "needs its source"),
        ("frameworks: {a: {title: A, proofread: false}}\nbundles: {AV: {title: x, b: ['1']}}", "unknown framework 'b'"),
        ("frameworks: {a: {title: A, proofread: false}}\nbundles: {AV: {title: x, a: [3.10]}}", "without quotes"),
        ("frameworks: {a: {title: A, proofread: false}}\nbundles: {availability: {title: x}}", "two capital letters"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "frameworks.yml"
    path.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        frameworks.load(path)
    assert caught.value.line in (1, 2)
