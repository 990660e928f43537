"""The judgements on what was negotiated, on both sides of each limit, and the profiles against their sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checks.tls import test_confusion as confusion
from checks.tls import test_negotiation as negotiation
from fixtures.errors import ProbeError
from fixtures.estate import Endpoint
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.options import SUITE
from fixtures.policy import PolicyView, load_policy
from fixtures.tls.consistency import Consistency, compare
from fixtures.tls.handshake import Handshake, parse
from fixtures.tls.iana import SUITES, TLS13_SUITES, weaknesses
from fixtures.tls.injection import Injection
from fixtures.tls.profiles import CLASSES, profile, profiles

MOZILLA = json.loads((Path(__file__).parents[1] / "data/tls/mozilla/6.0.json").read_text())["configurations"]
GOOD12 = ["ECDHE_RSA_WITH_AES_128_GCM_SHA256"]


def policy(*names: str) -> PolicyView:
    return load_policy(*(SUITE / "policy" / f"{name}.yml" for name in names)).view()


def shake(part12: dict[str, Any] | None = None, part13: dict[str, Any] | None = None, **record: Any) -> Handshake:
    """A survey that went well, but for what is given."""
    finished = {"outcome": "finished", "renegotiations": 0, "early_data": 0, "signature": "ecdsa_secp256r1_sha256"}
    old = {"SSLv2": "refused", "SSLv3": "refused", "TLSv1": "refused", "TLSv1.1": "refused"}
    spoken = {**old, "TLSv1.2": "accepted", "TLSv1.3": "accepted"}
    base: dict[str, Any] = {
        "versions": {name: {"outcome": how, "detail": ""} for name, how in spoken.items()},
        "tls13": {
            "suites": ["AES_256_GCM_SHA384"], "suites_ended": "refused", "groups": ["x25519", "X25519MLKEM768"],
            "groups_ended": "refused", "finished": finished, **(part13 or {}),
        },
        "tls12": {
            "suites": GOOD12, "suites_ended": "refused", "groups": ["x25519"], "groups_ended": "refused",
            "signatures": ["rsa_pss_rsae_sha256"], "dh_bits": [], "extended_master_secret": True, "compression": 0,
            "secure_renegotiation": True, "preference": "server", "finished": finished,
            "broken": {"outcome": "refused", "detail": ""}, **(part12 or {}),
        },
    }  # fmt: skip
    return parse(base | record, "mx")


def level(check: Any, *facts: Any, profile: str = "") -> str:
    evidence = Evidence()
    try:
        check(*facts, policy(*([profile] if profile else [])), evidence)
    except RequirementFailed:
        return "fail"
    return evidence.level


@pytest.mark.parametrize(
    ("suites", "expected"),
    [
        (GOOD12, "pass"),
        ([*GOOD12, "ECDHE_RSA_WITH_AES_128_CBC_SHA"], "warn"),
        ([*GOOD12, "DHE_RSA_WITH_AES_256_GCM_SHA384"], "warn"),
        ([*GOOD12, "RSA_WITH_AES_128_GCM_SHA256"], "fail"),
        (["DH_anon_WITH_AES_128_GCM_SHA256"], "fail"),
    ],
)
def test_suites(suites: list[str], expected: str) -> None:
    seen = shake({"suites": suites})
    assert level(negotiation.test_suites_are_strong, seen) == expected
    kinds = {kind for suite in suites for kind in weaknesses(suite)} - {"CBC"}
    expected34 = "pass" if not kinds else "warn" if kinds == {"FFDHE"} else "fail"
    assert level(negotiation.test_no_broken_key_exchange_or_cipher, seen) == expected34


@pytest.mark.parametrize(
    ("name", "suite", "expected"),
    [
        ("ncsc-nl", "ECDHE_RSA_WITH_AES_128_CBC_SHA", "fail"),
        ("ncsc-nl", "ECDHE_RSA_WITH_AES_128_CBC_SHA256", "warn"),
        ("bsi", "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "pass"),
        ("bsi", "ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256", "fail"),
        ("modern", "ECDHE_RSA_WITH_AES_128_GCM_SHA256", "warn"),
        ("modern", "ECDHE_RSA_WITH_AES_128_CBC_SHA256", "fail"),
        ("strict", "RSA_WITH_AES_128_GCM_SHA256", "fail"),
        ("intermediate", "ECDHE_RSA_WITH_AES_128_CBC_SHA", "warn"),
    ],
)
def test_each_profile_has_its_own_mind(name: str, suite: str, expected: str) -> None:
    assert level(negotiation.test_suites_are_strong, shake({"suites": [suite]}), profile=name) == expected


def test_a_list_that_was_not_gone_through_is_not_measured() -> None:
    for part in ({"suites_ended": "unmeasured"}, {"suites_ended": "closed"}):
        with pytest.raises(ProbeError, match="not all suites"):
            level(negotiation.test_suites_are_strong, shake(part, closed_last=True))
    assert level(negotiation.test_suites_are_strong, shake({"suites_ended": "closed"})) == "pass"
    unfinished = {"finished": {"outcome": "unmeasured", "detail": "silent: nothing came"}}
    with pytest.raises(ProbeError, match="nothing came"):
        level(negotiation.test_handshakes_are_sound, shake(unfinished))


def test_a_server_of_old_versions_alone_has_passed_nothing() -> None:
    old = {"TLSv1": {"outcome": "accepted"}, "TLSv1.2": {"outcome": "refused"}, "TLSv1.3": {"outcome": "refused"}}
    seen = shake(versions=old, tls12=None, tls13=None)
    for check in (
        negotiation.test_suites_are_strong,
        negotiation.test_no_broken_key_exchange_or_cipher,
        negotiation.test_groups_are_strong,
        negotiation.test_handshakes_are_signed_well,
        negotiation.test_handshakes_are_sound,
    ):
        with pytest.raises(ProbeError, match="neither"):
            level(check, seen)


@pytest.mark.parametrize(
    ("part12", "part13", "expected"),
    [
        ({}, {}, "pass"),
        ({}, {"groups": ["x25519"]}, "notice"),  # no hybrid
        ({"groups": ["secp224r1"]}, {}, "notice"),
        ({"groups": ["secp192r1"]}, {}, "fail"),
        ({"groups": ["sect283r1"]}, {}, "warn"),
        ({"dh_bits": [2048]}, {}, "pass"),
        ({"dh_bits": [2047]}, {}, "fail"),
        ({}, {"groups": ["X25519MLKEM768", "ffdhe2048"]}, "notice"),
    ],
)
def test_groups(part12: dict[str, Any], part13: dict[str, Any], expected: str) -> None:
    assert level(negotiation.test_groups_are_strong, shake(part12, part13)) == expected


def test_signatures() -> None:
    check = negotiation.test_handshakes_are_signed_well
    assert level(check, shake()) == "pass"
    assert level(check, shake({"broken": {"outcome": "accepted", "detail": ""}})) == "fail"
    assert level(check, shake({"signatures": ["rsa_pkcs1_sha256"]})) == "notice"
    assert level(check, shake({"signatures": ["rsa_pkcs1_sha256"]}), profile="bsi") == "warn"
    with pytest.raises(ProbeError, match="SHA-1"):
        level(check, shake({"broken": {"outcome": "unmeasured", "detail": "silence"}}))


def finished(**what: int) -> dict[str, Any]:
    return {"finished": {"outcome": "finished", "renegotiations": 0, "early_data": 0, **what}}


@pytest.mark.parametrize(
    ("part12", "part13", "expected"),
    [
        ({}, {}, "pass"),
        ({"compression": 1}, {}, "fail"),
        ({"secure_renegotiation": False}, {}, "fail"),
        ({"extended_master_secret": False}, {}, "warn"),
        (finished(renegotiations=1), {}, "notice"),
        (finished(renegotiations=9), {}, "notice"),
        (finished(renegotiations=10), {}, "fail"),
        ({}, finished(early_data=1), "fail"),
    ],
)
def test_soundness(part12: dict[str, Any], part13: dict[str, Any], expected: str) -> None:
    assert level(negotiation.test_handshakes_are_sound, shake(part12, part13)) == expected


@pytest.mark.parametrize(("outcome", "expected"), [("discarded", "pass"), ("refused", "pass"), ("executed", "fail")])
def test_injection(outcome: str, expected: str) -> None:
    evidence = Evidence()
    try:
        confusion.test_nothing_before_tls_counts(Injection(outcome, "x"), evidence)
    except RequirementFailed:
        assert expected == "fail"
    else:
        assert evidence.level == expected


def test_web_names_and_differences_warn() -> None:
    assert level(confusion.test_no_browser_can_be_led_here, []) == "pass"
    assert level(confusion.test_no_browser_can_be_led_here, ["*.example.org"]) == "warn"
    assert level(confusion.test_tls_is_the_same_everywhere, Consistency()) == "pass"
    assert level(confusion.test_tls_is_the_same_everywhere, Consistency(differences=["x"])) == "warn"


def at(host: str, address: str, port: int, protocol: Any = "smtp") -> Endpoint:
    return Endpoint(host, address, port, protocol, "starttls", host, 6 if ":" in address else 4)


def test_differences_are_named() -> None:
    same = {"versions": "TLSv1.2 TLSv1.3", "suites": "a b", "groups": "x25519", "certificate": "c1"}
    found = {at("mx1", "192.0.2.1", 25): same, at("mx1", "2001:db8::1", 25): same, at("mx2", "192.0.2.2", 25): same}
    assert compare(found) == []
    found[at("mx1", "2001:db8::1", 25)] = same | {"certificate": "c2"}
    assert compare(found) == ["certificate of mx1:25 differ: c1 at 192.0.2.1, c2 at 2001:db8::1"]
    found[at("mx1", "2001:db8::1", 25)] = same
    found[at("mx2", "192.0.2.2", 25)] = same | {"versions": "TLSv1.3", "certificate": "c3"}
    assert compare(found) == ["versions of the MX hosts differ: TLSv1.2 TLSv1.3 at mx1, TLSv1.3 at mx2"]
    found[at("mx2", "192.0.2.2", 25)] = same
    found[at("mx1", "192.0.2.1", 993, "imap")] = same | {"versions": "TLSv1 TLSv1.2"}
    assert compare(found) == ["versions of mx1 differ: TLSv1 TLSv1.2 at port 993, TLSv1.2 TLSv1.3 at port 25"]


def names(configuration: dict[str, Any]) -> list[str]:
    return [name.removeprefix("TLS_") for name in (*configuration["ciphers"]["iana"], *configuration["ciphersuites"])]


def groups(configuration: dict[str, Any]) -> list[str]:
    return [{"prime256v1": "secp256r1"}.get(name, name.replace("X25519", "x25519") if name == "X25519" else name)
            for name in configuration["tls_curves"]]  # fmt: skip


@pytest.mark.parametrize("name", ["modern", "intermediate"])
def test_mozilla_agrees(name: str) -> None:
    theirs, ours = MOZILLA[name], profile(name)
    assert ours.graded_suites(names(theirs))["good"] == names(theirs)
    assert ours.graded_groups(groups(theirs))["good"] == groups(theirs)
    good = ours.graded_suites([*SUITES.values(), *TLS13_SUITES.values()])["good"]
    assert set(good) == set(names(theirs))  # and nothing else is good
    allowed = policy(name)["tls.versions_allowed"]
    assert sorted(allowed) == sorted(theirs["tls_versions"])


def test_no_profile_lets_what_is_broken_pass() -> None:
    for each in profiles().values():
        graded = each.graded_suites(SUITES.values())
        for name in (*graded["good"], *graded["sufficient"], *graded["phase_out"]):
            assert set(weaknesses(name)) <= {"CBC", "FFDHE"}, (each.name, name)
        assert not set(weaknesses(graded["good"][0])) if graded["good"] else True
        assert set(graded) == set(CLASSES) and each.dated and each.title


def test_the_offer_stays_small_enough_for_old_servers() -> None:
    assert len(SUITES) <= 126
    assert len(set(SUITES.values())) == len(SUITES)


def test_every_profile_that_policy_knows_exists() -> None:
    for name in ("modern", "intermediate", "strict", "ncsc-nl", "bsi"):
        assert policy(name)["tls.profile"] in profiles()
    with pytest.raises(ProbeError, match="none of"):
        profile("best")
