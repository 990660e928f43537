"""IMAP before anybody logs in: what ID tells, and capabilities that are not worked out anew after TLS."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from checks.accounts import test_access as checks
from fixtures.dialogue.conversation import Conversation, converse
from fixtures.dialogue.imap import ImapFacts, imap_script, read_greeting
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.policy import load_policy
from tests.outside.servers import QUICK, Handler, serving

POLICY = load_policy().view()


def server(answer: str, capability: str = "IMAP4rev1 ID") -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK Ready.\r\n")
        while line := (await reader.readline()).decode().strip():
            tag, _, verb = line.partition(" ")
            told = {"CAPABILITY": f"* CAPABILITY {capability}", "ID NIL": answer}.get(verb, "* BYE")
            writer.write(f"{told}\r\n{tag} OK done\r\n".encode())

    return handler


def seen(handler: Handler) -> ImapFacts:
    with serving(handler) as port:
        record = asyncio.run(converse("127.0.0.1", port, QUICK, read_greeting, imap_script("none", "mx")))
    return ImapFacts(Conversation(record, "mx"), "none")


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ("* ID NIL", "pass"), ('* ID ("name" "Dovecot")', "pass"), ('* ID ("name" "Dovecot" "version" "2.3.19")', "warn"),
    ],
)  # fmt: skip
def test_what_the_answer_to_id_tells(answer: str, level: str) -> None:
    evidence = Evidence()
    checks.test_greeting_tells_no_version(seen(server(answer)), POLICY, evidence)
    assert evidence.level == level


def test_a_server_without_id_is_not_asked() -> None:
    assert not seen(server("* ID NIL", "IMAP4rev1")).talk.has("id")


def after_tls(capability: str) -> ImapFacts:
    steps: list[dict[str, Any]] = [
        {"label": "capability", "code": "OK", "lines": ["* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED"]},
        {"label": "capability-tls", "code": "OK", "lines": [f"* CAPABILITY {capability}"]},
    ]
    return ImapFacts(Conversation({"connect": {"state": "open"}, "steps": steps}, "mx"), "starttls")


def test_logins_are_enabled_after_tls() -> None:
    checks.test_imap_takes_no_password_before_tls(after_tls("IMAP4rev1 AUTH=PLAIN"), Evidence())
    with pytest.raises(RequirementFailed, match="LOGINDISABLED after TLS"):
        checks.test_imap_takes_no_password_before_tls(after_tls("IMAP4rev1 LOGINDISABLED"), Evidence())
