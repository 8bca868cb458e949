"""Random programs of dozens of instructions that mostly do what they should.

Register 12 has the address of the window, 11 that of its middle, 13 that of its second home under translation, 10 that
of the code; programs branch forward only, so that they end. A program is a list of pieces, each of which can be left
out without changing where the others stand.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from vectors.floating import number
from vectors.maker import Maker
from vectors.vector import CODE, TABLES, WINDOW, Vector

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format, length_of
from cpvm.s370.insn import Insn, by_mnemonic, table

CODE_SIZE = 256
ROOM = CODE_SIZE - 16
PACKED, FLOATS = 384, 320
"""Where in the window fields of 8 bytes with packed and with floating-point numbers lie; words are before them."""
NOPR = b"\x07\x00"
EASILY_INVALID = ("MP", "DP", "CVB", "ED", "EDMK", "D", "DR", "UNPK", "CVD", "SXR", "AXR", "DXR", "SRP")
BRANCHES = (0x45, 0x46, 0x47, 0x4D, 0x86, 0x87)
NOT_EXECUTED = (*BRANCHES, 0x44, 0x82)
EXCLUDED = (
    *("DIAG", "MVCL", "CLCL", "EX", "SVC", "LPSW", "LCTL", "SPX", "SIGP", "IPTE", "SCK", "STCK", "STCKC", "STPT"),
    *("STIDP", "SIO", "SIOF", "TIO", "CLRIO", "HIO", "HDV", "TCH", "STIDC", "SSM", "STOSM", "STNSM", "SSK", "ISK"),
    *("RRB", "SPT", "SSKE", "ISKE", "RRBE", "SCKC", "LRA", "TPROT", "SPKA", "BC", "BCR", "BCT", "BCTR", "BAL", "BALR"),
    *("BAS", "BASR", "BXH", "BXLE", "STAP", "PTLB", "IPK", "STPX", "STCTL"),
)
"""Instructions that are made by a function of their own, or that no witness can follow."""
FP = (Facility.FLOATING_POINT, Facility.EXTENDED_PRECISION, Facility.EXTENDED_DIVIDE)


def named(mnemonic: str) -> Insn:
    """An instruction that exists."""
    row = by_mnemonic(mnemonic)
    assert row is not None
    return row


@dataclass
class Program:
    """A program before it is run."""

    pieces: list[bytes] = field(default_factory=list)
    vector: Vector = field(default_factory=lambda: Vector(""))

    def assembled(self) -> Vector:
        """The vector to run."""
        self.vector.code = b"".join(self.pieces).hex()
        return self.vector

    def without(self, left_out: list[int]) -> "Program":
        """The same with some pieces replaced by instructions that do nothing."""
        pieces = list(self.pieces)
        for n in left_out:
            pieces[n] = NOPR * (len(pieces[n]) // 2)
        return Program(pieces, Vector(**vars(self.vector)))


class Writer:
    """Writes programs from a source of random numbers."""

    def __init__(self, seed: str) -> None:
        self.maker = Maker(seed)
        self.r: random.Random = self.maker.random
        self.ordinary = [row for row in table().values() if row.mnemonic not in EXCLUDED]
        self.weights = [3 if row.facility in FP else 4 for row in self.ordinary]
        self.ec = False
        self.supervisor = True
        self.translating = False

    # ---- operands
    def target(self, row: Insn) -> int:
        """A general register that an instruction may change."""
        r = self.r.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15))
        return r & 14 if row.even and self.r.random() < 0.97 else r

    def base(self) -> tuple[int, int]:
        """Base register, and what it is from the beginning of the window."""
        kind = self.r.random()
        if kind < 0.6:
            return 12, 0
        if kind < 0.85:
            return 11, 256
        return (13, 0) if self.translating else (12, 0)

    def place(self, start: int, end: int, align: int) -> dict[str, int]:
        """Base and displacement of something in a part of the window."""
        base, origin = self.base()
        if origin >= end - align:
            base, origin = 12, 0
        low = max(start, origin)
        at = self.r.randrange(low, max(low + 1, end - align))
        if self.r.random() < (0.98 if end > FLOATS else 0.8):
            at &= -align
        return {"b": base, "d": max(at - origin, 0)}

    # ---- instructions
    def instruction(self, row: Insn) -> bytes:
        """One ordinary instruction."""
        r = self.r
        fields: dict[str, int] = {}
        decimal = row.body.__module__.endswith("decimal") or row.mnemonic in ("CVB", "CVD", "UNPK", "ED", "EDMK")
        floating = row.facility in FP
        for name in row.fields:
            if name in ("r1", "r2", "r3", "m1", "m3"):
                if floating:
                    good = (0, 4) if name in row.extended else (0, 2, 4, 6)
                    fields[name] = r.choice(good) if r.random() < 0.998 else r.randrange(16)
                elif name == "r1":
                    fields[name] = self.target(row)
                elif name == "r3" and row.mnemonic in ("LM", "STM", "STCTL"):
                    fields[name] = min(fields["r1"] + r.randrange(4), 9) if fields["r1"] < 10 else fields["r1"]
                else:
                    fields[name] = r.randrange(16)
                    if name == "r3" and row.even:
                        fields[name] &= 14
            elif name == "i2":
                fields[name] = r.choice((0, 1, 0x80, 0xFF, r.getrandbits(8)))
            elif name == "i3":
                fields[name] = r.choice((0, 5, 9))
            elif name == "l":
                fields[name] = r.choice((0, 1, 3, 7, r.randrange(40)))
            elif name in ("l1", "l2"):
                fields[name] = 7 if decimal and r.random() < 0.6 else r.randrange(8)
        if row.mnemonic in ("MP", "DP"):
            fields["l1"], fields["l2"] = 7, r.randrange(4)
        if row.mnemonic in EASILY_INVALID and r.random() < 0.6:
            return self.instruction(named("ZAP"))
        start, end, align = (PACKED, 512, 8) if decimal else (FLOATS, PACKED, 8) if floating else (0, FLOATS, 4)
        if row.format in (Format.SS, Format.SI):
            end -= 40 if "l" in row.fields else 0
            align = 8 if decimal else 1
        if row.mnemonic in ("TR", "TRT"):
            end = 60
        edit = row.mnemonic in ("ED", "EDMK")  # what it does with operands that overlap is unpredictable
        if edit:
            fields["l"] = min(fields["l"], 23)
        for n in "12":
            if edit:
                start, end = (PACKED, PACKED + 48) if n == "1" else (PACKED + 72, 500)
            if f"b{n}" in row.fields:
                place = self.place(start, end, max(align, row.align))
                if row.align > 1 and r.random() < 0.97:
                    place["d"] &= -row.align
                fields[f"b{n}"], fields[f"d{n}"] = place["b"], place["d"]
                if decimal and f"l{n}" in row.fields and r.random() < 0.97:
                    fields[f"d{n}"] += 7 - fields[f"l{n}"]  # so that the sign is where it was
        if row.mnemonic == "LA":
            fields["x2"] = r.randrange(10)
        if row.body.__module__.endswith("shift") or row.mnemonic == "SRP":
            fields["b2"], fields["d2"] = 0, r.choice((1, 4, 8, 31, 63, r.randrange(64)))
        return row.encode(**{name: fields.get(name, 0) for name in row.fields})

    def branch(self) -> bytes:
        """A branch; where it goes is settled when all is written."""
        r = self.r
        row = named(r.choice(("BC", "BC", "BC", "BCT", "BXH", "BXLE", "BAL", "BAS")))
        fields = {"b2": 10, "d2": 0}
        for name in row.fields:
            if name in ("r1", "r3", "m1"):
                fields[name] = r.randrange(16) if name == "m1" else self.target(row)
        return row.encode(**fields)

    def executing(self, written: list[bytes]) -> bytes:
        """EXECUTE of a piece that was written before and is no branch."""
        at = 0
        places = []
        for piece in written:
            if piece[0] not in NOT_EXECUTED and len(piece) == length_of(piece[0]):
                places.append(at)
            at += len(piece)
        if not places:
            return NOPR
        place = self.r.choice(places)
        code = b"".join(written)[place]
        # what else the second byte says must stay as it is; EDIT must not get so far that its operands overlap
        length_only = code & 0xF0 == 0xD0 and code not in (0xDE, 0xDF)
        return named("EX").encode(r1=self.r.choice((0, 1, 5)) if length_only else 0, b2=10, d2=place)

    def long(self, row: Insn) -> bytes:
        """MVCL or CLCL with registers set before it."""
        r = self.r
        la = named("LA")
        text = b""
        for register, place, n in ((2, r.randrange(200), r.randrange(90)), (4, r.randrange(200), r.randrange(90))):
            text += la.encode(r1=register, b2=12, d2=place) + la.encode(r1=register + 1, d2=n)
        return text + row.encode(r1=2, r2=4)

    def controlling(self) -> bytes:
        """Something privileged: masks, keys, protection."""
        r = self.r
        kind = r.randrange(9)
        if kind == 0:
            return named("STOSM").encode(b1=12, d1=r.randrange(64), i2=4 if self.ec else r.choice((0x80, 0xFC)))
        if kind == 1:
            return named("STNSM").encode(b1=12, d1=r.randrange(64), i2=r.choice((0x0F, 0x7F, 0xFE)))
        if kind == 2:
            return named("SPKA").encode(d2=r.choice((0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x40, 0x10)))
        if kind == 3:
            return named("LA").encode(r1=7, d2=0) + named("TPROT").encode(b1=r.choice((11, 12, 13)), b2=7)
        if kind == 4:
            block = named("L").encode(r1=8, b2=10, d2=ROOM + 8)
            return block + named(r.choice(("ISK", "SSK", "ISK"))).encode(r1=r.randrange(8), r2=8)
        if kind == 5 and self.ec:
            return named("LRA").encode(r1=self.target(named("LRA")), b2=r.choice((11, 12, 13)), d2=r.randrange(4096))
        if kind == 6:
            return named("STAP").encode(b2=12, d2=2 * r.randrange(60))
        if kind == 7:
            return named("IPK").encode()
        return named("PTLB").encode()

    # ---- programs
    def program(self) -> Program:
        """A program with its registers and storage."""
        r = self.r
        self.ec = r.random() < 0.4
        self.supervisor = r.random() < 0.7
        self.translating = False
        done = Program()
        at = 0
        if self.ec and self.supervisor:
            done.pieces.append(named("LCTL").encode(r1=0, r3=1, b2=10, d2=ROOM))
            at = 4
            self.translating = r.random() < 0.7
            if self.translating:
                done.pieces.append(named("STOSM").encode(b1=12, d1=0, i2=4))
                at = 8
        while at < ROOM - 24:
            piece = self._piece(done.pieces)
            done.pieces.append(piece)
            at += len(piece)
        done.pieces.append(b"\x0a\xff" * ((ROOM - at) // 2))
        self._settle(done.pieces)
        size = r.choice((0x00800000, 0x00400000))
        tables = TABLES + (0x400 if size == 0x00400000 else 0)
        words = (size, tables, r.choice((0x21000, 0x21800)))
        done.pieces.append(b"".join(word.to_bytes(4, "big") for word in words))
        done.vector = self._vector()
        return done

    def _settle(self, pieces: list[bytes]) -> None:
        """Let every branch go to the beginning of one of the next pieces."""
        starts = [0]
        for piece in pieces:
            starts.append(starts[-1] + len(piece))
        for n, piece in enumerate(pieces):
            if piece[0] in BRANCHES:
                target = starts[min(n + self.r.randrange(1, 6), len(pieces) - 1)]
                pieces[n] = piece[:2] + (0xA000 | target).to_bytes(2, "big")

    def _piece(self, written: list[bytes]) -> bytes:
        r = self.r
        kinds: list[tuple[float, Callable[[], bytes]]] = [
            (0.08, self.branch),
            (0.03, lambda: self.executing(written)),
            (0.02, lambda: self.long(named(r.choice(("MVCL", "CLCL"))))),
            (0.06 if self.supervisor else 0.001, self.controlling),
        ]
        pick = r.random()
        for share, make in kinds:
            if pick < share:
                return make()
            pick -= share
        while True:
            row = r.choices(self.ordinary, self.weights)[0]
            if not row.privileged or self.supervisor:
                return self.instruction(row)

    def _vector(self) -> Vector:
        r, maker = self.r, self.maker
        gr = {n: maker.word() for n in range(16)}
        gr |= {10: CODE, 11: WINDOW + 256, 12: WINDOW, 13: WINDOW + 0x10000, 9: 0}
        if not self.translating:
            gr[13] = WINDOW + 64
        window = b"".join(maker.word().to_bytes(4, "big") for _ in range(FLOATS // 4))
        window += b"".join(self._float().to_bytes(8, "big") for _ in range((PACKED - FLOATS) // 8))
        window += b"".join(maker.packed(8, 1) for _ in range((512 - PACKED) // 8))
        return Vector(
            code="",
            size=CODE_SIZE,
            key=3 if r.random() < 0.08 else 0,
            mode=(8 if self.ec else 0) | (0 if self.supervisor else 1),
            cc=r.getrandbits(2),
            pm=r.getrandbits(4) if r.random() < 0.15 else 0,
            gr={str(n): f"{v:X}" for n, v in gr.items() if v},
            fr={str(n): f"{self._float():X}" for n in (0, 2, 4, 6)},
            window={"0": window.hex()},
        )

    def _float(self) -> int:
        if self.r.random() < 0.1:
            return number(self.maker)
        if self.r.random() < 0.9:
            return self.r.getrandbits(1) << 63 | 0x41 << 56 | self.r.randrange(1, 16) << 52 | self.r.getrandbits(50)
        return self.r.getrandbits(1) << 63 | self.r.randrange(0x3F, 0x43) << 56 | self.r.getrandbits(56)
