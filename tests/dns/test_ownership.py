"""Records that dangle, and registrations that end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import dangling, registration
from fixtures.errors import ProbeError
from tests.dns import world

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ROOT: dict[str, Any] = {"": [("NS", "ns.root.test.")]}


def trace(zone: dict[str, Any]) -> dangling.Tracer:
    return dangling.Tracer(world.resolver({**ROOT, **zone}))


def said(tracer: dangling.Tracer) -> list[str]:
    return [str(item) for item in tracer.every.values() if item.state]


def test_the_end_of_an_alias_is_what_dangles() -> None:
    one = trace({"mail.a.test": [("CNAME", "x.b.test")], "x.b.test": [("CNAME", "gone.c.test")], "c.test": []})
    one.ask("mail.a.test", "A")
    assert said(one) == ["x.b.test CNAME gone.c.test: does not exist (NXDOMAIN)"]
    alive = trace({"mail.a.test": [("CNAME", "x.b.test")], "x.b.test": [("AAAA", "2001:db8::1")]})
    alive.ask("mail.a.test", "A")
    assert not said(alive) and len(alive.every) == 1


def test_hosts_need_an_address() -> None:
    one = trace({"h.a.test": [("TXT", "x")], "a.test": [], "good.a.test": [("AAAA", "2001:db8::1")]})
    for target in ("h.a.test", "gone.a.test", "good.a.test", ".", "192.0.2.1"):
        one.host("a.test", "MX", target)
    assert said(one) == ["a.test MX h.a.test: has no address", "a.test MX gone.a.test: does not exist (NXDOMAIN)"]


def test_includes_are_followed_without_end_or_loop() -> None:
    one = trace({"a.test": [("TXT", "v=spf1 include:b.test redirect=a.test")],
                 "b.test": [("TXT", "v=spf1 include:gone.c.test include:a.test -all")], "c.test": []})
    one.spf("a.test")
    assert said(one) == ["b.test SPF gone.c.test: does not exist (NXDOMAIN)"]
    many = {f"n{i}.test": [("TXT", f"v=spf1 include:n{i + 1}.test -all")] for i in range(60)}
    long = trace(many)
    long.spf("n0.test")
    assert len(long.every) <= dangling.MAX_INCLUDES + 1


def test_what_cannot_be_looked_up_is_not_called_dangling() -> None:
    one = trace({"a.test": "SERVFAIL", "t.test": "TIMEOUT"})
    one.host("x.test", "MX", "a.test")
    one.host("x.test", "MX", "t.test")
    one.host("x.test", "MX", "bad..name")
    found = dangling.Pointers(tuple(one.every.values()), tuple(one.unsettled))
    assert not found.dangling
    with pytest.raises(ProbeError):
        found.all_seen()


# --- registration ---------------------------------------------------------------------------------------------------

OBJECT: dict[str, Any] = {
    "objectClassName": "domain", "ldhName": "A.test.", "status": ["client transfer prohibited"],
    "events": [{"eventAction": "last changed", "eventDate": "2020-01-01T00:00:00Z"},
               {"eventAction": "expiration", "eventDate": "2026-12-01T00:00:00.000Z"}],
    "entities": [{"roles": ["registrar"], "entities": [{"roles": ["abuse"]}]}],
}


def parsed(**more: Any) -> registration.Registration:
    return registration.parse(json.dumps({**OBJECT, **more}).encode(), "a.test", "https://r.test/domain/a.test", NOW)


def test_a_registration_is_read() -> None:
    found = parsed()
    assert found.days_left == {"a.test": 30} and found.locked and not found.held
    assert found.missing(["registrar", "abuse", "registrant"]) == ("registrant",)


def test_registries_that_tell_less_and_names_on_hold() -> None:
    assert parsed(events=[]).days_left == {} and not parsed(status=[]).locked
    assert parsed(status=["redemption period", "pending delete"]).held == ("pending delete", "redemption period")


@pytest.mark.parametrize(("body", "why"), [
    (b"<html>", "not JSON"), (b"[]", "not an RDAP domain"), (b"[" * 100_000, "not JSON"), (b'{"errorCode": 404}', "not an RDAP"),
    (json.dumps({**OBJECT, "ldhName": "b.test"}).encode(), "speaks of"),
    (json.dumps({**OBJECT, "events": [{"eventAction": "expiration", "eventDate": "soon"}]}).encode(), "no date"),
])
def test_other_answers_are_no_registration(body: bytes, why: str) -> None:
    with pytest.raises(ProbeError, match=why):
        registration.parse(body, "a.test", "https://r.test/", NOW)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["roles", "entities", "title", "eventAction", "x"]), inner, max_size=3), max_leaves=12)


@given(status=JSON, events=JSON, entities=JSON, notices=JSON)
def test_any_object_is_read_or_refused(status: Any, events: Any, entities: Any, notices: Any) -> None:
    try:
        parsed(status=status, events=events, entities=entities, notices=notices).text()
    except ProbeError:
        return
