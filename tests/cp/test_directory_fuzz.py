"""Directory sources made at random: either they are read, or every error has a line; and what is read comes back."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from cpvm.cp.database import Database
from cpvm.cp.directory_source import DirectoryError, read_directory
from cpvm.cp.directory_store import SCHEMA, DirectoryStore
from cpvm.cp.directory_text import gaps, source_of
from cpvm.cp.savedsys import SCHEMA as SAVED
from cpvm.cp.statements import statements

KEYWORDS = [entry.keyword for entry in statements()]
WORDS = st.one_of(
    st.sampled_from(
        [
            *("V1", "V2", "3350", "3330", "2540", "READER", "PUNCH", "1403", "3215", "T-DISK", "TDSK", "A", "B", "ALL"),
            *("*", "NOLOG", "009", "00C", "190", "191", "1", "2", "5", "10", "60", "1M", "16M", "G", "ABCDEG", "MR"),
            *("W", "CMS", "PARM", "ON", "OFF", "SYSPGNM=(0-5)", "SYSHRSG=(1)", "SEGMENT", "CPUID", "ECMODE", "P"),
            *("AFFINITY", "R/O", "TIMER", "ANY", "TDISK", "DEVICES", "NOLIMIT", "SPOOLSPACE", "5M", "MAXSPOOL"),
        ]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=12),
)
LINES = st.tuples(st.sampled_from([*KEYWORDS, "*", "FOO"]), st.lists(WORDS, max_size=8)).map(
    lambda line: f"{line[0]} {' '.join(line[1])}"
)
GOOD = st.lists(
    st.sampled_from(
        [
            "CONSOLE 009 3215",
            "SPOOL 00C 2540 READER *",
            "SPOOL 00E 1403 A",
            "ACCOUNT 5 BIN",
            "OPTION ECMODE CPUID 00ABCD AFFINITY 1 MAXCONN 9",
            "OPTION REALTIMER ISAM ACCT SVCOFF SVCACCL BMX VIRT=REAL VMSAVE STFIRST",
            f"IPL CMS PARM {'Y' * 58}",
            "IPL CMS PARM X",
            "MDISK 191 3350 001 005 V1 MR ALL RR WW",
            "MDISK 192 3350 010 005 V1",
            "MDISK 195 3350 T-DISK 5",
            "LINK A 191 291 RR",
            "DEDICATE 181 580 R/O",
            "SPECIAL 0F0 TIMER",
            "IUCV ANY",
            "LIMIT TDISK 5 SPOOLSPACE 5M",
            "LIMIT DEVICES NOLIMIT",
            "SPOOLFILE MAXSPOOL 7",
        ]
    ),
    unique_by=lambda line: tuple(line.split()[:2]),
)


def plain(password: str) -> str:
    return f"hash of {password}"


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=25))
def test_any_source_is_read_or_refused(lines: list[str]) -> None:
    source = "\n".join(["VOLUME V1 3350 60", *lines])
    try:
        directory = read_directory(source, plain)
    except DirectoryError as error:
        assert error.errors
        assert all(text.startswith("line ") for text in error.errors)
        assert len(error.numbers) == len(error.errors)
    else:
        assert directory.users
        assert set(directory.passwords) == set(directory.users)
        assert all(free[2] > 0 for free in gaps(directory.volumes, directory.users.values()))


@settings(max_examples=30, deadline=None)
@given(GOOD)
def test_what_is_read_comes_back(lines: list[str]) -> None:
    with TemporaryDirectory() as folder:
        database = Database(Path(folder) / "cp.sqlite", (SCHEMA, SAVED), create=True)
        try:
            _comes_back(database, lines)
        finally:
            database.close()


def _comes_back(database: Database, lines: list[str]) -> None:
    store = DirectoryStore(database)
    needed = [] if any(line.startswith("MDISK 191") for line in lines) else ["MDISK 191 3350 001 005 V1"]
    source = "\n".join(["VOLUME V1 3350 60", "NAMESYS CMS 190", "USER A A 512K 2M BG 50 # OFF @", *needed, *lines])
    store.replace(read_directory(source, plain))
    users = dict(store.users)
    text = source_of(store)
    store.replace(read_directory(text, plain, store.present()))
    assert store.users == users
    assert source_of(store) == text
    assert store.password_hash("A") == "hash of A"
