"""Zonemaster's test zones, answered as CoreDNS would: each address serves what its configuration says.

The `resolver` at 192.0.2.53 looks names up from the zones' own root, as a recursive resolver does; it does not validate.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tokenizer
import dns.zonefile

DATA = Path(__file__).parents[1] / "data" / "dns" / "zonemaster"
RECURSIVE = "192.0.2.53"
IN = dns.rdataclass.IN
MAX_STEPS = 12
#: Who serves the zones that all scenarios share; the configuration for them is not among the data.
COMMON = {"root-zone": (".", "ns1. ns2."), "arpa": ("arpa.", "ns1. ns2."), "xa": ("xa.", "ns1.xa. ns2.xa."),
          "xb": ("xb.", "ns1.xb. ns2.xb.")}  # fmt: skip


@dataclass
class Block:
    """One server block: its zone, its addresses, and its plugins. ``drop``: types that get no answer, * for all."""

    zone: dns.name.Name
    addresses: list[str] = field(default_factory=list)
    file: str = ""
    drop: list[tuple[dns.name.Name, str]] = field(default_factory=list)
    templates: list[dict[str, object]] = field(default_factory=list)
    aa: bool | None = None


def blocks(text: str) -> list[Block]:
    """The server blocks of a configuration."""
    found: list[Block] = []
    context = ""
    for line in (re.sub(r"\s#.*|^#.*", "", raw).strip() for raw in text.splitlines()):
        words = line.split()
        if not words:
            continue
        if line.endswith("{") and not context:
            found.append(Block(dns.name.from_text(words[0].removesuffix(":53"))))
            context = "server"
        elif line.endswith("{"):
            context = words[0]
            if context == "acl":
                zone = words[1] if ".." not in words[1] else "invalid."
                found[-1].drop.append((dns.name.from_text(zone), ""))
            elif context == "template":
                found[-1].templates.append({"type": words[2], "zone": dns.name.from_text(words[3]), "rows": []})
        elif line == "}":
            context = "server" if context != "server" else ""
        elif words[0] == "bind":
            found[-1].addresses.append(str(ipaddress.ip_address(words[1])))
        elif words[0] == "file":
            found[-1].file = words[1]
            if len(words) > 2:  # the block of one zone is written for the root by a slip of the pen
                found[-1].zone = dns.name.from_text(words[2])
        elif words[0] == "drop":
            found[-1].drop[-1] = (found[-1].drop[-1][0], words[2] if len(words) > 2 else "*")
        elif words[0] in ("answer", "authority", "additional"):
            found[-1].templates[-1]["rows"].append((words[0], line.partition('"')[2].rstrip('"')))  # type: ignore[attr-defined]
        elif words[0] == "rcode":
            found[-1].templates[-1]["rcode"] = words[1]
        elif words[0] == "response":
            found[-1].aa = words[1] == "set"
    return [block for block in found if block.addresses and (block.file or block.drop or block.templates)]


class Zone:
    """A master file, read as CoreDNS reads it: with whatever stands in it."""

    def __init__(self, path: Path, origin: str) -> None:
        self.origin = dns.name.from_text(origin)
        self.sets: dict[tuple[dns.name.Name, int], dns.rrset.RRset] = {}
        text = DS.sub(_fitting_digest, NULL_DIGEST.sub("", path.read_text()))
        # dns.zone would refuse records that these zones hold on purpose.
        manager = dns.zonefile.RRSetsReaderManager(self.origin, False, IN)
        with manager.writer(True) as writer:
            tokens = dns.tokenizer.Tokenizer(text, path.name)
            dns.zonefile.Reader(tokens, IN, writer, allow_directives=True, default_ttl=3600).read()
        for rrset in manager.rrsets:
            self.sets.setdefault((rrset.name, rrset.rdtype), rrset.copy()).update(rrset)

    def get(self, name: dns.name.Name, rdtype: int | str) -> dns.rrset.RRset | None:
        number = dns.rdatatype.from_text(rdtype) if isinstance(rdtype, str) else rdtype
        return self.sets.get((name, number))

    def holds(self, name: dns.name.Name) -> bool:
        return any(other.is_subdomain(name) for other, _ in self.sets)


#: Reserved, so that dnspython has no such record; Zonemaster's scenario for it is left out.
NULL_DIGEST = re.compile(r"^.*\sDS\s+\d+\s+\d+\s+0\s.*$", re.M)
DS = re.compile(r"(DS\s+\d+\s+\d+\s+)(\d+)(\s+)([0-9A-F]+)")
DIGEST_HEX = {"1": 40, "2": 64, "3": 64, "4": 96}


def _fitting_digest(match: re.Match[str]) -> str:
    """The data has one digest of SHA-256's length for all types; dnspython reads none of a wrong length."""
    digest = match[4].ljust(96, "0")[: DIGEST_HEX.get(match[2], len(match[4]))]
    return f"{match[1]}{match[2]}{match[3]}{digest}"


