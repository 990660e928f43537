"""Root causes come first, and every failure is either one or somebody's consequence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reports.diagnosis import diagnose
from reports.model import Result, summarise

RELATED = {"example.org": frozenset({"mx1"}), "mx1": frozenset({"example.org", "ns"}), "mx2": frozenset({"ns"})}


def related(target: str) -> frozenset[str]:
    return RELATED.get(target, frozenset())


def result(id: str, target: str, *causes: str, verdict: str = "fail", layer: str = "services") -> Result:
    return Result(id, "It holds.", "high", layer, target, target, verdict, explained_by=list(causes))


def roots(*results: Result) -> list[tuple[str, str, list[str]]]:
    found = diagnose(results, related)["root_causes"]
    return [(item["id"], item["target"], sorted(other["id"] for other in item["consequences"])) for item in found]


def test_a_chain_has_one_root() -> None:
    assert roots(
        result("TLS-001", "mx1", "NET-003"),
        result("NET-003", "mx1", "SVC-001"),
        result("SVC-001", "mx1", "RES-003"),
        result("RES-003", "mx1", layer="resources"),
        result("FLOW-001", "mx1", "DNS-001", verdict="not_measured"),
    ) == [("RES-003", "mx1", ["NET-003", "SVC-001", "TLS-001"])]


def test_a_fault_on_another_host_explains_nothing() -> None:
    assert [item[:2] for item in roots(result("SVC-001", "mx2"), result("NET-003", "mx1", "SVC-001"))] == [
        ("NET-003", "mx1"),
        ("SVC-001", "mx2"),
    ]


def test_related_targets_explain_each_other_and_unmeasured_is_a_consequence() -> None:
    assert roots(
        result("SVC-001", "mx1"),
        result("FLOW-044", "example.org", "SVC-001"),
        result("LOG-001", "mx1", "SVC-001", verdict="not_measured"),
    ) == [("SVC-001", "mx1", ["FLOW-044", "LOG-001"])]


def test_two_that_explain_each_other_have_a_root_in_the_lower_layer() -> None:
    assert roots(result("A", "mx1", "B", layer="flow"), result("B", "mx1", "A", layer="dns")) == [("B", "mx1", ["A"])]


IDS = st.sampled_from(["A", "B", "C", "D"])
RESULTS = st.builds(
    lambda id, target, causes, verdict: result(id, target, *causes, verdict=verdict),
    IDS,
    st.sampled_from(["mx1", "mx2", "example.org"]),
    st.lists(IDS, max_size=3),
    st.sampled_from(["fail", "pass", "not_measured"]),
)


@given(st.lists(RESULTS, max_size=14))
def test_every_failure_has_its_place_exactly_once(results: list[Result]) -> None:
    found = diagnose(results, related)["root_causes"]
    named = [(item["id"], item["target"]) for item in found] + [
        (other["id"], other["target"]) for item in found for other in item["consequences"]
    ]
    failed = [(item.id, item.target) for item in results if item.verdict == "fail"]
    seen = [name for name in named if name in failed]
    assert sorted(set(seen)) == sorted(set(failed))
    assert len(named) <= sum(item.verdict in ("fail", "not_measured") for item in results)


def test_the_sentence_of_a_run() -> None:
    assert summarise([], 3)["text"] == "Nothing was judged."
    assert (
        summarise([result("A", "mx1", verdict="pass"), result("B", "mx1", verdict="not_measured")], 0)["verdict"]
        == "incomplete"
    )
    both = summarise([result("A", "mx1"), result("B", "mx1", verdict="pass")], 0)
    assert (both["verdict"], both["text"]) == ("fail", "1 of 2 checks failed on 1 target.")
