"""An ssh server that accepts nobody."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[int]:
    program = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    assert program, "this test needs sshd: apt-get install openssh-server"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "hostkey")], check=True)
    Path("/run/sshd").mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    config = tmp_path / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {tmp_path / 'hostkey'}\nAuthorizedKeysFile none\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nUsePAM no\nPidFile none\nStrictModes no\n"
    )
    server = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stderr=subprocess.PIPE)
    assert server.stderr is not None
    while b"listening" not in (line := server.stderr.readline()):
        assert line, "sshd ended at once"
    yield port
    server.terminate()
    server.wait()
    server.stderr.close()
