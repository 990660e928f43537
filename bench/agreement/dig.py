"""dig: what the records say, and how each name server answers. delv: whether they validate."""

from __future__ import annotations

import base64
import ipaddress
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bench.agreement.opinion import Opinion, first_line, run, several
from fixtures.estate import Domain, Estate

Judged = tuple[bool, object]
STATUS = re.compile(r"status: (\w+)")
FLAGS = re.compile(r";; flags: ([a-z ]*);")


class Dig:
    """dig of BIND's utilities."""

    name = "dig"

    def version(self) -> str:
        return first_line(["dig", "-v"], "dig")

    def opinions(self, estate: Estate) -> Iterable[Opinion]:
        return several(4, estate.domains.values(), lambda domain: look(domain, estate))


class Delv:
    """delv: validates from the lab's own root key, which a name server of the lab tells."""

    name = "delv"

    def version(self) -> str:
        return first_line(["delv", "-v"], "delv")

    def opinions(self, estate: Estate) -> Iterable[Opinion]:
        with tempfile.TemporaryDirectory(prefix="mailproof-delv-") as folder:
            anchor = Path(folder) / "root.anchor"
            anchor.write_text(trust_anchor(root_keys(estate)))
            return several(2, estate.domains.values(), lambda domain: [validated(domain, estate, anchor)])


class Silent(Exception):
    """Nothing is known: the server gave no answer that settles what a name holds."""


def answers(server: str, name: str, rtype: str, *options: str) -> list[str]:
    """The data of the records of this type, as dig shows them, the strings of a TXT joined.

    Raises Silent for SERVFAIL, REFUSED and a server that does not answer.
    """
    command = ["dig", f"@{server}", name, rtype, "+noall", "+comments", "+answer", "+tries=2", "+time=3", *options]
    said = run(command, 30).text
    status = STATUS.search(said)
    if not status or status[1] not in ("NOERROR", "NXDOMAIN"):
        raise Silent(f"{name} {rtype}: {status[1] if status else 'no answer'}")
    rows = [line.split(None, 4) for line in said.splitlines() if line and not line.startswith(";")]
    found = [row[4] for row in rows if len(row) == 5 and row[3] == rtype]
    return [joined(text) for text in found] if rtype == "TXT" else [text.lower().rstrip(".") for text in found]


