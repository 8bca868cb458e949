"""What a system does with spool files beside keeping them: tells of arrivals, serves devices, sends on (DMKSPL)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cpvm.cp import limits, logon
from cpvm.cp.network.service import Network
from cpvm.cp.realunit.inbox import Inbox
from cpvm.cp.realunit.units import RealUnits
from cpvm.cp.sysconfig import read_configuration
from cpvm.cp.vspool import Reader
from cpvm.cp.warmstart import Start, save, start_spool

if TYPE_CHECKING:
    from cpvm.cp.realdev import RealDevices
    from cpvm.cp.spool import Spool, SpoolFile
    from cpvm.cp.system import System
    from cpvm.cp.vmblok import VMBLOK


SPACE_SECONDS: Final = 30.0
"""After which devices that wait for room in the spool try again."""


class Spooling:
    """The spool's side of a `System`. For CP's thread, but for `_spool_changed`."""

    folder: Path
    spool: Spool
    real: RealDevices
    users: dict[str, VMBLOK]
    post: Callable[[Callable[[], None]], None]
    guarded: Callable[[Callable[[], None]], None]

    def _init_spooling(self, system: System) -> None:
        self._itself = system
        self.configuration = read_configuration(self.folder)
        self.spool.limit = limits.initial(limits.SPOOL, self.configuration.limits) or limits.SPOOL.most
        self.spool.reserve = limits.initial(limits.RESERVE, self.configuration.limits) or 0
        self.units = RealUnits(system)
        self.real.spooled = self.units.define
        self.network = Network(system)
        self.inbox = Inbox(system)
        self.spool_waits = False
        """Set when a device of a user has found no room in the spool."""
        self.spool_told = False
        """Set when the operator was told that the spool is full, until it is not."""
        self.spool.quota = self._quota
        self._look_posted = False
        self._spooling_began = self._spooling_ended = False
        self._space_timed = False
        self.spool.changed = self._spool_changed

    def _quota(self, userid: str) -> tuple[int | None, int | None]:
        """How many files a user may make, and how much they may take."""
        each = self._itself.limits
        return each.of(userid, limits.SPOOL_FILES), each.of(userid, limits.SPOOL_SPACE)

    def _start_spooling(self, how: Start, *, drain: bool) -> None:
        """The spool as the operator wants it, then the devices and links."""
        system = self._itself
        for text in self.configuration.messages:
            system.log.write(text)
        start_spool(system, how)
        self._spooling_began = True
        self.units.start(drain=drain)
        self.network.start()
        self.inbox.start()

    def _end_spooling(self) -> None:
        """Devices and links stop; what they have not finished stays in the spool. The second time nothing is done."""
        if self._spooling_ended:
            return
        self._spooling_ended = True
        self.guarded(self.inbox.close)
        self.guarded(self.network.close)
        self.guarded(self.units.close)
        if self._spooling_began:
            self.guarded(lambda: save(self._itself))

    def _spool_changed(self) -> None:
        """There are other files than before. For threads that have the system lock."""
        if self._look_posted:
            return
        userid, touched = self.network.userid, self.spool.touched
        if self.spool_waits or any(queue != "RDR" or owner == userid for queue, owner in touched):
            self._look_posted = True
            self.post(self._look)
        else:
            touched.clear()

    def _look(self) -> None:
        self._look_posted = False
        touched = set(self.spool.touched)
        self.spool.touched.clear()
        if any(queue != "RDR" for queue, _ in touched):
            self.guarded(self.units.kick)
        if ("RDR", self.network.userid) in touched:
            self.guarded(self.network.kick)
        if self.spool_waits:
            self._give_space()

    def space_wanted(self) -> None:
        """A device waits for room in the spool: it is looked for when files go, and now and then, since the host may
        have made some. For threads that have the system lock."""
        self.spool_waits = True
        if not self._space_timed:
            self._space_timed = True
            self._itself.timers.after(SPACE_SECONDS, self._look_for_space)

    def _look_for_space(self) -> None:
        self._space_timed = False
        if self.spool_waits:
            self._give_space()
        if self.spool_waits:
            self.space_wanted()

    def _give_space(self) -> None:
        """Devices that wait for room in the spool go on if there is some for their users."""
        self.spool_waits = False
        for vm in self.users.values():
            waiting = [output for output in vm.outputs if output.full]
            if waiting and not self.spool.full and self.spool.room(vm.userid):
                for output in waiting:
                    output.space()
            elif waiting:
                self.spool_waits = True
        self.spool_told = self.spool_told and self.spool.full

    def file_arrived(self, file: SpoolFile) -> None:
        """A file has come into somebody's reader: tell the user, and the machine if its reader was empty."""
        vm = self.users.get(file.owner)
        if vm is None:
            return
        if vm.msg and (file.origin != file.owner or file.kind == "RDR"):
            vm.console.write_cp(
                f"{file.kind} FILE {file.spoolid:04} FROM {file.origin:<8} COPY {file.copies:02}"
                f" {'HOLD' if file.hold else 'NOHOLD'}"
            )
        self.file_ready(file)

    def file_ready(self, file: SpoolFile) -> None:
        """A file can be read from now on: device end for readers that were empty."""
        vm = self.users.get(file.owner)
        if vm is None or file.held:
            return
        if vm.running:
            self.post(lambda: self.file_ready(file))
            return
        for reader in vm.readers:
            device = vm.machine.device(reader.vaddr)
            matches = reader.options.spool_class in ("*", file.spool_class)
            if matches and reader.idle and device is not None:
                logon.reader_ready(device)
                vm.wake()

    def in_use(self, file: SpoolFile, but: Reader | None = None) -> bool:
        """True if a virtual reader, a real device or a link is in the middle of FILE."""
        if self.units.active(file.spoolid) or self.network.sending(file.spoolid):
            return True
        vm = self.users.get(file.owner)
        if vm is None:
            return False
        return any(
            reader is not but and reader.current is not None and reader.current.spoolid == file.spoolid
            for reader in vm.readers
        )
