"""Looks at bad servers, in a process of their own, so that their memory can be measured.

Reads a list ``[kind, argument, ...]`` in JSON from each line of standard input, and answers with a line: what came of
it, and by how many KiB the process has grown beyond what it ever had.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path
from typing import Any

from fixtures import dnswire, https
from fixtures.dialogue.conversation import Conversation, converse
from fixtures.dialogue.line import Limits
from fixtures.dialogue.protocols import reader_of, script_of
from fixtures.dialogue.reach import reach_of
from fixtures.errors import ProbeError
from fixtures.exchange import Tape, unpack
from fixtures.resolver import Resolver

#: As in the policy, but for the times: half a second is long on a loopback.
LIMITS = Limits(connect_s=0.5, greeting_s=0.5, reply_s=0.5, total_s=3, line_bytes=8192, reply_bytes=65536)
SECONDS = 1.0
MOST = 64 * 1024


def dns(server: str) -> dict[str, Any]:
    """A TXT record, asked as every check asks for it, and what the checks are told."""
    resolver = Resolver(Tape(), server, seconds=SECONDS, send=dnswire.send)
    answer = resolver.ask("a.test", "TXT", server=server)
    told: dict[str, Any] = {"rcode": answer.rcode, "rows": len(answer.rows), "owner": answer.owner}
    try:
        told["texts"] = len(answer.settled().texts)
        told["octets"] = sum(map(len, answer.texts))
    except ProbeError as error:
        told["not measured"] = str(error)[:200]
    return told


def web(port: str, trust: str) -> dict[str, Any]:
    """A file over HTTPS."""
    answer = https.get(
        Tape(), "web.bad.test", "/file", "127.0.0.1", trust_store=Path(trust), seconds=SECONDS, most=MOST, port=int(port)
    )
    if "failure" in answer:
        return {"failure": answer["failure"]}
    return {"status": answer["status"], "octets": len(unpack(answer["body"])), "refused": https.refusal(answer)}


def mail(protocol: str, port: str) -> dict[str, Any]:
    """The whole dialogue of IMAP, POP3 or ManageSieve."""
    script = script_of(protocol, "starttls", "mail.bad.test")
    record = asyncio.run(converse("127.0.0.1", int(port), LIMITS, reader_of(protocol), script))
    talk = Conversation(record, "bad")
    ended = record["ended"] or {"how": "talked", "detail": ""}
    kept = len(json.dumps(record))
    return {"how": ended["how"], "detail": ended["detail"][:200], "opening": reach_of(talk, protocol).opening, "kept": kept}


def peak() -> int:
    """The most memory that this process ever held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    for line in sys.stdin:
        before = peak()
        kind, *arguments = json.loads(line)
        told = {"dns": dns, "web": web, "mail": mail}[kind](*arguments)
        print(json.dumps({**told, "grown_kib": peak() - before}), flush=True)


if __name__ == "__main__":
    main()
