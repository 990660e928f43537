"""Runs made up for the tests of the reports: an ordinary one, a large one, and one with a hostile other end."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from fixtures.evidence import Measurement, describe
from reports.model import Result, Run, summarise

# id | layer | severity | what | op | limit | unit | a good value | controls | explained by; then title, why, fix.
_TEXT = """
NET-001 | network | critical | open declared ports | >= | 1 | ports | 4 | AV | 
  The host answers on the network.
  A host that cannot be reached serves nobody.
  Look at the link, the default route and the switch port.
NET-003 | network | critical | time to connect | <= | 3.0 | s | 0.021 | AV NS | NET-001 SVC-001
  Every declared port accepts connections over both address families.
  Other servers give up after a few tries.
  Compare the listening sockets with the firewall rules.
DNS-002 | dns | critical | addresses | == | ["192.0.2.10"] |  | ["192.0.2.10"] | DA | 
  Every MX host resolves to the addresses of the inventory.
  Mail goes to whatever the MX record says.
  Correct the A and AAAA records.
DNS-006 | dns | critical | SPF records | == | 1 | records | 1 | MA | 
  The domain publishes exactly one valid SPF record.
  Two records are a permanent error, and receivers then ignore both (RFC 7208 section 4.5).
  Merge the TXT records that start with v=spf1 into one.
DNS-013 | dns | high | policy | in | ["reject", "quarantine"] |  | "reject" | MA | 
  The DMARC policy is reject or quarantine.
  With p=none a forged message is delivered.
  Publish p=quarantine, read the reports, then p=reject.
TLS-001 | tls | critical | oldest version | >= | 1.2 |  | 1.2 | TR | SVC-001
  TLS 1.2 or later is offered and nothing older.
  TLS 1.0 and 1.1 are withdrawn (RFC 8996).
  Set smtpd_tls_protocols = >=TLSv1.2.
TLS-004 | tls | high | days left | >= | 21 | days | 61 | CR TR | SVC-001
  The certificate is valid for longer than the renewal takes.
  An expired certificate stops MTA-STS and DANE senders.
  Run the renewal, then reload the daemon.
SVC-001 | services | critical | master processes | >= | 1 | processes | 1 | AV | NET-001 RES-003
  The MTA runs: unit, live master process, listener and greeting agree.
  Without it no mail is accepted or delivered.
  Run `postfix check`, read the mail log, then start the service.
SVC-002 | services | critical | time to greet | <= | 5.0 | s | 0.012 | AV | NET-001
  The IMAP server runs and greets.
  Users cannot read their mail.
  Run `doveadm log errors` and restart Dovecot.
CFG-001 | configuration | high | foreign recipients accepted | == | 0 |  | 0 | CF AB | 
  The MTA is no open relay.
  An open relay is listed within hours.
  Set smtpd_relay_restrictions to reject_unauth_destination.
RES-003 | resources | critical | disk used | < | 80 | % | 41 | CP | 
  The mail spool has room.
  Postfix stops accepting mail below queue_minfree.
  Find what grew with du, then rotate or extend.
RES-002 | resources | high | available | >= | 15 | % | 63 | CP | 
  Memory is available.
  The kernel kills the largest process first.
  Find the growing process, limit it, add memory.
LOG-001 | logs | high | errors in 24 h | < | 20 | lines | 0 | LG | SVC-001
  The mail log shows no panic and few errors.
  Errors come before failures.
  Read the lines attached and treat their cause.
FLOW-001 | flow | high | queued | < | 800 | messages | 12 | AV CP | SVC-001 DNS-002 RES-003
  The queue is short.
  A growing queue is the first sign of a delivery fault.
  Run `postqueue -j` and read the reasons.
SEC-003 | security | medium | PermitRootLogin | != | "yes" |  | "prohibit-password" | AC | 
  Root may not log in with a password.
  Passwords are guessed.
  Set PermitRootLogin prohibit-password.
MON-001 | monitoring | high | coverage | >= | 100 | % | 100 | MO | 
  Every service has an active probe.
  What nobody watches fails unseen.
  Add the missing services to the monitoring system.
OPS-009 | operations | high | 90th percentile | <= | 15 | min | 11 | IR | 
  Triage of incidents is done within fifteen minutes.
  The first fifteen minutes decide how long it lasts.
  Drill the first stage of the procedure.
DR-003 | recovery | high | age of the last test | <= | 90 | days | 34 | BK CT | 
  A restore was tested within the quarter.
  A backup that was never restored is a hope.
  Restore one mailbox and record it.
