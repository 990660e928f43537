"""Log lines and configurations that others wrote (postfix-grok-patterns; four public mail set-ups)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.outbound import hops
from fixtures.outbound.hops import CLEAR, OPPORTUNISTIC, Surroundings
from fixtures.outbound.level import CLEAR as CLEAR_TEXT
from tests.outbound.test_level import postfix

DATA = Path(__file__).parent.parent / "data"
LINES = json.loads((DATA / "logs" / "postfix_lines.json").read_text())["cases"]
CONFIGS = json.loads((DATA / "configs" / "facts.json").read_text())["configs"]
HANDSHAKES = [case for case in LINES if case["pattern"] == "POSTFIX_SMTP" and "TLS connection" in case["message"]]


@pytest.mark.parametrize("case", HANDSHAKES, ids=lambda case: case["id"])
def test_handshakes(case: dict[str, Any]) -> None:
    """A delivery to the relay of the handshake went over its version; one to this host is none to others."""
    fields = case["fields"]
    address = fields["postfix_relay_ip"]
    relay = f"{fields['postfix_relay_hostname']}[{address}]:{fields['postfix_relay_port']}"
    sent = f"postfix/smtp[7]: 7EE668039: to=<u@example.com>, relay={relay}, delay=3.6, dsn=2.0.0, status=sent (250 Ok)"
    expected = {} if address.startswith("127.") else {fields["postfix_tls_version"]: 1}
    assert postfix(f"postfix/smtp[7]: {case['message']}", sent) == expected


def test_all_lines_at_once() -> None:
    """Of 127 lines of all daemons only smtp's own deliveries to others count; none of these had a handshake before."""
    program = {"POSTFIX_SMTP": "smtp", "POSTFIX_LMTP": "lmtp", "POSTFIX_SMTPD": "smtpd"}
    lines = [f"postfix/{program.get(case['pattern'], 'other')}[7]: {case['message']}" for case in LINES]
    others = [line for line in lines if "postfix/smtp[" in line and "status=sent" in line and "[private/" not in line]
    assert postfix(*lines) == {CLEAR_TEXT: len(others)}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["id"])
def test_public_set_ups_leave_the_host_for_nothing(config: dict[str, Any]) -> None:
    found = list(hops.of_postfix(config["effective"], "", Surroundings(frozenset(), frozenset()), {}))
    assert [hop for hop in found if hop.state in (CLEAR, OPPORTUNISTIC)] == []
