"""--jobs=N: the run as N shards, each a plain process of its own, merged into one bundle.

Not with a pool inside pytest: handing single checks to workers was measured to be twice as slow as one process.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from fixtures.errors import InputError
from fixtures.subjects import estate_of
from reports import merge, summary
from reports.files import BundleError
from reports.observe import bundle_directory, judging

NOTHING_RAN = 5


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Run the shards instead of the session; the exit code is that of the whole."""
    jobs = config.option.jobs
    if jobs == 1 or not judging(config):
        return None
    config._do_configure()
    try:
        return _run_shards(config, jobs)
    finally:
        config._ensure_unconfigure()


def _run_shards(config: pytest.Config, jobs: int) -> int:
    directory = bundle_directory(config)
    arguments = _without_jobs([str(item) for item in config.invocation_params.args])
    parts = [directory / "shards" / str(number) for number in range(1, jobs + 1)]
    running = []
    for number, part in enumerate(parts, 1):
        part.mkdir(parents=True, exist_ok=True)
        (part / "evidence.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", *arguments, f"--shard={number}/{jobs}", f"--evidence={part}"]
        with (part / "output.txt").open("wb") as output:
            running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT))
    try:
        codes = [process.wait() for process in running]
    except BaseException:
        for process in running:
            process.terminate()
        raise
    for part, code in zip(parts, codes, strict=True):
        if code not in (0, 1, NOTHING_RAN):
            text = (part / "output.txt").read_text(errors="backslashreplace")
            raise InputError(f"shard {part.name} ended with {code}:\n{text[-2000:]}")
    bundles = [part for part in parts if (part / "evidence.json").exists()]
    if not bundles:
        return NOTHING_RAN
    try:
        run = merge.merge([merge.read(part) for part in bundles], estate_of(config).related)
    except BundleError as error:
        raise InputError(str(error)) from error
    merge.write(run, directory)
    for line in summary.render(run, 80, directory):
        print(line)
    return int(run.run["exit_code"])


def _without_jobs(arguments: list[str]) -> list[str]:
    """The arguments of one shard.

    >>> _without_jobs(["checks", "--jobs=4", "--evidence", "x", "--jobs", "2", "-q"])
    ['checks', '-q']
    """
    kept: list[str] = []
    skip = False
    for item in arguments:
        name = item.split("=")[0]
        if skip:
            skip = False
        elif name in ("--jobs", "--evidence"):
            skip = "=" not in item
        else:
            kept.append(item)
    return kept
