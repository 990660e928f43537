"""What servers make of messages that must be refused, of logins that must fail, and of a mailbox at work."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.accounts import test_mailbox as mailbox_checks
from checks.flow import test_probe as checks
from fixtures.dialogue.conversation import converse
from fixtures.dialogue.logins import KNOWN, UNKNOWN, Logins, login_script, logins_of
from fixtures.dialogue.mailbox import DONE, STEPS, Mailbox, MailboxPlan, converse_mailbox, mailbox_of
from fixtures.dialogue.probe_mail import (
    ACCEPTED,
    HOPS,
    IGNORED,
    REJECTED,
    VARIANTS,
    ProbeMail,
    as_probe_mail,
    message,
    probe_script,
    recipients_script,
)
from fixtures.dialogue.smtp_script import read_reply
from fixtures.errors import ProbeError
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.policy import load_policy
from fixtures.probe_looks import ProbeMails
from tests.outside.servers import QUICK, Handler, certificate, serving
from tests.outside.test_bad_servers import MIDDLE, middle, plan

POLICY = load_policy().view()
DATE = "Tue, 24 Nov 2026 10:00:00 +0000"
LIMITS = replace(QUICK, reply_s=3, greeting_s=3, total_s=20)


def mx(
    ends: tuple[bytes, ...] = (b"\r\n.\r\n",),
    *,
    rcpt: str = "250 ok",
    hops: bool = True,
    bare: str = "",
    most: int = 1000,
    delivered: list[bytes] | None = None,
) -> Handler:
    """An MX that takes each of ``ends`` for the end of a message; ``bare``: its answer to a bare LF in one."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer, inside, many = b"", False, 0
        writer.write(b"220 mx ESMTP\r\n")
        while data := await reader.read(65536):
            buffer += data
            while True:
                marks = [(buffer.find(end), -len(end), end) for end in (ends if inside else (b"\n",)) if end in buffer]
                if not marks:
                    break
                at, _, end = min(marks)
                part, buffer = buffer[:at], buffer[at + len(end) :]
                if inside:
                    inside = False
                    lone = b"\n" in part.replace(b"\r\n", b"")
                    looped = part.lower().count(b"received:") >= HOPS
                    if bare and lone:
                        writer.write(f"{bare}\r\n".encode())
                        if bare.startswith("521"):
                            return
                    elif hops and looped:
                        writer.write(b"554 5.4.0 too many hops\r\n")
                    else:
                        writer.write(b"250 2.0.0 queued\r\n")
                        if delivered is not None:
                            delivered.append(part)
                    continue
                verb = part.strip().upper()[:4]
                many = many + 1 if verb == b"RCPT" else 0 if verb == b"RSET" else many
                answer = {b"EHLO": "250-mx\r\n250 PIPELINING", b"MAIL": "250 ok", b"RSET": "250 ok", b"NOOP": "250 ok",
                          b"RCPT": rcpt if many <= most else "452 4.5.3 too many recipients", b"DATA": "354 go",
                          b"QUIT": "221 bye"}.get(verb, "500 5.5.2 what")  # fmt: skip
                inside = answer.startswith("354")
                writer.write(f"{answer}\r\n".encode())
                if verb == b"QUIT":
                    return

    return handler


def probe(handler: Handler) -> ProbeMail:
    asked = replace(plan(), tls="none")

    async def look(port: int) -> dict[str, Any]:
        script = probe_script(asked, "probe@own.test", "token", DATE)
        return await converse("127.0.0.1", port, LIMITS, read_reply, script)

    with serving(handler) as port:
        return as_probe_mail(asyncio.run(look(port)), "mx")


def test_a_sound_server_refuses_the_loop_and_knows_one_end() -> None:
    delivered: list[bytes] = []
    seen = probe(mx(delivered=delivered))
    assert seen.loop == "refused"
    assert seen.ends == dict.fromkeys(VARIANTS, IGNORED)
    assert delivered == []


@pytest.mark.parametrize("name", VARIANTS)
def test_every_wrong_end_is_seen_and_nothing_is_delivered(name: str) -> None:
    delivered: list[bytes] = []
    seen = probe(mx((b"\r\n.\r\n", VARIANTS[name]), delivered=delivered))
    assert seen.loop == "refused"
    assert ACCEPTED in seen.ends.values(), seen.ends
    assert delivered == []
    with pytest.raises(RequirementFailed, match="taken for the end of the message"):
        checks.test_only_one_sequence_ends_a_message(ProbeMails({"mx": seen}, ()), Evidence())


