"""What the records say is counted and dated rightly."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.errors import ProbeError
from fixtures.exchange import Tape
from fixtures.records.availability import availability, months_before
from fixtures.records.backups import compare_files, offsite
from fixtures.records.contacts import contact_list
from fixtures.records.models import BackupManifest, Contact, ProcessingActivity, ServiceLevel
from fixtures.records.register import Register
from fixtures.records.store import RecordStore

TODAY = date(2026, 3, 15)
NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


def contact(role: str = "escalation", **fields: Any) -> Contact:
    defaults = {"person": "Ada", "phone": "+49 30 1234", "valid_from": "2025-01-01"}
    return Contact.model_validate({"role": role, **defaults, **fields})


def test_a_contact_counts_while_it_is_in_force() -> None:
    """Neither before valid_from nor after valid_until."""
    people = [contact("a", valid_until="2026-03-14"), contact("b", valid_from="2026-03-16"), contact("c")]
    assert contact_list(people, TODAY).roles == ["c"]


def test_the_newest_test_of_a_role_counts() -> None:
    """A second contact that was never tested does not hide the test of the first; a test in the future is none."""
    people = [contact("a", last_tested_at="2026-03-05"), contact("a"), contact("b", last_tested_at="2026-04-01")]
    facts = contact_list(people, TODAY)
    assert facts.tested == {"a": 10, "b": None}
    assert facts.never_tested(["a", "b", "absent"]) == ["absent", "b"]
    assert facts.days_since_test(["a", "b"]) == 10


def level(month: str, down: float = 0, excluded: float = 0) -> ServiceLevel:
    return ServiceLevel(month=month, minutes_total=40320, minutes_down=down, excluded=excluded)


def test_availability_is_computed_over_minutes() -> None:
    """From the sums, and maintenance is no part of what is judged."""
    levels = [level("2026-01", down=100, excluded=20160), level("2026-02", down=0)]
    facts = availability(levels, TODAY)
    assert facts.months == ("2026-01", "2026-02")
    assert facts.percent == pytest.approx(100 * (60480 - 100) / 60480, abs=1e-5)
    assert facts.month_percent["2026-01"] == pytest.approx(100 * (20160 - 100) / 20160, abs=1e-5)
    assert facts.table.splitlines()[0].endswith("2026-01")


def test_a_missing_month_is_not_measured() -> None:
    """A gap, and a last month that is not there yet, are named."""
    with pytest.raises(ProbeError, match="no record of 2026-01"):
        availability([level("2025-12"), level("2026-02")], TODAY)
    with pytest.raises(ProbeError, match="no record of 2026-02"):
        availability([level("2025-12"), level("2026-01")], TODAY)
    with pytest.raises(ProbeError, match="any whole month"):
        availability([level("2026-03")], TODAY)
    with pytest.raises(ProbeError, match="2026-02 stands twice"):
        availability([level("2026-02"), level("2026-02")], TODAY)


def test_only_the_last_twelve_months_count() -> None:
    """An outage of 13 months ago is history."""
    months = months_before(TODAY, 13)
    levels = [level(month, down=1000 if month == months[0] else 0) for month in months]
    assert availability(levels, TODAY).minutes_down == 0


def test_the_register_is_searched_by_whole_words() -> None:
    """'logs' is not found in 'blogs'; a period is asked of the activities that matter alone."""
    entries = [("mail delivery", ["names"], 30), ("company blogs", ["authors"], None), ("Backups", ["archive"], None)]
    activities = tuple(
        ProcessingActivity(purpose=purpose, categories=tuple(categories), retention_days=days, legal_basis="Art. 6")
        for purpose, categories, days in entries
    )
    topics = {"mail": ["mail"], "logs": ["logs"], "backups": ["backups"]}
    register = Register(activities)
    assert register.covered(topics) == ["backups", "mail"]
    assert len(register.without_retention(topics)) == 1


def manifest(files: list[dict[str, Any]], **fields: Any) -> BackupManifest:
    defaults = {
        "job": "store", "started_at": "2026-03-14T01:00:00Z", "finished_at": "2026-03-14T02:00:00Z", "source": "mx1",
        "copy_no": 1, "location": "here", "medium": "disk",
    }
    return BackupManifest.model_validate({**defaults, "files": files, **fields})


def entry(path: str, content: bytes, **fields: Any) -> dict[str, Any]:
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), **fields}


def test_hashes_are_recomputed(tmp_path: Path) -> None:
    """Equal, changed in content, cut short, missing, and with an MD5 alone."""
    for name, content in {"good": b"abc", "changed": b"abX", "short": b"a", "old": b"abc"}.items():
        (tmp_path / name).write_bytes(content)
    old = {"path": "old", "size": 3, "md5": hashlib.md5(b"abc").hexdigest()}
    files = [entry("good", b"abc"), entry("changed", b"abc"), entry("short", b"abc"), entry("gone", b"abc"), old]
    facts = compare_files(RecordStore(tmp_path), [manifest(files)])
    assert [name.split(": ")[1] for name in facts.changed] == ["changed", "short"]
    assert [len(group) for group in (facts.verified, facts.missing, facts.md5_only)] == [1, 1, 1]


def test_files_kept_elsewhere_are_not_missing(tmp_path: Path) -> None:
    """A copy at another site cannot be read here; with `root` it must be, and with nothing to read nothing passes."""
    (tmp_path / "here").write_bytes(b"abc")
    away, home = manifest([entry("away", b"abc")], copy_no=2), manifest([entry("here", b"abc")])
    assert compare_files(RecordStore(tmp_path), [away, home]).missing == ()
    rooted = away.model_copy(update={"root": "data"})
    assert len(compare_files(RecordStore(tmp_path), [rooted, home]).missing) == 1
    with pytest.raises(ProbeError, match="no backup file lies beside its manifest"):
        compare_files(RecordStore(tmp_path), [away])


def test_a_link_out_of_the_directory_is_not_followed(tmp_path: Path) -> None:
    """Evidence never holds the hash of a file that is none of the suite's business."""
    (tmp_path / "records").mkdir()
    (tmp_path / "secret").write_bytes(b"abc")
    (tmp_path / "records" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(ProbeError, match="leads out"):
        compare_files(RecordStore(tmp_path / "records"), [manifest([entry("link", b"abc")])])


def test_offsite_copies() -> None:
    """Counted against where the source is; a job without one has none."""
    files = [entry("x", b"x")]
    far = manifest(files, copy_no=2, location="Lakeside")
    facts = offsite([manifest(files), far, manifest(files, job="other")], NOW)
    assert facts.copies == {"store": 1, "other": 0}
    assert facts.oldest_hours == 34
    stated = manifest(files, copy_no=2, location="HERE", source_location="here")
    assert offsite([stated], NOW).copies == {"store": 0}
    with pytest.raises(ProbeError, match="neither source_location nor a copy 1"):
        offsite([far], NOW)


def test_evidence_keeps_no_telephone_number(tmp_path: Path) -> None:
    """What is stored of a contact says that it is filled in, and a replay judges the same without the directory."""
    text = "role: a\nperson: Ada Lovelace\nphone: '+49 30 1234'\nvalid_from: 2026-01-01\n"
    (tmp_path / "contacts.yml").write_text(text)
    tape = Tape()
    first = RecordStore(tmp_path, tape).of(Contact)
    kept = str([exchange.answer for exchange in tape])
    assert "Lovelace" not in kept and "1234" not in kept
    assert RecordStore(None, tape).of(Contact) == first
    assert first[0].place == "contacts.yml:1"


def test_rendered_dates(tmp_path: Path) -> None:
    """Dates follow the day of rendering; data files are copied byte for byte."""
    from fixtures.records.render import render

    source = tmp_path / "source"
    (source / "backup_manifest" / "data").mkdir(parents=True)
    (source / "contacts.yml").write_text("- ${today-1}\n- ${month+10}\n- ${minutes-1}\n")
    (source / "backup_manifest" / "data" / "x.yml").write_bytes(b"${today}\xff")
    for _ in range(2):
        render(source, tmp_path / "target", TODAY)
    assert (tmp_path / "target" / "contacts.yml").read_text() == "- 2026-03-14\n- 2027-01\n- 40320\n"
    assert (tmp_path / "target" / "backup_manifest" / "data" / "x.yml").read_bytes() == b"${today}\xff"


def test_the_example_set_is_whole(tmp_path: Path) -> None:
    """Every kind is there, whatever the day, leap days included."""
    from fixtures.options import SUITE
    from fixtures.records.models import MODELS
    from fixtures.records.render import render

    for day in (date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1)):
        render(SUITE / "inventories" / "records", tmp_path / "r", day)
        store = RecordStore(tmp_path / "r")
        assert store.kinds == sorted(MODELS)
        now = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=23)
        assert len(availability(store.of(ServiceLevel), day).months) == 12
        assert offsite(store.of(BackupManifest), now).oldest_hours < 48
        assert compare_files(store, store.of(BackupManifest)).changed == ()
