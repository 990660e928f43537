"""BIMI: records, logos and mark certificates, right and wrong."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from fixtures import bimi, dmarc, mark_certificate, svg

LOGO = (Path(__file__).parents[2] / "docker/rootfs/web/var/www/bimi/harbour.svg").read_bytes()
NOW = datetime(2026, 11, 25, tzinfo=UTC)
NAMES = ("a.test", "default._bimi.a.test")


@pytest.mark.parametrize(("text", "error"), [
    ("v=BIMI1; l=https://a.test/l.svg; a=https://a.test/c.pem", ""), ("v=BIMI1; l=https://a.test/l.svg;", ""),
    ("v=BIMI2; l=https://a.test/l.svg", "does not begin"), ("v=BIMI1; a=", "l= is missing"), ("v=BIMI1", "l= is missing"),
    ("v=BIMI1; l=https://a.test/x; l=https://a.test/y", "twice"), ("v=BIMI1; l=http://a.test/x", "no https URI"),
    ("v=BIMI1; l=https://a.test:8443/x", "no https URI"), ("v=BIMI1; l=https://u@a.test/x", "no https URI"),
    ("v=BIMI1; l=https://[", "no https URI"), ("v=BIMI1; l=", "declines"), ("v=BIMI1; x", "not a tag=value"),
])  # fmt: skip
def test_records(text: str, error: str) -> None:
    found = bimi.parse(text).error
    assert error in found if error else found == ""


HEAD = b'<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 8 8">'


@pytest.mark.parametrize(("data", "words"), [
    (LOGO, ()), (HEAD + b"<title>A</title></svg>", ()),
    (HEAD + b"<title>A</title><metadata><x:y xmlns:x='urn:x'/></metadata></svg>", ()),
    (HEAD + b"<title>A</title><script/><image href='https://a.test/'/></svg>",
     ("<script>", "<image>", "something outside")),
    (HEAD + b"<title>A</title><a onclick='x'/></svg>", ("<a>", "onclick")),
    (HEAD + b"<title> </title></svg>", ("<title>",)), (LOGO.replace(b"100 100", b"100 50"), ("no square",)),
    (LOGO.replace(b"tiny-ps", b"tiny"), ("baseProfile",)), (LOGO[:-9], ("well-formed",)), (b"", ("well-formed",)),
    (b"<html/>", ("no SVG",)), (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + HEAD + b"</svg>", ("document type",)),
    (HEAD + b"<g>" * 99, ("deep",)),
], ids=lambda value: str(value)[-40:])  # fmt: skip
def test_logos(data: bytes, words: tuple[str, ...]) -> None:
    found = svg.faults(data)
    assert len(found) == len(words) and all(word in fault for word, fault in zip(words, found, strict=True)), found


@given(st.binary(max_size=300))
def test_no_file_breaks_the_judges(data: bytes) -> None:
    assert svg.faults(data) and mark_certificate.judge(data, NAMES, None, NOW).faults


def chain(*, names: tuple[str, ...] = ("a.test",), logo: bytes = LOGO, days: int = 30, purpose: str = "31",
          issuer_of: Any = None) -> bytes:  # fmt: skip
    """A leaf and its authority, as PEM."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Marks")])
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A")])

    def build(subject: x509.Name, public: Any, *extensions: x509.ExtensionType) -> x509.Certificate:
        builder = x509.CertificateBuilder(root, subject, public, x509.random_serial_number(),
                                          NOW - timedelta(days=60), NOW + timedelta(days=days))  # fmt: skip
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(issuer_of or authority, hashes.SHA256())

    data = b"data:image/svg+xml;base64," + base64.b64encode(gzip.compress(logo))
    leaf = build(
        name, key.public_key(), x509.SubjectAlternativeName([x509.DNSName(item) for item in names]),
        x509.ExtendedKeyUsage([x509.ObjectIdentifier(f"1.3.6.1.5.5.7.3.{purpose}")]),
        x509.UnrecognizedExtension(mark_certificate.LOGOTYPE, b"\x30\x82" + data),
    )  # fmt: skip
    above = build(root, authority.public_key(), x509.BasicConstraints(ca=True, path_length=0))
    return leaf.public_bytes(Encoding.PEM) + above.public_bytes(Encoding.PEM)


@pytest.mark.parametrize(("options", "word"), [
    ({}, ""), ({"names": ("default._bimi.a.test",)}, ""), ({"names": ("b.test",)}, "names b.test"),
    ({"logo": HEAD + b"</svg>"}, "another logo"), ({"logo": b" " * 99999}, "cannot be unpacked"),
    ({"days": -1}, "is valid from"), ({"purpose": "1"}, "purpose"),
    ({"issuer_of": ec.generate_private_key(ec.SECP256R1())}, "chain breaks"),
])  # fmt: skip
def test_mark_certificates(options: dict[str, Any], word: str) -> None:
    faults = mark_certificate.judge(chain(**options), NAMES, LOGO, NOW).faults
    assert not faults if not word else len(faults) == 1 and word in faults[0], faults


@pytest.mark.parametrize(("record", "lacks"), [
    ("v=DMARC1; p=reject", ()), ("v=DMARC1; p=quarantine; sp=none", ("sp=none",)), ("v=DMARC1; p=reject; t=y", ("t=y",)),
    ("v=DMARC1; p=none", ("p=none", "sp=none")), ("x", ("no valid DMARC record",)),
])  # fmt: skip
def test_dmarc_comes_first(record: str, lacks: tuple[str, ...]) -> None:
    found = dmarc.discover("a.test", lambda name: [record] if name == "_dmarc.a.test" else [])
    assert bimi.precondition(found) == lacks