def test_a_slow_server_that_takes_a_wrong_end_is_seen_as_well() -> None:
    def steps(after: str) -> ProbeMail:
        said = {"mail:ends": "250", "rcpt:ends": "250", "data:ends": "354", "hops": "554", "end": "554", "after": after}
        labels = [{"label": label, "code": code, "lines": [""]} for label, code in said.items()]
        for label in ("mail:hops", "rcpt:hops", "data:hops"):
            labels.append({"label": label, "code": "250", "lines": [""]})
        return as_probe_mail({"connect": {"state": "open"}, "steps": labels, "ended": None}, "mx")

    assert steps("500").ends == {"one of them": ACCEPTED}
    assert steps("250").ends == dict.fromkeys(VARIANTS, IGNORED)


def test_a_rejected_bare_line_feed_is_a_pass() -> None:
    assert set(probe(mx(bare="550 5.5.2 bare <LF> received")).ends.values()) == {REJECTED}
    assert set(probe(mx(bare="521 5.5.2 bare <LF> received")).ends.values()) == {REJECTED}


def test_a_server_that_cuts_no_loops() -> None:
    delivered: list[bytes] = []
    seen = probe(mx(hops=False, delivered=delivered))
    assert seen.loop == "answered 250 2.0.0 queued" and len(delivered) == 2
    with pytest.raises(RequirementFailed, match="queued"):
        checks.test_loops_are_cut(ProbeMails({"mx": seen}, ()), [], Evidence())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("450 4.2.0 Greylisted, come back later", "put off"), ("451 4.7.1 try again", "put off"),
        ("550 5.1.1 no such user", "refused"),
    ],
)  # fmt: skip
def test_mail_that_is_not_taken_proves_nothing(answer: str, words: str) -> None:
    seen = probe(mx(rcpt=answer))
    for ask in (lambda: seen.loop, lambda: seen.ends):
        with pytest.raises(ProbeError, match=words):
            ask()


def test_one_exchanger_unseen_is_no_pass_but_a_bad_one_fails() -> None:
    good, bad, shy = probe(mx()), probe(mx((b"\r\n.\r\n", b"\n.\n"))), probe(mx(rcpt="450 4.2.0 Greylisted"))
    with pytest.raises(ProbeError, match="Greylisted"):
        _ = ProbeMails({"a": good, "b": shy}, ()).ends
    assert "a LF.LF" in ProbeMails({"a": bad, "b": shy}, ()).ends
    with pytest.raises(ProbeError, match="no connection"):
        _ = ProbeMails({"a": good}, ("no connection",)).loops


def test_a_forwarder_without_delivered_to_is_a_warning() -> None:
    evidence = Evidence()
    checks.test_loops_are_cut(ProbeMails({"mx": probe(mx())}, ()), ["mx.own.test"], evidence)
    assert evidence.level == "warn"


@pytest.mark.parametrize(("most", "outcome"), [(1000, "accepted"), (100, "accepted"), (99, "452 number 100")])
def test_a_hundred_recipients(most: int, outcome: str) -> None:
    async def look(port: int) -> dict[str, Any]:
        script = recipients_script(replace(plan(), tls="none"), "probe@own.test")
        return await converse("127.0.0.1", port, LIMITS, read_reply, script)

    with serving(mx(most=most)) as port:
        assert as_probe_mail(asyncio.run(look(port)), "mx").recipients.startswith(outcome)


def test_the_probe_message_has_its_hops_and_no_line_too_long() -> None:
    head = message("probe@own.test", "token", DATE, "foreign.invalid")
    assert head.count(b"Received: ") == HOPS and max(map(len, head.split(b"\r\n"))) < 998


# --- logins -------------------------------------------------------------------------------------------------------


def logins(*attempts: tuple[str, str, float]) -> Logins:
    return Logins(tuple((kind, text) for kind, text, _ in attempts), tuple(seconds for _, _, seconds in attempts))


def judge(seen: Logins) -> Evidence:
    evidence = Evidence()
    checks.test_logins_do_not_tell_who_exists(seen, [], POLICY, evidence)
    return evidence


NO = "535 5.7.8 authentication failed"


@pytest.mark.parametrize(
    ("times", "level"),
    [
        ((2.0, 2.0, 2.1, 2.0), "pass"),
        ((2.0, 4.0, 8.0, 15.0), "pass"),  # the server slows down after each failure
        ((2.0, 0.1, 0.1, 2.1), "warn"), ((0.1, 2.0, 2.1, 0.2), "warn"),
        ((2.0, 1.6, 1.6, 2.0), "pass"),  # less than the policy's gap
        ((9.0, 2.0, 2.0, 2.0), "pass"),  # one slow answer proves nothing
    ],
)  # fmt: skip
def test_time_tells_only_where_every_attempt_agrees(times: tuple[float, ...], level: str) -> None:
    kinds = (KNOWN, UNKNOWN, UNKNOWN, KNOWN)
    assert judge(logins(*((kind, NO, value) for kind, value in zip(kinds, times, strict=True)))).level == level


