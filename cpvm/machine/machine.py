"""A virtual System/370: CPU, storage, timers, channels and devices."""

from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from pathlib import Path
from time import thread_time_ns
from typing import overload

from cpvm.machine import engines, snapshot, trace
from cpvm.machine.channel import Channels
from cpvm.machine.cpu import CPU
from cpvm.machine.device import Device
from cpvm.machine.engines import AUTO, EngineStatistics
from cpvm.machine.host import Host, NullHost, Outside
from cpvm.machine.interruptions import Interruptions
from cpvm.machine.machinecheck import Damage
from cpvm.machine.observe import Observer
from cpvm.machine.stop import IPLError, Stop
from cpvm.machine.storage import Storage
from cpvm.machine.timers import TOD_MICROSECOND
from cpvm.machine.trace import Step
from cpvm.s370 import psa
from cpvm.s370.psw import EC, PSW

BLOCK_MULTIPLEXING = 0x80000000
"""Control register 0, bit 0."""


class Registers(Sequence[int]):
    """Registers as unsigned numbers; a value assigned is cut to their width."""

    def __init__(self, values: MutableSequence[int], bits: int, signed: bool) -> None:
        self._values = values
        self._mask = (1 << bits) - 1
        self._bias = 1 << bits - 1 if signed else 0

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, r: int) -> int: ...
    @overload
    def __getitem__(self, r: slice) -> list[int]: ...
    def __getitem__(self, r: int | slice) -> int | list[int]:
        if isinstance(r, slice):
            return [v & self._mask for v in self._values[r]]
        return self._values[r] & self._mask

    def __setitem__(self, r: int, v: int) -> None:
        self._values[r] = (v + self._bias & self._mask) - self._bias

    def __iter__(self) -> Iterator[int]:
        return (v & self._mask for v in self._values)

    def __repr__(self) -> str:
        digits = self._mask.bit_length() // 4
        return " ".join(f"{v:0{digits}X}" for v in self)


