"""openssl, dig, delv and swaks see the running lab as the suite does, healthy and broken.

sslyze and checkdmarc come from PyPI and take their time: `python -m bench.agreement` asks them as well.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.agreement.compare import HEALTHY
from bench.agreement.watch import QUICK, all_tools
from fixtures.lab.lab import Lab
from fixtures.options import SUITE

PLAYED = ("dns/spf-twice", "flow/open-relay", "tls/tls10-accepted")


@pytest.mark.timeout(900)
def test_independent_tools_agree(tmp_path: Path) -> None:
    tools = all_tools(tmp_path)
    missing = [name for name in QUICK if not tools[name].version()]
    assert not missing, f"install {', '.join(missing)}: see .ci/run"
    Lab.open()
    output = tmp_path / "measured"
    command = [sys.executable, "-m", "bench.agreement", f"--tools={','.join(QUICK)}", f"--output={output}"]
    command += [f"--only={name}" for name in PLAYED]
    done = subprocess.run(command, cwd=SUITE, capture_output=True, text=True, timeout=850, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    data = json.loads(output.with_suffix(".json").read_text())
    assert {row["fault"] for row in data["counts"]} == {HEALTHY, *PLAYED}
    assert {row["tool"] for row in data["counts"]} == set(QUICK)
    assert data["compared"] > 1000 and data["agreed"] > 0.99 * data["compared"]
