"""Limits on what users take: directory, system.config, SET LIMIT, QUERY LIMITS, and what happens at each of them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from cpvm.cp import limits
from cpvm.cp.directory_source import DirectoryError, read_directory
from cpvm.cp.directory_text import source_of
from cpvm.cp.spool import Spool
from cpvm.cp.spoolwriter import MOST_GATHERED
from cpvm.cp.sysconfig import read_configuration
from cpvm.cp.system import System
from cpvm.cp.vspool import Output
from cpvm.machine.device import NotReadyError
from cpvm.s370.ebcdic import to_ebcdic

from .helper import DIRECTORY, FakeTerminal, Site

SMALL = DIRECTORY.replace("VOLUME TEST01 3350 60", "VOLUME TEST01 3350 60\nVOLUME SCRATC 3350 41 TDSK")
CARD = to_ebcdic("DATA".ljust(80))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes a system with T-disk space, from these lines of system.config and statements of CMSUSER."""
    made: list[Site] = []

    def make(*config: str, of_user: str = "") -> Site:
        source = SMALL.replace("ACCOUNT 3 BIN3", f"ACCOUNT 3 BIN3\n{of_user}") if of_user else SMALL
        System.create(tmp_path, source)
        (tmp_path / "system.config").write_text("".join(f"{line}\n" for line in config))
        made.append(Site(tmp_path))
        return made[0]

    yield make
    for site in made:
        site.system.shutdown()


def device(site: Site, userid: str, vaddr: int) -> Output:
    block = site.system.users[userid].devices[vaddr]
    assert isinstance(block, Output)
    return block


def punch(site: Site, userid: str, vaddr: int = 0x00D, cards: int = 1) -> bool:
    """Punch cards; False if the punch is not ready."""
    taken = 0

    def run() -> None:
        nonlocal taken
        with contextlib.suppress(NotReadyError):
            for _ in range(cards):
                device(site, userid, vaddr).card(CARD)
                taken += 1

    site.on_cp(run)
    return taken == cards


def make_file(site: Site, user: FakeTerminal, userid: str) -> bool:
    """Punch one card and close; False if there is no room."""
    if not punch(site, userid):
        return False
    user.type("CLOSE PUN")
    return True


# What is said, and where


def test_sizes_and_numbers_are_read_and_shown() -> None:
    assert limits.SPOOL_SPACE.parse("3M") == 3 << 20
    assert limits.SPOOL_SPACE.parse("2048K") == 2 << 20
    assert limits.SPOOL_SPACE.parse("1G") == 1 << 30
    assert limits.TDISK.parse("NOLIMIT") is None
    assert limits.RESERVE.parse("0") == limits.RESERVE.parse("0K") == 0
    for value in (0, 1, 1023, 1024, 1 << 20, 3 << 20, 1 << 30, 5 << 30):
        shown = limits.STORAGE.shown(value)
        assert limits.Kind("X", 0, 1 << 40, "", sized=True).parse(shown) == -(-value // 1024) * 1024
    for kind, word in (
        (limits.SPOOL_SPACE, "3"),
        (limits.SPOOL_SPACE, "1K"),
        (limits.SPOOL_SPACE, "99999999G"),
        (limits.SPOOL_FILES, "0"),
        (limits.SPOOL_FILES, "9901"),
        (limits.SPOOL_FILES, "-1"),
        (limits.SPOOL_FILES, "\u0663"),
        (limits.DEVICES, "1M"),
        (limits.DEVICES, ""),
    ):
        with pytest.raises(limits.LimitError):
            kind.parse(word)


def test_the_directory_has_limits_which_survive_being_written_out(small: Callable[..., Site]) -> None:
    site = small(of_user=" LIMIT TDISK 7 DEVICES NOLIMIT\n LIMIT SPOOLSPACE 5M\n SPOOLFILE MAXSPOOL 12")
    user = site.logon("CMSUSER")
    assert user.type("QUERY LIMITS") == [
        "SPOOLFILES LIMIT 12       USED 0 FILES",
        "SPOOLSPACE LIMIT 5M       USED 0K",
        "TDISK      LIMIT 7        USED 0 CYL",
        "DEVICES    LIMIT NOLIMIT  USED 6 DEVICES",
    ]
    text = source_of(site.system.directory).replace(" * ", " NOLOG ")
    assert " LIMIT TDISK 7\n LIMIT DEVICES NOLIMIT\n LIMIT SPOOLSPACE 5M\n LIMIT SPOOLFILES 12\n" in text
    again = read_directory(text, there=site.system.directory.present())
    assert again.users["CMSUSER"].limits == site.system.directory.users["CMSUSER"].limits


def test_a_profile_has_limits_and_the_last_one_holds() -> None:
    source = "VOLUME V 3350 60\nPROFILE P\nLIMIT TDISK 1 DEVICES 9\nUSER A A\nINCLUDE P\nLIMIT TDISK 2\n"
    assert dict(read_directory(source, lambda word: word).users["A"].limits) == {"TDISK": 2, "DEVICES": 9}


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("LIMIT", "LIMIT [SPOOLFILES"),
        ("LIMIT TDISK", "it is written name value, with one of SPOOLFILES, SPOOLSPACE, TDISK, DEVICES"),
        ("LIMIT STORAGE 4G", "STORAGE is not one of"),
        ("LIMIT SPOOLFILES 0", "SPOOLFILES is from 1 to 9900, not 0"),
        ("LIMIT SPOOLSPACE 12", "SPOOLSPACE is nnnK, nnnM, nnnG or NOLIMIT, not 12"),
        ("SPOOLFILE MAXSPOOL 10000", "10000"),
        ("SPOOLFILE MINSPOOL 1", "invalid operand MINSPOOL"),
    ],
)
def test_wrong_statements(statement: str, error: str) -> None:
    with pytest.raises(DirectoryError) as raised:
        read_directory(f"USER A A\n{statement}\n", lambda word: word)
    assert any(error in text for text in raised.value.errors), raised.value.errors


