"""Looking at bad servers from a process of its own, within its memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fixtures.options import SUITE

#: What a look may need beside the modules it imports; servers offer much more, or never end.
MOST_KIB = 24 * 1024
Look = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def looker() -> Iterator[subprocess.Popen[str]]:
    """The process that looks, one for a module."""
    command = [sys.executable, "-m", "tests.hostile.look"]
    with subprocess.Popen(
        command, cwd=SUITE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.fixture
def look(looker: subprocess.Popen[str]) -> Look:
    """``look(kind, *arguments)``: what came of it. It ended by itself, without a traceback, and stayed small."""

    def at(kind: str, *arguments: object) -> dict[str, Any]:
        assert looker.stdin and looker.stdout and looker.stderr
        looker.stdin.write(json.dumps([kind, *map(str, arguments)]) + "\n")
        looker.stdin.flush()
        line = looker.stdout.readline()
        assert line, looker.stderr.read()
        told: dict[str, Any] = json.loads(line)
        assert told.pop("grown_kib") < MOST_KIB
        return told

    return at
