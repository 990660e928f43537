"""The probe mails without a mail server: what they are, where they go, and what is made of what became of them."""

from __future__ import annotations

import asyncio
import base64
import inspect
import io
import re
import ssl
import threading
import time
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from fixtures import letters, own_mail, signing_quality
from fixtures.bulk import bulk_sender
from fixtures.dialogue.handover import Way, hand_over
from fixtures.dmarc import Discovery
from fixtures.dmarc import parse as parse_dmarc
from fixtures.errors import NotApplicable, ProbeError
from fixtures.estate import Domain, Endpoint, Estate, Probe
from fixtures.forgery import forged_results
from fixtures.letters import Letter
from fixtures.mailbox import FOLDER, Watch
from fixtures.post import (
    AFTER,
    FOREIGN,
    HARMLESS,
    MUST_ARRIVE,
    OTHER_SENDER,
    OUTSIDE,
    OWN,
    OWN_AUTHOR,
    REFLECTED,
    SEALED,
    SPAM,
    SUBMISSION,
    SUBMITTED,
    VIRUS,
    Copy,
    Plan,
    Post,
    Posted,
    read,
)  # fmt: skip
from fixtures.round_trip import ways
from fixtures.scanning import scans
from fixtures.spoofing import foreign_spoofs, own_spoofs, sealed_spoofs, sender_spoof
from fixtures.trace import received
from tests.outside.servers import QUICK, certificate, serving, speaker

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
MX = "mx1.example.test"
PROBE = Probe(
    host=MX, user="probe@example.test", password_file=Path("/nowhere"), outside="out.sender.test",
    outside_sender="dave@sender.test", reflector="echo@partner.test", reflector_authserv_id="mx.partner.test",
)  # fmt: skip
DOMAIN = Domain("example.test", mx=(MX,), probe=PROBE)
SIGNED = {"d": "example.test", "s": "s1", "a": "rsa-sha256", "c": "relaxed/relaxed", "t": "1795594382",
          "h": "From:To:Subject:Date:From"}  # fmt: skip
HERE = {"from": 1, "to": 1, "subject": 1, "date": 1}


def original(fact: Any, *arguments: Any) -> Any:
    """The fact's own function, without the fixture around it."""
    return inspect.unwrap(fact)(*arguments)


def endpoint(port: int) -> Endpoint:
    return Endpoint(MX, "127.0.0.1", port, "smtp", "starttls", MX, 4)


def plan(probe: Probe = PROBE, **other: Any) -> Plan:
    given: dict[str, Any] = {
        "domain": "example.test", "probe": probe, "submission": endpoint(587), "imap": endpoint(993),
        "mx": {MX: endpoint(25)}, "outside": "127.0.0.1", "spoofed": "partner.test", "ids": (MX,), "store": "",
        "helo": "", "limits": QUICK, "seconds": {"wait": 1, "poll": 0.1, "grace": 0.1, "data": 0.5},
    }  # fmt: skip
    return Plan(**{**given, **other})


def posted(via: str, label: str, code: str = "250", copies: tuple[Copy, ...] = (), text: str = "") -> Posted:
    return Posted(label, via, "token-1", "end of data", code, text, copies)


def copy(*fields: str, folder: str = "INBOX", intact: bool = False) -> Copy:
    return Copy(folder, 1.0, "\r\n".join([*fields, "", "body", ""]).encode(), intact)


HERE_IT_IS = (copy("From: probe@example.test"),)


def post(*items: Posted, **other: Any) -> Post:
    given: dict[str, Any] = {"problem": "", "ended": {}, "stages": {}, "ids": (MX,), "spoofed": "partner.test"}
    return Post("token", {(item.via, item.label): item for item in items}, **{**given, **other})


# --- what is sent ---------------------------------------------------------------------------------------------------


def test_letters_go_to_the_probe_mailbox_and_the_reflector_alone() -> None:
    every = [letter for part in plan().letters("token", NOW) for letter in part]
    assert {letter.recipient for letter in every if letter.label != REFLECTED} == {"probe@example.test"}
    assert [letter.recipient for letter in every if letter.label == REFLECTED] == ["echo@partner.test"]
    numbers = [re.search(rb"X-Mailproof: token-(\d+)", letter.content) for letter in every]
    assert [int(match[1]) for match in numbers if match] == list(range(len(every)))
    assert all(letter.content.isascii() and max(map(len, letter.content.split(b"\r\n"))) <= 998 for letter in every)
    # What a stranger is refused stays below the error limits of careful servers.
    assert all(len(part) <= 3 for part in plan().letters("token", NOW) if part[0].via == MX)
    assert next(part[0].label for part in plan().letters("token", NOW) if part[0].via == MX) == HARMLESS