def test_the_configuration_has_limits(tmp_path: Path) -> None:
    (tmp_path / "system.config").write_text(
        "LIMIT ALL TDISK 5 SPOOLFILES 30\nlimit system users 20\nSPOOL LIMIT 1M\nLIMIT SYSTEM STORAGE NOLIMIT\n"
        "LIMIT\nLIMIT CMSUSER TDISK 5\nLIMIT ALL USERS 5\nLIMIT SYSTEM STORAGE 1K\nLIMIT ALL TDISK\n"
    )
    found = read_configuration(tmp_path)
    assert found.limits == {"TDISK": 5, "SPOOLFILES": 30, "USERS": 20, "SPOOL": 4 << 20, "STORAGE": None}
    assert [line.split("; ")[0] for line in found.messages] == [
        f"DMKCPI955E system.config LINE {number}" for number in range(5, 10)
    ]


def test_set_limit_holds_until_initial(small: Callable[..., Site]) -> None:
    site = small("LIMIT ALL TDISK 9", "LIMIT SYSTEM USERS 3 SPOOL 1G RESERVE 1K", of_user=" LIMIT DEVICES 20")
    operator, user = site.logon("OPERATOR"), site.logon("CMSUSER")

    def shown(who: str, name: str) -> str:
        return next(line for line in operator.type(f"QUERY LIMITS {who}") if line.startswith(f"{name} ")).split()[2]

    assert [shown("CMSUSER", name) for name in ("SPOOLFILES", "SPOOLSPACE", "TDISK", "DEVICES")] == [
        "1000", "128M", "9", "20",
    ]  # fmt: skip
    assert [shown("SYSTEM", name) for name in ("USERS", "SPOOL", "RESERVE")] == ["3", "1G", "1K"]
    assert operator.type("QUERY MAXIMUM") == ["MAXIMUM USERS = 003"]
    operator.type("SET LIMIT ALL TDISK 4")
    operator.type("SET LIMIT ALL DEVICES 4")
    operator.type("SET LIMIT CONVERSATIONAL SPOOLF 5")  # an alias of CMSUSER
    assert [shown("CMSUSER", name) for name in ("SPOOLFILES", "TDISK", "DEVICES")] == ["5", "4", "20"]
    assert [shown("ALL", name) for name in ("SPOOLFILES", "TDISK", "DEVICES")] == ["1000", "4", "4"]
    assert user.type("QUERY LIMITS")[0] == "SPOOLFILES LIMIT 5        USED 0 FILES"
    for command in ("CMSUSER SPOOLFILES INITIAL", "ALL TDISK INIT"):
        operator.type(f"SET LIMIT {command}")
    assert [shown("CMSUSER", name) for name in ("SPOOLFILES", "TDISK")] == ["1000", "9"]
    operator.type("SET LIMIT SYSTEM USERS NOLIMIT")
    assert operator.type("QUERY MAXIMUM") == ["MAXIMUM USERS = NO LIMIT"]
    operator.type("SET LIMIT SYSTEM USERS INITIAL")
    assert operator.type("QUERY MAXIMUM") == ["MAXIMUM USERS = 003"]
    operator.type("SET LIMIT SYSTEM STORAGE 2G")
    assert shown("SYSTEM", "STORAGE") == "2G"


