"""The page: an overview in plain HTML that needs no script, and the viewer that opens the rest."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from reports import findings, frameworks, text
from reports.html import blob

if TYPE_CHECKING:
    from reports.model import Run

HERE = Path(__file__).parent
STYLE = HERE / "viewer.css"
SCRIPTS = tuple(HERE / f"viewer.{name}.js" for name in ("data", "detail", "results", "requirements", "page"))
# Everything that the page may do is in the page itself. Our own script runs by its hash, no other does.
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_HEAD = (
    '<meta http-equiv="Content-Security-Policy" content="{policy}">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<meta name="robots" content="noindex">'
    '<meta name="referrer" content="no-referrer">'
)
MAX_REASON = 600
MOST_GROUPS = 200
MOST_ROWS = 10
MOST_TARGETS = 12
MOST_LISTED = 200


def _harmless(value: Any) -> Any:
    """Every value of the template passes here before it is escaped."""
    return text.plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(value: str) -> Markup:
    """Our own docstrings put commands in backticks.

    >>> str(_prose("Run `postfix check` & look."))
    'Run <code>postfix check</code> &amp; look.'
    """
    parts = text.sentence(text.plain(value, blob.MAX_MESSAGE)).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def _short(value: str) -> str:
    return text.plain(value, MAX_REASON)


def _moment(value: str) -> str:
    """An instant for people, to the second.

    >>> _moment("2026-11-24T06:01:00.123+00:00"), _moment("?")
    ('2026-11-24 06:01:00 UTC', '?')
    """
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment.strftime("%Y-%m-%d %H:%M:%S ") + (moment.tzname() or "without zone")


def _lasted(run: dict[str, Any]) -> str:
    try:
        lasted = datetime.fromisoformat(run["finished"]) - datetime.fromisoformat(run["started"])
    except (ValueError, TypeError):
        return ""
    seconds = round(lasted.total_seconds(), 1)
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:.1f} min"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, finalize=_harmless, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        prose=_prose,
        short=_short,
        moment=_moment,
        line=text.line,
        required=findings.required,
        layer=findings.layer_name,
    )
    return environment


@cache
def script() -> str:
    """The viewer's script, one function of its own so that it shares no name with any other script."""
    return "(() => {\n'use strict';\n" + "\n".join(path.read_text("utf-8") for path in SCRIPTS) + "})();\n"


def _by_target(run: Run) -> list[tuple[str, dict[str, int]]]:
    counts: dict[str, dict[str, int]] = {}
    for item in run.results:
        row = counts.setdefault(item.target, {})
        row[item.verdict] = row.get(item.verdict, 0) + 1
    bad = ("fail", "not_measured", "warn")
    return sorted(counts.items(), key=lambda entry: [-entry[1].get(verdict, 0) for verdict in bad])


def _holding(run: Run) -> list[tuple[str, list[findings.Group]]]:
    """What holds everywhere it was looked at, by layer."""
    elsewhere = {item.id for item in run.results if item.verdict not in ("pass", "not_applicable")}
    good = [item for item in findings.with_verdict(run, "pass") if item.id not in elsewhere]
    by_layer: dict[str, list[findings.Group]] = {}
    for group in sorted(findings.by_requirement(good), key=lambda group: group.first.id):
        by_layer.setdefault(group.first.layer, []).append(group)
    return [(layer, by_layer[layer]) for layer in findings.layers(by_layer)]


def fragment(run: Run) -> str:
    """The body of the report: style is not in it, script and data are."""
    causes = findings.root_causes(run)
    roots = {id(item) for group in causes for item in group.results}
    rows = {id(item): number for number, item in enumerate(run.results)}
    later = [item for item in run.results if item.verdict == "fail" and id(item) not in roots]
    mapping = frameworks.load()
    targets = _by_target(run)
    return _environment().get_template("overview.html").render(
        run=run.run, summary=run.summary, run_targets=run.targets, waivers=run.waivers, absent=run.not_applicable,
        verdicts=findings.VERDICTS, layers=findings.layers(run.summary["by_layer"]), lasted=_lasted(run.run),
        causes=causes, row_of=lambda item: rows[id(item)], most_groups=MOST_GROUPS, most_rows=MOST_ROWS,
        sections=[
            ("consequences", "What follows from them", findings.by_requirement(later)),
            ("warnings", "Warnings", findings.by_requirement(findings.with_verdict(run, "warn"))),
            ("notices", "Notices", findings.by_requirement(findings.with_verdict(run, "notice"))),
        ],
        reasons=findings.not_measured(run), targets=targets[:MOST_TARGETS], target_count=len(targets),
        waived=findings.with_verdict(run, "waived"), result_count=len(run.results),
        holding=_holding(run), mapping=mapping, most_targets=MOST_LISTED,
        data=Markup(blob.pack(blob.columns(run, mapping))), evidence=Markup(blob.pack(blob.exchanges(run))),
        script=Markup(script()),
    )  # fmt: skip


def title(run: Run) -> str:
    """The page's title, which is the name of its browser tab."""
    return text.line(f"{run.summary['verdict'].upper()} · Mailproof · {run.run['id']}", 200)


def document(run: Run) -> str:
    """The report as a page of its own, without pytest-html: for merged bundles."""
    head = f'<meta charset="utf-8"/>\n<title>{escape(title(run))}</title>\n<style>{STYLE.read_text("utf-8")}</style>'
    return seal(f"<!DOCTYPE html>\n<html>\n<head>\n{head}\n</head>\n<body>\n{fragment(run)}\n</body>\n</html>\n")


def seal(page: str) -> str:
    """Add to ``page`` what has to stand in its head: the content policy, and that it fits a phone.

    The scripts that may run are ours and the last one of the page, which is pytest-html's own.
    """
    allowed = [script()]
    last = page.rpartition("<script>")[2].partition("</script>")[0]
    if "<footer>" in page:
        allowed.append(last)
    digests = (base64.b64encode(hashlib.sha256(item.encode()).digest()).decode() for item in allowed)
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
    head = _HEAD.format(policy=_POLICY.format(scripts=hashes))
    page = re.sub(r"<html>", '<html lang="en">', page, count=1)
    page = page.replace(' onclick="location.reload()"', "", 1)
    return page.replace('<meta charset="utf-8"/>', f'<meta charset="utf-8"/>{head}', 1)