def test_what_is_not_declared_is_not_sent() -> None:
    bare = Probe(host=MX, user="probe@example.test", password_file=Path("/nowhere"), scanner="none")
    labels = {letter.label for part in plan(bare, outside="", spoofed="").letters("t", NOW) for letter in part}
    assert labels.isdisjoint({REFLECTED, OUTSIDE, FOREIGN, SEALED, VIRUS, SPAM, AFTER})


def test_the_test_strings_are_whole_and_found_again() -> None:
    assert len(letters.EICAR) == len(letters.GTUBE) == 68
    plain = letters.probe_mail("a@example.test", "b@example.test", "token", NOW)
    assert not letters.intact(plain.as_bytes())
    assert letters.intact(letters.spam(letters.probe_mail("a@b.test", "b@b.test", "t", NOW)).as_bytes())
    assert letters.intact(letters.attached(plain, "eicar.com", letters.EICAR.encode()).as_bytes())
    source = Path(letters.__file__).read_text()
    assert letters.EICAR.replace("\\", "\\\\") not in source and letters.GTUBE not in source


def test_the_archives_are_small_deep_and_harmless() -> None:
    data, depth = letters.bomb(), 0
    assert len(data) < 100_000
    while data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            (entry,) = archive.infolist()
            assert entry.file_size <= letters.BOMB_OCTETS
            data, depth = archive.read(entry), depth + 1
    assert (depth, len(data), set(data)) == (letters.BOMB_DEPTH, letters.BOMB_OCTETS, {0})


def test_an_address_with_a_line_end_is_refused() -> None:
    for value in ("a@b\r\nRCPT TO:<x@y>", "a b@c", "<a@b>", "a"):
        with pytest.raises(ValueError, match="no plain mail address"):
            Probe(host=MX, user=value, password_file=Path("/nowhere"))


# --- handing over ---------------------------------------------------------------------------------------------------

TAKES = {"EHLO": "250-mx\r\n250 PIPELINING", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go", "RSET": "250 ok",
         "QUIT": "221 bye", ".": "250 taken"}  # fmt: skip


def handed(replies: dict[str, str | None], *labels: str, **way: Any) -> dict[str, Any]:
    some = [Letter(label, MX, "", "probe@example.test", b"Subject: x\r\n\r\n.dot\r\n") for label in labels or ("a",)]
    with serving(smtp_server({**TAKES, **replies})) as port:
        there = Way(**{"address": "127.0.0.1", "port": port, "server_name": MX, "tls": "offered", **way})
        return asyncio.run(hand_over(there, some, QUICK, 0.5))


