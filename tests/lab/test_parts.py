"""The parts of the lab that need no engine: templates, package sources, zones, certificates, inventory."""

from __future__ import annotations

import doctest
import time
from pathlib import Path
from typing import Any

import dns.dnssec
import dns.exception
import dns.name
import dns.zone
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from fixtures.inventory import read_inventory
from fixtures.lab import apt, engine, inventory, pki, render, topology, values
from fixtures.lab.errors import LabError
from fixtures.lab.zones import Change, Signing, Zones

ZONE = """$TTL 300
@ SOA ns1 hostmaster @SERIAL@ 1 1 1 1
@ NS ns1
@ MX 10 mx
mx A 10.77.0.11
"""
SOURCES = {".": ZONE + "test. NS ns1.test.\n", "test.": ZONE}


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return Zones(topology.load(), SOURCES, tmp_path)


def _signatures_hold(text: str, origin: str = "test.", kind: str = "MX") -> bool:
    zone = dns.zone.from_text(text, origin=origin, relativize=False)
    keys = {dns.name.from_text(origin): zone.find_rdataset(origin, "DNSKEY")}
    signed, signature = zone.find_rrset(origin, kind), zone.find_rrset(origin, "RRSIG", kind)
    try:
        dns.dnssec.validate(signed, signature, keys, now=time.time())
    except dns.exception.ValidationFailure:
        return False
    return True


def test_doctests_of_package_sources() -> None:
    assert doctest.testmod(apt).failed == 0


def test_a_machine_without_a_debian_mirror_is_told_what_to_do() -> None:
    with pytest.raises(LabError, match="no Debian mirror"):
        apt.debian([apt.Source("http://mirror/ubuntu", "noble", ("main",))])


def test_another_debian_release_gives_its_mirror() -> None:
    found = apt.debian([apt.Source("http://mirror/debian", "trixie", ("main",))])
    assert [source.suite for source in found] == ["bookworm", "bookworm-updates"]


def test_zones_are_signed_and_chained(zones: Zones) -> None:
    texts = zones.build()
    assert _signatures_hold(texts["test."])
    parent = dns.zone.from_text(texts["."], origin=".", relativize=False)
    child = dns.zone.from_text(texts["test."], origin="test.", relativize=False)
    key = child.find_rdataset("test.", "DNSKEY")[0]
    assert parent.find_rdataset("test.", "DS")[0] == dns.dnssec.make_ds("test.", key, "SHA256")


@pytest.mark.parametrize("signing", [Signing(inception=-7200, expiration=-60), Signing(corrupt=("@ MX",))])
def test_signing_faults_break_the_signature(zones: Zones, signing: Signing) -> None:
    assert not _signatures_hold(zones.build({"test.": Change(signing=signing)})["test."])


def test_a_zone_signed_with_sha1_and_one_of_another_ttl(zones: Zones) -> None:
    changes = {"test.": Change(signing=Signing(algorithm="RSASHA1"), set={"@ MX": ["5 mx"]}, ttl=60)}
    texts = zones.build(changes)
    assert " IN DNSKEY 257 3 5 " in texts["test."] and " 60 IN MX 5 mx.test." in texts["test."]
    assert " 5 2 " in next(line for line in texts["."].splitlines() if line.startswith("test.") and " IN DS " in line)


def test_a_zone_signed_with_nsec3(zones: Zones) -> None:
    text = zones.build({"test.": Change(signing=Signing(nsec3=(12, "abcd")))})["test."]
    owners = [line.split(".")[0] for line in text.splitlines() if " NSEC3 1 0 12 abcd " in line]
    following = {line.split(" 1 0 12 abcd ")[1].split()[0].lower() for line in text.splitlines() if " NSEC3 1 0 12 " in line}
    assert owners and {owner.lower() for owner in owners} == following
    assert _signatures_hold(text)


def test_a_wrong_and_an_absent_delegation_signer(zones: Zones) -> None:
    served: list[Any] = []
    for which in ("right", "wrong", "absent"):
        text = zones.build({"test.": Change(signing=Signing(ds=which))})["."]
        served.append(dns.zone.from_text(text, origin=".", relativize=False).get_rdataset("test.", "DS"))
    assert served[0] != served[1]
    assert served[2] is None


def test_records_are_replaced_and_deleted(zones: Zones) -> None:
    text = zones.build({"test.": Change(set={"@ MX": ["5 other"], "new TXT": ['"a"']}, delete=("mx A",))})["test."]
    zone = dns.zone.from_text(text, origin="test.", relativize=False)
    assert zone.find_rdataset("test.", "MX").to_text(dns.name.from_text("test.")).endswith("MX 5 other.test.")
    assert zone.get_rdataset("mx.test.", "A") is None
    assert zone.get_rdataset("new.test.", "TXT") is not None
    assert _signatures_hold(text)


