"""All spooled real devices of the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpvm.cp.message import CPError
from cpvm.cp.realdev import RealDevice
from cpvm.cp.realunit.definition import Unit, define
from cpvm.cp.realunit.hopper import InputUnit
from cpvm.cp.realunit.unit import OutputUnit
from cpvm.cp.spool import SpoolFile
from cpvm.machine.device import ConfigurationError

if TYPE_CHECKING:
    from cpvm.cp.system import System

EVERYBODY = "ALL"


class RealUnits:
    """Finds work for the devices. For CP's thread."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._running = False

    def __iter__(self):  # type: ignore[no-untyped-def]
        """In order of address."""
        return iter(self.all())

    def all(self) -> list[Unit]:
        """In order of address."""
        return [real for real in self._system.real if isinstance(real, OutputUnit | InputUnit)]

    def define(self, words: list[str]) -> None:
        """Enter the device of a line of the file `devices`. Raises ConfigurationError."""
        self._system.real.add(define(self._system, words))

    def add(self, unit: Unit) -> None:
        """Enter a device. Raises ConfigurationError if its address is taken."""
        self._system.real.add(unit)

    def at(self, raddr: int) -> Unit | None:
        """The device at an address, if there is a spooled one."""
        try:
            real: RealDevice = self._system.real.at(raddr)
        except CPError:
            return None
        return real if isinstance(real, OutputUnit | InputUnit) else None

    def start(self, *, drain: bool = False) -> None:
        """The system is up: devices take files from now on, unless they are DRAINed."""
        self._running = True
        for unit in self.all():
            if drain:
                unit.drained = True
            unit.dispatch()

    def kick(self) -> None:
        """There may be files for devices that have nothing to do."""
        if self._running:
            for unit in self.all():
                if isinstance(unit, OutputUnit):
                    unit.dispatch()

    def close(self) -> None:
        """CP stops."""
        self._running = False
        for unit in self.all():
            unit.close()

    def active(self, spoolid: int) -> bool:
        """True if a device is in the middle of this file."""
        return any(
            isinstance(unit, OutputUnit) and unit.job is not None and unit.job.file.spoolid == spoolid
            for unit in self.all()
        )

    def next_file(self, unit: OutputUnit) -> SpoolFile | None:
        """The file that a device is to take: of its classes in their order the first one in the queue."""
        spool = self._system.spool
        held = {owner for owner, queue in spool.queue_holds() if queue == unit.kind}
        if EVERYBODY in held:
            return None

        def elsewhere(file: SpoolFile) -> bool:
            return file.owner in held or self.active(file.spoolid)

        for spool_class in unit.traits.classes:
            file = spool.first(unit.kind, spool_class, unit.traits.form_name, elsewhere)
            if file is not None:
                return file
        return None


__all__ = ["EVERYBODY", "ConfigurationError", "RealUnits"]
