"""SAVESYS, IPL by name, segments: what is saved, shared, and kept apart."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp.savedsys import PAGE, PageRange, SavedSystem, SavedSystemError, SavedSystems, State
from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.cp.vmblok import VMBLOK
from cpvm.machine import engines
from tests.cp.helper import DIRECTORY, Site

SEGMENT = 0xF00000


def vm(site: Site, userid: str) -> VMBLOK:
    return site.system.users[userid]


def program(site: Site, userid: str, address: int, text: str) -> None:
    site.on_cp(lambda: vm(site, userid).machine.storage.write(address, bytes.fromhex(text.replace(" ", ""))))


def storage(site: Site, userid: str, address: int, n: int) -> bytes:
    found: list[bytes] = []
    site.on_cp(lambda: found.append(vm(site, userid).machine.storage.read(address, n)))
    return found[0]


DIAGNOSE_SAVESYS = "41 30 02 00  41 40 00 0C  83 34 00 08  41 60 00 01 82 00 02 40"
WAIT = "000A0000 00000BAD"


def saved(site: Site) -> None:
    """MAINT saves BOTH: pages 0 to 2, the last one shared; it waits, and goes on behind DIAGNOSE X'08'."""
    maint = site.logon("MAINT", "CPCMS")
    assert maint.type("DEFSYS BOTH 0-1 EW 2 SR MINSIZE=16K") == ["SYSTEM BOTH DEFINED"]
    program(site, "MAINT", 0x1000, DIAGNOSE_SAVESYS)
    program(site, "MAINT", 0x200, "SAVESYS BOTH ".encode("cp037").hex())
    program(site, "MAINT", 0x240, WAIT)
    program(site, "MAINT", 0x2000, "01020304")
    maint.type("STORE PSW 00040000 00001000")
    lines = maint.type("BEGIN", ReadState.CP_READ)
    assert lines[0] == "SYSTEM SAVED", lines
    assert "000A0000 00000BAD" in lines[1]


def test_ipl_goes_on_where_it_was_saved(site: Site) -> None:
    saved(site)
    user = site.logon("CMSUSER")
    program(site, "CMSUSER", 0x5000, "FFFF")
    lines = user.type("IPL BOTH", ReadState.CP_READ)
    assert lines == ["DMKDSP450W CP ENTERED; DISABLED WAIT PSW '000A0000 00000BAD'", "CP"]
    assert vm(site, "CMSUSER").machine.gr[6] == 1
    assert vm(site, "CMSUSER").machine.gr[3] == 0x200
    assert storage(site, "CMSUSER", 0x2000, 4) == b"\1\2\3\4"
    assert storage(site, "CMSUSER", 0x5000, 2) == bytes(2), "what is not part of the system is cleared"


def test_a_machine_that_changes_a_shared_page_has_its_own(site: Site) -> None:
    saved(site)
    one, other = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    for terminal in (one, other):
        terminal.type("IPL BOTH", ReadState.CP_READ)
    assert "DMKVMA181E SHARED SYSTEM BOTH REPLACED WITH NON-SHARED COPY" in one.type("STORE 2000 AABBCCDD")
    assert storage(site, "CMSUSER", 0x2000, 4) == bytes.fromhex("AABBCCDD")
    assert storage(site, "USER01", 0x2000, 4) == b"\1\2\3\4"
    other.type("STORE 1FF0 00000000")
    assert not any("DMKVMA" in line for line in other.transcript), "page 1 is the machine's own"
    one.type("IPL BOTH", ReadState.CP_READ)
    assert storage(site, "CMSUSER", 0x2000, 4) == b"\1\2\3\4"


def test_parameters_go_to_the_registers(site: Site) -> None:
    saved(site)
    user = site.logon("CMSUSER")
    user.type("IPL BOTH PARM ABCDEFGH", ReadState.CP_READ)
    assert vm(site, "CMSUSER").machine.gr[0].to_bytes(4, "big") == "ABCD".encode("cp037")


def test_ipl_refuses(site: Site) -> None:
    saved(site)
    maint = site.logon("CMSUSER")
    assert maint.type("IPL NONE")[0] == "DMKCFG044E NONE DOES NOT EXIST"
    maint.type("DEFINE STORAGE 8K")
    assert maint.type("IPL BOTH")[0] == "DMKCFG436E BOTH REQUIRES 16K OF STORAGE"


SEGMENT_PROGRAM = "58 20 02 10  83 12 00 64  05 E0  82 00 02 40"


def segment_call(site: Site, userid: str, function: int) -> tuple[int, int, int]:
    """DIAGNOSE X'64': condition code, Rx, Ry."""
    machine = vm(site, userid).machine
    program(site, userid, 0x200, "MYSEG   ".encode("cp037").hex())
    program(site, userid, 0x210, f"{function:08X}")
    program(site, userid, 0x240, WAIT)
    program(site, userid, 0x1000, SEGMENT_PROGRAM)
    terminal = next(session.terminal for session in site.system.sessions if session.vm is vm(site, userid))
    terminal.type("STORE G1 200")  # type: ignore[attr-defined]
    terminal.type("STORE PSW 00040000 00001000")  # type: ignore[attr-defined]
    terminal.type("BEGIN", ReadState.CP_READ)  # type: ignore[attr-defined]
    return machine.gr[14] >> 28 & 3, machine.gr[1], machine.gr[2]


def test_a_segment_is_found_loaded_and_purged(site: Site) -> None:
    store = site.system.saved
    site.on_cp(
        lambda: store.save(
            SavedSystem("MYSEG", (PageRange(0xF00, 0xF01, "SR"),), segment=True, keys=b"\xd0" * 4),
            [b"\x11" * 4096, b"\x22" * 4096],
        )
    )
    site.logon("CMSUSER")
    last = SEGMENT + 0x1FFF
    assert segment_call(site, "CMSUSER", 8)[0] == 1
    assert segment_call(site, "CMSUSER", 12) == (1, SEGMENT, last)
    assert segment_call(site, "CMSUSER", 0) == (0, SEGMENT, last)
    assert storage(site, "CMSUSER", SEGMENT + 0x1000, 1) == b"\x22"
    assert vm(site, "CMSUSER").machine.storage.key(SEGMENT) == 0xD0
    assert segment_call(site, "CMSUSER", 12) == (0, SEGMENT, last)
    assert segment_call(site, "CMSUSER", 0)[0] == 0
    assert segment_call(site, "CMSUSER", 8)[0] == 0
    assert not vm(site, "CMSUSER").machine.storage.holds(SEGMENT)
    site.on_cp(lambda: store.purge("MYSEG"))
    assert segment_call(site, "CMSUSER", 12)[0] == 2
    assert vm(site, "CMSUSER").machine.gr[2] == 44


def test_a_damaged_file_is_a_paging_error(site: Site) -> None:
    store = site.system.saved
    system = SavedSystem("MYSEG", (PageRange(0xF00, 0xF01, "SR"),), segment=True, keys=b"\xd0" * 4)
    site.on_cp(lambda: store.save(system, [bytes(8192)]))
    found = store.get("MYSEG")
    assert found is not None
    store.path(found).write_bytes(b"short")
    site.logon("CMSUSER")
    assert segment_call(site, "CMSUSER", 0)[::2] == (2, 177)
    store.path(found).unlink()
    assert segment_call(site, "CMSUSER", 0)[::2] == (2, 177)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the host has no files without names")
def test_a_file_that_is_cut_off_ends_nobody(site: Site) -> None:
    store = site.system.saved
    system = SavedSystem("MYSEG", (PageRange(0xF00, 0xF01, "SR"),), segment=True, keys=b"\xd0" * 4)
    site.on_cp(lambda: store.save(system, [b"\x11" * 4096, b"\x22" * 4096]))
    found = store.get("MYSEG")
    assert found is not None
    site.logon("CMSUSER")
    assert segment_call(site, "CMSUSER", 0)[0] == 0
    os.truncate(store.path(found), 0)
    assert storage(site, "CMSUSER", SEGMENT + 0x1000, 1) == b"\x22"
    site.logon("MAINT", "CPCMS")
    assert segment_call(site, "MAINT", 0)[0] == 0
    assert storage(site, "MAINT", SEGMENT + 0x1FFF, 1) == b"\x22"
    site.on_cp(lambda: store.purge("MYSEG"))
    site.on_cp(lambda: store.save(system, [b"\x33" * 8192]))
    assert segment_call(site, "MAINT", 8)[0] == 0
    assert segment_call(site, "MAINT", 0)[0] == 0
    assert storage(site, "MAINT", SEGMENT, 1) == b"\x33"
    assert storage(site, "CMSUSER", SEGMENT, 1) == b"\x11", "who has loaded the old one keeps it"


def test_reset_takes_segments_away(site: Site) -> None:
    system = SavedSystem("MYSEG", (PageRange(0xF00, 0xF01, "SR"),), segment=True, keys=b"\xd0" * 4)
    site.on_cp(lambda: site.system.saved.save(system, [bytes(8192)]))
    terminal = site.logon("CMSUSER")
    assert segment_call(site, "CMSUSER", 0)[0] == 0
    terminal.type("SYSTEM RESET")
    assert not vm(site, "CMSUSER").machine.storage.holds(SEGMENT)
    assert segment_call(site, "CMSUSER", 0)[0] == 0
    terminal.type("SYSTEM CLEAR")
    assert not vm(site, "CMSUSER").machine.storage.holds(SEGMENT)


def test_what_is_saved_stays_until_it_is_saved_anew(site: Site, tmp_path: Path) -> None:
    store = site.system.saved
    system = SavedSystem("MYSEG", (PageRange(0x10, 0x10, "SR"),), segment=True, keys=b"\xd0" * 2)
    site.on_cp(lambda: store.save(system, [b"\x11" * 4096]))
    first = store.get("MYSEG")
    assert first is not None
    with pytest.raises(SavedSystemError, match="full"):
        store.save(system, (page for page in _failing()))
    assert store.get("MYSEG") == first
    assert store.path(first).exists()
    maint = site.logon("MAINT", "CPCMS")
    maint.type("DEFSEG MYSEG 20-21 SR")
    assert store.get("MYSEG") == first
    assert maint.type("SAVESEG MYSEG") == ["SEGMENT MYSEG SAVED"]
    second = store.get("MYSEG")
    assert second is not None
    assert second.pages == 2
    assert not store.path(first).exists()
    (store.path(second).parent / "MYSEG.0123.pages").write_bytes(b"left by a kill")
    assert len(list(store.path(second).parent.iterdir())) == 2
    SavedSystems(site.system.database, site.folder).sweep()
    assert list(store.path(second).parent.iterdir()) == [store.path(second)]
    assert maint.type("QUERY NSS MAP")[-1] == "         00020-00021 SR"


def _failing():  # type: ignore[no-untyped-def]
    yield bytes(4096)
    raise OSError(28, "the disk is full")


def test_definitions_are_checked(site: Site) -> None:
    maint = site.logon("MAINT", "CPCMS")
    for line, number in [
        ("DEFSYS", "027"),
        ("DEFSYS 190 0-1 EW", "027"),
        ("DEFSYS X", "009"),
        ("DEFSYS X 0-1", "026"),
        ("DEFSYS X 0-1 QQ", "002"),
        ("DEFSYS X 1-0 EW", "009"),
        ("DEFSYS X 0-1000 EW", "009"),
        ("DEFSYS X 0-2 EW 2-3 SR", "009"),
        ("DEFSYS X 0 EW PARMREGS=3-1", "002"),
        ("DEFSEG X 0 EW MINSIZE=1M", "002"),
        ("SAVESYS X", "044"),
        ("SAVESYS", "027"),
    ]:
        assert maint.type(line)[0].startswith(f"DMKCFG{number}E"), line
    maint.type("DEFSYS X 0-FFF EW")
    assert maint.type("SAVESYS X")[0] == "DMKCFG435E X NOT SAVED; PAGE 00FFF IS NOT IN STORAGE"
    user = site.logon("CMSUSER")
    assert user.type("SAVESYS X")[0].startswith("DMKCFM001E")


def test_a_saved_system_is_forgotten(site: Site) -> None:
    saved(site)
    maint = next(session.terminal for session in site.system.sessions if session.vm is vm(site, "MAINT"))
    user = site.logon("CMSUSER")
    user.type("IPL BOTH", ReadState.CP_READ)
    assert user.type("PURGE NSS BOTH")[0].startswith("DMKCSU003E")
    assert maint.type("PURGE NSS NAME BOTH") == ["0001 FILE PURGED"]  # type: ignore[attr-defined]
    assert maint.type("PURGE NSS BOTH") == ["DMKCSU044E BOTH DOES NOT EXIST"]  # type: ignore[attr-defined]
    assert storage(site, "CMSUSER", 0x2000, 4) == b"\1\2\3\4"
    assert user.type("IPL BOTH")[0].startswith("DMKCFG044E")


@pytest.mark.parametrize("engine", [engine for engine in engines.ENGINES if engine != engines.AUTO])
def test_a_store_into_a_shared_page_is_told_once(tmp_path: Path, engine: str) -> None:
    """A guest counts in a shared page, ten times in each of two rounds; another has the page as it was saved."""
    System.create(tmp_path, DIRECTORY)
    site = Site(tmp_path, engine=engine)
    try:
        maint = site.logon("MAINT", "CPCMS")
        maint.type("DEFSYS COUNT 0-1 EW 2 SR")
        loop = "41 10 00 0A  58 40 20 00  41 40 40 01  50 40 20 00  46 10 C0 04  82 00 02 40"
        program(site, "MAINT", 0x1000, "05 C0" + loop)
        program(site, "MAINT", 0x240, WAIT)
        maint.type("STORE G2 2000")
        maint.type("STORE PSW 00040000 00001000")
        assert maint.type("SAVESYS COUNT") == ["SYSTEM SAVED"]
        user, other = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
        other.type("IPL COUNT STOP")
        lines = user.type("IPL COUNT", ReadState.CP_READ)
        assert storage(site, "CMSUSER", 0x2000, 4) == (10).to_bytes(4, "big")
        lines += user.type("STORE PSW 00040000 00001000")
        lines += user.type("BEGIN", ReadState.CP_READ)
        assert storage(site, "CMSUSER", 0x2000, 4) == (20).to_bytes(4, "big")
        assert lines.count("DMKVMA181E SHARED SYSTEM COUNT REPLACED WITH NON-SHARED COPY") == 1
        assert storage(site, "USER01", 0x2000, 4) == bytes(4)
        assert not any("DMKVMA" in line for line in other.transcript)
    finally:
        site.system.shutdown()


def test_a_nucleus_may_lie_beyond_the_storage(site: Site) -> None:
    """As that of later CMS: it is entered at X'F00000' in a machine of 256K, and goes when another system is loaded."""
    state = State(bytes.fromhex("0004000000F00000"), (0,) * 16, (0,) * 4, (0,) * 16)
    ranges = (PageRange(0, 1, "EW"), PageRange(0xF00, 0xF01, "SR"))
    system = SavedSystem("HIGH", ranges, state=state, keys=bytes(8))
    low = bytes(0x240) + bytes.fromhex(WAIT.replace(" ", ""))
    high = bytes.fromhex("4120 0007 8200 0240".replace(" ", ""))
    site.on_cp(lambda: site.system.saved.save(system, [low.ljust(8192, b"\0"), high.ljust(8192, b"\0")]))
    user = site.logon("CMSUSER")
    for _ in range(2):
        assert "00000BAD" in user.type("IPL HIGH", ReadState.CP_READ)[0]
        assert vm(site, "CMSUSER").machine.gr[2] == 7
    user.type("IPL 00C")
    assert not vm(site, "CMSUSER").machine.storage.holds(SEGMENT)
    user.type("IPL HIGH", ReadState.CP_READ)
    user.type("DEFINE STORAGE 512K")
    assert not vm(site, "CMSUSER").machine.storage.holds(SEGMENT)


def test_a_system_that_starts_leaves_what_others_save(tmp_path: Path) -> None:
    """`cpvm nss import` may be at work while a system starts, which removes what killed processes left."""
    System.create(tmp_path, DIRECTORY)
    site = Site(tmp_path)
    others = SavedSystems(site.system.database, tmp_path)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / "saved").mkdir(exist_ok=True)
    left = [tmp_path / "saved" / f".SEG.pages.{gone.pid}.new", tmp_path / "saved" / "SEG.0123456789ab.pages"]
    for path in left:
        path.touch()

    def pages() -> Iterator[bytes]:
        yield bytes(PAGE)
        others.sweep()
        yield bytes(PAGE)

    saved = site.system.saved.save(SavedSystem("SEG", (PageRange(0xF00, 0xF01, "SR"),), segment=True), pages())
    others.sweep()
    assert [path.name for path in (tmp_path / "saved").iterdir()] == [saved.file]
    assert site.system.saved.path(saved).stat().st_size == 2 * PAGE
    site.system.shutdown()
