"""sslyze, as a program in an environment of its own: its licence (AGPL) forbids importing it."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.agreement.opinion import Opinion, run
from fixtures.estate import Endpoint, Estate

# It knows no ManageSieve and no LMTP.
SPOKEN = ("smtp", "submission", "imap", "pop3", "https")
SCANS = ("--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--certinfo", "--reneg", "--compression",
         "--elliptic_curves", "--ems", "--mozilla_config=disable", "--starttls=auto", "--quiet",
         "--slow_connection")  # fmt: skip
OLD = ("ssl_3_0", "tls_1_0", "tls_1_1")
#: Key exchange without forward secrecy, and ciphers nobody should accept (RFC 9325 4.1), by their IANA names.
BROKEN = re.compile(r"TLS_(RSA|ECDH_RSA|ECDH_ECDSA|DH_RSA|DH_DSS|PSK)_|_anon_|_NULL_|EXPORT|_RC4_|_3DES_|_DES_")
FORWARD_AEAD = re.compile(r"TLS_(EC)?DHE_.*(_GCM_|_CCM|CHACHA20)")


class Sslyze:
    """``folder`` holds the environment ``sslyze`` with the program."""

    name = "sslyze"

    def __init__(self, folder: Path) -> None:
        self.program = folder / "sslyze" / "bin" / "sslyze"

    def version(self) -> str:
        if not self.program.is_file():
            return ""
        found = re.search(r"SSLyze version (\S+)", run([str(self.program), "--help"], 60).text)
        return f"sslyze {found[1]}" if found else "unknown version"

    def opinions(self, estate: Estate) -> Iterable[Opinion]:
        wanted = {place(item): item for item in estate.endpoints if item.tls != "none" and item.protocol in SPOKEN}
        with tempfile.TemporaryDirectory(prefix="mailproof-sslyze-") as folder:
            output = Path(folder) / "out.json"
            command = [str(self.program), *SCANS, f"--certinfo_ca_file={estate.trust_store}", f"--json_out={output}"]
            said = run([*command, *(target(item) for item in wanted.values())], 400)
            if not output.is_file():
                raise RuntimeError(f"sslyze ended with {said.status} and wrote nothing: {said.text[-500:]}")
            results = json.loads(output.read_text())["server_scan_results"]
        found = []
        for result in results:
            location = result["server_location"]
            endpoint = wanted[location["ip_address"], location["port"]]
            found += list(look(endpoint, result, datetime.now(UTC)))
        return found


def place(endpoint: Endpoint) -> tuple[str, int]:
    """How results are found again."""
    return endpoint.address, endpoint.port


def target(endpoint: Endpoint) -> str:
    """A target on its command line: the name for SNI, and the address to connect to."""
    return f"{endpoint.server_name}:{endpoint.port}{{{endpoint.address}}}"


def look(endpoint: Endpoint, result: Mapping[str, Any], now: datetime) -> Iterator[Opinion]:
    """What one result of its JSON says. Pure."""

    def opinion(id: str, good: bool, said: object) -> Opinion:
        return Opinion(Sslyze.name, id, str(endpoint), good, str(said)[:200])

    reached = result["connectivity_status"] == "COMPLETED"
    trace = (result.get("connectivity_error_trace") or "").strip().splitlines()
    yield opinion("TLS-030" if endpoint.tls == "starttls" else "TLS-031", reached, trace[-1] if trace else "handshake")
    if not reached:
        return
    scans = {name: scan["result"] for name, scan in result["scan_result"].items() if scan["status"] == "COMPLETED"}
    suites = {name.removesuffix("_cipher_suites"): names_of(scan) for name, scan in scans.items() if "cipher" in name}
    if all(name in suites for name in (*OLD, "tls_1_3")):
        old = [name for name in OLD if suites[name]]
        yield opinion("TLS-001", bool(suites["tls_1_3"]) and not old, f"TLS 1.3 {suites['tls_1_3']}, old {old}")
        yield opinion("TLS-032", not old, f"accepted: {old}")
    if "tls_1_2" in suites:
        every = [name for version in suites.values() for name in version]
        weak = [name for name in suites["tls_1_2"] if not FORWARD_AEAD.search(name)]
        yield opinion("TLS-033", not weak, weak or "forward secrecy and AEAD alone")
        broken = sorted({name for name in every if BROKEN.search(name)})
        yield opinion("TLS-034", not broken, broken or "none broken")
    if curves := scans.get("elliptic_curves"):
        names = [item["name"] for item in curves["supported_curves"] or ()]
        small = [name for name in names if re.search(r"1[0-9]{2}[rkv]", name)]
        yield opinion("TLS-035", not small, small or names)
    if {"session_renegotiation", "tls_compression", "tls_extended_master_secret"} <= set(scans):
        renegotiation = scans["session_renegotiation"]
        wrong = {
            "compression": scans["tls_compression"]["supports_compression"],
            "insecure renegotiation": suites.get("tls_1_2") and not renegotiation["supports_secure_renegotiation"],
            "clients may renegotiate": renegotiation["is_vulnerable_to_client_renegotiation_dos"],
            "no extended master secret": not scans["tls_extended_master_secret"]["supports_ems_extension"],
        }
        faults = [fault for fault, is_so in wrong.items() if is_so]
        yield opinion("TLS-037", not faults, faults or "none, secure, off, offered")
    if "certificate_info" in scans:
        yield from of_certificate(endpoint, scans["certificate_info"]["certificate_deployments"][0], now)


def names_of(scan: Mapping[str, Any]) -> list[str]:
    """The names of the accepted suites."""
    return [item["cipher_suite"]["name"] for item in scan["accepted_cipher_suites"]]


def of_certificate(endpoint: Endpoint, deployment: Mapping[str, Any], now: datetime) -> Iterator[Opinion]:
    """Chain, name, time and strength: from the validation against the lab's own store, and from the leaf."""

    def opinion(id: str, good: bool, said: object) -> Opinion:
        return Opinion(Sslyze.name, id, str(endpoint), good, str(said)[:200])

    results = deployment["path_validation_results"]
    own = next(item for item in results if item["trust_store"]["name"].startswith("Supplied"))
    error = own["validation_error"] or ""
    of_name, of_time = "subjectAltName" in error, "not valid at" in error or "validity" in error
    if not of_name and not of_time:
        yield opinion("TLS-038", own["was_validation_successful"], error or "valid")
    if own["was_validation_successful"] or of_name:
        yield opinion("TLS-039", not of_name, error or "valid for the name")
    leaf = deployment["received_certificate_chain"][0]
    ends = datetime.fromisoformat(leaf["not_valid_after"])
    yield opinion("TLS-040", ends > now + timedelta(days=3), f"until {ends:%Y-%m-%d}")
    key, signature = leaf["public_key"], leaf["signature_hash_algorithm"]["name"]
    enough = (key["key_size"] or 256) >= (2048 if "RSA" in key["algorithm"] else 256)
    shown = f"{key['algorithm']} {key['key_size']}, {signature}"
    yield opinion("TLS-044", enough and signature not in ("sha1", "md5"), shown)