def test_who_may_ask_and_set(small: Callable[..., Site]) -> None:
    site = small()
    operator, user = site.logon("OPERATOR"), site.logon("CMSUSER")
    assert user.type("QUERY LIMITS CMSUSER") == user.type("Q LIM")
    assert user.type("QUERY LIMITS MAINT") == ["DMKCQG002E INVALID OPERAND - MAINT"]
    assert user.type("QUERY LIMITS SYSTEM") == ["DMKCQG002E INVALID OPERAND - SYSTEM"]
    assert user.type("SET LIMIT CMSUSER TDISK NOLIMIT") == ["DMKCFS003E INVALID OPTION - LIMIT"]
    for command, answer in (
        ("SET LIMIT", "DMKCFS020E USERID MISSING OR INVALID"),
        ("SET LIMIT GHOST TDISK 1", "DMKCFS053E GHOST NOT IN CP DIRECTORY"),
        ("SET LIMIT CMSUSER", "DMKCFS026E OPERAND MISSING OR INVALID"),
        ("SET LIMIT CMSUSER TDISK", "DMKCFS026E OPERAND MISSING OR INVALID"),
        ("SET LIMIT CMSUSER STORAGE 1G", "DMKCFS003E INVALID OPTION - STORAGE"),
        ("SET LIMIT SYSTEM TDISK 1", "DMKCFS003E INVALID OPTION - TDISK"),
        ("SET LIMIT CMSUSER TDISK MANY", "DMKCFS002E INVALID OPERAND - MANY"),
        ("SET LIMIT CMSUSER TDISK 1 2", "DMKCFS002E INVALID OPERAND - 2"),
        ("QUERY LIMITS GHOST", "DMKCQG053E GHOST NOT IN CP DIRECTORY"),
        ("QUERY LIMITS MAINT 1", "DMKCQG002E INVALID OPERAND - 1"),
    ):
        assert operator.type(command)[-1] == answer


# The spool


def test_a_user_makes_so_many_spool_files_and_no_more(small: Callable[..., Site]) -> None:
    site = small("LIMIT ALL SPOOLFILES 3")
    user, other = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    user.type("SPOOL PUN TO USER01")
    assert [make_file(site, user, "CMSUSER") for _ in range(3)] == [True] * 3
    assert not punch(site, "CMSUSER")
    user.until_line("DMKVSP427I YOUR SPOOL LIMIT IS REACHED; PUN 00D NOT READY")
    assert "PUN  00D CL A NOCONT NOHOLD COPY 01 NOTREADY" in user.type("QUERY VIRTUAL 00D")[0]
    assert list(site.system.log.lines)[-1].endswith("DMKVSP427I SPOOL LIMIT OF CMSUSER IS REACHED")
    # all other devices, too, and commands; nobody else
    assert not punch(site, "CMSUSER", 0x00E)
    assert "DMKVMD427I SPOOL SPACE FULL; DUMP NOT TAKEN" in user.type("VMDUMP 0-10")
    assert any(line.endswith("427I SPOOL SPACE FULL; DUMP NOT TAKEN") for line in user.type("DUMP 0-10"))
    assert make_file(site, other, "USER01")
    # it is the maker's file, whoever has it; and once it is gone the devices go on
    assert "SPOOLFILES LIMIT 3        USED 3 FILES" in user.type("QUERY LIMITS")
    assert "SPOOLFILES LIMIT 3        USED 1 FILES" in other.type("QUERY LIMITS")
    other.type("PURGE READER ALL")
    site.on_cp(lambda: None)
    assert not device(site, "CMSUSER", 0x00D).full
    assert make_file(site, user, "CMSUSER")
    assert sum("SPOOL LIMIT OF" in line for line in site.system.log.lines) == 1


def test_open_files_count(small: Callable[..., Site]) -> None:
    site = small("LIMIT ALL SPOOLFILES 2")
    user = site.logon("CMSUSER")
    for vaddr in (0x01D, 0x02D):
        user.type(f"DEFINE PUNCH {vaddr:03X}")
    assert punch(site, "CMSUSER")
    assert punch(site, "CMSUSER", 0x01D)
    assert not punch(site, "CMSUSER", 0x02D)
    assert user.type("QUERY LIMITS")[-4].endswith("USED 2 FILES")
    user.type("SPOOL 01D PURGE")
    user.type("CLOSE 01D PURGE")
    assert punch(site, "CMSUSER", 0x02D)


