"""Load and memory: what each figure is about, and that no burst is taken for a load."""

from __future__ import annotations

import pytest

from fixtures.errors import NotApplicable
from fixtures.inside import disk, load, sample, space


def reading(index: int, busy: int, idle: int, uptime: float, extra: str = "") -> str:
    stat = f"cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\n{uptime:.2f} 1\n"
    return f"== reading {index}\n{stat}pswpin 0\npswpout 0\noom_kill 0\n{extra}"


def text(*readings: str, load1: float = 0.5, more: str = "") -> str:
    rest = (
        f"== cores\n2\n== loadavg\n{load1} {load1} {load1} 1/2 3\n== meminfo\n"
        "MemTotal: 1000000 kB\nMemAvailable: 500000 kB\n"
        "SwapTotal: 1000 kB\nSwapFree: 1000 kB\n"
    )
    return "".join(readings) + rest + more


IDLE = (reading(0, 0, 0, 1), reading(1, 10, 190, 2), reading(2, 20, 380, 3))
BUSY = (reading(0, 0, 0, 1), reading(1, 195, 5, 2), reading(2, 390, 10, 3))
BURST = (reading(0, 0, 0, 1), reading(1, 200, 0, 2), reading(2, 210, 190, 3))
DOCKER = "== kind\n/.dockerenv\n"
V1 = (
    "== cgroup\n/c/memory/memory.usage_in_bytes:200000000\n/c/memory/memory.limit_in_bytes:268435456\n"
    "/c/memory/memory.oom_control:oom_kill 2\n/c/memory/memory.stat:total_inactive_file 50000000\n"
)
V2 = (
    "== cgroup\n/c/memory.current:900000000\n/c/memory.max:max\n/c/memory.events:oom_kill 0\n/c/cpu.max:50000 100000\n"
    "/c/memory.pressure:some avg10=0.00 avg60=7.50 avg300=0 total=1\n"
    "/c/memory.pressure:full avg10=0.00 avg60=1.00 avg300=0 total=1\n"
)


def test_machine() -> None:
    assert load.cpu_of(sample.parse(text(*IDLE))).busy == pytest.approx(5)
    busy = load.cpu_of(sample.parse(text(*BUSY, load1=4)))
    assert (busy.scope, round(busy.busy, 1)) == ("the machine", 97.5)


def test_a_burst_is_no_load() -> None:
    assert load.cpu_of(sample.parse(text(*BURST, load1=4))).busy == pytest.approx(5)
    # All CPUs busy for three seconds, but nobody has waited in the last minutes.
    assert load.cpu_of(sample.parse(text(*BUSY, load1=0.4))).busy == pytest.approx(20)


def test_a_busy_machine_does_not_make_its_container_busy() -> None:
    own = [f"{item}{seconds}000000000\n" for item, seconds in zip(BUSY, (1.0, 1.1, 1.2), strict=True)]
    own = [item.replace("1.0000000000", "1000000000").replace("1.1000000000", "1100000000") for item in own]
    own = [item.replace("1.2000000000", "1200000000") for item in own]
    found = load.cpu_of(sample.parse(text(*own, load1=9, more=DOCKER)))
    assert (round(found.busy), found.scope) == (5, "the container (docker), by its cgroup")


def test_a_quota_is_what_counts() -> None:
    own = [f"{item}usage_usec {used}\n" for item, used in zip(IDLE, (0, 480000, 960000), strict=True)]
    found = load.cpu_of(sample.parse(text(*own, more=DOCKER + V2)))
    assert (round(found.busy), found.cores) == (96, 0.5)


def test_files_mounted_over_proc_are_the_containers() -> None:
    mounted = text(*BUSY, more=DOCKER + "== mounts\n /proc/stat \n /proc/meminfo \n")
    parsed = sample.parse(mounted)
    assert load.cpu_of(parsed).scope == load.memory_of(parsed).scope == load.OVERLAID
    assert round(load.cpu_of(parsed).busy, 1) == 97.5


def test_counters_that_stand_still_are_said_to() -> None:
    still = (reading(0, 90, 10, 1), reading(1, 90, 10, 2))
    found = load.cpu_of(sample.parse(text(*still)))
    assert (found.frozen, round(found.busy)) == (True, 90)


def test_memory_of_a_container() -> None:
    limited = load.memory_of(sample.parse(text(*IDLE, more=DOCKER + V1)))
    assert (limited.total, limited.oom_kills, round(limited.available)) == (268435456, 2, 44)
    free = load.memory_of(sample.parse(text(*IDLE, more=DOCKER + V2)))
    assert (free.total, round(free.available)) == (1024000000, 12)


def test_swap() -> None:
    machine = load.swap_of(sample.parse(text(*IDLE)))
    assert machine.rates == (0, 0) and list(machine.told("rate").values()) == [0]
    with pytest.raises(NotApplicable):
        load.swap_of(sample.parse(text(*IDLE, more=DOCKER + V1)))
    own = load.swap_of(sample.parse(text(*IDLE, more=DOCKER + V2)))
    assert (own.some, own.full) == (7.5, 1.0)
    # What a container does not tell is not taken for nothing.
    assert own.told("rate") == own.told("used") == {} and own.untold == ["rate", "used"]


def test_mounts_below_the_store_count() -> None:
    head = "Filesystem Type 1024-blocks Used Available Capacity Mounted on\n"
    rows = "overlay overlay 100 50 50 50% /\ntmpfs tmpfs 40960 35840 5120 88% /var/vmail/example.test\n"
    found = disk.parse(f"== space\n{head}{rows}== inodes\n{head}{rows}== end\n", {"store": "/var/vmail"})
    assert [(item.target, item.paths, round(item.used_percent, 1)) for item in found] == [
        ("/", ("store /var/vmail",), 50.0),
        ("/var/vmail/example.test", ("store /var/vmail/example.test",), 87.5),
    ]


def mount(target: str, kind: str, used: int, free: int, path: str) -> disk.Mount:
    return disk.Mount(target, "/dev/x", kind, used + free, used, free, 100, 10, (path,))


def test_the_machines_disk_is_not_a_containers() -> None:
    overlay = mount("/", "overlay", 99, 100_000_000, "spool /var/spool/postfix")
    own = mount("/var/vmail", "tmpfs", 88, 12, "store /var/vmail")
    found = space.space_of([overlay, own], 15_000_000)
    assert (list(found.used.values()), found.tight) == ([88.0], ())
    full = space.space_of([mount("/", "overlay", 99, 1000, "spool /var/spool/postfix")], 15_000_000)
    assert len(full.tight) == 1
