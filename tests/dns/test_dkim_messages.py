"""fixtures/signatures.py on other projects' signed messages, and on garbage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import ProbeError
from fixtures.estate import Domain
from fixtures.signatures import Signature, Signatures, verify
from tests.dns import world

DATA = Path(__file__).parents[1] / "data" / "dkim"
CASES = json.loads((DATA / "mail-dkim.json").read_text())["cases"]


def zone_of_the_corpus() -> dict[str, Any]:
    zone: dict[str, Any] = {"": [("NS", "ns.root.test.")]}
    for name, answer in json.loads((DATA / "mail-dkim.dns.json").read_text()).items():
        zone[name] = [("TXT", answer["txt"])] if "txt" in answer else answer.get("rcode", "NXDOMAIN").upper()
    return zone


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_messages_of_another_verifier(case: dict[str, Any]) -> None:
    """Where that one says pass by SHA-1 or a key under 1024 bits, RFC 8301 says that nobody may."""
    message = (DATA / "mail-dkim" / case["id"]).read_bytes()
    try:
        results = [item.result for item in verify(message, world.resolver(zone_of_the_corpus()))]
    except ProbeError:
        results = ["temperror"]
    expected = case["upstream_result"] == "pass" and case["rfc8301"] == "ok"
    assert ("pass" in results) is expected, results


def test_the_examples_of_the_standards_verify() -> None:
    zone = {"brisbane._domainkey.football.example.com":
            [("TXT", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")],
            "test._domainkey.football.example.com":
            [("TXT", json.loads((DATA.parent / "dmarc/rspamd.dns.json").read_text())
              ["test._domainkey.football.example.com"][0])]}  # fmt: skip
    message = (DATA / "dkimpy" / "rfc6376.signed.msg").read_bytes()
    found = verify(message, world.resolver(zone))
    assert found and all(item.result == "pass" for item in found), found
    changed = message.replace(b"We lost the game", b"We won the game")
    assert not any(item.result == "pass" for item in verify(changed, world.resolver(zone)))
    # The same key, for testing in subdomains only: t=s and an i= below d= are fine as long as they agree.
    flagged = {name: [("TXT", text.replace("k=", "t=s; k="))] for name, ((_, text),) in zone.items()}
    assert {item.result for item in verify(message, world.resolver(flagged))} == {"pass"}


def test_a_signature_under_an_undeclared_selector_is_named() -> None:
    own = Signature("a.test", "old", "rsa-sha256", "fail: no key is published for it", partial=True)
    found = Signatures((own,), 0, "a.test")
    assert found.undeclared(frozenset({"new"})) == ("old",)
    assert found.partial and found.results == {"old._domainkey.a.test (rsa-sha256)": own.result}
    assert Signatures((), 2, Domain("a.test").name).results == {"of a.test": "the message bears no signature"}


@given(st.text(max_size=200), st.binary(max_size=200))
def test_no_message_breaks_the_verifier(header: str, body: bytes) -> None:
    text = header.encode("utf-8", "surrogatepass").replace(b"\n", b"").replace(b"\r", b"")
    message = b"From: a@a.test\r\nDKIM-Signature: a=rsa-sha256; d=a.test; s=x; " + text + b"\r\n\r\n" + body
    resolver = world.resolver({"": [("NS", "ns.root.test.")], "a.test": [("TXT", "x")]})
    try:
        assert all(item.result.startswith("fail") for item in verify(message, resolver))
    except ProbeError as error:
        assert "is no domain name" in str(error)
