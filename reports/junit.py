"""junit.xml: pytest's own, put into the bundle, with id, verdict and severity as properties (family xunit1)."""

from __future__ import annotations

import pytest

from reports.observe import bundle_directory, judging

NAME = "junit.xml"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before pytest's own, which looks at this option. The properties come with the verdict, from reports.observe."""
    if judging(config) and config.option.jobs == 1 and not config.option.xmlpath:
        config.option.xmlpath = str(bundle_directory(config) / NAME)
