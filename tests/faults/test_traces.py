"""What a fault leaves in the history of a host is taken back, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fixtures.faults import traces
from fixtures.faults.estate import Stage

from .conftest import FakeLab

BEFORE = "postfix/qmgr[1]: fatal: an old trouble\n"
AFTER = (
    "postfix/smtpd[2]: connect from x\n"
    "postfix/smtpd[2]: fatal: no SASL authentication mechanisms\n"
    "imap(a)<3><x>: Error: it is gone\n"
    "postfix/master[4]: warning: process /usr/lib/x pid 5 killed by signal 9\n"
    "postfix/smtpd[2]: warning: hostname x does not resolve\n"
)


class ShellLab(FakeLab):
    """Runs what it is told to, here; there is no systemd to talk to."""

    def exec(self, name: str, command: str, limit: int = 60) -> tuple[int, str]:
        done = subprocess.run(["sh", "-c", command.replace("systemctl", "true")], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def test_only_distress_since_the_fault_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    """In place: the logger keeps the file open, and must go on writing to the same one."""
    log = tmp_path / "mail.log"
    log.write_text(BEFORE)
    monkeypatch.setattr(traces, "LOG", str(log))
    stage = Stage(ShellLab(), stage.estate)
    since = traces.mark(stage, "mx1")
    with log.open("a") as logger:
        logger.write(AFTER)
        logger.flush()
        traces.wipe(stage, "mx1", since)
        logger.write("postfix/smtpd[2]: disconnect from x\n")
    lines = AFTER.splitlines(keepends=True)
    assert log.read_text() == BEFORE + lines[0] + lines[4] + "postfix/smtpd[2]: disconnect from x\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mail.log"]


def test_a_host_without_a_mail_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage) -> None:
    """A name server has none: nothing to mark, nothing to take back."""
    monkeypatch.setattr(traces, "LOG", str(tmp_path / "none"))
    stage = Stage(ShellLab(), stage.estate)
    assert traces.mark(stage, "mx1") == 0
    traces.wipe(stage, "mx1", 0)
    assert list(tmp_path.iterdir()) == []