def smtp_server(replies: dict[str, str | None]) -> Any:
    """A server that says nothing between DATA and the dot, as servers do."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx ESMTP\r\n")
        inside = False
        while line := (await reader.readline()).decode():
            word = line.strip().split(" ")[0].upper()
            if inside and line != ".\r\n":
                continue
            inside = word == "DATA" and str(replies["DATA"]).startswith("354")
            reply = replies.get(word, "502 no")
            if reply is None:
                return
            writer.write(f"{reply}\r\n".encode())

    return handler


def test_a_letter_is_taken() -> None:
    record = handed({}, "a", "b")
    assert [answer["code"] for answer in record["letters"].values()] == ["250", "250"]
    assert record["ended"] is None


@pytest.mark.parametrize(
    ("replies", "at", "code"),
    [
        ({"MAIL": "553 not yours"}, "MAIL", "553"),
        ({"RCPT": "450 greylisted"}, "RCPT", "450"),
        ({"DATA": "554 no"}, "DATA", "554"),
        ({".": "550 5.7.1 DMARC"}, "end of data", "550"),
        ({".": None}, "end of data", ""),
        ({".": "421 too much"}, "end of data", "421"),
        ({"RCPT": "nonsense"}, "MAIL", "250"),
    ],
)
def test_where_a_letter_ends(replies: dict[str, str | None], at: str, code: str) -> None:
    answer = handed(replies)["letters"]["a"]
    assert (answer["at"], answer["code"]) == (at, code)


def test_a_server_that_is_not_there_or_not_trusted_gets_no_password() -> None:
    login = {"login": ("probe", "secret"), "tls": "starttls"}
    assert handed({}, **login)["ended"]["detail"] == "STARTTLS is not offered"
    record = handed({}, login=("probe", "secret"))
    assert record["ended"]["detail"] == "no TLS, so no password was sent"
    assert "secret" not in str(record) and base64.b64encode(b"secret").decode() not in str(record)


def test_the_password_is_not_kept(tmp_path: Path) -> None:
    ca = certificate(tmp_path, "ca.test")
    path, _, _ = certificate(tmp_path, MX, issuer=(ca[1], ca[2]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    answers = {**TAKES, "EHLO": "250-mx\r\n250 AUTH PLAIN", "AUTH": "235 welcome"}
    letter = Letter("a", SUBMISSION, "a@b.test", "probe@example.test", b"Subject: x\r\n\r\n")
    with serving(smtp_server(answers), context) as port:
        way = Way("127.0.0.1", port, MX, "implicit", ("probe", "open sesame"), str(ca[0]))
        record = asyncio.run(hand_over(way, [letter], replace(QUICK, reply_s=3, greeting_s=3), 3))
        other = replace(way, server_name="mx2.example.test")
        refused = asyncio.run(hand_over(other, [letter], replace(QUICK, reply_s=3, greeting_s=3), 3))
    assert record["letters"]["a"]["code"] == "250"
    secret = base64.b64encode(b"\0probe\0open sesame").decode()
    assert secret not in str(record) and "open sesame" not in str(record) + repr(way)
    assert "does not name mx2.example.test" in refused["ended"]["detail"] and not refused["letters"]


def test_a_mailbox_that_is_not_there_is_a_problem_said() -> None:
    with serving(speaker({}, greeting="* BYE no")) as port:
        end = replace(endpoint(port), tls="starttls")
        watch = Watch(end, "probe", "secret", "", "token", 0.5, 0.1, 1, 0.1, time.monotonic())
        sent = threading.Event()
        sent.set()
        found = watch.run(sent, lambda: (set(), set()), ())
    assert found["problem"] and not found["arrived"]
    assert "secret" not in repr(watch)


def imap_server(folders: dict[str, dict[int, bytes]]) -> Any:
    """As much of an IMAP server as the watch needs; messages by folder and UID."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        selected, deleted = "INBOX", set[int]()
        while line := (await reader.readline()).decode().strip():
            tag, _, command = line.partition(" ")
            verb = command.upper()
            if verb.startswith("CAPABILITY"):
                writer.write(b"* CAPABILITY IMAP4rev1\r\n")
            elif verb.startswith("LIST"):
                writer.write(b'* LIST (\\HasNoChildren) "." INBOX\r\n* LIST (\\Junk) "." "Unwanted mail"\r\n')
            elif verb.startswith("SELECT"):
                selected = command.split(" ", 1)[1].strip('"')
                writer.write(f"* {len(folders[selected])} EXISTS\r\n".encode())
            elif verb.startswith("UID SEARCH"):
                wanted = command.split()[-1].strip('"').encode()
                uids = " ".join(str(uid) for uid, text in folders[selected].items() if wanted in text)
                writer.write(f"* SEARCH {uids}\r\n".encode())
            elif verb.startswith("UID FETCH"):
                uid = int(command.split()[2])
                text = folders[selected][uid]
                writer.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(text)}}}\r\n".encode() + text + b")\r\n")
            elif verb.startswith("UID STORE"):
                deleted |= {int(uid) for uid in command.split()[2].split(",")}
            elif verb.startswith("EXPUNGE"):
                for uid in deleted:
                    folders[selected].pop(uid, None)
            writer.write(f"{tag} OK done\r\n".encode())

    return handler


