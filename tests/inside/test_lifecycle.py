"""Versions: dpkg's order, package state before banner, and what must never run."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.errors import NotApplicable, ProbeError
from fixtures.inside.lifecycle import Lifecycle, lifecycle_of, table
from fixtures.inside.package import Packages, parse
from fixtures.inside.versions import compare

TODAY = date(2026, 8, 31)


def judge(product: str, running: str, package: str = "", version: str = "", release: str = "debian:12") -> Lifecycle:
    packages = Packages(release, {package: version} if package else {}, {})
    return lifecycle_of(product, running, packages, TODAY, {}, table())


@pytest.mark.parametrize(
    ("product", "running", "package", "version", "release", "open_"),
    [
        ("postfix", "3.7.11", "postfix", "3.7.11-0+deb12u1", "debian:12", 0),
        ("postfix", "3.7.6", "postfix", "3.7.6-0+deb12u2", "debian:12", 1),
        ("postfix", "3.10.13", "postfix", "3.10.13-0+deb13u1", "debian:13", 0),
        ("exim", "4.96", "exim4-daemon-heavy", "4.96-15+deb12u10", "debian:12", 0),
        ("exim", "4.96", "exim4-daemon-heavy", "4.96-15+deb12u2", "debian:12", 1),
        ("openssh", "9.2p1", "openssh-server", "1:9.2p1-2+deb12u10", "debian:12", 0),
        ("openssh", "9.2p1", "openssh-server", "1:9.2p1-2+deb12u2", "debian:12", 1),
        ("openssh", "9.6p1", "openssh-server", "1:9.6p1-3ubuntu13.2", "ubuntu:24.04", 1),
        ("openssh", "9.6p1", "openssh-server", "1:9.6p1-3ubuntu13.14", "ubuntu:24.04", 0),
    ],
)
def test_a_distribution_is_judged_by_its_package(
    product: str, running: str, package: str, version: str, release: str, open_: int
) -> None:
    found = judge(product, running, package, version, release)
    assert (found.builder, len(found.open), found.refused) == (release, open_, "")


@pytest.mark.parametrize(
    ("product", "version", "open_", "supported"),
    [
        ("postfix", "3.11.6", 0, True),
        ("postfix", "3.8.1", 2, True),
        ("postfix", "3.7.22", 1, False),
        ("postfix", "3.8.20", 0, True),
        ("exim", "4.99.4", 0, True),
        ("exim", "4.99.2", 1, True),
        ("exim", "4.92", 2, False),
        ("openssh", "10.5p1", 0, True),
        ("openssh", "9.7p1", 2, False),
    ],
)
def test_a_build_from_source_is_judged_by_upstream(product: str, version: str, open_: int, supported: bool) -> None:
    found = judge(product, version)
    assert (len(found.open), found.support_days >= 0) == (open_, supported), found.open


@pytest.mark.parametrize("version", ["4.87", "4.89", "4.91", "4.91.5"])
def test_some_versions_are_refused_whoever_built_them(version: str) -> None:
    assert judge("exim", version).refused
    assert judge("exim", version, "exim4-daemon-light", f"{version}-4").refused


def test_the_guides_floor_of_openssh_stays() -> None:
    assert judge("openssh", "7.9p1").refused == "older than 8.0p1"


def test_the_end_of_a_release() -> None:
    package = Packages("debian:11", {"postfix": "3.5.25-0+deb11u1"}, {})
    late = lifecycle_of("postfix", "3.5.25", package, date(2026, 11, 24), {}, table())
    bought = lifecycle_of("postfix", "3.5.25", package, date(2026, 11, 24), {"debian:11": "2031-06-30"}, table())
    assert (late.support_days, bought.support_days > 1000) == (-85, True)


def test_what_is_not_known_is_not_judged() -> None:
    with pytest.raises(ProbeError, match="gentoo"):
        judge("postfix", "3.8.20", "postfix", "3.8.20-1", "gentoo:1")
    with pytest.raises(NotApplicable):
        judge("openssh", "")


def test_a_waiting_update_is_seen() -> None:
    text = (
        '== os\nID=debian\nVERSION_ID="12"\n== dpkg\npostfix 3.7.11-0+deb12u1 ii \n'
        "exim4-base 4.96-1 rc \n== rpm\n== apt\n"
        "postfix:\n  Installed: 3.7.11-0+deb12u1\n  Candidate: 3.7.12-0+deb12u1\n  Version table:\n== end\n"
    )
    packages = parse(text)
    assert (packages.release, dict(packages.installed)) == ("debian:12", {"postfix": "3.7.11-0+deb12u1"})
    assert lifecycle_of("postfix", "3.7.11", packages, TODAY, {}, table()).waiting == "3.7.12-0+deb12u1"


VERSION = st.from_regex(r"\A([0-9]:)?[0-9][0-9a-z.+~]{0,6}(-[0-9a-z.+~]{1,4})?\Z")


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg's own verdict is what is compared with")
@settings(max_examples=40, deadline=None)
@given(one=VERSION, other=VERSION)
def test_order_is_dpkgs(one: str, other: str) -> None:
    word = {-1: "lt", 0: "eq", 1: "gt"}[compare(one, other)]
    assert subprocess.run(["dpkg", "--compare-versions", one, word, other], stderr=subprocess.DEVNULL).returncode == 0