def test_text_that_differs_fails() -> None:
    with pytest.raises(RequirementFailed, match="no such user"):
        judge(logins((KNOWN, NO, 1), (UNKNOWN, "535 5.7.8 no such user", 1), (UNKNOWN, NO, 1), (KNOWN, NO, 1)))


def test_recipients_that_are_told_apart_fail() -> None:
    with pytest.raises(RequirementFailed, match="554 no such"):
        seen = logins((KNOWN, NO, 1), (UNKNOWN, NO, 1))
        checks.test_logins_do_not_tell_who_exists(seen, ["554 no", "554 no such"], POLICY, Evidence())


def submission(answers: Callable[[str], str]) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx ESMTP\r\n")
        while line := (await reader.readline()).decode().strip():
            if line.startswith("AUTH"):
                user = base64.b64decode(line.split()[2]).split(b"\0")[1].decode()
                writer.write(f"{answers(user)}\r\n".encode())
            else:
                writer.write({"E": b"250-mx\r\n250 AUTH PLAIN\r\n", "Q": b"221 bye\r\n"}.get(line[0], b"250 ok\r\n"))

    return handler


def try_logins(tmp_path: Path, answers: Callable[[str], str]) -> tuple[Logins, dict[str, Any]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, "mx.bad.test")[0])
    asked = replace(plan(), tls="implicit", protocol="submission")

    async def look(port: int) -> dict[str, Any]:
        return await converse("127.0.0.1", port, LIMITS, read_reply, login_script(asked, "probe@own.test", "0" * 16))

    with serving(submission(answers), context) as port:
        record = asyncio.run(look(port))
    return logins_of(record, "mx"), record


def test_logins_are_tried_four_times_and_no_secret_is_recorded(tmp_path: Path) -> None:
    asked: list[str] = []
    seen, record = try_logins(tmp_path, lambda user: asked.append(user) or f"{NO} (id {len(asked)}4f6a8b9c)")
    assert [user == "probe@own.test" for user in asked] == [True, False, False, True]
    assert seen.texts(KNOWN) == seen.texts(UNKNOWN) and seen.gap < 0.5
    assert all("AUTH PLAIN for" in step["sent"] for step in record["steps"] if step["label"].startswith("auth:"))


def test_a_server_that_tells(tmp_path: Path) -> None:
    seen, _ = try_logins(tmp_path, lambda user: NO if user == "probe@own.test" else "535 5.7.8 no such user")
    assert seen.texts(UNKNOWN) == ["535 5.7.8 no such user"]


@pytest.mark.parametrize("answer", ["421 4.7.0 too many attempts", "454 4.7.0 temporary authentication failure"])
def test_logins_put_off_prove_nothing(tmp_path: Path, answer: str) -> None:
    with pytest.raises(ProbeError, match=answer[:3]):
        try_logins(tmp_path, lambda _: answer)


# --- the mailbox ----------------------------------------------------------------------------------------------------


