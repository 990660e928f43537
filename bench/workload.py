"""What is measured: the commands that the suite's own checks ask of each host, taken from a run of the suite."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
#: An upper bound of one run of the suite, in seconds.
RUN_SECONDS = 3600


@dataclass(frozen=True)
class Workload:
    """Commands by host and check, in the order in which the checks ran: ``by_check[host][check]``."""

    by_check: Mapping[str, Mapping[str, Sequence[str]]]

    @property
    def checks(self) -> int:
        """Checks that asked a shell, counted once per host."""
        return sum(map(len, self.by_check.values()))

    def asked(self, host: str) -> list[str]:
        """Every command of every check, as a suite without a memory runs them."""
        return [command for commands in self.by_check[host].values() for command in commands]

    def distinct(self, host: str) -> list[str]:
        """Every command once."""
        return list(dict.fromkeys(self.asked(host)))

    @classmethod
    def of(cls, evidence: Mapping[str, Any]) -> Workload:
        """Read the shell exchanges out of an evidence.json."""
        found: dict[str, dict[str, list[str]]] = {}
        for result in evidence["results"]:
            for name in result["exchanges"]:
                exchange = evidence["exchanges"][name]
                if exchange["kind"] == "shell" and "# fresh at" not in exchange["request"]:
                    checks = found.setdefault(exchange["where"], {})
                    checks.setdefault(result["nodeid"], []).append(exchange["request"])
        return cls(found)


@dataclass(frozen=True)
class SuiteRun:
    """One run of the suite in a process of its own: seconds of wall clock and of processor time, and its evidence."""

    wall: float
    cpu: float
    evidence: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """What of it goes into the report."""
        engine = self.evidence["run"]["engine"]
        checks = len(self.evidence["results"])
        return {
            "seconds": round(self.wall, 2),
            "cpu_seconds": round(self.cpu, 2),
            "checks": checks,
            "checks_per_second": round(checks / self.wall, 1),
            "hosts": engine["hosts"],
            "round_trips": engine["round_trips"],
            "commands": engine["commands"],
            "verdicts": self.evidence["summary"]["counts"],
        }


def run_suite(inventory: Path, work: Path, name: str, options: Iterable[str] = ()) -> SuiteRun:
    """Run the suite against ``inventory``. Learned commands are kept below ``work``, apart from the user's own.

    RuntimeError where the run did not come to its end.
    """
    bundle = work / name
    command = [
        sys.executable, "-P", "-m", "pytest", "-q", "-c", str(ROOT / "pytest.ini"), f"--rootdir={ROOT}",
        f"--inventory={inventory}", f"--evidence={bundle}", "-o", f"cache_dir={work / 'cache'}", *options,
    ]  # fmt: skip
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
    wall, after = time.monotonic() - clock, resource.getrusage(resource.RUSAGE_CHILDREN)
    file = bundle / "evidence.json"
    if done.returncode not in (0, 1) or not file.is_file():
        raise RuntimeError(f"the suite ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-1000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return SuiteRun(wall, cpu, json.loads(file.read_text()))
