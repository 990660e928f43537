"""Web servers that misbehave: no file of theirs is taken, none leads elsewhere, and none is waited for for long."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.outside.servers import Handler, certificate, serving

from .conftest import Look

NAME = "web.bad.test"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
MOST = 64 * 1024
Told = dict[str, Any]


def after_request(reply: Callable[[asyncio.StreamWriter], Any]) -> Handler:
    """Read the request, then do what ``reply`` does."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reply(writer)

    return handler


def sends(data: bytes) -> Handler:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return after_request(reply)


def again(head: bytes, part: bytes, pause: float = 0.0) -> Handler:
    """``head``, then ``part`` without end."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return after_request(reply)


def failure(*words: str) -> Callable[[Told], bool]:
    return lambda told: any(word in told.get("failure", "") for word in words)


def refused(status: int) -> Callable[[Told], bool]:
    return lambda told: told["status"] == status and bool(told["refused"]) and told["octets"] < 100


def cut(told: Told) -> bool:
    """Taken no further than one octet beyond what is allowed, so that it is seen to be too long."""
    return told["status"] == 200 and told["octets"] == MOST + 1


BOMB = gzip.compress(bytes(20_000_000))
CASES: dict[str, tuple[Handler, Callable[[Told], bool]]] = {
    "closes after the handshake": (sends(b""), failure("RemoteDisconnected", "BadStatusLine")),
    "no answer": (again(b"", b"", 0.1), failure("TimeoutError", "timed out")),
    "garbage": (sends(bytes(range(256)) * 20), failure("BadStatusLine", "UnknownProtocol", "LineTooLong")),
    "no status line, only text": (sends(b"version: STSv1\n"), failure("BadStatusLine")),
    "a redirect to itself": (
        sends(f"HTTP/1.1 301 x\r\nLocation: https://{NAME}/file\r\nContent-Length: 0\r\n\r\n".encode()), refused(301)),
    "a redirect to a file": (
        sends(b"HTTP/1.1 302 x\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"), refused(302)),
    "a redirect to the cloud's secrets": (
        sends(b"HTTP/1.1 307 x\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"), refused(307)),
    "an error page without end": (
        again(b"HTTP/1.1 500 x\r\n\r\n", b"x" * 4096), lambda told: told["status"] == 500 and bool(told["refused"])),
    "a compression bomb": (
        sends(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
        lambda told: told["octets"] <= MOST + 1),
    "a body without end": (again(OK + b"\r\n", b"x" * 4096), cut),
    "chunks without end": (
        again(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"4\r\nxxxx\r\n"),
        lambda told: told.get("octets", 0) <= MOST + 1),
    "a chunk of 4 GB": (
        sends(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\nxxxx"), failure("IncompleteRead")),
    "a chunk of a negative size": (
        sends(OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nxxxx"), lambda told: told.get("octets", 0) <= 5),
    "a body a byte at a time": (again(OK + b"\r\n", b"x", 0.05), failure("TimeoutError", "timed out")),
    "a head a byte at a time": (again(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.05), failure("TimeoutError", "timed out")),
    "less than it promises": (sends(OK + b"Content-Length: 5000\r\n\r\nshort"), failure("IncompleteRead")),
    "more than it promises": (sends(OK + b"Content-Length: 5\r\n\r\n" + b"x" * 90_000), lambda told: told["octets"] == 5),
    "a negative length": (sends(OK + b"Content-Length: -1\r\n\r\nx"), lambda told: told.get("octets", 0) <= 1),
    "a length that is no number": (sends(OK + b"Content-Length: 9e99\r\n\r\nx"), lambda told: told.get("octets", 0) <= 1),
    "a header of a megabyte": (sends(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000), failure("LineTooLong", "header")),
    "ten thousand headers": (sends(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n"), failure("got more than")),
    "100 Continue without end": (
        again(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), failure("RemoteDisconnected", "BadStatusLine", "LineTooLong")),
}  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Where certificates come from: its file, and what signs."""
    path, made, key = certificate(tmp_path_factory.mktemp("authority"), "ca.test")
    return path, (made, key)