def test_the_mailbox_is_watched_and_cleaned(tmp_path: Path) -> None:
    ca = certificate(tmp_path, "ca.test")
    path, _, _ = certificate(tmp_path, MX, issuer=(ca[1], ca[2]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    somebody = b"Subject: other mail\r\n\r\nhello\r\n"
    folders = {
        "INBOX": {1: somebody, 2: b"X-Mailproof: token-0\r\n\r\nbody\r\n",
                  3: b"Subject: returned\r\n\r\nX-Mailproof: token-1\r\n"},
        "Unwanted mail": {1: b"X-Mailproof: token-2\r\n\r\n" + letters.GTUBE.encode() + b"\r\n"},
    }  # fmt: skip
    with serving(imap_server(folders), context) as port:
        end = replace(endpoint(port), tls="implicit")
        watch = Watch(end, "probe", "secret", str(ca[0]), "token", 3, 0.05, 2, 0.05, time.monotonic())
        sent = threading.Event()
        sent.set()
        found = watch.run(sent, lambda: ({0, 1}, {0, 1, 2}), [2])
        other = Watch(replace(end, server_name="mx2.test"), "probe", "secret", str(ca[0]), "token", 3, 0.05, 2, 0.05, 0)
        refused = other.run(sent, lambda: (set(), set()), ())
    assert found["problem"] == ""
    assert [(item["number"], item["bounce"], item["folder"], item["intact"]) for item in found["arrived"]] == [
        (0, False, "INBOX", False), (1, True, "INBOX", False), (2, False, "Unwanted mail", True),
    ]  # fmt: skip
    assert letters.GTUBE not in str(found["arrived"])
    assert (found["removed"], folders) == (3, {"INBOX": {1: somebody}, "Unwanted mail": {}})
    assert "does not name mx2.test" in refused["problem"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b'(\\HasNoChildren \\Junk) "." "Junk"', b'"Junk"'),
        (b'(\\HasNoChildren) "/" INBOX/Spam', b"INBOX/Spam"),
        (b'() NIL "a \\"b\\""', b'"a \\"b\\""'),
    ],
)
def test_folders(line: bytes, name: bytes) -> None:
    match = FOLDER.search(line)
    assert match and match["name"] == name


def test_the_record_is_read_by_numbers() -> None:
    answer = {"at": "end of data", "code": "250", "text": "ok", "seconds": 0.1, "begun": 0.4}
    arrived = {"folder": "INBOX", "seconds": 1.0, "intact": False, "message": "Subject: x\r\n\r\n"}
    record = {
        "token": "t", "letters": [[SUBMISSION, SUBMITTED], [SUBMISSION, REFLECTED], [MX, HARMLESS]],
        "ways": {SUBMISSION: [{"letters": {SUBMITTED: answer, REFLECTED: answer}, "ended": None, "stages": {"TLS": 1}}],
                 MX: [{"letters": {}, "ended": {"at": "greeting", "detail": "nothing", "how": "timeout"}, "stages": {}}]},
        "mailbox": {"problem": "", "arrived": [{**arrived, "number": 0, "bounce": False},
                                               {**arrived, "number": 0, "bounce": False},
                                               {**arrived, "number": 1, "bounce": True}]},
    }  # fmt: skip
    found = read(record, plan())
    assert len(found.letter(SUBMISSION, SUBMITTED).copies) == 2
    assert found.letter(SUBMISSION, SUBMITTED).seconds == 0.6
    assert found.letter(SUBMISSION, REFLECTED).bounce == "a report came back"
    with pytest.raises(ProbeError, match="greeting: nothing"):
        found.letter(MX, HARMLESS)


# --- what became of it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "fate"),
    [
        (posted(MX, OWN, "550"), "refused"),
        (posted(MX, OWN, "451"), "deferred"),
        (posted(MX, OWN, ""), "no answer"),
        (posted(MX, OWN), "held"),
        (posted(MX, OWN, copies=(copy(folder="Junk"),)), "junk"),
        (posted(MX, OWN, copies=(copy(folder="Junk"), copy())), "delivered"),
        (posted(MX, OWN, copies=(copy(f"Authentication-Results: {MX}; dmarc=fail"),)), "marked"),
        (posted(MX, OWN, copies=(copy("Authentication-Results: mx.other.test; dmarc=fail"),)), "delivered"),
        (posted(MX, OWN, copies=(copy(f"Authentication-Results: {MX}; dmarc=pass"),)), "delivered"),
    ],
)
def test_fates(item: Posted, fate: str) -> None:
    assert item.fate([MX]) == fate


def test_a_refusal_counts_only_where_harmless_mail_is_taken() -> None:
    spoof = posted(MX, FOREIGN, "550")
    assert original(foreign_spoofs, post(posted(MX, HARMLESS, copies=HERE_IT_IS), spoof)).fates == {
        f"{FOREIGN} at {MX}": "refused"
    }
    for harmless in (posted(MX, HARMLESS, "554", text="blocked using a list"), posted(MX, HARMLESS, "451")):
        with pytest.raises(ProbeError, match="harmless"):
            original(foreign_spoofs, post(harmless, spoof))
    # Taken and not delivered: then nothing that is missing proves anything.
    with pytest.raises(ProbeError, match="did not arrive"):
        original(foreign_spoofs, post(posted(MX, HARMLESS), spoof))
    with pytest.raises(ProbeError, match="451"):
        original(foreign_spoofs, post(posted(MX, HARMLESS, copies=HERE_IT_IS), posted(MX, FOREIGN, "451")))


