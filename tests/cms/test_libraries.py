"""MACLIB and TXTLIB on a bare machine: what they write, damaged input, and an end in the middle."""

from __future__ import annotations

import random

import pytest
from bare_cms import BareCMS

from assembler import assemble
from assembler.linker import txtlib
from cms import maclib_format
from cms.build import empty_disk
from cms.cmsdisk import CMSDisk, CMSDiskError
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

MACRO = "         MACRO\n&L       {0} &A,&B\n&L       L     &A,&B\n         MEND\n"
TWO = MACRO.format("FIRST") + "* NOT KEPT\n" + MACRO.format("SECOND")
NESTED = "         MACRO\n         OUTER\n         MACRO\n         INNER\n         MEND\n         MEND\n"
LONG = "         MACRO\n         LONG  &A,".ljust(86) + "X\n               MACRO\n         MEND\n"
COPY = "*COPY ONE\nONE      DS    F\n*COPY TWO\n*COPY THREE\nA        DS    F\nB        DS    F\n"


def card(text: str) -> bytes:
    return to_ebcdic(text.ljust(80))


def machine(files: dict[str, str], texts: dict[str, list[bytes]] | None = None, cylinders: int = 5) -> BareCMS:
    """A machine whose A-disk has these files, 80-character records, and TEXT files."""
    cms = BareCMS()
    disk = empty_disk(cylinders, "CMS191", None)
    for name, text in files.items():
        fn, ft = name.split()
        disk.write(fn, ft, "A1", [card(line) for line in text.splitlines()], "F", 80)
    for fn, cards in (texts or {}).items():
        disk.write(fn, "TEXT", "A1", cards, "F", 80)
    cms.a_disk.tracks.update({(cyl, head): image for cyl, head, image in disk.tracks()})
    cms.ipl()
    return cms


def file(cms: BareCMS, fn: str, ft: str) -> list[bytes]:
    return [bytes(record) for record in CMSDisk.load(cms.a_disk.read, 5, "3350").read(fn, ft).records]


def answer(output: list[str]) -> list[str]:
    return [line.split(" T=")[0].rstrip() for line in output]


def members(cms: BareCMS, name: str = "LIB") -> dict[str, list[str]]:
    records = file(cms, name, "MACLIB")
    found = {}
    for member, (first, count) in maclib_format.directory(records).items():
        assert records[first - 1 + count][:4] == maclib_format.END_OF_MEMBER
        found[member] = [from_ebcdic(record).rstrip() for record in records[first - 1 : first - 1 + count]]
    return found


@pytest.fixture
def cms(engine: str) -> BareCMS:
    return machine(
        {
            "TWO MACRO": TWO, "NESTED MACRO": NESTED, "LONG MACRO": LONG, "PARTS COPY": COPY, "WHOLE COPY": "W  DS F\n",
            "TWO COPY": "NEVER SEEN\n", "OPEN MACRO": "         MACRO\n         OPEN\n",
            "STRAY MACRO": "  LR 1,2\n" + TWO,
            "NAMELESS COPY": "*COPY\n", "LONGNAME COPY": "*COPY NINELETTER\n", "NOTLIB MACLIB": "HELLO\n" * 3,
        }
    )  # fmt: skip


def test_members(cms: BareCMS) -> None:
    assert answer(cms.type("MACLIB GEN LIB TWO NESTED LONG PARTS WHOLE")) == ["Ready;"]
    found = members(cms)
    assert list(found) == ["FIRST", "SECOND", "OUTER", "LONG", "ONE", "TWO", "THREE", "WHOLE"]
    assert found["SECOND"] == MACRO.format("SECOND").splitlines()
    assert found["OUTER"] == NESTED.splitlines()
    assert found["LONG"] == LONG.splitlines()
    assert (found["ONE"], found["TWO"], len(found["THREE"])) == (["ONE      DS    F"], [], 2)


def test_the_host_writes_the_same_library(cms: BareCMS) -> None:
    cms.type("MACLIB GEN LIB TWO WHOLE")
    made = maclib_format.write({name: lines for name, lines in members(cms).items()})
    assert file(cms, "LIB", "MACLIB") == made


