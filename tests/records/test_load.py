"""Records are read strictly: what is wrong is named with file, line and field, and nothing wrong is ignored."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import InputError, ProbeError
from fixtures.records.load import files_of, read
from fixtures.records.models import BackupManifest, Contact, Drill, ProcessingActivity, ServiceLevel
from fixtures.records.store import RecordStore

CONTACT = """\
- role: escalation
  person: Ada
  phone: "+49 1"
  valid_from: 2026-01-01
"""
MONTH = "month: {}\nminutes_total: {}\nminutes_down: {}\n"


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return path


def test_the_three_notations_say_the_same(tmp_path: Path) -> None:
    """YAML, JSON and CSV give equal records."""
    write(tmp_path, "a/contacts.yml", CONTACT)
    write(tmp_path, "b/contacts.json", json.dumps(yaml.safe_load(CONTACT), default=str))
    write(tmp_path, "c/contacts.csv", "role,person,phone,valid_from,last_tested_at\nescalation,Ada,+49 1,2026-01-01,\n")
    found = [RecordStore(tmp_path / name).of(Contact)[0].model_dump() for name in "abc"]
    assert found[0] == found[1] == found[2]


def test_lists_in_csv(tmp_path: Path) -> None:
    """A cell of a list field is separated by semicolons."""
    text = "purpose,categories,legal_basis,retention_days\nmail,employees; mail content,Art. 6,30\n"
    write(tmp_path, "processing_register.csv", text)
    assert RecordStore(tmp_path).of(ProcessingActivity)[0].categories == ("employees", "mail content")


def test_a_folder_holds_records_and_the_data_they_speak_of(tmp_path: Path) -> None:
    """Only files directly inside the folder of a kind are records."""
    write(tmp_path, "contacts/one.yml", CONTACT)
    write(tmp_path, "contacts/two.yml", CONTACT)
    write(tmp_path, "contacts/attachments/three.yml", "no record")
    write(tmp_path, "README.md", "no record")
    assert len(RecordStore(tmp_path).of(Contact)) == 2


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("contacts.yml", "- role: x\n  person: y\n  phone: '1'\n", r"contacts.yml:1: contacts: valid_from: Field req"),
        ("contacts.yml", CONTACT.replace("2026-01-01", "soon"), r"contacts.yml:4: contacts: valid_from: "),
        ("contacts.yml", CONTACT.replace('"+49 1"', "030123"), r"contacts.yml:3: .*phone: write 12371 in quotes"),
        ("contacts.yml", CONTACT + "  last_tested: 2026-02-02\n", r"contacts.yml:5: .*meant 'last_tested_at'"),
        ("contacts.yml", CONTACT.replace("2026-01-01", "${today-3}"), r"contacts.yml:4: .*is a template: render"),
        ("contacts.yml", "- role: [\n", r"contacts.yml:2: "),
        ("contacts.yml", "just words\n", r"contacts.yml:1: contacts: a mapping of fields is expected"),
        ("contacts.json", '{"role": "a",\n "role": "b"}', r"contacts.json: .*'role' stands twice"),
        ("contacts.json", '{"role": \n oops}', r"contacts.json:2: not valid JSON"),
        ("contacts.csv", "role,role\na,b\n", r"contacts.csv:1: the header needs"),
        ("contacts.csv", "role,person\nc\n", r"contacts.csv:2: 1 cells below 2"),
        ("contacts.csv", "role,person,phone,valid_from\na,b,c,never\n", r"contacts.csv:2: contacts: valid_from"),
        ("kontakte.yml", CONTACT, r"kontakte.yml: unknown kind of record 'kontakte'; known: .*contacts"),
        ("service_level.yml", MONTH.format("2026-02", 44640, 0), "2026-02 has only 40320 minutes"),
        ("service_level.yml", MONTH.format("2026-13", 1, 0), "service_level.yml:1: .*month"),
        ("service_level.yml", MONTH.format("2026-02", 40320, -1), "service_level.yml:3: .*minutes_down"),
        ("service_level.yml", MONTH.format("2026-02", ".nan", 0), "service_level.yml:2: .*minutes_total"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    """File, line and field, as a usage error."""
    write(tmp_path, name, text)
    with pytest.raises(InputError, match=message):
        RecordStore(tmp_path)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x"])
def test_manifest_paths_stay_inside(tmp_path: Path, path: str) -> None:
    """A manifest cannot make the suite read files elsewhere."""
    manifest = f"""\
        job: j
        started_at: 2026-01-01T00:00:00Z
        finished_at: 2026-01-01T00:00:01Z
        source: s
        copy_no: 1
        location: l
        medium: disk
        files:
          - path: {path}
            size: 1
            sha256: {"0" * 64}
        """
    write(tmp_path, "backup_manifest.yml", manifest)
    with pytest.raises(InputError, match=r"backup_manifest.yml:9: backup_manifest: files.0.path: a path below"):
        RecordStore(tmp_path)


def test_points_in_time_carry_a_zone(tmp_path: Path) -> None:
    """A time without zone means another moment to every reader."""
    text = "id: 1a\nscenario: s\nlayer: flow\nenvironment: lab\nplanned_at: 2026-01-01T10:00:00\n"
    write(tmp_path, "drill.yml", text)
    with pytest.raises(InputError, match=r"drill.yml:5: drill: planned_at: .*timezone"):
        RecordStore(tmp_path)


@pytest.mark.parametrize("kind", [Contact, Drill, ServiceLevel, BackupManifest])
def test_a_missing_kind_names_the_file_expected(tmp_path: Path, kind: type) -> None:
    """Nothing on record is not measured, and the message says which file would change that."""
    with pytest.raises(ProbeError, match=rf"no {kind.kind}\.yml"):
        RecordStore(tmp_path).of(kind)


def test_an_empty_file_is_no_record(tmp_path: Path) -> None:
    """A file without records is not taken for a clean one."""
    write(tmp_path, "contacts.yml", "# nothing yet\n")
    with pytest.raises(ProbeError, match="hold no record"):
        RecordStore(tmp_path).of(Contact)


@given(st.binary(max_size=300), st.sampled_from([".yml", ".json", ".csv"]))
def test_garbage_is_a_usage_error(tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str) -> None:
    """Whatever the file holds: records, or a usage error; never a traceback."""
    path = tmp_path_factory.mktemp("garbage") / f"contacts{suffix}"
    path.write_bytes(content)
    try:
        read(path, Contact, Path(path.name))
    except InputError as error:
        assert str(path) in str(error)


def test_kinds_are_found(tmp_path: Path) -> None:
    """Hidden files and other suffixes are left alone."""
    write(tmp_path, "drill/one.json", "[]")
    write(tmp_path, ".hidden.yml", "")
    write(tmp_path, "notes.txt", "")
    assert list(files_of(tmp_path)) == ["drill"]
