"""Incidents that a test mail proved to be over, response times, and the record of a test mail."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fixtures import recovery_probe
from fixtures.errors import ProbeError
from fixtures.records.availability import response_time
from fixtures.records.incidents import flaw, recoveries_of
from fixtures.records.models import Incident, ServiceLevel

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
PROBE = {"message_id": "<1@a.test>", "sent_at": "2026-03-01T09:59:00Z", "received_at": "2026-03-01T09:59:30Z"}


def incident(**fields: Any) -> Incident:
    base = {"id": "INC-1", "detected_at": "2026-03-01T09:00:00Z", "recovered_at": "2026-03-01T10:00:00Z"}
    return Incident.model_validate({**base, "recovery_probe": PROBE, **fields})


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"recovery_probe": {**PROBE, "received_at": "2026-03-01T10:00:00Z"}}, ""),
        ({"recovery_probe": {**PROBE, "received_at": "2026-03-01T11:00:00+01:00"}}, ""),
        ({"recovery_probe": None}, "no test mail is on record"),
        ({"recovery_probe": {**PROBE, "received_at": "2026-03-01T10:00:01Z"}}, "0:00:01 after the end was declared"),
        ({"recovery_probe": {**PROBE, "received_at": "2026-03-01T08:00:00Z"}}, "older than the incident"),
        ({"recovery_probe": {**PROBE, "sent_at": "2026-03-01T09:59:31Z"}}, "received before it was sent"),
    ],
)
def test_proof_of_a_recovery(fields: dict[str, Any], why: str) -> None:
    assert why in flaw(incident(**fields)) and bool(flaw(incident(**fields))) == bool(why)


def test_open_and_old_incidents_are_left_aside() -> None:
    items = [
        incident(recovered_at=None, recovery_probe=None),
        incident(detected_at="2025-01-01T00:00:00Z", recovered_at="2025-01-02T00:00:00Z", recovery_probe=None),
        incident(recovery_probe=None),
    ]
    found = recoveries_of(items, NOW, 365)
    assert (found.over, len(found.unproved)) == (("INC-1",), 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"recovered_at": "2026-03-01T08:00:00Z"}, {"recovery_probe": {**PROBE, "message_id": "no id"}},
        {"recovery_probe": {**PROBE, "received_at": "2026-03-01T09:59:30"}}, {"detected_at": "yesterday"},
    ],
)  # fmt: skip
def test_records_that_are_wrong(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        incident(**fields)


def level(month: str, **fields: Any) -> ServiceLevel:
    return ServiceLevel(month=month, minutes_total=40320, minutes_down=0, **fields)


def test_response_time_of_the_last_month() -> None:
    today = date(2026, 3, 15)
    levels = [level("2026-01", p99_ms=100), level("2026-02", p99_ms=6400, greet_delay_ms=6000)]
    assert response_time(levels, today).p99_ms == 400
    with pytest.raises(ProbeError, match="no p99_ms for 2026-02"):
        response_time([level("2026-01", p99_ms=100), level("2026-02")], today)
    with pytest.raises(ProbeError, match="no p99_ms for 2026-02"):
        response_time([level("2026-01", p99_ms=100)], today)
    with pytest.raises(ProbeError, match="more than p99_ms"):
        response_time([level("2026-02", p99_ms=100, greet_delay_ms=200)], today)


MAIL = (
    b"Received: from b by mx.a.test (Postfix)\r\n\tid 4Q; Sun, 01 Mar 2026 10:59:30 +0100\r\n"
    b"Received: from c by b; Sun, 01 Mar 2026 08:00:00 +0000\r\n"
    b"Date: Sun, 01 Mar 2026 09:59:00 +0000\r\nMessage-ID: <1@a.test>\r\n\r\nx\r\n"
)


def test_the_record_of_a_mail_is_one_that_proves() -> None:


    found = yaml.safe_load(recovery_probe.record(MAIL))
    kept = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in found["recovery_probe"].items()}
    assert flaw(incident(recovery_probe=kept)) == ""
    assert kept["message_id"] == "<1@a.test>"


@given(st.binary(max_size=300))
def test_hostile_mail(raw: bytes) -> None:
    recovery_probe.record(raw)
    recovery_probe.record(b"Received: x; " + raw + b"\r\nMessage-ID: <1@a.test>\r\n\r\n")


def test_the_record_is_printed_from_a_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attachment = {"name": recovery_probe.NAME, "text": "recovery_probe:"}
    results = [{"verdict": "pass", "attachments": [attachment]}, {"verdict": "fail", "attachments": [attachment]}]
    (tmp_path / "evidence.json").write_text(json.dumps({"results": results}))
    assert recovery_probe.main([str(tmp_path)]) == 0 and capsys.readouterr().out == "recovery_probe:\n"
    (tmp_path / "evidence.json").write_text(json.dumps({"results": results[1:]}))
    assert recovery_probe.main([str(tmp_path)]) == 1
    assert recovery_probe.main([str(tmp_path / "none")]) == 4
