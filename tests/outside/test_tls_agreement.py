"""The survey against OpenSSL as a separate program: `openssl s_server` is asked suite by suite by `openssl s_client`."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures.dialogue.line import Limits
from fixtures.errors import ProbeError
from fixtures.tls.handshake import Handshake, parse
from fixtures.tls.survey import Place, look_handshake

CLIENT = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
PATIENT = Limits(connect_s=5, greeting_s=0.5, reply_s=10, total_s=30, line_bytes=1024, reply_bytes=8192)
# What the server is started with. All of it at OpenSSL's level 0, or the library forbids what is to be seen.
SERVERS = {
    "modern": ["-tls1_3"],
    "good": ["-cipher", "ECDHE+AESGCM:ECDHE+CHACHA20", "-serverpref"],
    "client order": ["-cipher", "ECDHE+AESGCM:ECDHE+CHACHA20"],
    "RSA and DHE": ["-cipher", "kRSA+AESGCM:DHE+AESGCM:ECDHE+AESGCM:@SECLEVEL=0"],
    "CBC": ["-cipher", "ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA:@SECLEVEL=0", "-tls1_2"],
    "anonymous": ["-cipher", "AECDH-AES128-SHA:ADH-AES128-GCM-SHA256:@SECLEVEL=0", "-tls1_2"],
    "NULL": ["-cipher", "NULL-SHA256:ECDHE-RSA-NULL-SHA:@SECLEVEL=0", "-tls1_2"],
    "old": ["-cipher", "ALL:@SECLEVEL=0", "-tls1_1"],
    "curves": ["-curves", "P-521:X448", "-tls1_3"],
    "no renegotiation": ["-cipher", "ECDHE+AESGCM", "-no_renegotiation", "-tls1_2"],
    "renegotiation": ["-cipher", "ECDHE+AESGCM", "-client_renegotiation", "-tls1_2"],
    "renegotiation with CBC": ["-cipher", "AES256-SHA256", "-client_renegotiation", "-tls1_2"],
    "renegotiation with DHE": ["-cipher", "DHE-RSA-AES128-SHA", "-client_renegotiation", "-tls1_2"],
    "early data": ["-early_data"],
    "client certificates": ["-Verify", "1", "-verify_quiet"],
}


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert shutil.which("openssl"), "the openssl program is needed for this test"
    path = tmp_path_factory.mktemp("s_server") / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mx.test", "-days", "2"]
    subprocess.run([*command, "-keyout", str(path), "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@contextmanager
def s_server(pem: Path, options: list[str]) -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(pem), "-key", str(pem)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, *options], **pipes) as server:  # type: ignore[call-overload]
        try:
            while (line := server.stdout.readline()).strip() != b"ACCEPT":
                assert line, "s_server did not start"
            reader = threading.Thread(target=server.stdout.read, daemon=True)
            reader.start()
            yield port
        finally:
            server.kill()
            reader.join(5)


def survey(port: int) -> Handshake:
    place = Place("127.0.0.1", port, "imap", "implicit", "mx.test", PATIENT)
    return parse(asyncio.run(look_handshake(place)), "s_server")


def by_openssl(port: int, *options: str) -> bool:
    """Whether s_client comes to an agreement with these options."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=20, check=False)
    return b"Cipher is (NONE)" not in done.stdout and b"New, " in done.stdout


def suites_by_openssl(port: int) -> set[str]:
    """The suites of TLS 1.2 that s_client gets, by their standard names."""
    listed = subprocess.run(
        ["openssl", "ciphers", "-tls1_2", "-s", "-stdname", "-v", CLIENT], capture_output=True, text=True, check=True
    )
    left = {line.split()[2]: line.split()[0].removeprefix("TLS_") for line in listed.stdout.splitlines()}
    left = {name: standard for name, standard in left.items() if not standard.startswith(("AES_", "CHACHA20_"))}
    found: set[str] = set()
    while left:  # by elimination here as well: s_client says what the server chose
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2"]
        done = subprocess.run(
            [*command, "-cipher", ":".join(left) + ":@SECLEVEL=0"], input="", capture_output=True, text=True,
            timeout=20, check=False,
        )  # fmt: skip
        chosen = next((line.split()[-1] for line in done.stdout.splitlines() if line.startswith("New, ")), "(NONE)")
        if chosen not in left:
            return found
        found.add(left.pop(chosen))
    return found


