"""The engine on real mail servers: batched as alone, over docker as over ssh, read-only, and one round trip a host."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from fixtures.exchange import unpack
from fixtures.lab import Lab

SUITE = Path(__file__).resolve().parents[2]
STATE = SUITE / ".lab"
#: Files that the host's own daemons write whether or not anybody looks: logs, queues, sockets, counters.
ALIVE = (
    "/var/log",
    "/run",
    "/tmp",
    "/var/tmp",
    "/var/spool",
    "/var/lib",
    "/var/vmail",
    "/root/.ansible",
    "/proc",
    "/sys",
    "/dev",
    "/var/cache",
)


@dataclass
class Bundle:
    code: int
    output: str
    evidence: dict[str, Any]
    shell: list[dict[str, Any]]


def judge(directory: Path, *options: str, inventory: str = "inventory.yml") -> Bundle:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "checks",
        f"--inventory={STATE / inventory}",
        f"--records={STATE / 'records'}",
        "--lab",
        f"--evidence={directory}",
        "-o",
        f"cache_dir={directory.parent / 'cache'}",
        "-q",
        *options,
    ]
    done = subprocess.run(
        command, cwd=SUITE, capture_output=True, text=True, timeout=280, check=False, stdin=subprocess.DEVNULL
    )
    with gzip.open(directory / "snapshot.jsonl.gz", "rt") as file:
        exchanges = [json.loads(line) for line in file][1:]
    evidence = json.loads((directory / "evidence.json").read_text())
    return Bundle(
        done.returncode, done.stdout + done.stderr, evidence, [item for item in exchanges if item["kind"] == "shell"]
    )


@pytest.fixture(scope="module")
def bundles(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    """The healthy lab judged three times: to learn, as a second run, and over ssh; and what changed on the hosts."""
    folder = tmp_path_factory.mktemp("lab")
    before = configuration()
    first = judge(folder / "first")
    after = configuration()
    assert before == after, "a run changed files on the lab's hosts"
    return {
        "first": first,
        "second": judge(folder / "second", "--active"),
        "ssh": judge(folder / "ssh", inventory="inventory-ssh.yml"),
    }


def configuration() -> dict[str, str]:
    """A hash of name, owner, mode, size and content of every file of every host that no daemon writes by itself."""
    client = docker.from_env()
    prune = " -o ".join(f"-path {path}" for path in ALIVE)
    # /etc/resolv.conf, hosts and hostname are Docker's own mounts.
    command = f"find / \\( {prune} \\) -prune -o -type f -printf '%p %u %m %s\\n' -exec sha256sum {{}} + 2>/dev/null | sort | sha256sum"
    containers = client.containers.list(filters={"label": "mailproof.lab"})
    assert containers
    with ThreadPoolExecutor(4) as pool:
        outputs = pool.map(lambda item: (item.name, item.exec_run(["sh", "-c", command]).output.decode()), containers)
        return dict(outputs)


def test_the_healthy_lab_passes(bundles: dict[str, Bundle]) -> None:
    second = bundles["second"]
    bad = [
        (item["id"], item["subject"], item["message"])
        for item in second.evidence["results"]
        if item["verdict"] in ("fail", "not_measured")
    ]
    assert not bad and second.code == 0, second.output
    assert len({item["id"] for item in second.evidence["results"] if item["verdict"] == "pass"}) >= 40


def test_every_host_but_the_first_of_its_kind_costs_one_round_trip(bundles: dict[str, Bundle]) -> None:
    first = {name: item["round_trips"] for name, item in bundles["first"].evidence["run"]["engine"]["per_host"].items()}
    # What only that host needs (its own disks, the domain it asks for) is learned from its first run.
    assert first["ns2.example.test"] == first["resolver.example.test"] == 1
    # The sender signs, and asks for, a domain of its own.
    assert first["mx1.example.test"] > 20 and first["mx2.example.test"] <= 6 and first["sender.sender.test"] <= 15
    # What --active follows by the queue ids of its own mail cannot be foreseen; the third run asks nothing new.
    third = {name: item["round_trips"] for name, item in bundles["ssh"].evidence["run"]["engine"]["per_host"].items()}
    assert max(third.values()) <= 2 and list(third.values()).count(1) >= len(third) - 1, third


def test_ssh_gives_the_verdicts_that_docker_gives(bundles: dict[str, Bundle]) -> None:
    def verdicts(bundle: Bundle) -> dict[tuple[str, str], str]:
        return {(item["id"], item["subject"]): item["verdict"] for item in bundle.evidence["results"]}

    assert bundles["ssh"].code == 0, bundles["ssh"].output

    def settled(verdict: str) -> str:
        return "pass" if verdict == "notice" else verdict

    over_ssh, over_docker = verdicts(bundles["ssh"]), verdicts(bundles["first"])
    assert {key: settled(item) for key, item in over_ssh.items()} == {
        key: settled(item) for key, item in over_docker.items()
    }


def test_every_command_of_every_check_batched_equals_unbatched(bundles: dict[str, Bundle]) -> None:
    """Against plain ``docker exec``, as testinfra's own backend runs it. What changes by itself between two plain runs
    (counters, samples, process lists) is compared by its exit status alone; that must be the lesser part."""
    inventory = {item["where"]: item for item in bundles["second"].shell}
    assert len(inventory) >= 6
    volatile, compared = [], 0

    def plain(host: str, command: str) -> tuple[int, bytes]:
        name = "mailproof-" + host.split(".")[0]
        done = subprocess.run(
            ["docker", "exec", name, "/bin/sh", "-c", command], capture_output=True, check=False, timeout=60
        )
        return done.returncode, done.stdout

    def compare(item: dict[str, Any]) -> tuple[str, str, bool, bool]:
        one, two = plain(item["where"], item["request"]), plain(item["where"], item["request"])
        batched = (item["answer"]["rc"], unpack(item["answer"]["stdout"]))
        settled = one == two
        return item["where"], item["request"], settled, batched == one if settled else batched[0] == one[0]

    quick = [item for item in bundles["second"].shell if "sleep" not in item["request"]]
    with ThreadPoolExecutor(4) as pool:
        for host, command, settled, same in pool.map(compare, quick):
            compared += 1
            volatile += [] if settled else [command]
            assert same or moving(command), f"{host}: {command[:200]}"
    assert compared >= 100
    assert len(set(volatile)) < len({item["request"] for item in quick}) / 2, sorted(set(volatile))


def moving(command: str) -> bool:
    """Whether its answer holds the host's clock or counters, which move between the batch and the plain run."""
    return any(
        word in command
        for word in (
            "date +",
            "/proc/",
            "journalctl",
            "ss ",
            "ps ",
            "df ",
            "stat ",
            "systemctl show",
            "mail.log",
            "chronyc",
            "find ",
        )
    )


def test_the_evidence_names_what_it_saw(bundles: dict[str, Bundle]) -> None:
    for item in bundles["second"].evidence["results"]:
        assert item["measurements"] or item["verdict"] == "not_applicable", item["id"]
        if item["target"] != "records" and item["verdict"] != "not_applicable":
            assert item["exchanges"], f"{item['id']} on {item['subject']} has no exchange"


def test_secrets_of_the_lab_are_nowhere(bundles: dict[str, Bundle]) -> None:
    secrets = [path.read_text().strip() for path in STATE.glob("*.password")]
    assert secrets
    text = json.dumps(bundles["second"].evidence) + json.dumps(bundles["second"].shell) + bundles["second"].output
    assert not [secret for secret in secrets if secret in text]
    assert "PRIVATE KEY-----\\nM" not in text
