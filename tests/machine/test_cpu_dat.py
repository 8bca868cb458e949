"""Dynamic address translation beyond what the vectors witness."""

import pytest

from cpvm.machine import Machine, ProgramCheck
from cpvm.machine.dat import BEYOND_TABLE, FOUND, PAGE_IS_INVALID, SEGMENT_IS_INVALID, walk
from cpvm.s370.psw import PSW

K64_2K, K64_4K, M1_2K, M1_4K = 0x00400000, 0x00800000, 0x00500000, 0x00900000


class Tables:
    """Real storage as a dictionary of halfwords."""

    def __init__(self, **words: int) -> None:
        self.words = {int(name[1:], 16): word for name, word in words.items()}

    def real_word(self, a: int) -> int:
        return self.words[a]

    def real_half(self, a: int) -> int:
        return self.words[a]


@pytest.mark.parametrize(
    ("control", "segment", "page", "byte"),
    [(K64_2K, 16, 11, 0x7FF), (K64_4K, 16, 12, 0xFFF), (M1_2K, 20, 11, 0x7FF), (M1_4K, 20, 12, 0xFFF)],
)
def test_all_sizes(control: int, segment: int, page: int, byte: int) -> None:
    a = 5 << segment | 3 << page | byte
    tables = Tables(x1014=0xF0002000, x2006=0x0120)
    assert walk(tables, control, 0x1000, a) == (FOUND, 0x12000 | byte, False)


@pytest.mark.parametrize(
    ("control", "segment", "last"), [(K64_2K, 16, 11), (K64_4K, 16, 12), (M1_2K, 20, 11), (M1_4K, 20, 12)]
)
def test_page_table_length_counts_sixteenths(control: int, segment: int, last: int) -> None:
    entries = 1 << segment - last - 4
    tables = Tables(x1000=0x70002000)
    for index in range(8 * entries):
        tables.words[0x2000 + 2 * index] = 0
    assert walk(tables, control, 0x1000, 8 * entries - 1 << last)[0] == FOUND
    assert walk(tables, control, 0x1000, 8 * entries << last) == (BEYOND_TABLE, 0x2000 + 16 * entries, False)


def test_segment_table_length() -> None:
    tables = Tables(x1040=0xF0002001)
    assert walk(tables, K64_4K, 0x1000, 0x100000) == (BEYOND_TABLE, 0x1040, True)
    assert walk(tables, K64_4K, 0x01001000, 0x100000) == (SEGMENT_IS_INVALID, 0x1040, True)


@pytest.mark.parametrize(("control", "entry"), [(K64_4K, 0x0008), (K64_2K, 0x0004)])
def test_invalid_page(control: int, entry: int) -> None:
    tables = Tables(x1000=0xF0002000, x2000=entry)
    assert walk(tables, control, 0x1000, 0) == (PAGE_IS_INVALID, 0x2000, False)


@pytest.mark.parametrize(
    ("control", "segment", "page"),
    [
        (0, 0xF0002000, 0),
        (0x00C00000, 0xF0002000, 0),
        (K64_4K | 0x00200000, 0xF0002000, 0),
        (K64_4K | 0x00080000, 0xF0002000, 0),
        (K64_4K, 0xF1002000, 0),
        (K64_4K, 0xF0002004, 0),
        (K64_4K, 0xF0002000, 4),
        (K64_2K, 0xF0002000, 2),
    ],
)
def test_translation_specification(control: int, segment: int, page: int) -> None:
    with pytest.raises(ProgramCheck) as check:
        walk(Tables(x1000=segment, x2000=page), control, 0x1000, 0)
    assert check.value.code == 0x12


def test_tables_outside_of_storage() -> None:
    m = Machine(1 << 16)
    m.set_cr(0, K64_4K)
    m.set_cr(1, 0x20000)
    m.storage.write(0x68, PSW(mode=10, address=0xB00).to_bytes())
    m.storage.write(0x400, bytes.fromhex("B1300123"))
    m.psw = PSW(mode=8, address=0x400)
    assert m.run(10).detail == 0xB00
    assert m.storage.read(0x8E, 2).hex() == "0005"


def test_the_buffer_is_kept_until_purged() -> None:
    m = Machine(1 << 17)
    m.storage.write(0x2000, (0xF0003000).to_bytes(4, "big"))
    for page in range(16):
        m.storage.write(0x3000 + 2 * page, (page << 4).to_bytes(2, "big"))
    m.set_cr(0, K64_4K)
    m.set_cr(1, 0x2000)
    m.gr[15] = 0x5000
    m.storage.write(0x5000, b"FIVE")
    m.storage.write(0x6000, b"SIX.")
    m.storage.write(0x400, bytes.fromhex("5830F000" + "5840F000" + "B20D0000" + "5850F000"))
    m.psw = PSW(mode=8, system_mask=4, address=0x400)
    m.run(1)
    m.storage.write(0x300A, (0x0060).to_bytes(2, "big"))
    m.run(3)
    assert [m.gr[r].to_bytes(4, "big") for r in (3, 4, 5)] == [b"FIVE", b"FIVE", b"SIX."]


def test_what_was_translated_for_storing_serves_for_fetching() -> None:
    m = Machine(0x10000)
    m.set_cr(0, K64_4K)
    m.set_cr(1, 0x2000)
    m.storage.write(0x2000, bytes.fromhex("F0002100"))
    m.storage.write(0x2100, b"".join((page << 4).to_bytes(2, "big") for page in range(16)))
    # MVI into the page at 4000, OI that makes it invalid in its table at 2108 (without a purge), IC from it
    m.storage.write(0x1000, bytes.fromhex("920540009608210943104000"))
    m.gr[2], m.gr[4] = 0x2000, 0x4000
    m.psw = PSW.from_bytes(bytes.fromhex("0408000000001000"))
    m.run(3)
    assert (m.psw.address, m.gr[1]) == (0x100C, 5)


def test_moves_over_pages_that_are_not_neighbours() -> None:
    m = Machine(1 << 17)
    m.storage.write(0x2000, (0xF0003000).to_bytes(4, "big"))
    frames = [0, 1, 2, 3, 9, 8, 6, 7, 10, 10]
    for page, frame in enumerate(frames):
        m.storage.write(0x3000 + 2 * page, (frame << 4).to_bytes(2, "big"))
    m.set_cr(0, K64_4K)
    m.set_cr(1, 0x2000)
    m.storage.write(0x9FF0, bytes(range(16)))
    m.storage.write(0x8000, bytes(range(16, 32)))
    m.gr[14], m.gr[15], m.gr[13], m.gr[12] = 0x4FF0, 0x6FF8, 0x8100, 0x9101
    m.storage.write(0x400, bytes.fromhex("D21FF000E000" + "D203C000D000"))
    m.storage.write(0xA100, b"A")
    m.psw = PSW(mode=8, system_mask=4, address=0x400)
    m.run(2)
    assert m.storage.read(0x6FF8, 8) + m.storage.read(0x7000, 24) == bytes(range(32))
    # pages 8 and 9 are one frame: the byte propagates though the logical addresses are far apart
    assert m.storage.read(0xA100, 5) == b"AAAAA"
