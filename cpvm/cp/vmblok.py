"""One user's virtual machine and all that CP knows about it (VMBLOK)."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from cpvm.cp import accounting, iplcylinder
from cpvm.cp.accounting import Charge, Usage
from cpvm.cp.directory import UserEntry
from cpvm.cp.halfpool import RemoteHalf
from cpvm.cp.hosthalf import Conversation
from cpvm.cp.iucv import IUCV
from cpvm.cp.lineedit import EditSymbols
from cpvm.cp.logicaldevice import LogicalDevices
from cpvm.cp.message import Emsg, edit
from cpvm.cp.pfkey import PFKey
from cpvm.cp.savedsys import SavedSystem
from cpvm.cp.segments import Segments
from cpvm.cp.share import Allowance
from cpvm.cp.symboltable import SymbolTable
from cpvm.cp.syslock import Outside
from cpvm.cp.terminalopts import TerminalOptions
from cpvm.cp.timers import TimerRequest
from cpvm.cp.tracing import Tracer
from cpvm.cp.vconsole import VirtualConsole
from cpvm.cp.vdevblok import VDEVBLOK
from cpvm.cp.vio import VirtualHost
from cpvm.cp.vmcf import VMCF
from cpvm.cp.vspool import Output, Reader, UnitRecord
from cpvm.machine import Machine

if TYPE_CHECKING:
    from cpvm.cp.command import CommandRun
    from cpvm.cp.system import System


class VMBLOK:
    """A logged-on user.

    The machine runs if nothing is in its way: `stopped` (CP READ, before IPL, after a disabled wait), `waiting` (an
    enabled wait state), `holds` (CP does something for the guest that takes time), `function` (a command that waits).
    """

    def __init__(self, system: System, entry: UserEntry) -> None:
        self.system = system
        self.entry = entry
        self.userid = entry.userid
        self.classes = entry.classes
        self.storage = entry.storage
        self.usage = Usage()
        self.charge = Charge(entry.userid, entry.account, entry.distribution)
        self.emsg = Emsg.ON
        self.msg = self.wng = self.imsg = self.acnt = self.linedit = True
        self.smsg = False
        self.run_option = False  # SET RUN ON: the machine goes on in CP READ
        self.timer = "REAL" if "REALTIMER" in entry.options else "ON"
        self.ecmode = "ECMODE" in entry.options
        self.channels = "BMX" if "BMX" in entry.options else "SEL"
        # SET operands that change nothing here but are remembered for QUERY SET
        self.settings: dict[str, str] = {option: "ON" for option in ("ISAM", "STBYPASS") if option in entry.options}
        self.pf_keys: dict[int, PFKey] = {}
        self.serial = int(entry.cpuid or "0", 16)  # of the processor, SET CPUID
        linend, linedel, chardel, escape = entry.symbols
        self.symbols = EditSymbols(linend, chardel, linedel, escape)
        self.terminal = TerminalOptions()
        self.secondary = ""  # userid: SET SECUSER
        self.observer = ""  # userid: SET OBSERVER
        self.pa2_external = False  # DIAGNOSE X'54'
        self.clock_area = 0  # DIAGNOSE X'70'; 0: none

        self.devices: dict[int, VDEVBLOK] = {}
        self.entered = False  # LOGON has made the devices of the directory: from now on limits hold
        self.spool_told = False  # the operator knows that this user may not have more in the spool
        self.console = VirtualConsole(self)
        self.host = VirtualHost(self)
        self.outside = Outside(system.lock)
        self.segments = Segments(self)
        self.machine = self._new_machine()
        self.vmcf = VMCF(self)
        self.iucv = IUCV(self)
        self.logical = LogicalDevices(self)
        self.by_iucv: set[str] = set()  # MSG, WNG, SMSG: what its program gets through *MSG

        self.stopped = True
        self.waiting = False
        self.holds = 0
        self.function: CommandRun | None = None
        self.after_slice: list[Callable[[], None]] = []
        self.alone = True  # none of them touches another machine
        self.queued = False  # in the scheduler's queues
        self.running = False  # in the middle of a slice
        self.again = False  # there was something for the machine while it was running
        self.interactive = 0  # slices that are left to it in queue 1
        self.priority = entry.priority  # SET PRIORITY
        self.favored: int | None = None  # SET FAVORED: percent of a processor, or 0
        self.share = entry.share  # SET SHARE
        self.due = 0.0  # its clock, as the scheduler has it
        self.claim: tuple[float, float] | None = None  # what it counts as among those that run or could
        self.logged_off = False
        self.wait_began = 0.0
        self.generation = 0  # counts resets: what belongs to a machine that was reset since is void
        self.conversation: Conversation | None = None  # with a host half
        self.never_ran = True  # no IPL and no BEGIN yet
        self.commanding = False  # CP does what a trap of TRACE has asked for
        self.lost_line: TimerRequest | None = None
        self.alarm: TimerRequest | None = None  # the end of the wait that it is in, or was in last

    @cached_property
    def tracer(self) -> Tracer:
        """TRACE and PER; made when it is first asked for, since most users never do."""
        return Tracer(self)

    @cached_property
    def allowance(self) -> Allowance:
        """What is left of what a limit allows."""
        return Allowance()

    @cached_property
    def names(self) -> SymbolTable:
        """Names of places in storage (SET SYMBOLS)."""
        return SymbolTable()

    # Running

    @property
    def runnable(self) -> bool:
        """True if the machine can execute instructions now."""
        return not (self.stopped or self.waiting or self.holds or self.function or self.logged_off)

    def wake(self) -> None:
        """Something happened that may let the machine run: an interruption, or the end of what held it."""
        self.waiting = False
        self.ready()

    def ready(self) -> None:
        """Queue the machine if it is runnable."""
        if self.running:
            self.again = True
        elif self.runnable:
            self.system.scheduler.add(self)

    def hold(self) -> None:
        """Keep the machine from running until `release`."""
        self.holds += 1

    def release(self) -> None:
        """End one `hold`."""
        self.holds -= 1
        self.ready()

    def rest(self, seconds: float) -> None:
        """Keep the machine from running for a short time, unless it is reset meanwhile."""
        generation = self.generation
        self.hold()
        self.system.timers.after(seconds, lambda: self.release() if self.generation == generation else None)

    def defer(self, action: Callable[[], None], *, own: bool = False) -> None:
        """For DIAGNOSE: end the slice behind this instruction and do ACTION outside of the machine.

        ACTION finds all machines at rest, unless it is OWN: then it touches no other machine, and others may run.
        """
        self.after_slice.append(action)
        self.alone = self.alone and own
        self.machine.stop("CP")

    def begin(self) -> None:
        """BEGIN: leave CP READ and run."""
        self.stopped = False
        self.never_ran = False
        self.console.leave_cp()
        self.wake()

    def enter_cp(self) -> None:
        """Stop the machine and put its console into CP READ."""
        self.stopped = True
        self.console.enter_cp()

    def _new_machine(self) -> Machine:
        machine = Machine(self.storage, self.host, engine=self.system.engine)
        machine.outside = self.outside
        machine.interruptions.simulate = self.host.simulate
        machine.storage.altered = self._altered
        machine.io.late = self.host.late
        return machine

    def _altered(self, block: int) -> None:
        """A block that is watched is changed."""
        self.segments.altered(block)
        self.system.ceiling.altered(self, block)

    def new_machine(self, storage: int) -> None:
        """DEFINE STORAGE: another machine with the same devices, all reset and cleared."""
        old = self.machine
        self.usage.operations += old.io.started
        self.vmcf.end()
        self.iucv.end()
        self.logical.end()
        self.storage = storage
        self.system.ceiling.gone(self)
        self.machine = self._new_machine()
        old.storage.discard()
        self.segments.forget()
        for vaddr, device in list(old.devices.items()):
            old.detach(vaddr)
            device.reset()
            self.machine.attach(vaddr, device)
        self.machine.cpu.timers.interval_running = self.timer != "OFF"
        if "tracer" in self.__dict__:
            self.tracer.update()
        self._was_reset()

    def _was_reset(self) -> None:
        self.stopped = True
        self.waiting = False
        self.generation += 1
        self.holds = 0
        self.end_conversation()
        self.vmcf.end()
        self.iucv.end()
        self.logical.end()
        self.clock_area = 0
        self.after_slice.clear()
        self.alone = True
        self.console.reset()

    def reset(self, *, clear: bool = False) -> None:
        """SYSTEM RESET or CLEAR: registers, PSW, channels, devices; with CLEAR storage too."""
        if clear:
            self.machine.clear()
            self.segments.forget()
        else:
            self.segments.release()
            self.machine.reset()
        self._was_reset()

    def ipl(self, vaddr: int, *, clear: bool = False, parameter: bytes = b"", cylinder: int = 0) -> None:
        """Load the machine from a device, a disk perhaps from a CYLINDER but 0. It stays stopped. Raises IPLError.

        The parameter, up to 64 bytes of EBCDIC, goes to general registers 0 to 15.
        """
        self.reset(clear=clear)
        self.segments.leave()
        if cylinder:
            iplcylinder.load(self.machine, vaddr, cylinder)
        else:
            self.machine.ipl(vaddr)
        self._pass(parameter, 0)

    def ipl_saved(self, system: SavedSystem, *, parameter: bytes = b"") -> None:
        """Load the machine from a saved system; it stays stopped. Storage that is not part of the system is cleared.

        The parameter goes to the registers that the system has for it. Raises CPError; then the machine is as it was,
        or, if the host cannot read the pages, cleared.
        """
        self.segments.check(system)
        self.reset(clear=True)
        self.segments.ipl(system)
        first, last = system.parameter_registers
        self._pass(parameter[: (last - first + 1) * 4], first)

    def _pass(self, parameter: bytes, first: int) -> None:
        for register in range((len(parameter) + 3) // 4):
            word = parameter[register * 4 : register * 4 + 4].ljust(4, b"\x40")
            self.machine.gr[first + register] = int.from_bytes(word, "big")

    def account(self) -> None:
        """Make the accounting record of what was used since the last one."""
        self.usage.operations += self.machine.io.started
        self.machine.io.started = 0
        system, charge, usage, now = self.system, self.charge, self.usage, time.time()
        connected = usage.connected
        system.owed.put(lambda: accounting.record(system.database, charge, usage, now, connected))
        self.usage = Usage()

    @property
    def taken(self) -> int:
        """Bytes of the host's storage that the machine has, and what it talks to."""
        conversation = self.conversation
        talk = conversation.half.kept if conversation and isinstance(conversation.half, RemoteHalf) else 0
        return self.machine.storage.taken() + talk

    def end_conversation(self) -> None:
        """Nobody talks to the host half any more; if it is at work it is stopped."""
        conversation, self.conversation = self.conversation, None
        if conversation is not None and isinstance(conversation.half, RemoteHalf):
            conversation.half.cancel()

    def forget_timers(self) -> None:
        """LOGOFF: nothing is to come any more that keeps this machine in storage."""
        for request in (self.alarm, self.lost_line):
            if request is not None:
                request.cancel()
        self.alarm = self.lost_line = None

    # Talking to the user

    def message(self, full: str) -> None:
        """Show an error message as SET EMSG says."""
        edited = edit(full, self.emsg)
        if edited:
            self.console.write_cp(edited)

    @property
    def disconnected(self) -> bool:
        """True if no terminal is there."""
        return self.console.session is None

    @property
    def line_name(self) -> str:
        """The terminal's name, DSC if there is none; as in QUERY NAMES."""
        session = self.console.session
        return "DSC" if session is None else session.terminal.name

    @property
    def line(self) -> str:
        """The terminal's type and name, USER DSC if there is none; as the operator is told."""
        kind = "LINE" if self.console.graphic is None else "GRAF"
        return "USER DSC" if self.disconnected else f"{kind} {self.line_name}"

    # Devices

    @property
    def counted_devices(self) -> int:
        """Devices that count for LIMIT DEVICES: those of the machine, and displays of its program (DIAGNOSE X'7C')."""
        return len(self.devices) + len(self.logical.devices)

    def unit_records(self, kind: str) -> list[UnitRecord]:
        """The devices of a kind (RDR PUN PRT CONS) in order of address."""
        found = [self.devices[vaddr] for vaddr in sorted(self.devices)]
        return [block for block in found if block.kind == kind and isinstance(block, UnitRecord)]

    @property
    def readers(self) -> list[Reader]:
        """All readers."""
        return [block for block in self.unit_records("RDR") if isinstance(block, Reader)]

    @property
    def outputs(self) -> list[Output]:
        """All punches and printers, and the console's spool."""
        return [block for block in self.devices.values() if isinstance(block, Output)]
