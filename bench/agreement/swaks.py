"""swaks: what an SMTP server takes and offers, up to RCPT. No message is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.agreement.opinion import Opinion, first_line, run, several
from fixtures.estate import Endpoint, Estate

STRANGER, VICTIM, NOBODY = "swaks@relay-test.invalid", "victim@relay-test.invalid", "nobody-called-so"
REPLY = re.compile(r"^<[-~*][~* ]\s?(\d{3})([ -])(.*)$")
SENT = re.compile(r"^ [-~][>] ?(.*)$")


@dataclass(frozen=True)
class Step:
    """A command and the whole reply to it; the greeting answers the empty command."""

    command: str
    code: str
    lines: tuple[str, ...]


class Swaks:
    """The SMTP swiss army knife."""

    name = "swaks"

    def version(self) -> str:
        return first_line(["swaks", "--version"], "swaks")

    def opinions(self, estate: Estate) -> Iterable[Opinion]:
        endpoints = [item for item in estate.endpoints if item.protocol in ("smtp", "submission")]
        return several(2, endpoints, lambda endpoint: look(endpoint, estate))


def look(endpoint: Endpoint, estate: Estate) -> Iterator[Opinion]:
    """All that is asked of one endpoint."""

    def opinion(id: str, good: bool, said: object) -> Opinion:
        return Opinion(Swaks.name, id, str(endpoint), good, str(said))

    clear = talk(endpoint, "--quit-after", "EHLO", tls=endpoint.tls == "implicit")
    greeting = reply(clear, "")
    yield opinion("NET-003", greeting is not None and greeting.code == "220", greeting and greeting.lines[0])
    hello = reply(clear, "EHLO")
    if hello is None or hello.code != "250":
        return
    secure = talk(endpoint, "--quit-after", "EHLO", tls=True)
    after = reply(secure, "EHLO") if endpoint.tls == "implicit" else second(secure, "EHLO")
    if endpoint.tls == "starttls":
        offered = "STARTTLS" in words(hello)
        yield opinion("TLS-030", offered and after is not None, f"STARTTLS {offered}, EHLO after {after is not None}")
        yield opinion("FLOW-034", "AUTH" not in words(hello), f"before TLS {sorted(words(hello))}")
    if after is not None:
        has = "AUTH" in words(after)
        yield opinion("FLOW-033", has is (endpoint.protocol == "submission"), f"AUTH after TLS {has}")
    tls = endpoint.tls == "implicit" or after is not None
    relayed = envelope(endpoint, STRANGER, VICTIM, tls)
    if relayed:
        yield opinion("FLOW-030", not relayed.startswith("2"), f"stranger to stranger: {relayed}")
    if endpoint.protocol == "smtp":
        domains = [domain.name for domain in estate.domains.values() if endpoint.host in domain.mx]
        unknown = [envelope(endpoint, "<>", f"{NOBODY}@{name}", tls) for name in domains]
        yield opinion("FLOW-032", all(code.startswith("5") for code in unknown), f"unknown recipients: {unknown}")
        duty = [envelope(endpoint, "<>", f"{who}@{name}", tls) for name in domains for who in ("postmaster", "abuse")]
        yield opinion("FLOW-043", all(code.startswith("2") for code in duty), f"postmaster and abuse: {duty}")


def talk(endpoint: Endpoint, *options: str, tls: bool = False) -> list[Step]:
    """One conversation."""
    command = ["swaks", "--server", endpoint.address, "--port", str(endpoint.port), "--timeout", "15"]
    command += ["--helo", "gateway.example.test", "--from", STRANGER, "--to", VICTIM, *options]
    command += ["-6"] if ":" in endpoint.address else []
    command += ["--tlsc" if endpoint.tls == "implicit" else "--tls"] if tls else []
    return steps(run(command, 60).text)


def steps(transcript: str) -> list[Step]:
    """Commands and replies of a transcript. Pure.

    >>> steps("<-  220 mx ESMTP\\n -> EHLO a\\n<-  250-mx\\n<-  250 AUTH PLAIN")[1].lines
    ('mx', 'AUTH PLAIN')
    """
    found: list[Step] = []
    command = ""
    lines: list[str] = []
    for line in transcript.splitlines():
        if sent := SENT.match(line):
            command, lines = sent[1], []
        elif said := REPLY.match(line):
            lines.append(said[3])
            if said[2] == " ":
                found.append(Step(command, said[1], tuple(lines)))
                command, lines = "", []
    return found


def reply(found: list[Step], verb: str) -> Step | None:
    """The first reply to a command; the greeting is that to none."""
    for step in found:
        if step.command.upper().startswith(verb) if verb else not step.command:
            return step
    return None


def second(found: list[Step], verb: str) -> Step | None:
    """The second reply to a command: that after STARTTLS."""
    rest = [step for step in found if step.command.upper().startswith(verb)]
    return rest[1] if len(rest) > 1 else None


def words(hello: Step) -> set[str]:
    """The extensions that an EHLO reply names."""
    return {re.split(r"[ =]", line)[0].upper() for line in hello.lines[1:]}


def envelope(endpoint: Endpoint, sender: str, recipient: str, tls: bool) -> str:
    """The code that an envelope ends with: that of RCPT, or of MAIL where it is refused; empty where none came."""
    found = talk(endpoint, "--from", sender, "--to", recipient, "--quit-after", "RCPT", tls=tls)
    ends = [step.code for step in found if re.match("MAIL|RCPT", step.command, re.I)]
    return ends[-1] if ends else ""
