"""The plugins of the suite: one line each, nothing else."""

import pytest

# Said before the first import, the order of the lines below does not matter.
pytest.register_assert_rewrite("fixtures", "reports")
pytest_plugins = [
    "fixtures.options",
    "fixtures.exchange",
    "fixtures.policy",
    "fixtures.inventory",
    "fixtures.requirement",
    "fixtures.evidence",
    "fixtures.host",
    "fixtures.records",
    "fixtures.resolver",
    "fixtures.spf",
    "fixtures.dkim",
    "fixtures.dmarc",
    "fixtures.mx",
    "fixtures.ptr",
    "fixtures.mta_sts",
    "fixtures.tlsrpt",
    "fixtures.nameservers",
    "fixtures.dnssec",
    "fixtures.caa",
    "fixtures.host_resolver",
    "fixtures.prober",
    "fixtures.outside",
    "fixtures.parity",
    "reports.observe",
    "reports.jobs",
    "reports.evidence_json",
    "reports.summary",
    "reports.catalogue",
    "reports.html",
    "reports.junit",
]
