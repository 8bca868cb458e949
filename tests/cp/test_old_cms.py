"""A guest that does what a saved CMS of VM/370 does from IPL on, in the same order: CP must answer as VM/370's did.

It is a stand-in, written for this test: entered as a saved system, it asks for its segment, writes and reads its
console with chained CCWs, loads and purges the segment, reads a disk with DIAGNOSE X'18' and X'20', uses the unit
record devices and the interval timer, and checks each answer. It ends with the number of the first check that failed.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from assembler import assemble
from assembler.linkage import link
from cpvm.cp.savedsys import PAGE, PageRange, SavedSystem, State
from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.machine import engines
from cpvm.s370.ckd import Record, Track
from cpvm.s370.ebcdic import to_ebcdic
from tests.cp.helper import DIRECTORY, Site

SOURCE = Path(__file__).with_suffix(".assemble")
SEGMENT_AT = 0xF00000
ALL_WELL = 0xEEE000


def saved_guest(site: Site) -> None:
    """The guest as the saved system OLDCMS, its segment as OLDSEG; a disk with a label for CMSUSER's 191."""
    assembly = assemble(SOURCE.read_text(encoding="ascii"))
    assert assembly.return_code == 0
    image = link([assembly.deck], 0)
    body = image.data.ljust(3 * PAGE, b"\0")
    control = [0] * 16
    control[0], control[2], control[14], control[15] = 0xE0, 0xFFFFFFFF, 0xC4000000, 0x200
    state = State(bytes.fromhex("000400CA80001000"), tuple(range(16)), (0,) * 4, tuple(control))
    keys = b"\xf6\xf6\xe6\xe6\xf6\xf6"
    nucleus = SavedSystem("OLDCMS", (PageRange(0, 2, "EW"),), state=state, keys=keys)
    segment = SavedSystem("OLDSEG", (PageRange(0xF00, 0xF0F, "SR"),), segment=True, keys=b"\xd4" * 32)
    # In the segment: LA 2,X'77'; BR 14 -- and a CCW's data.
    text = bytes.fromhex("4120007707FE") + bytes(10) + to_ebcdic("FROM THE SEGMENT")
    store = site.system.saved
    site.on_cp(lambda: store.save(nucleus, [body]))
    site.on_cp(lambda: store.save(segment, [text.ljust(16 * PAGE, b"\0")]))
    track = Track.empty(0, 0)
    label = to_ebcdic("CMS=OLD191").ljust(800, b"\0")
    track.records = [Record(0, 0, number, b"", label if number == 3 else bytes(800)) for number in range(1, 20)]

    def write() -> None:
        link_ = site.system.minidisks.link("CMSUSER", site.system.directory.users["CMSUSER"].minidisk(0x191), "X", "MW")  # type: ignore[arg-type]
        link_.tracks.write(0, 0, track.to_bytes())
        link_.drop()

    site.on_cp(write)


@pytest.mark.parametrize("engine", [engine for engine in engines.ENGINES if engine != engines.AUTO])
def test_it_gets_the_answers_of_vm370(tmp_path: Path, engine: str) -> None:
    System.create(tmp_path, DIRECTORY)
    site = Site(tmp_path, engine=engine)
    try:
        talk(site)
    finally:
        site.system.shutdown()


def talk(site: Site) -> None:
    """IPL it, give it its line, look at what it says."""
    saved_guest(site)
    user = site.logon("CMSUSER")
    user.type("SPOOL PUN *")
    lines = user.type("IPL OLDCMS", ReadState.VM_READ)
    assert lines == ["OLD CMS"]
    lines = user.type("FIRST LINE", ReadState.CP_READ)
    assert "FIRST LINE" in lines and "FROM THE SEGMENT" in lines
    waits = [line for line in lines if line.startswith("DMKDSP450W")]
    assert [int(line[-7:-1], 16) for line in waits] == [ALL_WELL], lines
    machine = site.system.users["CMSUSER"].machine
    assert machine.storage.read(0x68, 4) == bytes.fromhex("00040000")
    assert not machine.storage.holds(SEGMENT_AT)
    assert struct.unpack(">i", machine.storage.read(0x50, 4))[0] != 0x00025800, "the interval timer runs"