def test_changes(cms: BareCMS) -> None:
    cms.type("MACLIB GEN LIB TWO WHOLE")
    before = members(cms)
    assert answer(cms.type("MACLIB ADD LIB TWO")) == ["Ready;"]
    assert len(maclib_format.directory(file(cms, "LIB", "MACLIB"))) == 3
    assert members(cms) == before, "of two members of one name the first counts"
    assert answer(cms.type("MACLIB DEL LIB FIRST FIRST")) == ["Ready;"]
    assert list(members(cms)) == ["SECOND", "WHOLE"]
    size = len(file(cms, "LIB", "MACLIB"))
    assert answer(cms.type("MACLIB COMP LIB")) == ["Ready;"]
    assert len(file(cms, "LIB", "MACLIB")) == size - 10
    assert answer(cms.type("MACLIB REP LIB PARTS")) == [
        *(f"DMSLBM013W Member '{name}' not found in library 'LIB MACLIB A1'." for name in ("ONE", "TWO", "THREE")),
        "Ready(00004);",
    ]
    assert answer(cms.type("MACLIB DEL LIB SECOND WHOLE ONE TWO THREE SECOND")) == ["Ready;"]
    assert members(cms) == {}
    assert answer(cms.type("MACLIB ADD LIB WHOLE")) == ["Ready;"]
    assert list(members(cms)) == ["WHOLE"]


@pytest.mark.parametrize("name", ["OPEN", "STRAY", "NAMELESS", "LONGNAME"])
def test_a_bad_file_changes_nothing(cms: BareCMS, name: str) -> None:
    cms.type("MACLIB GEN LIB WHOLE")
    before = file(cms, "LIB", "MACLIB")
    kind = "MACRO" if name in ("OPEN", "STRAY") else "COPY"
    expected = [f"DMSLBM056E File '{name} {kind} A1' contains invalid record formats.", "Ready(00032);"]
    for function in ("ADD LIB TWO", "REP LIB TWO", "GEN LIB TWO"):
        assert answer(cms.type(f"MACLIB {function} {name}"))[-2:] == expected
    assert file(cms, "LIB", "MACLIB") == before
    assert answer(cms.type("STATE LIB CMSUT1"))[-1] == "Ready(00028);"
    assert answer(cms.type("MACLIB ADD NOTLIB WHOLE"))[-1] == "Ready(00032);"


def test_a_full_disk_leaves_the_old_library() -> None:
    cms = machine({"WHOLE COPY": "W  DS F\n", "BIG COPY": "*A LINE OF SOME LENGTH\n" * 15000})
    cms.type("MACLIB GEN LIB WHOLE")
    before = file(cms, "LIB", "MACLIB")
    assert answer(cms.type("MACLIB ADD LIB BIG")) == [
        "DMSLBM105S Error '13' writing file 'LIB CMSUT1 A1' on disk.", "Ready(00100);",
    ]  # fmt: skip
    assert file(cms, "LIB", "MACLIB") == before
    assert answer(cms.type("MACLIB ADD LIB WHOLE")) == ["Ready;"]


@pytest.mark.parametrize(
    "line", ["MACLIB ADD LIB TWO", "MACLIB DEL LIB WHOLE", "MACLIB COMP LIB", "MACLIB GEN LIB TWO"]
)
def test_an_end_in_the_middle_loses_no_library(line: str) -> None:
    """At every moment the disk has the old library or the new one, whole, under its name or as CMSUT1."""
    cms = machine({"WHOLE COPY": "W  DS F\n" * 60, "TWO MACRO": TWO})
    cms.type("MACLIB GEN LIB WHOLE")
    old = file(cms, "LIB", "MACLIB")
    seen = set()
    tracks: dict[tuple[int, int], bytes] = {}
    assert cms.console.enter(to_ebcdic(line))
    while not cms.console.reading:
        cms.machine.run(300)
        if cms.a_disk.tracks == tracks:
            continue
        tracks = dict(cms.a_disk.tracks)
        disk = CMSDisk.load(cms.a_disk.read, 5, "3350")
        name = ("LIB", "MACLIB") if ("LIB", "MACLIB") in disk.files else ("LIB", "CMSUT1")
        records = [bytes(record) for record in disk.read(*name).records]
        found = set(maclib_format.directory(records))
        assert records == old or found in ({"WHOLE", "FIRST", "SECOND"}, {"WHOLE"}, {"FIRST", "SECOND"}, set())
        seen.add(name[1])
    assert answer(cms.take())[-1] == "Ready;"
    assert "MACLIB" in seen and tracks


