"""What the outside view costs: connections and seconds per endpoint, counted by the lab's own hosts.

    python -m bench.dialogues [--suite=DIR] [--inventory=FILE] [--json=FILE]

Every host of the lab that has endpoints counts the connections that come in while the suite runs once (an nft set of
its own, taken away again). Seconds are those of the recorded exchanges with an endpoint; as an address gets one
connection at a time, the sum for an address decides how long a run takes. ``--suite`` measures another checkout.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.workload import ROOT
from fixtures.inventory import read_inventory
from fixtures.lab.hold import held
from fixtures.lab.lab import Lab

LAB = ROOT / ".lab/inventory.yml"
TABLE = "mailproof_count"
#: Each first packet of a connection, by family, address and port of ours.
RULES = f"""table inet {TABLE} {{
    set four {{ type ipv4_addr . inet_service; flags dynamic; counter; }}
    set six {{ type ipv6_addr . inet_service; flags dynamic; counter; }}
    chain input {{
        type filter hook input priority -20; policy accept;
        tcp flags & (syn | ack) == syn iifname != "lo" add @four {{ ip daddr . tcp dport }}
        tcp flags & (syn | ack) == syn iifname != "lo" add @six {{ ip6 daddr . tcp dport }}
    }}
}}
"""


@contextmanager
def counting(lab: Lab, hosts: Sequence[str]) -> Iterator[dict[str, int]]:
    """Count connections to ``hosts``; filled at the end: ``address:port`` -> connections."""
    found: dict[str, int] = {}
    for host in hosts:
        _nft(lab, host, f"nft -f - <<'RULES'\n{RULES}RULES")
    try:
        yield found
        for host in hosts:
            found |= counted(json.loads(_nft(lab, host, f"nft -j list table inet {TABLE}")))
    finally:
        for host in hosts:
            lab.exec(host, f"nft delete table inet {TABLE}")


def _nft(lab: Lab, host: str, command: str) -> str:
    status, said = lab.exec(host, command)
    if status:
        raise RuntimeError(f"{host}: {said.strip()}")
    return said


def counted(ruleset: Mapping[str, Any]) -> dict[str, int]:
    """The counters of the sets in nft's JSON. Pure.

    >>> element = {"val": {"concat": ["10.0.0.1", 25]}, "counter": {"packets": 3}}
    >>> counted({"nftables": [{"set": {"elem": [{"elem": element}]}}]})
    {'10.0.0.1:25': 3}
    """
    sets = [item["set"] for item in ruleset["nftables"] if "set" in item]
    elements = [element["elem"] for one in sets for element in one.get("elem", ())]
    places = {(str(element["val"]["concat"][0]), element["val"]["concat"][1]): element for element in elements}
    return {
        f"[{address}]:{port}" if ":" in address else f"{address}:{port}": element["counter"]["packets"]
        for (address, port), element in places.items()
    }


def run_suite(suite: Path, inventory: Path, work: Path, options: Sequence[str]) -> tuple[float, dict[str, Any]]:
    """One run of the outside view of ``suite``: wall clock and evidence."""
    command = [sys.executable, "-P", "-m", "pytest", "checks", "-q", "-c", str(suite / "pytest.ini"),
               f"--rootdir={suite}", f"--inventory={inventory}", f"--evidence={work / 'bundle'}", "--lab", *options,
               "-o", f"cache_dir={work / 'cache'}"]  # fmt: skip
    clock = time.monotonic()
    done = subprocess.run(command, cwd=suite, capture_output=True, text=True, timeout=1200, check=False)
    seconds = time.monotonic() - clock
    file = work / "bundle/evidence.json"
    if not file.is_file():
        raise RuntimeError(f"the suite ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-1000:]}")
    return seconds, json.loads(file.read_text())


def by_place(evidence: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """``address:port`` -> kind of exchange -> seconds."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for exchange in evidence["exchanges"].values():
        if exchange["kind"] not in ("shell", "dns") and re.search(r":\d+$", exchange["where"]):
            found[exchange["where"]][exchange["kind"]] += exchange["seconds"]
    return {place: dict(kinds) for place, kinds in found.items()}


def table(report: Mapping[str, Any]) -> str:
    """The report for people."""
    lines = [f"{'endpoint':44}{'connections':>12}{'seconds':>9}  of these"]
    for row in report["endpoints"]:
        parts = ", ".join(f"{kind} {seconds:.2f}" for kind, seconds in sorted(row["seconds"].items()))
        total = sum(row["seconds"].values())
        lines.append(f"{row['endpoint'] + ' ' + row['place']:44}{row['connections']:>12}{total:>9.2f}  {parts}")
    for name, row in report["addresses"].items():
        lines.append(f"{'all of ' + name:44}{row['connections']:>12}{row['seconds']:>9.2f}")
    lines.append(f"whole run {report['wall']:.1f} s; {report['checks']} checks")
    return "\n".join(lines)


def measure(suite: Path, inventory: Path, options: Sequence[str]) -> dict[str, Any]:
    """Run and count."""
    lab = Lab.open()
    endpoints = read_inventory(LAB).endpoints
    hosts = sorted({endpoint.host for endpoint in endpoints})
    with tempfile.TemporaryDirectory(prefix="mailproof-bench-") as work, counting(lab, hosts) as connections:
        wall, evidence = run_suite(suite, inventory, Path(work), options)
    seconds = by_place(evidence)
    rows: list[dict[str, Any]] = []
    addresses: dict[str, dict[str, float]] = defaultdict(lambda: {"connections": 0, "seconds": 0.0})
    for endpoint in endpoints:
        shown = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
        place = f"{shown}:{endpoint.port}"
        row = {"endpoint": f"{endpoint.host}:{endpoint.port}", "place": f"IPv{endpoint.family}",
               "connections": connections.get(place, 0), "seconds": seconds.get(place, {})}  # fmt: skip
        rows.append(row)
        addresses[endpoint.address]["connections"] += row["connections"]
        addresses[endpoint.address]["seconds"] += sum(row["seconds"].values())
    return {"endpoints": rows, "addresses": addresses, "wall": wall, "checks": len(evidence["results"])}


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.dialogues", description=__doc__.splitlines()[0])
    parser.add_argument("--suite", type=Path, default=ROOT, metavar="DIR", help="the checkout to measure")
    parser.add_argument("--inventory", type=Path, default=LAB, metavar="FILE", help="default: the lab's")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument("options", nargs="*", help="further options of the run, after --")
    arguments = parser.parse_args(argv)
    with held():
        report = measure(arguments.suite.resolve(), arguments.inventory.resolve(), arguments.options)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    print(table(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
