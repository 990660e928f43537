"""Several vantages, the way out, ports that are not for strangers, connection times; a dead estate waits once."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import egress, vantage
from fixtures.backend import scripts
from fixtures.backend.readonly import refuse
from fixtures.dialogue.latency import Latency, latency_of, look_latency
from fixtures.dialogue.line import EndedError, Line
from fixtures.dialogue.ports import CONTROL, look_ports
from fixtures.dialogue.reach import Reach
from fixtures.errors import InputError, ProbeError
from fixtures.estate import Address, Domain, Estate
from fixtures.exchange import Tape
from fixtures.exposed import outside, read
from fixtures.inside.port_looks import Sight, Target, command, parse, secured, sight
from fixtures.policy import load_policy
from fixtures.prober import Errand, Gathering, Prober
from fixtures.response_time import Earlier, medians
from tests.outside.servers import QUICK, serving, speaker
from tests.outside.test_gathering import QuickProber, endpoint, prober
from tests.outside.test_smtp import GOOD

SMTP, IMAPS = Target("192.0.2.1", 25, "smtp"), Target("2001:db8::1", 993, "connect")
OPEN = "connected 1700000000.000000 1700000000.020000\n"
TALK = OPEN + "greeting 220 mx ESMTP\r\nehlo 250-mx\r\nehlo 250-STARTTLS\r\nehlo 250 SIZE 1000\r\n"


def line(target: Target, status: int, body: str) -> str:
    return f"{target} {status} {base64.b64encode(body.encode()).decode()}\n"


def test_the_command_is_on_the_list_and_nothing_near_it() -> None:
    text = command([SMTP, IMAPS], "mx.example.org", (20, 10))
    assert refuse(text) is None
    assert refuse(command([SMTP], "mx.example.org", (20, 10), scripts.STARTTLS)) is None
    for other in (f"{text} 192.0.2.1/25/shell", text.replace("say QUIT", "say DATA"), text.replace("wait'", "wait; reboot'")):
        assert refuse(other) is not None


@pytest.mark.parametrize(
    ("target", "status", "body", "outcome"),
    [
        (SMTP, 0, TALK, "ready"),
        (SMTP, 0, OPEN + "greeting 554 go away\r\n", "greeting: 554 go away"),
        (SMTP, 0, OPEN + "greeting 421 4.7.0 busy\r\n", "greeting: 421 4.7.0 busy"),
        (SMTP, 0, OPEN + "greeting 220 mx\r\nehlo 502 what\r\n", "EHLO: 502 what"),
        (SMTP, 0, OPEN, "no greeting"),
        (SMTP, 124, OPEN, "timeout: connected, but no greeting"),
        (SMTP, 124, "", "timeout: no answer to the TCP connection"),
        (SMTP, 3, "look: connect: Connection refused\n", "refused: no TCP connection"),
        (SMTP, 3, "look: connect: No route to host\n", "unreachable: No route to host"),
        (SMTP, 3, "look: connect: Network is unreachable\n", "unreachable: no TCP connection"),
        (IMAPS, 0, OPEN, "ready"),
        (Target("192.0.2.1", 143, "imap"), 0, OPEN + "greeting * OK ready\r\n", "ready"),
        (Target("192.0.2.1", 143, "imap"), 0, OPEN + "greeting * BYE\r\n", "greeting: * BYE"),
        (Target("192.0.2.1", 4190, "sieve"), 0, OPEN + 'greeting "IMPLEMENTATION" "x"\r\n', "ready"),
    ],
)
def test_what_a_look_from_a_host_shows(target: Target, status: int, body: str, outcome: str) -> None:
    found = parse(line(target, status, body), [target])[target]
    assert found.outcome == outcome
    assert found.hello == ({"STARTTLS", "SIZE"} if body == TALK else set())


def test_a_look_that_did_not_happen_is_not_measured() -> None:
    for text in ("", "garbage", line(IMAPS, 0, OPEN), f"{SMTP} 0 !!!"):
        with pytest.raises(ProbeError):
            parse(text, [SMTP])
    with pytest.raises(ProbeError, match="command not found"):
        sight(SMTP, 127, "timeout: command not found")


@given(st.text(max_size=200), st.integers(0, 255))
def test_hostile_hosts(text: str, status: int) -> None:
    try:
        sight(SMTP, status, text)
        parse(line(SMTP, status, text), [SMTP])
        secured(text, [SMTP])
    except ProbeError:
        pass


def test_the_script_speaks_with_a_real_server() -> None:
    """The look as bash does it, with a server of the tests: an answer, and no answer."""
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    with serving(speaker({**GOOD, "EHLO": "250-mx\r\n250 STARTTLS"})) as port, serving(silent) as mute:
        wanted = [Target("127.0.0.1", port, "smtp"), Target("127.0.0.1", mute, "smtp")]
        text = command(wanted, "probe.example.org", (20, 1))
        done = subprocess.run(["/bin/sh", "-c", text], capture_output=True, text=True, check=True)
    found = parse(done.stdout, wanted)
    assert [found[item].ready for item in wanted] == [True, False]
    assert "STARTTLS" in found[wanted[0]].hello


def places(*domains: str) -> dict[str, dict[int, tuple[Target, ...]]]:
    return {name: {4: (Target(f"192.0.2.{index}", 25, "smtp"),)} for index, name in enumerate(domains)}


@pytest.mark.parametrize(("dead", "percent"), [(0, 0.0), (1, 50.0), (2, 100.0)])
def test_domains_that_are_not_reached(dead: int, percent: float) -> None:
    """One of two is a warning by the policy, more than half a failure."""
    where = places("a.test", "b.test")
    targets = [target for ways in where.values() for items in ways.values() for target in items]
    sights = {
        target: Sight(target, "timeout" if index < dead else "ready", 0.01, frozenset({"STARTTLS"}))
        for index, target in enumerate(targets)
    }
    found = egress.judge(where, sights, dict.fromkeys(targets, True))
    assert (found.failed_percent, len(found.failed), found.half, found.plain) == (percent, dead, (), ())
    assert (found.failed_percent >= load_policy().view()["net.egress.failed.fail"]) == (dead == 2)


def test_one_family_and_tls_that_is_stripped() -> None:
    four, six = Target("192.0.2.1", 25, "smtp"), Target("2001:db8::1", 25, "smtp")
    sights = {four: Sight(four, "ready", 0.01), six: Sight(six, "unreachable")}
    found = egress.judge({"a.test": {4: (four,), 6: (six,)}}, sights, {})
    assert (found.failed, found.half) == ((), ("a.test over IPv6: unreachable",))
    assert "STARTTLS is not offered" in found.plain[0]
    offered = {four: Sight(four, "ready", 0.01, frozenset({"STARTTLS"}))}
    assert "does not lead to TLS" in egress.judge({"a.test": {4: (four,)}}, offered, {four: False}).plain[0]
    assert egress.judge({"a.test": {4: (four,)}}, offered, {}).plain == ()


def test_a_second_exchanger_is_enough() -> None:
    first, second = Target("192.0.2.1", 25, "smtp"), Target("192.0.2.2", 25, "smtp")
    sights = {first: Sight(first, "timeout"), second: Sight(second, "ready", 0.01, frozenset({"STARTTLS"}))}
    assert egress.judge({"a.test": {4: (first, second)}}, sights, {}).failed == ()


READY, REFUSED = Reach("open", "ready", "220 mx", 0.01, 0.01), Reach("refused", "no connection", "", 0.01, 0.0)


@pytest.mark.parametrize(
    ("here", "there", "connection", "failed"),
    [
        (READY, "ready", "open", 0), (READY, "timeout", "open", 1), (REFUSED, "ready", "open", 1),
        (REFUSED, "refused", "refused", 2), (READY, None, "open", 0), (REFUSED, None, "refused", 1),
    ],
)  # fmt: skip
def test_vantages(here: Reach, there: str | None, connection: str, failed: int) -> None:
    """One that fails is a warning, all of them a failure."""
    found = vantage.views(here, endpoint(25), {"v.test": there} if there else {}, ())
    assert (found.connection, len(found.failed)) == (connection, failed)


NAMES = {6379: "redis", 9100: "node exporter"}


@pytest.mark.parametrize(
    ("state", "scopes", "counts"),
    [
        ("open", {}, (1, 0, 0)), ("open", {6379: "loopback"}, (1, 0, 0)), ("open", {6379: "public"}, (0, 1, 0)),
        ("open", {6379: "private"}, (0, 0, 1)), ("refused", {}, (0, 0, 0)), ("timeout", {}, (0, 0, 0)),
    ],
)  # fmt: skip
def test_ports_that_are_not_for_strangers(state: str, scopes: dict[int, str], counts: tuple[int, ...]) -> None:
    answer = {"ports": {"6379": state, "9100": "refused", str(CONTROL): "timeout"}}
    found = read(answer, NAMES, scopes, {6379: "redis-server"}, "mx")
    assert (len(found.undeclared), len(found.declared), len(found.private)) == counts
    if counts[0]:
        assert found.undeclared == ("6379 (redis, redis-server)",)


def test_an_address_that_takes_everything_is_not_judged() -> None:
    with pytest.raises(ProbeError, match="takes connections at any port"):
        read({"ports": {"6379": "open", str(CONTROL): "open"}}, NAMES, {}, {}, "mx")
    with pytest.raises(ProbeError):
        read({}, NAMES, {}, {}, "mx")


def test_private_addresses_are_nobodys_business() -> None:
    assert not outside("10.0.0.1", ()) and outside("10.0.0.1", ("10.0.0.0/8",)) and not outside("fd00::1", ("10.0.0.0/8",))


def test_ports_and_times_of_a_real_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = asyncio.run(look_ports("127.0.0.1", [port, 1], QUICK, 1.0))["ports"]
        assert (found[str(port)], found["1"]) == ("open", "refused")
        times = latency_of(asyncio.run(look_latency("127.0.0.1", port, 3, QUICK)), "127.0.0.1")
        assert len(times.times) == 3 and times.median_ms > 0
    dead = latency_of(asyncio.run(look_latency("127.0.0.1", 1, 3, QUICK)), "127.0.0.1")
    with pytest.raises(ProbeError, match="refused"):
        _ = dead.median_ms


def test_the_baseline_counts_from_a_floor(tmp_path: Path) -> None:
    """0.2 ms against 0.1 ms is no finding; 60 ms against 20 ms is."""
    assert Earlier(0.1, 20.0).ratios(Latency("a", (0.0002,))) == {"which had 0.1 ms": 0.01}
    assert list(Earlier(20.0, 20.0).ratios(Latency("a", (0.06,))).values()) == [3.0]
    assert Earlier(None, 20.0).ratios(Latency("a", (9.0,))) == {}
    measured = [{"what": "median time of a connection", "measured": 7.5}]
    bundle = {"results": [{"id": "NET-008", "subject": "mx/ipv4", "measurements": measured}]}
    (tmp_path / "evidence.json").write_text(json.dumps(bundle))
    assert medians(tmp_path) == {"mx/ipv4": 7.5}
    (tmp_path / "evidence.json").write_text("{}")
    with pytest.raises(InputError):
        medians(tmp_path)


# --- a dead estate -------------------------------------------------------------------------------------------------


class Holes:
    """Addresses that never answer: each connection waits until ``wanted`` of them wait together, then all time out.

    Were they waited for one after the other, the last would never come.
    """

    def __init__(self, wanted: int) -> None:
        self.wanted, self.waiting, self.rounds = wanted, 0, 0
        self.all_here = asyncio.Event()

    async def connect(self, *_: Any) -> Line:
        self.waiting += 1
        here = self.all_here
        if self.waiting == self.wanted:
            self.waiting, self.rounds = 0, self.rounds + 1
            self.all_here = asyncio.Event()
            here.set()
        await here.wait()
        raise EndedError("timeout", "no answer to the TCP connection")


def addressed(number: int, port: int = 25) -> Any:
    return endpoint(port, address=f"127.9.{number // 250}.{number % 250 + 1}")


def test_a_hundred_black_holes_are_waited_for_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """All first ports at once, then all that is left at once: two time-outs, however many there are."""
    first, rest = Holes(50), Holes(50)
    rounds: list[Holes] = []

    async def connect(address: str, port: int, limits: Any) -> Line:
        hole = first if first.rounds == 0 else rest
        rounds.append(hole)
        return await hole.connect()

    monkeypatch.setattr(Line, "connect", connect)
    tape = Tape()
    todo = [Errand(addressed(number, port)) for number in range(50) for port in (25, 587)]
    places = {Address("mx", addressed(number).address, 25): {"exposed", "latency"} for number in range(50)}
    Gathering(prober(tape), todo, places)()
    assert (len(rounds), first.rounds, rest.rounds) == (100, 1, 1)
    # What concerns a dead address as a whole is given up, and stands so on the tape.
    assert ["error" in exchange.answer for exchange in tape if exchange.kind == "tcp"] == [True] * 50


def test_two_domains_on_one_server_are_one_dialogue() -> None:
    """The question is the same whichever domain asks, so the tape has one dialogue, in which both are asked for."""
    with serving(speaker(GOOD)) as port:
        mx = endpoint(port)
        domains = {name: Domain(name, mx=(mx.host,)) for name in ("a.test", "b.test")}
        tape = Tape()
        asker = QuickProber(Estate({}, domains), tape, load_policy())
        for _ in domains:
            session: Any = asker.session(mx)
            assert {f"unknown@{name}" for name in domains} <= session.unauthenticated.keys()
    assert [exchange.kind for exchange in tape] == ["dialogue"]


def test_address_questions_are_shared_by_their_ports() -> None:
    asker = Prober(Estate({}, {}), Tape(), load_policy())
    one, two = (Address("mx", "127.0.0.1", 25, suffix=suffix) for suffix in ("", "/ipv4"))
    assert asker.ports_question(one).request == asker.ports_question(two).request
