"""Hexadecimal floating point: loads and stores.

Source: *Principles of Operation*, GA22-7000, "Floating-Point Instructions". The registers are 0, 2, 4 and 6.
"""

from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.ops import Ops

SHORT_REST = 0xFFFFFFFF
BOTH = ("r1", "r2")


@insn(0x28, "LDR", Format.RR, floating=BOTH)
def load_long_register(m: Ops, r1: int, r2: int) -> None:
    """Load (long)."""
    m.set_fr(r1, m.fr(r2))


@insn(0x68, "LD", Format.RX, floating=("r1",))
def load_long(m: Ops, r1: int, a2: int) -> None:
    """Load (long)."""
    m.set_fr(r1, m.fetch8(a2))


@insn(0x38, "LER", Format.RR, floating=BOTH)
def load_short_register(m: Ops, r1: int, r2: int) -> None:
    """Load (short): the right half stays."""
    m.set_fr(r1, m.fr(r2) & ~SHORT_REST | m.fr(r1) & SHORT_REST)


@insn(0x78, "LE", Format.RX, floating=("r1",))
def load_short(m: Ops, r1: int, a2: int) -> None:
    """Load (short): the right half stays."""
    m.set_fr(r1, m.fetch4(a2) << 32 | m.fr(r1) & SHORT_REST)


@insn(0x60, "STD", Format.RX, floating=("r1",))
def store_long(m: Ops, r1: int, a2: int) -> None:
    """Store (long)."""
    m.store8(a2, m.fr(r1))


@insn(0x70, "STE", Format.RX, floating=("r1",))
def store_short(m: Ops, r1: int, a2: int) -> None:
    """Store (short)."""
    m.store4(a2, m.fr(r1) >> 32)