class Machine:
    """One virtual machine. Two of them share nothing.

    All methods belong to the thread that runs the machine, except `stop`, `nudge` and `engine_statistics`.
    """

    def __init__(
        self, storage: int = 1 << 20, host: Host | None = None, immediate_io: bool = True, engine: str = AUTO
    ) -> None:
        """A machine with this many bytes of storage (see `Storage`), reset.

        `immediate_io`: I/O operations take no time; else they take virtual time (see `Channels`). `engine`: what
        executes its instructions (see `cpvm.machine.engines`).

        Raises:
            ValueError: a wrong size.
            EngineError: the engine cannot be had.
        """
        self.host: Host = host if host is not None else NullHost()
        self.storage = Storage(storage)
        self.io = Channels(self.storage, immediate_io)
        self.cpu = CPU(self)
        self.io.multiplexing = lambda: self.cpu.control[0] & BLOCK_MULTIPLEXING != 0
        self.interruptions = Interruptions(self)
        self._interpreter = engines.make(engine, self.cpu, self.interruptions)
        self.gr = Registers(self.cpu.general, 32, signed=True)
        """General registers 0-15."""
        self.fr = Registers(self.cpu.floating, 64, signed=True)
        """Floating-point registers: 0, 2, 4 and 6 exist."""
        self.cr = Registers(self.cpu.control, 32, signed=False)
        """Control registers 0-15, to be looked at; `set_cr` changes them."""

    # ---- state
    @property
    def psw(self) -> PSW:
        """The current PSW (interruption code and instruction length zero)."""
        return self.cpu.psw()

    @psw.setter
    def psw(self, value: PSW) -> None:
        self.cpu.set_psw(value)

    @property
    def cc(self) -> int:
        """The condition code."""
        return self.cpu.condition

    @cc.setter
    def cc(self, value: int) -> None:
        self.cpu.condition = value & 3

    def set_cr(self, r: int, value: int) -> None:
        """Load control register r (0-15)."""
        self.cpu.set_cr(r, value)

    # ---- configuration
    def attach(self, addr: int, device: Device) -> None:
        """Put a device at an I/O address. Raises DeviceError if the address is wrong or taken."""
        self.io.attach(addr, device)

    def detach(self, addr: int) -> None:
        """Take the device at an I/O address away. Raises DeviceError if there is none."""
        self.io.detach(addr)

    def device(self, addr: int) -> Device | None:
        """The device at an I/O address."""
        return self.io.device(addr)

    @property
    def devices(self) -> Mapping[int, Device]:
        """All devices by I/O address."""
        return self.io.devices

    # ---- operator's actions
    def reset(self) -> None:
        """System reset and initial CPU reset: storage, keys, general and floating-point registers stay."""
        self.interruptions.reset()
        self.cpu.reset()
        self.io.reset()

    def clear(self) -> None:
        """Clear reset: storage, keys and all registers become zero too."""
        self.reset()
        self.cpu.clear_registers()
        self.storage.clear()

    def ipl(self, addr: int) -> None:
        """Initial program loading from the device at this I/O address; then `run`. Raises IPLError."""
        self.reset()
        status = self.io.ipl(addr)
        if status.cc == 3:
            raise IPLError(f"there is no device {addr:03X}")
        if status.cc != 0:
            raise IPLError(f"IPL from device {addr:03X} failed", status.csw.to_bytes(), status.sense)
        self.psw = PSW.from_bytes(self.storage.read(psa.RESTART_NEW, 8))

    def restart(self) -> None:
        """The restart key: a restart interruption."""
        self.interruptions.restart()

    def external(self, code: int) -> None:
        """Make an external interruption pending; X'40' is the interrupt key."""
        self.interruptions.external(code)

    def machine_check(self, damage: int = Damage.SYSTEM, address: int | None = None) -> None:
        """Make a machine check pending, with these conditions (`Damage`) and perhaps a failing-storage address.

        It interrupts as soon as the PSW and control register 14 allow it. Raises ValueError for what is no condition.
        """
        self.interruptions.checks.request(damage, address)

    # ---- saved machines
    def save(self, path: Path) -> None:
        """Write the whole state to a file (see `cpvm.machine.snapshot`). Raises OSError."""
        snapshot.write(self, path)

    def restore(self, path: Path) -> None:
        """Take up the state in a file, with storage of the same size and devices of the same types at the same
        addresses. Raises OSError, SnapshotError.
        """
        snapshot.read(self, path)

    # ---- running
    def run(self, max_instructions: int) -> Stop:
        """Run until a reason to stop, at most this many instructions."""
        begun = thread_time_ns()
        try:
            return self._interpreter.run(max_instructions)
        finally:
            self._interpreter.nanoseconds += thread_time_ns() - begun

    def engine_statistics(self) -> EngineStatistics:
        """What has executed this machine's instructions, how many, and in which time. Callable from any thread."""
        return self._interpreter.statistics()

    @property
    def outside(self) -> Outside | None:
        """Entered and left around each call of native code that may take long, by the thread that runs the machine;
        None: nothing is.

        For whoever runs machines on several threads under a lock of his own: native code touches nothing but its
        machine's storage and registers, so meanwhile others may have the lock.
        """
        return self._interpreter.outside

    @outside.setter
    def outside(self, value: Outside | None) -> None:
        self._interpreter.outside = value

    def step(self) -> Step | Stop:
        """Execute one instruction: which it was, or why the machine does not get as far as that."""
        return trace.step(self)

    def steps(self, limit: int) -> Iterator[Step]:
        """Execute instructions one by one, at most this many, giving each; ends where the machine stops."""
        return trace.steps(self, limit)

    def stop(self, tag: object = None) -> None:
        """Ask `run` to end at the next instruction boundary, its detail being the tag. Callable from any thread.

        A machine that is not running stops as soon as it is run.
        """
        self._interpreter.stop_tag = tag
        self._interpreter.stop_requested = True
        self.nudge()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called and the machine has not stopped yet."""
        return self._interpreter.stop_requested

    def nudge(self) -> None:
        """Have `run` look at what is pending within a millisecond, or 20,000 instructions if those take longer.

        For whoever makes an interruption pending while another thread runs the machine. Callable from any thread.
        """
        self._interpreter.nudge()

    def wait_for(self, microseconds: int) -> None:
        """Let time pass in which the CPU only waited, for an interval timer that is to run with real time."""
        self.cpu.timers.advance_interval(microseconds)

    def next_event(self) -> int | None:
        """Microseconds of real time until the clock comparator interrupts a waiting CPU; None if it will not."""
        cpu = self.cpu
        if not self.interruptions.comparator_enabled():
            return None
        return max(0, cpu.timers.comparator + 1 - cpu.timers.now()) // TOD_MICROSECOND + 1

    @property
    def address_stop(self) -> int | None:
        """Instruction address before which `run` stops once, and forgets it; None if there is none."""
        return self._interpreter.address_stop

    @address_stop.setter
    def address_stop(self, address: int | None) -> None:
        self._interpreter.address_stop = address

    def observe(self, observer: Observer | None) -> None:
        """Have somebody told of instructions and interruptions from now on (see `cpvm.machine.observe`); None: nobody.

        Not while it runs.
        """
        self._interpreter.observe(observer)

    @property
    def waiting(self) -> bool:
        """Whether the CPU waits and no interruption can be taken now."""
        return (
            self.psw.wait
            and not self.io.pending(self.interruptions.channel_mask())
            and not self.interruptions.external_code()
            and not self.interruptions.checks.allowed()
        )

    @property
    def ec_mode(self) -> bool:
        """Whether the CPU is in the EC mode."""
        return self.cpu.state & EC != 0
