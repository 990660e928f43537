"""RFC 5321 seen from a client: servers that keep to it, that nearly do, that do not, and that cannot be judged."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.flow import test_smtp_limits as limits_checks
from checks.network import test_smtp_conformance as conformance_checks
from fixtures.dialogue.conformance import HELD, Conformance, SmtpLimits, conformance_of, early_commands, limits_of
from fixtures.dialogue.conversation import Conversation
from fixtures.dialogue.smtp import SmtpFacts
from fixtures.errors import ProbeError
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.policy import load_policy
from tests.outside.servers import Handler, speaker
from tests.outside.test_bad_servers import plan
from tests.outside.test_smtp import GOOD, facts

FORM: dict[str, str] = {
    "greeting": "220 mx.good.test ESMTP",
    "ehlo": "250 mx.good.test",
    "noop": "250 2.0.0 Ok",
    "long": "250 2.0.0 Ok",
    "unknown": "500 5.5.2 what",
    "early-rcpt": "503 5.5.1 MAIL first",
    "early-data": "503 5.5.1 RCPT first",
    "rset": "250 2.0.0 Ok",
    "helo": "250 mx.good.test",
    "quit": "221 2.0.0 Bye",
    "close": "closed",
}
POLICY = load_policy().view()


def said(steps: dict[str, str], part: str = "form", **record: Any) -> SmtpFacts:
    made = [
        {"label": f"{part}:{label}" if ":" not in label else label, "sent": "", "code": text.partition(" ")[0],
         "lines": [text.partition(" ")[2]]}
        for label, text in steps.items()
    ]  # fmt: skip
    talk = Conversation({"connect": {"state": "open"}, "steps": made, "tls": None, "ended": None, **record}, "mx")
    return SmtpFacts(talk, plan())


def test_a_good_server_keeps_every_rule() -> None:
    found = conformance_of(said(FORM))
    assert set(found.musts.values()) == {HELD} and (found.minor, found.unseen) == ((), ())
    assert len(found.musts) == 9


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("ehlo", "502 5.5.2 what"), ("noop", "500 what"), ("unknown", "250 fine"), ("early-rcpt", "250 fine"),
        ("early-data", "250 queued"), ("rset", "502 no"), ("helo", "500 EHLO please"), ("quit", "250 bye"),
    ],
)  # fmt: skip
def test_a_broken_rule_fails(step: str, answer: str) -> None:
    found = conformance_of(said({**FORM, step: answer}))
    assert [text for text in found.musts.values() if text != HELD] == [f"answered {answer}"]
    with pytest.raises(RequirementFailed, match=answer):
        conformance_checks.test_smtp_is_spoken_by_the_book(found, Evidence())


@pytest.mark.parametrize(
    ("step", "answer", "words"),
    [
        ("unknown", "550 5.5.2 no", "unknown verb"), ("early-rcpt", "554 no", "RCPT before MAIL"),
        ("early-data", "354 go ahead", "DATA before RCPT"), ("close", "open", "stays open after QUIT"),
        ("noop", "250 4.0.0 Ok", "another class"), ("rset", f"250 {'x' * 600}", "more than 512 octets"),
    ],
)  # fmt: skip
def test_a_small_departure_is_a_warning(step: str, answer: str, words: str) -> None:
    evidence = Evidence()
    conformance_checks.test_smtp_is_spoken_by_the_book(conformance_of(said({**FORM, step: answer})), evidence)
    assert evidence.level == "warn" and words in evidence.message


def test_a_login_asked_for_first_is_no_departure() -> None:
    found = conformance_of(said({**FORM, "early-rcpt": "530 5.7.0 login first", "early-data": "530 5.7.0 login first"}))
    assert found.minor == ()


def test_what_is_put_off_is_not_judged() -> None:
    found = conformance_of(said({**FORM, "unknown": "450 4.3.2 Service currently unavailable", "quit": "221 bye"}))
    assert "unknown verb (4.2.4)" not in found.musts
    evidence = Evidence()
    conformance_checks.test_smtp_is_spoken_by_the_book(found, evidence)
    assert evidence.level == "notice"
    ended = {"how": "throttled", "at": "greeting", "detail": "421 4.7.0 too many connections"}
    with pytest.raises(ProbeError, match=r"421 4\.7\.0 too many connections"):
        conformance_of(said({}, parts={"form": ended}))


def test_bare_line_feeds_of_the_server_break_a_rule() -> None:
    assert conformance_of(said(FORM, bare_lf=2)).musts["line ends (2.3.8)"] == "2 lines end in a bare LF"

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.bad.test ESMTP\n")
        while line := (await reader.readline()).decode().strip():
            known = [begin for begin in GOOD if line.upper().startswith(begin)]
            reply = GOOD[max(known, key=len)] if known else "502 5.5.2 unknown"
            writer.write(f"{reply}\n".encode())

    assert facts(handler).talk.bare_lf > 10


def test_bounces_must_be_taken() -> None:
    steps = {**FORM, "mail:null sender": "550 5.7.1 no bounces", "mail:plain": "250 ok"}
    seen = said(steps)
    seen.talk._steps["mail:plain"]["sent"] = "MAIL FROM:<a@b.test>"
    assert conformance_of(seen).musts["null sender (4.5.5)"] == "answered 550 5.7.1 no bounces"
    seen.talk._steps["mail:plain"]["code"] = "550"  # it takes no sender at all
    assert conformance_of(seen).musts["null sender (4.5.5)"] == HELD


def test_live_servers_are_asked_all_of_it() -> None:
    fine: dict[str, str | None] = {**GOOD, "NOOP": "250 ok", "HELO": "250 mx", "DATA": "503 5.5.1 first RCPT",
                                   "RCPT TO:<postmaster@own.test": "503 5.5.1 no"}  # fmt: skip
    found = conformance_of(facts(speaker({**fine, "MAIL FROM:<> SIZE=2001": "552 5.3.4 too big"})))
    assert set(found.musts.values()) == {HELD}
    assert limits_of(facts(speaker(fine))).enforced == "accepted"


def early(steps: dict[str, str], ended: tuple[str, str] | None = None) -> str:
    how = {"how": ended[0], "at": ended[1], "detail": "x"} if ended else None
    return early_commands(said(steps, "ahead", parts={"ahead": how}).talk)


HELLO = {"greeting": "220 mx", "ehlo": "250 mx"}


@pytest.mark.parametrize(
    ("steps", "ended", "outcome"),
    [
        ({"greeting": "554 5.5.0 Error: SMTP protocol synchronization"}, None, "refused"),
        ({"greeting": "220 mx", "ehlo": "554 SMTP synchronization error"}, None, "refused"),
        ({"greeting": "220 mx"}, ("closed", "ehlo"), "refused"),
        ({"greeting": "220 mx"}, ("throttled", "ehlo"), "refused"),
        ({**HELLO, "mail": "250 ok", "rcpt": "550 5.5.1 Protocol error"}, None, "refused"),
        ({**HELLO, "mail": "250 ok", "rcpt": "250 ok"}, None, "accepted"),
        ({**HELLO, "mail": "530 5.7.0 STARTTLS first"}, None, "accepted"),
        ({**HELLO, "mail": "250 ok", "rcpt": "554 5.7.1 Relay access denied"}, None, "accepted"),
    ],
)
def test_early_commands(steps: dict[str, str], ended: tuple[str, str] | None, outcome: str) -> None:
    assert early(steps, ended).partition(":")[0] == outcome


@pytest.mark.parametrize(
    ("steps", "ended"),
    [
        ({}, ("timeout", "greeting")),
        ({"greeting": "220 mx"}, ("timeout", "ehlo")),
        ({**HELLO, "mail": "250 ok", "rcpt": "450 4.3.2 Service currently unavailable"}, None),  # greylisting
    ],
)
def test_early_commands_that_cannot_be_judged(steps: dict[str, str], ended: tuple[str, str] | None) -> None:
    with pytest.raises(ProbeError):
        early(steps, ended)


def test_early_commands_are_a_warning() -> None:
    evidence = Evidence()
    limits_checks.test_early_commands_are_refused("accepted", POLICY, evidence)
    assert evidence.level == "warn"


def test_a_server_that_waits_for_its_turn_sees_early_commands() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(10)  # before the greeting: a client that waits sends nothing, and this one does
        writer.write(b"554 5.5.0 protocol synchronization\r\n" if data else b"220 mx\r\n")

    first: Handler = speaker(GOOD)
    calls = 0

    async def last_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await (handler if calls == CONNECTIONS else first)(reader, writer)

    seen = facts(last_only)
    assert calls == CONNECTIONS
    assert early_commands(seen.talk) == "refused: 554 5.5.0 protocol synchronization"


CONNECTIONS = 6  # the dialogue, twelve envelopes, how it speaks, early commands


def limits(**changes: Any) -> Evidence:
    evidence = Evidence()
    values = {"size": 20480000, "huge": "552 5.3.4 too big", "long_line": "250 ok", "recipients": 1000, **changes}
    limits_checks.test_limits_are_told_and_kept(SmtpLimits(**values), POLICY, evidence)
    return evidence


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, "pass"), ({"size": None, "huge": ""}, "warn"), ({"size": 0, "huge": ""}, "warn"),
        ({"huge": "250 ok"}, "warn"), ({"huge": "452 4.3.1 no room"}, "pass"), ({"huge": "530 5.7.0 login"}, "pass"),
        ({"size": 10239999}, "notice"), ({"size": 65536}, "notice"), ({"long_line": "501 5.5.4 NOOP alone"}, "pass"),
        ({"recipients": None}, "pass"), ({"recipients": 0}, "pass"), ({"recipients": 100}, "pass"),
    ],
)  # fmt: skip
def test_limits(changes: dict[str, Any], level: str) -> None:
    assert limits(**changes).level == level


@pytest.mark.parametrize("changes", [{"size": 65535}, {"long_line": "500 5.5.2 line too long"}, {"recipients": 99}])
def test_limits_that_refuse_what_is_due(changes: dict[str, Any]) -> None:
    with pytest.raises(RequirementFailed):
        limits(**changes)


def extensions(*lines: str) -> Evidence:
    evidence = Evidence()
    steps = [{"label": "ehlo", "code": "250", "lines": ["mx", *lines]}]
    seen = SmtpFacts(Conversation({"connect": {"state": "open"}, "steps": steps}, "mx"), plan())
    limits_checks.test_extensions_are_chosen(seen, POLICY, evidence)
    return evidence


def test_extensions() -> None:
    usual = ("8BITMIME", "ENHANCEDSTATUSCODES", "PIPELINING")
    assert extensions(*usual).level == "pass"
    assert extensions("8BITMIME", "PIPELINING").level == "notice"
    assert extensions("ENHANCEDSTATUSCODES", "PIPELINING").level == "warn"
    assert extensions(*usual, "CHUNKING").level == "warn"
    with pytest.raises(RequirementFailed, match="XCLIENT"):
        extensions(*usual, "XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN")


@given(st.dictionaries(st.sampled_from(sorted(FORM)), st.text(max_size=40)))
def test_any_answers_give_a_verdict_or_a_probe_error(steps: dict[str, str]) -> None:
    try:
        found: Any = conformance_of(said(steps))
        assert isinstance(found, Conformance)
        limits_of(said({**steps, "x:ehlo": ""}))
    except ProbeError:
        return
