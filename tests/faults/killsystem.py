"""The system that the kill campaign uses: users, disks and sources that tell by themselves whether they are whole."""

from __future__ import annotations

import pickle
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from assembler import assemble
from cms.build import empty_disk
from cms.cmsblocks import blocks_per_cylinder
from cms.cmsdisk import CMSDisk
from cpvm import sysgen
from cpvm.cp import direct, password
from cpvm.cp.database import Database
from cpvm.cp.directory_store import SCHEMA as DIRECTORY_SCHEMA
from cpvm.cp.directory_store import DirectoryStore
from cpvm.cp.savedsys import BLOCK, PAGE, PageRange, SavedSystem, SavedSystems, State
from cpvm.cp.savedsys import SCHEMA as SAVED_SCHEMA
from cpvm.cp.system import DATABASE, System
from cpvm.front import systemdisk, users
from cpvm.front.disks import edfdisk
from cpvm.front.disks.cmsfiles import edf_label
from cpvm.front.disks.edf import of_tracks
from cpvm.front.folders.layout import MOST_BLOCKS
from cpvm.machine.media.volume import Volume
from cpvm.s370.ckd import GEOMETRY
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.s370.psw import PSW

CHEAP = 1 << 4
"""Cost of a password's hash here: what is tested is what becomes of it."""
VOLUME, DEVICE, CYLINDERS = "KILL01", "3350", 5
FOLDER_VOLUME, FOLDER = "HOSTF1", "shared"
TAPE = "tapes/work.aws"
BUILT = "built.pickle"
"""Beside the system: a CMS system disk, built."""
LENGTHS = (3, 40, 200, 11, 120, 700)
"""Lines of the source files SRC0 DATA to SRC5 DATA on each disk."""
CHANGED = ("CMSUSER", "EDFER", "XFER", "SPOOLER")
"""Users who change files."""
OWN = ("EDFER", "BARE", "TAPER", "TDISKER", "SAVER", "XFER", "FOLDER", "SPOOLER", "PASSER", "COMER")
CLASSES = {"SAVER": "EG"}
SETS = "AB"
MEMBERS = 10
BARE_LOAD = 0x2000
BARE_AT = (3, (0, 1, 2))
"""Cylinder, and heads, that the bare guest writes record 1 of."""
BARE_RECORD = 800
BARE_LINE = 16

GUEST = """
BARE     CSECT
         USING BARE,12
LOOP     MVC   LINE,BLANKS
         LA    8,X'009'
         LA    7,READ
         BAL   9,DOIO
         MVC   DATA(16),LINE
         MVC   DATA+16(256),DATA
         MVC   DATA+272(256),DATA+256
         MVC   DATA+528(256),DATA+512
         MVC   DATA+784(16),DATA
         LA    8,X'191'
         LA    7,WRITE
         BAL   9,DOIO
         LA    8,X'009'
         LA    7,TYPE
         BAL   9,DOIO
         B     LOOP
DOIO     ST    7,72
RETRY    SIO   0(8)
         BC    2,RETRY
         BC    4,STORED
         BC    1,GONE
AWAIT    LPSW  WAITING
LOOK     TM    68,X'02'
         BO    GONE
         TM    68,X'04'
         BCR   1,9
         B     AWAIT
STORED   TM    68,X'02'
         BO    GONE
         TM    68,X'04'
         BCR   1,9
         B     RETRY
GONE     LPSW  DEAD
         DS    0D
WAITING  DC    X'FE02000000000000'
DEAD     DC    X'000200000000DEAD'
READ     CCW   X'0A',LINE,X'20',16
TYPE     CCW   X'09',DONE,X'20',21
WRITE    CCW   X'07',SEEK0,X'40',6
SEARCH0  CCW   X'31',SEEK0+2,X'40',5
         CCW   X'08',SEARCH0,0,0
         CCW   X'05',DATA,X'40',800
         CCW   X'07',SEEK1,X'40',6
SEARCH1  CCW   X'31',SEEK1+2,X'40',5
         CCW   X'08',SEARCH1,0,0
         CCW   X'05',DATA,X'40',800
         CCW   X'07',SEEK2,X'40',6
SEARCH2  CCW   X'31',SEEK2+2,X'40',5
         CCW   X'08',SEARCH2,0,0
         CCW   X'05',DATA,0,800
SEEK0    DC    X'00000003000001'
SEEK1    DC    X'00000003000101'
SEEK2    DC    X'00000003000201'
DONE     DC    C'DONE '
LINE     DC    CL16' '
BLANKS   DC    CL16' '
DATA     DC    800X'00'
         END   BARE
"""
"""Writes each line that is typed all over three records, in one channel program, and says when that is done."""


