"""Names behind SPF, sizes, rotation of keys, destinations of reports, parked domains, servers that differ."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import dkim_rotation, dmarc, dmarc_destinations, https, mx, parked, record_sets, spf, spf_names
from fixtures.errors import ProbeError
from fixtures.estate import Selector
from fixtures.resolver import Answer
from tests.dns import world

ROOT = {"": [("NS", "ns.root.test.")]}
TODAY = date(2026, 11, 25)
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def txt(*texts: str) -> list[tuple[str, Any]]:
    return [("TXT", text) for text in texts]


def test_names_behind_spf_are_followed_with_their_path() -> None:
    zone = {**ROOT, "a.test": txt("v=spf1 include:_spf.b.test include:gone.test a:h.a.test exists:%{i}.x.test -all"),
            "h.a.test": [("A", "192.0.2.1")], "_spf.b.test": txt("v=spf1 include:lapsed.c.test include:bare.b.test -all"),
            "bare.b.test": txt("no record")}
    found = spf_names.of("a.test", world.resolver(zone), ["a.test", "b.test"])
    assert found.found_dead() == (
        "a.test > gone.test: gone.test does not exist below test: whoever gets it there may send in the domain's name",
        "a.test > _spf.b.test > lapsed.c.test: c.test does not exist below test: whoever gets it there may send in the "
        "domain's name",
        "a.test > _spf.b.test > bare.b.test: has no SPF record: receivers answer permerror",
    )
    assert found.strangers == () and "a.test > h.a.test: alive" in found.seen
    assert spf_names.of("a.test", world.resolver(zone), ["a.test"]).strangers == ("_spf.b.test",)
    assert spf_names.of("a.test", world.resolver(zone), [], judge=False).strangers == ()


def test_an_include_that_does_not_answer_is_not_measured_unless_another_is_dead() -> None:
    zone = {**ROOT, "a.test": txt("v=spf1 include:slow.test -all"), "slow.test": "SERVFAIL"}
    with pytest.raises(ProbeError, match=r"a\.test > slow\.test: slow\.test TXT"):
        spf_names.of("a.test", world.resolver(zone), []).found_dead()
    zone["a.test"] = txt("v=spf1 include:slow.test include:gone.test -all")
    assert len(spf_names.of("a.test", world.resolver(zone), []).found_dead()) == 1


def test_includes_in_a_circle_end() -> None:
    zone = {**ROOT, "a.test": txt("v=spf1 include:b.test -all"), "b.test": txt("v=spf1 include:a.test -all")}
    assert spf_names.of("a.test", world.resolver(zone), ["b.test"]).found_dead() == ()


@pytest.mark.parametrize(("record", "found"), [
    ("v=spf1 include:a.test -all", ()), ("v=spf1 +a -all", ()), ("v=spf1 exists:%{ir}.all ~all", ()),
    ("v=spf1 a:mail.a.test~all", ("a:mail.a.test~all",)), ("v=spf1 include:a.testip4:192.0.2.1 -all",
                                                           ("include:a.testip4:192.0.2.1",)),
])  # fmt: skip
def test_terms_that_ran_together(record: str, found: tuple[str, ...]) -> None:
    assert spf_names.glued([record]) == found


@pytest.mark.parametrize(("selector", "written", "days"), [
    (Selector(name="s2026"), None, None), (Selector(name="s2025"), None, 329), (Selector(name="s202610"), None, 55),
    (Selector(name="one"), date(2026, 11, 1), 24), (Selector(name="s2024", since=date(2026, 11, 20)), None, 694),
    (Selector(name="one", since=date(2027, 1, 1)), None, None), (Selector(name="x2026q1"), date(2026, 11, 1), 239),
    (Selector(name="x20260231"), None, None),
])  # fmt: skip
def test_the_age_of_a_key_is_the_oldest_that_anything_tells(
    selector: Selector, written: date | None, days: int | None
) -> None:
    """A whole year in a name tells only the least; a day in the future tells nothing."""
    assert dkim_rotation.age(selector, written, TODAY)[0] == days


@given(st.text(max_size=40))
def test_any_selector_has_a_period_or_none(name: str) -> None:
    found = dkim_rotation.period(name)
    assert found is None or found[0] <= found[1]


def test_unknown_ages_are_not_measured() -> None:
    with pytest.raises(ProbeError, match="declare it"):
        dkim_rotation.Rotation({}, ("s1: declare it",), (), (), ()).known_ages()


def destinations(zone: dict[str, Any], *uris: str) -> dmarc_destinations.Destinations:
    return dmarc_destinations.judge("a.test", [("rua", uri) for uri in uris], world.resolver({**ROOT, **zone}))


MAIL: dict[str, Any] = {
    "a.test": [("MX", (10, "mx.a.test"))], "b.test": [("MX", (10, "mx.a.test"))], "mx.a.test": [("A", "192.0.2.1")],
    "null.a.test": [("MX", (0, "."))], "_dmarc.a.test": txt("v=DMARC1; p=reject"), "plain.a.test": [("A", "192.0.2.2")],
}  # fmt: skip


def test_destinations_of_reports() -> None:
    found = destinations(MAIL, "mailto:d@a.test", "mailto:d@null.a.test", "mailto:d@plain.a.test", "mailto:d@no.a.test",
                         "mailto:d@b.test", "https://b.test/")  # fmt: skip
    problems = [item.partition(": ")[2] for item in found.problems]
    assert problems == [
        "null.a.test takes no mail (null MX)", "no.a.test does not exist",
        'b.test has not said that it wants reports of a.test: a.test._report._dmarc.b.test TXT "v=DMARC1;" is missing',
    ]  # fmt: skip
    assert found.other_ways == ("rua=https://b.test/",) and found.without_rua == 0
    assert destinations({**MAIL, "a.test._report._dmarc.b.test": txt("v=DMARC1;")}, "mailto:d@b.test").problems == ()
    assert destinations(MAIL).without_rua == 1


def test_a_destination_of_which_nothing_is_known_is_not_measured() -> None:
    with pytest.raises(ProbeError, match=r"rua=mailto:d@b\.test"):
        _ = destinations({**MAIL, "b.test": "SERVFAIL"}, "mailto:d@b.test").problems


@given(st.text(max_size=60))
def test_no_uri_breaks_the_destinations(text: str) -> None:
    for uri in dmarc_destinations.addresses(text):
        assert isinstance(dmarc_destinations.mail_domain(uri), str)


@pytest.mark.parametrize(("record", "policy", "exchange", "words"), [
    ("v=spf1 -all", "v=DMARC1; p=reject", (0, "."), []),
    ("v=spf1 ~all", "v=DMARC1; p=reject", (0, "."), ["SPF lets somebody send"]),
    ("v=spf1 a -all", "v=DMARC1; p=reject", (0, "."), ["SPF lets somebody send"]),
    ("v=spf1 -all", "v=DMARC1; p=reject; sp=none", (0, "."), ["sp=none", "np=none"]),
    ("v=spf1 -all", "v=DMARC1; p=reject; t=y", (0, "."), ["t=y"]),
    ("v=spf1 -all", "v=DMARC1; p=quarantine", (10, "mx.b.test"), ["p=quarantine", "sp=", "np=", "MX: mx.b.test"]),
    ("", "", None, ["no SPF record", "no record", "no null MX"]),
])  # fmt: skip
def test_what_a_parked_domain_leaves_open(record: str, policy: str, exchange: Any, words: list[str]) -> None:
    zone = {**ROOT, "a.test": [*txt(*filter(None, [record])), *([("MX", exchange)] if exchange else [])]}
    found = dmarc.discover("a.test", lambda name: [policy] if policy and name == "_dmarc.a.test" else [])
    said = parked.opened(spf.read("a.test", filter(None, [record])), found, mx.read("a.test", world.resolver(zone)))
    assert len(said) == len(words) and all(word in text for word, text in zip(words, said, strict=True)), said


def answer(*texts: str, aa: bool = True, rcode: str = "NOERROR") -> Answer:
    rows = tuple(("a.test.", "TXT", 300, text) for text in texts)
    return Answer("192.0.2.1", "a.test", "TXT", rcode, rows, aa=aa)


def test_servers_that_differ_or_are_wrong() -> None:
    judges = {"SPF": record_sets.spf_wrong}
    one, two = answer("v=spf1 mx -all"), answer("v=spf1 a -all")
    assert record_sets.compare({"SPF": {"x": one, "y": one}}, judges) == ([], [])
    assert record_sets.compare({"SPF": {"x": one, "y": two}}, judges)[1][0].startswith("SPF: x has v=spf1 mx -all, y")
    broken, _ = record_sets.compare({"SPF": {"x": one, "y": answer("v=spf1 mx -all", "v=spf1 -all")}}, judges)
    assert broken[0].startswith("SPF at y: 2 SPF records")
    assert record_sets.compare({"SPF": {"x": one, "y": answer("v=spf1 mx -all", "token=1")}}, judges) == ([], [])
    # A referral, a refusal and silence say nothing about the record.
    for silent in (answer(aa=False), answer(rcode="REFUSED"), answer(rcode="TIMEOUT", aa=False)):
        assert record_sets.compare({"SPF": {"x": one, "y": silent}}, judges) == ([], [])


def test_judges_of_record_sets() -> None:
    assert record_sets.dkim_wrong((KEY,)) == "" and record_sets.dkim_wrong((KEY, KEY)) == "2 key records"
    assert record_sets.dkim_wrong(("v=DKIM1; p=",)) == "revoked" and record_sets.dmarc_wrong(("other",)) == ""


def test_addresses_without_a_route_say_nothing() -> None:
    """A machine without IPv6 judges what it can reach; where that is nothing, nothing is measured."""
    def fetch(address: str) -> str:
        if ":" in address:
            raise ProbeError(f"this machine has no route to {address}")
        return address

    assert https.from_each(["192.0.2.1", "2001:db8::1"], fetch) == ["192.0.2.1"]
    assert https.from_each([], fetch) == []
    with pytest.raises(ProbeError, match="no route"):
        https.from_each(["2001:db8::1"], fetch)


def test_a_dead_server_is_asked_once() -> None:
    resolver = world.resolver({"a.test": "TIMEOUT", "b.a.test": txt("x"), **ROOT})
    assert [item.rcode for item in record_sets._ask(resolver, "192.0.2.9", ["a.test", "b.a.test"])] == ["TIMEOUT"]
    assert len(record_sets._ask(resolver, "192.0.2.9", ["b.a.test", "a.test"])) == 2
