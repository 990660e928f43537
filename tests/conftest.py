"""The running lab, for the tests that need it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.lab.hold import held
from fixtures.lab.lab import Lab


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The lab, for the tests of one module alone: a fault that somebody else brings about would be taken for ours."""
    with held():
        yield Lab.open()
