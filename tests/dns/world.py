"""A small world of names for the tests: answers real queries on the wire format, without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.SPF
import dns.rdtypes.ANY.TXT
import dns.rrset

from fixtures.dnswire import domain_name
from fixtures.exchange import Tape
from fixtures.resolver import Resolver

#: name -> records (type, text or strings) or the outcome of every question for it: an RCODE's name or TIMEOUT.
Zone = Mapping[str, "Sequence[tuple[str, Any]] | str"]


def resolver(zone: Zone, *, ad: bool = False, seconds: float = 1.0) -> Resolver:
    """A Resolver that knows only ``zone``."""
    return Resolver(Tape(), "192.0.2.53", seconds=seconds, send=World(zone, ad=ad))


class World:
    """A `dnswire.Send` over ``zone``; counts what it is asked."""

    def __init__(self, zone: Zone, *, ad: bool = False) -> None:
        self.zone = {name.lower().rstrip("."): records for name, records in zone.items()}
        self.ad = ad
        self.asked: list[str] = []

    def __call__(
        self, message: dns.message.Message, address: str, port: int, tcp: bool, seconds: float
    ) -> dns.message.Message:
        query = dns.message.from_wire(message.to_wire())
        question = query.question[0]
        reply = dns.message.make_response(query)
        self.asked.append(question.to_text())
        name = ".".join(label.decode("ascii") for label in question.name.labels[:-1]).lower()
        rtype = dns.rdatatype.to_text(question.rdtype)
        if self.ad:
            reply.flags |= dns.flags.AD
        for _ in range(12):
            records = self.zone.get(name)
            if records == "TIMEOUT" or (not isinstance(records, str) and ("TIMEOUT", rtype) in (records or ())):
                raise dns.exception.Timeout
            if records is None and name != "":
                below = any(known.endswith("." + name) for known in self.zone)
                reply.set_rcode(dns.rcode.NOERROR if below else dns.rcode.NXDOMAIN)
                break
            if isinstance(records, str):
                reply.set_rcode(dns.rcode.from_text(records))
                break
            here = [value for kind, value in records or () if kind == rtype]
            for value in here:
                reply.answer.append(_rrset(name, rtype, value))
            alias = [value for kind, value in records or () if kind == "CNAME"]
            if here or not alias or rtype == "CNAME":
                break
            reply.answer.append(_rrset(name, "CNAME", alias[0]))
            name = alias[0].lower().rstrip(".")
        return dns.message.from_wire(reply.to_wire(max_size=65535))


def _rrset(name: str, rtype: str, value: Any) -> dns.rrset.RRset:
    rdtype = dns.rdatatype.from_text(rtype)
    if rtype in ("TXT", "SPF"):
        kind = dns.rdtypes.ANY.TXT.TXT if rtype == "TXT" else dns.rdtypes.ANY.SPF.SPF
        strings = [value] if isinstance(value, (str, bytes)) else list(value)
        packed = [text if isinstance(text, bytes) else text.encode("latin-1") for text in strings]
        chunks = [text[at : at + 255] for text in packed for at in range(0, max(len(text), 1), 255)]
        rdata: dns.rdata.Rdata = kind(dns.rdataclass.IN, rdtype, chunks or [b""])
    elif rtype in ("CNAME", "PTR", "MX"):
        preference, target = value if rtype == "MX" else (None, value)
        absolute = dns.name.root if target in ("", ".") else domain_name(target)
        text = absolute.to_text() if preference is None else f"{preference} {absolute.to_text()}"
        rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, text)
    else:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, value)
    return dns.rrset.from_rdata(domain_name(name) if name else dns.name.root, 300, rdata)
