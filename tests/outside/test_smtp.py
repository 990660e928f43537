"""What servers of the bad kind, and of the merely cautious kind, look like in the facts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fixtures.dialogue.conversation import Conversation
from fixtures.dialogue.reach import reach_of
from fixtures.dialogue.relay import judged
from fixtures.dialogue.smtp import SmtpFacts
from fixtures.dialogue.smtp_talk import converse_smtp
from fixtures.errors import ProbeError
from tests.outside.servers import QUICK, Handler, serving, speaker
from tests.outside.test_bad_servers import plan

GOOD: dict[str, str | None] = {
    "EHLO": "250-mx.bad.test\r\n250 SIZE 1000",
    "AUTH": "503 5.5.1 not enabled",
    "MAIL": "250 ok",
    "RSET": "250 ok",
    "RCPT TO:<mailproof-": "554 5.7.1 Relay access denied",
    'RCPT TO:<"': "554 5.7.1 Relay access denied",
    "RCPT TO:<@": "554 5.7.1 Relay access denied",
    "RCPT TO:<foreign.invalid!": "554 5.7.1 Relay access denied",
    "RCPT TO:<postmaster@own.test": "250 ok",
    "RCPT TO:<abuse@own.test": "250 ok",
    "VRFY": "252 2.0.0 perhaps",
    "EXPN": "502 5.5.1 no",
    "QUIT": "221 bye",
}


def facts(handler: Handler, protocol: str = "smtp") -> SmtpFacts:
    asked = replace(plan(protocol=protocol), tls="starttls")
    with serving(handler) as port:
        record = asyncio.run(converse_smtp(asked, port, QUICK))
    return SmtpFacts(Conversation(record, "bad"), asked)


def test_a_careful_server() -> None:
    seen = facts(speaker(GOOD))
    assert set(seen.relay.values()) == {"refused"} and len(seen.relay) == 9
    assert seen.recipients("unknown") == {"unknown@own.test": "refused"}
    assert seen.recipients("postmaster") == {"postmaster@own.test": "accepted"}
    assert seen.auth_in_clear == [] and seen.clear_auth_answer.code == "503"
    assert not seen.starttls_offered
    assert not seen.talk.why_not


def test_an_open_relay_is_seen_in_every_form() -> None:
    seen = facts(speaker({**GOOD, "RCPT": "250 ok", "RCPT TO:<mailproof-": "250 ok", 'RCPT TO:<"': "250 ok"}))
    assert {form for form, outcome in seen.relay.items() if outcome == "accepted"} >= {
        "plain",
        "null sender",
        "IP literal",
    }


def test_only_the_own_domain_sender_is_relayed() -> None:
    class Trusting:
        sender = ""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.bad.test\r\n")
        state = Trusting()
        while line := (await reader.readline()).decode().strip():
            if line.startswith("MAIL"):
                state.sender = line
            relayed = line.startswith("RCPT") and "@own.test>" in state.sender
            known = [begin for begin in GOOD if line.startswith(begin)]
            writer.write(f"{'250 ok' if relayed else GOOD[max(known, key=len)]}\r\n".encode())

    assert facts(handler).relay["own-domain sender"] == "accepted"


def test_catch_all_is_no_relay() -> None:
    taken = dict.fromkeys(("RCPT TO:<mailproof-", "RCPT TO:<foreign.invalid!", 'RCPT TO:<"'), "250 ok")
    seen = facts(speaker({**GOOD, **taken, "RCPT TO:<mailproof-probe@": "554 5.7.1 Relay access denied"}))
    assert seen.catch_all
    assert seen.relay["bang"] == "unclear" and seen.relay["plain"] == "refused"


@pytest.mark.parametrize(
    "reply", ["450 4.2.0 Greylisted, see you in five minutes", "451 4.3.2 Service currently unavailable"]
)
def test_greylisting_everywhere_is_no_measurement(reply: str) -> None:
    greedy = {**GOOD, **{begin: reply for begin in GOOD if begin.startswith("RCPT")}}
    seen = facts(speaker(greedy))
    assert set(seen.relay.values()) == {"deferred"}
    with pytest.raises(ProbeError, match="put off"):
        judged(seen.relay, "bad")


def test_a_block_list_says_nothing_of_relaying() -> None:
    reply = "554 5.7.1 Service unavailable; Client host [127.0.0.1] blocked using zen.spamhaus.org"
    seen = facts(speaker({**GOOD, **{begin: reply for begin in GOOD if begin.startswith("RCPT")}}))
    with pytest.raises(ProbeError, match="unclear"):
        judged(seen.relay, "bad")


def test_throttling_is_told_and_ends_the_talk() -> None:
    seen = facts(speaker({**GOOD, "MAIL": "421 4.7.0 too many connections"}))
    with pytest.raises(ProbeError, match=r"throttled at mail:null sender: 421 4.7.0 too many connections"):
        _ = seen.relay


def test_auth_before_tls() -> None:
    hello = "250-mx.bad.test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"
    seen = facts(
        speaker({**GOOD, "EHLO": hello, "AUTH": "334 ", "*": "501 ok", "STARTTLS": "454 4.7.0 TLS not available"})
    )
    assert seen.auth_in_clear == ["LOGIN", "PLAIN"]
    assert seen.clear_auth_answer.code == "334"
    assert seen.talk.tls_outcome == "not started: 454 4.7.0 TLS not available"


def test_vrfy_that_reveals() -> None:
    seen = facts(
        speaker({**GOOD, "VRFY": "550 5.1.1 unknown", "VRFY postmaster": "250 2.1.5 Post Master <p@own.test>"})
    )
    assert (seen.vrfy_known, seen.vrfy_unknown) == ("250", "550")


@pytest.mark.parametrize("greeting", ["554 5.7.1 go away", "421 4.3.2 too busy"])
def test_another_greeting_is_not_ready(greeting: str) -> None:
    seen = facts(speaker(GOOD, greeting))
    assert reach_of(seen.talk, "smtp").opening == greeting
    with pytest.raises(ProbeError, match="refused at greeting"):
        _ = seen.capabilities


def test_a_server_that_hangs_up_after_five_errors_is_seen_whole() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        errors = 0
        writer.write(b"220 mx.bad.test ESMTP\r\n")
        while line := (await reader.readline()).decode().strip():
            known = [begin for begin in GOOD if line.startswith(begin)]
            reply = GOOD[max(known, key=len)] or ""
            errors += reply.startswith("5")
            if errors > 5:
                return
            writer.write(f"{reply}\r\n".encode())

    assert not facts(handler).talk.why_not


def test_submission_without_a_login() -> None:
    seen = facts(speaker({**GOOD, "RCPT TO:<postmaster@own.test": "250 ok"}), protocol="submission")
    assert seen.unauthenticated == {
        "null sender": "refused",
        "own-domain sender": "refused",
        "own to own": "accepted",
        "null to known": "accepted",
        "null to unknown": "refused",
    }
