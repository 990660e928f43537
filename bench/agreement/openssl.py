"""openssl s_client and x509: handshakes of each version, the chain, the leaf."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from bench.agreement.opinion import Opinion, Said, first_line, run, several
from fixtures.estate import Endpoint, Estate

STARTTLS = {"smtp": "smtp", "submission": "smtp", "imap": "imap", "pop3": "pop3", "sieve": "sieve", "lmtp": "lmtp"}
PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)
VERIFIED = re.compile(r"Verify return code: (\d+) \(([^)]*)\)")
CIPHER = re.compile(r"Cipher is (\S+)")
KEY_BITS = re.compile(r"Public-Key: \((\d+) bit\)")
SIGNATURE = re.compile(r"Signature Algorithm: (\S+)")
#: Whatever the local policy says: old versions and suites must be tried, not refused here.
ANYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
THREE_DAYS = 3 * 86400


class OpenSSL:
    """The command line of the machine's OpenSSL."""

    name = "openssl"

    def version(self) -> str:
        return first_line(["openssl", "version"])

    def opinions(self, estate: Estate) -> Iterable[Opinion]:
        endpoints = [endpoint for endpoint in estate.endpoints if endpoint.tls != "none"]
        return several(4, endpoints, lambda endpoint: look(endpoint, str(estate.trust_store)))


def look(endpoint: Endpoint, store: str) -> Iterator[Opinion]:
    """All that is asked of one endpoint."""

    def opinion(id: str, good: bool, said: str) -> Opinion:
        return Opinion(OpenSSL.name, id, str(endpoint), good, said)

    plain = connect(endpoint, "-CAfile", store, "-no_check_time", "-showcerts", "-cipher", ANYTHING)
    chain = PEM.findall(plain.text)
    reached = "TLS-031" if endpoint.tls == "implicit" else "TLS-030"
    yield opinion(reached, bool(chain), "handshake" if chain else last(plain))
    if not chain:
        return
    modern, *old = (spoken(endpoint, version) for version in ("-tls1_3", "-tls1_1", "-tls1"))
    yield opinion("TLS-001", modern and not any(old), f"TLS 1.3 {modern}, TLS 1.1 {old[0]}, TLS 1.0 {old[1]}")
    yield opinion("TLS-032", not any(old), f"TLS 1.1 {old[0]}, TLS 1.0 {old[1]}")
    weak = chosen(connect(endpoint, "-tls1_2", "-cipher", weak_suites()))
    yield opinion("TLS-033", not weak, weak or "no weak suite accepted")
    code, words = VERIFIED.findall(plain.text)[-1]
    yield opinion("TLS-038", code == "0", words)
    name = x509(chain[0], "-checkhost", endpoint.server_name).text
    yield opinion("TLS-039", "does match" in name, name.strip())
    late = x509(chain[0], "-checkend", str(THREE_DAYS))
    yield opinion("TLS-040", late.status == 0, late.text.strip())
    yield opinion("TLS-044", *strength(x509(chain[0], "-text").text))


def connect(endpoint: Endpoint, *options: str) -> Said:
    """One handshake."""
    address = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    command = ["openssl", "s_client", "-connect", f"{address}:{endpoint.port}", "-servername", endpoint.server_name]
    if endpoint.tls == "starttls":
        command += ["-starttls", STARTTLS[endpoint.protocol]]
    return run([*command, *options], 20)


def spoken(endpoint: Endpoint, version: str) -> bool:
    """Whether a handshake of this version alone comes to its end."""
    return bool(chosen(connect(endpoint, version, "-cipher", ANYTHING)))


def chosen(said: Said) -> str:
    """The suite that was agreed on; empty where none was.

    >>> chosen(Said(0, "New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384"))
    'TLS_AES_256_GCM_SHA384'
    >>> chosen(Said(1, "New, (NONE), Cipher is (NONE)"))
    ''
    """
    found = CIPHER.search(said.text)
    return found[1] if found and found[1] != "(NONE)" else ""


@cache
def weak_suites() -> str:
    """Every TLS 1.2 suite of this OpenSSL without forward secrecy or authenticated encryption."""
    lines = run(["openssl", "ciphers", "-v", "-s", "-tls1_2", ANYTHING], 20).text.splitlines()
    weak = [line.split()[0] for line in lines if not ("Mac=AEAD" in line and re.search(r"Kx=(ECDH|DH)\b", line))]
    return ":".join([*weak, "@SECLEVEL=0"])


def x509(pem: str, *options: str) -> Said:
    """What openssl x509 says of a certificate."""
    return run(["sh", "-c", 'printf %s "$0" | openssl x509 -noout "$@"', pem, *options], 20)


def strength(text: str) -> tuple[bool, str]:
    """Whether key and signature are strong enough, and which they are.

    >>> strength("Signature Algorithm: sha1WithRSAEncryption\\n Public-Key: (2048 bit)")
    (False, 'sha1WithRSAEncryption, 2048 bit')
    """
    bits, algorithm = KEY_BITS.search(text), SIGNATURE.search(text)
    curve = "id-ecPublicKey" in text or "ED25519" in text.upper()
    size, signed = int(bits[1]) if bits else 256, algorithm[1] if algorithm else "unknown"
    enough = size >= (256 if curve else 2048)
    return enough and not re.search("sha1|md5", signed, re.I), f"{signed}, {size} bit"


def last(said: Said) -> str:
    """The last line worth showing."""
    lines = [line for line in said.text.splitlines() if ":error:" in line or "errno" in line]
    return (lines or said.text.strip().splitlines() or ["nothing"])[-1][:120]