"""


def _rows() -> dict[str, dict[str, Any]]:
    found = {}
    lines = _TEXT.strip().splitlines()
    for head, title, why, fix in zip(*(lines[start::4] for start in range(4)), strict=True):
        parts = [part.strip() for part in head.split("|")]
        id, layer, severity, what, op, limit, unit, good, controls, explained = parts
        found[id] = {
            "id": id, "layer": layer, "severity": severity, "what": what, "op": op, "limit": json.loads(limit),
            "unit": unit, "good": json.loads(good), "controls": controls.split(), "explained_by": explained.split(),
            "title": title.strip(), "why": why.strip(), "fix": fix.strip(),
        }  # fmt: skip
    return found


CATALOGUE = _rows()
AT = "2026-11-24T06:{:02d}:{:02d}+00:00"


def exchange(kind: str, where: str, request: str, answer: str, second: int = 0) -> dict[str, Any]:
    data = answer.encode("utf-8", "replace")
    return {
        "kind": kind, "where": where, "request": request, "answer": answer, "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(), "truncated": False,
        "started": AT.format(1, second % 60), "seconds": 0.018,
    }  # fmt: skip


def result(
    id: str, target: str, subject: str, verdict: str = "pass", measured: Any = None, **more: Any
) -> dict[str, Any]:
    row = CATALOGUE[id]
    what, op, limit, unit = row["what"], row["op"], row["limit"], row["unit"]
    measured = row["good"] if measured is None else measured
    level = verdict if verdict in ("pass", "notice", "warn", "fail") else "fail"
    item = Measurement(what, measured, op, limit, unit, level == "pass", level)
    return {
        **{key: row[key] for key in ("id", "title", "severity", "layer", "controls", "why", "fix", "explained_by")},
        "target": target, "subject": subject, "verdict": verdict, "message": "" if level == "pass" else describe(item),
        "measurements": [asdict(item)], "exchanges": [], "attachments": [], "refs": ["guide A2", "RFC 5321 4.2"],
        "started": AT.format(2, 5), "seconds": 0.012,
        "nodeid": f"checks/{row['layer']}/test_{id.lower()}.py::test_{id.lower().replace('-', '_')}[{subject}]",
    } | more  # fmt: skip


def envelope(
    results: list[dict[str, Any]], targets: list[dict[str, Any]], exchanges: dict[str, Any], **more: Any
) -> Run:
    run = {
        "id": "20261124T060100Z-7f3a", "started": AT.format(1, 0), "finished": AT.format(2, 41),
        "suite_version": "0.1.0", "seconds": 101.0,
        "argv": ["--inventory=estate.yml", "--change=CHG-2207", "--phase=post"],
        "phase": "post",
        "change": "CHG-2207", "operator": "a.meier@audit", "policy_sha256": "5d" * 32, "inventory_sha256": "a1" * 32,
        "platform": {"python": "3.11.7", "system": "Linux-6.1.0-x86_64-with-glibc2.36", "pytest": "9.2.0"},
        "engine": {
            "hosts": 3, "commands": 141, "round_trips": 6,
            "per_host": {"mx1.example.test": {"commands": 47, "round_trips": 2, "seconds": 1.2}},
        },
        "fail_on": "fail", "exit_code": int(any(item["verdict"] in ("fail", "not_measured") for item in results)),
        "stage": "full", "shard": None, "lab": False, "replay": None, "targets_wanted": [], "severity_overrides": {},
    }  # fmt: skip
    absent = more.get("not_applicable", [])
    summary = summarise([Result(**item) for item in results], len(absent))
    data = {
        "schema": "mailproof/evidence/1", "run": run, "targets": targets, "results": results, "exchanges": exchanges,
        "not_applicable": absent, "waivers": [], "diagnosis": {"root_causes": []}, "summary": summary,
    }  # fmt: skip
    return Run.from_dict(data | more)


def target(name: str, kind: str = "host") -> dict[str, Any]:
    groups, roles, addresses = (["mta", "imap"], ["mx"], ["192.0.2.10"]) if kind == "host" else ([], [], [])
    return {"name": name, "kind": kind, "groups": groups, "roles": roles, "addresses": addresses}


def finding(id: str, subject: str) -> dict[str, str]:
    return {"id": id, "target": subject.partition(":")[0], "subject": subject}


def ordinary() -> Run:
    """Two mail hosts and a domain: a full disk stopped the MTA on mx1; one host without a shell; a waiver each way."""
    mx1, mx2 = "mx1.example.test", "mx2.example.test"
    full = (
        "Filesystem     1024-blocks     Used Available Capacity Mounted on\n"
        "/dev/vda3         20511312 20511312         0     100% /var/spool/postfix\n"
    )
    exchanges = {
        "x1": exchange("shell", mx1, "df -P /var/spool/postfix", full),
        "x2": exchange("shell", mx1, "pgrep -x -c master", "0\n", 1),
        "x3": exchange("dialogue", "192.0.2.10:25", "connect", "Connection refused", 2),
        "x4": exchange(
            "dns", "10.77.0.53", "example.test. TXT", 'NOERROR\nexample.test. 300 IN TXT "v=spf1 mx -all"\n', 3
        ),
    }
    results = {}
    for host in (mx1, mx2):
        for id in ("NET-001", "SVC-001", "SVC-002", "CFG-001", "RES-003", "RES-002", "LOG-001", "FLOW-001", "SEC-003"):
            results[id, host] = result(id, host, host, exchanges=["x2"])
        for id in ("NET-003", "TLS-001", "TLS-004"):
            for place in (f"{host}:{port}" for port in (25, 465, 587, 993)):
                results[id, place] = result(id, host, place)
    for id in ("DNS-002", "DNS-006", "DNS-013"):
        results[id, "example.test"] = result(id, "example.test", "example.test", exchanges=["x4"])
    for id in ("MON-001", "OPS-009", "DR-003"):
        results[id, "records"] = result(id, "records", "records")

    def change(id: str, subject: str, verdict: str, measured: Any = None, **more: Any) -> None:
        results[id, subject] = result(id, results[id, subject]["target"], subject, verdict, measured, **more)

    change("RES-003", mx1, "fail", 100, exchanges=["x1"])
    log = [{"name": "mail.log", "text": "postfix/master[811]: fatal: write queue file: No space left on device"}]
    change("SVC-001", mx1, "fail", 0, exchanges=["x2", "x3"], attachments=log)
    change("FLOW-001", mx1, "fail", 6120)
    change("NET-003", f"{mx1}:25", "fail", 30.0, exchanges=["x3"])
    change("TLS-004", f"{mx2}:993", "warn", 17)
    change("LOG-001", mx1, "notice", 22)
    change("SEC-003", mx1, "waived", "yes")
    denied = f"no shell on {mx2}: permission denied (publickey). Give the key of the audit user."
    for id in ("RES-002", "SEC-003", "LOG-001"):
        change(id, mx2, "not_measured", measurements=[], message=denied)
    change("DNS-013", "example.test", "fail", "none", exchanges=["x4"])
    change("DR-003", "records", "not_applicable", measurements=[], message="the inventory declares no backup")
    follows = [finding("SVC-001", mx1), finding("FLOW-001", mx1), finding("NET-003", f"{mx1}:25")]
    return envelope(
        list(results.values()),
        [target(mx1), target(mx2), target("example.test", "domain"), target("records", "records")],
        exchanges,
        not_applicable=[
            {"id": "HW-003", "title": "The array is whole.", "reason": "no physical host in the inventory"}
        ],
        waivers=[
            waiver("SEC-003", mx1, "vendor support until December", "used"),
            waiver("TLS-001", "mx9.*", "old appliance", "unused"),
            waiver("RES-003", mx1, "disk ordered", "expired", until="2026-11-01T00:00:00+00:00"),
        ],
        diagnosis={
            "root_causes": [
                finding("RES-003", mx1) | {"consequences": follows},
                finding("DNS-013", "example.test") | {"consequences": []},
            ]
        },
    )


def waiver(id: str, target: str, reason: str, status: str, until: str = "2026-12-31T00:00:00+00:00") -> dict[str, Any]:
    return {"id": id, "target": target, "reason": reason, "approver": "c.lin", "until": until, "status": status}


def healthy() -> Run:
    """One host on which all holds."""
    host = "mx1.example.test"
    return envelope([result(id, host, host) for id in CATALOGUE], [target(host)], {})


def large(hosts: int = 1000, per_host: int = 60, every: int = 20) -> Run:
    """``hosts`` x ``per_host`` results, one in ``every`` failing."""
    results, roots = [], []
    ids = list(CATALOGUE)
    for number in range(hosts):
        host = f"mx{number:04d}.mail.example.test"
        for index in range(per_host):
            id = ids[index % len(ids)]
            subject = host if index < len(ids) else f"{host}:{2000 + index}"
            bad = (number * per_host + index) % every == 0
            more = {"seconds": 0.001 * ((number + index) % 97)}
            results.append(result(id, host, subject, "fail" if bad else "pass", 99 if bad else None, **more))
            if bad:
                roots.append({"id": id, "target": host, "subject": subject, "consequences": []})
    targets = [target(f"mx{number:04d}.mail.example.test") for number in range(hosts)]
    return envelope(results, targets, {}, diagnosis={"root_causes": roots})


HOSTILE = (
    "220 </script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "\x1b[2J\x1b]0;owned\x07\r\n&lt;\u202edetrevni\u2066 \u200b\x00 ${7*7} {{7*7}} `$(id)` \ud800 ]]> <!-- "
)


def hostile(size: int = 1_000_000) -> Run:
    """A host whose every answer is an attack, and large."""
    text = HOSTILE + "A" * size
    host, subject = "mx1.example.test", HOSTILE[:200]
    attached = [{"name": HOSTILE, "text": text}]
    more = {"message": text, "why": text, "fix": text, "exchanges": ["x1"], "attachments": attached, "nodeid": HOSTILE}
    bad = result("SVC-001", host, subject, "fail", text, **more)
    unseen = result("NET-001", host, HOSTILE[:60], "not_measured", measurements=[], message=text)
    return envelope(
        [bad, unseen],
        [target(host), target(HOSTILE)],
        {"x1": exchange("dialogue", HOSTILE, "EHLO " + text, text)},
        diagnosis={"root_causes": [{"id": "SVC-001", "target": host, "subject": subject, "consequences": []}]},
        waivers=[waiver("SVC-001", HOSTILE, text, "expired") | {"approver": HOSTILE}],
    )
