"""How busy the system is: processor time of its threads, storage that machines use (DMKTHI)."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cpvm.machine.storage import BLOCK, REFERENCE

if TYPE_CHECKING:
    from cpvm.cp.system import System
    from cpvm.cp.vmblok import VMBLOK

_BLOCKS: Final = 2
"""Blocks with a key in a page of 4K."""


@dataclass(frozen=True)
class Sample:
    """Clocks at one moment, nanoseconds: the wall, the whole process, and each processor's thread."""

    wall: int
    process: int
    threads: tuple[int, ...]


def sample(system: System) -> Sample:
    """Read the clocks."""
    threads = tuple(_clock(thread) for thread in system.processors.threads)
    return Sample(time.monotonic_ns(), time.process_time_ns(), threads)


def _clock(thread: threading.Thread) -> int:
    """Processor time of a thread; 0 where the host does not tell."""
    if thread.ident is None or not hasattr(time, "pthread_getcpuclockid"):
        return 0
    try:
        return time.clock_gettime_ns(time.pthread_getcpuclockid(thread.ident))
    except OSError:
        return 0


def busy(first: Sample, second: Sample) -> tuple[int, int | None]:
    """How busy the processors were between two samples, percent: the first, and the others together (None: there are
    none). What CP's other threads used counts with the first."""
    elapsed = max(1, second.wall - first.wall)
    used = [new - old for new, old in zip(second.threads, first.threads, strict=False)]
    others = used[1:]
    main = max(0, second.process - first.process - sum(others))
    attached = min(100, sum(others) * 100 // (elapsed * len(others))) if others else None
    return min(100, main * 100 // elapsed), attached


def storage_used() -> int:
    """How much of the host's storage this process has, percent; 0 where the host does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * 100 // os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def pages_used(vm: VMBLOK) -> int:
    """Pages of 4K of a machine's storage that were referred to or have a key; one at least."""
    return max(1, _pages(vm, _AS_IT_IS))


def working_set(vm: VMBLOK) -> int:
    """Pages whose reference bit is on."""
    return _pages(vm, _REFERENCE_ALONE)


_AS_IT_IS = bytes(range(256))
_REFERENCE_ALONE = bytes(key & REFERENCE for key in range(256))


def _pages(vm: VMBLOK, table: bytes) -> int:
    """Pages of which a block has a key that is not zero behind the table."""
    storage = vm.machine.storage
    blocks = storage.size // BLOCK
    keys = bytes(storage.keys[: blocks + blocks % _BLOCKS]).translate(table)
    return len(keys) // _BLOCKS - memoryview(keys).cast("H").tolist().count(0)
