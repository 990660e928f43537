"""What mail clients are led to: SRV records, settings documents, and HTTP answers of any kind."""

from __future__ import annotations

import http.client
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import autoconfig, srv, web
from fixtures.errors import ProbeError
from fixtures.estate import Domain, Endpoint, Estate, HostEntry
from fixtures.exchange import Exchange, Tape
from tests.dns import world


def endpoint(port: int, protocol: str, tls: str) -> Endpoint:
    return Endpoint("mx.a.test", "192.0.2.1", port, protocol, tls, "mx.a.test", 4)  # type: ignore[arg-type]


def estate(*endpoints: Endpoint) -> Estate:
    entry = HostEntry("mx.a.test", ("mta",), {}, domains=("a.test",), endpoints=endpoints)
    return Estate({"mx.a.test": entry}, {})


def test_which_services_are_wanted() -> None:
    both = estate(endpoint(993, "imap", "implicit"), endpoint(143, "imap", "starttls"), endpoint(587, "submission", "starttls"))
    assert srv.wanted(both, "a.test") == ("_imaps", "_submission") and srv.wanted(both, "b.test") == ()


@pytest.mark.parametrize(("known", "service", "said"), [
    (endpoint(143, "imap", "starttls"), "_imaps", "speaks TLS by starttls"), (endpoint(143, "imap", "none"), "_imap", "clear text"),
])
def test_a_record_that_leads_to_clear_text(known: Endpoint, service: str, said: str) -> None:
    record = srv.parse(service, "0 1 143 mx.a.test.")
    assert srv.at(estate(known), record, "192.0.2.1") == (known, True)
    assert said in str(srv.look(SimpleNamespace(), record, known, True))  # type: ignore[arg-type]


def talker(**talk: Any) -> Any:
    seen = SimpleNamespace(connected=True, ended=None, connect={"state": "open"}, tls={}, name="x", **talk)
    session = SimpleNamespace(starttls_offered=False)
    return SimpleNamespace(conversation=lambda _: seen, handshake=lambda _: seen, session=lambda _: session)


def test_a_port_without_starttls_and_one_that_is_closed() -> None:
    record, known = srv.parse("_imap", "0 1 143 mx.a.test."), endpoint(143, "imap", "starttls")
    assert "no STARTTLS" in str(srv.look(talker(), record, known, True))
    seen = talker()
    seen.handshake(None).ended = {"how": "no_tls"}
    assert "no STARTTLS" in str(srv.look(seen, record, known, False))
    seen.conversation(None).connected, seen.conversation(None).connect = False, {"state": "refused"}
    assert "refused" in str(srv.look(seen, record, known, True))


def test_targets_that_are_none() -> None:
    zone = {"alias.a.test": [("CNAME", "mx.a.test")], "mx.a.test": [("A", "192.0.2.1")], "bare.a.test": [("TXT", "x")]}
    resolver = world.resolver(zone)
    for target, why in (("alias.a.test.", "CNAME"), ("bare.a.test.", "no address")):
        faults, unseen = srv.examine(talker(), resolver, estate(), "a.test", srv.parse("_imaps", f"0 1 993 {target}"))
        assert why in faults[0] and not unseen


@given(st.text(max_size=40))
def test_any_srv_record_is_read_or_refused(text: str) -> None:
    try:
        srv.parse("_imaps", text)
    except ProbeError as error:
        assert "cannot be read" in str(error)


# --- settings -------------------------------------------------------------------------------------------------------

CONFIG = "<clientConfig><emailProvider><{tag} type='{kind}'><hostname>{host}</hostname><port>1</port><socketType>{tls}</socketType></{tag}></emailProvider></clientConfig>"
DISCOVER = ("<Autodiscover xmlns='http://x'><Response xmlns='http://y'><Account><Protocol><Type>IMAP</Type><Server>mx.a.test</Server>"
            "<Port>143</Port>{}</Protocol><Protocol><Type>EXCH</Type></Protocol></Account></Response></Autodiscover>")


@pytest.mark.parametrize(("tls", "safe"), [("SSL", True), ("STARTTLS", True), ("plain", False), ("", False), ("none", False)])
def test_autoconfig(tls: str, safe: bool) -> None:
    found = autoconfig.read(CONFIG.format(tag="incomingServer", kind="imap", host="mx.a.test", tls=tls).encode())
    assert found is not None and [server.tls for server in found.servers] == [safe]


@pytest.mark.parametrize(("more", "safe"), [
    ("<SSL>on</SSL>", True), ("<SSL>off</SSL>", False), ("<Encryption>TLS</Encryption><SSL>off</SSL>", True), ("", True),
    ("<Encryption>None</Encryption>", False),
])
def test_autodiscover(more: str, safe: bool) -> None:
    found = autoconfig.read(DISCOVER.format(more).encode())
    assert found is not None and [server.tls for server in found.servers] == [safe]


