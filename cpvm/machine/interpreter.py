"""The reference engine: fetches, decodes and executes instructions one after the other.

Each instruction text is decoded once, into a function without arguments that does just that; equal text shares it
wherever it stands. So self-modifying code needs no care.
"""

from collections.abc import Callable
from struct import Struct
from typing import Final

from cpvm.machine.access import LAST, SHIFT
from cpvm.machine.binding import Bind, binder
from cpvm.machine.cpu import CPU
from cpvm.machine.enginestats import EngineStatistics
from cpvm.machine.host import Outside
from cpvm.machine.interruptions import Interruptions
from cpvm.machine.iotime import skip_ahead
from cpvm.machine.machinecheck import ALL, EXIGENT
from cpvm.machine.observe import Observation, Observer
from cpvm.machine.per import unwatch, wanted, watch
from cpvm.machine.stop import ProgramCheck, Stop, StopReason
from cpvm.s370.formats import length_of
from cpvm.s370.insn import Insn, identify
from cpvm.s370.interruption import EXECUTE, OPERATION, SPECIFICATION, ProgramCode
from cpvm.s370.ops import ADDRESS_MASK
from cpvm.s370.psw import EC_PER, EXTERNAL_MASK, PSW, WAIT

Step = Callable[[], None]

LIMIT: Final = 20_000
"""Decoded instructions kept of each length; when there are more, all are dropped. A program that makes other
instructions all the time takes some 40 MB of the host's storage then, and no more."""

SLICE: Final = 2048
"""Instructions after which the timers are looked at as soon as the engine comes back."""

SKIPS: Final = 500
"""I/O events that a waiting CPU lets pass one after the other; then whoever runs it gets a turn."""

EXECUTE_OPCODE: Final = 0x44

_unpack_word = Struct(">I").unpack_from
_unpack_half = Struct(">H").unpack_from


class Decoded(dict[int, Step]):
    """Text -> function; decodes what is missing."""

    def __init__(self, decode: Callable[[int], Step]) -> None:
        super().__init__()
        self._decode = decode

    def __missing__(self, text: int) -> Step:
        if len(self) >= LIMIT:
            self.clear()
        step = self[text] = self._decode(text)
        return step


