"""What the lab's hands do, seen from outside, and that it is undone."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.reversename
import pytest
from cryptography import x509

from fixtures.lab import pki
from fixtures.lab.lab import Lab

RESOLVER = "10.77.0.53"


def _until(condition: str) -> str:
    """A shell command that waits 12 s at most for a condition to hold."""
    return f"for try in $(seq 60); do {condition} && exit 0; sleep 0.2; done; exit 1"


def _ask(name: str, kind: str, server: str = RESOLVER) -> dns.message.Message:
    return dns.query.udp(dns.message.make_query(name, kind, want_dnssec=True), server, timeout=5)


def _validated(answer: dns.message.Message) -> bool:
    return answer.rcode() == dns.rcode.NOERROR and bool(answer.flags & dns.flags.AD)


def _texts(answer: dns.message.Message, kind: str) -> set[str]:
    wanted = dns.rdatatype.from_text(kind)
    return {item.to_text() for rrset in answer.answer if rrset.rdtype == wanted for item in rrset}


@pytest.mark.parametrize("kind", ["MX", "TXT", "CAA", "SOA", "NS"])
def test_names_are_validated(lab: Lab, kind: str) -> None:
    assert _validated(_ask("example.test", kind))


def test_reverse_names_confirm_each_host(lab: Lab) -> None:
    for host in lab.hosts:
        for address in (host.ipv4, host.ipv6):
            answer = _ask(dns.reversename.from_address(address).to_text(), "PTR")
            assert _texts(answer, "PTR") == {f"{host.fqdn}."}
            assert _validated(answer)


def test_changed_records_are_served_and_taken_back(breakable: Lab) -> None:
    breakable.dns.publish({"example.test": {"set": {"@ MX": ["5 dead"]}, "delete": ["mta-sts A"]}})
    assert _texts(_ask("example.test", "MX"), "MX") == {"5 dead.example.test."}
    assert not _texts(_ask("mta-sts.example.test", "A"), "A")
    breakable.dns.restore()
    assert len(_texts(_ask("example.test", "MX"), "MX")) == 2


@pytest.mark.parametrize(
    "signing", [{"inception": -864000, "expiration": -172800}, {"corrupt": ["@ MX"]}, {"ds": "wrong"}]
)
def test_bogus_zones_do_not_resolve(breakable: Lab, signing: dict[str, object]) -> None:
    breakable.dns.publish({"example.test": {"signing": signing}})
    assert _ask("example.test", "MX").rcode() == dns.rcode.SERVFAIL


def test_a_zone_without_delegation_signer_is_insecure(breakable: Lab) -> None:
    breakable.dns.publish({"example.test": {"signing": {"ds": "absent"}}})
    answer = _ask("example.test", "MX")
    assert answer.rcode() == dns.rcode.NOERROR
    assert not answer.flags & dns.flags.AD


def test_one_server_can_be_left_behind(breakable: Lab) -> None:
    breakable.dns.publish({"example.test": {"set": {"new A": ["10.77.0.99"]}}}, servers=["ns1"])
    served = [bool(_ask("new.example.test", "A", server).answer) for server in ("10.77.0.51", "10.77.0.52")]
    assert served == [True, False]


def _served(address: str, port: int) -> x509.Certificate:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((address, port), 5) as plain, context.wrap_socket(plain) as wrapped:
        return x509.load_der_x509_certificate(wrapped.getpeercert(True) or b"")


def _settles(lab: Lab, port: int, expected: bool) -> bool:
    """Whether soon an expired certificate is served on a port, or not: new processes take it up one by one."""
    served = f"openssl s_client -connect 127.0.0.1:{port} </dev/null 2>/dev/null | openssl x509 -noout -checkend 0"
    return lab.exec("mx1", _until(f"{{ {served}; test $? -eq {int(expected)}; }}"))[0] == 0


def test_a_bad_certificate_is_served_and_replaced(breakable: Lab) -> None:
    breakable.certificate("mx1", "expired")
    try:
        assert _settles(breakable, 993, expected=True)
        assert _settles(breakable, 465, expected=True)
        assert _served("10.77.0.11", 465).not_valid_after_utc < datetime.now(UTC)
    finally:
        breakable.restore_certificate("mx1")
    assert _settles(breakable, 993, expected=False)
    assert _settles(breakable, 465, expected=False)


def test_the_good_certificate_lives_ninety_days_and_names_its_host(lab: Lab) -> None:
    certificate = _served("10.77.0.11", 993)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mx1.example.test"]
    # RFC 5280 4.1.2.5: both ends belong to it, so the last second is one before
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == pki.LIFETIME - timedelta(seconds=1)


def test_a_frozen_host_takes_connections_and_says_nothing(breakable: Lab) -> None:
    breakable.pause("mx2")
    try:
        with socket.create_connection(("10.77.0.12", 25), 3) as connection:
            connection.settimeout(1.5)
            with pytest.raises(TimeoutError):
                connection.recv(64)
    finally:
        breakable.unpause("mx2")


def test_a_dead_master_comes_back(breakable: Lab) -> None:
    status, said = breakable.exec("mx2", "pkill -KILL -x master; systemctl show -P NRestarts postfix@-.service")
    assert status == 0, said
    back = _until("systemctl -q is-active postfix@-.service && postfix status")
    assert breakable.exec("mx2", back)[0] == 0
    # So that the next look at the host does not see a crash that we caused.
    breakable.exec("mx2", "systemctl restart postfix@-.service")
