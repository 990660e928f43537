"""A checkout to launch from, in a place and an environment of the test's own choosing."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What the launcher itself may call; python3, apt-get, docker and sudo are left out, so each test decides about them.
TOOLS = ("sh", "cat", "chmod", "cmp", "cp", "df", "dirname", "id", "mktemp", "readlink", "rm", "sed", "sleep", "tail")

# Stands in for .venv/bin/python: says yes to questions (-c) and logs what it was asked to run. A module's exit code, or
# that it hangs, can be set. The script that questions an engine (-) is run by a real Python.
FAKE_PYTHON = """#!/bin/sh
case "$1" in -c) exit 0 ;; -) exec {python} "$@" ;; esac
[ "$1" != -P ] || shift
printf '%s\\n' "$PWD: $*" >>"{log}"
shift
module=$1
[ "$module" != fixtures.lab ] || module=$2
[ ! -e "{folder}/exit.$module" ] || exit "$(cat "{folder}/exit.$module")"
[ ! -e "{folder}/hang.$module" ] || exec sleep 60
"""


@dataclass
class Checkout:
    """A copy of the launcher and its lock files, and the environment that it is started in."""

    folder: Path
    stubs: Path
    environment: dict[str, str] = field(default_factory=dict)
    as_user: int | None = None

    @property
    def launcher(self) -> Path:
        return self.folder / "mailproof"

    @property
    def log(self) -> list[str]:
        """What the stand-in for the environment's Python was asked to run."""
        log = self.stubs.parent / "log"
        return log.read_text().splitlines() if log.exists() else []

    def stub(self, name: str, script: str) -> None:
        """Puts a program of this name in the launcher's PATH."""
        path = self.stubs / name
        path.unlink(missing_ok=True)
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)

    def give_python(self) -> None:
        self.stub("python3", f'exec "{sys.executable}" "$@"\n')

    def give_environment(self, lock: str = "requirements.lock") -> None:
        """An environment that looks as if the launcher had made it from ``lock``."""
        python = self.folder / ".venv/bin/python"
        python.parent.mkdir(parents=True)
        base = self.stubs.parent
        python.write_text(FAKE_PYTHON.format(python=sys.executable, log=base / "log", folder=base))
        python.chmod(0o755)
        (self.folder / ".venv/mailproof.interpreter").write_text(f"{python}\n")
        shutil.copy(self.folder / lock, self.folder / ".venv/mailproof.lock")

    def answer(self, module: str, code: int) -> None:
        """Makes a module (or a command of ``fixtures.lab``) end with this exit code."""
        (self.stubs.parent / f"exit.{module}").write_text(str(code))

    def command(self, *arguments: str, launcher: Path | None = None) -> list[str]:
        drop = []
        if self.as_user and os.geteuid() == 0:
            drop = [shutil.which("setpriv") or "setpriv", f"--reuid={self.as_user}", "--clear-groups", "--"]
        return [*drop, str(launcher or self.launcher), *arguments]

    def run(
        self, *arguments: str, launcher: Path | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments, launcher=launcher),
            env={"PATH": str(self.stubs), "PIP_CONFIG_FILE": os.devnull, **self.environment},
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    """A checkout whose path has a space, readable by everybody, in an environment without Python."""
    with tempfile.TemporaryDirectory(prefix="mailproof test ") as base:
        Path(base).chmod(0o777)
        folder, stubs = Path(base, "check out"), Path(base, "bin")
        folder.mkdir()
        stubs.mkdir()
        for name in ("mailproof", "requirements.lock", "requirements-dev.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, folder / name)
        for name in TOOLS:
            found = shutil.which(name)
            assert found, f"the tests of the launcher need {name}"
            (stubs / name).symlink_to(found)
        made = Checkout(folder, stubs)
        made.environment["DOCKER_HOST"] = f"unix://{base}/nothing.sock"
        yield made


@pytest.fixture
def engine(checkout: Checkout) -> Iterator[Callable[..., Path]]:
    """Starts something that answers like a Docker engine: ``engine(version=..., info=..., images=...)``."""
    servers: list[UnixStreamServer] = []

    def start(version: str = "{}", info: str = "{}", images: str = "[]") -> Path:
        answers = {"/version": version, "/info": info, "/images/json": images}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = answers[self.path.partition("?")[0]].encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def address_string(self) -> str:
                return "unix"

            def log_message(self, *_: object) -> None:
                pass

        path = checkout.stubs.parent / "engine.sock"
        server = UnixStreamServer(str(path), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        checkout.environment["DOCKER_HOST"] = f"unix://{path}"
        return path

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def dead_socket(checkout: Checkout) -> Iterator[Path]:
    """A socket at which nobody listens, as a stopped engine leaves it."""
    path = checkout.stubs.parent / "dead.sock"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
    checkout.environment["DOCKER_HOST"] = f"unix://{path}"
    yield path
