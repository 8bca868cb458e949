"""The directory of a running system: profiles, temporary disks, real devices, and its exchange for another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm.cp.database import Database
from cpvm.cp.direct import InstallError, install, messages
from cpvm.cp.directory import (
    ConsoleEntry,
    DedicateEntry,
    SpecialEntry,
    SpoolEntry,
    TemporaryEntry,
    VolumeEntry,
)
from cpvm.cp.directory_source import DirectoryError, read_directory
from cpvm.cp.directory_store import SCHEMA, DirectoryStore
from cpvm.cp.savedsys import SCHEMA as SAVED
from cpvm.cp.savedsys import PageRange, SavedSystems
from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.machine.devices.tape import Tape
from cpvm.machine.media.label import label_track
from cpvm.machine.media.volume import Volume
from tests.cp.calling import Guest
from tests.cp.helper import DIRECTORY, Site


def plain(password: str) -> str:
    return f"hash of {password}"


def test_messages_have_no_control_characters() -> None:
    with pytest.raises(DirectoryError) as found:
        read_directory("USER A A\n\x1b[2J\n", plain)
    assert messages(found.value) == ["DMKDIR751E LINE 2: UNKNOWN STATEMENT  [2J"]


def test_profiles_are_included_and_overridden() -> None:
    source = """\
DIRECTORY 150 3350 V1
PROFILE STANDARD
 ACCOUNT 7
 IPL CMS PARM AUTOCR
 OPTION ECMODE
 CONSOLE 009 3270
 SPOOL 00C 2540 READ A
 SPOOL 00E 1403 A
USER A A
 INCLUDE STANDARD
 SPOOL 00E 3211 B
 OPTION BMX CPUID 00BEEF AFFINITY 1 MAXCONN 20
USER B B
 INCLUDE STANDARD
"""
    users = read_directory(source, plain).users
    assert users["A"].devices == (ConsoleEntry(9, "3270"), SpoolEntry(12, "2540R", "A"), SpoolEntry(14, "3211", "B"))
    assert users["B"].devices[-1] == SpoolEntry(14, "1403", "A")
    assert users["A"].options == ("ECMODE", "BMX")
    assert (users["A"].cpuid, users["A"].affinity, users["A"].connections) == ("00BEEF", 1, 20)
    assert users["A"].ipl == "CMS PARM AUTOCR"
    assert (users["A"].account, users["B"].distribution) == ("7", "B")


def test_devices_of_all_kinds() -> None:
    source = """\
USER A A
 CONSOLE 009 3215 T BOSS
 MDISK 192 3350 T-DISK 5
 SPECIAL 0FF TIMER
 SPECIAL 0A0 3270 DESK1
 DEDICATE 181 580
 DEDICATE 340 VM50-1 R/O
 DEDICATE 090
 IUCV ANY
