"""The programs of `loops.py` on a pair of machines, and all that may happen to a program while it runs."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from compiled.loophandlers import CHANNEL_PROGRAM, DEVICE, STACK_AT, TABLES
from compiled.loops import CODE, SECOND, WINDOW, LoopWriter
from compiled.parity import SIZE, Pair
from cpvm.machine import Machine, Stop, StopReason
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, Device, command
from cpvm.s370.ccw import UnitStatus
from cpvm.s370.psw import EC, EC_PER

PREFIX = 0x8000
NEVER = 0xFFFFFFFFFFFFFFFF
INTERVAL_TIMER = 0x50
COPY = 0xA000
"""Where the page with the beginning of the program is copied to, for it to be mapped there."""


class Feeder(Device):
    """A device with a few bytes to be read, at once or after some time."""

    TYPE = "2501"

    def __init__(self) -> None:
        super().__init__()
        self.text = b"\x07\x00"
        self.slow = 0

    @command(0x02)
    def read(self, path: DataPath) -> int:
        """Give them."""
        path.send(self.text)
        return self.later(self.slow) if self.slow else ENDED


class LoopStorm:
    """One program."""

    def __init__(self, pair: Pair, seed: str) -> None:
        self.pair = pair
        self.r = Random(f"{seed} storm")
        writer = LoopWriter(seed)
        self.program = writer.loops()
        self.ordinary = writer.ordinary_one
        self.instructions = 0
        self.recording = False
        self.feeders = [Feeder(), Feeder()]
        for m, feeder in zip(pair.both, self.feeders, strict=True):
            m.attach(DEVICE, feeder)

    def each(self, act: Callable[[Machine], object]) -> None:
        """Do something to both machines."""
        for m in self.pair.both:
            act(m)

    def _write(self, at: int, data: bytes) -> None:
        self.each(lambda m: m.storage.write(at, data))

    # ---- the beginning
    def begin(self) -> None:
        """The program with its surroundings."""
        p = self.program
        self._write(CODE, p.text)
        self._write(p.near, p.window)
        self._write(WINDOW, p.window)
        for at, data in p.handlers.items():
            self._write(at, data)
        self._write(INTERVAL_TIMER, b"\x7f\xff\xff\xff")
        self._write(PREFIX, self.pair.reference.storage.read(0, 4096))
        page = CODE & -4096
        self._write(COPY, self.pair.reference.storage.read(page, 4096))
        for tables in (TABLES, SECOND):
            self._tables(tables)
        for block in range(4096, SIZE, 2048):
            key = p.key << 4 | self.r.choice((0, 0, 8))
            self.each(lambda m, block=block, key=key: m.storage.set_key(block, key))
        immediate = self.r.random() < 0.5
        slow = 0 if immediate else self.r.randrange(1, 400)
        for m, feeder in zip(self.pair.both, self.feeders, strict=True):
            m.io.immediate = immediate
            feeder.slow = slow
            for number, v in p.control.items():
                m.set_cr(number, v)
            m.gr._values[:] = [(v + 0x80000000 & 0xFFFFFFFF) - 0x80000000 for v in p.gr]
            for i, v in enumerate(p.fr):
                m.fr[2 * i] = v
            m.cpu.set_clock_comparator(NEVER)
            m.cpu.set_cpu_timer(NEVER >> 1)
            m.psw = p.psw

    def _tables(self, at: int) -> None:
        """A segment table with one page table; pages are where they are, apart from some that are used for nothing."""
        bits = self.program.page_bits
        pages = SIZE >> bits
        data = (0xF0000000 | at + 64).to_bytes(4, "big") + b"\0\0\0\1" * 15
        data += b"".join(self._page_entry(page) for page in range(pages))
        self._write(at, data)

    def _page_entry(self, page: int) -> bytes:
        return (page << self.program.page_bits - 8).to_bytes(2, "big")

    # ---- what happens
    def disturb(self) -> None:
        """Something from outside."""
        kinds = (
            *(
                self._mend,
                self._mend,
                self._store,
                self._store_data,
                self._key,
                self._purge,
                self._page,
                self._tables_other,
            ),
            *(self._external, self._external, self._timer, self._attention, self._channel, self._mask, self._prefix),
            *(self._recorded, self._entry, self._trigger, self._trigger, self._point, self._point),
        )
        self.r.choice(kinds)()

    def _mend(self) -> None:
        """The program is as it was; so are its registers, if need be."""
        p = self.program
        self._write(CODE, p.text)
        if self.r.random() < 0.3:
            self.each(lambda m: m.storage.write(STACK_AT, p.handlers[STACK_AT]))
            for number in (10, 11, 12, 13):
                self.each(lambda m, number=number: m.gr.__setitem__(number, p.gr[number]))
            self.each(lambda m: setattr(m, "psw", p.psw))

    def _store(self) -> None:
        """The control program stores into an instruction: what is there, or something else."""
        r = self.r
        at = r.choice(self.program.starts)
        text = self.program.text[at : at + 2] if r.random() < 0.3 else self.ordinary()
        self._write(CODE + at, text)

    def _trigger(self) -> None:
        """The program is to change itself, here or there."""
        self._write(self.program.trigger, self.r.randbytes(1))

    def _point(self) -> None:
        """A pointer is to lead into the program, near it, or elsewhere."""
        r = self.r
        text = CODE + r.choice(self.program.starts)
        to = r.choice((WINDOW, self.program.near, text, text, text - 3, text + 2, self.program.near - 2))
        self._write(self.program.pointer, to.to_bytes(4, "big"))

    def _store_data(self) -> None:
        self._write(self.r.choice((self.program.near, WINDOW)) + self.r.randrange(500), self.r.randbytes(4))

    def _key(self) -> None:
        r = self.r
        good = self.program.key << 4
        block = r.choice((CODE, CODE + 2048, self.program.near, WINDOW, WINDOW + 256, r.randrange(SIZE))) & -2048
        key = r.choice((good, good, good, good | 8, 0x48, 0x40, 0))
        self.each(lambda m: m.storage.set_key(block, key))

    def _purge(self) -> None:
        self.each(lambda m: m.cpu.purge_tlb())

    def _page(self) -> None:
        """Another frame for a page, or none; a copy of the program may be there, or something else."""
        r = self.r
        bits = self.program.page_bits
        page = r.choice((CODE >> bits, CODE + 2048 >> bits, WINDOW >> bits, self.program.near >> bits))
        entry = self._page_entry(page)
        kind = r.randrange(4)
        if kind == 0:
            entry = (int.from_bytes(entry, "big") | (8 if bits == 12 else 4)).to_bytes(2, "big")
        elif kind == 1:
            start = page << bits
            there = COPY + (start & 0x800 if bits == 11 else 0)
            if r.random() < 0.8:
                self.each(lambda m: m.storage.write(there, m.storage.read(start, 1 << bits)))
            entry = self._page_entry(there >> bits)
        table = r.choice((TABLES, TABLES, SECOND))
        self._write(table + 64 + 2 * page, entry)
        self._purge()

    def _tables_other(self) -> None:
        """Another address space, or the same once more."""
        if self.program.control[1]:
            table = self.r.choice((TABLES, SECOND))
            self.each(lambda m: m.set_cr(1, table))

    def _external(self) -> None:
        code = self.r.choice((0x40, 0x40, 0x20))
        self.each(lambda m: m.external(code))

    def _timer(self) -> None:
        kind = self.r.randrange(3)
        if kind == 0:
            self.each(lambda m: m.cpu.set_cpu_timer(-1))
        elif kind == 1:
            self.each(lambda m: m.cpu.set_clock_comparator(0))
            self.each(lambda m: m.cpu.set_clock_comparator(0xC000000000000000))
        else:
            self.each(lambda m: setattr(m.cpu.timers, "interval_pending", True))
            self.each(lambda m: setattr(m.cpu, "attention", True))

    def _attention(self) -> None:
        for feeder in self.feeders:
            assert feeder.channel is not None
            feeder.channel.unsolicited(DEVICE, UnitStatus.ATTENTION)

    def _channel(self) -> None:
        """A channel program that stores into the program is to be started, and is started."""
        r = self.r
        at = r.choice(self.program.starts)
        text = self.program.text[at : at + 4] if r.random() < 0.5 else self.ordinary()
        for feeder in self.feeders:
            feeder.text = text
        to = r.choice((CODE + at, self.program.near + 8, WINDOW + 8))
        self._write(CHANNEL_PROGRAM, (0x02000000 | to).to_bytes(4, "big") + len(text).to_bytes(4, "big"))
        self._write(CHANNEL_PROGRAM + 4, b"\x20")
        if r.random() < 0.7:
            self.each(lambda m: m.io.sio(DEVICE))

    def _mask(self) -> None:
        """Other masks, or another key."""
        r = self.r
        psw = self.pair.reference.psw
        mask, key = psw.system_mask ^ r.choice((1, 2, 3, 4 if self.program.control[1] else 1)), psw.key
        if psw.mode & EC == 0:
            mask = psw.system_mask ^ r.choice((1, 0x80))
        if r.random() < 0.2:
            key = r.choice((0, self.program.key, 4))
        self.each(lambda m: setattr(m, "psw", replace(psw, system_mask=mask, key=key)))

    def _prefix(self) -> None:
        v = self.r.choice((0, PREFIX))
        self.each(lambda m: m.cpu.set_prefix(v))

    def _recorded(self) -> None:
        """Program-event recording begins, or ends."""
        r = self.r
        psw = self.pair.reference.psw
        if not psw.mode & EC:
            return
        events = r.choice((0x80, 0x40, 0x20, 0xA0, 0x10)) << 24 | r.getrandbits(16)
        start = r.choice((CODE + r.choice(self.program.starts), WINDOW, self.program.near, 0))
        end = start + r.choice((1, 64, 0xFFFF))
        for m in self.pair.both:
            m.set_cr(9, events)
            m.set_cr(10, start)
            m.set_cr(11, end & 0xFFFFFF)
            m.psw = replace(psw, system_mask=psw.system_mask ^ EC_PER)

    def _entry(self) -> None:
        """Go on at any instruction of the program."""
        at = CODE + self.r.choice(self.program.starts)
        psw = replace(self.pair.reference.psw, address=at)
        self.each(lambda m: setattr(m, "psw", psw))

    # ---- running
    def run(self, instructions: int, where: str) -> Stop:
        """Run both. A machine that has stopped is begun anew."""
        stop = self.pair.run(instructions, where)
        self.instructions += stop.instructions
        if stop.reason is not StopReason.BUDGET:
            self._mend()
            self.each(lambda m: setattr(m, "psw", self.program.psw))
        return stop

    def blow(self, rounds: int) -> None:
        """Let it become hot, and disturb it. Raises Difference."""
        r = self.r
        self.begin()
        for number in range(3):
            self.run(1900, f"beginning {number}")
        for number in range(rounds):
            for length in r.choices((1, 2, 3, 5, 17, 60, 200, 900, 1900), k=r.randrange(1, 5)):
                self.run(length, f"round {number}")
            self.disturb()
            if r.random() < 0.1:
                self.sweep(r.randrange(10, 40), f"sweep {number}")

    def sweep(self, points: int, where: str) -> None:
        """Stop at each of so many instructions that follow, with an interruption or without."""
        for n in range(points):
            self.run(1 + n % 3, where)
            if n % 4 == 0:
                self._external()
        for n in range(points):
            self.run(200 + n, where)
            self._external()