def test_one_mx_that_cannot_be_judged_does_not_hide_the_other() -> None:
    other = "mx2.example.test"
    found = post(
        posted(MX, HARMLESS, copies=HERE_IT_IS), posted(MX, FOREIGN, copies=(copy(),)),
        posted(other, HARMLESS, "450", text="greylisted"), posted(other, FOREIGN, "450"),
    )  # fmt: skip
    spoofs = original(foreign_spoofs, found)
    assert spoofs.fates == {f"{FOREIGN} at {MX}": "delivered"}
    assert "greylisted" in spoofs.left_out


def test_own_domain_is_judged_only_where_its_record_asks_for_it() -> None:
    found = post(posted(MX, HARMLESS, copies=HERE_IT_IS), posted(MX, OWN, "550"), posted(MX, OWN_AUTHOR, "550"))
    asks = Discovery("example.test", (), "example.test", parse_dmarc("v=DMARC1; p=quarantine"), "example.test")
    assert set(original(own_spoofs, found, asks, DOMAIN).fates.values()) == {"refused"}
    for record in (None, parse_dmarc("v=DMARC1; p=none"), parse_dmarc("v=DMARC1; p=reject; t=y")):
        with pytest.raises(NotApplicable):
            original(own_spoofs, found, replace(asks, record=record), DOMAIN)


@pytest.mark.parametrize(
    ("plain", "sealed", "trusted"),
    [("550", "550", ()), ("250", "250", ()), ("550", "250", (MX,)), ("250", "550", ())],
)
def test_a_seal_of_nobody_changes_nothing(plain: str, sealed: str, trusted: tuple[str, ...]) -> None:
    there = (copy(),)
    found = post(
        posted(MX, HARMLESS, copies=HERE_IT_IS),
        posted(MX, FOREIGN, plain, there if plain == "250" else ()),
        posted(MX, SEALED, sealed, there if sealed == "250" else ()),
    )
    assert original(sealed_spoofs, found, DOMAIN).trusted == trusted


def test_arc_in_use_is_seen() -> None:
    mine = copy("ARC-Seal: i=1; d=example.test; b=x", f"Authentication-Results: {MX}; arc=pass")
    found = post(
        posted(MX, HARMLESS, copies=(mine,)), posted(MX, FOREIGN, "550"), posted(MX, SEALED, "550"),
    )  # fmt: skip
    assert original(sealed_spoofs, found, DOMAIN).used == ("results state arc=pass", "sealed as example.test")


@pytest.mark.parametrize(
    ("item", "fate"),
    [
        (posted(SUBMISSION, OTHER_SENDER, "553"), "refused"),
        (posted(SUBMISSION, OTHER_SENDER), "held"),
        (posted(SUBMISSION, OTHER_SENDER, copies=(copy("From: boss@example.test"),)), "delivered"),
        (posted(SUBMISSION, OTHER_SENDER, copies=(copy("From: Probe <Probe@example.test>"),)), "rewritten"),
        (posted(SUBMISSION, OTHER_SENDER, copies=(copy("From: probe@example.test", "From: x@y"),)), "delivered"),
    ],
)
def test_another_sender(item: Posted, fate: str) -> None:
    assert original(sender_spoof, post(posted(SUBMISSION, SUBMITTED, copies=HERE_IT_IS), item)) == fate


def test_another_sender_without_a_mail_of_ones_own_says_nothing() -> None:
    item = posted(SUBMISSION, OTHER_SENDER, "553")
    with pytest.raises(ProbeError, match="own mail was not taken"):
        original(sender_spoof, post(posted(SUBMISSION, SUBMITTED, "451"), item))
    with pytest.raises(ProbeError, match="put it off"):
        off = posted(SUBMISSION, OTHER_SENDER, "451")
        original(sender_spoof, post(posted(SUBMISSION, SUBMITTED, copies=HERE_IT_IS), off))


