"""Holding opinions against verdicts, and explaining the differences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from bench.agreement.opinion import Opinion
from fixtures.errors import InputError
from fixtures.faults.compare import Finding
from fixtures.yamlfile import line_of, load

DIFFERENCES = Path(__file__).with_name("differences.yml")
HEALTHY = "healthy"
#: What a verdict says in a tool's terms; the others (not applicable, waived) are not compared.
MEANS = {"pass": "good", "notice": "good", "warn": "bad", "fail": "bad", "not_measured": "unknown"}


@dataclass(frozen=True)
class Explained:
    """A row of differences.yml: patterns, what each side says, and why."""

    tool: str
    id: str
    ours: str
    theirs: str
    why: str
    fault: str = "*"
    subject: str = "*"

    def covers(self, row: Row) -> bool:
        pairs = ((row.opinion.tool, self.tool), (row.opinion.id, self.id), (row.fault, self.fault),
                 (row.opinion.subject, self.subject), (row.verdict, self.ours), (row.theirs, self.theirs))  # fmt: skip
        return all(fnmatchcase(value, pattern) for value, pattern in pairs)


@dataclass(frozen=True)
class Row:
    """One opinion beside our verdict. ``why``: the explanation of a difference, where there is one."""

    fault: str
    opinion: Opinion
    verdict: str
    message: str = ""
    why: str = ""

    @property
    def theirs(self) -> str:
        return "good" if self.opinion.good else "bad"

    @property
    def agrees(self) -> bool:
        return MEANS[self.verdict] == self.theirs

    @property
    def unknown(self) -> bool:
        return not self.agrees and not self.why

    def __str__(self) -> str:
        said = f"{self.opinion.tool}: {self.theirs} ({self.opinion.said})"
        ours = f"{self.verdict} ({self.message})" if self.message else self.verdict
        return f"{self.fault}: {self.opinion.id} {self.opinion.subject}: {said}; ours: {ours}"


def compare(
    fault: str, opinions: Iterable[Opinion], findings: Mapping[tuple[str, str], Finding], known: Iterable[Explained]
) -> list[Row]:
    """A row for each opinion on something that we have judged as well."""
    rows = []
    explanations = list(known)
    for opinion in opinions:
        finding = findings.get((opinion.id, opinion.subject))
        if finding is None or finding.verdict not in MEANS:
            continue
        message = " ".join(finding.message.split())[:200]
        row = Row(fault, opinion, finding.verdict, message)
        why = "" if row.agrees else next((item.why for item in explanations if item.covers(row)), "")
        rows.append(Row(fault, opinion, finding.verdict, message, why))
    return rows


def explanations(path: Path = DIFFERENCES) -> list[Explained]:
    """The known differences; InputError with the line for a wrong row."""
    data, lines = load(path)
    if not isinstance(data, list):
        raise InputError("a list of differences is expected", file=path, line=1)
    found = []
    for index, item in enumerate(data):
        try:
            found.append(Explained(**item))
        except TypeError as error:
            text = f"a difference has tool, id, ours, theirs, why: {error}"
            raise InputError(text, file=path, line=line_of(lines, (index,))) from error
    return found
