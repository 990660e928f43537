"""x509-limbo: the whole judgement of a certificate chain (trust, dates, name, key, conformity) against its cases.

Trust is OpenSSL's as in a handshake; as limbo has no private keys it is asked as a separate program here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fixtures.errors import ProbeError
from fixtures.policy import load_policy
from fixtures.tls.certificate import parse
from fixtures.tls.chain import Chain

DATA = Path(__file__).parents[1] / "data" / "tls" / "limbo.json"
CASES = json.loads(DATA.read_text())["testcases"]
POLICY = load_policy().view()
# Where this suite says something else, and why.
EXPLAINED = {
    "pathlen::max-chain-depth-0-exhausted": "a limit of the verifier's own, which no endpoint states",
    "pathological::multiple-chains-expired-intermediate": "an expired certificate in the chain is a fault (TLS-038)",
    "rfc5280::nc::permitted-dns-match-noncritical": "in a root of the trust store, which is taken as it is",
    "rfc5280::nc::permitted-dn-match": "a server needs a DNS name (TLS-039), limbo lets a directory name pass",
    "rfc5280::validity::expired-root": "a root of the trust store is taken as it is (RFC 5280 6.1.1 d)",
    "rfc5280::root-missing-basic-constraints": "a root of the trust store is taken as it is",
    "rfc5280::root-non-critical-basic-constraints": "a root of the trust store is taken as it is",
    "webpki::eku::ee-without-eku": "RFC 5280 allows what the CA/B rules forbid (limbo has both)",
    "webpki::forbidden-signature-algorithm-in-root": "nobody relies on the signature of a root",
}


def trusted(case: dict[str, Any], folder: Path) -> bool:
    command = ["openssl", "verify", "-no_check_time", "-purpose", "sslserver"]
    for option, key in (("-CAfile", "trusted_certs"), ("-untrusted", "untrusted_intermediates")):
        if case.get(key):
            (folder / key).write_text("".join(case[key]))
            command += [option, str(folder / key)]
    (folder / "leaf").write_text(case["peer_certificate"])
    return subprocess.run([*command, str(folder / "leaf")], capture_output=True, check=False).returncode == 0


def accepted(case: dict[str, Any], folder: Path) -> bool:
    moment = datetime.fromisoformat(case["validation_time"]) if case.get("validation_time") else datetime.now(UTC)
    peer = case.get("expected_peer_name") or {}
    try:
        texts = [case["peer_certificate"], *case.get("untrusted_intermediates", ())]
        ders = [x509.load_pem_x509_certificate(text.encode()).public_bytes(Encoding.DER) for text in texts]
        chain = Chain("limbo", "TLSv1.3", "", tuple(map(parse, ders)), "")
    except (ProbeError, ValueError):
        return False
    leaf = chain.leaf
    named = leaf.covers(peer["value"]) if peer.get("kind") == "DNS" else peer.get("value", "") in (*leaf.addresses, "")
    bits = POLICY["tls.key_bits"]
    strong = (
        leaf.key in bits and leaf.bits >= bits[leaf.key]["fail"] and leaf.hash not in POLICY["tls.hashes_forbidden"]
    )
    dated = leaf.not_before <= moment <= leaf.not_after and not chain.outside_dates(moment)
    return named and strong and dated and not chain.defects and trusted(case, folder)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_limbo(tmp_path: Path) -> None:
    assert shutil.which("openssl"), "the openssl program is needed for this test"
    differing = {case["id"] for case in CASES if accepted(case, tmp_path) != (case["expected_result"] == "SUCCESS")}
    assert differing == set(EXPLAINED)
    assert len(CASES) - len(differing) >= 80
