"""What the reports for people share: root causes, what fails, what could not be measured; grouped, the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fixtures.evidence import show
from fixtures.policy import SEVERITIES
from fixtures.requirement import LAYERS
from reports import text

if TYPE_CHECKING:
    from reports.model import Result, Run

# The order in which verdicts are counted and shown; the words are the same in every report.
VERDICTS = {
    "fail": "fail",
    "warn": "warn",
    "not_measured": "not measured",
    "waived": "waived",
    "notice": "notice",
    "pass": "pass",
    "not_applicable": "not applicable",
}
# Operators as words where the sign says little to somebody who does not write code.
WORDS = {
    "==": "", "!=": "not ", "in": "one of ", "not in": "none of ", "contains": "containing ", "matches": "matching ",
    "subset": "only ", "superset": "at least ",
}  # fmt: skip
Key = tuple[str, str, str]


@dataclass
class Group:
    """Results of one requirement, and what follows from them."""

    results: list[Result]
    consequences: list[Result] = field(default_factory=list)

    @property
    def first(self) -> Result:
        """The result that stands for the group: title, why and fix are the same for all."""
        return self.results[0]

    @property
    def subjects(self) -> list[str]:
        """What is affected, each once."""
        return list(dict.fromkeys(item.subject or item.target for item in self.results))


@dataclass
class Reason:
    """One reason for which something could not be measured, and what that was."""

    message: str
    results: list[Result]


def rank(result: Result) -> tuple[int, str]:
    """The worst severity first, then by id."""
    known = result.severity in SEVERITIES
    return (SEVERITIES.index(result.severity) if known else len(SEVERITIES), result.id)


def layers(found: Iterable[str]) -> list[str]:
    """``found`` in the order of the fault tree; a layer of somebody's own comes last."""
    names = set(found)
    return [name for name in LAYERS if name in names] + sorted(names.difference(LAYERS))


def layer_name(layer: str) -> str:
    """A layer as it is written.

    >>> layer_name("dns"), layer_name("services")
    ('DNS', 'Services')
    """
    return layer.upper() if layer in ("dns", "tls") else layer.capitalize()


def root_causes(run: Run) -> list[Group]:
    """The root causes in the order of the diagnosis, grouped by requirement; a failure that it does not name is one."""
    known: dict[Key, Result] = {(item.id, item.target, item.subject): item for item in run.results}
    groups: dict[str, Group] = {}
    named: set[Key] = set()

    def find(entry: dict[str, Any]) -> Result | None:
        key = (entry["id"], entry["target"], entry["subject"])
        named.add(key)
        return known.get(key)

    for entry in run.diagnosis.get("root_causes", []):
        cause = find(entry)
        followers = [item for item in map(find, entry["consequences"]) if item is not None]
        if cause is not None:
            group = groups.setdefault(cause.id, Group([]))
            group.results.append(cause)
            group.consequences.extend(followers)
    for key, item in known.items():
        if item.verdict == "fail" and key not in named:
            groups.setdefault(item.id, Group([])).results.append(item)
    return list(groups.values())


def by_requirement(results: Iterable[Result]) -> list[Group]:
    """``results`` by requirement, the worst severity first."""
    groups: dict[str, Group] = {}
    for item in results:
        groups.setdefault(item.id, Group([])).results.append(item)
    return sorted(groups.values(), key=lambda group: rank(group.first))


def not_measured(run: Run) -> list[Reason]:
    """What could not be measured, by reason, the commonest first."""
    reasons: dict[str, Reason] = {}
    for item in run.results:
        if item.verdict == "not_measured":
            reasons.setdefault(item.message, Reason(item.message, [])).results.append(item)
    return sorted(reasons.values(), key=lambda reason: -len(reason.results))


def unexplained(run: Run) -> list[Reason]:
    """What could not be measured for a reason of its own, not because a root cause stood in the way."""
    follow = {id(item) for group in root_causes(run) for item in group.consequences}
    return [reason for reason in not_measured(run) if any(id(item) not in follow for item in reason.results)]


def with_verdict(run: Run, verdict: str) -> list[Result]:
    """The results with ``verdict``."""
    return [item for item in run.results if item.verdict == verdict]


def required(measurement: dict[str, Any]) -> tuple[str, str]:
    """What was measured and what was required, in words, both harmless.

    >>> required({"what": "disk used", "measured": 97.5, "op": "<", "limit": 80, "unit": "%"})
    ('97.5 %', '< 80 %')
    """
    unit = f" {measurement['unit']}" if measurement.get("unit") else ""
    measured, limit = (text.line(show(measurement[key])) for key in ("measured", "limit"))
    op = WORDS.get(measurement["op"], f"{measurement['op']} ")
    return text.line(measured + unit), text.line(op + limit + unit)