# --- scanners and forged results --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "copies", "fate"),
    [
        ("554", (), "refused"),
        ("250", (), "held"),
        ("250", (copy(),), "cleaned"),
        ("250", (copy(intact=True),), "delivered"),
        ("250", (copy(intact=True, folder="Junk"),), "junk"),
        ("250", (copy("X-Spam-Flag: YES", intact=True),), "tagged"),
        ("250", (copy("X-Spam-Status: No, score=1", intact=True),), "delivered"),
    ],
)
def test_what_scanners_do(code: str, copies: tuple[Copy, ...], fate: str) -> None:
    found = post(
        posted(MX, HARMLESS, copies=HERE_IT_IS), posted(MX, VIRUS, code, copies), posted(MX, SPAM, "554"),
        posted(MX, AFTER, copies=HERE_IT_IS),
    )  # fmt: skip
    seen = original(scans, found, DOMAIN)
    assert seen.viruses == {f"{VIRUS} at {MX}": fate}
    assert seen.after == {MX: "delivered"}


def test_a_scanner_that_archives_stopped() -> None:
    found = post(
        posted(MX, HARMLESS, copies=HERE_IT_IS), posted(MX, VIRUS, "554"), posted(MX, SPAM, "554"),
        posted(MX, AFTER, "451", text="milter gone"),
    )  # fmt: skip
    assert original(scans, found, DOMAIN).after == {MX: "451 milter gone (to end of data)"}


def test_no_scanner_is_declared() -> None:
    silent = Domain("example.test", probe=PROBE.model_copy(update={"scanner": "none"}))
    with pytest.raises(NotApplicable):
        original(scans, post(), silent)


FORGED = f"Authentication-Results: {MX}; dmarc=pass header.from=token.invalid"


@pytest.mark.parametrize(
    ("fields", "declared", "kept"),
    [
        ([f"Authentication-Results: {MX}; dmarc=none"], (), 0),
        ([f"Authentication-Results: {MX}; dmarc=none", FORGED], (), 1),
        ([FORGED], (), 1),  # nobody states results here, yet readers would believe the MX's name
        ([f"Authentication-Results: {MX}; dmarc=none", FORGED.replace(MX, "mx.other.test")], (), 0),
        ([f"Authentication-Results: {MX}; dmarc=none", FORGED.replace(MX, "Example.test")], ("example.test",), 1),
        ([FORGED.replace(MX, f"{MX.upper()} 1")], (), 1),
    ],
)
def test_forged_results(fields: list[str], declared: tuple[str, ...], kept: int) -> None:
    domain = Domain("example.test", probe=PROBE.model_copy(update={"authserv_ids": declared}))
    found = original(forged_results, post(posted(MX, HARMLESS, copies=(copy(*fields),))), domain)
    assert len(found.kept[MX]) == kept


def test_forged_results_need_a_mail_that_arrived() -> None:
    with pytest.raises(ProbeError, match="FLOW-044"):
        original(forged_results, post(posted(MX, HARMLESS)), DOMAIN)


# --- the ways ---------------------------------------------------------------------------------------------------------


def test_ways() -> None:
    theirs = copy("Authentication-Results: mx.partner.test; spf=pass; dkim=fail",
                  f"Authentication-Results: {MX}; spf=fail")  # fmt: skip
    found = original(
        ways,
        post(
            posted(SUBMISSION, SUBMITTED, copies=HERE_IT_IS), posted(SUBMISSION, REFLECTED, copies=(theirs,)),
            posted(OUTSIDE, OUTSIDE, copies=(copy(f"Authentication-Results: {MX}; spf=pass; dmarc=pass"),) * 2),
        ),
        DOMAIN,
    )  # fmt: skip
    assert set(found.known.values()) == {"delivered"}
    assert found.bad == ("to the partner and back: dkim=fail",)
    assert found.results["from outside"] == ("spf=pass", "dmarc=pass")
    assert found.twice == ("outside by outside",)


def test_what_breaks_outside_is_not_ours() -> None:
    found = original(
        ways, post(posted(SUBMISSION, SUBMITTED, copies=HERE_IT_IS), ended={OUTSIDE: "connection: refused"}), DOMAIN
    )
    with pytest.raises(ProbeError, match="connection: refused"):
        assert found.known
    assert found.outcomes["to the partner and back"].startswith("submission: ")


def test_lost_and_returned() -> None:
    lost = posted(SUBMISSION, SUBMITTED)
    returned = replace(posted(SUBMISSION, REFLECTED), bounce="550 unknown")
    found = original(ways, post(lost, returned, posted(OUTSIDE, OUTSIDE), problem="IMAP said no"), DOMAIN)
    assert found.outcomes["by submission"] == "IMAP: IMAP said no"
    again = original(ways, post(lost, returned, posted(OUTSIDE, OUTSIDE)), DOMAIN)
    assert again.outcomes["by submission"] == "accepted, but never in the mailbox"
    assert again.outcomes["to the partner and back"] == "accepted, then returned: 550 unknown"


