"""The mapping of requirements to clauses of legal and security frameworks: policy/frameworks.yml, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fixtures import yamlfile
from fixtures.errors import InputError

FILE = Path(__file__).resolve().parent.parent / "policy" / "frameworks.yml"


@dataclass(frozen=True, slots=True)
class Framework:
    """One framework. ``proofread``: its clause numbers were compared with a published source."""

    code: str
    title: str
    proofread: bool
    source: str

    @property
    def label(self) -> str:
        """The title, with the warning that an unverified mapping must carry."""
        return self.title if self.proofread else f"{self.title} (mapping, not verified)"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Clauses that belong together, by framework code."""

    code: str
    title: str
    clauses: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Frameworks:
    """All frameworks and bundles, by their codes."""

    frameworks: dict[str, Framework]
    bundles: dict[str, Bundle]

    def clauses(self, controls: list[str], framework: str) -> list[str]:
        """The clauses of ``framework`` that the bundles ``controls`` name, each once, in order."""
        found = (self.bundles[code].clauses.get(framework, ()) for code in controls if code in self.bundles)
        return list(dict.fromkeys(clause for clauses in found for clause in clauses))


def load(path: Path = FILE) -> Frameworks:
    """Read and check the mapping. Raises InputError with file and line."""
    data, lines = yamlfile.load(path)

    def wrong(text: str, *where: str | int) -> InputError:
        return InputError(text, file=path, line=yamlfile.line_of(lines, where))

    if not isinstance(data, dict) or set(data) != {"frameworks", "bundles"}:
        raise wrong("must have exactly the keys frameworks and bundles")
    frameworks = {}
    for code, entry in data["frameworks"].items():
        if not isinstance(entry, dict) or not {"title", "proofread"} <= set(entry) <= {"title", "proofread", "source"}:
            raise wrong("a framework has title, proofread and, where proofread, source", "frameworks", code)
        proofread = _truth(entry["proofread"])
        if proofread is None or (proofread and not entry.get("source")):
            raise wrong("proofread is true or false, and true needs its source", "frameworks", code)
        frameworks[code] = Framework(code, str(entry["title"]), proofread, str(entry.get("source", "")))
    bundles = {}
    for code, entry in data["bundles"].items():
        if not re.fullmatch(r"[A-Z]{2}", code) or not isinstance(entry, dict) or "title" not in entry:
            raise wrong("a bundle has two capital letters and a title", "bundles", code)
        clauses = {key: value for key, value in entry.items() if key != "title"}
        for key, value in clauses.items():
            if key not in frameworks:
                raise wrong(f"unknown framework {key!r}", "bundles", code, key)
            if not isinstance(value, list) or not value or not all(isinstance(clause, str) for clause in value):
                raise wrong("clauses are a list of quoted texts (3.10 without quotes is 3.1)", "bundles", code, key)
        bundles[code] = Bundle(code, str(entry["title"]), {key: tuple(value) for key, value in clauses.items()})
    return Frameworks(frameworks, bundles)


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
