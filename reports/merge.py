"""Joins the bundles of shards: one evidence.json and one report for what several processes or machines judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from reports import evidence_json, files
from reports.diagnosis import diagnose
from reports.files import BundleError
from reports.html import NAME as REPORT
from reports.html import page
from reports.model import Result, Run, summarise

# What must be the same for the bundles to be one run.
SAME = ("suite_version", "policy_sha256", "inventory_sha256", "phase", "change", "fail_on", "stage")
# Where one subject was judged in several shards, the gravest verdict stands: a merge never improves a result.
GRAVITY = ("not_applicable", "pass", "notice", "waived", "warn", "not_measured", "fail")
Related = Callable[[str], frozenset[str]]


def read(directory: Path) -> Run:
    """The run of the bundle in ``directory``. Raises BundleError."""
    data = files.read_evidence(directory)
    try:
        return Run.from_dict(data)
    except (TypeError, KeyError, AttributeError) as error:
        raise BundleError(f"{directory}: not a whole bundle: {error}") from error


def merge(runs: list[Run], related: Related | None = None) -> Run:
    """One run out of several of the same policy and inventory. Raises BundleError where they do not belong together.

    ``related`` names the targets that are related to one, for the diagnosis across shards; without it a domain is
    related to the hosts named under it, and everything to the resolvers.
    """
    if not runs:
        raise BundleError("nothing to merge")
    for key in SAME:
        values = {str(run.run.get(key)) for run in runs}
        if len(values) > 1:
            raise BundleError(f"these bundles are not parts of one run: {key} differs ({', '.join(sorted(values))})")
    _refuse_twice(runs)
    exchanges: dict[str, dict[str, Any]] = {}
    results = list(_unique(item for run in runs for item in _renamed(run, exchanges)))
    targets = list({(item["kind"], item["name"]): item for run in runs for item in run.targets}.values())
    judged = {item.id for item in results}
    absent = {item["id"]: item for run in runs for item in run.not_applicable if item["id"] not in judged}
    return Run(
        run=_facts([run.run for run in runs]),
        targets=targets,
        results=results,
        exchanges=exchanges,
        not_applicable=[absent[id] for id in sorted(absent)],
        waivers=_waivers(runs),
        diagnosis=diagnose(results, related or _by_name(targets)),
        summary=summarise(results, len(absent)),
    )


def write(run: Run, directory: Path) -> None:
    """evidence.json and report.html of a merged run."""
    files.write(directory / evidence_json.NAME, evidence_json.render(run.as_dict()))
    files.write(directory / REPORT, page.document(run))


def _refuse_twice(runs: list[Run]) -> None:
    ids = [run.run["id"] for run in runs]
    twice = sorted({id for id in ids if ids.count(id) > 1})
    if twice:
        raise BundleError(f"the same run is given twice: {', '.join(twice)}")


def _renamed(run: Run, exchanges: dict[str, dict[str, Any]]) -> Iterable[Result]:
    """The results of ``run``, with its exchanges added to ``exchanges``.

    An exchange is named by its question alone, so two shards that asked the same have two answers under one name; the
    later one is renamed, for both are evidence.
    """
    names: dict[str, str] = {}
    for id, exchange in run.exchanges.items():
        name, number = id, 1
        while name in exchanges and exchanges[name] != exchange:
            number += 1
            name = f"{id}-{number}"
        exchanges[name] = exchange
        names[id] = name
    return [replace(item, exchanges=[names.get(id, id) for id in item.exchanges]) for item in run.results]


def _unique(results: Iterable[Result]) -> Iterable[Result]:
    gravest: dict[tuple[str, str, str], Result] = {}
    for item in results:
        other = gravest.get(item.key)
        if other is None or GRAVITY.index(item.verdict) > GRAVITY.index(other.verdict):
            gravest[item.key] = item
    return gravest.values()


def _facts(runs: list[dict[str, Any]]) -> dict[str, Any]:
    first = runs[0]
    engines = [run["engine"] for run in runs]
    per_host = {name: value for engine in engines for name, value in engine["per_host"].items()}
    engine = {key: sum(engine[key] for engine in engines) for key in ("hosts", "commands", "round_trips")}
    codes = {run["exit_code"] for run in runs}
    return {
        **first,
        "id": "+".join(run["id"] for run in runs) if len(runs) <= 4 else f"{first['id']}+{len(runs) - 1}",
        "started": min(run["started"] for run in runs),
        "finished": max(run["finished"] for run in runs),
        **({"seconds": max(run["seconds"] for run in runs)} if all("seconds" in run for run in runs) else {}),
        "operator": ", ".join(dict.fromkeys(str(run["operator"]) for run in runs)),
        "engine": {**engine, "hosts": max(engine["hosts"], len(per_host)), "per_host": per_host},
        # A shard without a subject of its own exits 5; that says nothing about the whole.
        "exit_code": next((code for code in (3, 2, 4, 1) if code in codes), 0 if 0 in codes else 5),
        "shard": None,
    }


def _waivers(runs: list[Run]) -> list[dict[str, Any]]:
    rank = ("unused", "used", "expired")
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for item in (item for run in runs for item in run.waivers):
        key = (item["id"], item["target"], item["until"])
        if key not in found or rank.index(item["status"]) > rank.index(found[key]["status"]):
            found[key] = item
    return list(found.values())


def _by_name(targets: list[dict[str, Any]]) -> Related:
    """What evidence.json tells of the estate: a host lies under its domain by name, and all lean on the resolvers."""
    names = {item["name"] for item in targets}
    resolvers = {item["name"] for item in targets if "resolver" in item["roles"]}
    near: dict[str, set[str]] = {name: set(resolvers) for name in names}
    for name in names:
        labels = name.split(".")
        for above in {".".join(labels[start:]) for start in range(1, len(labels))} & names:
            near[name].add(above)
            near[above].add(name)
    return lambda name: frozenset(near.get(name, set()) - {name})