def test_an_unknown_place_in_a_template_is_an_error() -> None:
    with pytest.raises(LabError, match="nothing is known as"):
        render.fill("address {{ nobody.ipv4 }}", {}, "a file")


def test_every_template_of_every_host_can_be_filled() -> None:
    described = topology.load()
    for host in described.hosts.values():
        assert render.layers(host.files, values.of_host(host, described))


def _certificate(credential: pki.Credential) -> x509.Certificate:
    return x509.load_pem_x509_certificate(credential.chain)


def test_a_good_certificate_is_kept_until_its_names_change(tmp_path: Path) -> None:
    first = pki.credential("mx", ("mx.test",), tmp_path)
    assert pki.credential("mx", ("mx.test",), tmp_path) == first
    assert pki.credential("mx", ("mx.test", "www.test"), tmp_path).chain != first.chain
    assert pki.tlsa("mx", "current", tmp_path) != pki.tlsa("mx", "next", tmp_path)


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("expired", lambda c: c.not_valid_after_utc.timestamp() < time.time()),
        ("not_yet_valid", lambda c: c.not_valid_before_utc.timestamp() > time.time()),
        ("expiring", lambda c: 0 < c.not_valid_after_utc.timestamp() - time.time() < 3 * 86400),
        ("wrong_name", lambda c: "wrong.test" in c.extensions[3].value.get_values_for_type(x509.DNSName)),
        ("other_ca", lambda c: "other CA" in c.issuer.rfc4514_string()),
        ("rsa1024", lambda c: isinstance(c.public_key(), rsa.RSAPublicKey) and c.public_key().key_size == 1024),
        ("rsa2047", lambda c: c.public_key().key_size == 2047),
        ("wildcard", lambda c: "*.test" in c.extensions[3].value.get_values_for_type(x509.DNSName)),
        ("wildcard_below", lambda c: "*.mx.test" in c.extensions[3].value.get_values_for_type(x509.DNSName)),
        ("common_name", lambda c: not any(isinstance(e.value, x509.SubjectAlternativeName) for e in c.extensions)),
        ("intermediate_expired", lambda c: isinstance(c.public_key(), ec.EllipticCurvePublicKey)),
        ("missing_intermediate", lambda c: isinstance(c.public_key(), ec.EllipticCurvePublicKey)),
    ],
)
def test_bad_certificates_have_their_fault(tmp_path: Path, kind: str, seen: Any) -> None:
    credential = pki.bad_credential(kind, "mx", ("mx.test",), tmp_path)
    assert seen(_certificate(credential))
    assert credential.chain.count(b"BEGIN") == (1 if kind == "missing_intermediate" else 2)


def test_the_inventory_is_what_the_suite_reads(tmp_path: Path) -> None:
    described = topology.load()
    for name in described.profiles:
        for path in inventory.write(described, described.profile(name), tmp_path):
            estate = read_inventory(path)
            assert set(estate.hosts) == {host.fqdn for host in described.profile(name)}
            assert "mailproof" in yaml.safe_load(path.read_text())["all"]["vars"]


def test_the_engine_is_not_installed_by_an_ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_info", lambda: None)
    monkeypatch.setattr(engine.os, "geteuid", lambda: 1000)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with pytest.raises(LabError, match="needs root"):
        engine.ensure()


def test_an_engine_elsewhere_that_is_dead_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_info", lambda: None)
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    with pytest.raises(LabError, match="no engine answers there"):
        engine.ensure()


def test_a_full_disk_is_said_before_anything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_info", lambda: None)
    monkeypatch.setattr(engine.os, "geteuid", lambda: 0)
    monkeypatch.setattr(engine, "NEEDED_BYTES", 1 << 62)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with pytest.raises(LabError, match="GB free"):
        engine.ensure()


def test_a_daemon_that_dies_at_once_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    daemon = tmp_path / "dockerd"
    daemon.write_text("#!/bin/sh\necho 'failed to start: no iptables' >&2\nexit 1\n")
    daemon.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(engine, "_info", lambda: None)
    monkeypatch.setattr(engine, "LOG", tmp_path / "log")
    with pytest.raises(LabError, match="no iptables"):
        engine._start_directly(lambda _: None)


def test_a_small_profile_writes_to_nobody_who_is_not_there() -> None:
    described = topology.load()
    primary = next(host for host in described.profile("core") if host.name == "mx1")
    assert not primary.traffic
    assert "lab-traffic.timer" not in primary.units
    assert all(host.traffic for host in described.profile("mail") if host.smtp_client)
