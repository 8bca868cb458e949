"""Random programs with loops, hot enough for regions to be made of them, that go on through all that happens to them.

A program runs for ever: calls, recursion, branch tables, EXECUTE of everything, code that changes itself in places or
from time to time, data between instructions, supervisor calls, masks, keys and translation. Its interruptions are taken
by handlers that come back. What each register is for:

| register | content |
|---|---|
| 0-5 | anything |
| 6 | depth of a recursion, and anything |
| 7, 8, 9 | counters of loops |
| 10 | address of the program |
| 11, 12 | address of a window of operands: behind the program, in its last block; elsewhere, over the end of a block |
| 13 | address of a stack |
| 14, 15 | linkage |
"""

from collections.abc import Callable
from dataclasses import dataclass

from fuzz.programs import FLOATS, NOT_EXECUTED, PACKED, Writer, named

from compiled.assembly import BASE, Assembly, encoded
from compiled.loophandlers import DEVICE, RESTARTED, STACK, TABLES, low_storage
from cpvm.s370.insn import Insn
from cpvm.s370.psw import PSW

CODE = 0x1400
"""Where a program begins; it goes over the ends of blocks."""
WINDOW, WINDOW_SIZE = 0x4700, 512
SECOND = 0xE800
"""Tables for translation besides TABLES."""


@dataclass
class Loops:
    """A program with its surroundings."""

    text: bytes
    starts: list[int]
    """Offsets of instructions in it."""
    window: bytes
    near: int
    """Where the other window is."""
    handlers: dict[int, bytes]
    """Storage below 4,096."""
    psw: PSW
    gr: list[int]
    fr: list[int]
    control: dict[int, int]
    page_bits: int
    key: int


