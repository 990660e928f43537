"""The table of agreement, for people and for machines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.agreement.compare import HEALTHY, Explained, Row

SCHEMA = "mailproof/agreement/1"


def as_json(head: Mapping[str, Any], rows: Sequence[Row], known: Sequence[Explained]) -> dict[str, Any]:
    """Counts by tool, fault and id; each difference in full."""
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        counts[row.opinion.tool, row.fault, row.opinion.id][not row.agrees] += 1
    return {
        "schema": SCHEMA,
        **head,
        "compared": len(rows),
        "agreed": sum(row.agrees for row in rows),
        "counts": [
            {"tool": tool, "fault": fault, "id": id, "agreed": agreed, "differ": differ}
            for (tool, fault, id), (agreed, differ) in sorted(counts.items())
        ],
        "differences": [
            {
                "fault": row.fault, "tool": row.opinion.tool, "id": row.opinion.id, "subject": row.opinion.subject,
                "theirs": row.theirs, "said": row.opinion.said, "ours": row.verdict, "message": row.message,
                "why": row.why,
            }
            for row in rows if not row.agrees
        ],
        "unused_explanations": [vars(item) for item in unused(rows, known)],
    }  # fmt: skip


def unused(rows: Iterable[Row], known: Iterable[Explained]) -> list[Explained]:
    """Explanations of what did not happen, among the tools and faults that were looked at."""
    listed = list(rows)
    return [item for item in known if not any(item.covers(row) for row in listed if not row.agrees)]


def as_markdown(head: Mapping[str, Any], rows: Sequence[Row], known: Sequence[Explained]) -> str:
    """Tool by fault, tool by requirement, and the differences one by one."""
    tools = list(dict.fromkeys(row.opinion.tool for row in rows))
    faults = list(dict.fromkeys(row.fault for row in rows))
    lines = ["# Agreement with independent tools", ""]
    lines += [f"Measured {head['date']} on the lab, suite {head['suite']}, by python -m bench.agreement:", ""]
    lines += [f"- {name}: {text or 'missing'}" for name, text in head["tools"].items()]
    agreed = sum(row.agrees for row in rows)
    lines += ["", f"{len(rows)} opinions compared, {agreed} agree, {len(rows) - agreed} differ, "
              f"{sum(row.unknown for row in rows)} of them without explanation.", ""]  # fmt: skip
    lines += ["A cell is what agrees of what was compared. *Bad* counts the opinions that something is wrong.", ""]
    lines += ["## By fault", "", f"| fault | {' | '.join(tools)} | bad |", f"| --- |{' ---: |' * (len(tools) + 1)}"]
    for fault in faults:
        of_fault = [row for row in rows if row.fault == fault]
        cells = [_cell([row for row in of_fault if row.opinion.tool == tool]) for tool in tools]
        lines.append(f"| {fault} | {' | '.join(cells)} | {sum(row.theirs == 'bad' for row in of_fault)} |")
    lines += ["", "## By requirement", "", f"| id | {' | '.join(tools)} | bad |"]
    lines += [f"| --- |{' ---: |' * (len(tools) + 1)}"]
    for id in sorted({row.opinion.id for row in rows}):
        of_id = [row for row in rows if row.opinion.id == id]
        cells = [_cell([row for row in of_id if row.opinion.tool == tool]) for tool in tools]
        lines.append(f"| {id} | {' | '.join(cells)} | {sum(row.theirs == 'bad' for row in of_id)} |")
    lines += ["", "## Differences, explained", ""]
    used = [item for item in known if item not in unused(rows, known)]
    for item in used:
        covered = [row for row in rows if not row.agrees and item.covers(row)]
        places = sorted({f"{row.fault}, {row.opinion.subject}" for row in covered})
        shown = "; ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
        lines.append(f"- {item.tool}, {item.id}, theirs {item.theirs}, ours {item.ours}: {item.why} ({shown})")
    unknown = [row for row in rows if row.unknown]
    lines += ["", "## Differences without explanation", "", *(f"- {row}" for row in unknown)] if unknown else []
    spare = unused(rows, known)
    lines += ["", "## Explanations of what did not happen", ""] if spare else []
    lines += [f"- {item.tool}, {item.id}, {item.fault}: {item.why}" for item in spare]
    return "\n".join(lines) + "\n"


def _cell(rows: Sequence[Row]) -> str:
    return f"{sum(row.agrees for row in rows)}/{len(rows)}" if rows else ""


def summary(rows: Sequence[Row]) -> str:
    """The end of a run on the terminal."""
    lines = [str(row) for row in rows if row.unknown]
    healthy = [row for row in rows if row.fault == HEALTHY]
    lines.append(f"{len(rows)} opinions compared ({len(healthy)} healthy): {sum(row.agrees for row in rows)} agree, "
                 f"{sum(bool(row.why) for row in rows)} differ with a reason, "
                 f"{sum(row.unknown for row in rows)} without")  # fmt: skip
    return "\n".join(lines)
