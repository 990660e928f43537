"""What the log says of a message that must not arrive, on lines of Postfix and Exim; REQUIRETLS."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.tls import test_outbound as checks
from fixtures.dialogue.conversation import Conversation
from fixtures.dialogue.smtp import SmtpFacts
from fixtures.errors import ProbeError
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.outbound import refusal, require_tls
from fixtures.outbound.refusal import DELIVERED, REFUSED, Outcome
from fixtures.policy import PolicyView, load_policy, merge

HEAD = "2026-11-25T08:29:01.1+00:00 mx1 postfix/smtp[9]: "
MX = "mx.bad-dane.test[10.77.0.22]:25"
POLICY = load_policy().view()


def line(id: str, status: str, text: str, relay: str = MX) -> str:
    return f"{HEAD}{id}: to=<trap@bad-dane.test>, relay={relay}, delay=0.1, dsn=4.7.5, status={status} ({text})\n"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (line("A1", "deferred", "Server certificate not trusted"), REFUSED),
        (line("A1", "deferred", "Server certificate not verified"), REFUSED),
        (line("A1", "deferred", "TLS is required, but was not offered by host mx.bad-dane.test[10.77.0.22]"), REFUSED),
        (line("A1", "deferred", "delivery temporarily suspended: Server certificate not trusted"), REFUSED),
        (line("A1", "bounced", "Server certificate not trusted"), REFUSED),
        (line("A1", "sent", "250 2.0.0 Ok: queued as B2B2B2"), DELIVERED),
        (line("A1", "deferred", "connect to mx.bad-dane.test[10.77.0.22]:25: Connection timed out"),
         "deferred for another reason"),
        (line("A1", "deferred", "TLSA lookup error for mx.bad-dane.test:25"), "deferred for another reason"),
        (line("A1", "deferred", "Host or domain name not found"), "deferred for another reason"),
        (line("A1", "bounced", "host mx said: 550 5.1.1 unknown user"), "bounced for another reason"),
    ],
)  # fmt: skip
def test_postfix(text: str, state: str) -> None:
    outcome = refusal.read(line("Z9", "sent", "250 Ok") + text, "A1")
    assert outcome is not None and outcome.state == state


def test_a_filter_on_the_host_is_followed() -> None:
    handed = line("A1", "sent", "250 2.0.0 Ok: queued as B2B2B2", relay="127.0.0.1[127.0.0.1]:10024")
    assert refusal.read(handed, "A1") is None
    outcome = refusal.read(handed + line("B2B2B2", "deferred", "Server certificate not trusted"), "A1")
    assert outcome is not None and outcome.state == REFUSED


def test_filters_that_hand_over_in_a_circle_end() -> None:
    first = line("A1A1A1", "sent", "250 Ok: queued as B2B2B2", relay="127.0.0.1[127.0.0.1]:10024")
    second = line("B2B2B2", "sent", "250 Ok: queued as A1A1A1", relay="127.0.0.1[127.0.0.1]:10025")
    assert refusal.read(first + second, "A1A1A1") is None


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("== trap@bad-dane.test R=remote T=remote_smtp defer (-37) H=mx.bad-dane.test [10.77.0.22]: TLS session: "
         "(certificate verification failed): certificate invalid", REFUSED),
        ("== trap@bad-dane.test R=remote T=remote_smtp defer (-36): DANE error: tlsa lookup DEFER",
         "deferred for another reason"),
        ("=> trap@bad-dane.test R=remote T=remote_smtp H=mx.bad-dane.test [10.77.0.22] X=TLS1.3:X:256 C=\"250 Ok\"",
         DELIVERED),
        ("** trap@bad-dane.test R=remote T=remote_smtp H=mx.bad-dane.test [10.77.0.22]: 550 no",
         "bounced for another reason"),
    ],
)  # fmt: skip
def test_exim(text: str, state: str) -> None:
    outcome = refusal.read(f"2026-11-25 08:12:55.037 +0000 1xW87a-00001y-1X {text}\n", "1xW87a-00001y-1X")
    assert outcome is not None and outcome.state == state


def test_nothing_yet() -> None:
    assert refusal.read("", "A1") is None
    with pytest.raises(ProbeError, match="queue id"):
        refusal.queue_id("2.0.0 Ok, whatever")


def test_judgement() -> None:
    evidence = Evidence()
    good = Outcome(REFUSED, "deferred: Server certificate not trusted")
    checks.test_outbound_honours_dane_and_mta_sts({"a@b.test (DANE)": good}, evidence)
    assert evidence.level == "pass"
    with pytest.raises(RequirementFailed, match=r"a@b.test \(MTA-STS\): measured delivered, required == refused"):
        checks.test_outbound_honours_dane_and_mta_sts(
            {"x@b.test (DANE)": good, "a@b.test (MTA-STS)": Outcome(DELIVERED, "mx: 250 Ok")}, Evidence()
        )


def test_the_letter_says_what_it_is() -> None:
    letter = refusal.letter("probe@a.test", "trap@b.test", datetime(2026, 11, 25, tzinfo=UTC))
    assert (letter["To"], letter["Auto-Submitted"]) == ("trap@b.test", "auto-generated")


class Silent:
    """A host whose log says nothing of the message."""

    name = "mx"

    def run(self, command: str, *args: str) -> Any:
        return SimpleNamespace(rc=0, stdout="", stderr="")


def test_a_log_that_stays_silent_is_no_verdict() -> None:
    with pytest.raises(ProbeError, match="not in its mail log"):
        refusal.follow(Silent(), "A1", 0.01, 0.001)


@given(st.text(max_size=300))
def test_garbage(text: str) -> None:
    refusal.read(text, "A1")


def smtp(before: str, after: str, tls: str = "starttls") -> SmtpFacts:
    steps = [
        {"label": "ehlo", "code": "250", "lines": ["mx.test", *before.split()]},
        {"label": "ehlo-tls", "code": "250", "lines": ["mx.test", *after.split()]},
    ]
    talk = Conversation({"connect": {"state": "open"}, "steps": steps if tls == "starttls" else steps[:1], "tls": {}}, "mx")
    return SmtpFacts(talk, SimpleNamespace(tls=tls))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        (smtp("STARTTLS SIZE", "SIZE REQUIRETLS"), "pass"),
        (smtp("STARTTLS SIZE", "SIZE"), "notice"),
        (smtp("STARTTLS REQUIRETLS", "REQUIRETLS"), "warn"),
        (smtp("SIZE REQUIRETLS", "", tls="implicit"), "pass"),
    ],
)
def test_requiretls(facts: SmtpFacts, level: str) -> None:
    evidence = Evidence()
    checks.test_requiretls_is_offered(require_tls.read(facts), POLICY, evidence)
    assert evidence.level == level


def test_a_profile_may_demand_it() -> None:
    strict = PolicyView(merge(POLICY._data, {"tls": {"requiretls_missing": {"fail": 1}}}))
    with pytest.raises(RequirementFailed, match="REQUIRETLS not offered"):
        checks.test_requiretls_is_offered(require_tls.read(smtp("STARTTLS", "SIZE")), strict, Evidence())
