"""Name servers that misbehave, by UDP and TCP on one port of the loopback. Octets are made by hand."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

NAME = b"\x01a\x04test\x00"
QUESTION_NAME = b"\xc0\x0c"  # a pointer to the name asked for
A, CNAME, TXT, OPT, IN = 1, 5, 16, 41, 1
QR, AA, TC, RD, RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
SERVFAIL, NXDOMAIN = 2, 3
Reply = Callable[[bytes], "bytes | list[bytes] | None"]


@dataclass(frozen=True)
class Server:
    """``udp``: the datagrams to a query. ``tcp``: what a connection does; None: the port is closed to TCP."""

    udp: Reply
    tcp: Callable[[socket.socket, bytes], None] | None = None
    asked: list[str] = field(default_factory=list)


def message(
    query: bytes, *records: bytes, flags: int = QR | RD | RA, rcode: int = 0, question: bool = True,
    counts: tuple[int, int, int] | None = None, id: bytes | None = None,
) -> bytes:
    """A reply to ``query`` with these records as answers."""
    answers, authority, additional = counts or (len(records), 0, 0)
    head = (id or query[:2]) + struct.pack("!HHHHH", flags | rcode, int(question), answers, authority, additional)
    return head + (query[12 : 12 + len(NAME) + 4] if question else b"") + b"".join(records)


def record(owner: bytes, rtype: int, data: bytes, length: int | None = None) -> bytes:
    """One record; ``length`` is what it says of itself."""
    return owner + struct.pack("!HHIH", rtype, IN, 300, len(data) if length is None else length) + data


def text(*strings: bytes) -> bytes:
    """The data of a TXT."""
    return b"".join(bytes([len(item)]) + item for item in strings)


def framed(data: bytes) -> bytes:
    """A message on TCP."""
    return struct.pack("!H", len(data)) + data


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """Serve until the end of the block; the address as the suite takes it."""
    udp, tcp = _pair()
    stop = threading.Event()
    clients: list[socket.socket] = []

    def datagrams() -> None:
        with suppress(OSError):  # the socket is closed at the end
            while not stop.is_set():
                query, client = udp.recvfrom(4096)
                if client is None:  # it was shut down
                    return
                server.asked.append("udp")
                said = server.udp(query)
                for part in said if isinstance(said, list) else [said]:
                    if part is not None:
                        udp.sendto(part, client)

    def connection(client: socket.socket) -> None:
        try:
            with client:
                client.settimeout(20)
                size = client.recv(2, socket.MSG_WAITALL)
                query = client.recv(int.from_bytes(size), socket.MSG_WAITALL)
                if server.tcp and query:
                    server.tcp(client, query)
        except OSError:
            return

    def connections() -> None:
        while not stop.is_set():
            try:
                client, _ = tcp.accept()
            except OSError:
                return
            server.asked.append("tcp")
            clients.append(client)
            threading.Thread(target=connection, args=(client,), daemon=True).start()

    threads = [threading.Thread(target=datagrams, daemon=True)]
    if server.tcp:
        tcp.listen(16)
        threads.append(threading.Thread(target=connections, daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield f"127.0.0.1:{udp.getsockname()[1]}"
    finally:
        stop.set()
        for client in clients:
            client.close()
        for sock in (udp, tcp):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def _pair() -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket bound to the same port."""
    while True:
        tcp = socket.socket()
        tcp.bind(("127.0.0.1", 0))
        udp = socket.socket(type=socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
            continue
        return udp, tcp
