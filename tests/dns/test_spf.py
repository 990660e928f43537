"""fixtures/spf.py against the RFC 7208 suite, the SPF hygiene of real test zones, and garbage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures import spf
from tests.dns import world

DATA = Path(__file__).parents[1] / "data"


def scenarios() -> list[Any]:
    found = []
    for scenario in json.loads((DATA / "spf" / "rfc7208.json").read_text()):
        for name, case in scenario["tests"].items():
            label = f"{scenario['scenario']}/{name}".replace(" ", "_")
            found.append(pytest.param(scenario["zonedata"], case, id=label))
    return found


def zone_of(data: dict[str, Any]) -> dict[str, Any]:
    """The suite's zone format: an SPF-type answer stands for a TXT answer where the name has no TXT of its own."""
    zone: dict[str, Any] = {}
    for name, entries in data.items():
        if entries == ["TIMEOUT"]:
            zone[name] = "TIMEOUT"
            continue
        records: list[tuple[str, Any]] = []
        has_txt = any(isinstance(entry, dict) and "TXT" in entry for entry in entries)
        for entry in entries:
            if entry == "TIMEOUT":
                held = (other for other in entries if isinstance(other, dict) and other != {"TXT": "NONE"})
                own = {kind for other in held for kind in other}
                records += [("TIMEOUT", kind) for kind in ("A", "AAAA", "MX", "PTR", "TXT", "SPF") if kind not in own]
                continue
            (kind, value), = entry.items()
            if kind == "SPF" and not has_txt:
                records.append(("TXT", value))
            if kind == "TXT" and value == "NONE":
                continue
            records.append((kind, value))
        zone[name] = records
    return zone


@pytest.mark.parametrize(("zonedata", "case"), scenarios())
def test_check_host_gives_the_verdict_of_the_official_suite(zonedata: dict[str, Any], case: dict[str, Any]) -> None:
    resolver = world.resolver(zone_of(zonedata))
    found = spf.evaluate(resolver, case["host"], case["mailfrom"], case["helo"])
    accepted = case["result"] if isinstance(case["result"], list) else [case["result"]]
    assert found.verdict in accepted, found
