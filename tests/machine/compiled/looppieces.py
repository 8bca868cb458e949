"""The pieces that the programs of `loops.py` are made of."""

from collections.abc import Callable

from fuzz.programs import Writer, named

from compiled.assembly import BASE, Assembly
from compiled.loophandlers import DEVICE
from cpvm.s370.insn import Insn


class PieceWriter(Writer):
    """Writes pieces, one behind the other."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self.a = Assembly()
        self.templates: list[str] = []
        self.functions: list[str] = []
        self.starts: list[str] = []
        """Labels of instructions that may be changed."""
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

    def spare(self) -> bytes:
        """An instruction of four bytes to be put in the place of another."""
        while len(text := self.ordinary_one()) != 4:
            pass
        return text

    # ---- pieces
    def plain(self) -> None:
        if self.r.random() < 0.2:
            self.starts.append(self.a.fresh())
            self.a.label(self.starts[-1])
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

    def triggered(self) -> None:
        """Text that is changed only when somebody has asked for it: not while the program is recorded."""
        a, r = self.a, self.r
        bit, over = 1 << r.randrange(8), a.fresh()
        a.to("TM", "trigger", i2=bit)
        a.to("BC", over, m1=8)
        a.to("XI", "trigger", i2=bit)
        place = r.choice(self.starts)
        how = r.randrange(5)
        if how == 0:
            a.to("XI", place, plus=1, i2=r.choice((0x10, 0x01)))
        elif how == 1:
            a.to("MVC", place, l=3)
            a.address("spare")
        elif how == 2:
            a.add("L", r1=3, b2=BASE)
            a.address("spare")
            a.to("ST", place, r1=3)
        elif how == 3:
            a.to("STC", place, plus=1, r1=r.randrange(6))
        else:
            a.to("OI", place, plus=1, i2=0x10)
        a.label(over)

    def through_pointer(self) -> None:
        """A store to where a pointer leads: into operands, as a rule."""
        a, r = self.a, self.r
        a.to("L", "pointer", r1=3)
        how = r.randrange(5)
        if how == 0:
            a.add("ST", r1=r.randrange(6), b2=3)
        elif how == 1:
            a.add("MVC", l=r.choice((1, 3, 5)), b1=3, b2=3, d2=8)
        elif how == 2:
            a.add("STC", r1=r.randrange(6), b2=3, d2=1)
        elif how == 3:
            a.add("XI", b1=3, d1=1, i2=0x10)
        else:
            a.add("STM", r1=0, r3=2, b2=3)

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
            (0.03, self.triggered if self.starts else self.plain),
            (0.03, self.through_pointer),
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
