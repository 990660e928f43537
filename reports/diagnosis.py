"""Root causes: which failures explain the others.

A requirement names the ids that explain its failure. A failure that nothing else explains, on the same target or on
one that is related to it, is a root cause; the rest are its consequences. Related are a domain and its hosts, and any
host and its resolvers. What could not be measured is explained in the same way, and explains nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fixtures.policy import SEVERITIES
from fixtures.requirement import LAYERS
from reports.model import Result


def diagnose(results: Sequence[Result], related: Callable[[str], frozenset[str]]) -> dict[str, Any]:
    """``{"root_causes": [{id, target, subject, consequences: [{id, target, subject}]}]}``, the likeliest first."""
    failed = [result for result in results if result.verdict == "fail"]
    unseen = [result for result in results if result.verdict == "not_measured"]
    by_place: dict[tuple[str, str], list[Result]] = {}
    for result in failed:
        by_place.setdefault((result.id, result.target), []).append(result)

    def causes(result: Result) -> list[Result]:
        places = [result.target, *sorted(related(result.target))]
        return [
            cause
            for id in result.explained_by
            for place in places
            for cause in by_place.get((id, place), ())
            if cause is not result
        ]

    roots = [result for result in failed if not causes(result)]
    # Two failures that explain each other would leave no root: then the lower layer is the root.
    reached = _reach(roots, failed, causes)
    while len(reached) < len(failed):
        rest = [result for result in failed if id(result) not in reached]
        roots.append(min(rest, key=_rank))
        reached = _reach(roots, failed, causes)

    consequences: dict[int, list[Result]] = {id(root): [] for root in roots}
    for result in failed + unseen:
        if id(result) not in consequences:
            root = _root_of(result, causes, consequences)
            if root is not None:
                consequences[id(root)].append(result)
    roots.sort(key=lambda root: (-len(consequences[id(root)]) // 3, *_rank(root)))
    return {
        "root_causes": [
            {**_name(root), "consequences": [_name(item) for item in consequences[id(root)]]} for root in roots
        ]
    }


def _reach(roots: list[Result], failed: Sequence[Result], causes: Callable[[Result], list[Result]]) -> set[int]:
    reached = {id(root) for root in roots}
    grown = True
    while grown:
        more = {
            id(item)
            for item in failed
            if id(item) not in reached and any(id(cause) in reached for cause in causes(item))
        }
        reached |= more
        grown = bool(more)
    return reached


def _root_of(result: Result, causes: Callable[[Result], list[Result]], roots: dict[int, list[Result]]) -> Result | None:
    seen: set[int] = set()
    todo = causes(result)
    while todo:
        cause = min(todo, key=_rank)
        todo.remove(cause)
        if id(cause) in roots:
            return cause
        if id(cause) not in seen:
            seen.add(id(cause))
            todo += causes(cause)
    return None


def _rank(result: Result) -> tuple[int, int, str, str]:
    layer = LAYERS.index(result.layer) if result.layer in LAYERS else len(LAYERS)
    severity = SEVERITIES.index(result.severity) if result.severity in SEVERITIES else len(SEVERITIES)
    return (layer, severity, result.id, result.subject)


def _name(result: Result) -> dict[str, str]:
    return {"id": result.id, "target": result.target, "subject": result.subject}
