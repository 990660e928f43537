"""Each of the seven verdicts, from how a check ends; and what it does to the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.harness import check, run

ONE_HOST = "all: {children: {mta: {hosts: {mx1.example.org: {ansible_connection: local}}}}}\n"
CASES = {
    "pass": 'evidence.compare("answer", 42, "==", 42)',
    "notice": 'evidence.band("use", 75, {"ok": 70, "warn": 80, "fail": 90}, unit="%")',
    "warn": 'evidence.band("use", 80, {"ok": 70, "warn": 80, "fail": 90}, unit="%")',
    "fail": 'evidence.band("use", 90, {"ok": 70, "warn": 80, "fail": 90}, unit="%")',
    "not_measured": 'raise ProbeError("no permission to read /x")',
    "not_applicable": 'raise NotApplicable("a virtual disk")',
}
NEVER_A_PASS = {
    "nothing measured": ("pass", "without measuring"),
    "empty mapping": ('evidence.each("x", {}, "==", 1)', "nothing to compare"),
    "crash": ("{}['x']", "broke: KeyError"),
    "skip": ("import pytest; pytest.skip('later')", "left itself out: later"),
    "testinfra cannot run": ('host.check_output("grep x /nowhere")', "ended with 2"),
    "command not allowed": ('host.run("reboot")', "not on the list"),
    "wrong types": ('evidence.compare("x", "many", "<=", 3)', "cannot be compared"),
    "no number": ('evidence.band("x", float("nan"), {"fail": 3})', "measured no number"),
    "no number compared": ('evidence.compare("x", float("nan"), "!=", 3.0)', "measured no number"),
    "no limits": ('evidence.band("x", 3, {})', "no limits"),
}


@pytest.mark.parametrize("verdict", CASES)
def test_each_verdict_and_its_exit_code(tmp_path: Path, verdict: str) -> None:
    outcome = run(tmp_path, check("SVC-001", CASES[verdict]), inventory=ONE_HOST)
    assert outcome.verdicts() == {("SVC-001", "mx1.example.org"): verdict}, outcome.output
    expected = {"fail": 1, "not_measured": 1, "not_applicable": 5}.get(verdict, 0)
    assert outcome.code == expected == outcome.evidence["run"]["exit_code"]


@pytest.mark.parametrize("name", NEVER_A_PASS)
def test_what_was_not_measured_is_never_a_pass(tmp_path: Path, name: str) -> None:
    body, said = NEVER_A_PASS[name]
    outcome = run(tmp_path, check("SVC-001", body), inventory=ONE_HOST)
    assert outcome.verdicts() == {("SVC-001", "mx1.example.org"): "not_measured"}, outcome.output
    assert said in outcome.message("SVC-001")
    assert outcome.code == 1


def test_a_swallowed_failure_is_still_a_failure(tmp_path: Path) -> None:
    body = """
        try:
            evidence.compare("x", 1, "==", 2)
        except AssertionError:
            pass
    """
    outcome = run(tmp_path, check("SVC-001", body), inventory=ONE_HOST)
    assert set(outcome.verdicts().values()) == {"fail"}
    assert outcome.code == 1


def test_warnings_fail_the_run_only_when_asked(tmp_path: Path) -> None:
    source = check("SVC-001", CASES["warn"])
    assert run(tmp_path, source, inventory=ONE_HOST).code == 0
    assert run(tmp_path, source, "--fail-on=warn", inventory=ONE_HOST, name="two").code == 1


def test_a_failing_fact_is_not_measured_for_every_check_that_uses_it_and_looked_for_once(tmp_path: Path) -> None:
    source = (
        """
@fact
def broken(host):
    host.run("test -e /nowhere")
    raise ProbeError(f"looked {len(list(host.shell.tape))}")


"""
        + check("SVC-001", 'evidence.compare("x", broken, "==", 1)', arguments="broken, evidence")
        + check("SVC-002", 'evidence.compare("x", broken, "==", 1)', arguments="broken, evidence")
    )
    outcome = run(tmp_path, source, inventory=ONE_HOST)
    results = outcome.evidence["results"]
    assert [item["verdict"] for item in results] == ["not_measured"] * 2
    assert results[0]["message"] == results[1]["message"] == "looked 1"
    assert results[0]["exchanges"] == results[1]["exchanges"] != []


def test_measurements_are_recorded_on_pass_and_exchanges_come_by_themselves(tmp_path: Path) -> None:
    outcome = run(
        tmp_path,
        check("SVC-001", 'evidence.compare("kernel", host.check_output("uname -s"), "==", "Linux")'),
        inventory=ONE_HOST,
    )
    [result] = outcome.evidence["results"]
    assert result["measurements"] == [
        {"what": "kernel", "measured": "Linux", "op": "==", "limit": "Linux", "unit": "", "ok": True, "level": "pass"}
    ]
    [exchange] = [outcome.evidence["exchanges"][id] for id in result["exchanges"]]
    assert (exchange["kind"], exchange["request"], exchange["answer"]) == ("shell", "uname -s", "Linux")


def test_what_has_no_subject_is_listed_with_the_reason(tmp_path: Path) -> None:
    source = (
        check("SVC-001", 'evidence.compare("x", 1, "==", 1)')
        + check("SVC-002", 'evidence.compare("x", 1, "==", 1)', options='group="imap"')
        + check("FLOW-044", 'evidence.compare("x", 1, "==", 1)', options='group="mta", active=True')
        + check("MON-008", 'evidence.compare("x", 1, "==", 1)', arguments="records, evidence", options="")
    )
    outcome = run(tmp_path, source, inventory=ONE_HOST)
    reasons = {item["id"]: item["reason"] for item in outcome.evidence["not_applicable"]}
    assert set(reasons) == {"SVC-002", "FLOW-044", "MON-008"}
    assert (
        "group imap" in reasons["SVC-002"] and "--active" in reasons["FLOW-044"] and "--records" in reasons["MON-008"]
    )
    assert outcome.code == 0


def test_nothing_to_run_is_no_success(tmp_path: Path) -> None:
    outcome = run(tmp_path, check("SVC-001", "pass", options='group="db"'), inventory=ONE_HOST)
    assert outcome.code == 5


def test_secrets_do_not_reach_the_bundle(tmp_path: Path) -> None:
    body = """
        out = host.check_output("printf '%s\\\\n' 'password = sesame-open' '-----BEGIN PRIVATE KEY-----' MIIabc '-----END PRIVATE KEY-----'")
        evidence.compare("lines", len(out.splitlines()), "==", 4)
        evidence.attach("settings", out)
    """
    outcome = run(tmp_path, check("SVC-001", body), inventory=ONE_HOST)
    assert set(outcome.verdicts().values()) == {"pass"}, outcome.output
    import gzip

    for path in outcome.directory.rglob("*"):
        if path.is_file():
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            assert b"MIIabc" not in data, path
