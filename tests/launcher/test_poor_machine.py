"""On a machine that lacks something the launcher says what, how to get it, and ends with a code of its own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Checkout

NOBODY = 65534


def only_version(number: str) -> str:
    """A Python that tells its version and can do nothing else."""
    return f'case "$2" in *version_info*) echo {number} ;; *) echo broken; exit 1 ;; esac\n'


def is_one_message(text: str) -> bool:
    """One paragraph of the launcher's own, and no traceback or shell error."""
    return text.count("mailproof: ") == 1 and "Traceback" not in text and "not found" not in text and "\n\n" not in text


def test_no_python(checkout: Checkout) -> None:
    """Without python3 it asks for it."""
    result = checkout.run("setup")
    assert (result.returncode, is_one_message(result.stderr)) == (20, True), result.stderr
    assert "apt install python3" in result.stderr


def test_old_python(checkout: Checkout) -> None:
    """With a Python below 3.11 it names the version it found."""
    checkout.stub("python3", only_version("3.9"))
    result = checkout.run("setup")
    assert (result.returncode, is_one_message(result.stderr)) == (21, True), result.stderr
    assert "version 3.9" in result.stderr


def test_newer_python_beside_an_old_one(checkout: Checkout) -> None:
    """An old python3 does not hide a newer Python under its own name."""
    checkout.stub("python3", only_version("3.9"))
    checkout.stub("python3.12", only_version("3.12"))
    result = checkout.run("setup")
    assert result.returncode == 22, result.stderr
    assert "apt install python3.12-venv" in result.stderr


def test_no_venv_module(checkout: Checkout) -> None:
    """Without the venv module, and without apt-get to install it, it gives the line to type."""
    checkout.stub("python3", only_version("3.11"))
    result = checkout.run("setup")
    assert result.returncode == 22, result.stderr
    assert "apt install python3-venv" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is allowed to install packages")
def test_root_gets_the_venv_module_installed(checkout: Checkout) -> None:
    """As root it installs the venv module by itself, without asking anything."""
    flag = checkout.stubs.parent / "installed"
    checkout.stub(
        "python3", f'[ "$2" != "import ensurepip, venv" ] || {{ [ -e "{flag}" ]; exit; }}\n' + only_version("3.11")
    )
    checkout.stub("apt-get", f"""echo "$DEBIAN_FRONTEND $*" >>"{flag.parent}/apt"; touch "{flag}"\n""")
    (checkout.stubs / "touch").symlink_to("/usr/bin/touch")
    result = checkout.run("setup")
    assert "installing python3-venv" in result.stderr
    assert "noninteractive -q -y --no-install-recommends install python3-venv" in (flag.parent / "apt").read_text()
    assert (result.returncode, "broken" in result.stderr) == (22, True), "what venv says is shown"


def test_no_network(checkout: Checkout) -> None:
    """When no package index answers, pip's last lines and the remedies are shown, and the next run tries again."""
    checkout.give_python()
    checkout.environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_CACHE_DIR": "1"}
    result = checkout.run("setup")
    assert result.returncode == 23, result.stderr
    assert "No matching distribution" in result.stderr
    assert "HTTPS_PROXY" in result.stderr
    assert not (checkout.folder / ".venv/mailproof.lock").exists()


def test_no_space(checkout: Checkout, engine: Callable[..., Path]) -> None:
    """The lab is not begun on a file system that its images would fill."""
    checkout.give_python()
    checkout.stub("df", "echo header\necho /dev/sda1 1000000000 900000000 5000000 99% /\n")
    engine()
    result = checkout.run("lab")
    assert (result.returncode, is_one_message(result.stderr)) == (24, True), result.stderr
    assert "need 6 GB" in result.stderr and "has 4 GB free" in result.stderr


def test_space_is_not_asked_for_images_that_are_there(checkout: Checkout, engine: Callable[..., Path]) -> None:
    """A full disk does not keep a built lab from starting."""
    checkout.give_python()
    checkout.give_environment()
    checkout.stub("df", "echo header\necho /dev/sda1 1000000000 900000000 5000000 99% /\n")
    engine(images='[{"Id": "sha256:1"}]')
    assert checkout.run("up").returncode == 0


def test_no_rights(checkout: Checkout, engine: Callable[..., Path]) -> None:
    """Whoever may not use the engine's socket is told to use sudo, with the command to type."""
    checkout.stub("python3", only_version("3.11"))
    checkout.as_user = NOBODY
    engine().chmod(0)
    result = checkout.run("lab")
    assert (result.returncode, is_one_message(result.stderr)) == (25, True), result.stderr
    assert f"sudo {checkout.launcher} lab" in result.stderr


@pytest.mark.parametrize(
    ("version", "info", "named"),
    [
        ('{"Components": [{"Name": "Podman Engine"}]}', "{}", "is Podman"),
        ("{}", '{"SecurityOptions": ["name=seccomp", "name=rootless"]}', "is a rootless Docker"),
        ("{}", '{"OperatingSystem": "Docker Desktop"}', "is Docker Desktop"),
    ],
)
def test_foreign_engine(checkout: Checkout, engine: Callable[..., Path], version: str, info: str, named: str) -> None:
    """An engine whose containers cannot be reached by their addresses is refused before anything is built."""
    checkout.give_python()
    engine(version=version, info=info)
    result = checkout.run("lab")
    assert (result.returncode, is_one_message(result.stderr)) == (26, True), result.stderr
    assert named in result.stderr


@pytest.mark.parametrize("host", ["tcp://192.0.2.1:2375", "ssh://root@192.0.2.1"])
def test_remote_engine(checkout: Checkout, host: str) -> None:
    """An engine on another machine is refused without asking it."""
    checkout.give_python()
    checkout.environment["DOCKER_HOST"] = host
    result = checkout.run("lab")
    assert (result.returncode, is_one_message(result.stderr)) == (26, True), result.stderr
    assert host in result.stderr


def test_stopped_engine_is_left_to_the_lab(checkout: Checkout, dead_socket: Path) -> None:
    """A socket without an engine behind it is no reason to refuse: starting one is the next step."""
    checkout.give_python()
    checkout.give_environment()
    assert checkout.run("up").returncode == 0
    assert [line.split(": ")[1] for line in checkout.log] == ["-m fixtures.lab engine", "-m fixtures.lab up"]


def test_read_only_checkout(checkout: Checkout) -> None:
    """A checkout of somebody else's is named, with what would have been written there."""
    checkout.give_python()
    checkout.as_user = NOBODY
    checkout.folder.chmod(0o555)
    result = checkout.run("setup")
    assert (result.returncode, is_one_message(result.stderr)) == (27, True), result.stderr
    assert str(checkout.folder) in result.stderr and ".venv" in result.stderr


@pytest.mark.parametrize(("step", "code"), [("engine", 28), ("up", 29)])
def test_engine_or_lab_fails(checkout: Checkout, engine: Callable[..., Path], step: str, code: int) -> None:
    """A failing engine and a failing lab have codes of their own, and no check is run."""
    checkout.give_python()
    checkout.give_environment()
    engine(images='[{"Id": "sha256:1"}]')
    checkout.answer(step, 1)
    assert checkout.run("lab").returncode == code
    assert not any("pytest" in line for line in checkout.log)
