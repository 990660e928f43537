"""Trace headers: the examples of RFC 8601, a third party's messages, and what hostile hands may write."""

from __future__ import annotations

import doctest
import importlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import trace

DATA = Path(__file__).parents[1] / "data" / "arc" / "authentication_results.json"
ARC = json.loads(DATA.read_text())

# RFC 8601 appendix B, unfolded: id, method=result of each, one property of the first.
RFC8601 = [
    ("example.org 1; none", "example.org", [], {}),
    ("example.com; spf=pass smtp.mailfrom=example.net", "example.com", ["spf=pass"],
     {"smtp.mailfrom": "example.net"}),
    ("example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
     "example.com", ["auth=pass", "spf=pass"], {"smtp.auth": "sender@example.net"}),
    ("example.com; iprev=pass policy.iprev=192.0.2.200", "example.com", ["iprev=pass"],
     {"policy.iprev": "192.0.2.200"}),
    ("example.com; dkim=pass (good signature) header.d=example.com", "example.com", ["dkim=pass"],
     {"header.d": "example.com"}),
    ('example.com; dkim=pass reason="good signature" header.i=@mail-router.example.net; dkim=fail reason="bad '
     'signature" header.i=@newyork.example.com', "example.com", ["dkim=pass", "dkim=fail"],
     {"header.i": "@mail-router.example.net"}),
    ("foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail policy (A dot can "
     "go here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462", "foo.example.net",
     ["dkim=fail"], {"policy.expired": "1362471462"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "results", "properties"), RFC8601)
def test_examples_of_the_rfc(text: str, name: str, results: list[str], properties: dict[str, str]) -> None:
    found = trace.authentication_results(text)
    assert (found.authserv_id, [str(item) for item in found.results], found.problem) == (name, results, "")
    assert not properties or found.results[0].properties == properties


@pytest.mark.parametrize("case", ARC, ids=lambda case: f"{case['id']}-{case['field']}")
def test_third_party_fields(case: dict[str, str]) -> None:
    value = case["value"].partition(";")[2] if case["field"].startswith("ARC-") else case["value"]
    found = trace.authentication_results(value)
    if case["id"] in ("aar_i_missing", "aar_i_no_semi"):  # what is cut off there is the name itself
        assert found.problem
    else:
        assert found.authserv_id == "lists.example.org"
        assert {"spf=pass", "dkim=pass", "dmarc=pass"} <= {str(item) for item in found.results}


@pytest.mark.parametrize(
    ("text", "name", "results"),
    [
        # Nothing in a comment or in quotes is a result, or an end.
        ("mx.test; spf=fail (dkim=pass; dmarc=pass)", "mx.test", ["spf=fail"]),
        ('mx.test; spf=fail reason="x; dmarc=pass"', "mx.test", ["spf=fail"]),
        ("mx.test (never closed; dmarc=pass", "mx.test", []),
        ('mx.test; spf=fail reason="never closed; dmarc=pass', "mx.test", ["spf=fail"]),
        ('"MX.Test." 1; dmarc=Pass', "mx.test", ["dmarc=pass"]),
        ("mx.test 2; dmarc=pass", "mx.test", []),
        ("mx.test evil.test; dmarc=pass", "", []),
        ("dmarc=pass", "", []),
        ("", "", []),
        ("mx.test; dmarc=pass=fail; dkim=", "mx.test", ["dmarc=pass"]),
        ("(a (b) \\) c) mx.test; dkim=pass", "mx.test", ["dkim=pass"]),
    ],
)
def test_hostile_results(text: str, name: str, results: list[str]) -> None:
    found = trace.authentication_results(text)
    assert (found.authserv_id, [str(item) for item in found.results]) == (name, results)


def test_only_our_own_names_count_and_no_forged_field() -> None:
    message = (
        b"Authentication-Results: MX.example.test; dmarc=fail\r\n"
        b"Authentication-Results: mx.example.test; dmarc=pass header.from=TOKEN.invalid\r\n"
        b"Authentication-Results: mx.elsewhere.test; dmarc=pass\r\n\r\nAuthentication-Results: mx.example.test; x=pass\r\n"
    )
    assert [str(item) for item in trace.results_of(message, ["mx.example.test"], "TOKEN.")] == ["dmarc=fail"]
    assert [str(item) for item in trace.results_of(message, ["mx.example.test"])] == ["dmarc=fail", "dmarc=pass"]
    assert trace.results_of(message, []) == []


@pytest.mark.parametrize(
    ("text", "by", "protocol", "addresses"),
    [
        ("from submission (localhost [127.0.0.1]) (using TLSv1.3 with cipher X by nobody) by mx1.test (Postfix) with "
         "ESMTPSA id 1 for <a@b>; Wed, 25 Nov 2026 08:13:02 +0000 (UTC)", "mx1.test", "ESMTPSA", ["127.0.0.1"]),
        ("from mx1.example.test ([fd00:77::11]) by exim.partner.test with esmtps tls TLS_X id 1; Wed, 25 Nov 2026 "
         "08:13:02 +0000", "exim.partner.test", "esmtps", ["fd00:77::11"]),
        ("by 10.157.14.6 with HTTP; Wed, 25 Nov 2026 00:13:02 -0800 (PST)", "10.157.14.6", "HTTP", []),
        ("(qmail 1234 invoked by uid 0); 25 Nov 2026 08:13:02 -0000", "", "", []),
    ],
)  # fmt: skip
def test_hops(text: str, by: str, protocol: str, addresses: list[str]) -> None:
    hop = trace.received(text)
    assert (hop.by, hop.protocol, trace.addresses(hop.source)) == (by, protocol, addresses)
    assert hop.at == datetime(2026, 11, 25, 8, 13, 2, tzinfo=UTC)
    assert hop.authenticated is (protocol == "ESMTPSA")


def test_fields_are_bounded() -> None:
    many = b"".join(b"X-%d: y\r\n" % number for number in range(5000)) + b"\r\nbody: no\r\n"
    assert len(trace.fields(many)) == trace.MAX_FIELDS
    assert trace.fields(b"\r\nFrom: in the body\r\n") == []
    assert len(trace.fields(b"X: " + b"y" * 10_000_000)[0][1]) <= trace.MAX_FIELD
    nested = trace.authentication_results("mx.test " + "(" * 100_000 + "; dmarc=pass")
    assert nested.results == ()


@given(st.binary(max_size=400))
def test_any_octets(data: bytes) -> None:
    for _, value in trace.fields(data):
        trace.authentication_results(value)
        trace.addresses(trace.received(value).source)
        trace.tag_list(value)


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    trace.authentication_results(text)
    trace.received(text)
    trace.tag_list(text)
    trace.moment(text)


@pytest.mark.parametrize("name", ["trace", "post", "mailbox", "letters", "signing_quality", "own_mail"])
def test_doctests(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"fixtures.{name}"))
    assert found.failed == 0
