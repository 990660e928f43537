"""What the launcher hands over, from wherever it is called."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import ROOT, Checkout


@pytest.fixture
def ready(checkout: Checkout, engine: Callable[..., Path]) -> Checkout:
    """A checkout with everything that it needs."""
    checkout.give_python()
    checkout.give_environment("requirements-dev.lock")
    engine(images='[{"Id": "sha256:1"}]')
    (checkout.folder / "checks/dns").mkdir(parents=True)
    (checkout.folder / "checks/dns/test_mx.py").touch()
    return checkout


def pytest_call(checkout: Checkout) -> tuple[str, str]:
    """The folder that pytest was started in, and its arguments without the checkout's own path."""
    where, _, arguments = checkout.log[-1].partition(": ")
    assert arguments.startswith("-m pytest "), arguments
    return where, arguments.removeprefix("-m pytest ").replace(str(checkout.folder), "@")


def test_run_adds_only_where_the_suite_is(ready: Checkout) -> None:
    """The caller's arguments reach pytest in their order, quoting intact."""
    assert ready.run("run", "--inventory=my file.yml", "-k", "mx and not spf").returncode == 0
    assert pytest_call(ready)[1] == ("-c @/pytest.ini --rootdir=@ --inventory=my file.yml -k mx and not spf @/checks")


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        (["checks/dns"], False),
        (["checks/dns/test_mx.py::test_one[example.test]"], False),
        (["--lab", "checks"], False),
        (["-x", "checks"], False),
        (["--records", "checks"], True),
        (["--records=checks"], True),
        (["-k", "checks"], True),
        ([], True),
    ],
)
def test_named_tests_replace_the_whole(ready: Checkout, arguments: list[str], whole: bool) -> None:
    """Folders and files given as tests are run alone; the value of an option is not taken for one."""
    ready.run("run", *arguments)
    assert pytest_call(ready)[1].endswith(" @/checks") is whole


def test_called_from_elsewhere(ready: Checkout) -> None:
    """Relative paths are the caller's: the folder is not changed."""
    elsewhere = ready.stubs.parent
    assert ready.run("run", "--inventory=mine.yml", cwd=elsewhere).returncode == 0
    assert pytest_call(ready) == (str(elsewhere), "-c @/pytest.ini --rootdir=@ --inventory=mine.yml @/checks")


@pytest.mark.parametrize("target", ["absolute", "relative", "chain"])
def test_called_through_a_link(ready: Checkout, target: str) -> None:
    """A link to the launcher, of any kind, finds the checkout."""
    folder = ready.stubs.parent
    link = folder / "mp"
    if target == "chain":
        (folder / "second").symlink_to(ready.launcher)
        link.symlink_to("second")
    else:
        link.symlink_to(ready.launcher if target == "absolute" else "check out/mailproof")
    assert ready.run("run", launcher=link, cwd=folder).returncode == 0
    assert pytest_call(ready)[1].endswith("@/checks")


def test_settings_for_another_python_do_not_reach_ours(ready: Checkout) -> None:
    """PYTHONPATH and PYTHONHOME of the caller are dropped."""
    python = ready.folder / ".venv/bin/python"
    python.write_text('#!/bin/sh\necho "<$PYTHONPATH$PYTHONHOME>"\n')
    ready.environment |= {"PYTHONPATH": "/else", "PYTHONHOME": "/where"}
    assert ready.run("run").stdout == "<>\n"


def test_lab(ready: Checkout) -> None:
    """``lab`` makes sure of the engine and the lab, then runs every check against it, showing each step."""
    result = ready.run("lab", "--stage=quick")
    assert result.returncode == 0
    assert [line.partition(": ")[2] for line in ready.log[:-1]] == ["-m fixtures.lab engine", "-m fixtures.lab up"]
    assert pytest_call(ready)[1] == (
        "-c @/pytest.ini --rootdir=@ --inventory=@/.lab/inventory.yml --records=@/.lab/records --lab --active "
        "--stage=quick @/checks"
    )
    assert [line[:5] for line in result.stderr.splitlines()] == ["[2/5]", "[3/5]", "[4/5]", "[5/5]"]


def test_discover(ready: Checkout) -> None:
    """``discover`` prints on standard output what its module prints, and nothing else."""
    result = ready.run("discover", "--domain=example.org", "--host=ssh://a b")
    assert (result.returncode, result.stdout) == (0, "")
    assert ready.log[-1].endswith(": -m fixtures.discovery --domain=example.org --host=ssh://a b")


def test_test_runs_the_suites_own_tests(ready: Checkout) -> None:
    """``test`` runs the folder of the suite's own tests."""
    assert ready.run("test").returncode == 0
    assert pytest_call(ready)[1].endswith(" @/tests")


@pytest.mark.parametrize("code", [1, 2, 5])
@pytest.mark.parametrize("command", ["run", "lab", "test"])
def test_exit_code_of_pytest(ready: Checkout, command: str, code: int) -> None:
    """pytest's own exit code comes through."""
    ready.answer("pytest", code)
    assert ready.run(command).returncode == code


@pytest.mark.parametrize(
    ("installed", "command", "installs"),
    [
        ("requirements.lock", ["setup"], False),
        ("requirements-dev.lock", ["setup"], False),
        ("requirements-dev.lock", ["setup", "--dev"], False),
        ("requirements.lock", ["setup", "--dev"], True),
        ("pyproject.toml", ["setup"], True),
    ],
)
def test_installs_only_when_the_lock_changed(
    checkout: Checkout, installed: str, command: list[str], installs: bool
) -> None:
    """pip is called only when the environment was made from another lock; the larger lock serves for both."""
    checkout.give_environment(installed)
    assert checkout.run(*command).returncode == 0
    assert any("pip install" in line and "--require-hashes" in line for line in checkout.log) is installs
    assert checkout.run(*command).returncode == 0
    assert len(checkout.log) == installs, "the second run has nothing to do"


def test_interrupt(ready: Checkout) -> None:
    """Ctrl-C during the set-up ends it at once, with one line and no process left."""
    (ready.stubs.parent / "hang.up").touch()
    process = subprocess.Popen(
        ready.command("lab"),
        env={"PATH": str(ready.stubs), **ready.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Where the tests run in the background of a shell, SIGINT is ignored, and no shell can trap it again.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 20
    while len(ready.log) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert not any("pytest" in line for line in ready.log)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.parametrize("arguments", [["nonsense"], [], ["setup", "--what"]])
def test_usage(checkout: Checkout, arguments: list[str]) -> None:
    """What is not a command is a usage error, as it is for pytest."""
    result = checkout.run(*arguments)
    assert (result.returncode, result.stdout) == (4, "")


@pytest.mark.parametrize("arguments", [["help"], ["--help"], ["-h"]])
def test_help_needs_nothing(checkout: Checkout, arguments: list[str]) -> None:
    """Help is given without Python, and lists only what this checkout has."""
    result = checkout.run(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert "  lab " in result.stdout and "  merge " not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120
    (checkout.folder / "reports").mkdir()
    (checkout.folder / "reports/merge.py").touch()
    assert "  merge " in checkout.run(*arguments).stdout


def test_version(checkout: Checkout) -> None:
    """The version is the one in pyproject.toml."""
    result = checkout.run("version")
    assert result.stdout.startswith("Mailproof ")
    assert f'version = "{result.stdout.split()[1]}"' in (ROOT / "pyproject.toml").read_text()
