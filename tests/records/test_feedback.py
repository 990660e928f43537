"""Report files: other projects' samples are read as they are, hostile ones are refused within their bounds."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import ProbeError
from fixtures.estate import Domain
from fixtures.exchange import Tape
from fixtures.feedback import aggregate, facts, folder, tls, unpack
from fixtures.feedback.unpack import BadReportError

DATA = Path(__file__).parents[1] / "data" / "dmarc"
FILES = json.loads((DATA / "reports.json").read_text())["files"]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ROW = (
    "<record><row><source_ip>{}</source_ip><count>{}</count><policy_evaluated><disposition>none</disposition>"
    "<dkim>{}</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>{}</header_from></identifiers>"
    "</record>"
)


def report(*rows: str, end: datetime = NOW, id: str = "1", domain: str = "a.test") -> bytes:
    moment = int(end.timestamp())
    return (
        f"<feedback><report_metadata><org_name>r.test</org_name><report_id>{id}</report_id><date_range><begin>"
        f"{moment - 86400}</begin><end>{moment}</end></date_range></report_metadata><policy_published><domain>{domain}"
        f"</domain><p>reject</p></policy_published>{''.join(rows)}</feedback>"
    ).encode()


@pytest.mark.parametrize("case", [case for case in FILES if "aggregate" in case["file"]], ids=lambda case: case["file"])
def test_aggregate_reports_of_another_project(case: dict[str, Any]) -> None:
    data = (DATA / case["file"]).read_bytes()
    if case.get("well_formed") is False:
        with pytest.raises(BadReportError, match=r"no (well-formed XML|aggregate report)"):
            aggregate.parse(unpack.texts(data)[0])
        return
    (text,) = unpack.texts(data)
    found = aggregate.parse(text)
    if "well_formed" in case:
        said = (found.domain, found.org, found.messages, found.failing)
        # A report without org_name is known by its address.
        assert said == (case["domain"], case["org"] or found.org, case["messages"], case["messages_failing_both"])
    else:
        assert found.domain and found.messages > 0, found


@pytest.mark.parametrize("case", [case for case in FILES if "smtp_tls" in case["file"]], ids=lambda case: case["file"])
def test_tls_reports_of_another_project(case: dict[str, Any]) -> None:
    (text,) = unpack.texts((DATA / case["file"]).read_bytes())
    found = tls.parse(text)
    assert found.org == case.get("org", found.org) and found.policies
    if "sessions_ok" in case:
        ok, failed = (sum(getattr(item, name) for item in found.policies) for name in ("ok", "failed"))
        assert (ok, failed) == (case["sessions_ok"], case["sessions_failed"])


@pytest.mark.parametrize("case", [case for case in FILES if "failure_" in case["file"]], ids=lambda case: case["file"])
def test_failure_reports_are_no_aggregate_reports(case: dict[str, Any]) -> None:
    with pytest.raises(BadReportError):
        [aggregate.parse(text) for text in unpack.texts((DATA / case["file"]).read_bytes())]


def zipped(*members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, member in enumerate(members):
            archive.writestr(f"{index}.xml", member)
    return buffer.getvalue()


def test_however_it_is_packed() -> None:
    text = report(ROW.format("192.0.2.1", 3, "pass", "a.test"))
    mail = (
        b"From: r@r.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b"
        b"\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(gzip.compress(text)) + b"\r\n--b--\r\n"
    )  # fmt: skip
    for packed in (text, gzip.compress(text), zipped(text), mail):
        assert unpack.texts(packed) == [text]


BOMB = gzip.compress(b"<" + b" " * (unpack.MAX_PLAIN + 1), 9)


@pytest.mark.parametrize(("packed", "words"), [
    (BOMB, "unpacks to more than"), (zipped(b"<" + b" " * (unpack.MAX_PLAIN + 1)), "unpacks to more than"),
    (gzip.compress(BOMB), "neither XML nor JSON"), (zipped(*[b"<a/>"] * 40), "archive of 40 members"),
    (gzip.compress(b"<a/>" * 99)[:-20], "broken gzip"), (b"PK\x03\x04nothing", "broken zip"), (b"", "neither"),
    (zipped(zipped(b"<a/>")), "neither XML nor JSON"), (b"\xff\xfe" * 50, "neither"),
], ids=str)  # fmt: skip
def test_what_unpacks_to_too_much_or_to_nothing(packed: bytes, words: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BadReportError, match=words):
            unpack.texts(packed)
        assert tracemalloc.get_traced_memory()[1] < 3 * unpack.MAX_PLAIN
    finally:
        tracemalloc.stop()


LAUGHS = b'<!DOCTYPE f [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "&%c;&%c;&%c;">' % (index + 1, index, index, index) for index in range(97, 120)
) + b"]><feedback>&z;</feedback>"  # fmt: skip


@pytest.mark.parametrize(("text", "words"), [
    (LAUGHS, "document type"), (b'<!DOCTYPE f SYSTEM "file:///etc/passwd"><feedback/>', "document type"),
    (b'<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>&x;</feedback>', "document type"),
    (b"<feedback>" + b"<a>" * 99, "deep"), (b"<feedback><a>" + b"x" * 9999, "more than 4096 characters"),
    (b"<html/>", "no aggregate report"), (b"<feedback/>", "names no domain"), (b"<feedback>&x;</feedback>", "XML"),
    (report(ROW.format("192.0.2.1", "-4", "pass", "a.test")), "count is '-4'"),
    (report(ROW.format("192.0.2.1", "9" * 14, "pass", "a.test")), "count is"),
    (report(ROW.format("192.0.2.1", "", "pass", "a.test")), "count is ''"),
], ids=lambda value: str(value)[:30])  # fmt: skip
def test_what_is_no_aggregate_report(text: bytes, words: str) -> None:
    with pytest.raises(BadReportError, match=words):
        aggregate.parse(text)


@pytest.mark.parametrize("text", [
    b"[]", b"{}", b"[" * 100000, b'{"policies": []}', b'{"date-range": {"end-datetime": "yesterday"}, "policies": []}',
    b'{"date-range": {"end-datetime": "2026-01-01T00:00:00Z"}, "policies": [{"policy": {}, "summary": {}}]}',
    b'{"date-range": {"end-datetime": "2026-01-01T00:00:00Z"}, "policies": [{"policy": {"policy-domain": "a"}, '
    b'"summary": {"total-failure-session-count": 1e99}}]}',
], ids=lambda value: str(value)[-30:])  # fmt: skip
def test_what_is_no_tls_report(text: bytes) -> None:
    with pytest.raises(BadReportError):
        tls.parse(text)


@given(st.binary(max_size=400), st.sampled_from([b"", b"<feedback>", b"\x1f\x8b\x08", b"PK\x03\x04", b"From: a\n\n", b"{"]))
def test_no_file_breaks_the_readers(data: bytes, head: bytes) -> None:
    try:
        for text in unpack.texts(head + data):
            for parse in (aggregate.parse, tls.parse):
                with pytest.raises(BadReportError):
                    parse(text)
    except BadReportError as error:
        assert str(error)


def read(root: Path) -> list[Any]:
    parse = lambda data: folder.kept_aggregate(aggregate.parse(data))  # noqa: E731
    return folder.ask(Tape(), root, "dmarc-reports", "reports", parse)


def test_a_folder_of_reports(tmp_path: Path) -> None:
    """The same report twice counts once; a broken file is named; old reports and those from the future do not count."""
    place = tmp_path / "dmarc-reports"
    place.mkdir()
    row = ROW.format("192.0.2.1", 3, "pass", "a.test")
    (place / "1.xml").write_bytes(report(row))
    (place / "1.xml.gz").write_bytes(gzip.compress(report(row)))
    (place / "2.xml").write_bytes(report(row, id="2", end=NOW - timedelta(days=40)))
    (place / "3.xml").write_bytes(report(row, id="3", end=NOW + timedelta(days=40)))
    (place / "4.xml").write_bytes(b"<feedback>")
    found = read(tmp_path)
    assert len(facts.recent(found, 30, NOW)) == 1
    assert facts.unreadable(found)[0].startswith("4.xml: is no well-formed XML")
    with pytest.raises(ProbeError, match="no folder dmarc-reports/"):
        read(tmp_path / "elsewhere")


def test_own_mail_is_what_comes_from_own_addresses(tmp_path: Path) -> None:
    """Forgeries by strangers do not count; a supplier that SPF lets send does; a subdomain of its own does not."""
    (tmp_path / "dmarc-reports").mkdir()
    rows = [ROW.format("192.0.2.1", 90, "pass", "a.test"), ROW.format("192.0.2.1", 10, "fail", "sub.a.test"),
            ROW.format("192.0.2.2", 100, "pass", "a.test"), ROW.format("203.0.113.9", 7000, "fail", "a.test"),
            ROW.format("192.0.2.1", 500, "fail", "b.a.test")]  # fmt: skip
    (tmp_path / "dmarc-reports" / "1.xml").write_bytes(report(*rows))
    domain = Domain("a.test", egress=("192.0.2.1",))
    found = facts.volume(facts.recent(read(tmp_path), 30, NOW), domain, ["b.a.test"], "192.0.2.2".__eq__, ())
    assert (found.own, found.passed, found.percent) == (200, 190, 95.0)
    assert found.shares == {"192.0.2.1": 90.0, "192.0.2.2": 100.0}
    assert found.strangers == ("203.0.113.9: 0 aligned, 7000 not",) and found.reports == 1
    nobody = facts.volume(facts.recent(read(tmp_path), 30, NOW), Domain("a.test"), [], lambda _: False, ())
    with pytest.raises(ProbeError, match="no mail from its own senders"):
        _ = nobody.percent


def test_large_reports_keep_their_sums() -> None:
    rows = [ROW.format(f"10.0.{index // 250}.{index % 250}", 2, "pass", "a.test") for index in range(1500)]
    kept = folder.kept_aggregate(aggregate.parse(report(*rows)))
    assert len(kept["rows"]) == folder.MAX_KEPT + 1 and sum(row[3] for row in kept["rows"]) == 3000


def test_sessions_are_summed_over_reports() -> None:
    one = {"org": "r", "id": "1", "end": 0, "file": "1", "policies": [["a.test", "sts", 90, 10, [["expired", 10]]],
                                                                      ["b.test", "sts", 0, 5, []]]}  # fmt: skip
    found = facts.sessions([one, {**one, "id": "2"}], "a.test", ())
    assert (found.ok, found.failed, found.percent, found.failures) == (180, 20, 10.0, ("expired (sts): 20",))
    with pytest.raises(ProbeError, match="count no session"):
        _ = facts.sessions([], "a.test", ()).percent