BOMB = b"<!DOCTYPE a [" + b"".join(b"<!ENTITY a%d '%s'>" % (i, b"&a%d;" % (i - 1) * 9) for i in range(1, 20)) + b"]><clientConfig>&a19;</clientConfig>"


@pytest.mark.parametrize("body", [BOMB, b"<a>" * 50_000, b"", b"\xff\xfe<", b"<clientConfig>", b"<html><clientConfig/></html>"])
def test_what_is_no_settings_document(body: bytes) -> None:
    assert autoconfig.read(body) is None


def test_many_servers_are_cut() -> None:
    one = CONFIG.format(tag="incomingServer", kind="imap", host="mx.a.test", tls="SSL")
    inner = one[one.index("<incoming") : one.index("</emailProvider>")]
    found = autoconfig.read(one.replace(inner, inner * 500).encode())
    assert found is not None and len(found.servers) == autoconfig.MAX_SERVERS


@given(st.binary(max_size=200))
def test_any_body_is_settings_or_none(body: bytes) -> None:
    autoconfig.read(body)


def client(replies: dict[str, dict[str, Any]], **declared: Any) -> autoconfig.Client:
    """A client of a.test whose questions have these answers."""
    tape = Tape()
    for url, answer in replies.items():
        scheme, _, port, path = web.parts(url)
        method = "POST" if path == autoconfig.AUTODISCOVER_PATH and scheme == "https" else "GET"
        whole = {"status": 200, "headers": {}, "body": "", **answer}
        tape.put(Exchange("http", f"192.0.2.1:{port}", f"{method} {url}", whole, 0, 0))
    names = {host: [("A", "192.0.2.1")] for host in ("autoconfig.a.test", "autodiscover.a.test", "a.test")}
    return autoconfig.Client(tape, world.resolver(names), Domain("a.test", mx=("mx.b.test",), **declared), Estate({}, {}), 1)


GOOD = CONFIG.format(tag="outgoingServer", kind="smtp", host="mx.a.test", tls="SSL")
URL = "https://autoconfig.a.test/mail/config-v1.1.xml"


@pytest.mark.parametrize(("url", "answer", "faults", "foreign"), [
    (URL, {"body": GOOD}, 0, 0), (URL.replace("https", "http"), {"body": GOOD}, 1, 0),
    (URL, {"body": GOOD.replace("mx.a.test", "mx.b.test")}, 0, 0), (URL, {"body": GOOD.replace("mx.a.test", "evil.test")}, 0, 1),
    (URL, {"body": GOOD.replace("SSL", "plain")}, 1, 0), (URL, {"status": 404}, 0, 0), (URL, {"body": "<html/>"}, 0, 0),
    (URL, {"status": 302, "headers": {"location": "http://autoconfig.a.test/x.xml"}}, 1, 0),
    (URL, {"status": 302, "headers": {"location": "https://evil.test/x.xml"}}, 0, 1),
    (URL.replace("https", "http"), {"status": 401}, 1, 0), (URL, {"failure": "reset"}, 0, 0),
    (URL, {"status": 302, "headers": {"location": "ftp://a.test/"}}, 1, 0),
    (URL, {"status": 301, "headers": {"location": URL}}, 0, 0),
    ("https://autodiscover.a.test/autodiscover/autodiscover.xml", {"status": 401}, 0, 0),
])
def test_what_clients_meet(url: str, answer: dict[str, Any], faults: int, foreign: int) -> None:
    asked = client({url: answer})
    asked.ask(url)
    assert (len(asked.faults), len(asked.foreign)) == (faults, foreign), asked.faults


def test_redirects_within_the_domain_end() -> None:
    loop = {f"https://a.test/{n}.xml": {"status": 302, "headers": {"location": f"https://a.test/{(n + 1) % 9}.xml"}} for n in range(9)}
    asked = client(loop)
    asked.ask("https://a.test/0.xml")
    assert len(asked.said) == autoconfig.MAX_HOPS + 1


def test_declared_hosts_of_others_are_no_strangers() -> None:
    body = GOOD.replace("mx.a.test", "imap.provider.test")
    asked = client({URL: {"body": body}}, client_hosts=("imap.provider.test",))
    asked.ask(URL)
    assert not asked.foreign


# --- HTTP -----------------------------------------------------------------------------------------------------------

HEADS = [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]


@given(st.binary(max_size=300), st.sampled_from(HEADS), st.sampled_from(["GET", "POST"]))
def test_any_reply_is_read_or_refused(data: bytes, head: bytes, method: str) -> None:
    try:
        found = web._read(head + data, method)
    except (OSError, http.client.HTTPException, ValueError):
        return  # what `request` turns into the reason why there is no reply
    assert isinstance(found["status"], int) and set(found["headers"]) == set(web.HEADERS)


@pytest.mark.parametrize("url", ["ftp://a.test/", "https:///x", "https://a.test:99999/", "//a.test", "https://a.test/\r\nX: y", "https://[::1/"])
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(ProbeError):
        web.parts(url)
