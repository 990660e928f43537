"""Outputs of hosts of several layouts, shortened: what systemctl, ps and ss say there."""

from __future__ import annotations

from typing import Any

from fixtures.estate import Endpoint
from fixtures.inside import processes, sockets
from fixtures.inside import units as unit_facts
from fixtures.inside.units import Units


def unit(name: str, active: str, sub: str, **more: Any) -> str:
    """One block of ``systemctl show``."""
    values = {
        "Id": name,
        "LoadState": "loaded",
        "ActiveState": active,
        "SubState": sub,
        "Result": "success",
        "Type": "forking",
        "MainPID": 0,
        "ExecMainPID": 0,
        "NRestarts": 0,
        "UnitFileState": "enabled",
        "WantedBy": "multi-user.target",
        "ExecStart": "{ path=/usr/sbin/postfix ; argv[]=/usr/sbin/postfix start ; }",
        **more,
    }
    return "".join(f"{key}={value}\n" for key, value in values.items())


#: Debian up to 12: a wrapper that runs nothing, and an instance that owns the processes.
WRAPPER = unit(
    "postfix.service", "active", "exited", Type="oneshot", ExecStart="{ path=/bin/true ; argv[]=/bin/true ; }"
)
INSTANCE = unit("postfix@-.service", "active", "running", UnitFileState="enabled-runtime")
INSTANCE_DEAD = unit("postfix@-.service", "failed", "failed", Result="signal", UnitFileState="enabled-runtime")
#: Debian 13: the plain unit is real.
PLAIN = unit("postfix.service", "active", "running")
PLAIN_DEAD = unit("postfix.service", "failed", "failed", Result="signal")
EXIM = unit("exim4.service", "active", "running", Type="exec", MainPID=57)
DOVECOT = unit("dovecot.service", "active", "running", Type="notify", MainPID=55, ExecMainPID=55)

MASTER = f"{452:7} {1:7} {0:5} Ss {60:8} {'master':32} /usr/lib/postfix/sbin/master -w\n"
STOPPED = MASTER.replace(" Ss ", " Ts ")
ZOMBIE = MASTER.replace(" Ss ", " Z ")
EXIM_DAEMON = f"{57:7} {1:7} {0:5} Ss {60:8} {'exim4':32} /usr/sbin/exim4 -bdf -q5m\n"
EXIM_DELIVERY = f"{99:7} {1:7} {0:5} S {1:8} {'exim4':32} /usr/sbin/exim4 -Mc 1abcde-000abc-12\n"
DOVECOT_MASTER = f"{55:7} {1:7} {0:5} Ss {60:8} {'dovecot':32} /usr/sbin/dovecot -F\n"
INIT = f"{1:7} {0:7} {0:5} Ss {99:8} {'systemd':32} /lib/systemd/systemd\n"

BOTH_25 = (
    'tcp LISTEN 0 100 0.0.0.0:25 0.0.0.0:* users:(("master",pid=452,fd=13))\n'
    'tcp LISTEN 0 100 [::]:25 [::]:* users:(("master",pid=452,fd=14))\n'
)
LOOPBACK_25 = 'tcp LISTEN 0 100 127.0.0.1:25 0.0.0.0:* users:(("master",pid=452,fd=13))\n'
EXIM_25 = BOTH_25.replace("master", "exim4")
OTHER_25 = BOTH_25.replace("master", "opensmtpd")


def systemd(*blocks: str) -> Units:
    """The units of a host."""
    return Units(unit_facts.parse("\n".join(blocks)))


def running(*lines: str) -> tuple[processes.Process, ...]:
    """The processes of a host."""
    return processes.parse(INIT + "".join(lines))


def listening(text: str) -> tuple[sockets.Socket, ...]:
    """The sockets of a host."""
    return sockets.parse(text)


def endpoint(port: int = 25, family: int = 4, protocol: Any = "smtp", tls: Any = "starttls") -> Endpoint:
    """A declared port."""
    address = "192.0.2.1" if family == 4 else "2001:db8::1"
    return Endpoint("mx.example.org", address, port, protocol, tls, "mx.example.org", 4 if family == 4 else 6)