def imap(broken: dict[str, str], capability: str = "IMAP4rev1 IDLE UIDPLUS", found: str = "7") -> Handler:
    """An IMAP server; ``broken``: its answer to a command, by the command's words."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        kept: str = ""
        while line := (await reader.readline()).decode().strip():
            tag, _, rest = line.partition(" ")
            verb = next((item for item in broken if rest.startswith(item)), "")
            if verb:
                writer.write(f"{tag} {broken[verb]}\r\n".encode())
            elif rest.startswith("APPEND"):
                writer.write(b"+ go\r\n")
                await reader.readexactly(int(rest.partition("{")[2][:-1]) + 2)
                kept = found
                writer.write(f"{tag} OK stored\r\n".encode())
            elif "SEARCH" in rest:
                writer.write(f"* SEARCH {kept}\r\n{tag} OK\r\n".encode())
            elif "FETCH" in rest:
                writer.write(f"* 1 FETCH (BODY[] {{22}}\r\nX-Mailproof: token12\r\n)\r\n{tag} OK\r\n".encode())
            elif rest == "IDLE":
                writer.write(b"+ idling\r\n* 1 EXISTS\r\n")
                await reader.readline()
                writer.write(f"{tag} OK\r\n".encode())
            else:
                kept = "" if "EXPUNGE" in rest else kept
                writer.write(f"* CAPABILITY {capability}\r\n{tag} OK\r\n".encode())
            if rest == "LOGOUT":
                return

    return handler


def at_work(tmp_path: Path, handler: Handler, name: str = "mx.bad.test", password: str = "secret word") -> Mailbox:
    authority = certificate(tmp_path, "ca")
    path, _, _ = certificate(tmp_path, "mx.bad.test", issuer=authority[1:])
    (tmp_path / "ca.pem").write_bytes(
        authority[0].read_bytes().partition(b"-----BEGIN CERT")[2].join([b"-----BEGIN CERT", b""])
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    asked = MailboxPlan("implicit", name, "probe@own.test", str(tmp_path / "ca.pem"))

    async def look(port: int) -> dict[str, Any]:
        return await converse_mailbox("127.0.0.1", port, LIMITS, asked, password, "token12", DATE)

    with serving(handler, context) as port:
        record = asyncio.run(look(port))
    assert password not in str(record)
    return mailbox_of(record, "mx")


def test_a_mailbox_that_works(tmp_path: Path) -> None:
    seen = at_work(tmp_path, imap({}))
    assert seen.outcomes == dict.fromkeys(STEPS, DONE) and len(seen.greetings) == 5
    evidence = Evidence()
    mailbox_checks.test_mailbox_works(seen, POLICY, evidence)
    assert set(seen.seconds) == set(STEPS)


@pytest.mark.parametrize(
    ("broken", "step", "words"),
    [
        ({"LOGIN": "NO [AUTHENTICATIONFAILED] no"}, "login", "AUTHENTICATIONFAILED"),
        ({"SELECT": "NO [NOPERM] no"}, "select", "NOPERM"),
        ({"APPEND": "NO [OVERQUOTA] full"}, "append", "OVERQUOTA"),
        ({"UID STORE": "NO read-only"}, "delete", "read-only"),
        ({"UID EXPUNGE": "NO [READ-ONLY] no"}, "delete", "READ-ONLY"),
        ({"UID EXPUNGE": "OK nothing done"}, "gone", "still found"),
    ],
)
def test_a_mailbox_that_does_not(tmp_path: Path, broken: dict[str, str], step: str, words: str) -> None:
    seen = at_work(tmp_path, imap(broken))
    assert words in seen.outcomes[step], seen.outcomes
    with pytest.raises(RequirementFailed, match=words):
        mailbox_checks.test_mailbox_works(seen, POLICY, Evidence())


def test_a_message_that_is_stored_and_not_found(tmp_path: Path) -> None:
    assert at_work(tmp_path, imap({}, found="")).outcomes["search"] == "the message that was stored is not found"


def test_a_server_without_idle(tmp_path: Path) -> None:
    assert at_work(tmp_path, imap({}, "IMAP4rev1")).outcomes["idle"] == "IDLE is not offered"


def test_no_password_for_a_server_of_another_name(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match="no password was sent"):
        at_work(tmp_path, imap({}), name="mx.other.test")


@given(
    st.lists(
        st.sampled_from([b"* OK hi\r\n", b"m1 OK\r\n", b"+ \r\n", b"* 1 FETCH {9}\r\n", b"\x00\xff\r\n"]), max_size=6
    )
)
def test_any_answers_end_the_mailbox_in_a_record(lines: list[bytes]) -> None:
    record: dict[str, Any] = {
        "connect": {"state": "open"}, "ended": {"how": "garbage", "at": "login", "detail": "x"},
        "steps": [{"label": "login", "code": "", "lines": [str(line) for line in lines]}],
    }  # fmt: skip
    assert set(mailbox_of(record, "mx").outcomes) == {"login"}


# --- hostile servers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["endless lines", "one endless line", "NUL bytes", "codes that change", "half a line"])
@pytest.mark.parametrize("command", [b"RCPT", b"DATA"])
def test_a_hostile_exchanger_gives_no_verdict(case: str, command: bytes) -> None:
    asked = replace(plan(), tls="none")

    async def look(port: int) -> list[dict[str, Any]]:
        scripts = probe_script(asked, "probe@own.test", "token", DATE), recipients_script(asked, "probe@own.test")
        return [await converse("127.0.0.1", port, QUICK, read_reply, script) for script in scripts]

    with serving(middle(MIDDLE[case][0], command)) as port:
        first, second = asyncio.run(look(port))
    seen = as_probe_mail(first, "mx")
    for ask in (lambda: seen.loop, lambda: seen.ends):
        with pytest.raises(ProbeError):
            ask()
    assert as_probe_mail(second, "mx").recipients in ("", "accepted")


@pytest.mark.parametrize(
    "answer", [b"* LIST " + b"x" * 20000, b"* 1 FETCH {999999999}", b"* OK\r\n" * 9000, b"\xff\0", b"m1 MAYBE", b"+"]
)
def test_a_hostile_store_gets_no_second_command(tmp_path: Path, answer: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        await reader.readline()
        writer.write(answer + b"\r\n")
        await writer.drain()
        await reader.readline()

    outcome = at_work(tmp_path, handler).outcomes
    assert set(outcome) == {"login"} and outcome["login"] != DONE
