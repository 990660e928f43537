"""Zonemaster's test zones: what its authors call an error or a warning is found, and what they call good stays clean."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import yaml

from fixtures import nameservers, signing
from fixtures.errors import ProbeError
from fixtures.exchange import Tape
from fixtures.options import SUITE
from fixtures.resolver import Resolver
from tests.dns.coredns import DATA, RECURSIVE, CoreDns

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = yaml.safe_load((SUITE / "policy/default.yml").read_text())["dns"]
GROUPS = {"Address-TP/address03": "test-zones-output.md", "Basic-TP/basic02": "test-zones-output.md", "Consistency-TP/consistency06": "README.md",
          "Delegation-TP/delegation01": "test-zones-output.md", "DNSSEC-TP/dnssec01": "test-zones-output.md",
          "DNSSEC-TP/dnssec05": "test-zones-output.md"}  # fmt: skip
#: What Zonemaster's default profile says of these tags is an error, a warning or a notice of a kind that is built here.
BAD = re.compile(
    r"B02_(NO_DELEGATION|NO_WORKING_NS|NS_BROKEN|NS_NOT_AUTH|NS_NO_IP_ADDR|NS_NO_RESPONSE|UNEXPECTED_RCODE)"
    r"|MULTIPLE_SOA_MNAMES|NOT_ENOUGH_(IPV4_|IPV6_)?NS_(CHILD|DEL)|NO_IPV4_NS_(CHILD|DEL)"
    r"|NAMESERVER_IP_WITHOUT_REVERSE|NO_RESPONSE_PTR_QUERY"
    r"|DS0[15]_(DS_)?ALGO_(DEPRECATED|NOT_DS|PRIVATE|RESERVED|UNASSIGNED|NOT_RECOMMENDED|NOT_ZONE_SIGN)"
    r"|DS05_(NO_RESPONSE|SERVER_NO_DNSSEC)|DS01_NO_(VALID_)?RESPONSE"
)
#: Scenarios whose delegation is given on Zonemaster's command line (--ns, --ds), and stands in no zone.
UNDELEGATED = re.compile("undel|not-ds-0")
#: Where more is found than Zonemaster's one test case looks for, and rightly.
MORE = {
    "basic02-mixed-1": "one server of four works, which Basic02 is content with",
    "consistency06-one-soa-mname-2": "a server does not answer, which Consistency06 only mentions",
    "consistency06-one-soa-mname-3": "a server refuses, which Consistency06 only mentions",
    "consistency06-one-soa-mname-4": "a server does not answer, which Consistency06 only mentions",
    "consistency06-no-response": "no server answers, which Consistency06 only mentions",
    "delegation01-ipv4-and-del-ok-no-ipv6-child": "ns2 has no address in the zone, by a slip of the pen",
}


@cache
def world(group: str) -> CoreDns:
    return CoreDns(group)


def scenarios() -> list[Any]:
    found = []
    for group, file in GROUPS.items():
        text = (DATA / group / file).read_text().replace("\\_", "_")
        zones = dict(re.findall(r"^\|? *([A-Z0-9-]+) +\| *([a-z0-9.-]+\.(?:xa|xb)\.?|\.) *\|? *$", text, re.M))
        for name, tags in re.findall(r"^\|? *([A-Z0-9-]+) +\| ((?:[A-Z0-9_]+(?:, )?)+) +\|", text, re.M):
            # The list of zones has slips of the pen: a zone that nobody serves, and one that stands there twice.
            own = f"{name.lower()}.{group.split('/')[1]}.xa"
            served = {block.zone.to_text().rstrip(".") for block in world(group).blocks}
            listed = zones.get(name, own).rstrip(".")
            zone = own if name == "GOOD-2" or (listed not in served and own in served) else listed
            label = f"{group.split('/')[1]}-{name.lower()}"
            if "_" in tags and not UNDELEGATED.search(label):
                found.append(pytest.param(group, zone or ".", tags, label, id=label))
    return found


def findings(group: str, zone: str) -> list[str]:
    """What is said of a zone that is no pass, in words."""
    resolver = Resolver(Tape(), RECURSIVE, seconds=1, send=world(group))
    said: list[str] = []
    if "address" in group:
        # How else these zones are served is other test cases' business.
        said += nameservers.nameless(resolver, nameservers.read(resolver, zone).servers)
    elif "TP/dnssec" not in group:
        seen = nameservers.read(resolver, zone)
        said += [*seen.faults, *seen.delegation, *seen.one_family]
        said += [f"{len(seen.serials)} serials"] if len(seen.serials) > 1 else []
        said += [f"name servers: {seen.fewest}"] if len(seen.fewest) < POLICY["servers"]["fail"] else []
        said += [f"primaries: {seen.primaries}"] if len(seen.primaries) >= POLICY["server_primaries"]["ok"] else []
    else:
        found = signing.judge([signing.examine(resolver, zone, [], NOW)], POLICY["signing"])
        said += [*found.forbidden, *found.discouraged, *(text for item in found.zones for text in item.silent)]
    return said


@pytest.mark.parametrize(("group", "zone", "tags", "label"), scenarios())
def test_zones_are_judged_as_zonemaster_judges_them(group: str, zone: str, tags: str, label: str) -> None:
    try:
        said = findings(group, zone)
    except ProbeError as error:
        said = [f"not measured: {error}"]
    assert bool(said) is (bool(BAD.search(tags)) or label in MORE), said
