"""Bundles of shards become one, and a merge never improves a result."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from reports import __main__, evidence_json, files, merge
from reports.model import Run
from tests.reports import synthetic


def shards() -> list[Run]:
    """The ordinary run in two parts, as --shard=1/2 and --shard=2/2 would have written them."""
    whole = synthetic.ordinary()
    parts = []
    for number, names in ((1, {"mx1.example.test", "records"}), (2, {"mx2.example.test", "example.test"})):
        part = deepcopy(whole)
        part.run |= {"id": f"part-{number}", "shard": f"{number}/2"}
        part.targets = [item for item in part.targets if item["name"] in names]
        part.results = [item for item in part.results if item.target in names]
        parts.append(part)
    return parts


def test_the_parts_give_the_whole() -> None:
    whole, merged = synthetic.ordinary(), merge.merge(shards())
    assert {item.key: item.verdict for item in merged.results} == {item.key: item.verdict for item in whole.results}
    assert merged.summary == whole.summary
    assert merged.run["shard"] is None
    assert merged.run["exit_code"] == 1
    assert merged.run["engine"]["commands"] == 2 * whole.run["engine"]["commands"]


def test_a_cause_in_one_shard_explains_a_failure_in_another() -> None:
    host = synthetic.result("SVC-001", "mx1.example.test", "mx1.example.test", "fail", 0)
    domain = synthetic.result("FLOW-001", "example.test", "example.test", "fail", 9999)
    parts = [
        synthetic.envelope([host], [synthetic.target("mx1.example.test")], {}),
        synthetic.envelope([domain], [synthetic.target("example.test", "domain")], {}),
    ]
    parts[0].run["id"] = "other"
    causes = merge.merge(parts).diagnosis["root_causes"]
    assert [(item["id"], [follower["id"] for follower in item["consequences"]]) for item in causes] == [
        ("SVC-001", ["FLOW-001"])
    ]


def test_two_answers_to_one_question_are_both_kept() -> None:
    one, two = shards()
    two.exchanges["x4"]["answer"] = "SERVFAIL"
    merged = merge.merge([one, two])
    answers = {
        merged.exchanges[id]["answer"] for item in merged.results for id in item.exchanges if id.startswith("x4")
    }
    assert "SERVFAIL" in answers
    assert "x4-2" in merged.exchanges and merged.exchanges["x4"]["answer"].startswith("NOERROR")


@pytest.mark.parametrize("better", ["pass", "notice", "warn", "waived", "not_applicable", "not_measured"])
def test_where_both_judged_a_subject_the_gravest_verdict_stands(better: str) -> None:
    parts = []
    for number, verdict in enumerate(("fail", better)):
        host = "mx1.example.test"
        part = synthetic.envelope([synthetic.result("SVC-001", host, host, verdict, 0)], [synthetic.target(host)], {})
        part.run["id"] = f"part-{number}"
        parts.append(part)
    for order in (parts, parts[::-1]):
        assert [item.verdict for item in merge.merge(order).results] == ["fail"]


@pytest.mark.parametrize("key", ["policy_sha256", "inventory_sha256", "change", "stage"])
def test_parts_of_different_runs_are_refused(key: str) -> None:
    one, two = shards()
    two.run[key] = "other"
    with pytest.raises(files.BundleError, match=key):
        merge.merge([one, two])


def test_a_bundle_given_twice_is_refused() -> None:
    with pytest.raises(files.BundleError, match="twice"):
        merge.merge([synthetic.ordinary(), synthetic.ordinary()])


def test_the_command_writes_a_bundle_and_ends_as_the_run_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, part in enumerate(shards()):
        files.write(tmp_path / str(number) / "evidence.json", evidence_json.render(part.as_dict()))
    code = __main__.main(["merge", str(tmp_path / "0"), str(tmp_path / "1"), f"--out={tmp_path / 'all'}"])
    assert code == 1
    assert "Root causes (2)" in capsys.readouterr().out
    assert merge.read(tmp_path / "all").summary == synthetic.ordinary().summary
    assert "5 of 47 checks failed" in (tmp_path / "all" / "report.html").read_text()


def test_what_is_no_bundle_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["merge", str(tmp_path), f"--out={tmp_path / 'all'}"]) == 4
    assert "No such file" in capsys.readouterr().err
    assert __main__.main(["unknown"]) == 4
