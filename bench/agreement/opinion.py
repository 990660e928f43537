"""What a tool thinks of one requirement for one subject, and how tools are run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from fixtures.estate import Estate

#: No tool may hang for longer on one command.
LIMIT_S = 120
Job = TypeVar("Job")


@dataclass(frozen=True)
class Opinion:
    """``subject`` as in evidence: a domain, or ``mx1.example.test:25/ipv4``. ``said``: what the tool showed, short."""

    tool: str
    id: str
    subject: str
    good: bool
    said: str = ""


class Tool(Protocol):
    """An independent program."""

    name: str

    def version(self) -> str:
        """Its version; empty where it is not installed."""

    def opinions(self, estate: Estate) -> Iterable[Opinion]:
        """What it thinks of the estate now."""


@dataclass(frozen=True)
class Said:
    """The end of a command: exit status (None: it was stopped), output and errors together."""

    status: int | None
    text: str


def run(command: Sequence[str], limit: float = LIMIT_S, **options: object) -> Said:
    """Run a command without input; a program that is not there is an exit status of 127."""
    try:
        done = subprocess.run(  # type: ignore[call-overload]
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit,
            check=False, **options,
        )  # fmt: skip
    except FileNotFoundError:
        return Said(127, f"{command[0]} is not installed")
    except subprocess.TimeoutExpired as error:
        return Said(None, (error.stdout or b"").decode("utf-8", "replace"))
    return Said(done.returncode, done.stdout.decode("utf-8", "replace"))


def first_line(command: Sequence[str], program: str = "") -> str:
    """The first line that a command says, for versions; empty where the program is missing."""
    if shutil.which(program or command[0]) is None:
        return ""
    lines = run(command, 20).text.strip().splitlines()
    return lines[0] if lines else "unknown version"


def several(workers: int, jobs: Iterable[Job], work: Callable[[Job], Iterable[Opinion]]) -> list[Opinion]:
    """The opinions of ``work`` on each job, some at a time."""
    with ThreadPoolExecutor(workers) as pool:
        return [opinion for found in pool.map(lambda job: list(work(job)), jobs) for opinion in found]
