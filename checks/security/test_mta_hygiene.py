"""Settings and files of the MTA that keep abuse out."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.exim import Exim
from fixtures.inside.permissions import Permissions
from fixtures.inside.postfix import Postfix
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "SEC-034", severity="high", group="mta", controls="CF", refs=["postfix-files(5)", "CIS 4.1"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_postfix_files_are_safe(postfix_permissions: Permissions, evidence: Evidence) -> None:
    """Postfix's configuration, queue and set-gid programs have the right owners and modes.

    Why: who may write to main.cf or the queue can read, forge and redirect all mail.
    Fix: `postfix set-permissions`, and chown root:root the files of /etc/postfix.
    """
    evidence.each("file", postfix_permissions.files, "==", "right")


@requirement(
    "SEC-054", severity="high", group="mta", controls="CF", refs=["postconf(5)", "CVE-2023-51764"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_postfix_is_set_up_against_abuse(postfix: Postfix, policy: PolicyView, evidence: Evidence) -> None:
    """Postfix refuses bare newlines, unauthorised pipelining and clients without HELO, and runs without debug settings.

    Why: bare newlines let strangers smuggle mail past SPF; soft_bounce turns every refusal into a queue that grows.
    Fix: `postconf -e smtpd_forbid_bare_newline=normalize smtpd_forbid_unauth_pipelining=yes smtpd_helo_required=yes
    soft_bounce=no debug_peer_list=`, then reload.
    """
    required = policy["sec.postfix"]
    evidence.compare("soft_bounce", postfix["soft_bounce"], "==", "no")
    evidence.compare("smtpd_forbid_bare_newline", postfix["smtpd_forbid_bare_newline"], "in", required["bare_newline"])
    evidence.compare("debug_peer_list", postfix["debug_peer_list"], "==", "")
    weak = [name for name in required["should_be_yes"] if postfix.get(name) != "yes"]
    if weak:
        evidence.warn(f"not set to yes, or not known to this release: {', '.join(weak)}")


@requirement(
    "SEC-055", severity="critical", group="mta", controls="VM", refs=["CVE-2019-10149", "Exim spec 43"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_exim_is_set_up_against_abuse(exim: Exim, evidence: Evidence) -> None:
    """Exim has an ACL for recipients, and does not switch off its protection against tainted data.

    Why: without acl_smtp_rcpt nothing is accepted or, patched carelessly, everything; tainted data has led to remote
    code.
    Fix: set acl_smtp_rcpt, remove allow_insecure_tainted_data, and rewrite what then complains with lookups.
    """
    evidence.compare("acl_smtp_rcpt", exim["acl_smtp_rcpt"], "!=", "")
    evidence.compare("allow_insecure_tainted_data", exim.values.get("allow_insecure_tainted_data", "no"), "==", "no")
