"""Inventories: what is read from Ansible's YAML, and that Ansible itself reads the same."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.errors import InputError
from fixtures.estate import Estate
from fixtures.inventory import read_inventory
from fixtures.yamlfile import load

WHOLE = """\
all:
  vars:
    ansible_user: audit
    mailproof:
      resolver: 192.0.2.53
      reference_names: [example.net]
      shell: true
      domains:
        Example.org.:
          mx: [mx1.example.org, mx2.example.org]
          backup_mx: [mx2.example.org]
          selectors: [s1, {name: s2, signer: mx1.example.org, private_key: /etc/dkim/s2}]
  children:
    mta:
      vars: {ansible_become: yes, mailproof: {roles: [mx], endpoints: [{port: 25, protocol: smtp, tls: starttls}]}}
      children:
        edge:
          hosts:
            mx1.example.org: {ansible_host: 192.0.2.1, mailproof: {addresses: [192.0.2.1, "2001:DB8::1"], egress: [192.0.2.1], domains: [example.org]}}
            mx2.example.org: {ansible_host: 192.0.2.2, ansible_user: root, mailproof: {roles: [backup_mx]}}
    imap:
      hosts:
        mx1.example.org:
        store[1:2].example.org: {mailproof: {shell: false}}
"""


def read(tmp_path: Path, text: str) -> Estate:
    path = tmp_path / "inventory.yml"
    path.write_text(text)
    return read_inventory(path)


def test_the_whole_of_it(tmp_path: Path) -> None:
    estate = read(tmp_path, WHOLE)
    assert list(estate.hosts) == ["mx1.example.org", "mx2.example.org", "store1.example.org", "store2.example.org"]
    mx1, mx2 = estate.hosts["mx1.example.org"], estate.hosts["mx2.example.org"]
    assert mx1.groups == ("edge", "imap", "mta") and mx2.groups == ("edge", "mta")
    assert mx1.connection == {"ansible_user": "audit", "ansible_become": True, "ansible_host": "192.0.2.1"}
    assert mx2.connection["ansible_user"] == "root"
    assert (mx1.roles, mx2.roles) == ({"mx"}, {"backup_mx"})
    assert mx1.addresses == ("192.0.2.1", "2001:db8::1")
    assert [str(item) for item in mx1.endpoints] == ["mx1.example.org:25/ipv4", "mx1.example.org:25/ipv6"]
    assert [str(item) for item in mx2.endpoints] == ["mx2.example.org:25"]
    assert not estate.hosts["store1.example.org"].shell
    domain = estate.domains["example.org"]
    assert domain.egress == ("192.0.2.1",)
    assert [item.name for item in domain.selectors] == ["s1", "s2"]
    assert estate.related("example.org") == {"mx1.example.org", "mx2.example.org"}
    assert estate.related("mx2.example.org") == {"example.org"}


@pytest.mark.parametrize("options", [["--list", "--export", "--yaml"]])
def test_what_ansible_prints_reads_the_same(tmp_path: Path, options: list[str]) -> None:
    program = shutil.which("ansible-inventory")
    assert program, "this test needs ansible-inventory: apt-get install ansible-core"
    ours = read(tmp_path, WHOLE)
    done = subprocess.run(
        [program, "-i", str(tmp_path / "inventory.yml"), *options], capture_output=True, text=True, check=True
    )
    (tmp_path / "printed").mkdir()
    printed = read(tmp_path / "printed", done.stdout)
    assert {name: facts(ours, name) for name in ours.hosts} == {name: facts(printed, name) for name in printed.hosts}
    assert ours.domains == printed.domains
    assert ours.resolver == printed.resolver


def facts(estate: Estate, name: str) -> tuple[object, ...]:
    host = estate.hosts[name]
    return (
        host.groups,
        dict(host.connection),
        host.addresses,
        host.roles,
        host.egress,
        host.domains,
        host.shell,
        host.endpoints,
    )


@given(st.text(alphabet="ab:[]{}-&*!|>'\"\n\t #,.0", max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_is_an_estate_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yml"
    path.write_text(text)
    try:
        assert read_inventory(path).hosts
    except InputError as error:
        assert str(path) in str(error)


def test_yaml_bombs_end_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bomb.yml"
    path.write_text(
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12))
    )
    with pytest.raises(InputError, match=r"bomb.yml"):
        load(path)
