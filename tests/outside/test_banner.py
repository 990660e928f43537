"""Greetings of others: whether they tell a version."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fixtures.dialogue.banner import Banner, host_name, versions

CASES = json.loads((Path(__file__).parents[1] / "data" / "banners" / "banners.json").read_text())["cases"]
MAIL = [case for case in CASES if case["service"] in ("smtp", "imap", "pop3")]
# A build number that nothing marks as a version, and a version that looks like an address.
UNMARKED = {"125302", "12.4.2.27"}


@pytest.mark.parametrize(
    "case", [c for c in MAIL if c.get("version", "125302") not in UNMARKED], ids=lambda case: case["id"]
)
def test_a_version_is_seen(case: dict[str, Any]) -> None:
    assert any(
        case["version"].startswith(told.lstrip("vVrR")) or case["version"] in told for told in versions(case["banner"])
    )


@pytest.mark.parametrize(
    "banner",
    [
        "mx1.example.test ESMTP",
        "mx1.example.test ESMTP Postfix (Debian)",
        "mx.example.org ESMTP Tue, 24 Nov 2026 05:41:36 +0400",
        "Dovecot ready.",
        "[CAPABILITY IMAP4rev1 SASL-IR LITERAL+] ready",
        "10.2.example.org ESMTP",
        "<123.456@mx.example.org> hello",
    ],
)
def test_no_version_is_seen(banner: str) -> None:
    assert versions(banner) == []


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("mx1.example.test", True),
        ("localhost", False),
        ("mx_1.example.test", False),
        ("[192.0.2.1]", False),
        ("mx.1", False),
    ],
)
def test_full_names(name: str, full: bool) -> None:
    assert bool(re.match(Banner.FULL_NAME, host_name(name))) is full
