"""What all tests share: the running lab, for those that need it, and examples that no clock judges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from fixtures.lab.hold import held
from fixtures.lab.lab import Lab

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The lab, for the tests of one module alone: a fault that somebody else brings about would be taken for ours."""
    with held():
        yield Lab.open()