def test_more_than_4000_members() -> None:
    copy = "".join(f"*COPY M{number}\n" for number in range(2100))
    cms = machine({"MANY COPY": copy, "WHOLE COPY": "W  DS F\n"})
    assert answer(cms.type("MACLIB GEN LIB MANY MANY WHOLE")) == [
        "DMSLBM157S MACLIB limit exceeded, last member name added was 'M1899'.", "Ready(00088);",
    ]  # fmt: skip
    assert len(members(cms)) == 2100
    assert answer(cms.type("MACLIB DEL LIB M0")) == ["Ready;"]
    assert answer(cms.type("MACLIB ADD LIB WHOLE")) == ["Ready;"]


def test_libraries_elsewhere() -> None:
    cms = machine({"WHOLE COPY": "W  DS F\n"})
    cms.type("MACLIB GEN LIB WHOLE")
    cms.type("ACCESS 191 B")
    assert answer(cms.type("MACLIB ADD LIB WHOLE")) == ["Ready;"]
    assert answer(cms.type("MACLIB GEN OTHER WHOLE")) == ["DMSLBM069E Disk 'A' not accessed.", "Ready(00036);"]
    cms.type("RELEASE B")
    cms.a_disk.read_only = True
    cms.machine.device(0x191).read_only = True  # type: ignore[union-attr]
    cms.type("ACCESS 191 A")
    assert answer(cms.type("MACLIB GEN LIB WHOLE")) == ["DMSLBM037E Disk 'A' is read/only.", "Ready(00036);"]
    assert answer(cms.type("MACLIB ADD LIB WHOLE")) == ["DMSLBM037E Disk 'A' is read/only.", "Ready(00036);"]
    assert answer(cms.type("MACLIB MAP LIB"))[-1] == "Ready(00036);"
    assert answer(cms.type("MACLIB MAP LIB (TERM"))[-1] == "Ready;"


# --- TXTLIB -----------------------------------------------------------------------------------------------------------

ONE = assemble("ONE CSECT\n ENTRY ONEA\n DC F'1'\nONEA DC F'2'\n END").deck
PRIVATE = assemble(" DC F'1'\n END").deck


def names(cms: BareCMS) -> dict[str, int]:
    return txtlib.directory(file(cms, "LIB", "TXTLIB"))


def deck(name: str) -> list[bytes]:
    return assemble(f"{name} CSECT\n DC F'1'\n END").deck


@pytest.fixture
def texts(engine: str) -> BareCMS:
    return machine(
        {"JUNK TEXT": "THIS IS NO DECK\n" * 3},
        {
            "ONE": ONE,
            "TWO": [*deck("TWO"), *deck("THREE")],
            "NAMED": [*deck("N1"), *deck("N2"), card(" ENTRY N2"), card(" ALIAS AL1,AL2"), card(" SETSSI 12345678"),
                      card(" NAME  WHOLE(R)"), *deck("N3")],
            "BADENT": [*ONE, card(" ENTRY NOWHERE")],
            "MANYAL": [*ONE, *(card(f" ALIAS A{number}") for number in range(17))],
            "BADNAME": [card(" NAME X"), *ONE],
            "PRIVATE": PRIVATE,
            "KEPT": [card("* COMMENT"), *ONE, card(" INCLUDE X")],
        },
    )  # fmt: skip


def test_the_library_is_as_the_host_makes_it(texts: BareCMS) -> None:
    assert answer(texts.type("TXTLIB GEN LIB ONE TWO")) == ["Ready;"]
    assert file(texts, "LIB", "TXTLIB") == txtlib.write([ONE, deck("TWO"), deck("THREE")])


def test_names_aliases_entries(texts: BareCMS) -> None:
    assert answer(texts.type("TXTLIB GEN LIB NAMED")) == ["Ready;"]
    assert names(texts) == {"N1": 2, "WHOLE": 6, "AL1": 6, "AL2": 6, "N3": 10}
    member = txtlib.member(file(texts, "LIB", "TXTLIB"), 6)
    assert len(member) == 4
    assert from_ebcdic(member[-1][1:40]).split() == ["LDT", "N2", "12345678"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("BADENT", "ENTRY"), ("MANYAL", "ALIAS"), ("BADNAME", "NAME"), ("PRIVATE", "ESD"), ("JUNK", "ESD")],
)
def test_decks_that_cannot_be_members(texts: BareCMS, name: str, kind: str) -> None:
    texts.type("TXTLIB GEN LIB ONE")
    before = file(texts, "LIB", "TXTLIB")
    expected = [f"DMSLBT056E File '{name} TEXT A1' contains invalid {kind} record formats.", "Ready(00032);"]
    assert answer(texts.type(f"TXTLIB ADD LIB TWO {name}")) == expected
    assert file(texts, "LIB", "TXTLIB") == before


