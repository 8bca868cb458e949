"""A machine's saved systems and segments: IPL by name, and segments that come and go (DMKCFG, DMKVMA).

The pages are mapped copy-on-write, so nothing that a machine does to them is seen by another. For a page that was saved
as shared, VM/370 told a user who changed it, and here as there the machine then has a copy of its own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from cpvm.cp.message import message
from cpvm.cp.savedsys import BLOCK, PAGE, PlaceTakenError, SavedSystem, SavedSystemError, State
from cpvm.machine.storage import MAXIMUM, AddressError
from cpvm.s370.psw import PSW

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

NONSHARED = message("DMKVMA181E", "SHARED SYSTEM {} REPLACED WITH NON-SHARED COPY")
TOO_SMALL = message("436E", "{} REQUIRES {}K OF STORAGE")
NOT_SAVED = message("044E", "{} DOES NOT EXIST")
PAGING_ERROR = message("177E", "PAGING ERROR READING SAVED SYSTEM {}")
IS_SEGMENT = message("449E", "{} IS A SEGMENT; NOT LOADED BY IPL")
_KEY = 0xF8  # of a key byte: all but reference and change


class Segments:
    """What one machine has of saved systems."""

    def __init__(self, vm: VMBLOK) -> None:
        self._vm = vm
        self.loaded: dict[str, SavedSystem] = {}
        self.ipled: SavedSystem | None = None
        self._told: set[str] = set()

    def forget(self) -> None:
        """The machine was cleared, or is another one: nothing is loaded."""
        self.loaded.clear()
        self.ipled = None
        self._told.clear()

    def release(self) -> None:
        """The machine was reset: segments go, what IPL loaded stays in storage."""
        for name in list(self.loaded):
            self.purge(name)

    def leave(self) -> None:
        """The machine is loaded with something else: what IPL loaded beyond its storage goes, too."""
        self.release()
        storage = self._vm.machine.storage
        for start, end in _areas(self.ipled) if self.ipled is not None else ():
            if (start, end) in storage.segments:
                storage.detach_segment(start, end)
                self._vm.machine.cpu.forget()
        self.ipled = None
        self._told.clear()

    def check(self, system: SavedSystem) -> None:
        """See that the machine can be loaded from a saved system. Raises CPError."""
        if system.segment:
            raise IS_SEGMENT.error(system.name)
        if not system.file or system.state is None:
            raise NOT_SAVED.error(system.name)
        storage = self._vm.storage
        needed = max([system.minimum, *(end for start, end in _areas(system) if start < storage)])
        if needed > storage:
            raise TOO_SMALL.error(system.name, needed // 1024)

    def ipl(self, system: SavedSystem) -> None:
        """Load a system that was checked into the machine, which has been cleared: pages, keys, registers, PSW.

        Raises CPError: the pages cannot be had.
        """
        assert system.state is not None
        try:
            self._map(system)
        except SavedSystemError as error:
            self._vm.system.log.write(f"DMKCFG177E {error}")
            raise PAGING_ERROR.error(system.name) from None
        self.ipled = system
        self._start(system.state)

    def _start(self, state: State) -> None:
        machine = self._vm.machine
        for register, value in enumerate(state.general):
            machine.gr[register] = value
        for register, value in zip((0, 2, 4, 6), state.floating, strict=False):
            machine.fr[register] = value
        for register, value in enumerate(state.control):
            machine.set_cr(register, value)
        machine.psw = PSW.from_bytes(state.psw)

    def load(self, system: SavedSystem, *, shared: bool = True) -> bool:
        """Load a segment, if it is not loaded. Returns whether it lies within the machine's own storage.

        Its user is not told of changes if it is not SHARED. Raises SavedSystemError: the pages cannot be had, or there
        is something else.
        """
        inside = system.start < self._vm.storage
        if system.name in self.loaded:
            return inside
        self._map(system, shared)
        self.loaded[system.name] = system
        return inside

    def purge(self, name: str) -> bool:
        """Take a segment away; False if it is not loaded. Within the machine's own storage zeros stay behind."""
        system = self.loaded.pop(name, None)
        if system is None:
            return False
        self._told.discard(name)
        storage = self._vm.machine.storage
        for start, end in _areas(system):
            if (start, end) in storage.segments:
                storage.detach_segment(start, end)
            elif end <= storage.size:
                storage.forget_pages(start, end - start)
        self._vm.machine.cpu.forget()
        return True

    def _map(self, system: SavedSystem, shared: bool = True) -> None:
        """Put the pages into storage, beyond its end if need be. Raises SavedSystemError; then nothing has changed."""
        vm = self._vm
        storage = vm.machine.storage
        attached: list[tuple[int, int]] = []
        number = vm.system.saved.open(system)
        try:
            for start, end in _areas(system):
                if end > storage.size:
                    storage.attach_segment(start, end)
                    attached.append((start, end))
            self._fill(system, number, shared)
        except (AddressError, OSError) as error:
            for start, end in attached:
                storage.detach_segment(start, end)
            failure = PlaceTakenError if isinstance(error, AddressError) else SavedSystemError
            raise failure(str(error)) from error
        finally:
            with suppress(OSError):  # nothing was written
                os.close(number)
        vm.machine.cpu.forget()

    def _fill(self, system: SavedSystem, number: int, shared: bool) -> None:
        storage = self._vm.machine.storage
        offset = 0
        keys = iter(system.keys)
        for part in system.ranges:
            if not part.saved:
                continue
            start, length = part.first * PAGE, part.count * PAGE
            storage.map_pages(start, length, number, offset, watch=part.shared and shared)
            offset += length
            for block in range(start, start + length, BLOCK):
                storage.set_key(block, next(keys, 0) & _KEY)

    def altered(self, block: int) -> None:
        """A page that is watched is changed, by an instruction, the channel, or a command of CP's."""
        page = block * BLOCK // PAGE
        there = [*self.loaded.values(), *([self.ipled] if self.ipled is not None else [])]
        for system in there:
            if any(part.first <= page <= part.last for part in system.ranges) and system.name not in self._told:
                self._told.add(system.name)
                self._tell(system.name)
                return

    def _tell(self, name: str) -> None:
        vm = self._vm

        def tell() -> None:
            vm.message(NONSHARED.full(name))

        if vm.running:
            vm.defer(tell, own=True)
        else:
            tell()


def _areas(system: SavedSystem) -> list[tuple[int, int]]:
    """The addresses of the system: ranges that follow one another are one area."""
    areas: list[tuple[int, int]] = []
    for part in sorted(system.ranges, key=lambda part: part.first):
        start, end = part.first * PAGE, min((part.last + 1) * PAGE, MAXIMUM)
        if areas and areas[-1][1] == start:
            areas[-1] = (areas[-1][0], end)
        else:
            areas.append((start, end))
    return areas


def capture(vm: VMBLOK) -> State:
    """The state of the machine's CPU, as SAVESYS keeps it."""
    machine = vm.machine
    return State(
        machine.psw.to_bytes(),
        tuple(machine.gr),
        tuple(machine.fr[register] for register in (0, 2, 4, 6)),
        tuple(machine.cr),
    )