def test_files_take_space_and_a_user_so_much_of_it(small: Callable[..., Site]) -> None:
    site = small(of_user=" LIMIT SPOOLSPACE 1M")
    user = site.logon("CMSUSER")
    user.type("SPOOL PUN TO *")
    numbers = iter(range(1 << 30))

    random = Random(1)

    def fill() -> None:
        with contextlib.suppress(NotReadyError):
            while True:
                device(site, "CMSUSER", 0x00D).card(next(numbers).to_bytes(8, "big") + random.randbytes(72))

    site.on_cp(fill)
    user.until_line("DMKVSP427I YOUR SPOOL LIMIT IS REACHED; PUN 00D NOT READY")
    assert next(numbers) < 20_000
    files, size = site.system.spool.paid("CMSUSER")
    assert files == 1
    assert (1 << 20) * 3 // 4 <= size <= 1 << 20
    site.logon("OPERATOR").type("SET LIMIT CMSUSER SPOOLSPACE 2M")
    site.on_cp(lambda: None)
    assert punch(site, "CMSUSER")
    user.type("CLOSE PUN")
    file = site.system.spool.files("RDR", "CMSUSER")[0]
    assert file.payer == "CMSUSER"
    assert file.bytes == site.system.spool.paid("CMSUSER")[1] > 1 << 20


def test_many_open_files_of_a_user_gather_no_more_than_a_few(small: Callable[..., Site]) -> None:
    site = small(of_user=" LIMIT SPOOLSPACE 50M")
    user = site.logon("CMSUSER")
    punches = range(0x100, 0x11E)
    for vaddr in punches:
        user.type(f"DEFINE PUNCH {vaddr:03X}")
    most = 0
    for _ in range(25):
        for vaddr in punches:
            assert punch(site, "CMSUSER", vaddr, 100)
        most = max(most, site.system.spool.gathered["CMSUSER"])
    assert MOST_GATHERED // 2 < most < MOST_GATHERED + 200
    for vaddr in punches:
        user.type(f"SPOOL {vaddr:03X} TO *")
        user.type(f"CLOSE {vaddr:03X}")
    assert site.system.spool.gathered["CMSUSER"] == 0
    files = site.system.spool.files("RDR", "CMSUSER")
    assert [file.records for file in files] == [2500] * len(punches)
    for file in files:
        assert all(record.data == CARD for record in site.system.spool.records(file.spoolid))
    # without room in the spool none of them takes more
    site.on_cp(lambda: setattr(site.system.spool, "limit", 0))
    site.on_cp(lambda: site.system.spool.gathered.update(CMSUSER=MOST_GATHERED))
    assert not punch(site, "CMSUSER", 0x100)


def test_console_output_goes_on_without_the_spool(small: Callable[..., Site]) -> None:
    site = small("LIMIT ALL SPOOLFILES 1")
    user = site.logon("CMSUSER")
    assert make_file(site, user, "CMSUSER")
    user.type("SPOOL CONSOLE START")
    assert user.type("QUERY VIRTUAL STORAGE") == ["STORAGE = 00256K"]
    user.type("CLOSE CONSOLE")