def context(folder: Path, issuer: Any, *names: str, **options: Any) -> ssl.SSLContext:
    """A server's side of TLS with a certificate of this issuer."""
    path, _, _ = certificate(folder, *names, issuer=issuer, **options)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path)
    return made


@pytest.mark.parametrize("case", CASES)
def test_a_bad_web_server(look: Look, authority: tuple[Path, Any], tmp_path: Path, case: str) -> None:
    handler, expected = CASES[case]
    trust, issuer = authority
    with serving(handler, context(tmp_path, issuer, NAME)) as port:
        told = look("web", port, trust)
    assert expected(told), told


FINE = sends(OK + b"Content-Length: 2\r\n\r\nhi")
CERTIFICATES: dict[str, tuple[dict[str, Any], str]] = {
    "a certificate for another name": ({"names": ["other.bad.test"]}, "Hostname mismatch"),
    "a certificate that has expired": ({"days": (-90, -1)}, "certificate has expired"),
    "a certificate that is not valid yet": ({"days": (10, 90)}, "certificate is not yet valid"),
    "a certificate of an unknown authority": ({"unknown": True}, "unable to get local issuer certificate"),
}


@pytest.mark.parametrize("case", CERTIFICATES)
def test_a_certificate_that_must_not_be_accepted(
    look: Look, authority: tuple[Path, Any], tmp_path: Path, case: str
) -> None:
    options, said = CERTIFICATES[case]
    trust, issuer = authority
    if options.get("unknown"):
        _, made, key = certificate(tmp_path, "other-ca.test")
        issuer = (made, key)
    dated = {"days": options["days"]} if "days" in options else {}
    with serving(FINE, context(tmp_path, issuer, *options.get("names", [NAME]), **dated)) as port:
        told = look("web", port, trust)
    assert said in told["failure"], told


@contextmanager
def raw(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server below TLS."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            client, _ = listener.accept()
            with client:
                client.settimeout(20)
                behave(client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def drip(client: socket.socket) -> None:
    """A TLS record of 16 KB that comes a byte at a time."""
    client.recv(4096)
    client.settimeout(0.05)
    for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + bytes(16_000):
        client.send(bytes([byte]))
        with suppress(TimeoutError):
            if not client.recv(1):
                return


def chain(client: socket.socket) -> None:
    """A TLS 1.2 server hello, and then certificates without end."""
    client.recv(4096)
    hello = b"\x03\x03" + b"\x11" * 32 + b"\x00" + b"\xc0\x2f" + b"\x00"
    client.sendall(b"\x16\x03\x03" + (len(hello) + 4).to_bytes(2) + b"\x02" + len(hello).to_bytes(3) + hello)
    client.sendall(b"\x16\x03\x03\x40\x00\x0b\xff\xff\xff\xff\xff\xfc" + bytes(16384 - 7))
    for _ in range(5000):
        client.sendall(b"\x16\x03\x03\x40\x00" + bytes(16384))


def until_closed(client: socket.socket) -> None:
    while client.recv(4096):
        pass


def plain_web(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def resets(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


BELOW: dict[str, tuple[Callable[[socket.socket], None], tuple[str, ...]]] = {
    "closes before the handshake": (lambda client: None, ("EOF", "reset", "Connection")),
    "resets the connection": (resets, ("reset", "EOF", "Connection")),
    "no handshake": (until_closed, ("timed out",)),
    "plain HTTP on the port of TLS": (plain_web, ("HTTP_REQUEST", "WRONG_VERSION", "SSLError", "record layer")),
    "garbage instead of TLS": (lambda client: client.sendall(bytes(range(256)) * 64), ("SSLError", "WRONG_VERSION", "reset")),
    "a handshake a byte at a time": (drip, ("timed out",)),
    "certificates without end": (chain, ("excessive", "EXCESSIVE", "SSLError")),
}


@pytest.mark.parametrize("case", BELOW)
def test_a_server_that_is_bad_at_tls(look: Look, authority: tuple[Path, Any], case: str) -> None:
    behave, expected = BELOW[case]
    with raw(behave) as port:
        told = look("web", port, authority[0])
    assert any(word in told["failure"] for word in expected), told
