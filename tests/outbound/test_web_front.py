"""Web servers good and bad, on the loopback."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.tls import test_web_front as checks
from fixtures import web_front
from fixtures.errors import ProbeError
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.policy import load_policy
from fixtures.web_front import Head, WebFront
from tests.outside.servers import QUICK, certificate, serving

POLICY = load_policy().view()
YEAR = "max-age=31536000; includeSubDomains"


def answering(reply: bytes, drip: float = 0, wait: bool = False) -> Any:
    """A server with one answer, in drops or followed by silence."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for index in range(len(reply) if drip else 1):
            writer.write(reply[index : index + 1] if drip else reply)
            await writer.drain()
            await asyncio.sleep(drip)
        if wait:
            await asyncio.sleep(30)

    return handler


def look(reply: bytes, context: ssl.SSLContext | None = None, **how: Any) -> dict[str, str]:
    with serving(answering(reply, **how), context) as port:
        tls = web_front.tls_context(None) if context else None
        return asyncio.run(web_front._get("127.0.0.1", port, "mail.example.test", QUICK, tls))


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate(Path(tmp_path_factory.mktemp("web")), "mail.example.test")[0])
    return made


def test_a_reply_over_tls(context: ssl.SSLContext) -> None:
    answer = look(f"HTTP/1.1 200 OK\r\nStrict-Transport-Security: {YEAR}\r\n\r\nhello".encode(), context)
    head = web_front.parse_head(answer["head"])
    assert (answer["state"], head.status, web_front.hsts(head.fields["strict-transport-security"])) == ("open", 200, 31536000)


@pytest.mark.parametrize(
    ("reply", "how", "state"),
    [
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n", {}, "overlong"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: aaaaaaaaaaaaaaaaaaaa\r\n" * 5000, {}, "overlong"),
        (b"HTTP/1.1 200 OK\r\nX-A: a\r\n", {"wait": True}, "timeout"),
        (b"HTTP/1.1 200 OK\r\nX-A: a\r\n\r\n" * 40, {"drip": 0.05}, "timeout"),
        (b"", {}, "closed"),
    ],
)
def test_bad_servers(reply: bytes, how: dict[str, Any], state: str) -> None:
    assert look(reply, **how)["state"] == state


def test_no_tls_on_the_port() -> None:
    with serving(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        context = web_front.tls_context(None)
        answer = asyncio.run(web_front._get("127.0.0.1", port, "mail.example.test", QUICK, context))
    assert answer["state"] != "open"


@pytest.mark.parametrize("text", ["", "220 mx ESMTP", "HTTP/2 200", "HTTP/1.1 999 x", "\x00"])
def test_what_is_no_reply(text: str) -> None:
    with pytest.raises(ProbeError):
        web_front.parse_head(text)


def judge(plain: tuple[str, bool], hsts: str = YEAR) -> Evidence:
    evidence = Evidence()
    front = WebFront(Head(200, {"strict-transport-security": hsts}), *plain)
    checks.test_web_front_is_encrypted_only(front, POLICY, evidence)
    return evidence


@pytest.mark.parametrize(
    ("hsts", "level"),
    [(YEAR, "pass"), ("max-age=20000000", "notice"), ("max-age=300", "warn"), ("", "warn"), ("max-age=0", "warn")],
)
def test_hsts(hsts: str, level: str) -> None:
    assert judge(web_front.plain_words("refused", None), hsts).level == level


@pytest.mark.parametrize(
    "head",
    [Head(200, {}), Head(302, {"location": "http://mail.example.test/"}), Head(301, {}), Head(401, {}), Head(204, {})],
)
def test_clear_text(head: Head) -> None:
    with pytest.raises(RequirementFailed, match="port 80 is safe"):
        judge(web_front.plain_words("open", head))


@pytest.mark.parametrize("head", [Head(308, {"location": "HTTPS://mail.example.test/"}), Head(404, {}), Head(503, {}), None])
def test_nothing_in_clear_text(head: Head | None) -> None:
    assert judge(web_front.plain_words("open" if head else "timeout", head)).level == "pass"


@given(st.text(max_size=300))
def test_garbage(text: str) -> None:
    web_front.hsts(text)
    try:
        web_front.parse_head("HTTP/1.1 200 OK\n" + text)
    except ProbeError:
        pytest.fail("a head with odd fields is a head")