def joined(text: str) -> str:
    """The strings of a TXT record as one.

    >>> joined('"v=spf1 " "-all"')
    'v=spf1 -all'
    """
    return re.sub(r"\\(.)", r"\1", "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)))


def look(domain: Domain, estate: Estate) -> Iterator[Opinion]:
    """All that is asked about one domain; nothing about what nobody answers."""
    for id, judge in JUDGES.items():
        try:
            good, said = judge(domain, estate)
        except Silent:
            continue
        yield Opinion(Dig.name, id, domain.name, good, str(said)[:200])


def mx_as_declared(domain: Domain, estate: Estate) -> Judged:
    """The MX hosts are those of the inventory, with its addresses."""
    hosts = mx_hosts(domain, estate)
    declared = {host: set(entry.addresses) for host, entry in estate.hosts.items()}
    wrong = [host for host in hosts if host not in domain.mx or set(addresses(host, estate)) != declared[host]]
    lacking = sorted(set(domain.mx) - set(hosts))
    return bool(hosts) and not wrong and not lacking, f"MX {hosts}, wrong {wrong}, missing {lacking}"


def mx_in_order(domain: Domain, estate: Estate) -> Judged:
    """No MX is an alias or without address."""
    odd = [
        host for host in mx_hosts(domain, estate)
        if answers(resolver(estate), host, "CNAME") or not addresses(host, estate)
    ]  # fmt: skip
    return not odd, f"alias or without address: {odd}"


def reverse_names(domain: Domain, estate: Estate) -> Judged:
    """Every egress address is confirmed by its reverse name."""
    stray = [address for address in domain.egress if not confirmed(estate, address)]
    return not stray, f"not forward-confirmed: {stray}"


def one_spf(domain: Domain, estate: Estate) -> Judged:
    """There is one SPF record; its grammar is not looked at."""
    found = spf_of(domain, estate)
    return len(found) == 1, found


def spf_end(domain: Domain, estate: Estate) -> Judged:
    """It ends in -all or ~all."""
    record = the_one(spf_of(domain, estate))
    return bool(re.search(r" [-~]all$", record)) and "+all" not in record, record


def one_dmarc(domain: Domain, estate: Estate) -> Judged:
    """There is one DMARC record at the domain."""
    found = dmarc_of(domain, estate)
    return len(found) == 1, found


def dmarc_policy(domain: Domain, estate: Estate) -> Judged:
    """No part of its policy is none."""
    record = the_one(dmarc_of(domain, estate))
    return "p=" in record and not re.search(r"\b(?:p|sp|np)=none", record), record


def tls_reports(domain: Domain, estate: Estate) -> Judged:
    """There is one TLS-RPT record."""
    found = texts(f"_smtp._tls.{domain.name}", "v=TLSRPTv1", estate)
    return len(found) == 1, found


def dkim_records(domain: Domain, estate: Estate) -> Judged:
    """Every selector in use has one record with a key."""
    keys = dkim_keys(domain, estate)
    return all(len(found) == 1 and found[0] for found in keys.values()), {name: len(k) for name, k in keys.items()}


def dkim_sizes(domain: Domain, estate: Estate) -> Judged:
    """RSA of 2048 bits at least, by openssl."""
    bits = {name: size_of(found[0]) for name, found in dkim_keys(domain, estate).items() if found and found[0]}
    if not bits:
        raise Silent("no key")
    return all(size >= 2048 or size == 253 for size in bits.values()), bits


def name_servers(domain: Domain, estate: Estate) -> Judged:
    """Two servers at least, none lame, of one serial, by UDP and TCP; no recursion, no transfer."""
    names = answers(resolver(estate), domain.name, "NS")
    places = [address for name in names for address in addresses(name, estate)]
    faults = [fault for address in places for fault in misbehaves(address, domain.name)]
    serials = {text for address in places for text in serial(address, domain.name)}
    return len(set(names)) > 1 and not faults and len(serials) == 1, f"serials {sorted(serials)}, {faults}"


def caa(domain: Domain, estate: Estate) -> Judged:
    """The domain says which authorities may issue, and those in use are among them."""
    found = answers(resolver(estate), domain.name, "CAA")
    issuers = [match[1] for text in found if (match := re.search(r'issue "([^";]*)', text))]
    return bool(issuers) and set(estate.authorities) <= set(issuers), found


JUDGES: dict[str, Callable[[Domain, Estate], Judged]] = {
    "DNS-002": mx_as_declared, "DNS-030": mx_in_order, "DNS-033": reverse_names, "DNS-034": one_spf,
    "DNS-036": spf_end, "DNS-040": dkim_sizes, "DNS-041": dkim_records, "DNS-043": one_dmarc, "DNS-044": dmarc_policy,
    "DNS-049": tls_reports, "DNS-055": caa, "DNS-056": name_servers,
}  # fmt: skip


def resolver(estate: Estate) -> str:
    return str(estate.resolver)


def mx_hosts(domain: Domain, estate: Estate) -> list[str]:
    """The MX hosts; the null MX is none."""
    return [text.split()[-1] for text in answers(resolver(estate), domain.name, "MX") if len(text.split()) > 1]


def addresses(name: str, estate: Estate) -> list[str]:
    return answers(resolver(estate), name, "A") + answers(resolver(estate), name, "AAAA")


def texts(name: str, begin: str, estate: Estate) -> list[str]:
    """The TXT records that begin so."""
    return [text for text in answers(resolver(estate), name, "TXT") if text.startswith(begin)]


def spf_of(domain: Domain, estate: Estate) -> list[str]:
    return [text for text in texts(domain.name, "v=spf1", estate) if re.match(r"v=spf1( |$)", text)]


def dmarc_of(domain: Domain, estate: Estate) -> list[str]:
    return texts(f"_dmarc.{domain.name}", "v=DMARC1", estate)


def the_one(records: list[str]) -> str:
    """The only record; of none or several nothing more can be said."""
    if len(records) != 1:
        raise Silent(f"{len(records)} records")
    return records[0]


def dkim_keys(domain: Domain, estate: Estate) -> dict[str, list[str]]:
    """Selector in use -> the keys in its records; those that are staged or retired are not asked for."""
    names = [item.name for item in domain.selectors if item.signer]
    return {
        name: [key_of(text) for text in answers(resolver(estate), f"{name}._domainkey.{domain.name}", "TXT")]
        for name in names
    }


def confirmed(estate: Estate, address: str) -> bool:
    """Whether the reverse name of an address leads back to it."""
    names = answers(resolver(estate), ipaddress.ip_address(address).reverse_pointer, "PTR")
    return any(address in addresses(name, estate) for name in names)


def key_of(record: str) -> str:
    """The public key in a DKIM record; empty where there is none, or it is revoked.

    >>> key_of("v=DKIM1; k=rsa; p=MII ="), key_of("v=DKIM1; p=")
    ('MII=', '')
    """
    found = re.search(r"(?:^|;)\s*p=([^;]*)", record)
    return re.sub(r"\s", "", found[1]) if found else ""


def size_of(key: str) -> int:
    """The bits of a public key, by openssl; 0 for what is none."""
    try:
        base64.b64decode(key, validate=True)
    except ValueError:
        return 0
    pem = f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----"
    script = 'printf "%s\n" "$0" | fold -w 64 | openssl pkey -pubin -noout -text'
    found = re.search(r"Public-Key: \((\d+) bit\)", run(["sh", "-c", script, pem], 20).text)
    return int(found[1]) if found else 0


def misbehaves(server: str, zone: str) -> list[str]:
    """What is wrong with one address of a name server."""
    faults = []
    for options in ((), ("+tcp",)):
        said = run(["dig", f"@{server}", zone, "SOA", "+norec", "+tries=1", "+time=3", *options], 20).text
        flags = FLAGS.search(said)
        if "status: NOERROR" not in said or not flags or "aa" not in flags[1].split():
            faults.append(f"{server} {' '.join(options)} is lame")
    flags = FLAGS.search(run(["dig", f"@{server}", zone, "SOA", "+rec", "+tries=1", "+time=3"], 20).text)
    if flags and "ra" in flags[1].split():
        faults.append(f"{server} recurses")
    if re.search(r"\sIN\s+SOA\s", run(["dig", f"@{server}", zone, "AXFR", "+tries=1", "+time=3"], 20).text):
        faults.append(f"{server} gives the zone away")
    return faults


def serial(server: str, zone: str) -> list[str]:
    """The serial that a server has, if any."""
    try:
        return [text.split()[2] for text in answers(server, zone, "SOA", "+norec") if len(text.split()) > 2]
    except Silent:
        return []


def root_keys(estate: Estate) -> list[str]:
    """The DNSKEY records of the root, from a name server of the lab."""
    servers = [host.addresses[0] for host in estate.group("dns") if "nameserver" in host.roles]
    said = run(["dig", f"@{servers[0]}", ".", "DNSKEY", "+norec", "+short", "+nosplit"], 20).text
    return [line for line in said.splitlines() if line.startswith("257 ")]


def trust_anchor(keys: list[str]) -> str:
    """The keys in the form that delv reads."""
    rows = [key.split(None, 3) for key in keys]
    lines = [f'    . static-key {" ".join(row[:3])} "{row[3].replace(" ", "")}";' for row in rows if len(row) == 4]
    return "\n".join(["trust-anchors {", *lines, "};", ""])


def validated(domain: Domain, estate: Estate, anchor: Path) -> Opinion:
    """Whether the domain's MX, its hosts' addresses and its DMARC record validate."""
    names = [(domain.name, "MX"), (f"_dmarc.{domain.name}", "TXT"), *((host, "A") for host in domain.mx)]
    bad = []
    for name, rtype in names:
        command = ["delv", f"@{estate.resolver}", "-a", str(anchor), "+root=.", name, rtype]
        said = run(command, 30).text
        if "; fully validated" not in said and "negative response, fully validated" not in said:
            bad.append(f"{name} {rtype}: {said.strip().splitlines()[0] if said.strip() else 'nothing'}"[:120])
    return Opinion(Delv.name, "DNS-051", domain.name, not bad, "; ".join(bad) or "fully validated")
