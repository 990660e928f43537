"""What independent tools say is read rightly, and a difference needs an explanation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.agreement import checkdmarc, sslyze
from bench.agreement.__main__ import main
from bench.agreement.compare import Explained, compare, explanations
from bench.agreement.dig import joined, key_of, size_of, trust_anchor
from bench.agreement.openssl import strength
from bench.agreement.opinion import Opinion, first_line, run
from bench.agreement.report import as_json, as_markdown, summary, unused
from bench.agreement.swaks import reply, second, steps, words
from bench.agreement.watch import FAULTS, Watch, all_tools
from fixtures.errors import InputError
from fixtures.estate import Domain, Endpoint
from fixtures.faults.compare import Bundle, Finding
from fixtures.faults.model import read_faults

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SAID = [Opinion("dig", "DNS-034", "a.test", False, "two"), Opinion("dig", "DNS-030", "a.test", True)]
FINDINGS = {
    ("DNS-034", "a.test"): Finding("DNS-034", "a.test", "a.test", "fail"),
    ("DNS-030", "a.test"): Finding("DNS-030", "a.test", "a.test", "fail", "mx is a\nCNAME"),
}
WHY = Explained("dig", "DNS-030", ours="fail", theirs="good", why="it follows aliases", fault="dns/*")
HEAD = {"date": "2026-11-25", "suite": "0.1.0", "tools": {"dig": "DiG 9.18", "sslyze": ""}}


def test_opinions_are_held_against_verdicts() -> None:
    same, other = compare("dns/mx-alias", [*SAID, Opinion("dig", "DNS-999", "a.test", True)], FINDINGS, [])
    assert same.agrees and other.unknown
    assert str(other) == "dns/mx-alias: DNS-030 a.test: dig: good (); ours: fail (mx is a CNAME)"
    assert compare("dns/mx-alias", SAID, FINDINGS, [WHY])[1].why == "it follows aliases"
    assert compare("healthy", SAID, FINDINGS, [WHY])[1].unknown


@pytest.mark.parametrize(
    ("verdict", "good", "agrees"),
    [("pass", True, True), ("notice", True, True), ("warn", False, True), ("warn", True, False),
     ("not_measured", True, False), ("not_measured", False, False)],
)  # fmt: skip
def test_what_is_agreement(verdict: str, good: bool, agrees: bool) -> None:
    findings = {("DNS-034", "a.test"): Finding("DNS-034", "a.test", "a.test", verdict)}
    (row,) = compare("healthy", [Opinion("dig", "DNS-034", "a.test", good)], findings, [])
    assert row.agrees is agrees


def test_what_is_not_applicable_is_not_compared() -> None:
    findings = {("DNS-034", "a.test"): Finding("DNS-034", "a.test", "a.test", "not_applicable")}
    assert not compare("healthy", SAID, findings, [])


def test_the_table_names_every_difference() -> None:
    rows = compare("dns/mx-alias", SAID, FINDINGS, [WHY])
    spare = Explained("delv", "DNS-051", ours="fail", theirs="good", why="never seen")
    text = as_markdown(HEAD, rows, [WHY, spare])
    assert "- sslyze: missing" in text and "| dns/mx-alias | 1/2 | 1 |" in text
    assert "it follows aliases (dns/mx-alias, a.test)" in text and "never seen" in text
    data = as_json(HEAD, rows, [WHY, spare])
    assert (data["compared"], data["agreed"], len(data["differences"])) == (2, 1, 1)
    assert unused(rows, [WHY, spare]) == [spare]
    unexplained = compare("dns/mx-alias", SAID, FINDINGS, [])
    assert "## Differences without explanation" in as_markdown(HEAD, unexplained, [])
    assert summary(unexplained).endswith("0 differ with a reason, 1 without")


def test_the_explanations_of_the_suite_can_apply(tmp_path: Path) -> None:
    assert {item.tool for item in explanations()} <= set(all_tools(tmp_path))
    (tmp_path / "d.yml").write_text("- {tool: dig}\n")
    with pytest.raises(InputError, match=r"d.yml:1: a difference has"):
        explanations(tmp_path / "d.yml")
    (tmp_path / "d.yml").write_text("{}")
    with pytest.raises(InputError, match="a list of differences"):
        explanations(tmp_path / "d.yml")


def test_the_chosen_faults_exist() -> None:
    assert set(FAULTS) <= {fault.name for fault in read_faults()}


def test_the_tools_follow_each_run_but_not_the_last() -> None:
    class Told:
        name = "dig"

        def version(self) -> str:
            return "1"

        def opinions(self, estate: Any) -> list[Opinion]:
            return SAID

    class Suite:
        def run(self, name: str) -> Bundle:
            return Bundle(FINDINGS)

    said: list[str] = []
    watch = Watch(Suite(), None, {"dig": Told()}, [], said.append)  # type: ignore[arg-type]
    for name in ("baseline", "dns.mx-alias", "between", "after"):
        watch.run(name)
    assert [row.fault for row in watch.rows] == ["healthy", "healthy", "dns/mx-alias", "dns/mx-alias"]
    assert "healthy: dig: 2 compared, 1 bad, 1 differ" in said


def test_a_tool_that_is_missing_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tools = all_tools(tmp_path)
    assert tools["sslyze"].version() == "" and tools["checkdmarc"].version() == ""
    assert first_line(["no-such-program-here"]) == ""
    assert run(["no-such-program-here"]).text == "no-such-program-here is not installed"
    assert main(["--tools=nmap"]) == 4
    assert "no such tool: nmap" in capsys.readouterr().err


def test_dig_and_openssl_are_read() -> None:
    assert joined(r'"v=spf1 " "exp=a\"b" " -all"') == 'v=spf1 exp=a"b -all'
    assert key_of("v=DKIM1;p=") == "" and key_of("k=rsa; p=AB CD; n=x") == "ABCD"
    assert size_of("no key!") == 0
    assert trust_anchor(["257 3 13 AA BB", "short"]).splitlines()[1] == '    . static-key 257 3 13 "AABB";'
    assert strength("Signature Algorithm: ecdsa-with-SHA256\nid-ecPublicKey\nPublic-Key: (256 bit)")[0]
    assert not strength("Signature Algorithm: sha256WithRSAEncryption\nPublic-Key: (1024 bit)")[0]


SWAKS = """\
=== Connected to 10.77.0.11.
<-  220 mx1.example.test ESMTP
 -> EHLO gateway.example.test
