"""Webmail and panels: encrypted, and only so."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.web_front import WebFront


@requirement(
    "TLS-054", severity="high", controls="TR", refs=["RFC 6797 6.1", "RFC 6797 7.2", "RFC 9110 15.4"],
    explained_by=["NET-003", "TLS-031"], where={"protocol": "https"},
)  # fmt: skip
def test_web_front_is_encrypted_only(web_front: WebFront, policy: PolicyView, evidence: Evidence) -> None:
    """The web front serves its pages over TLS alone: port 80 only redirects to https, and HSTS keeps browsers there.

    Why: a page in clear text can be changed on its way, and a browser that begins with http hands over its session;
    HSTS makes it begin with https.
    Fix: nginx: return 301 https://$host$request_uri on port 80, add_header Strict-Transport-Security
    "max-age=31536000" always on 443; Apache: Redirect permanent and Header always set.
    """
    evidence.compare(f"port 80 is safe: it {web_front.plain}", web_front.plain_ok, "==", True)
    evidence.band("max-age of HSTS", web_front.hsts_seconds, policy["tls.hsts_seconds"], unit="s")
    evidence.attach("reply over TLS", f"status {web_front.secure.status}\n{dict(web_front.secure.fields)}")