"""
    user = read_directory(source, plain).users["A"]
    assert user.devices == (
        ConsoleEntry(0x009, "3215", "T", "BOSS"),
        DedicateEntry(0x090, raddr=0x090),
        SpecialEntry(0x0A0, "3270", "DESK1"),
        SpecialEntry(0x0FF, "TIMER"),
        DedicateEntry(0x181, raddr=0x580),
        TemporaryEntry(0x192, "3350", 5),
        DedicateEntry(0x340, volid="VM50-1", read_only=True),
    )
    assert user.iucv == ("ANY",)


def test_named_systems_have_pages() -> None:
    first = "NAMESYS CMS SYSSIZE=256K VSYSADR=190 SYSPGNM=(0-34) SYSHRSG=(1)"
    source = f"{first}\nNAMESYS SEG SYSPGNM=(3840-3855) SEGMENT\nUSER A A\n"
    cms, segment = read_directory(source, plain).saved
    assert cms.ranges == (PageRange(0, 15, "EW"), PageRange(16, 31, "SW"), PageRange(32, 34, "EW"))
    assert (cms.minimum, cms.segment, segment.segment) == (256 * 1024, False, True)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("USER A A\nINCLUDE NONE\n", "line 2: profile NONE is not defined before this user"),
        ("PROFILE P\nMDISK 191 3350 1 1 V1\nUSER A A\n", "line 2: MDISK cannot stand in a profile"),
        (
            "PROFILE P\nSPOOL 00C 99\nUSER A A\nINCLUDE P\nUSER B B\nINCLUDE P\n",
            "line 2: unknown unit record device type 99",
        ),
        ("PROFILE P\nPROFILE P\nUSER A A\n", "line 2: profile P is defined twice"),
        ("USER A A\nVOLUME V1 3350 10\n", "line 2: VOLUME belongs before the first USER statement"),
        ("VOLUME V1 3350 10 FOO\nUSER A A\n", "line 1: invalid operand FOO"),
        ("VOLUME T1 3350 10 TDSK\nUSER A A\nMDISK 191 3350 1 1 T1\n", "line 3: volume T1 is for temporary disks"),
        ("USER A *\n", "line 1: A has no password yet that could stay"),
        ("USER ALL ALL\n", "line 1: invalid userid ALL"),
        ("NAMESYS X SYSPGNM=(5-1)\nUSER A A\n", "line 1: invalid numbers (5-1)"),
        ("NAMESYS X SYSHRSG=(1)\nUSER A A\n", "line 1: SYSPGNM says which pages are saved"),
        ("NAMESYS 19A 190\nUSER A A\n", "line 1: invalid system name 19A"),
        ("USER A A\nDEDICATE 181 TOOLONGNAME\n", "line 2: invalid operand TOOLONGNAME"),
        ("USER A A\nSPECIAL 080 9999\n", "line 2: unknown special device type 9999"),
        ("USER A A\nSPECIAL 080 3270 1X\n", "line 2: invalid name of a terminal 1X"),
        ("USER A A\nOPTION AFFINITY X\n", "line 2: INVALID OPERAND - X"),
        ("USER A A\nIPL CMS FOO\n", "line 2: invalid operand FOO"),
        (f"USER A A\nIPL CMS PARM {'X' * 60}\n", "line 2: the statement goes on beyond column 71"),
        ("INCLUDE P\n", "line 1: no USER statement before this statement"),
    ],
)
def test_errors_name_the_line(source: str, expected: str) -> None:
    with pytest.raises(DirectoryError) as raised:
        read_directory(source, plain)
    assert raised.value.errors == [expected]
    assert messages(raised.value)[0].startswith("DMKDIR75")


def test_the_whole_volume_overlaps_with_nothing() -> None:
    source = "VOLUME V1 3350 20\nUSER A A\nMDISK 123 3350 0 20 V1\nMDISK 191 3350 1 5 V1\nMDISK 192 3350 5 5 V1\n"
    with pytest.raises(DirectoryError) as raised:
        read_directory(source, plain)
    assert raised.value.errors == ["line 5: A 192 overlaps A 191 of line 4 on V1"]


def test_passwords_and_volumes_may_stay(tmp_path: Path) -> None:
    database = Database(tmp_path / "d.sqlite", (SCHEMA, SAVED), create=True)
    store = DirectoryStore(database)
    store.replace(read_directory("VOLUME V1 3350 10\nUSER A A\nMDISK 191 3350 1 2 V1 MR RPW WPW\n", plain))
    source = "USER A * 2M\nMDISK 191 3350 1 2 V1 MR * * MPW\n"
    store.replace(read_directory(source, plain, store.present()))
    assert store.password_hash("A") == "hash of A"
    assert store.well_known("A")
    disk = store.users["A"].minidisk(0x191)
    assert disk is not None
    assert (disk.read_password, disk.write_password, disk.mult_password) == (
        "hash of RPW",
        "hash of WPW",
        "hash of MPW",
    )
    assert store.volumes == {"V1": VolumeEntry("V1", "3350", 10)}
    with pytest.raises(DirectoryError, match="volume V1 is there: a 3350 of 10 cylinders"):
        read_directory("VOLUME V1 3350 11\nUSER A A\n", plain, store.present())


def test_a_volume_left_by_a_kill_is_made_anew(tmp_path: Path) -> None:
    """DIRECT makes volumes before the directory has them; somebody corrects the source before trying again."""
    System.create(tmp_path, DIRECTORY)
    path = tmp_path / "volumes" / "NEW001.volume"
    database = Database(tmp_path / "cp.sqlite", (SCHEMA, SAVED))
    store = DirectoryStore(database)
    source = read_directory(DIRECTORY.replace("VOLUME", "VOLUME NEW001 3350 30\nVOLUME", 1))
    Volume.create(path, "3330", "NEW001", cylinders=20).close()
    install(tmp_path, store, source)
    with Volume.open(path) as made:
        assert (made.device_type, made.cylinders) == ("3350", 30)
        made.write(1, 1, label_track("X"))
        made.commit()
    install(tmp_path, store, source)  # which the directory knows
    store.replace(read_directory(DIRECTORY))
    store.remove_volume("NEW001")
    other = read_directory(DIRECTORY.replace("VOLUME", "VOLUME NEW001 3330 20\nVOLUME", 1))
    with pytest.raises(InstallError, match="NEW001 is there already, a 3350 of 30 cylinders"):
        install(tmp_path, store, other)
    assert "NEW001" not in store.volumes
    install(tmp_path, store, source)
    with Volume.open(path, read_only=True) as kept:
        assert kept.changed() == [0, 31]
    database.close()


def test_definitions_go_with_the_directory(tmp_path: Path) -> None:
    database = Database(tmp_path / "d.sqlite", (SCHEMA, SAVED), create=True)
    store = DirectoryStore(database)
    store.replace(read_directory("NAMESYS SEG SYSPGNM=(1-2) SEGMENT\nUSER A A\n", plain))
    saved = SavedSystems(database, tmp_path)
    skeleton = saved.skeleton("SEG")
    assert skeleton is not None and not skeleton.file
    assert saved.get("SEG") is None


# ---- in a running system


def test_another_process_installs_a_directory(site: Site) -> None:
    """As `cpvm directory install` does it."""
    user = site.logon("CMSUSER")
    other = Database(site.folder / "cp.sqlite", (SCHEMA, SAVED))
    store = DirectoryStore(other)
    source = (
        DIRECTORY.replace("MAINT CPCMS", "MAINT *")
        + "USER NEWUSER NEWUSER\nCONSOLE 009 3215\nMDISK 191 3350 1 3 NEW001\n"
    )
    directory = read_directory("VOLUME NEW001 3350 5\n" + source, there=store.present())
    install(site.folder, store, directory)
    other.close()
    new = site.logon("NEWUSER")
    assert new.type("QUERY V DASD") == ["DASD 191 3350 NEW001 R/W  003 CYL"]
    site.logon("MAINT", "CPCMS")
    assert any("DMKUDR476I" in line for line in site.system.log.lines)
    assert user.type("QUERY TIME")[0].startswith("TIME IS")


def test_a_directory_is_replaced_as_a_whole(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    database = Database(tmp_path / "cp.sqlite", (SCHEMA, SAVED))
    store = DirectoryStore(database)
    before = dict(store.users)
    directory = read_directory("USER A A\n", plain)
    directory.passwords.clear()  # fails in the middle
    with pytest.raises(KeyError):
        store.replace(directory)
    assert DirectoryStore(database).users == before


def cards(source: str) -> bytes:
    return b"".join(line.ljust(80)[:80].encode("cp037") for line in source.splitlines())


def test_diagnose_13c_installs(site: Site) -> None:
    terminal = site.logon("MAINT", "CPCMS")
    guest = Guest(site, terminal, "MAINT")
    text = cards(DIRECTORY.replace("¢", " "))
    guest.put(0x10000, text)
    guest.call(0x13C, 2, 4, r2=0x10000, r4=len(text) | 0x80000000)
    assert "EOJ DIRECTORY CHECKED" in terminal.transcript
    wrong = cards(DIRECTORY + "USER X X\nMDISK 191 3350 30 5 TEST01\nFOO\n")
    guest.put(0x10000, wrong)
    assert guest.call(0x13C, 2, 4, r2=0x10000, r4=len(wrong)) == 1
    assert guest.get(4) == 2
    assert f"DMKDIR751E LINE {len(wrong) // 80}: UNKNOWN STATEMENT FOO" in terminal.transcript
    assert "EOJ DIRECTORY NOT UPDATED" in terminal.transcript
    right = cards(DIRECTORY + "USER X X\nCONSOLE 009 3215\n")
    guest.put(0x10000, right)
    assert guest.call(0x13C, 2, 4, r2=0x10000, r4=len(right)) == 0
    assert "EOJ DIRECTORY UPDATED AND ON LINE" in terminal.transcript
    site.logon("X")


# ---- temporary disks


@pytest.fixture
def with_space(tmp_path: Path) -> Site:
    System.create(tmp_path, "VOLUME SCR001 3350 21 TDSK\n" + DIRECTORY)
    return Site(tmp_path)


def test_temporary_disks_come_and_go(with_space: Site) -> None:
    site = with_space
    one, other = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    assert one.type("DEFINE T3350 AS 192 CYL 10") == ["DASD 192 DEFINED 010 CYL"]
    assert one.type("QUERY V 192") == ["DASD 192 3350 (TEMP) R/W  010 CYL"]
    assert other.type("DEFINE T3350 192 11") == [
        "DMKDEF091E DASD 192 NOT DEFINED; YOUR LIMIT OF TEMP SPACE IS 10 CYLINDERS"
    ]
    assert other.type("DEFINE T3350 AS 192 CYL 10") == ["DASD 192 DEFINED 010 CYL"]
    assert one.type("DEFINE T3330 AS 193 CYL 1")[0].startswith("DMKDEF091E")
    assert one.type("DEFINE T3350 AS 191 CYL 1")[0].startswith("DMKDEF092E")
    disks = site.system.minidisks.temporary.disks
    assert [(disk.user, disk.start) for disk in disks] == [("CMSUSER", 1), ("USER01", 11)]
    device = site.system.users["CMSUSER"].machine.device(0x192)
    disks[0].tracks.write(0, 0, label_track("SECRET"))
    assert device is not None
    one.type("DETACH 192")
    assert one.type("DEFINE T3350 AS 195 CYL 5") == ["DASD 195 DEFINED 005 CYL"]
    assert len(disks[-1].tracks.read(0, 0)) < 60, "what was on the disk is erased"
    other.type("LOGOFF", ReadState.LOGON)
    one.type("LOGOFF", ReadState.LOGON)
    assert site.system.minidisks.temporary.disks == []
    site.system.shutdown()


def test_the_directory_gives_temporary_disks(tmp_path: Path) -> None:
    source = "VOLUME SCR001 3350 21 TDSK\n" + DIRECTORY + "USER A A\nCONSOLE 009 3215\nMDISK 195 3350 T-DISK 5\n"
    System.create(tmp_path, source)
    site = Site(tmp_path)
    assert site.logon("A").type("QUERY V DASD") == ["DASD 195 3350 (TEMP) R/W  005 CYL"]
    site.system.shutdown()
    again = Site(tmp_path)
    assert again.logon("A").type("QUERY V DASD") == ["DASD 195 3350 (TEMP) R/W  005 CYL"]
    again.system.shutdown()


# ---- real devices


def real_site(folder: Path, extra: str = "") -> Site:
    System.create(folder, DIRECTORY + extra)
    Volume.create(folder / "other.volume", "3350", "OTHER1", cylinders=10).close()
    (folder / "cards").write_bytes(b"\x40" * 160)
    (folder / "devices").write_text(
        "340 3350 other.volume\n580 3420\n00C 3505 cards  # a reader\n999 nonsense\n580 3420\n", encoding="utf-8"
    )
    return Site(folder)


def test_wrong_lines_are_told(tmp_path: Path) -> None:
    site = real_site(tmp_path)
    told = [line for line in site.system.log.lines if "955E" in line]
    assert [line.split("DMKCPI955E ")[1] for line in told] == [
        "devices LINE 4; NONSENSE IS NOT A DEVICE TYPE",
        "devices LINE 5; 580 IS DEFINED TWICE",
    ]
    site.system.shutdown()


def test_devices_are_attached_and_detached(tmp_path: Path) -> None:
    site = real_site(tmp_path)
    operator, user = site.logon("MAINT", "CPCMS"), site.logon("CMSUSER")
    assert operator.type("ATTACH 580 TO CMSUSER AS 181") == ["TAPE 580 ATTACHED TO CMSUSER  181"]
    assert "TAPE 181 ATTACHED BY MAINT" in user.type("QUERY V 181") + user.transcript
    assert operator.type("ATTACH 580 *") == ["DMKVDS122E TAPE 580 ALREADY ATTACHED TO CMSUSER"]
    assert operator.type("ATTACH 150 *")[0].startswith("DMKVDS140E")
    assert operator.type("ATTACH 777 *") == ["DMKVDS040E DEVICE 777 DOES NOT EXIST"]
    assert operator.type("ATTACH ZZZ *") == ["DMKVDS021E RADDR MISSING OR INVALID"]
    assert operator.type("ATTACH 340 CMSUSER 191") == ["DMKVDS092E 191 ALREADY DEFINED"]
    assert operator.type("ATTACH 340 USER01 291") == ["DMKVDS045E USER01 NOT LOGGED ON"]
    assert operator.type("ATTACH 340 CMSUSER 291 R/O") == ["DASD 340 ATTACHED TO CMSUSER  291 R/O"]
    assert operator.type("DETACH 580 FROM CMSUSER") == ["TAPE 580 DETACHED CMSUSER"]
    assert operator.type("DETACH 580 CMSUSER")[0].startswith("DMKVDD049E")
    user.type("LOGOFF", ReadState.LOGON)
    assert operator.type("ATTACH 340 * 340") == ["DASD 340 ATTACHED TO MAINT    340"]
    assert operator.type("DETACH 340") == ["DASD 340 DETACHED"]
    assert user.transcript.count("TAPE 181 ATTACHED BY MAINT") == 1
    site.system.shutdown()


def test_a_disk_is_attached_to_the_system(tmp_path: Path) -> None:
    extra = "USER A A\nCONSOLE 009 3215\nMDISK 191 3350 1 5 OTHER1 MR\n"
    System.create(tmp_path / "s", "VOLUME OTHER1 3350 10\n" + DIRECTORY + extra)
    (tmp_path / "s/volumes/OTHER1.volume").rename(tmp_path / "s/other.volume")
    (tmp_path / "s/devices").write_text("340 3350 other.volume\n580 3420\n", encoding="utf-8")
    site = Site(tmp_path / "s")
    operator = site.logon("MAINT", "CPCMS")
    user = site.logon("A")
    assert any("DMKLNK108E" in line for line in user.transcript)
    user.type("LOGOFF", ReadState.LOGON)
    assert operator.type("ATTACH 580 SYSTEM OTHER1")[0].startswith("DMKVDS002E")
    assert operator.type("ATTACH 340 SYSTEM NONE01")[0].startswith("DMKVDS120E")
    assert operator.type("ATTACH 340 TO SYSTEM AS OTHER1") == ["DASD 340 ATTACHED TO SYSTEM   OTHER1"]
    user = site.logon("A")
    assert user.type("QUERY V DASD") == ["DASD 191 3350 OTHER1 R/W  005 CYL"]
    assert operator.type("DETACH 340 FROM SYSTEM")[0] == "DMKVDD120E DASD 340 NOT ATTACHED; IN USE BY 001 USERS"
    user.type("LOGOFF", ReadState.LOGON)
    assert operator.type("DETACH 340 FROM SYSTEM") == ["DASD 340 DETACHED SYSTEM"]
    site.system.shutdown()


def test_the_directory_dedicates(tmp_path: Path) -> None:
    extra = (
        "USER A A\nCONSOLE 009 3215\nDEDICATE 181 580\nDEDICATE 292 OTHER1 R/O\nDEDICATE 293 NONE01\nSPECIAL 0F0 2741\n"
    )
    site = real_site(tmp_path, extra)
    user = site.logon("A")
    assert any("DMKLOG126E VOLID NONE01 NOT MOUNTED" in line for line in user.transcript)
    operator = site.logon("MAINT", "CPCMS")
    assert operator.type("ATTACH 580 *")[0].startswith("DMKVDS122E")
    assert operator.type("ATTACH 340 *")[0].startswith("DMKVDS122E")
    site.system.shutdown()


# ---- LINK


def test_wrong_link_passwords_count_on_after_logon(site: Site) -> None:
    for _ in range(2):
        user = site.logon("CMSUSER")
        for _ in range(5):
            assert user.type("LINK MAINT 191 291 R WRONG")[0].startswith("DMKLNK114E")
        user.type("LOGOFF", ReadState.LOGON)
    user = site.logon("CMSUSER")
    assert user.type("LINK MAINT 191 291 R READIT") == ["DMKLNK115E LINK INVALID; EXCESSIVE INCORRECT PASSWORDS"]
    assert site.logon("USER01", "SECRET").type("LINK MAINT 191 291 R READIT")[0].startswith("DASD 291 LINKED R/O")


def test_media_are_changed(tmp_path: Path) -> None:
    site = real_site(tmp_path)
    (tmp_path / "media").mkdir()
    operator, user = site.logon("MAINT", "CPCMS"), site.logon("CMSUSER")
    operator.type("ATTACH 580 TO CMSUSER AS 181")
    tape = site.system.users["CMSUSER"].machine.device(0x181)
    assert isinstance(tape, Tape)
    assert tape.store is None
    assert operator.type("MOUNT 580 new.aws") == ["TAPE 580 MOUNTED new.aws"]
    assert tape.store is not None
    assert tape.store.path == tmp_path / "media/new.aws"
    assert operator.type("MOUNT 580 other.aws") == ["TAPE 580 MOUNTED other.aws"]
    assert operator.type("MOUNT 580 none.txt")[0].startswith("DMKMNT892E TAPE 580 NOT CHANGED; ")
    assert operator.type("DISMOUNT 580") == ["TAPE 580 DISMOUNTED"]
    assert tape.store is None
    for name in ("../cp.sqlite", "/etc/passwd", "a/../../cp.sqlite"):
        assert "IS NOT IN THE FOLDER MEDIA" in operator.type(f"MOUNT 580 {name}")[0]
    assert operator.type("MOUNT 150 x.aws")[0].startswith("DMKMNT140E")
    assert operator.type("MOUNT 580")[0].startswith("DMKMNT024E")
    operator.type("DETACH 580 FROM CMSUSER")
    (tmp_path / "media/old.aws").write_bytes(bytes.fromhex("000000004000"))  # a tape mark
    assert operator.type("MOUNT 580 old.aws") == ["TAPE 580 MOUNTED old.aws"]
    operator.type("ATTACH 580 TO CMSUSER AS 182 R/O")
    tape = site.system.users["CMSUSER"].machine.device(0x182)
    assert isinstance(tape, Tape)
    assert tape.store is not None
    assert tape.store.read_only
    assert user.type("MOUNT 580 new.aws")[-1].startswith("DMKCFM001E")
    site.system.shutdown()


def test_options_hold_from_logon_on(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY + "USER A A\nOPTION ISAM AFFINITY 0 REALTIMER\nCONSOLE 009 3215 T MAINT\n")
    site = Site(tmp_path)
    lines = "\n".join(site.logon("A").type("QUERY SET"))
    assert "ISAM ON" in lines
    assert "TIMER REAL" in lines
    assert "AFFINITY 00" in lines
    assert site.system.users["A"].secondary == "MAINT"
    site.system.shutdown()