class Names:
    """A resolver that knows which names an address has, and the addresses of those."""

    def __init__(self, **answers: tuple[str, ...]) -> None:
        self.answers = answers
        self.texts: tuple[str, ...] = ()

    def lookup(self, name: str, rtype: str) -> Any:
        found = Names()
        found.texts = self.answers.get(rtype, ())
        return found


@pytest.mark.parametrize(
    ("protocol", "results", "answers", "unmet"),
    [
        ("esmtps", "spf=pass; dkim=pass", {"PTR": ("mx1.example.test.",), "A": ("192.0.2.1",)}, set()),
        ("esmtp", "spf=pass; dkim=pass", {"PTR": ("mx1.example.test.",), "A": ("192.0.2.1",)}, {"TLS"}),
        ("esmtps", "spf=softfail", {"PTR": ("mx1.example.test.",), "A": ("192.0.2.1",)}, {"SPF", "DKIM"}),
        ("esmtps", "spf=pass; dkim=pass", {"PTR": ("mx1.example.test.",), "A": ("192.0.2.9",)}, {"reverse name"}),
        ("esmtps", "spf=pass; dkim=pass", {}, {"reverse name"}),
    ],
)
def test_demands_on_bulk_mail(
    protocol: str, results: str, answers: dict[str, tuple[str, ...]], unmet: set[str]
) -> None:
    back = copy(
        "Received: from mx.partner.test by mx1.example.test with ESMTPS id 3",
        f"Authentication-Results: mx.partner.test; {results}",
        f"Received: from mx1.example.test ([192.0.2.1]) by mx.partner.test with {protocol} id 2",
        "Received: from submission (localhost [127.0.0.1]) by mx1.example.test with ESMTPSA id 1",
    )
    record = Discovery("example.test", (), "example.test", parse_dmarc("v=DMARC1; p=none"), "example.test")
    quality = signing_quality.SigningQuality("x", (signing_quality.one(SIGNED, HERE, NOW),), ())
    found = original(
        bulk_sender, post(posted(SUBMISSION, REFLECTED, copies=(back,))), DOMAIN, Estate({}, {}), record, quality,
        Names(**answers),
    )  # fmt: skip
    assert {name for name, state in found.demands.items() if state != "pass"} == unmet


def test_bulk_mail_that_nobody_elsewhere_saw() -> None:
    here = Domain("example.test", probe=PROBE.model_copy(update={"reflector_authserv_id": None}))
    with pytest.raises(ProbeError, match="declare reflector"):
        original(bulk_sender, post(), here, Estate({}, {}), None, None, None)


# --- signature, privacy, form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "wrong", "weak"),
    [
        ({}, 0, 0),
        ({"l": "0"}, 1, 0),
        ({"h": "To:Subject:Date"}, 1, 0),
        ({"h": "from:to:subject:date"}, 0, 1),
        ({"h": "From:From"}, 0, 3),
        ({"c": "simple/relaxed"}, 0, 1),
        ({"a": "rsa-sha1"}, 1, 0),
        ({"t": "1795594382", "x": "1795594382"}, 1, 0),
        ({"x": "1795594383"}, 1, 0),
        ({"x": "1999999999"}, 0, 0),
        ({"t": "1999999999"}, 1, 0),
        ({"t": "soon"}, 1, 0),
        ({"!": "d= stands twice"}, 1, 0),
    ],
)
def test_signatures(change: dict[str, str], wrong: int, weak: int) -> None:
    found = signing_quality.one({**SIGNED, **change}, HERE, datetime.fromtimestamp(1795594400, UTC))
    assert (len(found.wrong), len(found.weak)) == (wrong, weak)


def test_alignment_and_list_fields() -> None:
    message = (
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=Mail.Example.test; s=a; h=From:From:To:Subject:Date\r\n"
        b"DKIM-Signature: v=1; a=rsa-sha256; d=provider.test; s=b; h=From; l=1\r\n"
        b"DKIM-Signature: v=1; d=bad name\r\n"
        b"From: a@example.test\r\nTo: b@c.test\r\nSubject: x\r\nDate: y\r\nList-Unsubscribe: <https://a.test/>\r\n\r\n"
    )

    def organisation(name: str) -> str:
        return ".".join(name.split(".")[-2:])

    found = signing_quality.judge(message, "example.test", "x", NOW, organisation)
    assert (found.wrong, found.weak) == ([], ["a.Mail.Example.test: List-Unsubscribe is not signed"])
    assert found.others == ("provider.test", "badname")


