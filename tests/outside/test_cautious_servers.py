"""Servers that are careful with strangers: they are recognised as such, and no fault is made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from checks.flow import test_relay as relay_checks
from checks.flow import test_smtp_hygiene as hygiene_checks
from checks.network import test_smtp_conformance as conformance_checks
from fixtures.dialogue.conformance import HELD, conformance_of, early_commands
from fixtures.dialogue.conversation import Conversation
from fixtures.dialogue.smtp import SmtpFacts
from fixtures.dialogue.smtp_talk import converse_smtp
from fixtures.errors import ProbeError
from fixtures.evidence import Evidence
from tests.outside.servers import QUICK, Handler, serving, speaker
from tests.outside.test_bad_servers import plan
from tests.outside.test_smtp import GOOD

FINE: dict[str, str | None] = {
    **GOOD, "NOOP": "250 ok", "HELO": "250 mx", "DATA": "503 5.5.1 RCPT first", "XMAILPROOF": "500 5.5.2 what",
}  # fmt: skip


def seen(handler: Handler) -> SmtpFacts:
    asked = plan()
    with serving(handler) as port:
        record = asyncio.run(converse_smtp(asked, port, replace(QUICK, total_s=10)))
    return SmtpFacts(Conversation(record, "mx"), asked)


def stateful(answers: Mapping[str, str | None], greeting: bytes = b"220 mx ESMTP\r\n", pause: float = 0) -> Handler:
    """A server that knows whether MAIL came; ``pause``: seconds before every answer."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        mail = False
        while line := (await reader.readline()).decode().strip():
            known = [begin for begin in answers if line.upper().startswith(begin.upper())]
            reply = answers[max(known, key=len)] if known else "502 5.5.2 unknown"
            if line.startswith("RCPT") and not mail:
                reply = "503 5.5.1 MAIL first"
            mail = (mail or line.startswith("MAIL")) and not line.startswith("RSET")
            await asyncio.sleep(pause)
            if reply is None:
                return
            writer.write(f"{reply}\r\n".encode())
            if line == "QUIT":
                return

    return handler


def test_greylisting_is_a_notice_where_something_else_was_decided() -> None:
    grey = {
        **FINE,
        "RCPT TO:<postmaster@own.test": "450 4.2.0 Greylisted, see http://grey.test",
        "RCPT TO:<abuse@own.test": "250 ok",
    }
    facts = seen(stateful(grey))
    evidence = Evidence()
    hygiene_checks.test_postmaster_and_abuse_are_accepted(facts, evidence)
    assert evidence.level == "notice" and "postmaster@own.test" in evidence.message
    relaying = Evidence()
    relay_checks.test_no_open_relay(facts, relaying)
    assert relaying.level == "pass"


def test_postscreen_puts_off_every_recipient_of_a_new_client() -> None:
    later = "450 4.3.2 Service currently unavailable"
    facts = seen(stateful({**FINE, **{begin: later for begin in GOOD if begin.startswith("RCPT")}},
                          greeting=b"220-mx.own.test ESMTP\r\n220 mx.own.test ESMTP\r\n"))  # fmt: skip
    with pytest.raises(ProbeError, match="put off"):
        hygiene_checks.test_unknown_recipient_is_refused(facts, Evidence())
    with pytest.raises(ProbeError, match="put off"):
        early_commands(facts.talk)
    assert set(conformance_of(facts).musts.values()) == {HELD}


def test_a_tarpit_is_waited_for() -> None:
    facts = seen(stateful(FINE, pause=0.02))
    assert set(conformance_of(facts).musts.values()) == {HELD}
    assert set(facts.relay.values()) == {"refused"}


def test_a_server_that_throttles_the_last_connections_has_answered_the_rest() -> None:
    """The number of connections is limited: the dialogue and the envelopes are kept, the rest is not measured."""
    calls = 0
    good, busy = stateful(FINE), speaker(FINE, "421 4.7.0 too many connections from your address")

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await (good if calls <= 4 else busy)(reader, writer)

    facts = seen(handler)
    assert set(facts.relay.values()) == {"refused"} and facts.vrfy_known == "252"
    assert not facts.talk.why_not
    with pytest.raises(ProbeError, match=r"421 4\.7\.0 too many connections"):
        conformance_of(facts)


def test_a_server_that_hangs_up_on_unknown_verbs_is_told_as_unseen() -> None:
    facts = seen(stateful({**FINE, "XMAILPROOF": None}))
    found = conformance_of(facts)
    assert "unknown verb (4.2.4)" not in found.musts and len(found.unseen) == 6
    evidence = Evidence()
    conformance_checks.test_smtp_is_spoken_by_the_book(found, evidence)
    assert evidence.level == "notice"


def test_a_ban_in_the_middle_is_no_measurement_of_what_was_not_asked() -> None:
    facts = seen(stateful({**FINE, "RCPT TO:<abuse@own.test": "421 4.7.1 go away"}))
    assert "throttled" in facts.talk.why_not
    with pytest.raises(ProbeError, match="throttled"):
        conformance_of(facts)
