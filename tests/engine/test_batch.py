"""The batch gives what each command would give alone, and survives what commands can do."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.backend import batch, transport
from fixtures.backend.shell import Limits, NotReadOnly, Shell, ShellHost
from fixtures.errors import ProbeError
from fixtures.estate import HostEntry
from fixtures.exchange import Tape

LIMITS = Limits(connect_seconds=5, command_seconds=15, batch_seconds=20, max_bytes=100_000)
AWKWARD = [
    "true", "false", "exit 42", "echo out; echo err >&2; exit 3", "printf 'no newline at the end'", "printf 'a\\0b\\377c'",
    "head -c 90000 /dev/urandom | od -An -tx1 | head -c 90000 >/dev/null; echo done", "cat", "read line; echo \"got $line\"",
    "tty", "echo \"it's\" '$HOME' \"a b\"", "echo 'two\nlines'", "no-such-program --flag", "printf '@word 1\\n=word 0\\n'",
    "echo äöü €", "kill -9 $$", "kill -TERM $$", "printf '\\033[31mred\\033[0m\\007'", "sh -c 'exit 7'", "echo $LC_ALL", "cd / && pwd",
    "cat <<X\nhere\nX", "(echo sub)", "echo a | tr a b", "exec 3>&1; echo three >&3", "ulimit -n >/dev/null; echo ok", "set -e; false; echo no",
    "cat /nowhere", "head -c 5 /dev/zero", "echo YWJj", "echo", "",
]  # fmt: skip


def alone(command: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run(["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return (done.returncode if done.returncode >= 0 else 128 - done.returncode, done.stdout, done.stderr)


def together(
    commands: list[str], *, path: str | None = None, seconds: int = 5, max_bytes: int = 300_000
) -> dict[int, batch.Answer]:
    text = batch.script(commands, word="word", seconds=seconds, max_bytes=max_bytes)
    program = ["/bin/sh"] if path is None else ["env", f"PATH={path}", "/bin/sh"]
    done = transport.run(program, text, seconds=60, max_bytes=10_000_000)
    return batch.read(done.stdout, done.stderr, word="word")


def test_batched_equals_alone() -> None:
    answers = together(AWKWARD)
    assert sorted(answers) == list(range(len(AWKWARD)))
    for index, command in enumerate(AWKWARD):
        rc, stdout, stderr = alone(command)
        assert (answers[index].rc, answers[index].stdout) == (rc, stdout), command
        # A shell may add the name of the signal that ended its command.
        said = answers[index].stderr.replace(b"/bin/sh", b"sh").removesuffix(b"Killed\n").removesuffix(b"Terminated\n")
        assert said == stderr.replace(b"/bin/sh", b"sh"), command


def test_without_base64_and_timeout(tmp_path: Path) -> None:
    for tool in ("sh", "od", "head", "cat", "tr", "env", "printf", "sleep", "kill", "tty"):
        found = next(Path(place) / tool for place in ("/bin", "/usr/bin") if (Path(place) / tool).exists())
        (tmp_path / tool).symlink_to(found)
    commands = ["echo out; echo err >&2; exit 3", "printf 'a\\0b\\377c'", "true", "printf ''"]
    answers = together(commands, path=str(tmp_path))
    assert [(item.rc, item.stdout, item.stderr) for _, item in sorted(answers.items())] == [
        alone(item) for item in commands
    ]


def test_a_hung_command_costs_its_own_limit_and_no_answer_of_the_others() -> None:
    clock = time.monotonic()
    answers = together(["echo before", "sleep 60", "trap '' TERM; while :; do :; done", "echo after"], seconds=1)
    assert time.monotonic() - clock < 15
    assert (answers[0].stdout, answers[3].stdout) == (b"before\n", b"after\n")
    assert answers[1].rc in batch.TIMED_OUT and answers[2].rc in batch.TIMED_OUT


def test_output_is_bounded() -> None:
    answers = together(["cat /dev/zero | head -c 50000000", "echo small"], max_bytes=1000, seconds=10)
    assert (len(answers[0].stdout), answers[1].stdout) == (1000, b"small\n")


def test_noise_of_the_login_shell_is_no_answer() -> None:
    text = batch.script(["echo yes"], word="word", seconds=5, max_bytes=1000)
    done = transport.run(
        ["/bin/sh"], b"echo Welcome; echo '@other 0'; echo trouble >&2\n" + text, seconds=10, max_bytes=10_000
    )
    assert batch.read(done.stdout, done.stderr, word="word") == {0: batch.Answer(0, b"yes\n", b"")}


@given(st.binary(max_size=2000), st.binary(max_size=2000))
@settings(max_examples=200)
def test_garbage_gives_answers_or_none_but_no_traceback(stdout: bytes, stderr: bytes) -> None:
    for index, answer in batch.read(b"@word 0\n" + stdout, b"@word 0\n" + stderr, word="word").items():
        assert index >= 0 and answer.rc >= 0


def host(connection: dict[str, object], limits: Limits = LIMITS) -> ShellHost:
    entry = HostEntry("mx1", ("mta",), {"ansible_connection": "local", **connection})
    return ShellHost(Shell(entry, Tape(), limits))


def test_a_command_is_asked_once_and_what_is_asked_ahead_costs_one_round_trip() -> None:
    mx1 = host({})
    mx1.shell.fetch(["uname -s", "uname -r", "id -u"])
    assert mx1.shell.round_trips == 1
    assert mx1.check_output("uname -s") == "Linux" and mx1.check_output("id -u") == str(os.getuid())
    assert (mx1.shell.round_trips, mx1.shell.commands) == (1, 3)
    assert mx1.check_output("uname -m")
    assert mx1.shell.round_trips == 2


def test_fresh_asks_again() -> None:
    mx1 = host({})
    first = mx1.check_output("cat /proc/sys/kernel/random/uuid")
    assert mx1.check_output("cat /proc/sys/kernel/random/uuid") == first
    assert mx1.fresh.check_output("cat /proc/sys/kernel/random/uuid") != first


def test_testinfra_modules_work_unchanged() -> None:
    mx1 = host({})
    assert mx1.file("/etc/passwd").user == "root"
    assert mx1.user("root").uid == 0
    assert mx1.system_info.type == "linux"
    assert mx1.mount_point("/").exists
    assert not mx1.file("/nowhere").exists


def test_arguments_are_quoted() -> None:
    assert host({}).run("echo %s", "$(id); echo 'x' > /tmp/never").stdout == "$(id); echo 'x' > /tmp/never\n"


def test_binary_and_hostile_output_is_shown_not_obeyed() -> None:
    out = host({}).run("printf 'a\\033[2J\\377'")
    assert out.stdout_bytes == b"a\033[2J\xff"
    assert out.stdout.endswith("\\xff")


@pytest.mark.parametrize("command", ["rm -rf /", "systemctl stop postfix", "echo x > /etc/motd", "postsuper -d ALL", "postconf -e a=b",
                                     "find / -delete", "sed -i s/a/b/ /etc/passwd", "openssl pkey -in k", "echo `reboot`", "cat $(reboot)",
                                     "true; reboot", "true && nft flush ruleset", "sysctl -w a=b", "tail -f /var/log/mail.log"])  # fmt: skip
def test_what_could_change_a_host_is_refused(command: str) -> None:
    mx1 = host({})
    with pytest.raises(NotReadOnly, match="refused"):
        mx1.run(command.replace("%", "%%"))
    assert mx1.shell.round_trips == 0


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ({"ansible_connection": "docker", "ansible_host": "no-such-container-here"}, "gave no shell"),
        ({"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}, "refused"),
        ({"ansible_connection": "winrm"}, "no way to reach"),
        ({"ansible_connection": "local", "ansible_become": True, "ansible_become_user": "nobody-here"}, "sudo"),
    ],
)
def test_a_dead_host_is_asked_once(connection: dict[str, object], said: str) -> None:
    mx1 = host(connection)
    for command in ("true", "uname -s", "id"):
        with pytest.raises(ProbeError, match=said):
            mx1.run(command)
    assert mx1.shell.round_trips <= 1


def test_a_host_that_never_answers_costs_the_limit_once(tmp_path: Path) -> None:
    hang = tmp_path / "docker"
    hang.write_text("#!/bin/sh\nexec sleep 300\n")
    hang.chmod(0o755)
    mx1 = host({"ansible_connection": "docker"}, Limits(1, 1, 3, 1000))
    old = os.environ["PATH"]
    os.environ["PATH"] = f"{tmp_path}:{old}"
    try:
        clock = time.monotonic()
        for command in ("true", "uname -s"):
            with pytest.raises(ProbeError, match="no answer in time"):
                mx1.run(command)
        assert time.monotonic() - clock < 10
    finally:
        os.environ["PATH"] = old


def test_ssh_arguments_carry_no_password_and_one_master_connection() -> None:
    program = transport.argv(
        "mx1", {"ansible_host": "192.0.2.1", "ansible_user": "audit", "ansible_port": 2222, "ansible_become": True,
                "ansible_ssh_common_args": "-o 'ProxyCommand=nc %h %p'", "ansible_password": "hush"}, connect_seconds=5)  # fmt: skip
    assert program[-2:] == ["192.0.2.1", "sudo -n -u root /bin/sh"]
    assert "BatchMode=yes" in program and "ProxyCommand=nc %h %p" in program and "hush" not in " ".join(program)
    path = next(item for item in program if item.startswith("ControlPath="))
    assert len(path) - len("ControlPath=") - 2 + 40 + 17 < 108


def test_one_directory_of_control_sockets_for_all_threads() -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: transport.control_directory(), range(64)))) == 1