<-  250-mx1.example.test
<-  250 STARTTLS
 -> STARTTLS
<-  220 2.0.0 Ready to start TLS
=== TLS started with cipher TLSv1.3:TLS_AES_256_GCM_SHA384:256
 ~> EHLO gateway.example.test
<~  250-mx1.example.test
<~  250-AUTH PLAIN LOGIN
<~  250 SIZE 20480000
 ~> MAIL FROM:<a@b.test>
<~* 554 5.7.1 no
"""


def test_swaks_is_read() -> None:
    """In the clear and inside TLS, replies good and bad."""
    found = steps(SWAKS)
    greeting, first, after = reply(found, ""), reply(found, "EHLO"), second(found, "EHLO")
    assert greeting and greeting.code == "220"
    assert first and words(first) == {"STARTTLS"}
    assert after and words(after) == {"AUTH", "SIZE"}
    assert found[-1].code == "554" and reply(steps(""), "EHLO") is None


def scan(result: Any) -> dict[str, Any]:
    return {"status": "COMPLETED", "result": result}


def suites(*names: str) -> dict[str, Any]:
    return scan({"accepted_cipher_suites": [{"cipher_suite": {"name": name}} for name in names]})


def sslyze_result(error: str = "") -> dict[str, Any]:
    leaf = {
        "not_valid_after": "2026-11-26T00:00:00+00:00",
        "public_key": {"key_size": 2048, "algorithm": "_RSAPublicKey"},
        "signature_hash_algorithm": {"name": "sha1"},
    }
    validated = {"trust_store": {"name": "Supplied CA file"}, "validation_error": error, "was_validation_successful": not error}
    deployment = {"path_validation_results": [validated], "received_certificate_chain": [leaf]}
    return {
        "connectivity_status": "COMPLETED",
        "scan_result": {
            "ssl_3_0_cipher_suites": suites(),
            "tls_1_0_cipher_suites": suites("TLS_RSA_WITH_RC4_128_SHA"),
            "tls_1_1_cipher_suites": suites(),
            "tls_1_2_cipher_suites": suites("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
            "tls_1_3_cipher_suites": suites("TLS_AES_128_GCM_SHA256"),
            "tls_compression": scan({"supports_compression": False}),
            "elliptic_curves": scan({"supported_curves": [{"name": "X25519"}]}),
            "session_renegotiation": scan(
                {"supports_secure_renegotiation": True, "is_vulnerable_to_client_renegotiation_dos": False}
            ),
            "tls_extended_master_secret": scan({"supports_ems_extension": True}),
            "certificate_info": scan({"certificate_deployments": [deployment]}),
        },
    }


ENDPOINT = Endpoint("mx.a.test", "192.0.2.1", 25, "smtp", "starttls", "mx.a.test", 4)


def test_sslyze_is_read() -> None:
    found = {item.id: item.good for item in sslyze.look(ENDPOINT, sslyze_result(), NOW)}
    good = {id for id, fine in found.items() if fine}
    assert good == {"TLS-030", "TLS-035", "TLS-037", "TLS-038", "TLS-039"}
    assert set(found) - good == {"TLS-001", "TLS-032", "TLS-033", "TLS-034", "TLS-040", "TLS-044"}
    wrong_name = {item.id: item.good for item in sslyze.look(ENDPOINT, sslyze_result("no matching subjectAltName"), NOW)}
    assert wrong_name["TLS-039"] is False and "TLS-038" not in wrong_name
    silent = {"connectivity_status": "ERROR", "connectivity_error_trace": "x\nConnectionRefused"}
    (only,) = sslyze.look(ENDPOINT, silent, NOW)
    assert (only.id, only.good, only.said) == ("TLS-030", False, "ConnectionRefused")
    assert sslyze.target(ENDPOINT) == "mx.a.test:25{192.0.2.1}"


def test_checkdmarc_is_read() -> None:
    result = {
        "domain": "a.test", "dnssec": True, "mx": {"hosts": [{"hostname": "mx.a.test", "addresses": ["192.0.2.1"]}]},
        "spf": {"valid": True, "dns_lookups": 11, "void_dns_lookups": 0, "parsed": {"all": "pass"}},
        "dmarc": {"valid": True, "tags": {"p": {"value": "reject"}, "sp": {"value": "none"}}},
        "mta_sts": {"valid": True, "policy": {"mode": "testing"}}, "smtp_tls_reporting": {"valid": False, "error": "no"},
    }  # fmt: skip
    found = {item.id: item.good for item in checkdmarc.look(Domain("a.test", mx=("mx.a.test",)), result)}
    assert {id for id, good in found.items() if not good} == {"DNS-035", "DNS-036", "DNS-044", "DNS-048", "DNS-049"}