def test_a_server_of_tls_1_1_alone_is_seen_as_such(pem: Path) -> None:
    with s_server(pem, SERVERS["old"]) as port:
        seen = survey(port)
        assert by_openssl(port, "-tls1_1", "-cipher", CLIENT) and not by_openssl(port, "-tls1_2")
    assert seen.versions.accepted == ["TLSv1.1"]
    with pytest.raises(ProbeError, match="neither"):
        _ = seen.suites12


@pytest.mark.parametrize("name", ["modern", "good", "RSA and DHE", "CBC", "anonymous", "NULL"])
def test_suites_and_versions_are_those_of_openssl(pem: Path, name: str) -> None:
    with s_server(pem, SERVERS[name]) as port:
        seen = survey(port)
        versions = {
            version
            for version, option in (("TLSv1.3", "-tls1_3"), ("TLSv1.2", "-tls1_2"), ("TLSv1.1", "-tls1_1"))
            if by_openssl(port, option, "-cipher", CLIENT)
        }
        assert set(seen.versions.accepted) == versions
        assert set(seen.suites12) == suites_by_openssl(port)
        if "TLSv1.3" in versions:
            assert set(seen.suites13) == {"AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256", "AES_128_GCM_SHA256"}


def test_the_order_of_the_suites(pem: Path) -> None:
    seen = []
    for name in ("good", "client order"):
        with s_server(pem, SERVERS[name]) as port:
            seen.append(survey(port).preference)
    assert seen == ["server", "client"]


def test_groups_are_those_of_openssl(pem: Path) -> None:
    with s_server(pem, SERVERS["curves"]) as port:
        assert set(survey(port).groups) == {"secp521r1", "x448"}
        assert by_openssl(port, "-curves", "X448") and not by_openssl(port, "-curves", "X25519")


def test_signatures_with_sha1(pem: Path) -> None:
    for options, expected in ((["-cipher", "ECDHE:@SECLEVEL=0"], "accepted"), (["-cipher", "ECDHE"], "refused")):
        with s_server(pem, [*options, "-tls1_2"]) as port:
            seen = survey(port)
            assert seen.broken_signature == expected
            assert by_openssl(port, "-sigalgs", "RSA+SHA1", "-cipher", CLIENT) == (expected == "accepted")
            assert seen.signatures == ["rsa_pss_rsae_sha256"]


@pytest.mark.parametrize(
    ("name", "count"),
    [("no renegotiation", 0), ("good", 0), ("renegotiation", 10), ("renegotiation with CBC", 10),
     ("renegotiation with DHE", 10)],
)  # fmt: skip
def test_renegotiation(pem: Path, name: str, count: int) -> None:
    with s_server(pem, SERVERS[name]) as port:
        assert survey(port).renegotiations == count


@pytest.mark.parametrize(("name", "size"), [("good", 0), ("early data", 16384)])
def test_early_data(pem: Path, name: str, size: int) -> None:
    with s_server(pem, SERVERS[name]) as port:
        assert survey(port).early_data == size


def test_a_prime_of_its_own_is_measured(pem: Path) -> None:
    with s_server(pem, SERVERS["RSA and DHE"]) as port:
        bits = survey(port).finite_bits
    assert 2048 in bits.values()


def test_a_server_that_wants_a_certificate_is_seen_all_the_same(pem: Path) -> None:
    with s_server(pem, SERVERS["client certificates"]) as port:
        seen = survey(port)
    assert seen.versions.accepted == ["TLSv1.2", "TLSv1.3"] and "x25519" in seen.groups
