"""Bad servers on the loopback, each run in a thread of its own, and limits small enough to test against them."""

from __future__ import annotations

import asyncio
import datetime
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fixtures.dialogue.line import Limits

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
QUICK = Limits(connect_s=0.5, greeting_s=0.5, reply_s=0.5, total_s=3, line_bytes=1024, reply_bytes=8192)


@contextmanager
def serving(handler: Handler, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> Iterator[int]:
    """Serve ``handler`` on a free port; the port."""
    started = threading.Event()
    ports: list[int] = []
    stop: list[Callable[[], None]] = []

    async def main() -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(lambda *_: None)
        running: set[asyncio.Task[None]] = set()

        async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            running.add(task)
            try:
                await handler(reader, writer)
                writer.close()
                await writer.wait_closed()
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                writer.transport.abort()
                running.discard(task)

        server = await asyncio.start_server(guarded, address, 0, ssl=tls)
        ports.append(server.sockets[0].getsockname()[1])
        stop.append(lambda: loop.call_soon_threadsafe(done.set) and None)
        started.set()
        await done.wait()
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert started.wait(5)
    try:
        yield ports[0]
    finally:
        stop[0]()
        thread.join(5)


def speaker(replies: dict[str, str | None], greeting: str = "220 mx.bad.test ESMTP") -> Handler:
    """An SMTP server that answers by the beginning of the command, the longest first; None closes the connection."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{greeting}\r\n".encode())
        while line := (await reader.readline()).decode().strip():
            known = [begin for begin in replies if line.upper().startswith(begin.upper())]
            reply = replies[max(known, key=len)] if known else "502 5.5.2 unknown"
            if reply is None:
                return
            writer.write(f"{reply}\r\n".encode())
            if line.upper() == "QUIT":
                return

    return handler


def certificate(
    folder: Path,
    *names: str,
    days: tuple[float, float] = (-10, 80),
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
) -> tuple[Path, x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A PEM file with key and certificate for ``names``; without ``issuer`` a CA that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    made = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    path = folder / f"{names[0]}-{days[1]}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path, made, key
