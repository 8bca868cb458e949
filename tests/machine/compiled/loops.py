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

from dataclasses import dataclass

from fuzz.programs import FLOATS, NOT_EXECUTED, PACKED

from compiled.assembly import BASE, encoded
from compiled.loophandlers import RESTARTED, STACK, TABLES, low_storage
from compiled.looppieces import PieceWriter
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
    trigger: int
    pointer: int
    """Where what the program looks at is, for it to change itself."""
    handlers: dict[int, bytes]
    """Storage below 4,096."""
    psw: PSW
    gr: list[int]
    fr: list[int]
    control: dict[int, int]
    page_bits: int
    key: int


class LoopWriter(PieceWriter):
    """Writes such programs."""

    # ---- programs
    def _constants(self) -> None:
        """Numbers and targets of EXECUTE, some of them no good."""
        a, r = self.a, self.r
        a.align(4)
        for name, word in (("mask1", 1), ("mask3", 3), ("mask7", 7), ("limit1", 5), ("limit2", 50), ("blocks", 0xF800)):
            a.label(name)
            a.data(word.to_bytes(4, "big"))
        for name, data in (("trigger", bytes(4)), ("pointer", WINDOW.to_bytes(4, "big")), ("spare", self.spare())):
            a.label(name)
            a.data(data)
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
            CODE + a.labels["trigger"],
            CODE + a.labels["pointer"],
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