def line(source: int, number: int) -> str:
    """A line of a source file; NUMBER counts from 1."""
    text = f"SOURCE {source} LINE {number} OF {LENGTHS[source]} "
    return text + "X" * (number * 7 % 40)


def lines(source: int) -> list[str]:
    """All lines of a source file."""
    return [line(source, number) for number in range(1, LENGTHS[source] + 1)]


def told(found: Sequence[str]) -> str:
    """What these lines are: the number of a source, `lines n` of a log, or why they are neither."""
    if found and (match := re.match(r"SOURCE (\d) ", found[0])):
        source = int(match[1])
        if [text.rstrip() for text in found] == [text.rstrip() for text in lines(source)]:
            return str(source)
        return f"torn: {len(found)} lines of source {source}"
    if [text.rstrip() for text in found] == [f"ENTRY {number}" for number in range(1, len(found) + 1)]:
        return f"lines {len(found)}"
    return f"strange: {len(found)} lines, {found[:1]}"


def source_of(which: str) -> str:
    """The directory with the users of a set."""
    text = [
        f"VOLUME {VOLUME} {DEVICE} {1 + CYLINDERS * len(OWN)}",
        f"VOLUME {FOLDER_VOLUME} {DEVICE} {folder_cylinders()}",
        *users.directory_source().splitlines(),
    ]
    for index, user in enumerate(OWN):
        text += [
            f"USER {user} {user} 1M 16M {CLASSES.get(user, 'G')}",
            f" ACCOUNT 1 {user}",
            " CONSOLE 009 3215",
            " SPOOL 00C 2540 READER *",
            " SPOOL 00D 2540 PUNCH A",
            " SPOOL 00E 1403 A",
            " LINK MAINT 190 190 RR",
            f" MDISK 191 {DEVICE} {1 + CYLINDERS * index:03d} {CYLINDERS:03d} {VOLUME} MR",
        ]
        if user == "TAPER":
            text.append(" DEDICATE 181 180")
        if user == "FOLDER":
            text.append(f" MDISK 293 {DEVICE} 000 {folder_cylinders()} {FOLDER_VOLUME} MR")
    text += [f"USER {which}{number:02d} NOLOG 64K 64K G" for number in range(MEMBERS)]
    return "\n".join(text) + "\n"


