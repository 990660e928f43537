"""junit.xml: pytest's own, put into the bundle, with id, verdict and severity as properties (family xunit1)."""

from __future__ import annotations

import pytest

from reports.model import DIRECTORY

NAME = "junit.xml"


def pytest_configure(config: pytest.Config) -> None:
    """Before pytest's own, which looks at this option. The properties come with the verdict, from reports.observe."""
    directory = config.stash.get(DIRECTORY, None)
    if directory is not None and not config.option.xmlpath:
        config.option.xmlpath = str(directory / NAME)
