"""Bad input ends in a clear message with file and line (exit 4), or in not_measured; never in a traceback or a hang."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.engine.harness import check, run

ONE = check("SVC-001", 'evidence.compare("system", host.check_output("uname -s"), "==", "Linux")')
HOST = "all: {children: {mta: {hosts: {mx1.example.org: {ansible_connection: local}}}}}\n"
SOON = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%d")
PAST = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%d")
FAR = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%d")

INVENTORIES = {
    "broken YAML": ("all:\n  hosts: {a: [\n", "inventory.yml:3"),
    "tabs": ("all:\n\thosts: {}\n", "inventory.yml:2"),
    "empty": ("", "is empty"),
    "no hosts": ("all: {children: {mta: {}}}\n", "no hosts"),
    "a list": ("- a\n- b\n", "mapping is expected"),
    "unknown group key": ("all:\n  children:\n    mta:\n      host: {a: {}}\n", "inventory.yml:4: group mta: unknown key 'host'"),
    "unknown key": ("all:\n  hosts:\n    a:\n      mailproof:\n        endpoint: []\n", "inventory.yml:5: a: mailproof.endpoint: unknown key"),
    "bad port": ("all:\n  hosts:\n    a:\n      mailproof:\n        addresses: [192.0.2.1]\n        endpoints:\n"
                 "          - {port: 99999, protocol: smtp, tls: none}\n", "inventory.yml:7"),
    "bad address": ("all:\n  hosts:\n    a: {mailproof: {addresses: [mx.example.org]}}\n", "inventory.yml:3"),
    "endpoints without address": ("all: {hosts: {a: {mailproof: {endpoints: [{port: 25, protocol: smtp, tls: none}]}}}}\n", "need mailproof.addresses"),
    "key twice": ("all:\n  hosts:\n    a: {}\n    a: {}\n", "inventory.yml:4: the key 'a' stands twice"),
    "template": ("all: {hosts: {a: {ansible_host: '{{ lookup }}'}}}\n", "ansible-inventory --list"),
    "unknown signer": ("all: {vars: {mailproof: {domains: {d.org: {selectors: [{name: s, signer: b}]}}}}, hosts: {a: {}}}\n", "b is not a host"),
    "endless range": ("all: {hosts: {'a[0:99999999]': {}}}\n", "larger than"),
    "python tag": ("all: !!python/object/apply:os.system ['echo']\n", "inventory.yml:1"),
}  # fmt: skip


@pytest.mark.parametrize("name", INVENTORIES)
def test_inventory(tmp_path: Path, name: str) -> None:
    text, said = INVENTORIES[name]
    outcome = run(tmp_path, ONE, inventory=text)
    assert outcome.code == 4, outcome.output
    assert said in outcome.output and "Traceback" not in outcome.output
    assert not outcome.directory.exists()


POLICIES = {
    "unknown key": ("net:\n  conect_timeout_s: 3\n", "policy.yml:2: unknown key 'conect_timeout_s'"),
    "wrong kind": ("net:\n  connect_timeout_s: soon\n", "policy.yml:2: connect_timeout_s: 'soon' is no"),
    "unknown severity": ("severity:\n  SVC-001: grave\n", "policy.yml:2"),
    "severity of nothing": ("severity:\n  SVC-999: low\n", "unknown requirement 'SVC-999'"),
    "override without set": ("overrides:\n  - {target: a}\n", "policy.yml:2: an override"),
    "broken YAML": ("net: [\n", "policy.yml:2"),
}


@pytest.mark.parametrize("name", POLICIES)
def test_policy(tmp_path: Path, name: str) -> None:
    text, said = POLICIES[name]
    (tmp_path / "policy.yml").write_text(text)
    outcome = run(tmp_path, ONE, f"--policy={tmp_path / 'policy.yml'}", inventory=HOST)
    assert outcome.code == 4, outcome.output
    assert said in outcome.output and "Traceback" not in outcome.output


WAIVERS = {
    "unknown id": (
        f"- {{requirement: SVC-999, target: '*', reason: a long reason, approver: me, until: {SOON}}}\n",
        "waivers.yml:1: waiver 1: unknown requirement",
    ),
    "no approver": (
        f"- requirement: SVC-001\n  target: '*'\n  reason: a long reason\n  until: {SOON}\n",
        "waiver 1: approver",
    ),
    "too far away": (
        f"- {{requirement: SVC-001, target: '*', reason: a long reason, approver: me, until: {FAR}}}\n",
        "more than 180 days",
    ),
    "no date": (
        "- {requirement: SVC-001, target: '*', reason: a long reason, approver: me, until: never}\n",
        "waiver 1: until",
    ),
    "no list": ("requirement: SVC-001\n", "a list of waivers"),
}


@pytest.mark.parametrize("name", WAIVERS)
def test_waivers(tmp_path: Path, name: str) -> None:
    text, said = WAIVERS[name]
    (tmp_path / "waivers.yml").write_text(text)
    outcome = run(tmp_path, ONE, f"--waivers={tmp_path / 'waivers.yml'}", inventory=HOST)
    assert outcome.code == 4, outcome.output
    assert said in outcome.output and "Traceback" not in outcome.output


def test_a_waiver_holds_until_it_expires_and_an_unused_one_is_reported(tmp_path: Path) -> None:
    source = check("SVC-001", 'evidence.compare("x", 1, "==", 2)') + check(
        "SVC-002", 'evidence.compare("x", 1, "==", 2)'
    )
    (tmp_path / "waivers.yml").write_text(
        f"- {{requirement: SVC-001, target: 'mx1*', reason: a new box is on its way, approver: j.doe, until: {SOON}}}\n"
        f"- {{requirement: SVC-002, target: 'mx1*', reason: a new box is on its way, approver: j.doe, until: {PAST}}}\n"
        f"- {{requirement: SVC-001, target: 'mx9*', reason: a new box is on its way, approver: j.doe, until: {SOON}}}\n"
    )
    outcome = run(tmp_path, source, f"--waivers={tmp_path / 'waivers.yml'}", inventory=HOST)
    assert outcome.verdicts() == {("SVC-001", "mx1.example.org"): "waived", ("SVC-002", "mx1.example.org"): "fail"}
    assert [item["status"] for item in outcome.evidence["waivers"]] == ["used", "expired", "unused"]
    assert f"expired on {PAST}" in outcome.message("SVC-002") and "j.doe" in outcome.message("SVC-001")
    assert outcome.code == 1


OPTIONS = {
    "phase without change": (["--phase=pre"], "belong together"),
    "shard": (["--shard=3/2"], "I/N"),
    "target": (["--target=nowhere*"], "no host, domain or endpoint"),
    "resolver": (["--resolver=ns1"], "not an address"),
    "profile": (["--profile=../x"], "there is no"),
    "replay": (["--replay=/nowhere"], "cannot read the snapshot"),
    "records": (["--records=/nowhere"], "/nowhere"),
    "policy": (["--policy=/nowhere.yml"], "No such file"),
    "unknown option": (["--inventroy=x"], "unrecognized arguments"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(tmp_path: Path, name: str) -> None:
    options, said = OPTIONS[name]
    outcome = run(tmp_path, ONE, *options, inventory=HOST)
    assert outcome.code == 4, outcome.output
    assert said in outcome.output and "Traceback" not in outcome.output


def test_no_inventory_is_a_usage_error(tmp_path: Path) -> None:
    outcome = run(tmp_path, ONE, inventory=None)
    assert outcome.code == 4 and "--inventory=FILE" in outcome.output


DECLARATIONS = {
    "no docstring": ('@requirement("SVC-001", severity="high")\ndef test_x(host, evidence):\n    pass\n', "docstring"),
    "no fix": (
        '@requirement("SVC-001", severity="high")\ndef test_x(host):\n    """It.\n\n    Why: x.\n    """\n',
        "Fix",
    ),
    "unknown id": (check("SVC-999", "pass"), "not in the catalogue"),
    "twice": (
        check("SVC-001", "pass") + check("SVC-001", "pass").replace("test_svc_001", "test_other"),
        "also declared at",
    ),
    "bad severity": (check("SVC-001", "pass").replace('"high"', '"huge"'), "is none of"),
    "two subjects": (check("SVC-001", "pass", arguments="host, domain"), "one subject"),
    "unknown cause": (check("SVC-001", "pass", options='explained_by=["X-1"]'), "unknown ids"),
}


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_check_that_is_not_declared_well_stops_the_run(tmp_path: Path, name: str) -> None:
    source, said = DECLARATIONS[name]
    outcome = run(tmp_path, source, inventory=HOST)
    assert outcome.code in (2, 3, 4), outcome.output
    assert said in outcome.output and "test_made.py" in outcome.output


def test_an_unreachable_host_is_not_measured_at_once(tmp_path: Path) -> None:
    inventory = "all: {children: {mta: {hosts: {mx1: {ansible_host: 127.0.0.1, ansible_port: 1}, mx2: {ansible_connection: local}}}}}\n"
    many = "".join(
        check(f"SVC-00{n}", 'evidence.compare("s", host.check_output("uname -s"), "==", "Linux")') for n in range(1, 8)
    )
    clock = time.monotonic()
    outcome = run(tmp_path, many, inventory=inventory)
    assert time.monotonic() - clock < 20
    verdicts = outcome.verdicts()
    assert {verdict for (_, subject), verdict in verdicts.items() if subject == "mx1"} == {"not_measured"}
    assert {verdict for (_, subject), verdict in verdicts.items() if subject == "mx2"} == {"pass"}
    assert outcome.evidence["run"]["engine"]["per_host"]["mx1"]["round_trips"] == 1
    assert "refused" in outcome.evidence["run"]["engine"]["per_host"]["mx1"]["unreachable"]


def test_a_wrong_ssh_key_says_so(tmp_path: Path, sshd: int) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    inventory = (
        f"all: {{children: {{mta: {{hosts: {{mx1: {{ansible_host: 127.0.0.1, ansible_port: {sshd}, ansible_ssh_private_key_file: {tmp_path / 'key'},"
        f" ansible_ssh_common_args: '-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'}}}}}}}}}}\n"
    )
    outcome = run(tmp_path, ONE, inventory=inventory)
    assert set(outcome.verdicts().values()) == {"not_measured"}
    assert "Permission denied" in outcome.message("SVC-001")
