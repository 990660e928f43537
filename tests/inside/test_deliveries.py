"""Delivery logs: what arrived, what waits, what was refused for the host's own fault; the sed scripts are run here."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.backend.readonly import refuse
from fixtures.errors import ProbeError
from fixtures.inside import deliveries
from fixtures.inside.deliveries import Attempt, Deliveries, health, last_states, parse, success

DATA = Path(__file__).parents[1] / "data/logs"
LINES = [case for case in json.loads((DATA / "postfix_lines.json").read_text())["cases"] if case["status"]]
#: What Postfix says of an address that it only asks about: no mail was delivered.
ASKED = "undeliverable-but-not-cached"
MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
NOW = "== now\n1767312000 +0000\n"


def sed(script: str, text: str) -> list[str]:
    return subprocess.run(
        ["sed", "-nE", *script.split("\0")], input=text, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def attempt(number: int, status: str, minutes: float = 5, domain: str = "b.test", reason: str = "") -> Attempt:
    return Attempt(MOMENT - timedelta(minutes=minutes), f"4Q{number:05}", domain, status, reason)


def log(*attempts: Attempt, arrived: int = 0, put_off: int = 0) -> Deliveries:
    return Deliveries(
        "mail.log", MOMENT, attempts,
        arrived=tuple((MOMENT - timedelta(minutes=30), f"A{number}") for number in range(arrived)),
        put_off=tuple((MOMENT - timedelta(minutes=10), "reject: 451 4.3.0 Temporary lookup failure") for _ in range(put_off)),
    )  # fmt: skip


def test_the_commands_only_look() -> None:
    assert refuse(deliveries.POSTFIX_COMMAND) is None
    assert refuse(deliveries.EXIM_COMMAND) is None


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in LINES])
def test_lines_that_nobody_here_wrote(case: dict[str, str]) -> None:
    """Every delivery in 127 lines of Postfix is read with its status; what is none of a delivery is not."""
    line = f"2026-01-01T23:00:00+00:00 mx postfix/smtp[7]: {case['message']}\n"
    found = sed(f"-e\0{deliveries._ATTEMPT}\0-e\0{deliveries._EXPIRED}", line)
    told = [item for item in (deliveries._attempt(line, MOMENT) for line in found) if item]
    if case["status"] == ASKED:
        assert told == []
        return
    assert [item.status for item in told] == [case["status"].removeprefix("force-")]
    assert told[0].queue_id == case["message"].partition(":")[0]
    assert "@" not in told[0].domain


def test_stamps_without_a_year() -> None:
    line = "Jan  1 23:00:00 mx postfix/smtp[7]: 4QAB1: to=<u@x.test>, relay=none, dsn=4.4.1, status=deferred (no route)"
    assert sed(deliveries._ATTEMPT, line) == ["Jan  1 23:00:00|4QAB1|x.test|deferred|no route)"]


def test_names_of_people_stay_on_the_host() -> None:
    text = subprocess.run(
        ["sed", "-E", deliveries._HIDE], input="550 <bob.b+x@x.test>: unknown", capture_output=True, text=True, check=True
    )
    assert text.stdout == "550 <@x.test>: unknown"


def test_own_faults_and_greylisting_are_told_apart() -> None:
    own = [
        "NOQUEUE: reject: RCPT from a[192.0.2.1]: 451 4.3.0 <u@x>: Temporary lookup failure; from=<> to=<u@x>",
        "NOQUEUE: reject: MAIL from a[192.0.2.1]: 452 4.3.1 Insufficient system storage; proto=ESMTP",
        "NOQUEUE: reject: RCPT from a[192.0.2.1]: 451 4.3.5 Server configuration problem; from=<>",
        "4QAB1: milter-reject: END-OF-MESSAGE from a[192.0.2.1]: 4.7.1 Service unavailable - try again later; from=<>",
    ]
    other = [
        "NOQUEUE: reject: RCPT from a[192.0.2.1]: 450 4.2.0 <u@x>: Recipient address rejected: Greylisted; from=<>",
        "NOQUEUE: reject: RCPT from a[192.0.2.1]: 450 4.1.8 <a@b>: Sender address rejected: Domain not found; from=<>",
        "4QAB1: milter-reject: END-OF-MESSAGE from a[192.0.2.1]: 4.7.1 Greylisted, please try again later; from=<>",
        "NOQUEUE: reject: RCPT from a[192.0.2.1]: 550 5.1.1 <u@x>: User unknown; from=<>",
    ]
    assert [bool(re.search(deliveries._OWN_FAULT, line)) for line in own + other] == [True] * 4 + [False] * 4


EXIM = (
    "2026-01-01 23:00:00 1vNCBD-00000F-1a <= a@b.test H=x [192.0.2.1] P=esmtps S=900 id=1@b.test\n"
    "2026-01-01 23:00:01.749 +0000 1vNCBD-00000F-1a => carol <carol@partner.test> R=mailboxes T=maildir\n"
    "2026-01-01 23:00:02 [77] 1vNCBD-00000F-1b ** u@x.test R=remote T=remote_smtp H=m [192.0.2.9]: 550 no such user\n"
    "2026-01-01 23:00:03 1vNCBD-00000F-1c == u@y.test R=remote T=remote_smtp defer (-44): 451 try later\n"
    "2026-01-01 23:00:04 1vNCBD-00000F-1c Completed\n"
)


def test_exim_lines() -> None:
    attempts = "\n".join(sed(deliveries._EXIM_ATTEMPT, EXIM))
    found = parse(f"{NOW}== log /x\n== attempts\n{attempts}\n== end\n", "exim")
    states = [(item.status, item.domain.removeprefix("carol")) for item in found.attempts]
    assert states == [("sent", ""), ("bounced", ""), ("deferred", "")]
    hidden = subprocess.run(
        ["sed", "-E", "-e", "s/[|][^ |@<]+ </| </", "-e", deliveries._HIDE], input=attempts, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    found = parse(f"{NOW}== log /x\n== attempts\n{hidden.stdout}\n== end\n", "exim")
    assert [item.domain for item in found.attempts] == ["partner.test", "x.test", "y.test"]


def test_an_exim_that_cannot_look_something_up_is_at_fault_itself() -> None:
    put_off = (
        "2026-01-01 23:00:00|temporarily rejected RCPT <@x>: failed to expand ACL string: lookup of x failed\n"
        "2026-01-01 23:00:00|temporarily rejected RCPT <@x>: greylisted\n"
    )
    assert len(parse(f"{NOW}== log /x\n== attempts\n== put off\n{put_off}== end\n", "exim").put_off) == 1


def test_no_log_is_not_no_failure() -> None:
    with pytest.raises(ProbeError, match="group adm"):
        parse(f"{NOW}== corrupt\n0\n== end\n", "postfix")


def test_late_mail_that_came_is_no_failure() -> None:
    """One message counts once, by what became of it."""
    tries = [attempt(1, "deferred", 9), attempt(1, "deferred", 8), attempt(1, "sent", 7), attempt(2, "deferred", 6)]
    assert [item.status for item in last_states(tries)] == ["sent", "deferred"]
    given_up = Attempt(MOMENT, "4Q00002", "", "expired")
    assert [item.status for item in last_states([*tries, given_up])] == ["sent", "expired"]


@pytest.mark.parametrize(("bounced", "percent"), [(1, 98.0), (2, 96.0), (6, 88.0)])
def test_success_rate(bounced: int, percent: float) -> None:
    tries = [attempt(number, "bounced" if number < bounced else "sent") for number in range(50)]
    waiting = [attempt(number, "deferred") for number in range(100, 150)]
    rate = success(log(*tries, *waiting), {"a.test"}, 24, 168, 50)
    assert rate.judged(50) == {"in all": percent, deliveries.ELSEWHERE: percent}
    assert rate.total.waiting == 50


def test_a_class_of_destinations_that_fails_is_seen_beside_a_good_one() -> None:
    good = [attempt(number, "sent", domain="a.test") for number in range(950)]
    bad = [attempt(number, "bounced") for number in range(1000, 1050)]
    rate = success(log(*good, *bad), {"a.test"}, 24, 168, 50)
    assert rate.judged(50) == {"in all": 95.0, deliveries.OWN: 100.0, deliveries.ELSEWHERE: 0.0}


def test_too_little_mail_is_not_measured() -> None:
    """The window grows until there is enough to judge, or it is given up."""
    old = [attempt(number, "sent", minutes=60 * 70) for number in range(50)]
    assert success(log(*old), (), 24, 168, 50).hours == 96
    with pytest.raises(ProbeError, match="only 49 deliveries"):
        success(log(*old[:49]), (), 24, 168, 50)


def test_a_storm_of_deferrals() -> None:
    reason = "host m[192.0.2.9] said: 451 4.7.1 Service unavailable (in reply to 4QABCDEF123)"
    tries = [attempt(number, "deferred" if number < 30 else "sent", reason=reason) for number in range(60)]
    found = health(log(*tries), 1, 24, 50, 20)
    assert (found.stuck, found.stuck_percent, found.bounced_percent) == (30, 50.0, None)
    assert found.reasons[0][1] == 30
    assert health(log(*(attempt(number, "deferred", minutes=61) for number in range(30))), 1, 24, 50, 20).stuck == 0


@pytest.mark.parametrize(("arrived", "put_off", "percent"), [(0, 0, 0.0), (40, 20, 100.0), (40, 5, 25.0), (100, 1, 5.0)])
def test_senders_sent_away(arrived: int, put_off: int, percent: float) -> None:
    """By the last who came: arrivals are older than refusals here."""
    assert health(log(arrived=arrived, put_off=put_off), 1, 24, 50, 20).put_off_percent == percent


def test_what_is_over_does_not_count() -> None:
    found = Deliveries(
        "mail.log", MOMENT,
        arrived=tuple((MOMENT - timedelta(minutes=5), f"A{number}") for number in range(20)),
        put_off=tuple((MOMENT - timedelta(minutes=50), "x") for _ in range(20)),
    )  # fmt: skip
    assert (health(found, 1, 24, 50, 20).put_off_percent, health(found, 1, 24, 50, 20).put_off) == (0.0, 20)


@given(st.text(alphabet="|=<>@*\n 2026-01T:0+sentdefr", max_size=300))
def test_hostile_lines(text: str) -> None:
    for product in ("postfix", "exim"):
        found = parse(f"{NOW}== log /x\n== attempts\n{text}\n== end\n", product)
        health(found, 1, 24, 50, 20)