@cache
def load_zone(path: str, origin: str) -> Zone:
    return Zone(DATA / path, origin)


class CoreDns:
    """A `dnswire.Send` over one group of scenarios. ``absent``: zone files that are not among the data."""

    def __init__(self, group: str) -> None:
        name = group.split("/")[1]
        self.blocks = blocks((DATA / group / f"{name}.coredns.txt").read_text())
        self.hints = DATA / group / "hintfile.zone"
        if not self.hints.exists():
            self.hints = DATA / "COMMON" / "hintfile"
        served = load_zone("COMMON/root-zone", ".")
        for file, (origin, servers) in COMMON.items():
            names = [dns.name.from_text(server) for server in servers.split()]
            addresses = [
                str(ipaddress.ip_address(rdata.address))
                for server in names
                for rtype in ("A", "AAAA")
                for rdata in served.get(server, rtype) or ()
            ]
            self.blocks.append(Block(dns.name.from_text(origin), addresses, f"COMMON/{file}"))
        self.absent = sorted({block.file for block in self.blocks if block.file and not (DATA / block.file).exists()})
        self.blocks = [block for block in self.blocks if block.file not in self.absent]
        self.cache: dict[tuple[dns.name.Name, int], dns.message.Message] = {}

    def __call__(
        self, message: dns.message.Message, address: str, port: int, tcp: bool, seconds: float
    ) -> dns.message.Message:
        query = dns.message.from_wire(message.to_wire())
        reply = self.recurse(query) if address == RECURSIVE else self.serve(query, address)
        return dns.message.from_wire(reply.to_wire(max_size=65535))

    def serve(self, query: dns.message.Message, address: str) -> dns.message.Message:
        """What the server at ``address`` says; Timeout where nobody listens, or the query is dropped."""
        question, reply = query.question[0], dns.message.make_response(query)
        mine = [block for block in self.blocks if str(ipaddress.ip_address(address)) in block.addresses]
        if not mine:
            raise dns.exception.Timeout
        fitting = [block for block in mine if question.name.is_subdomain(block.zone)]
        if not fitting:
            reply.set_rcode(dns.rcode.REFUSED)
            return reply
        block = max(fitting, key=lambda item: len(item.zone.labels))
        rtype = dns.rdatatype.to_text(question.rdtype)
        if any(question.name.is_subdomain(zone) and kind in ("*", rtype) for zone, kind in block.drop):
            raise dns.exception.Timeout
        reply.flags |= dns.flags.AA
        template = next(
            (item for item in block.templates if item["type"] in ("ANY", rtype)
             and question.name.is_subdomain(item["zone"])),  # type: ignore[arg-type]
            None,
        )
        if template is not None:
            reply.set_rcode(dns.rcode.from_text(str(template.get("rcode", "NOERROR"))))
            for section, text in template["rows"]:  # type: ignore[attr-defined]
                getattr(reply, section).append(_rrset(text))
        elif block.file:
            self.answer(reply, load_zone(block.file, block.zone.to_text()))
        else:
            reply.set_rcode(dns.rcode.SERVFAIL)
        if block.aa is not None:
            reply.flags = reply.flags | dns.flags.AA if block.aa else reply.flags & ~dns.flags.AA
        return reply

    def answer(self, reply: dns.message.Message, zone: Zone) -> None:
        """RFC 1034 4.3.2 over one zone: referral, answer, alias, or nothing."""
        question = reply.question[0]
        name = question.name
        for depth in range(len(zone.origin.labels) + 1, len(name.labels) + 1):
            cut = dns.name.Name(name.labels[-depth:])
            servers = zone.get(cut, "NS")
            at_cut = cut == name and question.rdtype == dns.rdatatype.DS
            if servers and not at_cut:
                reply.flags &= ~dns.flags.AA
                reply.authority.append(servers)
                for server in servers:
                    for rtype in ("A", "AAAA"):
                        glue = zone.get(server.target, rtype)
                        if glue:
                            reply.additional.append(glue)
                return
        for _ in range(MAX_STEPS):
            found, alias = zone.get(name, question.rdtype), zone.get(name, "CNAME")
            if found:
                reply.answer.append(found)
                return
            if not alias:
                break
            reply.answer.append(alias)
            name = next(iter(alias)).target
            if not name.is_subdomain(zone.origin):
                return
        if not zone.holds(name):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        soa = zone.get(zone.origin, "SOA")
        if soa:
            reply.authority.append(soa)

    # --- the recursive resolver -----------------------------------------------------------------------------------

    def recurse(self, query: dns.message.Message) -> dns.message.Message:
        question, reply = query.question[0], dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        found = self.find(question.name, question.rdtype, 0)
        if found is None:
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply
        reply.set_rcode(found.rcode())
        reply.answer, reply.authority = found.answer, found.authority
        return reply

    def find(self, name: dns.name.Name, rdtype: int, depth: int) -> dns.message.Message | None:
        """An authoritative answer, by referrals from the root; None where there is none."""
        if (name, rdtype) not in self.cache and depth < MAX_STEPS:
            self.cache[name, rdtype] = None  # type: ignore[assignment]  # a loop ends here
            self.cache[name, rdtype] = self._find(name, rdtype, depth)  # type: ignore[assignment]
        return self.cache.get((name, rdtype))

    def _find(self, name: dns.name.Name, rdtype: int, depth: int) -> dns.message.Message | None:
        hints = Zone(self.hints, ".").sets.values()
        servers = [rdata.address for rrset in hints for rdata in rrset if hasattr(rdata, "address")]
        cut = dns.name.root
        for _ in range(MAX_STEPS):
            referral = None
            for address in servers:
                query = dns.message.make_query(name, rdtype)
                query.flags &= ~dns.flags.RD
                try:
                    reply = self.serve(query, address)
                except dns.exception.Timeout:
                    continue
                if reply.flags & dns.flags.AA and reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                    return self._chase(reply, name, rdtype, depth)
                down = [rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.NS
                        and rrset.name.is_subdomain(cut) and rrset.name != cut]  # fmt: skip
                if reply.rcode() == dns.rcode.NOERROR and down:
                    referral = (down[0], reply.additional)
                    break
            if referral is None:
                return None
            cut, servers = referral[0].name, self._addresses(*referral, depth)
        return None

    def _addresses(self, servers: dns.rrset.RRset, glue: list[dns.rrset.RRset], depth: int) -> list[str]:
        found = []
        for server in servers:
            here = [rdata.address for rrset in glue if rrset.name == server.target for rdata in rrset]
            if not here and not server.target.is_subdomain(servers.name):
                for rtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
                    reply = self.find(server.target, rtype, depth + 1)
                    rrsets = reply.answer if reply else []
                    here += [rdata.address for rrset in rrsets if rrset.rdtype == rtype for rdata in rrset]
            found += here
        return found

    def _chase(
        self, reply: dns.message.Message, name: dns.name.Name, rdtype: int, depth: int
    ) -> dns.message.Message | None:
        """Follow an alias out of the zone."""
        last = reply.answer[-1] if reply.answer else None
        if last is None or last.rdtype != dns.rdatatype.CNAME or rdtype == dns.rdatatype.CNAME:
            return reply
        more = self.find(next(iter(last)).target, rdtype, depth + 1)
        if more is None:
            return None
        reply.set_rcode(more.rcode())
        reply.answer += more.answer
        return reply


def _rrset(text: str) -> dns.rrset.RRset:
    """A record as a template writes it; TTL and class may be missing."""
    name, *rest = text.split()
    ttl = int(rest.pop(0)) if rest[0].isdigit() else 3600
    if rest[0] == "IN":
        rest.pop(0)
    origin = dns.name.from_text(name)
    return dns.rrset.from_text(origin, ttl, IN, rest[0], " ".join(rest[1:]).replace(" 6h 1h 1w 1d", " 21600 3600 604800 86400"))
