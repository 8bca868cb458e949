"""Dynamic address translation: segment and page tables.

Source: *Principles of Operation*, GA22-7000, "Dynamic Address Translation". The access tables of
`cpvm.machine.access` are the translation-lookaside buffer: what was translated stays until PTLB or a change of
control registers 0 or 1.
"""

from typing import Protocol

from cpvm.machine.stop import ProgramCheck
from cpvm.s370.interruption import ProgramCode
from cpvm.s370.ops import ADDRESS_MASK

PAGE_SIZE, PAGE_2K, PAGE_4K = 0x00C00000, 0x00400000, 0x00800000
SEGMENT_SIZE, SEGMENT_64K, SEGMENT_1M = 0x00380000, 0x00000000, 0x00100000
"""Fields of control register 0: page size (bits 8-9), segment size (bits 10-12, the first of them zero)."""

TABLE_ORIGIN = 0x00FFFFC0
"""Of control register 1; its first byte is the length of the segment table, in units of 16 entries, less one."""

SEGMENT_INVALID, SEGMENT_RESERVED = 0x00000001, 0x0F000004
"""Of an entry of the segment table. X'00000002', the common-segment bit, makes no difference here: what was translated
is dropped when control register 1 changes, whichever segment it belongs to."""
PAGE_TABLE_ORIGIN = 0x00FFFFF8

FOUND, SEGMENT_IS_INVALID, PAGE_IS_INVALID, BEYOND_TABLE = 0, 1, 2, 3
"""Results, as LRA's condition codes."""
INVALID_TABLES = 8
"""Control register 0 or a table entry is not as it must be: a translation-specification exception."""


class RealStorage(Protocol):
    """What the tables lie in."""

    def real_word(self, a: int) -> int:
        """The word at a real address; raises ProgramCheck (addressing)."""

    def real_half(self, a: int) -> int: ...


def page_entry(cr0: int, origin: int, a: int) -> tuple[int, int]:
    """Where the entry for logical address a is in the page table at this origin, and its invalid bit.

    Raises ProgramCheck: translation specification.
    """
    page_bits = {PAGE_2K: 11, PAGE_4K: 12}.get(cr0 & PAGE_SIZE, 0)
    segment_bits = {SEGMENT_64K: 16, SEGMENT_1M: 20}.get(cr0 & SEGMENT_SIZE, 0)
    if not page_bits or not segment_bits:
        raise ProgramCheck(ProgramCode.TRANSLATION_SPECIFICATION)
    index = a >> page_bits & (1 << segment_bits - page_bits) - 1
    return (origin & PAGE_TABLE_ORIGIN) + 2 * index & ADDRESS_MASK, 0x0008 if page_bits == 12 else 0x0004


def look_up(m: RealStorage, cr0: int, cr1: int, a: int) -> int:
    """What the tables say of a logical address of 24 bits, as one number: result << 32 | address (see `walk`).

    The result is one of LRA's condition codes, with 4 added if it is the segment table that ends; or INVALID_TABLES.
    """
    # In the subset that a compiler of native code can take: numbers only.
    page_bits = 11 if cr0 & PAGE_SIZE == PAGE_2K else 12
    segment_bits = 16 if cr0 & SEGMENT_SIZE == SEGMENT_64K else 20
    if page_bits == 12 and cr0 & PAGE_SIZE != PAGE_4K:
        return INVALID_TABLES << 32
    if segment_bits == 20 and cr0 & SEGMENT_SIZE != SEGMENT_1M:
        return INVALID_TABLES << 32
    segment = a >> segment_bits
    entry_at = (cr1 & TABLE_ORIGIN) + 4 * segment & ADDRESS_MASK
    if segment >> 4 > cr1 >> 24 and segment_bits == 16:
        return BEYOND_TABLE + 4 << 32 | entry_at
    entry = m.real_word(entry_at)
    if entry & SEGMENT_INVALID != 0:
        return SEGMENT_IS_INVALID + 4 << 32 | entry_at
    if entry & SEGMENT_RESERVED != 0:
        return INVALID_TABLES << 32
    index_bits = segment_bits - page_bits
    index = a >> page_bits & (1 << index_bits) - 1
    page_at = (entry & PAGE_TABLE_ORIGIN) + 2 * index & ADDRESS_MASK
    if index >> index_bits - 4 > entry >> 28:
        return BEYOND_TABLE << 32 | page_at
    page = m.real_half(page_at)
    if page & (0x0008 if page_bits == 12 else 0x0004) != 0:
        return PAGE_IS_INVALID << 32 | page_at
    if page & (0x0006 if page_bits == 12 else 0x0002) != 0:
        return INVALID_TABLES << 32
    return FOUND << 32 | (page & (0xFFF0 if page_bits == 12 else 0xFFF8)) << 8 | a & (1 << page_bits) - 1


def walk(storage: RealStorage, cr0: int, cr1: int, a: int) -> tuple[int, int, bool]:
    """Translate a logical address of 24 bits.

    Gives the result, the real address (or, if there is none, that of the table entry that says so), and whether it is
    the segment table that ends. Raises ProgramCheck: translation specification, or addressing.
    """
    found = look_up(storage, cr0, cr1, a)
    result = found >> 32
    if result == INVALID_TABLES:
        raise ProgramCheck(ProgramCode.TRANSLATION_SPECIFICATION)
    return result & 3, found & 0xFFFFFFFF, result > 3


class Translator:
    """DAT of one CPU: what `Access` asks."""

    def __init__(self, storage: RealStorage, control: list[int]) -> None:
        self._storage = storage
        self._control = control
        self.failing_address = 0
        """Logical address of the last translation exception."""

    def real(self, a: int) -> int:
        """The real address of a logical one. Raises ProgramCheck."""
        result, address, in_segment_table = walk(self._storage, self._control[0], self._control[1], a)
        if result == FOUND:
            return address
        self.failing_address = a
        raise ProgramCheck(ProgramCode.SEGMENT_TRANSLATION if in_segment_table else ProgramCode.PAGE_TRANSLATION)

    def load_real_address(self, a: int) -> int:
        """For LRA: condition code << 32 | address. Raises ProgramCheck."""
        result, address, _ = walk(self._storage, self._control[0], self._control[1], a & ADDRESS_MASK)
        return result << 32 | address
