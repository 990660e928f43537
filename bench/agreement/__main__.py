"""``python -m bench.agreement``: run the independent tools against the lab, healthy and broken, and write the table.

    python -m bench.agreement --install     makes environments for sslyze and checkdmarc (from PyPI)
    python -m bench.agreement               all tools, all chosen faults; writes bench/agreement/measured.md and .json

openssl, dig, delv and swaks come with the packages openssl, bind9-dnsutils, swaks, libnet-ssleay-perl and
libio-socket-inet6-perl.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from bench.agreement.compare import explanations
from bench.agreement.report import as_json, as_markdown, summary
from bench.agreement.watch import FAULTS, PACKAGES, Watch, all_tools
from fixtures.errors import InputError
from fixtures.faults.estate import FaultError, Stage
from fixtures.faults.model import read_faults
from fixtures.faults.runner import Runner, say
from fixtures.faults.suite import Suite
from fixtures.lab.hold import held
from fixtures.options import SUITE
from reports.model import VERSION

STATE = SUITE / ".lab"
TOOLS = SUITE / ".tools"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 no difference without explanation, 1 otherwise, 4 wrong use."""
    options = _parser().parse_args(argv)
    if options.install:
        return install(options.tools_dir)
    tools = all_tools(options.tools_dir)
    if unknown := set(options.tools) - set(tools):
        print(f"no such tool: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 4
    wanted = {name: tool for name, tool in tools.items() if not options.tools or name in options.tools}
    versions = {name: tool.version() for name, tool in wanted.items()}
    for name in (name for name, text in versions.items() if not text):
        say(f"{name} is missing: it is left out")
    present = {name: tool for name, tool in wanted.items() if versions[name]}
    try:
        stage = Stage.open(STATE)
        chosen = [name for name in FAULTS if any(fnmatchcase(name, glob) for glob in options.only or ["*"])]
        faults = [fault for fault in read_faults() if fault.name in chosen]
        known = explanations()
    except (InputError, FaultError) as error:
        print(error, file=sys.stderr)
        return 4
    suite = Suite(STATE.resolve(), SUITE / "reports/output/agreement")
    watch = Watch(suite, stage.estate, present, known, say)
    with held(lambda: say("another run is using the lab; waiting for it")):
        runner = Runner(stage, watch, STATE / "fault.json", say)
        runner.clean_up()
        matrix = runner.play_all(faults)
    head = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "suite": VERSION, "tools": versions}
    if options.write:
        options.output.with_suffix(".json").write_text(json.dumps(as_json(head, watch.rows, known), indent=1) + "\n")
        options.output.with_suffix(".md").write_text(as_markdown(head, watch.rows, known))
    print(summary(watch.rows))
    broken = [outcome for outcome in matrix.outcomes if outcome.error]
    for outcome in broken:
        print(f"not played: {outcome.fault.name}: {outcome.error}")
    return 1 if broken or not watch.rows or any(row.unknown for row in watch.rows) else 0


def install(folder: Path) -> int:
    """One environment for each tool from PyPI: none of them agrees with the versions of the suite."""
    for name, package in PACKAGES.items():
        place = folder / name
        say(f"{package} into {place}")
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(place / "bin/pip"), "install", "-q", package], check=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.agreement", description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="make the environments of the tools from PyPI and stop")
    parser.add_argument("--tools", metavar="NAMES", type=lambda text: text.split(","), default=[], help="only these")
    parser.add_argument("--tools-dir", metavar="DIR", type=Path, default=TOOLS, help="default: .tools")
    parser.add_argument("--only", metavar="GLOB", action="append", default=None, help="only these faults (repeatable)")
    parser.add_argument("--output", metavar="FILE", type=Path, default=Path(__file__).with_name("measured"))
    parser.add_argument("--no-write", dest="write", action="store_false", help="print the differences alone")
    return parser


if __name__ == "__main__":
    sys.exit(main())