def test_files_of_older_systems_get_their_size(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    site = Site(tmp_path)
    user = site.logon("CMSUSER")
    assert make_file(site, user, "CMSUSER")
    before = site.system.spool.paid("CMSUSER")
    site.system.shutdown()
    with sqlite3.connect(tmp_path / "cp.sqlite") as db:
        db.execute("DROP INDEX spool_payer")
        for column in ("payer", "bytes"):
            db.execute(f"ALTER TABLE spool_file DROP COLUMN {column}")
    db.close()
    site.restart()
    assert site.system.spool.paid("CMSUSER") == before
    assert before[0] == 1 < before[1]
    site.system.shutdown()


def test_a_host_without_room_is_a_full_spool(site: Site) -> None:
    user = site.logon("CMSUSER")

    def look() -> None:
        site.system.spool._looked = 0.0

    operator = site.logon("OPERATOR")
    operator.type("SET LIMIT SYSTEM RESERVE 1000000G")
    site.on_cp(look)
    assert not punch(site, "CMSUSER")
    user.until_line("DMKVSP427I SPOOL SPACE FULL; PUN 00D NOT READY")
    operator.until_line("SYSTEM TEMP SPACE FULL")
    site.on_cp(look)
    operator.type("SET LIMIT SYSTEM RESERVE INITIAL")
    site.on_cp(lambda: None)
    assert punch(site, "CMSUSER")


def test_the_spool_finds_the_folder_of_its_host(site: Site) -> None:
    assert isinstance(site.system.spool, Spool)
    assert site.system.spool._folder.samefile(site.folder)


# Temporary disks, devices, users


def test_nobody_gets_more_than_half_of_the_temporary_space_unasked(small: Callable[..., Site]) -> None:
    site = small()
    user, other = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    assert user.type("DEFINE T3350 291 15") == ["DASD 291 DEFINED 015 CYL"]
    assert user.type("DEFINE T3350 292 6") == [
        "DMKDEF091E DASD 292 NOT DEFINED; YOUR LIMIT OF TEMP SPACE IS 20 CYLINDERS"
    ]
    assert user.type("DEFINE T3350 292 5") == ["DASD 292 DEFINED 005 CYL"]
    assert "TDISK      LIMIT 20       USED 20 CYL" in user.type("QUERY LIMITS")
    assert other.type("DEFINE T3350 291 20") == ["DASD 291 DEFINED 020 CYL"]
    assert user.type("DETACH 291") == ["DASD 291 DETACHED"]
    site.logon("OPERATOR").type("SET LIMIT CMSUSER TDISK NOLIMIT")
    assert user.type("DEFINE T3350 293 16") == ["DMKDEF091E DASD 293 NOT DEFINED; TEMP SPACE NOT AVAILABLE"]
    assert user.type("DEFINE T3350 293 15") == ["DASD 293 DEFINED 015 CYL"]


def test_without_temporary_space_that_is_said(site: Site) -> None:
    user = site.logon("CMSUSER")
    assert user.type("DEFINE T3350 291 1") == ["DMKDEF091E DASD 291 NOT DEFINED; TEMP SPACE NOT AVAILABLE"]


def test_the_directory_gives_more_than_the_limit(small: Callable[..., Site]) -> None:
    site = small(of_user=" LIMIT TDISK 3 DEVICES 2\n MDISK 391 3350 T-DISK 8")
    user = site.logon("CMSUSER")
    assert user.transcript[-1].startswith("LOGON AT")
    assert user.type("QUERY VIRTUAL 391") == ["DASD 391 3350 (TEMP) R/W  008 CYL"]
    assert user.type("DEFINE T3350 392 1") == ["DMKDEF911E 392 NOT DEFINED; YOUR LIMIT IS 2 DEVICES"]


@pytest.mark.parametrize(
    "command",
    [
        "DEFINE PUNCH {}", "DEFINE 3211 {}", "DEFINE READER {}", "DEFINE CTCA {}", "DEFINE TIMER {}",
        "DEFINE GRAF {}", "DEFINE LINE {}", "DEFINE T3350 {} 1", "LINK MAINT 190 {} RR",
    ],
)  # fmt: skip
def test_a_machine_has_so_many_devices(small: Callable[..., Site], command: str) -> None:
    site = small(of_user=" LIMIT DEVICES 8")
    user = site.logon("CMSUSER")
    for vaddr in ("400", "401"):
        assert not user.type(command.format(vaddr))[0].startswith("DMK")
    module = "DMKLNK" if command.startswith("LINK") else "DMKDEF"
    assert user.type(command.format("402")) == [f"{module}911E 402 NOT DEFINED; YOUR LIMIT IS 8 DEVICES"]
    assert "DEVICES    LIMIT 8        USED 8 DEVICES" in user.type("QUERY LIMITS")
    assert user.type("DEFINE 400 AS 403")[0].endswith("403 DEFINED")  # it is the same device
    user.type("DETACH 403")
    assert not user.type(command.format("402"))[0].startswith("DMK")
    if "T3350" in command:
        user.type("DETACH 401")
        user.type("DETACH 402")
        assert site.system.minidisks.temporary.disks == []  # what was refused takes no space


def test_the_configuration_limits_users(small: Callable[..., Site]) -> None:
    site = small("LIMIT SYSTEM USERS 1")
    site.logon("CMSUSER")
    refused = site.terminal()
    assert "DMKLOG199E USER01 NOT LOGGED ON; 1 USERS ARE THE MAXIMUM" in refused.type("LOGON USER01 SECRET")
    site.logon("OPERATOR")