def test_members_go_with_their_records(texts: BareCMS) -> None:
    texts.type("TXTLIB GEN LIB ONE TWO KEPT")
    assert answer(texts.type("TXTLIB DEL LIB TWO ONEA")) == [
        "DMSLBT013W Member 'ONEA' not found in library 'LIB TXTLIB A1'.", "Ready(00004);",
    ]  # fmt: skip
    assert answer(texts.type("TXTLIB DEL LIB ONE")) == ["Ready;"]
    assert names(texts) == {"THREE": 2, "ONE": 6, "ONEA": 6}
    assert len(file(texts, "LIB", "TXTLIB")) == 1 + 4 + 6 + 1


def test_a_library_with_flags_where_ours_has_sizes() -> None:
    """DIRSECT, IBM's description of an entry, has flags in its last halfword."""
    records = txtlib.write([ONE, deck("TWO"), deck("THREE")])
    entries = bytearray(records[-1])
    for at in range(10, 60, 12):
        entries[at : at + 2] = b"\x00\x80" if entries[at - 1] else b"\0\0"
    disk = empty_disk(5, "CMS191", None)
    disk.write("LIB", "TXTLIB", "A1", [*records[:-1], bytes(entries)], "F", 80)
    cms = BareCMS()
    cms.a_disk.tracks.update({(cyl, head): image for cyl, head, image in disk.tracks()})
    cms.ipl()
    assert names(cms) == {"ONE": 2, "ONEA": 2, "TWO": 6, "THREE": 10}
    assert answer(cms.type("GLOBAL TXTLIB LIB", "LOAD THREE")) == ["Ready;", "Ready;"]
    assert answer(cms.type("TXTLIB DEL LIB TWO")) == ["Ready;"]
    assert file(cms, "LIB", "TXTLIB") == txtlib.write([ONE, deck("THREE")])


def test_more_than_1000_names() -> None:
    many = [one for number in range(600) for one in deck(f"S{number}")]
    cms = machine({}, {"MANY": many, "ONE": ONE})
    assert answer(cms.type("TXTLIB GEN LIB MANY MANY ONE")) == [
        "DMSLBT106S Number of member names exceeds max '1000'. File 'MANY TEXT' not added.", "Ready(00088);",
    ]  # fmt: skip
    assert len(names(cms)) == 602
    assert answer(cms.type("LOAD S599")) == ["DMSLIO201W THE FOLLOWING NAMES ARE UNDEFINED:", " S599", "Ready(00004);"]
    cms.type("GLOBAL TXTLIB LIB")
    assert answer(cms.type("LOAD S599")) == ["Ready;"]


def test_damaged_libraries_do_no_damage() -> None:
    """Random bytes in libraries: every command ends with Ready, and so does LOAD."""
    rng = random.Random(370)
    disk = empty_disk(5, "CMS191", None)
    good = {"MACLIB": maclib_format.write({"A": ["A"] * 5, "B": ["B"]}), "TXTLIB": txtlib.write([ONE, deck("TWO")])}
    for number in range(12):
        for kind, records in good.items():
            changed = [bytearray(record) for record in records]
            for _ in range(rng.randrange(1, 6)):
                record = rng.choice([changed[0], changed[-1], rng.choice(changed)])
                record[rng.randrange(16)] = rng.choice((0, 1, 0xFF, rng.randrange(256)))
            disk.write(f"D{number}", kind, "A1", [bytes(record) for record in changed], "F", 80)
    disk.write("ONE", "TEXT", "A1", ONE, "F", 80)
    disk.write("W", "COPY", "A1", [card("W")], "F", 80)
    cms = BareCMS()
    cms.a_disk.tracks.update({(cyl, head): image for cyl, head, image in disk.tracks()})
    cms.ipl()
    for number in range(12):
        for line in (
            "MACLIB MAP D{} (TERM", "MACLIB ADD D{} W", "MACLIB DEL D{} A", "MACLIB COMP D{}", "TXTLIB MAP D{} (TERM",
            "GLOBAL TXTLIB D{}", "LOAD TWO", "TXTLIB DEL D{} ONE", "TXTLIB ADD D{} ONE",
        ):  # fmt: skip
            assert cms.type(line.format(number))[-1].startswith("Ready"), line
    with pytest.raises(CMSDiskError):
        CMSDisk.load(cms.a_disk.read, 5, "3350").read("NO", "FILE")
