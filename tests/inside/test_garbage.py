"""Remote data is hostile: whatever a host says, a parser gives its facts or a ProbeError, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.errors import ProbeError
from fixtures.inside import (
    boot,
    clock,
    disk,
    exim,
    firewall,
    iptables,
    limits,
    link,
    mail_log,
    marker,
    naming,
    package,
    paths,
    permissions,
    postfix,
    processes,
    queue,
    raid,
    retention,
    sample,
    smart,
    sockets,
    units,
    versions,
)

MOMENT = datetime(2026, 8, 1, tzinfo=UTC)
CONFIG = postfix.Postfix({"queue_directory": "/var/spool/postfix", "config_directory": "/etc/postfix"})
PARSERS: dict[str, Callable[[str], Any]] = {
    "clock": clock.parse, "df": lambda text: disk.parse(text, {"spool": "/var/spool"}), "exim": exim.parse,
    "exim list": exim.exim_list, "nft": firewall.parse_nft, "iptables": lambda text: iptables.parse_save({4: text}),
    "limits": limits.parse, "link": link.parse, "mail log": mail_log.parse, "level": mail_log.level_of,
    "time": lambda text: mail_log.time_of(text, MOMENT), "fault": lambda text: mail_log.fault_of(text, MOMENT),
    "marker": marker.parse, "address": naming.address_in, "package": package.parse, "store": paths.store_root,
    "permissions": lambda text: permissions.parse(text, CONFIG), "postconf": postfix.parse, "ps": processes.parse,
    "queue": queue.parse_postfix, "exim queue": queue.parse_exim, "mdstat": raid.parse, "reboot": boot.parse,
    "fstab": boot.fstab, "retention": retention.parse, "logrotate": lambda text: retention.rotation_of(text, "/x"),
    "span": retention.seconds_of, "sample": sample.parse, "smart": smart.parse, "scan": smart.devices,
    "ss": sockets.parse, "systemctl": units.parse, "version": lambda text: versions.compare(text, "1.0"),
}  # fmt: skip
#: Pieces of real answers, so that garbage gets past the first test.
PIECES = [
    "== now\n",
    "== end\n",
    "1700000000 +0000\n",
    "== total\n",
    "12\n",
    "== messages\n",
    "-1\n",
    "\u0663\n",
    "{",
    "}",
    "[",
    '{"nftables": [',
    '{"chain": ',
    '"expr": [',
    "]}",
    "Id=a.service\n",
    "ActiveState=active\n",
    "NRestarts=9\n",
    "=",
    "\n\n",
    "LISTEN 0 1 ",
    "[::]:25 ",
    "*:99999 ",
    "udp UNCONN 0 0 %lo:1 *:*\n",
    "md0 : active raid1 sda[0](F)\n",
    "[2/1] [U_]\n",
    "resync = 5%",
    "Feb 30 12:00:00 h ",
    "Aug  1 00:00:00 h postfix/smtpd[1]: fatal: x\n",
    "9999999999999999999999 ",
    "2026-13-40T99:99:99Z ",
    "0000-00-00 00:00:00 ",
    "cpu 1 2 3 4 5 6 7 8\n",
    "== reading 0\n",
    "== reading 1\n",
    "== cores\n",
    "== meminfo\n",
    "MemTotal: 1 kB\n",
    "== loadavg\n",
    "nan inf 1e999\n",
    "weekly\n",
    "rotate 99999999999\n",
    "/x {\n",
    "*filter\n",
    ":INPUT DROP\n",
    "-A INPUT -j '\n",
    "some avg10=x\n",
    "== cgroup\n",
    "/a/cpu.max:max 0\n",
    "== space\n",
    "h\n/dev/a ext4 1 2 3 4% /x\n",
    "1:2~3-4",
    "\0",
    "\udcff",
    "٣٤",
]
HOSTILE = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=14).map("".join))


@pytest.mark.parametrize("name", sorted(PARSERS))
@settings(max_examples=60, deadline=None)
@given(text=HOSTILE)
def test_parser_never_breaks(name: str, text: str) -> None:
    with suppress(ProbeError):
        PARSERS[name](text)
