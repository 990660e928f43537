"""The running lab, for the tests that need it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator

import pytest

from fixtures.lab.lab import Lab
from fixtures.lab.paths import STATE


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The lab, for the tests of one module alone: a fault that somebody else brings about would be taken for ours."""
    running = Lab.open()
    with (STATE / "lab.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield running