class Interpreter:
    """Executes instructions for one CPU."""

    name: str = "reference"

    slice_length = SLICE
    """How many instructions are executed at most before the timers are looked at."""

    def __init__(self, cpu: CPU, interruptions: Interruptions) -> None:
        self._cpu = cpu
        self._interruptions = interruptions
        self._memory = cpu.memory
        self._decoded = Decoded(self._decode)
        self._narrow = Decoded(self._decode_narrow)
        self._wide = Decoded(self._decode_wide)
        self.stop_requested = False
        self.stop_tag: object = None
        self.address_stop: int | None = None
        self.observation: Observation | None = None
        """Who watches the machine, see `observe`."""
        self._checks = 0
        self._externals = 0
        """Program and external interruptions since the last instruction that went well."""
        self._rate = 1
        """Microseconds that the host charged for an instruction the last time, 1 at least."""
        self._left: PSW | None = None
        """The PSW with which the budget of the last run was used up: if it is still the current one, what comes
        belongs to it, and a loop of interruptions is found by single steps too."""
        self.executed = 0
        """Instructions executed since the machine was made."""
        self.nanoseconds = 0
        """Of processor time that this took."""
        self.note = ""
        """Why it is not the engine that was asked for, if it is not; one line for the user."""
        self.outside: Outside | None = None
        """See `Machine.outside`."""
        cpu.interpreter = self

    def observe(self, observer: Observer | None) -> None:
        """Have somebody watch the machine from now on, with everything that he wants now; None: nobody."""
        if self.observation is not None:
            self.observation.end()
            self.observation = None
        if observer is not None:
            self.observation = Observation(self._cpu, self._interruptions, observer)
        self._decoded = Decoded(self._decode)
        self._narrow = Decoded(self._decode_narrow)
        self._wide = Decoded(self._decode_wide)

    # ---- decoding
    def _decode(self, word: int) -> Step:
        """Function for the four bytes at the instruction address."""
        size = length_of(word >> 24)
        if size == 2:
            return self._narrow[word >> 16]
        if size == 6:
            return self._dispatch(word)
        return self._step(word.to_bytes(4, "big"))

    def _decode_narrow(self, half: int) -> Step:
        return self._step(half.to_bytes(2, "big"))

    def _decode_wide(self, text: int) -> Step:
        return self._step(text.to_bytes(6, "big"))

    def _dispatch(self, word: int) -> Step:
        """Function for a six-byte instruction of which four bytes are known."""
        cpu, memory, wide, high = self._cpu, self._memory, self._wide, word << 16

        def dispatch() -> None:
            a = cpu.ia + 4
            wide[high | _unpack_half(memory, a + cpu.fetch_table[a >> SHIFT])[0]]()

        return dispatch

    def _step(self, text: bytes) -> Step:
        row = identify(text)
        if row is None:
            return self._unassigned(length_of(text[0]))
        step = _bind(row)(self._cpu, **row.decode(text))
        return step if self.observation is None else self.observation.wrap(row, text, step)

    def _unassigned(self, size: int) -> Step:
        cpu = self._cpu

        def unassigned() -> None:
            cpu.ia += size
            raise ProgramCheck(OPERATION)

        return unassigned

    def execute(self, a: int, modifier: int) -> None:
        """Execute the instruction at an even address, its second byte ORed with the modifier."""
        cpu = self._cpu
        first = cpu.fetch2(a) & 0xFFFF
        if first >> 8 == EXECUTE_OPCODE:
            raise ProgramCheck(EXECUTE)
        text = first | modifier
        size = length_of(first >> 8)
        if size == 2:
            step = self._narrow[text]
        else:
            text = text << 16 | cpu.fetch2(a + 2) & 0xFFFF
            step = self._decoded[text] if size == 4 else self._wide[text << 16 | cpu.fetch2(a + 4) & 0xFFFF]
        cpu.ia -= size
        step()

    # ---- running
    def run(self, budget: int) -> Stop:
        """Execute at most `budget` instructions."""
        cpu = self._cpu
        io = cpu.machine.io
        agenda = io.agenda
        left = budget
        uncharged = 0
        skips = 0
        if cpu.psw() != self._left:
            self._checks = self._externals = 0
        cpu.attention = True
        while True:
            reason = self._look_around()
            if reason is None and (left <= 0 or self.address_stop is not None):
                reason = self._reason_before(cpu.next_ia(), left)
            # instructions until the channels act, if each takes a microsecond
            due = agenda.next - agenda.now - uncharged
            if uncharged >= SLICE or due <= 0 or agenda.wish or (uncharged and reason is not None):
                charged = cpu.machine.host.elapsed(uncharged)
                if uncharged:
                    self._rate = max(1, charged // uncharged)
                microseconds = agenda.charge(charged)
                cpu.timers.advance(microseconds)
                io.elapse(microseconds)
                uncharged = 0
                cpu.attention = True
                if reason is None or reason is StopReason.WAIT:
                    continue
            if reason is StopReason.WAIT and io.timed:
                if skips < SKIPS:
                    skips += 1
                    skip_ahead(cpu.machine)
                    continue
                reason = StopReason.BUDGET
            if reason is not None:
                return self._stopped(reason, budget - left)
            if cpu.smask & EC_PER and wanted(cpu):
                done = self._watched()
            elif self.address_stop is not None or self.observation is not None:
                done = self._watchful(min(left, due))
            else:
                done = self._slice(min(left, self.slice_length, due))
            left -= done
            uncharged += done
            skips = 0

    def statistics(self) -> EngineStatistics:
        """What has been done so far."""
        return EngineStatistics(self.name, self.executed, seconds=self.nanoseconds / 1e9, note=self.note)

    def nudge(self) -> None:
        """Have `run` look around soon: something has happened. Callable from any thread."""
        self._cpu.attention = True

    def forget_loops(self) -> None:
        """What comes is no part of a loop of interruptions that has begun."""
        self._left = None

    def _reason_before(self, ia: int, left: int) -> StopReason | None:
        """Whether to stop before the instruction at ia, all else being well."""
        if left <= 0:
            return StopReason.BUDGET
        if ia == self.address_stop:
            self.address_stop = None
            return StopReason.ADDRESS_STOP
        return None

    def _stopped(self, reason: StopReason, done: int) -> Stop:
        self.executed += done
        detail: object = self._cpu.next_ia()
        self._left = self._cpu.psw() if reason is StopReason.BUDGET else None
        if reason is StopReason.HOST:
            detail, self.stop_tag, self.stop_requested = self.stop_tag, None, False
        return Stop(reason, done, detail)

    def _slice(self, planned: int) -> int:
        """Execute up to `planned` instructions, until one faults or attention is called for; gives their number."""
        cpu = self._cpu
        memory = self._memory
        decoded = self._decoded
        table = cpu.fetch_table
        unpack, shift, last, edge = _unpack_word, SHIFT, LAST, LAST - 5  # locals: this loop is all that is ever hot
        n = 0
        ia = cpu.ia
        try:
            for n in range(planned):
                if cpu.attention:
                    if n:
                        self._checks = self._externals = 0
                    return n
                ia = cpu.ia
                if ia & last > edge:
                    self._careful()
                else:
                    cpu.word = word = unpack(memory, ia + table[ia >> shift])[0]
                    decoded[word]()
        except ProgramCheck as check:
            cpu.attention = True
            if n:
                self._checks = self._externals = 0
            self._fault(check, cpu.ia == ia)
            return n + 1
        self._checks = self._externals = 0
        return planned

    def _watchful(self, planned: int) -> int:
        """The same for somebody who watches, and up to the instruction of an address stop; one at least."""
        if self.address_stop is None:
            return Interpreter._slice(self, min(planned, SLICE))
        cpu, stop = self._cpu, self.address_stop
        planned = min(planned, SLICE)
        done = Interpreter._slice(self, 1)
        while done < planned and not cpu.attention and cpu.ia & ADDRESS_MASK != stop:
            done += Interpreter._slice(self, 1)
        return done

    def _watched(self) -> int:
        """Execute one instruction with program-event recording."""
        cpu = self._cpu
        watch(cpu)
        try:
            done = self._slice(1)
            if done and cpu.events:
                self._interruptions.program(ProgramCheck(ProgramCode.PER, completed=True), cpu.ilc())
        finally:
            unwatch(cpu)
        return done

    def _careful(self) -> None:
        """Execute an instruction that may lie over the end of a block."""
        cpu = self._cpu
        a = cpu.ia = cpu.ia & ADDRESS_MASK
        word = (cpu.fetch2(a) & 0xFFFF) << 16
        size = length_of(word >> 24)
        cpu.word = word
        if size == 2:
            step = self._narrow[word >> 16]
        else:
            cpu.word = word = word | cpu.fetch2(a + 2) & 0xFFFF
            step = self._decoded[word] if size == 4 else self._wide[word << 16 | cpu.fetch2(a + 4) & 0xFFFF]
        step()

    def _fault(self, check: ProgramCheck, fetching: bool) -> None:
        """Program interruption. If the instruction could not even be fetched it counts as one of two halfwords."""
        self._checks += 1
        if fetching:
            self._cpu.ia += 4
            self._cpu.events = 0
        if not self._interruptions.program(check, 2 if fetching else self._cpu.ilc()):
            self._checks = 0

    def _look_around(self) -> StopReason | None:
        """All that may come between two instructions."""
        cpu = self._cpu
        interruptions = self._interruptions
        checks = interruptions.checks
        io = cpu.machine.io
        cpu.attention = False
        while True:
            if self.stop_requested:
                return StopReason.HOST
            if self._checks >= 2:
                return StopReason.INVALID_PSW if cpu.unassigned or cpu.ia & 1 else StopReason.PROGRAM_LOOP
            if checks.pending:
                if checks.stops():
                    return StopReason.CHECK_STOP
                if checks.take(EXIGENT if cpu.unassigned else ALL):
                    continue
            if cpu.unassigned:
                self._checks += 1
                interruptions.program(ProgramCheck(SPECIFICATION), cpu.early_ilc)
                continue
            if cpu.smask & EXTERNAL_MASK and interruptions.take_external():
                self._externals += 1
                if self._externals > 64:
                    return StopReason.EXTERNAL_LOOP
                continue
            if io.active:
                io.advance()
            if io.waiting and interruptions.take_io():
                self._checks = 0
                continue
            if interruptions.restarting:
                interruptions.restart()
                continue
            if cpu.state & WAIT:
                if not interruptions.enabled():
                    return StopReason.DISABLED_WAIT
                # A channel program that is still running will interrupt: the machine is not idle.
                return StopReason.BUDGET if io.active else StopReason.WAIT
            if cpu.ia & 1:  # found as the instruction is about to be fetched, after the interruptions that are pending
                self._fault(ProgramCheck(SPECIFICATION), True)
                continue
            return None


_binders: dict[int, tuple[Insn, Bind]] = {}


def _bind(row: Insn) -> Bind:
    """Binder of an instruction, made when it first occurs."""
    found = _binders.get(row.opcode)
    if found is None or found[0] is not row:
        found = _binders[row.opcode] = row, binder(row)
    return found[1]
