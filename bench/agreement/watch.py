"""Running the suite and the tools side by side, healthy and under each fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.agreement.checkdmarc import Checkdmarc
from bench.agreement.compare import HEALTHY, Explained, Row, compare
from bench.agreement.dig import Delv, Dig
from bench.agreement.openssl import OpenSSL
from bench.agreement.opinion import Tool
from bench.agreement.sslyze import Sslyze
from bench.agreement.swaks import Swaks
from fixtures.estate import Estate
from fixtures.faults.compare import Bundle
from fixtures.faults.runner import Runs

#: Quick enough for every run of the tests.
QUICK = ("openssl", "dig", "delv", "swaks")
#: The environments of the tools from PyPI, as `python -m bench.agreement --install` makes them.
PACKAGES = {"sslyze": "sslyze==6.3.1", "checkdmarc": "checkdmarc==6.0.4"}
#: One of each kind of trouble that the tools can see.
FAULTS = (
    "dns/dkim-1024",
    "dns/dmarc-missing",
    "dns/dmarc-none",
    "dns/mta-sts-withdrawn",
    "dns/mx-alias",
    "dns/mx-dead-name",
    "dns/ptr-missing",
    "dns/secondary-stale",
    "dns/signatures-expired",
    "dns/spf-allows-all",
    "dns/spf-eleven-lookups",
    "dns/spf-twice",
    "dns/tls-reports-unasked",
    "flow/auth-before-tls",
    "flow/auth-on-port-25",
    "flow/open-relay",
    "tls/certificate-expired",
    "tls/certificate-unknown-authority",
    "tls/certificate-wrong-name",
    "tls/intermediate-missing",
    "tls/starttls-off",
    "tls/tls10-accepted",
    "tls/tls13-off",
)


def all_tools(folder: Path) -> dict[str, Tool]:
    """Every tool, by name; ``folder`` holds the environments of those from PyPI."""
    tools: Sequence[Tool] = (OpenSSL(), Dig(), Delv(), Swaks(), Sslyze(folder), Checkdmarc(folder))
    return {tool.name: tool for tool in tools}


@dataclass
class Watch:
    """In place of the suite for the fault runner: each run is followed by the tools, and compared."""

    suite: Runs
    estate: Estate
    tools: Mapping[str, Tool]
    known: Sequence[Explained]
    say: Callable[[str], None] = lambda _: None
    rows: list[Row] = field(default_factory=list)

    def run(self, name: str) -> Bundle:
        bundle = self.suite.run(name)
        if name in ("after", "between"):
            return bundle
        fault = HEALTHY if name == "baseline" else name.replace(".", "/", 1)
        for tool in self.tools.values():
            found = compare(fault, tool.opinions(self.estate), bundle.findings, self.known)
            bad = sum(row.theirs == "bad" for row in found)
            differ = [row for row in found if not row.agrees]
            self.say(f"{fault}: {tool.name}: {len(found)} compared, {bad} bad, {len(differ)} differ")
            for row in differ:
                self.say(f"    {'explained' if row.why else 'UNKNOWN'}: {row}")
            self.rows += found
        return bundle
