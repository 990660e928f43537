"""Everything is asked ahead: one connection at a time at an address, a dead one costs two time-outs, once asked is kept."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, cast

import pytest

from fixtures.dialogue.line import Limits
from fixtures.errors import ProbeError
from fixtures.estate import Endpoint, Estate
from fixtures.exchange import Tape
from fixtures.parity import differences, traits
from fixtures.policy import Policy, load_policy
from fixtures.prober import Errand, Gathering, Prober
from tests.outside.servers import QUICK, serving, speaker
from tests.outside.test_smtp import GOOD


class QuickProber(Prober):
    def limits(self, endpoint: Endpoint) -> Limits:
        return QUICK


def prober(tape: Tape | None = None) -> QuickProber:
    return QuickProber(Estate({}, {}), tape or Tape(), load_policy())


def endpoint(port: int, protocol: Any = "smtp", address: str = "127.0.0.1", tls: Any = "starttls") -> Endpoint:
    return Endpoint("mx.bad.test", address, port, protocol, tls, "mx.bad.test", 4, suffix=f"/{address}")


def test_one_connection_at_a_time_at_an_address() -> None:
    open_now, most = 0, 0
    inner = speaker(GOOD)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        try:
            await inner(reader, writer)
        finally:
            open_now -= 1

    tape = Tape()
    with serving(handler) as one, serving(handler) as two, serving(handler) as three:
        errands = [Errand(endpoint(port), {"handshake"}) for port in (one, two, three)]
        Gathering(prober(tape), errands)()
    assert most == 1
    assert sorted(exchange.kind for exchange in tape) == ["dialogue"] * 3  # no TLS there, so no look at it


def test_a_silent_host_costs_two_time_outs_and_the_others_do_not_wait() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    tape = Tape()
    with serving(silent, address="127.0.0.9") as dead, serving(speaker(GOOD)) as good:
        errands = [
            Errand(endpoint(dead, protocol, "127.0.0.9")) for protocol in ("imap", "pop3", "sieve", "lmtp", "smtp")
        ]
        started = time.monotonic()
        Gathering(prober(tape), [*errands, Errand(endpoint(good))])()
        seconds = time.monotonic() - started
    assert seconds < 3 * QUICK.greeting_s
    assert len(list(tape)) == 6


def test_what_was_gathered_is_not_asked_again_and_can_be_replayed(tmp_path: Path) -> None:
    tape = Tape()
    with serving(speaker(GOOD)) as port:
        target = endpoint(port)
        Gathering(prober(tape), [Errand(target)])()
    assert prober(tape).session(target).greeting.code == "220"  # the server is gone
    tape.save(tmp_path / "snapshot.jsonl.gz", lambda text: text)
    again = prober(Tape.load(tmp_path))
    assert cast("Any", again.session(target)).clear_auth_answer.code == "503"
    with pytest.raises(ProbeError, match="not in the snapshot"):
        again.session(endpoint(port + 1))


def test_tls_that_is_not_offered_is_not_looked_at() -> None:
    with serving(speaker(GOOD)) as port, pytest.raises(ProbeError, match="STARTTLS is not offered"):
        prober().reached_tls(endpoint(port))


def test_addresses_that_differ() -> None:
    better = {**GOOD, "EHLO": "250-mx.bad.test\r\n250 DSN"}
    with serving(speaker(GOOD)) as one, serving(speaker(better)) as two:
        asker = prober()
        found = differences(traits(endpoint(one), asker), traits(endpoint(two), asker))
    assert found == ["capabilities: SIZE, over IPv4 DSN"]


def test_the_policy_has_every_limit() -> None:
    policy: Policy = load_policy()
    assert Limits.of(policy.view()).connect_s > 0
