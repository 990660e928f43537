"""A fault may put other files among the organisation's records, and takes them away again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.faults.actions import Condition, Records
from fixtures.faults.estate import Stage
from fixtures.faults.looks import holds


def test_files_come_and_go(stage: Stage, tmp_path: Path) -> None:
    """Dates are filled in as in templates; afterwards the records are the example's again."""
    here = replace(stage, records=tmp_path / "records")
    seen = Condition.model_validate({"record": {"file": "tls-reports/new.json", "has": f"{datetime.now(UTC):%Y}"}})
    assert not holds(seen, here, "mx1")
    action = Records(records={"tls-reports/new.json": "${today+0}"})
    action.do(here, "mx1")
    assert holds(seen, here, "mx1")
    action.undo(here, "mx1")
    assert not holds(seen, here, "mx1") and (here.records / "contacts.yml").is_file()


@pytest.mark.parametrize("name", ["/etc/passwd", "../x.yml", "a/../../x"])
def test_only_below_the_records(name: str) -> None:
    with pytest.raises(ValueError, match="below the directory of records"):
        Records(records={name: "x"})
