"""CAA with its parameters, sets of MX hosts, TTL, and name servers that only the zone above still knows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import caa, nameservers, resilience
from fixtures.errors import ProbeError
from fixtures.estate import Account
from fixtures.mx import Mx, MxHost
from tests.dns import world

OURS = Account(name="ca.test", account="https://ca.test/1", methods=("dns-01",))


@pytest.mark.parametrize(("records", "forbidden"), [
    (['0 issue "ca.test"'], 0), (['0 issue "CA.test; accounturi=https://ca.test/1"'], 0),
    (['0 issue "ca.test; accounturi=https://ca.test/2"'], 1),
    (['0 issue "ca.test; accounturi=https://ca.test/2"', '0 issue "ca.test; accounturi=https://ca.test/1"'], 0),
    (['0 issue "ca.test; validationmethods=http-01,dns-01"'], 0), (['0 issue "ca.test; validationmethods=http-01"'], 1),
    (['0 issue "ca.test; accounturi=https://ca.test/1; accounturi=https://ca.test/1"'], 1),
    (['0 issue "ca.test; %%%"'], 1), (['0 issue ";"'], 1), (['0 issuewild ";"'], 0), (['0 iodef "mailto:x@a.test"'], 0),
    (['0 issue "ca.test"', '128 future "x"'], 1), (['0 issue "ca.test"', '128 issuemail ";"'], 0),
])
def test_caa_parameters(records: list[str], forbidden: int) -> None:
    found = caa.judge([caa.read("mx.a.test", "a.test", records)], ["ca.test"], accounts=[OURS])
    assert len(found.forbidden) == forbidden, found.forbidden


def test_wildcards_and_mail_have_properties_of_their_own() -> None:
    permit = caa.read("a.test", "a.test", ['0 issue "ca.test"', '0 issuewild ";"', '0 issuemail "mail-ca.test"'])
    assert not caa.judge([permit], ["ca.test"]).forbidden
    assert caa.judge([permit], ["ca.test"], wildcard=True).forbidden
    assert not caa.judge([permit], ["ca.test"], mail_issuers=["mail-ca.test"]).forbidden
    assert caa.judge([permit], ["ca.test"], mail_issuers=["other.test"]).forbidden
    assert caa.read("a.test", "a.test", ['0 issue "ca.test"']).allows("ca.test", "issuewild")


def test_sets_that_are_bound_open_or_silent() -> None:
    found = caa.judge([caa.read("a.test", "a.test", ['0 issue "ca.test; accounturi=x"'])], ["ca.test"])
    assert found.bound == ("a.test: ca.test",) and found.open_to_mail == found.unreported == ("a.test",)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_property_is_read(value: str, record: str) -> None:
    caa.issuer_of(value)
    caa.read("a.test", "a.test", [record, f'0 issue "{value}"'])


# --- MX hosts -------------------------------------------------------------------------------------------------------

SIZES = {"v4": 24, "v6": 48}


@pytest.mark.parametrize(("hosts", "targets", "networks"), [
    ([MxHost(10, "a", ("192.0.2.1",)), MxHost(20, "b", ("198.51.100.1",))], 2, 2),
    ([MxHost(10, "a", ("192.0.2.1",)), MxHost(20, "b", ("192.0.2.2",))], 2, 1),
    ([MxHost(10, "a", ("192.0.2.1",))], 1, 1),
    ([MxHost(10, "a", ("192.0.2.1", "198.51.100.1"))], 2, 2),  # one name for hosts in several networks
    ([MxHost(10, "a", ("192.0.2.1",)), MxHost(20, "dead")], 1, 1),
    ([MxHost(10, "a", ("192.0.2.1", "2001:db8::1")), MxHost(20, "b", ("192.0.2.2", "2001:db8:1::1"))], 2, 2),
])
def test_sets_of_mx_hosts(hosts: list[MxHost], targets: int, networks: int) -> None:
    found = resilience.weigh(Mx("a.test", tuple(hosts)), SIZES, [])
    assert (len(found[0]), len(found[1])) == (targets, networks)


def test_equal_preferences_are_named() -> None:
    found = resilience.shared(Mx("a.test", (MxHost(10, "b"), MxHost(10, "a"), MxHost(20, "c"))))
    assert found == ("a, b have 10",)


@pytest.mark.parametrize(("seconds", "outside", "slow"), [(300, 0, 0), (299, 1, 0), (86400, 0, 1), (86401, 1, 1), (1200, 0, 0)])
def test_ttl(seconds: int, outside: int, slow: int) -> None:
    found = resilience.judge({"a.test MX": seconds}, 300, 86400, 60)
    assert (len(found.outside), len(found.too_slow)) == (outside, slow)


# --- name servers ---------------------------------------------------------------------------------------------------


def server(name: str, address: str, **more: Any) -> nameservers.Server:
    return nameservers.Server(name, address, **more)


def test_the_zone_above_may_know_other_servers() -> None:
    both = (server("ns1", "192.0.2.1"), server("ns2", "192.0.2.2"))
    found = nameservers.NameServers("a.test", ("ns1", "ns2"), both, delegated=("ns1", "ns9"))
    assert found.delegation == ("ns9: in the zone above, not in the zone", "ns2: in the zone, not in the zone above")
    assert not nameservers.NameServers("a.test", ("ns1", "ns2"), both).delegation
    assert nameservers.NameServers("a.test", ("ns1", "ns2"), both, delegated=("ns1",)).fewest == ("ns1",)


@pytest.mark.parametrize(("addresses", "said"), [
    (["192.0.2.1", "192.0.2.2"], 0), (["192.0.2.1", "192.0.2.2", "2001:db8::1"], 1), (["2001:db8::1", "2001:db8::2"], 1),
    (["192.0.2.1", "2001:db8::1"], 2), (["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"], 0),
])
def test_address_families(addresses: list[str], said: int) -> None:
    servers = tuple(server(f"ns{index}", address) for index, address in enumerate(addresses))
    assert len(nameservers.NameServers("a.test", (), servers).one_family) == said


def test_a_dead_resolver_is_no_dead_zone() -> None:
    with pytest.raises(ProbeError):
        nameservers.read(world.resolver({"": "TIMEOUT", "a.test": "TIMEOUT"}), "a.test")