OWN_HOP = (
    "from {0} by mx1.example.test (Postfix) with ESMTPSA id 1 for <echo@partner.test>; Wed, 25 Nov 2026 08:13:02 +0000"
)


@pytest.mark.parametrize(
    ("source", "client"),
    [
        ("submission (localhost [127.0.0.1])", []),
        ("[198.51.100.7] (host.isp.test [203.0.113.9])", ["Received: 198.51.100.7", "Received: 203.0.113.9"]),
        ("laptop (unknown [IPv6:2001:db8::5])", ["Received: 2001:db8::5"]),
        ("mx1.example.test (mx1.example.test [192.0.2.1])", []),
    ],
)
def test_what_tells_the_client(source: str, client: list[str]) -> None:
    assert own_mail.client_of([received(OWN_HOP.format(source))], ["192.0.2.1"]) == client


def test_only_hops_up_to_the_border_are_ours() -> None:
    hops = [
        received("from exim.partner.test by mx1.example.test with ESMTPS id 3; Wed, 25 Nov 2026 08:13:02 +0000"),
        received("from mx1.example.test (unknown [10.9.9.9]) by exim.partner.test with esmtps id 2"),
        received("from filter.lan (filter.lan [192.168.1.2]) by mx1.example.test with ESMTP id 1"),
        received(OWN_HOP.format("submission (localhost [127.0.0.1])")),
    ]
    ours = own_mail.own_hops(hops, ["mx1.example.test"])
    assert ours == hops[2:]
    assert [text for hop in ours for text in own_mail.inside(hop, [])] == ["filter.lan", "filter.lan", "192.168.1.2"]
    assert own_mail.told_by(b"X-Originating-IP: [192.0.2.7]\r\nX-Other: y\r\n\r\n") == ["X-Originating-IP: [192.0.2.7]"]


GOOD = (
    b"From: a@example.test\r\nTo: b@example.test\r\nDate: Wed, 25 Nov 2026 08:00:00 +0000\r\n"
    b"Message-ID: <1@example.test>\r\nSubject: x\r\n\r\nhello\r\n"
)


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (GOOD, ()),
        (GOOD.replace(b"Message-ID: <1@example.test>\r\n", b""), ("Message-ID is missing",)),
        (GOOD.replace(b"<1@example.test>", b"<1 2>"), ("Message-ID is malformed: <1 2>",)),
        (
            GOOD.replace(b"25 Nov 2026", b"25 Nov 2020"),
            ("Date is more than a day off: Wed, 25 Nov 2020 08:00:00 +0000",),
        ),
        (GOOD.replace(b"hello", b"x" * 999), ("a line of more than 998 octets",)),
        (GOOD.replace(b"hello", b"h\xc3\xa9"), ("octets beyond ASCII without MIME",)),
        (GOOD.replace(b"Subject: x", b"Subject: h\xc3\xa9"), ("octets beyond ASCII in the header",)),
    ],
)
def test_form(message: bytes, wrong: tuple[str, ...]) -> None:
    assert own_mail.form(message, NOW + timedelta(hours=1)) == wrong


def test_form_of_broken_mime() -> None:
    broken = GOOD.replace(b"\r\n\r\n", b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n')
    assert any(text.startswith("MIME: ") for text in own_mail.form(broken, NOW))


def test_every_letter_of_ours_is_well_formed() -> None:
    for part in plan().letters("token", NOW):
        for letter in part:
            expected = ("Date is missing", "Message-ID is missing") if letter.label.startswith("without") else ()
            assert own_mail.form(letter.content, NOW) == expected
            assert message_from_bytes(letter.content)["X-Mailproof"]
    assert set(MUST_ARRIVE) == {letter.label for part in plan().letters("t", NOW) for letter in part} & set(MUST_ARRIVE)


def test_an_estate_without_a_probe() -> None:
    from fixtures.post import plan as plan_of

    with pytest.raises(ProbeError, match="no probe mailbox is declared"):
        plan_of(Domain("example.test"), Estate({}, {}), None, None)  # type: ignore[arg-type]
