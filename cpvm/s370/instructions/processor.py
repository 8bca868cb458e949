"""Control instructions of later facilities: SIGNAL PROCESSOR, TEST PROTECTION, INVALIDATE PAGE TABLE ENTRY, keys of 4K.

Source: *Principles of Operation*, GA22-7000, "Control Instructions" and "Multiprocessing".
"""

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.ops import Ops

KEY_MASK, KEY_OR_ZERO = 0xFE, 0xFFFFFF00
BLOCK_4K, HALF = 0xFFF000, 2048
REFERENCE_BIT, CHANGE_BIT = 0x04, 0x02


@insn(0xAE, "SIGP", Format.RS, privileged=True, facility=Facility.MULTIPROCESSING)
def signal_processor(m: Ops, r1: int, r3: int, a2: int) -> None:
    """Signal Processor: the order is in the last byte of the address, its parameter in the odd one of r1, r1+1."""
    status = m.signal_processor(m.gru(r3) & 0xFFFF, a2 & 0xFF)
    if status < 0:
        m.set_cc(3)
    else:
        if status != 0:
            m.set_gr(r1, status)
        m.set_cc(1 if status != 0 else 0)


@insn(0xE501, "TPROT", Format.SSE, privileged=True, facility=Facility.EXTENDED)
def test_protection(m: Ops, a1: int, a2: int) -> None:
    """Test Protection: what a program with the key in the second address could do at the first."""
    m.set_cc(m.test_protection(a1, a2 >> 4 & 15))


@insn(0xB221, "IPTE", Format.RRE, privileged=True, facility=Facility.EXTENDED)
def invalidate_page_table_entry(m: Ops, r1: int, r2: int) -> None:
    """Invalidate Page Table Entry: r1 has the origin of the page table, r2 an address in the page."""
    m.invalidate_page(m.gru(r1), m.gru(r2))


@insn(0xB229, "ISKE", Format.RRE, privileged=True, facility=Facility.KEY_EXTENSIONS)
def insert_storage_key_extended(m: Ops, r1: int, r2: int) -> None:
    """Insert Storage Key Extended."""
    a = m.gru(r2) & BLOCK_4K
    v = m.storage_key(a) | m.storage_key(a + HALF)
    m.set_gr(r1, m.gru(r1) & KEY_OR_ZERO | v & KEY_MASK)


@insn(0xB22B, "SSKE", Format.RRE, privileged=True, facility=Facility.KEY_EXTENSIONS)
def set_storage_key_extended(m: Ops, r1: int, r2: int) -> None:
    """Set Storage Key Extended."""
    a = m.gru(r2) & BLOCK_4K
    m.storage_key(a + HALF)
    m.set_storage_key(a, m.gru(r1) & KEY_MASK)
    m.set_storage_key(a + HALF, m.gru(r1) & KEY_MASK)


@insn(0xB22A, "RRBE", Format.RRE, privileged=True, facility=Facility.KEY_EXTENSIONS)
def reset_reference_bit_extended(m: Ops, r1: int, r2: int) -> None:
    """Reset Reference Bit Extended."""
    a = m.gru(r2) & BLOCK_4K
    first = m.storage_key(a)
    second = m.storage_key(a + HALF)
    v = first | second
    m.set_storage_key(a, first & ~REFERENCE_BIT)
    m.set_storage_key(a + HALF, second & ~REFERENCE_BIT)
    m.set_cc((2 if v & REFERENCE_BIT != 0 else 0) + (1 if v & CHANGE_BIT != 0 else 0))
