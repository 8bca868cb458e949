"""Random programs all over storage, on a pair of machines.

A storm is a small machine full of random instructions, with keys, prefix, tables for translation, both modes and
interruptions, whose programs run on through all that happens to them; code and data lie in the same blocks, so that
programs change themselves. After every few instructions everything that can be seen is compared.
"""

from random import Random

from everyengine import warm

from compiled.parity import SIZE, Pair
from cpvm.machine import StopReason
from cpvm.s370.formats import Format
from cpvm.s370.insn import Insn, table
from cpvm.s370.psw import PSW

TABLES = 0xE000
"""Segment table and page tables, if translation is to work."""
RARE = frozenset(("LPSW", "LCTL", "SSM", "STNSM", "STOSM", "SPX", "SPKA", "SIGP", "DIAG", "PTLB", "IPTE", "SCK", "SVC"))
"""Instructions that would take a random program out of its ways too often."""


class Storm:
    """Random programs for a pair."""

    def __init__(self, pair: Pair, seed: str) -> None:
        self.pair = pair
        self.r = Random(seed)
        self.rows = [row for row in table().values() if row.mnemonic not in RARE]
        self.rare = [row for row in table().values() if row.mnemonic in RARE]
        self.instructions = 0

    def _instruction(self) -> bytes:
        r = self.r
        row: Insn = r.choice(self.rows if r.random() < 0.985 else self.rare)
        fields = {}
        for name in row.fields:
            width = 12 if name[0] == "d" else 8 if name in ("l", "i1", "i2") else 4
            v = r.getrandbits(width)
            if name[0] == "d":
                v = r.choice((v, v & 0x3F, v & 0xFFE, 0))
            elif name == "l" and r.random() < 0.7:
                v &= 15
            elif name in row.even:
                v &= 14 if r.random() < 0.98 else 15
            elif (name in row.floating and r.random() < 0.98) or (name in row.extended and r.random() < 0.98):
                v &= 4 if name in row.extended else 6
            fields[name] = v
        if row.format is Format.RX and r.random() < 0.6:
            fields["x2"] = 0
        return row.encode(**fields)

    def _word(self) -> int:
        r = self.r
        kind = r.random()
        if kind < 0.6:
            return r.randrange(0, SIZE, 2048) + r.randrange(-12, 12) & 0xFFFFFFFF
        if kind < 0.8:
            return r.randrange(SIZE)
        if kind < 0.9:
            return r.choice((0, 1, 7, 31, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x00FFFFFF, 0x01000000))
        return r.getrandbits(32)

    def _packed(self, n: int) -> bytes:
        digits = "".join(self.r.choice("00912345678") for _ in range(2 * n - 1))
        return bytes.fromhex(digits + self.r.choice("CDCDCDFABE0"))

    def _text(self) -> bytes:
        r = self.r
        text = bytearray()
        while len(text) < SIZE:
            kind = r.random()
            if kind < 0.93:
                text += self._instruction()
            elif kind < 0.96:
                text += self._packed(r.choice((2, 4, 6, 8)))
            else:
                text += self._word().to_bytes(4, "big")
        return bytes(text[:SIZE])

    def _write(self, at: int, data: bytes) -> None:
        for m in self.pair.both:
            m.storage.write(at, data)

    def _translation(self) -> tuple[int, int]:
        """Control registers 0 and 1 for tables that are good, as a rule: 64K segments, 4K or 2K pages."""
        r = self.r
        bits = r.choice((11, 12))
        pages = SIZE >> bits
        frames = list(range(pages))
        for _ in range(r.randrange(6)):
            i, j = r.randrange(pages), r.randrange(pages)
            frames[i] = frames[j]
        data = (0xF0000000 | TABLES + 64).to_bytes(4, "big") + b"\0\0\0\1" * 15
        for frame in frames:
            invalid = (8 if bits == 12 else 4) if r.random() < 0.04 else 0
            data += (frame << bits - 8 | invalid).to_bytes(2, "big")
        self._write(TABLES, data)
        return (0x00800000 if bits == 12 else 0x00400000) | r.choice((0, 0x8E0)), TABLES

    def _psw(self) -> PSW:
        r = self.r
        mode = r.choice((0, 0, 8, 8, 1, 9))
        mask = r.choice((0, 4, 4, 5, 1)) if mode & 8 else r.choice((0, 0, 1))
        if mode & 8 and r.random() < 0.05:
            mask |= 0x40
        address = r.randrange(SIZE) & ~1
        return PSW(mask, r.choice((0, 0, 1, 2)), mode, r.getrandbits(2), r.choice((0, 0, 15)), address)

    def begin(self) -> None:
        """A new program, new surroundings."""
        r = self.r
        for m in self.pair.both:
            m.reset()
        self._write(0, self._text())
        control = {0: r.choice((0, 0x8E0)), 1: 0, 8: r.choice((0, 0xFFFF)), 9: 0xF0000000 | r.getrandbits(16)}
        control[10], control[11] = r.randrange(SIZE), r.randrange(SIZE)
        if r.random() < 0.9:
            control[0], control[1] = self._translation()
        for old in (0x58, 0x60, 0x68, 0x78):
            self._write(old, self._psw().to_bytes())
        for block in range(0, SIZE, 2048):
            key = r.choice((0, 0, 0, 0x10, 0x10, 0x18, 0x20, r.getrandbits(8)))
            for m in self.pair.both:
                m.storage.set_key(block, key)
        for m in self.pair.both:
            for number, v in control.items():
                m.set_cr(number, v)
            if control[9] & 1:
                m.cpu.set_prefix(0x4000 if control[9] & 2 else 0)

    def registers(self) -> None:
        """New contents of registers, a new PSW."""
        gr = [self._word() for _ in range(16)]
        fr = [self.r.getrandbits(64) for _ in range(4)]
        psw = self._psw()
        for m in self.pair.both:
            m.gr._values[:] = [(v + 0x80000000 & 0xFFFFFFFF) - 0x80000000 for v in gr]
            for i, v in enumerate(fr):
                m.fr[2 * i] = v
            m.psw = psw
            if gr[0] & 0x30 == 0:
                m.external(0x40)

    def disturb(self) -> None:
        """Something from outside: storage changes under a program that runs, keys change, tables are dropped."""
        r = self.r
        kind = r.randrange(6)
        block = r.randrange(SIZE >> 11)
        data, key = r.randbytes(r.randrange(1, 9)), r.choice((0, 0x10, 0x18, 0x28))
        for m in self.pair.both:
            if kind == 0:
                m.storage.write((m.psw.address + 2 * (block & 7)) % (SIZE - 16), data)
            elif kind == 1:
                m.storage.set_key(block << 11, key)
            elif kind == 2:
                m.set_cr(1, TABLES)
            elif kind == 3:
                m.external(0x40)
            elif kind == 4:
                m.cpu.set_cpu_timer(-1)

    def blow(self, rounds: int) -> None:
        """Run a program for some time. Raises Difference."""
        r = self.r
        self.begin()
        for number in range(rounds):
            self.registers()
            if r.random() < 0.5:
                for m in self.pair.both:
                    warm(m)
            for _ in range(r.randrange(1, 12)):
                stop = self.pair.run(r.choice((1, 2, 3, 7, 20, 300)), f"round {number}")
                self.instructions += stop.instructions
                if stop.reason is not StopReason.BUDGET:
                    break
                if r.random() < 0.3:
                    self.disturb()
