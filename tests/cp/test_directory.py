"""Directory source: what is accepted, and what is refused with its line number."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm.cp.database import Database
from cpvm.cp.directory import LinkEntry, MinidiskEntry, SpoolEntry
from cpvm.cp.directory_source import DirectoryError, read_directory
from cpvm.cp.directory_store import SCHEMA, DirectoryStore
from cpvm.cp.password import check_password

from .helper import DIRECTORY

HEAD = "VOLUME V1 3350 100\n"


def errors(source: str) -> list[str]:
    with pytest.raises(DirectoryError) as caught:
        read_directory(source, lambda password: "#")
    return caught.value.errors


def test_reads_the_whole_directory() -> None:
    directory = read_directory(DIRECTORY)
    user = directory.users["CMSUSER"]
    assert (user.storage, user.maximum, user.classes) == (256 * 1024, 2 * 1024 * 1024, "G")
    assert (user.account, user.distribution) == ("3", "BIN3")
    assert user.device(0x190) == LinkEntry(0x190, "MAINT", 0x190, "RR")
    assert user.device(0x00C) == SpoolEntry(0x00C, "2540R", "*")
    assert user.minidisk(0x191) == MinidiskEntry(0x191, "3350", 30, 5, "TEST01", "MR", "ALL", "ALL")
    assert directory.systems == {"BOOT": 0x00C}
    assert directory.well_known == {"OPERATOR", "CMSUSER"}
    assert directory.users["MAINT"].options == ("ECMODE",)


def test_passwords_are_kept_as_salted_hashes_only(tmp_path: Path) -> None:
    directory = read_directory(DIRECTORY)
    database = Database(tmp_path / "d.sqlite", (SCHEMA,), create=True)
    store = DirectoryStore(database)
    store.replace(directory)
    assert check_password("secret", store.password_hash("USER01"))
    assert not check_password("wrong", store.password_hash("USER01"))
    assert not check_password("", store.password_hash("NOSUCH"))
    assert not check_password("NOLOG", store.password_hash("NOBODY"))
    database.close()
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for word in (b"SECRET", b"CPCMS", b"WRITEME", b"READIT"):
        assert word not in raw


def test_stored_directory_is_the_one_that_was_read(tmp_path: Path) -> None:
    directory = read_directory(DIRECTORY)
    database = Database(tmp_path / "d.sqlite", (SCHEMA,), create=True)
    DirectoryStore(database).replace(directory)
    again = DirectoryStore(database)
    assert again.users == directory.users
    assert again.users["USER01"].aliases == ("FIRSTUSER01",)
    assert [again.meant(name) for name in ("FIRSTUSER01", "USER01", "NOSUCH")] == ["USER01", "USER01", "NOSUCH"]
    assert again.volumes == directory.volumes
    assert again.systems == directory.systems
    assert again.logmsg()[1] == ["WELCOME TO THE TEST SYSTEM"]
    assert again.well_known("CMSUSER")
    assert not again.well_known("USER01")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("USER A A\nUSER A A\n", "line 2: user A is defined twice"),
        ("MDISK 191 3350 0 1 V1\n", "line 1: no USER statement before this statement"),
        ("USER A A\nFROB\n", "line 2: unknown statement FROB"),
        ("USER A A\nMDISK 191 3350 0 1 V1\n", "line 2: volume V1 is not known; a VOLUME statement defines it"),
        (HEAD + "USER A A\nMDISK 191 3330 0 1 V1\n", "line 3: volume V1 is a 3350, not a 3330"),
        (HEAD + "USER A A\nMDISK 191 9999 0 1 V1\n", "line 3: unknown device type 9999"),
        (
            HEAD + "USER A A\nMDISK 191 3350 90 11 V1\n",
            "line 3: cylinders 90 to 100 are not all on V1, which ends with 99",
        ),
        (
            HEAD + "USER A A\nMDISK 191 3350 1 10 V1\nUSER B B\nMDISK 191 3350 10 5 V1\n",
            "line 5: B 191 overlaps A 191 of line 3 on V1",
        ),
        (
            HEAD + "USER A A\nMDISK 191 3350 1 10 V1\nMDISK 191 3350 20 10 V1\n",
            "line 4: device 191 is defined twice",
        ),
        (HEAD + "USER A A\nCONSOLE 009 3215\nSPOOL 009 1403\n", "line 4: device 009 is defined twice"),
        ("USER A A\nLINK B 190 190 RR\n", "line 2: B is not in the directory"),
        ("USER A A\nLINK B 190\nUSER B B\n", "line 2: B has no minidisk 190"),
        ("USER A A\nLINK A 190 190 XX\n", "line 2: invalid access mode XX"),
        ("USER A A 2M 1M\n", "line 1: storage 2M of A is above its maximum 1M"),
        ("USER A A 1Q 1M\n", "line 1: INVALID OPERAND - 1Q"),
        ("USER A A 1M 1M GZ\n", "line 1: invalid privilege classes GZ"),
        ("USER A\n", "line 1: USER needs a userid and a password"),
        ("USER A PASSWORDTOOLONG\n", "line 1: the password of A has more than 8 characters"),
        ("USER A A\nSPOOL 00C 9999\n", "line 2: unknown unit record device type 9999"),
        ("USER A A\nCONSOLE XYZ 3215\n", "line 2: VADDR MISSING OR INVALID"),
        ("ALIAS LONGNAME\n", "line 1: no USER statement before this statement"),
        ("USER A A\nALIAS\n", "line 2: ALIAS name"),
        ("USER A A\nALIAS B C\n", "line 2: ALIAS name"),
        ("USER A A\nALIAS SEVENTEENLETTERSX\n", "line 2: invalid alias SEVENTEENLETTERSX"),
        ("USER A A\nALIAS A*B\n", "line 2: invalid alias A*B"),
        ("USER A A\nALIAS ALL\n", "line 2: invalid alias ALL"),
        ("USER A A\nALIAS X\nUSER B B\nALIAS X\n", "line 4: alias X is defined twice; it is A's in line 2"),
        ("USER A A\nALIAS A\n", "line 2: alias A of A is a userid"),
        ("USER A A\nALIAS B\nUSER B B\n", "line 2: alias B of A is a userid"),
        ("USER A A\nOPTION FROB\n", "line 2: unknown option FROB"),
        ("NAMESYS CMS 190\nNAMESYS CMS 191\nUSER A A\n", "line 2: system CMS is defined twice"),
        ("", "line 0: no USER statement"),
    ],
)
def test_errors_have_line_numbers(source: str, expected: str) -> None:
    assert expected in errors(source)


def test_all_errors_are_told_at_once_in_line_order() -> None:
    found = errors(HEAD + "USER A A\nFROB\nUSER A A\nMDISK 1FF 3350 0\n")
    assert [error.split(":")[0] for error in found] == ["line 3", "line 4", "line 5"]


def test_columns_72_and_beyond_are_not_read() -> None:
    line = "USER A A 1M 2M G".ljust(71) + "SEQ00010"
    assert read_directory(line, lambda password: "#").users["A"].maximum == 2 * 1024 * 1024
