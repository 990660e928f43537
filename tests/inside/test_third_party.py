"""The parsers of the inside view against outputs that nobody here wrote: 127 disks, 18 arrays, 127 log lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.errors import ProbeError
from fixtures.inside import disk, firewall, mail_log, naming, postfix, raid, sample, smart, sockets
from fixtures.inside.limits import percent

DATA = Path(__file__).parents[1] / "data"
DISKS = json.loads((DATA / "hardware/smart.json").read_text())["cases"]
ARRAYS = json.loads((DATA / "hardware/mdstat.json").read_text())["arrays"]
LINES = json.loads((DATA / "logs/postfix_lines.json").read_text())["cases"]
CONFIGS = json.loads((DATA / "configs/facts.json").read_text())["configs"]
COUNTERS = {
    "reallocated": "reallocated",
    "pending": "pending",
    "reported_uncorrect": "uncorrected",
    "offline_uncorrectable": "offline_uncorrectable",
    "percentage_used": "percentage_used",
    "media_errors": "media_errors",
    "grown_defects": "grown_defects",
}
#: Answers in which smartctl says nothing of health: not measured, never a pass.
SILENT = {case["file"] for case in DISKS if case["facts"].get("passed") is None}


def test_there_is_what_is_counted() -> None:
    assert (len(DISKS), len(ARRAYS), len(LINES), len(CONFIGS)) == (127, 18, 127, 4)


@pytest.mark.parametrize("case", [pytest.param(case, id=Path(case["file"]).stem) for case in DISKS])
def test_smart(case: dict[str, Any]) -> None:
    text = (DATA / "hardware" / case["file"]).read_text()
    facts = case["facts"]
    known = {mine: facts[theirs] for theirs, mine in COUNTERS.items() if theirs in facts}
    if facts.get("passed") is None and not known:
        with pytest.raises(ProbeError):
            smart.parse(text)
        return
    found = smart.parse(text)
    assert found.passed == facts.get("passed")
    assert {name: found.counters.get(name) for name in known} == known
    # The drive's own word that it fails, and nothing else, makes it failing.
    assert bool(found.failing) == bool(case["fail"])
    bad = {name for name, value in found.counters.items() if value and name != "percentage_used"}
    assert bool(bad) == bool(case["warn"])


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_mdstat(name: str) -> None:
    arrays = {item.name: item for item in raid.parse((DATA / "hardware/mdstat.txt").read_text())}
    assert set(arrays) == set(ARRAYS)
    found, truth = arrays[name], ARRAYS[name]
    assert (found.state, found.level) == (truth["state"], truth["type"])
    assert (found.up, found.total, found.down) == (truth["disks_active"], truth["disks_total"], truth["disks_down"])
    assert (found.failed, found.spare) == (truth["disks_failed"], truth["disks_spare"])
    verdict = {"ok": "pass", "work": "warn", "degraded": "fail", "inactive": "fail"}[found.health]
    assert verdict == truth["expect"]


#: The collection has a pattern of its own for this line, and therefore no level; Postfix wrote "warning:" all the same.
OWN_PATTERN = "SASL LOGIN authentication failed"


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in LINES])
def test_level_of_a_postfix_line(case: dict[str, Any]) -> None:
    expected = "warning" if OWN_PATTERN in case["message"] else case["level"]
    assert mail_log.level_of(case["message"]) == expected


@pytest.mark.parametrize("path", sorted((DATA / "logs/crowdsec").glob("*.log")), ids=lambda path: path.stem)
def test_log_files_have_no_grave_faults(path: Path) -> None:
    """Failed logins, spam and blocked clients are not faults of the daemons, and each line has a time."""
    moment = datetime(2026, 8, 1, tzinfo=UTC)
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    assert [fault for line in lines if (fault := mail_log.fault_of(line, moment)) and fault.level != "error"] == []
    if path.stem.startswith(("dovecot", "exim", "postfix", "postscreen")):
        untimed = [line for line in lines if mail_log.time_of(line, moment) is None]
        assert untimed == []


@pytest.mark.parametrize("case", CONFIGS, ids=lambda case: case["id"])
def test_effective_configuration(case: dict[str, Any]) -> None:
    text = "".join(f"{name} = {value}\n" for name, value in case["effective"].items())
    config = postfix.Postfix(postfix.parse(text))
    assert dict(config.values) == case["effective"]
    found = naming.postfix_naming(config, ["192.0.2.1", "2001:db8::1"], "mail.example.org")
    assert found.hostname == case["effective"]["myhostname"]
    everywhere = case["effective"]["inet_interfaces"] == "all" and case["effective"]["inet_protocols"] == "all"
    assert (set(found.listens) == {"0.0.0.0", "::"}) == everywhere


def test_df() -> None:
    text = (DATA / "hardware/commands/centos-7.7__df.out").read_text()
    truth = json.loads((DATA / "hardware/commands/centos-7.7__df.json").read_text())
    # Without -T there is no column of types: one is put in.
    lines = [line.split(None, 1) for line in text.splitlines()]
    typed = "\n".join(f"{first} xfs {rest}" for first, rest in lines)
    rows = disk.rows(typed)
    assert [(row[0], row[1], row[3], row[4], row[5]) for row in rows] == [
        (item["mounted_on"], item["filesystem"], item["1k_blocks"], item["used"], item["available"]) for item in truth
    ]


def test_listening_sockets() -> None:
    text = (DATA / "hardware/commands/ubuntu-18.04__ss-sudo-tulpen.out").read_text()
    truth = json.loads((DATA / "hardware/commands/ubuntu-18.04__ss-sudo-tulpen.json").read_text())
    lines = [line for line in text.splitlines()[1:] if line.startswith(("tcp", "udp"))]
    found = sockets.parse("\n".join(lines))
    rows = [item for item in truth if item["netid"] in ("tcp", "udp")]
    assert [(item.protocol, item.port) for item in found] == [(row["netid"], row["local_port_num"]) for row in rows]
    for item, row in zip(found, rows, strict=True):
        assert item.address == row["local_address"].partition("%")[0].strip("[]")


def test_proc() -> None:
    proc, commands = DATA / "hardware/proc", DATA / "hardware/commands"
    assert sample.meminfo((proc / "meminfo").read_text())["MemTotal"] == 3742148 * 1024
    truth = json.loads((commands / "linux-proc__meminfo.json").read_text())
    found = sample.meminfo((commands / "linux-proc__meminfo").read_text())
    assert {name: value // (1024 if name in KB else 1) for name, value in found.items()} == truth
    count, most = (int((proc / f"sys_net_netfilter_nf_conntrack_{name}").read_text()) for name in ("count", "max"))
    assert percent(count, most) == pytest.approx(0.188, abs=0.001)


KB = {
    line.split(":")[0]
    for line in (DATA / "hardware/commands/linux-proc__meminfo").read_text().splitlines()
    if line.endswith("kB")
}


@pytest.mark.parametrize("path", sorted((DATA / "monitoring/nftables").glob("*.json")), ids=lambda path: path.stem)
def test_nftables(path: Path) -> None:
    """Three rulesets are read, three malformed ones are refused."""
    if path.stem.startswith("bad"):
        with pytest.raises(ProbeError):
            firewall.parse_nft(path.read_text())
        return
    ruleset = firewall.parse_nft(path.read_text())
    assert ruleset.filters
    assert ruleset.decide(firewall.Packet(22, 4)) == "accept"
