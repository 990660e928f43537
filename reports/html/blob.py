"""The run as the viewer wants it: columns instead of objects, each text once, compressed. 60,000 results are 0.1 MB.

Two blocks: what the list and the filters need, read when the page opens; and the exchanges, read when the first
evidence is opened. All texts are made harmless here, and the viewer only ever sets textContent.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

from fixtures.policy import SEVERITIES
from reports import findings, text
from reports.frameworks import Frameworks

if TYPE_CHECKING:
    from reports.model import Result, Run

MAX_MESSAGE = 2_000
MAX_ANSWER = 8_000
# What all exchanges together may take in the page before compression; evidence.json and the snapshot hold the rest.
MAX_EVIDENCE = 32_000_000
VERDICTS = list(findings.VERDICTS)


class _Table:
    """Distinct values in order of appearance."""

    def __init__(self) -> None:
        self.index: dict[Any, int] = {}

    def add(self, value: Any) -> int:
        return self.index.setdefault(value, len(self.index))

    @property
    def values(self) -> list[Any]:
        return list(self.index)


def columns(run: Run, mapping: Frameworks) -> dict[str, Any]:
    """What the viewer reads first. Row n of every column is result n of the run."""
    requirements: dict[str, dict[str, Any]] = {}
    names, targets, subjects, scales = _Table(), _Table(), _Table(), _Table()
    dense = ("requirement", "target", "subject", "verdict", "ms", "measured")
    rows: dict[str, list[Any]] = {name: [] for name in dense}
    sparse: dict[str, dict[int, Any]] = {"message": {}, "attachments": {}, "exchanges": {}}
    for number, item in enumerate(run.results):
        requirements.setdefault(item.id, _requirement(item))
        rows["requirement"].append(names.add(item.id))
        rows["target"].append(targets.add(text.line(item.target, 300)))
        rows["subject"].append(subjects.add(text.line(item.subject or item.target, 300)))
        rows["verdict"].append(VERDICTS.index(item.verdict))
        rows["ms"].append(round(item.seconds * 1000))
        rows["measured"].append(_measured(item, scales))
        if item.message:
            sparse["message"][number] = text.plain(item.message, MAX_MESSAGE)
        if item.attachments:
            sparse["attachments"][number] = [
                [text.line(entry["name"], 200), text.plain(entry["text"], MAX_ANSWER)]
                for entry in item.attachments[:20]
            ]
        if item.exchanges:
            sparse["exchanges"][number] = item.exchanges
    used = {code for item in requirements.values() for code in item["controls"]}
    return {
        "version": 1,
        "verdicts": VERDICTS,
        "words": list(findings.VERDICTS.values()),
        "severities": list(SEVERITIES),
        "layers": findings.layers(item["layer"] for item in requirements.values()),
        "layer_names": {item["layer"]: findings.layer_name(item["layer"]) for item in requirements.values()},
        "requirements": list(requirements.values()),
        "absent": [[text.line(entry[key], 500) for key in ("id", "title", "reason")] for entry in run.not_applicable],
        "targets": targets.values,
        "subjects": subjects.values,
        "scales": scales.values,
        "rows": rows,
        "sparse": sparse,
        "frameworks": [
            {"code": item.code, "title": item.title, "proofread": item.proofread}
            for item in mapping.frameworks.values()
        ],
        "bundles": {code: mapping.bundles[code].clauses for code in sorted(used) if code in mapping.bundles},
    }


def _requirement(item: Result) -> dict[str, Any]:
    return {
        "id": text.line(item.id),
        "title": text.line(item.title, 500),
        "severity": item.severity,
        "layer": item.layer,
        "why": text.sentence(text.plain(item.why, MAX_MESSAGE)),
        "fix": text.sentence(text.plain(item.fix, MAX_MESSAGE)),
        "refs": [text.line(ref, 200) for ref in item.refs],
        "controls": item.controls,
        "explained_by": item.explained_by,
        "check": text.line(item.nodeid.partition("[")[0], 300),
    }


def _measured(item: Result, scales: _Table) -> list[Any]:
    """Flat triples: scale (what is measured and what is required), value, level."""
    flat: list[Any] = []
    for entry in item.measurements[:200]:
        value, limit = findings.required(entry)
        level = entry.get("level") or ("pass" if entry["ok"] else "fail")
        flat += [scales.add((text.line(entry["what"], 200), limit)), value, VERDICTS.index(level)]
    return flat


def exchanges(run: Run) -> dict[str, list[Any]]:
    """The exchanges by id: those of failures first, until the page holds as much as it should."""
    order = sorted(run.results, key=lambda item: VERDICTS.index(item.verdict))
    wanted = dict.fromkeys(id for item in order for id in item.exchanges if id in run.exchanges)
    found: dict[str, list[Any]] = {}
    room = MAX_EVIDENCE
    for id in wanted:
        entry = run.exchanges[id]
        answer = text.plain(entry["answer"], MAX_ANSWER)
        room -= len(answer) + 300
        if room < 0:
            answer = "Left out of this page, which would grow too large: see evidence.json."
        found[id] = [
            text.line(entry["kind"], 40), text.line(entry["where"], 300), text.plain(entry["request"], MAX_MESSAGE),
            answer, entry["sha256"], entry["size"], bool(entry["truncated"]), entry["started"], entry["seconds"],
        ]  # fmt: skip
    return found


def pack(data: Any) -> str:
    """``data`` as JSON, gzip, base64: no character of it means anything in HTML. Equal data gives equal text."""
    raw = json.dumps(data, separators=(",", ":")).encode("ascii")
    return base64.b64encode(gzip.compress(raw, 6, mtime=0)).decode("ascii")