def folder_cylinders() -> int:
    """How large a folder is as a disk of this type."""
    return -(-MOST_BLOCKS // blocks_per_cylinder(GEOMETRY[DEVICE]))


def kept(source: str) -> str:
    """A source that leaves all passwords as they are."""
    return re.sub(r"(?m)^(USER \S+) (?!NOLOG)\S+", r"\1 *", source)


def make(folder: Path, new: Path | None = None) -> None:
    """Make the system, of a copy of the NEW one if there is one, and beside it what a renewal of its CMS needs."""
    password._COST = CHEAP
    if new is not None:
        shutil.copytree(new, folder)
    else:
        sysgen.prepare(folder)
    (folder / FOLDER).mkdir()
    (folder / "folders").write_text(f"{FOLDER_VOLUME} {FOLDER}\n")
    (folder / "tapes").mkdir()
    (folder / TAPE).write_bytes(b"")
    (folder / "devices").write_text(
        f"00E 1403 spool folder=printer nosep class=A\n180 3420 {TAPE} format=aws\n", encoding="ascii"
    )
    database = Database(folder / DATABASE, (DIRECTORY_SCHEMA, SAVED_SCHEMA))
    store = DirectoryStore(database)
    direct.install(folder, store, direct.check(source_of("A"), store.present()))
    _save_guest(SavedSystems(database, folder))
    database.close()
    _write_disks(folder)
    with (folder.parent / BUILT).open("wb") as file:
        pickle.dump(_built(folder), file)


def _built(folder: Path) -> systemdisk.Built:
    """The CMS system disk that is there."""
    _, _, files = systemdisk._noted(folder)
    place = next(place for place in users.places() if place.vaddr == "190")
    heads = GEOMETRY[DEVICE].heads
    with Volume.open(System.volume_path(folder, users.VOLUME)) as volume:
        disk = volume.minidisk(place.start, place.cylinders)
        tracks = [(cyl, head, disk.read(cyl, head)) for cyl in range(place.cylinders) for head in range(heads)]
    return systemdisk.Built(tracks, tuple(files))


def _write_disks(folder: Path) -> None:
    files = {(f"SRC{number}", "DATA"): "\n".join(lines(number)) + "\n" for number in range(len(LENGTHS))}
    volume = Volume.open(System.volume_path(folder, VOLUME))
    for index, user in enumerate(OWN):
        disk = volume.minidisk(1 + CYLINDERS * index, CYLINDERS)
        tracks: Iterable[tuple[int, int, bytes]] = empty_disk(CYLINDERS, user[:6], files).tracks()
        if user == "EDFER":
            for cyl, head, image in edfdisk.empty_tracks(DEVICE, CYLINDERS, user, 1024):
                disk.write(cyl, head, image)
            change = edfdisk.EDFChange(of_tracks(disk.read, GEOMETRY[DEVICE], _label(disk.read(0, 0))))
            for number in range(len(LENGTHS)):
                change.write(f"SRC{number}", "DATA", "A1", [to_ebcdic(text) for text in lines(number)], "V")
            tracks = list(change.tracks(GEOMETRY[DEVICE], disk.read))
        for cyl, head, image in tracks:
            disk.write(cyl, head, image)
    volume.commit()
    volume.close()
    first = {place.userid: place for place in users.places() if place.vaddr == "191"}
    volume = Volume.open(System.volume_path(folder, users.VOLUME))
    for user in ("CMSUSER", "MAINT"):
        place = first[user]
        disk = volume.minidisk(place.start, place.cylinders)
        whole: CMSDisk = empty_disk(place.cylinders, user[:6], files)
        if user == "MAINT":
            for which in SETS:
                cards = [to_ebcdic(text.ljust(80)[:80]) for text in kept(source_of(which)).splitlines()]
                whole.write(f"SET{which}", "DIRECT", "A1", cards)
        for cyl, head, image in whole.tracks():
            disk.write(cyl, head, image)
    volume.commit()
    volume.close()


def _label(first: bytes) -> bytes:
    label = edf_label(first)
    assert label is not None
    return label


def _save_guest(saved: SavedSystems) -> None:
    """IPL BARE starts the guest, whose base register is loaded."""
    program = assemble(GUEST)
    assert program.return_code == 0, program.messages
    storage = program.image(BARE_LOAD).data.ljust(2 * PAGE, b"\0")
    low = bytearray(PAGE)
    low[0x78:0x80] = PSW(address=BARE_LOAD + program.symbols["LOOK"].value).to_bytes()
    general = [0] * 16
    general[12] = BARE_LOAD
    state = State(PSW(address=BARE_LOAD).to_bytes(), tuple(general), (0,) * 4, (0xE0,) + (0xFFFFFFFF,) + (0,) * 14)
    first = BARE_LOAD // PAGE
    ranges = (PageRange(0, 0, "EW"), PageRange(first, first + 1, "EW"))
    pages = [bytes(low), storage[:PAGE], storage[PAGE:]]
    keys = bytes(len(pages) * PAGE // BLOCK)
    saved.save(SavedSystem("BARE", ranges, minimum=1 << 16, creator="MAINT", state=state, keys=keys), pages)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
