"""CPU, memory and swap."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.inside.limits import KernelLimits
from fixtures.inside.load import Cpu, Memory, Swap
from fixtures.policy import PolicyView
from fixtures.requirement import requirement


@requirement(
    "RES-001", severity="high", controls="CP", refs=["guide A4", "guide A78", "ISO 27001 A.8.6"],
    explained_by=["NET-001"],
)  # fmt: skip
def test_cpu_has_room(cpu: Cpu, policy: PolicyView, evidence: Evidence) -> None:
    """The CPUs are not busy all the time.

    Why: greetings, filters and TLS slow down first, then senders give up.
    Fix: see what runs (`ps -eo pcpu,pid,args --sort=-pcpu | head`); scanning and mail loops are usual; then add CPUs.
    """
    shares = ", ".join(f"{value:.1f}" for value in cpu.intervals)
    evidence.attach("scope", f"{cpu.scope}: {cpu.cores:g} CPUs; busy by interval: {shares} %; load {cpu.load}")
    evidence.band(f"busy, of the CPU time of {cpu.scope}", round(cpu.busy, 1), policy["res.cpu"], unit="%")
    if cpu.frozen:
        evidence.warn("the counters of /proc/stat stood still: the average since boot was judged")


@requirement(
    "RES-002", severity="high", controls="CP", refs=["guide A5", "ISO 27001 A.8.6"], explained_by=["NET-001"]
)
def test_memory_has_room(memory: Memory, policy: PolicyView, evidence: Evidence) -> None:
    """Memory is left, and the kernel has killed nobody for lack of it.

    Why: the kernel ends the largest process, which on a mail host is the scanner, the database or Dovecot.
    Fix: see who takes it (`ps -eo rss,pid,args --sort=-rss | head`), lower process limits, add memory.
    """
    evidence.attach("scope", f"{memory.scope}: {memory.total / 2**20:.0f} MiB in all")
    evidence.band(f"memory available to {memory.scope}", round(memory.available, 1), policy["res.memory"], unit="%")
    evidence.band(f"processes killed for memory in {memory.since_s / 3600:.1f} h", memory.oom_kills, policy["res.oom"])


@requirement("RES-004", severity="high", controls="CP", refs=["guide A50"], explained_by=["NET-001", "RES-002"])
def test_host_does_not_swap(swap: Swap, policy: PolicyView, evidence: Evidence) -> None:
    """No memory is being written to swap, and nothing waits for memory.

    Why: a host that swaps answers so slowly that it looks dead, long before it is.
    Fix: as for memory; then `swapoff -a && swapon -a` in a quiet hour brings back what lies in swap.
    """
    evidence.attach("scope", swap.scope)
    evidence.attach("not told by this host", ", ".join(swap.untold) or "nothing")
    evidence.bands("written to swap all the time by", swap.told("rate"), policy["res.swap.rate"], unit="B/s")
    evidence.bands("some work waited for memory on", swap.told("some"), policy["res.swap.some"], unit="% of the time")
    evidence.bands("all work waited for memory on", swap.told("full"), policy["res.swap.full"], unit="% of the time")
    evidence.bands("swap in use on", swap.told("used"), policy["res.swap.used"], unit="%")


@requirement("RES-008", severity="high", controls="CP", refs=["guide A7"], explained_by=["NET-001"])
def test_kernel_limits_are_far(kernel_limits: KernelLimits, policy: PolicyView, evidence: Evidence) -> None:
    """Open files, tracked connections and process ids are far from the kernel's limits, and no process is blocked.

    Why: at the limit new connections and files fail at random, with memory and disk to spare.
    Fix: find the holder (`ls /proc/PID/fd | wc -l`, `conntrack -S`), raise fs.file-max or nf_conntrack_max; a process
    in state D waits for a disk or network file system: look at `dmesg`.
    """
    evidence.bands("used", kernel_limits.used, policy["res.kernel"], unit="%")
    evidence.band("processes that stay blocked", kernel_limits.blocked, policy["res.blocked"])
