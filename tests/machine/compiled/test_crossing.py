"""Operands over a page boundary whose pages are not neighbours in real storage: done natively, and rightly."""

from random import Random

import pytest
from everyengine import engine_of

from compiled.parity import Pair
from cpvm.machine.compiled import state
from cpvm.s370.formats import Format
from cpvm.s370.insn import Insn, table
from cpvm.s370.psw import PSW

TABLES = 0x8000
CODE = 0x1000
FIRST, SECOND, THIRD = 0x3000, 0x4000, 0x6000
FRAMES = (0, 1, 2, 5, 3, 9, 7, 4, 8, 6, 10, 11, 12, 13, 14, 15)
"""The 4K frame of each page: no page has its neighbour behind it, from 3 to 9."""

ELSEWHERE = frozenset(("EX", "LA", "MVCL", "CLCL", "MC", "TS", "CS", "CDS", "STCK"))
"""They have no operand in storage that may cross, or another test, or are not native."""


FAULTING = frozenset(("CVB", "ED", "EDMK", "D", "DD", "DE", "MD", "ME", "MXD"))
"""What they are given may be no number, or none that they can work with."""


def _rows() -> list[Insn]:
    """Instructions with operands in storage that have no boundary to lie on, for any program."""
    found = []
    for row in table().values():
        in_storage = [operand for operand in row.operands if operand[0] == "a"]
        shifts = row.format is Format.RS and 0x88 <= row.opcode <= 0x8F
        branches = row.opcode in {0x45, 0x46, 0x47, 0x4D, 0x86, 0x87}
        one_byte = row.mnemonic in {"IC", "STC"} or row.format is Format.SI
        if not in_storage or shifts or branches or one_byte or row.privileged or row.align > 1:
            continue
        if row.mnemonic not in ELSEWHERE:
            found.append(row)
    return found


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def _prepare(pair: Pair, r: Random, text: bytes) -> None:
    pages = b"".join((frame << 4).to_bytes(2, "big") for frame in FRAMES)
    content = r.randbytes(1 << 16)
    for m in pair.both:
        m.reset()
        m.storage.write(0, content)
        m.storage.write(0x68, PSW(mode=10, address=0xDEAD68).to_bytes())
        m.storage.write(TABLES, (0xF0000000 | TABLES + 64).to_bytes(4, "big") + bytes(60) + pages)
        m.cpu.set_cr(0, 0x00800000)
        m.cpu.set_cr(1, TABLES)
        m.storage.write(CODE, text + b"\x07\x00")


def _put(pair: Pair, a: int, data: bytes) -> None:
    """Put bytes at a logical address of both machines."""
    for m in pair.both:
        for i, b in enumerate(data, a):
            m.storage.write(FRAMES[i >> 12] << 12 | i & 0xFFF, bytes((b,)))


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.mnemonic)
def test_an_operand_over_two_pages(pair: Pair, row: Insn) -> None:
    r = Random(row.mnemonic)
    there = engine_of(pair.other)
    for at in range(1, 12):
        fields = {name: 0 for name in row.fields}
        fields |= {name: 2 for name in row.fields if name in {"r1", "r3"}}
        fields |= {name: 15 for name in row.fields if name == "m3"}
        if row.mnemonic in {"LM", "STM"}:
            fields |= {"r1": 4, "r3": 7}
        if row.extended:
            fields["r1"] = 0
        for name in ("l", "l1", "l2"):
            if name in row.fields:
                fields[name] = {"l": 11, "l1": 11, "l2": 5}[name]
        fields |= {name: 3 if name == "i3" else v for name, v in fields.items()}
        for number, base in ((1, 10), (2, 11)):
            if f"b{number}" in row.fields:
                fields[f"b{number}"] = base
        text = row.encode(**fields)
        _prepare(pair, r, text)
        for operand, length in (("l1", 12), ("l2", 6)):
            if operand in row.fields:  # numbers, so that packed ones have digits and signs
                number = f"{r.randrange(10**5):0{2 * length - 1}}C"
                _put(pair, (SECOND if operand == "l1" else THIRD) - at, bytes.fromhex(number))
        one, two = r.getrandbits(8), r.getrandbits(31)
        for m in pair.both:
            m.gr[10], m.gr[11] = SECOND - at, THIRD - at if "a1" in row.operands else SECOND - at
            m.gr[2], m.gr[3] = one, two
            m.fr[0] = m.fr[2] = 0x4123456789ABCDEF
            m.psw = PSW(system_mask=4, mode=8, address=CODE)
            # what it needs is in the access tables
            for block in (CODE, *range(FIRST, THIRD + 4096, 2048)):
                m.cpu.store1(block, m.cpu.fetch1(block))
        before = list(there.exits)
        there.few = 1
        pair.run(2, f"{row.mnemonic}, {at} bytes before the end")
        completed = pair.other.psw.address == CODE + len(text) + 2
        assert completed or row.mnemonic in FAULTING, f"{at} bytes before the end"
        if completed:
            assert there.exits[state.RESTART] == before[state.RESTART], f"{at} bytes before the end"