class LoopWriter(Writer):
    """Writes such programs."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self.a = Assembly()
        self.templates: list[str] = []
        self.functions: list[str] = []
        self.page_bits = 12
        self.wild = False

    # ---- operands
    def target(self, row: Insn) -> int:
        r = self.r.choice((0, 1, 2, 3, 4, 5, 6) if self.r.random() < 0.99 else (7, 8, 9, 14, 15))
        return r & 14 if row.even and self.r.random() < 0.97 else r

    def base(self) -> tuple[int, int]:
        return (12 if self.r.random() < 0.6 else 11), 0

    def instruction(self, row: Insn) -> bytes:
        text = bytearray(super().instruction(row))
        if row.mnemonic == "LM":  # no more than registers 0 to 6
            first = text[1] >> 4
            text[1] = text[1] & 0xF0 | min(6, max(first, text[1] & 15)) if first < 7 else 0x02
        if self.wild and len(text) >= 4 and self.r.random() < 0.01:
            text[2] = text[2] & 0x0F | self.r.choice((0, 1, 2, 3, 4, 5, BASE)) << 4
        return bytes(text)

    def ordinary_one(self) -> bytes:
        """Any instruction that is no branch and not privileged."""
        while True:
            row = self.r.choices(self.ordinary, self.weights)[0]
            if not row.privileged:
                return self.instruction(row)

    # ---- pieces
    def plain(self) -> None:
        self.a.raw(self.ordinary_one())

    def skip(self) -> None:
        """A branch over something."""
        name = self.a.fresh()
        self.a.to("BC", name, m1=self.r.randrange(16))
        for _ in range(self.r.randrange(1, 4)):
            self.plain()
        self.a.label(name)

    def execute(self) -> None:
        """EXECUTE of something, its second byte changed or not; seldom of nothing that there is."""
        a, r = self.a, self.r
        if r.random() < 0.5:
            a.add("LA", r1=1, d2=r.choice((0, 1, 3, 7, 15, 0x10, r.getrandbits(8))))
        modifier = r.choice((0, 0, 1, 5))
        if r.random() < 0.02:
            a.add("EX", r1=modifier, b2=r.choice((0, 3, 12)), d2=r.randrange(4096))
        else:
            a.to("EX", r.choice(self.templates), plus=int(r.random() < 0.02), r1=modifier)

    def flip(self) -> None:
        """An instruction that is changed each time, or each time that a counter has some bits zero."""
        a, r = self.a, self.r
        changed, over = a.fresh(), a.fresh()
        every = r.random() < 0.4
        if not every:
            a.add("LR", r1=0, r2=r.choice((7, 8, 9)))
            a.to("N", "mask" + r.choice("137"), r1=0)
            a.to("BC", over, m1=7)
        kind = r.randrange(4)
        if kind == 0:
            a.to("XI", changed, plus=1, i2=r.choice((0x10, 0x01, 0x23)))
        elif kind == 1:
            a.to("XI", changed, plus=3, i2=r.getrandbits(8))
        elif kind == 2:
            a.to("STC", changed, plus=3, r1=r.choice((2, 8, 9)))
        else:
            a.to("XC", changed, plus=2, l=1)
            a.address("flips", 2 * r.randrange(4))
        if r.random() < 0.5:
            self.plain()
        if not every:
            a.label(over)
        a.label(changed)
        if kind == 0:
            a.add(r.choice(("AR", "SR", "LR", "XR", "CR", "ALR")), r1=self.r.randrange(6), r2=r.randrange(16))
            a.add("BCR")
        else:
            a.add("LA", r1=r.randrange(6), d2=r.randrange(256))

    def data_between(self) -> None:
        """Data in the same word as instructions, written and read."""
        a, r = self.a, self.r
        held, over = a.fresh(), a.fresh()
        a.to("STH", held, r1=r.randrange(16))
        a.to("BC", over, m1=15)
        a.label(held)
        a.data(r.randbytes(2))
        a.label(over)
        a.to("LH" if r.random() < 0.5 else "AH", held, r1=r.randrange(6))

    def table(self) -> None:
        """A branch table."""
        a, r = self.a, self.r
        start, end = a.fresh(), a.fresh()
        cases = [a.fresh() for _ in range(4)]
        a.add("LR", r1=2, r2=r.choice((7, 8, 9, 1)))
        a.to("N", "mask3", r1=2)
        a.add("SLL", r1=2, d2=2)
        if r.random() < 0.5:
            a.to("BC", start, m1=15, x2=2)
        else:
            a.to("LA", start, r1=3, x2=2)
            a.add("BCR", m1=15, r2=3)
        a.label(start)
        for name in cases:
            a.to("BC", name, m1=15)
        for name in cases:
            a.label(name)
            self.plain()
            if r.random() < 0.6:
                a.to("BC", end, m1=15)
        a.label(end)

    def loop(self, register: int, length: int) -> None:
        """A loop, and loops in it."""
        a, r = self.a, self.r
        start = a.fresh()
        kind = r.randrange(3)
        times = r.choice((1, 2, 3, 5, 12, 40))
        if kind < 2:
            a.add("LA", r1=register, d2=times)
            a.label(start)
            self.body(length, register - 1)
            if kind:
                a.to("BCT", start, r1=register)
            else:
                a.to("BXH" if r.random() < 0.5 else "BXLE", start, r1=register, r3=register)  # adds to itself
                a.add("LA", r1=register, d2=times)
                a.add("BCTR", r1=register, r2=0)
            return
        a.add("SR", r1=register, r2=register)
        a.label(start)
        self.body(length, register - 1)
        a.add("LA", r1=register, b2=register, d2=1)
        a.to("C", "limit" + r.choice("12"), r1=register)
        a.to("BC", start, m1=4)

    def call(self) -> None:
        a, r = self.a, self.r
        name = r.choice(self.functions)
        if name == "recursion":
            a.add("LA", r1=6, d2=r.choice((1, 4, 12)))
        kind = r.randrange(3)
        if kind == 0:
            a.to("BAL", name, r1=14)
            return
        a.to("LA", name, r1=15)
        a.add("BALR" if kind == 1 else "BASR", r1=14, r2=15)

    def long_one(self) -> None:
        text = self.long(named(self.r.choice(("MVCL", "CLCL"))))
        for at in range(0, 16, 4):
            self.a.raw(text[at : at + 4])
        self.a.raw(text[16:])

    def privileged(self) -> None:
        """What the control program does."""
        a, r = self.a, self.r
        kind = r.randrange(14)
        low = 1 | (r.random() < 0.5) << 1
        if kind == 0:
            a.add("STOSM", b1=12, d1=r.randrange(64), i2=low if self.ec else r.choice((1, 0x80, 0xFD)))
        elif kind == 1:
            a.add(
                "STNSM", b1=12, d1=r.randrange(64), i2=r.choice((0xFC, 0xFE, 0xFD, 0xF8 if r.random() < 0.3 else 0xFF))
            )
        elif kind == 2:
            a.add("SPKA", d2=r.choice((0, 0, 0x30, 0x40)))
        elif kind == 3:
            a.to("LA", "start", r1=4)
            a.add("ISK", r1=5, r2=4)
            a.add("SSK", r1=5, r2=4)
        elif kind == 4:
            a.add("LA", r1=5, d2=r.choice((0, 0x30, 0x38, 0x40)))
            a.add("LA", r1=4, b2=12, d2=0)
            a.to("N", "blocks", r1=4)
            a.add("SSK", r1=5, r2=4)
        elif kind == 5 and self.ec:
            a.add("LRA", r1=r.randrange(6), b2=r.choice((10, 11, 12)), d2=r.randrange(4096))
        elif kind == 6:
            a.add("PTLB")
        elif kind == 7:
            a.add("SVC", i1=r.randrange(256))
        elif kind == 8:
            a.add("MC", i2=r.randrange(16), d1=r.getrandbits(12))
        elif kind == 9:
            a.add("STCTL", r1=0, r3=r.choice((0, 1, 2)), b2=12, d2=64)
            a.add("LCTL", r1=0, r3=0, b2=12, d2=64)
        elif kind == 10:
            a.add("SIO", d2=DEVICE)
        elif kind == 11:
            a.add("TIO", d2=DEVICE)
        elif kind == 12 and self.ec:
            a.add("STOSM", b1=12, d1=r.randrange(64), i2=4)
        else:
            a.to("SSM", "masks", plus=r.randrange(2))

    def piece(self) -> None:
        """Something in a loop."""
        kinds: list[tuple[float, Callable[[], None]]] = [
            (0.12, self.skip),
            (0.06, self.execute),
            (0.03, self.flip),
            (0.03, self.data_between),
            (0.03, self.table),
            (0.04, self.call if self.functions else self.plain),
            (0.01, self.long_one),
            (0.04 if self.supervisor else 0.002, self.privileged),
        ]
        pick = self.r.random()
        for share, make in kinds:
            if pick < share:
                return make()
            pick -= share
        return self.plain()

    def body(self, length: int, register: int) -> None:
        for _ in range(length):
            if register >= 7 and self.r.random() < 0.06:
                self.loop(register, self.r.randrange(1, 6))
            else:
                self.piece()

    # ---- programs
    def _constants(self) -> None:
        """Numbers and targets of EXECUTE, some of them no good."""
        a, r = self.a, self.r
        a.align(4)
        for name, word in (("mask1", 1), ("mask3", 3), ("mask7", 7), ("limit1", 5), ("limit2", 50), ("blocks", 0xF800)):
            a.label(name)
            a.data(word.to_bytes(4, "big"))
        a.label("masks")
        a.data(bytes((r.choice((0, 1, 3)), r.choice((4, 5, 7) if self.ec else (0x80, 0xFF)))))
        a.label("flips")
        a.data(r.randbytes(2) + b"\0\1\0\2\0\4")
        seen = set()
        while len(self.templates) < 16:
            text = self.ordinary_one()
            if text[0] in NOT_EXECUTED or (text[0] in seen and r.random() < 0.7):
                continue
            seen.add(text[0])
            self._template(text)
        for text in (
            encoded("BC", m1=r.randrange(16), b2=BASE, d2=self.a.labels["again"]),
            encoded("BCR", m1=r.randrange(16), r2=14),
            encoded("BAL", r1=5, b2=BASE, d2=self.a.labels["again"]),
            encoded("BCT", r1=9, b2=BASE, d2=self.a.labels["again"]),
            encoded("EX", r1=0, b2=12),
            encoded("SVC", i1=1),
            encoded("BALR", r1=5, r2=0),
            encoded("MVCL", r1=2, r2=4),
            b"\xb2\xff\0\0",
            b"\0\0",
            encoded("LPSW", d2=RESTARTED),
        ):
            if r.random() < 0.35:
                self._template(text)

    def _template(self, text: bytes) -> None:
        name = f"template{len(self.templates)}"
        self.a.label(name)
        self.a.data(text)
        self.templates.append(name)

    def _function(self, name: str) -> None:
        a = self.a
        a.label(name)
        a.add("ST", r1=14, b2=13)
        a.add("LA", r1=13, b2=13, d2=8)
        if name == "recursion":
            over = a.fresh()
            self.body(2, 0)
            a.add("BCTR", r1=6, r2=0)
            a.add("LTR", r1=6, r2=6)
            a.to("BC", over, m1=12)
            a.to("BAL", name, r1=14)
            a.label(over)
        self.body(self.r.randrange(1, 4), 7 if self.r.random() < 0.5 else 0)
        a.add("LA", r1=0, d2=8)
        a.add("SR", r1=13, r2=0)
        a.add("L", r1=14, b2=13)
        a.add("BCR", m1=15, r2=14)

    def loops(self) -> Loops:
        """A program."""
        r, a = self.r, self.a
        self.ec = r.random() < 0.6
        self.supervisor = r.random() < 0.75
        self.wild = r.random() < 0.3
        self.translating = self.ec and r.random() < 0.7
        self.page_bits = r.choice((11, 12))
        key = 3 if not self.supervisor or r.random() < 0.2 else 0
        a.data(bytes(2 * r.randrange(200)))
        a.label("start")
        a.add("LA", r1=9, d2=1)
        a.label("again")
        over = a.fresh()
        a.to("BC", over, m1=15)
        self._constants()
        for name in ("one", "two", "recursion"):
            if r.random() < 0.6:
                self._function(name)
                self.functions.append(name)
        a.label(over)
        a.add("LA", r1=9, d2=r.choice((20, 100, 4000)))
        main = a.fresh()
        a.label(main)
        self.body(r.randrange(3, 16), 8)
        a.to("BCT", main, r1=9)
        a.to("L", "limit1", r1=9)
        a.to("LA", "start", r1=5)
        a.add("BCR", m1=15, r2=5)
        a.align(8)
        near = CODE + a.here
        text = a.done()
        mask = r.choice((0, 1, 2, 3)) if self.ec else r.choice((0, 1, 0x80, 0xFF))
        if self.translating:
            mask |= 4
        mode = (8 if self.ec else 0) | (not self.supervisor)
        psw = PSW(mask, key, mode, r.getrandbits(2), r.choice((0, 0, 0, 15)), CODE + a.labels["start"])
        gr = [self.maker.word() for _ in range(16)]
        gr[BASE], gr[11], gr[12], gr[13] = CODE, near, WINDOW, STACK
        submask = r.choice((0, 0x40, 0x60, 0x8E0))
        tables = (0x00800000 if self.page_bits == 12 else 0x00400000) if self.ec else 0
        control = {0: tables | submask, 1: TABLES if self.ec else 0, 8: r.choice((0, 0xFFFF))}
        return Loops(
            text,
            list(a.starts),
            self._window(),
            near,
            low_storage(psw, self.ec, r.random() < 0.1, self.page_bits),
            psw,
            gr,
            [self._float() for _ in range(4)],
            control,
            self.page_bits,
            key,
        )

    def _window(self) -> bytes:
        data = b"".join(self.maker.word().to_bytes(4, "big") for _ in range(FLOATS // 4))
        data += b"".join(self._float().to_bytes(8, "big") for _ in range((PACKED - FLOATS) // 8))
        return data + b"".join(self.maker.packed(8, 1) for _ in range((WINDOW_SIZE - PACKED) // 8))
