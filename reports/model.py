"""The result of a run: what every report reads, and what evidence.json holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

SCHEMA = "mailproof/evidence/1"
VERSION = "0.1.0"
#: From good to grave. They are never merged.
VERDICTS = ("pass", "notice", "warn", "fail", "not_measured", "not_applicable", "waived")


@dataclass
class Result:
    """One requirement judged on one subject. ``started``: ISO 8601, UTC; ``exchanges``: ids of `Run.exchanges`."""

    id: str
    title: str
    severity: str
    layer: str
    target: str
    subject: str
    verdict: str
    message: str = ""
    measurements: list[dict[str, Any]] = field(default_factory=list)
    exchanges: list[str] = field(default_factory=list)
    attachments: list[dict[str, str]] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    why: str = ""
    fix: str = ""
    explained_by: list[str] = field(default_factory=list)
    started: str = ""
    seconds: float = 0.0
    nodeid: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What pairs it with the same result of another run."""
        return (self.id, self.target, self.subject)


@dataclass
class Run:
    """A whole run."""

    run: dict[str, Any]
    targets: list[dict[str, Any]] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    exchanges: dict[str, dict[str, Any]] = field(default_factory=dict)
    not_applicable: list[dict[str, Any]] = field(default_factory=list)
    waivers: list[dict[str, Any]] = field(default_factory=list)
    diagnosis: dict[str, Any] = field(default_factory=lambda: {"root_causes": []})
    summary: dict[str, Any] = field(default_factory=dict)
    schema: str = SCHEMA

    def as_dict(self) -> dict[str, Any]:
        """As in evidence.json."""
        data = asdict(self)
        return {"schema": data.pop("schema"), **data}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Run:
        """From evidence.json; TypeError or KeyError where it is not of this schema."""
        return cls(**{**data, "results": [Result(**item) for item in data["results"]]})


def summarise(results: Iterable[Result], not_applicable: int, *, strict: bool = False) -> dict[str, Any]:
    """The verdict of a run in one word and one sentence, with its counts.

    ``fail`` if anything failed, else ``incomplete`` if anything could not be measured or nothing was judged at all,
    else ``pass``. With ``strict`` what could not be measured makes it ``fail``.
    """
    results = list(results)
    counts = Counter(result.verdict for result in results)
    layers: dict[str, Counter[str]] = {}
    for result in results:
        layers.setdefault(result.layer, Counter())[result.verdict] += 1
    judged = len(results) - counts["not_applicable"]
    failed, unseen = counts["fail"], counts["not_measured"]
    if failed:
        verdict = "fail"
        targets = {result.target for result in results if result.verdict == "fail"}
        text = f"{failed} of {judged} checks failed on {_number(len(targets), 'target')}"
        text += f", {unseen} could not be measured." if unseen else "."
    elif unseen:
        verdict = "fail" if strict else "incomplete"
        text = f"No check failed, but {unseen} of {judged} could not be measured: this is no clean result."
    elif judged:
        verdict = "pass"
        text = f"All {judged} checks hold."
        aside = [
            f"{counts[name]} {word}"
            for name, word in (
                ("warn", "with a warning"),
                ("notice", "with a notice"),
                ("waived", "failed under a waiver"),
            )
            if counts[name]
        ]
        if counts["waived"]:
            text = f"{judged - counts['waived']} of {judged} checks hold."
        text = f"{text[:-1]}, {', '.join(aside)}." if aside else text
    else:
        verdict, text = "incomplete", "Nothing was judged."
    return {
        "verdict": verdict,
        "text": text,
        "counts": {name: counts[name] for name in VERDICTS},
        "requirements": len({result.id for result in results}),
        "without_subject": not_applicable,
        "by_layer": {
            layer: {name: found[name] for name in VERDICTS if found[name]} for layer, found in sorted(layers.items())
        },
    }


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


#: The run, once it is complete; the directory of its bundle, from the start of a run that judges.
RUN = pytest.StashKey[Run]()
DIRECTORY = pytest.StashKey[Path]()
