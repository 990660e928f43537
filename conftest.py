"""The plugins of the suite: one line each, nothing else."""

pytest_plugins = [
    "fixtures.options",
    "fixtures.exchange",
    "fixtures.policy",
    "fixtures.inventory",
    "fixtures.requirement",
    "fixtures.evidence",
    "fixtures.host",
    "fixtures.records",
    "reports.observe",
    "reports.evidence_json",
    "reports.summary",
    "reports.catalogue",
]
