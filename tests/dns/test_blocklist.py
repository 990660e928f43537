"""Blocklists: listings, and the many ways in which an answer is none."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures import blocklist
from fixtures.errors import ProbeError
from fixtures.estate import Blocklist, Domain, Estate
from fixtures.options import SUITE
from fixtures.policy import PolicyView, load_policy
from tests.dns import world

SIX = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.test"
HEALTHY: dict[str, Any] = {
    "": [("NS", "ns.root.test.")], "bl.test": [], "2.0.0.127.bl.test": [("A", "127.0.0.2")], SIX: [("A", "127.0.0.2")],
    "dbl.test": [], "test.dbl.test": [("A", "127.0.1.2")],
}
LISTS = {"bl.test": Blocklist(of=("ipv4", "ipv6")), "dbl.test": Blocklist(of=("domain",), level="warn")}
SUBJECTS = [("192.0.2.9", "ipv4"), ("2001:db8::9", "ipv6"), ("a.test", "domain")]


def look(**more: Any) -> blocklist.Reputation:
    zone = {**HEALTHY, **{name.replace("__", "."): records for name, records in more.items()}}
    return blocklist.look_up(world.resolver(zone), LISTS, SUBJECTS)


def test_nobody_is_listed() -> None:
    found = look()
    assert not found.listings and not found.unseen and len(found.asked) == 3


def test_listings_are_found_by_octets_nibbles_and_names() -> None:
    six = blocklist.entry("2001:db8::9", "ipv6", "bl.test")
    zone = {**HEALTHY, "9.2.0.192.bl.test": [("A", "127.0.0.4"), ("TXT", "spam seen")], six: [("A", "127.0.0.3")],
            "a.test.dbl.test": [("A", "127.0.1.4")]}
    found = blocklist.look_up(world.resolver(zone), LISTS, SUBJECTS)
    assert found.of("fail")[0] == "192.0.2.9 is listed by bl.test (127.0.0.4): spam seen"
    assert len(found.of("fail")) == 2 and len(found.of("warn")) == 1


@pytest.mark.parametrize(("records", "why"), [
    ({"2.0.0.127.bl.test": []}, "dead"), ({"2.0.0.127.bl.test": "SERVFAIL"}, "SERVFAIL"),
    ({"2.0.0.127.bl.test": "REFUSED"}, "REFUSED"), ({"2.0.0.127.bl.test": "TIMEOUT"}, "TIMEOUT"),
    ({"1.0.0.127.bl.test": [("A", "127.0.0.2")]}, "lists everything"),
    ({"2.0.0.127.bl.test": [("A", "127.255.255.254")]}, "public resolver"),
    ({"9.2.0.192.bl.test": [("A", "127.255.255.255")]}, "asked too often"),
    ({"2.0.0.127.bl.test": [("A", "203.0.113.7")]}, "no code"), ({"9.2.0.192.bl.test": [("A", "203.0.113.7")]}, "no code"),
    ({"a.test.dbl.test": [("A", "127.0.0.1")]}, "refuses"), ({"test.dbl.test": [("A", "127.0.0.1")]}, "refuses"),
])
def test_what_is_no_listing_is_not_measured(records: dict[str, Any], why: str) -> None:
    found = blocklist.look_up(world.resolver({**HEALTHY, **records}), LISTS, SUBJECTS)
    assert not found.listings and any(why in text for text in found.unseen), found.unseen
    with pytest.raises(ProbeError):
        found.all_asked()


def test_lists_come_from_policy_and_inventory() -> None:
    view = PolicyView({"flow": {"blocklists": {"BL.test.": {"of": ["ipv4"], "level": "warn"}, "other.test": None}}})
    estate = Estate({}, {}, blocklists={"bl.test": Blocklist(level="fail")})
    assert {zone: item.level for zone, item in blocklist.lists_of(estate, view).items()} == {"bl.test": "fail", "other.test": "fail"}
    with pytest.raises(ProbeError, match=r"flow\.blocklists\.x"):
        blocklist.lists_of(estate, PolicyView({"flow": {"blocklists": {"x": {"off": 1}}}}))


def test_the_profile_of_well_known_lists_can_be_read() -> None:
    policy = load_policy(SUITE / "policy" / "blocklists.yml")
    assert len(blocklist.lists_of(Estate({}, {}), policy.view())) > 5
    assert not load_policy().view()["flow.blocklists"]  # none is asked unbidden
    assert Domain("a.test").sends
