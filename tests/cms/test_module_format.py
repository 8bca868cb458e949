"""MODULE files and the loader table, byte for byte as a real GENMOD was seen to write them."""

from __future__ import annotations

import pytest
from bare_cms import BareCMS
from cdf_reader import read_disk
from running import READY, say

PROGRAMS = {
    "RC5": "RC5      CSECT\n         LA    15,5\n         BR    14\n         END\n",
    "MAINP": "MAINP    CSECT\n         ENTRY ENTA\n         BALR  12,0\nENTA     DS    H\n"
    "         DC    V(SUBA)\n         DS    3F\n         END\n",
    "SUBA": "SUBA     CSECT\n         SR    15,15\n         BR    14\n         END\n",
}
USER = 0x20000


@pytest.fixture(scope="module")
def modules() -> dict[str, list[bytes]]:
    """The records of each MODULE file, by name."""
    cms = BareCMS(programs=PROGRAMS)
    cms.ipl()
    for line in (
        "LOAD RC5 (ORIGIN TRANS",
        "GENMOD TRANS",
        "LOAD RC5",
        "GENMOD",
        "GENMOD NOMAP (NOMAP",
        "GENMOD NOSTR (NOSTR",
        "GENMOD DOS (DOS",
        "GENMOD ALL (ALL",
        "LOAD MAINP (RLDSAVE",
        "GENMOD MOVABLE",
        "LOAD MAINP",
        "GENMOD",
        "LOAD RC5",
        "GENMOD SYSTEM (SYSTEM",
    ):
        assert say(cms, line) == [READY], line
    disk = read_disk(cms.a_disk.read)
    return {fn: found.records for (fn, ft), found in disk.files.items() if ft == "MODULE"}


def entry(name: str, *words: int) -> bytes:
    """An entry of the loader table."""
    return name.ljust(8).encode("cp037") + b"".join(word.to_bytes(4, "big") for word in words)


ALWAYS = entry("SYSREF", 0x600, 0x600, 0) + entry("NUCON", 0, 0, 0)


def words(record: bytes) -> list[int]:
    return [int.from_bytes(record[at : at + 4], "big") for at in range(0, 16, 4)]


def test_header_of_a_module(modules: dict[str, list[bytes]]) -> None:
    header, text, table = modules["RC5"]
    assert len(header) == 80
    assert words(header) == [USER, USER, USER + 8, USER + 8]
    assert (header[32], header[33], header[34:36], header[40:42]) == (0x44, 0x80, b"\0\3", b"\0\3")
    assert (header[43], header[56]) == (0, 0xE9)
    assert text[:6] == bytes.fromhex("41F0000507FE")
    assert table == entry("RC5", USER, USER, 0x02000000) + ALWAYS


def test_names_newest_first(modules: dict[str, list[bytes]]) -> None:
    header, text, table = modules["MAINP"]
    assert header[34:36] == header[40:42] == b"\0\5"
    assert len(text) == 0x18 + 8
    assert table == (
        entry("SUBA", USER + 0x18, USER + 0x18, 0x02000000)
        + entry("ENTA", 0, USER + 2, 0)
        + entry("MAINP", USER, USER, 0x02000000)
        + ALWAYS
    )


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [("NOMAP", 43, 0x80), ("DOS", 43, 0x20), ("ALL", 43, 0x10), ("NOSTR", 33, 0), ("SYSTEM", 32, 0x45)],
)
def test_options(modules: dict[str, list[bytes]], name: str, at: int, value: int) -> None:
    assert modules[name][0][at] == value


@pytest.mark.parametrize("name", ["NOMAP", "TRANS"])
def test_no_map(modules: dict[str, list[bytes]], name: str) -> None:
    header, *rest = modules[name]
    assert header[40:42] == b"\0\0"
    assert len(rest) == 1


def test_transient(modules: dict[str, list[bytes]]) -> None:
    header = modules["TRANS"][0]
    assert words(header)[:2] == [0xE000, 0xE000]
    assert header[33] == 0


def test_places_of_address_constants(modules: dict[str, list[bytes]]) -> None:
    header, _, _, places = modules["MOVABLE"]
    assert header[0x24:0x28] == b"\0\0\0\1"
    assert places == b"\x1c" + (USER + 4).to_bytes(3, "big")


def test_a_map_that_is_larger_than_the_loader_table() -> None:
    names = [f"N{number}" for number in range(700)]
    entries = "".join(f"         ENTRY {name}\n" for name in names)
    labels = "".join(f"{name:<8} DS    0H\n" for name in names)
    cms = BareCMS(
        programs={"LARGE": f"LARGE    CSECT\n{entries}         SR    15,15\n         BR    14\n{labels}         END\n"}
    )
    cms.ipl()
    assert say(cms, "LOAD LARGE") == ["DMSLIO116S LOADER TABLE OVERFLOW.", "Ready(00104);"]
    cms.ipl()
    assert say(cms, "SET LDRTBLS 6", "LOAD LARGE", "GENMOD LARGE", "LARGE") == [READY] * 4
    cms.ipl()
    assert say(cms, "LOADMOD LARGE") == ["DMSMOD116S LOADER TABLE OVERFLOW.", "Ready(00104);"]
