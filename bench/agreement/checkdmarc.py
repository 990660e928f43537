"""checkdmarc, as a program in an environment of its own: it is pinned to other versions than the suite."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.agreement.opinion import Opinion, run
from fixtures.estate import Domain, Estate


class Checkdmarc:
    """``folder`` holds the environment ``checkdmarc`` with the program."""

    name = "checkdmarc"

    def __init__(self, folder: Path) -> None:
        self.program = folder / "checkdmarc" / "bin" / "checkdmarc"

    def version(self) -> str:
        if not self.program.is_file():
            return ""
        return f"checkdmarc {run([str(self.program), '--version'], 60).text.strip()}"

    def opinions(self, estate: Estate) -> Iterable[Opinion]:
        """It fetches the MTA-STS policy by the machine's resolv.conf: in a mount namespace that one is the lab's."""
        domains = list(estate.domains.values())
        store = {name: str(estate.trust_store) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")}
        with tempfile.TemporaryDirectory(prefix="mailproof-checkdmarc-") as folder:
            names = Path(folder) / "resolv.conf"
            names.write_text(f"nameserver {estate.resolver}\n")
            output = Path(folder) / "out.json"
            command = [str(self.program), *(domain.name for domain in domains), "-n", str(estate.resolver), "-t", "5",
                       "--check-mx-tls", "-o", str(output)]  # fmt: skip
            script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
            inside = ["unshare", "--mount", "sh", "-c", script, str(names), *command]
            said = run(inside, 300, env={**os.environ, **store})
            if not output.is_file():
                raise RuntimeError(f"checkdmarc ended with {said.status} and wrote nothing: {said.text[-500:]}")
            data = json.loads(output.read_text())
        results = {item["domain"]: item for item in (data if isinstance(data, list) else [data])}
        return [opinion for domain in domains for opinion in look(domain, results[domain.name])]


def look(domain: Domain, result: Mapping[str, Any]) -> Iterator[Opinion]:
    """What one result of its JSON says. Pure."""

    def opinion(id: str, good: bool, said: object) -> Opinion:
        return Opinion(Checkdmarc.name, id, domain.name, good, str(said)[:200])

    yield opinion("DNS-051", bool(result.get("dnssec")), f"dnssec {result.get('dnssec')}")
    mx = result.get("mx", {})
    if "hosts" in mx:
        dead = [host["hostname"] for host in mx["hosts"] if not host["addresses"]]
        yield opinion("DNS-030", not dead and not mx.get("error"), mx.get("error") or f"without address: {dead}")
        yield opinion("DNS-002", {host["hostname"] for host in mx["hosts"]} == set(domain.mx) and not dead,
                      [host["hostname"] for host in mx["hosts"]])  # fmt: skip
    spf = result.get("spf", {})
    yield opinion("DNS-034", bool(spf.get("valid")), spf.get("error") or spf.get("record"))
    if "dns_lookups" in spf:
        counts = spf["dns_lookups"], spf.get("void_dns_lookups") or 0
        yield opinion("DNS-035", counts[0] <= 10 and counts[1] <= 2, f"{counts[0]} lookups, {counts[1]} void")
    if "parsed" in spf:
        end = spf["parsed"]["all"]
        yield opinion("DNS-036", end in ("fail", "softfail"), f"all: {end}")
    dmarc = result.get("dmarc", {})
    yield opinion("DNS-043", bool(dmarc.get("valid")), dmarc.get("error") or dmarc.get("record"))
    if dmarc.get("valid"):
        tags = {name: tag["value"] for name, tag in dmarc["tags"].items()}
        policy = [tags.get(name, tags["p"]) for name in ("p", "sp", "np")]
        yield opinion("DNS-044", "none" not in policy and tags.get("t") != "y", f"p, sp, np: {policy}")
    sts = result.get("mta_sts", {})
    enforced = bool(sts.get("valid")) and sts["policy"]["mode"] == "enforce"
    yield opinion("DNS-048", enforced, sts.get("error") or "enforce")
    reports = result.get("smtp_tls_reporting", {})
    yield opinion("DNS-049", bool(reports.get("valid")), reports.get("error") or "valid")
