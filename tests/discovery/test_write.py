"""The first inventory: our own reader takes it, and finds in it what a run with --domain would see."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.backend.transport import argv
from fixtures.discovery.estate import as_estate
from fixtures.discovery.find import Found
from fixtures.discovery.login import logins, parse
from fixtures.discovery.write import text
from fixtures.errors import InputError
from fixtures.estate import Estate
from fixtures.inventory import read_inventory

from .test_find import DOMAIN, found

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
ZONES: dict[str, dict[str, Any]] = {
    "all": {**DOMAIN, "_mta-sts.example.org": [("TXT", "v=STSv1; id=1")]},
    "null MX": {"example.org": [("MX", (0, ".")), ("TXT", "v=spf1 -all")]},
    "implicit MX": {"example.org": [("A", "192.0.2.9")]},
    "dangling MX": {"example.org": [("MX", (1, "nowhere.example.org")), ("MX", (2, "a: b #[c].example.org"))]},
}


def read(tmp_path: Path, result: Found, *specs: str, resolver: str | None = None) -> Estate:
    file = tmp_path / "estate.yml"
    file.write_text(text(result, logins(specs, result), resolver, NOW))
    return read_inventory(file)


@pytest.mark.parametrize("zone", ZONES)
def test_says_what_a_run_sees(tmp_path: Path, zone: str) -> None:
    result = found(ZONES[zone])
    written, seen = read(tmp_path, result, resolver="192.0.2.53"), as_estate(result)
    assert written.endpoints == seen.endpoints
    assert list(written.hosts) == list(seen.hosts)
    assert [host.groups for host in written.hosts.values()] == [host.groups for host in seen.hosts.values()]
    assert {**vars(written.domains["example.org"]), "discovered": True} == vars(seen.domains["example.org"])
    assert written.resolver == "192.0.2.53"
    lines = (tmp_path / "estate.yml").read_text().splitlines()
    assert max(map(len, lines)) <= 150 and all(line.isascii() for line in lines)


def test_named_shells(tmp_path: Path) -> None:
    """A SPEC finds its host by name or address; the others are hosts of their own, in no group yet."""
    specs = ["mx1.example.org=docker://mail", "ssh://audit@192.0.2.2:2222", "ssh://db.example.org", "podman://yes"]
    estate = read(tmp_path, found(DOMAIN), *specs)
    reached = {host.name: host.connection for host in estate.hosts.values() if host.shell}
    assert reached == {
        "mx1.example.org": {"ansible_connection": "docker", "ansible_host": "mail"},
        "mx2.example.org": {"ansible_host": "192.0.2.2", "ansible_user": "audit", "ansible_port": 2222},
        "db.example.org": {"ansible_host": "db.example.org"},
        "yes": {"ansible_connection": "podman", "ansible_host": "yes"},
    }
    assert argv("mx2", reached["mx2.example.org"], connect_seconds=5)[-4:-1] == ["audit", "--", "192.0.2.2"]
    assert not estate.hosts["imap.example.org"].shell and estate.hosts["yes"].groups == ()


def test_ipv6_shell() -> None:
    assert parse("mx.example.org=ssh://root@[2001:db8::1]:22").connection["ansible_host"] == "2001:db8::1"


BAD = ["", "mx1", "ssh://", "ssh://-oProxyCommand=x", "ssh://a b", "ssh://u@h:0", "ssh://u@h:99999", "docker://-v", "docker://a b",
       "docker://a;b", "http://a", "local://", "a b=docker://c", "ssh://u@[::g]", "ssh://-l@h", "docker://a\n", "ssh://h\nx: y"]  # fmt: skip


@pytest.mark.parametrize("spec", BAD)
def test_no_spec(spec: str) -> None:
    with pytest.raises(InputError, match="--host="):
        parse(spec)


def test_same_host_twice() -> None:
    with pytest.raises(InputError, match=r"mx1\.example\.org is given twice"):
        logins(["ssh://mx1.example.org", "mx1.example.org=docker://a"], found(DOMAIN))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--domain"),
        (["--domain=org"], "not the name of a mail domain"),
        (["--domain=example.org", "--resolver=ns1"], "not an address"),
        (["--domain=example.org", "--resolver=127.0.0.1", "--host=nonsense"], "--host=nonsense"),
        (["--domain=example.org", "--resolver=256.0.0.1"], "not an address"),
    ],
)
def test_usage(arguments: list[str], said: str) -> None:
    """Wrong options are told before anything is asked, on standard error, with exit code 4."""
    command = [sys.executable, "-P", "-m", "fixtures.discovery", *arguments]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (4, "") and said in done.stderr and "Traceback" not in done.stderr
