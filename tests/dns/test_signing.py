"""How zones are signed, judged on both sides of each limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fixtures import signing
from fixtures.errors import ProbeError
from fixtures.options import SUITE
from fixtures.resolver import Answer

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LIMITS = yaml.safe_load((SUITE / "policy/default.yml").read_text())["dns"]["signing"]


def signature(left: float, life: float = 30) -> signing.Signature:
    return signing.Signature("ns1", "a.test", "MX", 13, left, life)


def zone(keys: tuple[int, ...] = (13,), ds: Any = ((13, 2),), nsec3: Any = (), **more: Any) -> signing.SignedZone:
    return signing.SignedZone("a.test", keys, ds, nsec3, more.pop("signatures", ()), **more)


@pytest.mark.parametrize(("left", "life", "ending"), [
    (3.1, 30, False), (2.9, 30, True), (-1, 30, True),
    (1, 2, False), (0.6, 2, False), (0.4, 2, True),  # signed on request: a day or two, renewed in time
])
def test_when_a_signature_is_about_to_end(left: float, life: float, ending: bool) -> None:
    assert bool(signing.judge([zone(signatures=(signature(left, life),))], LIMITS).ending) is ending


@pytest.mark.parametrize(("keys", "ds", "forbidden", "discouraged"), [
    ((8, 13, 15), ((13, 2), (13, 4)), 0, 0), ((10,), ((10, 2),), 0, 1), ((5,), ((5, 2),), 1, 0), ((7, 13), ((13, 2),), 1, 0),
    ((13,), ((13, 1),), 1, 0), ((13,), ((13, 1), (13, 2)), 0, 1), ((13,), ((13, 3),), 1, 0), ((99,), (), 1, 0),
])
def test_algorithms_and_digests(keys: tuple[int, ...], ds: Any, forbidden: int, discouraged: int) -> None:
    found = signing.judge([zone(keys, ds)], LIMITS)
    assert (len(found.forbidden), len(found.discouraged)) == (forbidden, discouraged)


def test_nsec3_parameters() -> None:
    found = signing.judge([zone(nsec3=((0, "-"), (12, "AB")))], LIMITS)
    assert found.iterations == {"a.test": 12} and found.salted == ("a.test",)


def test_signatures_are_read_from_an_answer() -> None:
    ends, begins = (NOW + timedelta(days=5)).strftime("%Y%m%d%H%M%S"), (NOW - timedelta(days=5)).strftime("%Y%m%d%H%M%S")
    rows = (("a.test.", "MX", 300, "10 mx.a.test."), ("a.test.", "RRSIG", 300, f"MX 13 2 300 {ends} {begins} 1 a.test. x"))
    (found,) = signing.signatures(Answer("s", "a.test", "MX", "NOERROR", rows), "ns1", NOW)
    assert (found.covers, found.algorithm, found.days_left, found.lifetime_days) == ("MX", 13, 5, 10)


def test_keys_that_sign_no_zone_do_not_count() -> None:
    rows = tuple(("a.test.", "DNSKEY", 300, f"{flags} 3 {number} x") for flags, number in ((257, 13), (256, 8), (0, 5)))
    assert signing.keys(Answer("s", "a.test", "DNSKEY", "NOERROR", rows)) == (8, 13)


@given(st.text(max_size=60), st.sampled_from(["DNSKEY", "DS", "NSEC3PARAM"]))
def test_any_record_is_read_or_passed_over(text: str, kind: str) -> None:
    answer = Answer("s", "a.test", kind, "NOERROR", (("a.test.", kind, 1, text),))
    assert len(signing.keys(answer)) + len(signing.delegation(answer)) + len(signing.nsec3(answer)) <= 3


@given(st.text(max_size=60))
def test_any_rrsig_is_read_or_refused(text: str) -> None:
    answer = Answer("s", "a.test", "MX", "NOERROR", (("a.test.", "RRSIG", 1, text),))
    try:
        signing.signatures(answer, "ns1", NOW)
    except ProbeError as error:
        assert "cannot be read" in str(error)
