"""The host half of ASSEMBLE against a guest in Python: files in a dictionary, every request carried out."""

from __future__ import annotations

import copy
import json
import struct
from dataclasses import dataclass, field

import pytest

from cms import maclib_format
from cms.commands.assemble.host import Assemble
from cms.commands.assemble.options import CommandError, parse
from cms.host import requests
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

SOURCE = "T        CSECT\n         HELLO\n         END\n"
HELLO = "         MACRO\n         HELLO\n         INNER C'HI'\n         MEND\n"
INNER = "         MACRO\n         INNER &X\n         DC    &X\n         MEND\n"


def cards(text: str) -> list[bytes]:
    return [to_ebcdic(line.ljust(80)) for line in text.splitlines()]


@dataclass
class Guest:
    """Carries out requests; `readonly` disks refuse, `full` is the number of records that still fit."""

    files: dict[tuple[str, str, str], tuple[str, list[bytes]]] = field(default_factory=dict)
    libraries: list[str] = field(default_factory=list)
    readonly: str = "S"
    full: int = 1_000_000
    typed: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    printer: int = 0
    commands: list[list[str]] = field(default_factory=list)
    answer: str = ""

    def find(self, file: bytes) -> tuple[str, str, str] | None:
        name, kind, mode = (from_ebcdic(file[a:b]).strip() for a, b in ((0, 8), (8, 16), (16, 18)))
        for key in sorted(self.files):
            if key[:2] == (name, kind) and (mode[:1] in ("*", key[2][0])):
                return key
        return None

    def run(self, line: str) -> int:
        """A whole conversation; the state is saved and taken up again at each step."""
        half = Assemble()
        reply = to_ebcdic(line)
        for _ in range(2000):
            request = half.step(reply)
            state = json.loads(json.dumps(half.save()))
            half = Assemble()
            half.load(state)
            assert len(request) < 32768
            operation, data = int.from_bytes(request[:2], "big"), request[2:]
            if operation == requests.EXIT:
                return int(struct.unpack(">Hi", data)[1])
            reply = self.carry_out(operation, data)
        raise AssertionError("the conversation does not end")

    def carry_out(self, operation: int, data: bytes) -> bytes:
        def code(number: int) -> bytes:
            return number.to_bytes(4, "big", signed=True)

        key = self.find(data[:18]) if operation in (requests.READ, requests.STATE, requests.ERASE) else None
        if operation == requests.TYPE:
            self.typed.append(from_ebcdic(data))
        elif operation == requests.PRINT:
            while data:
                size = int.from_bytes(data[:2], "big")
                self.printed.append(from_ebcdic(data[2 : 2 + size]))
                data = data[2 + size :]
            return code(self.printer)
        elif operation == requests.COMMAND:
            self.commands.append([from_ebcdic(data[at : at + 8]).strip() for at in range(0, len(data), 8)])
        elif operation == requests.READLINE:
            return code(0) + to_ebcdic(self.answer)
        elif operation == requests.GLOBAL:
            return code(0) + b"".join(to_ebcdic(name.ljust(8)) for name in [*self.libraries, *[""] * 8][:8])
        elif operation == requests.ERASE:
            if key is not None and key[2][0] not in self.readonly:
                del self.files[key]
        elif operation == requests.WRITE:
            return code(self.write(data))
        elif operation in (requests.READ, requests.STATE):
            if key is None:
                return code(28)
            recfm, records = self.files[key]
            lrecl = max(map(len, records), default=80)
            if operation == requests.STATE:
                return code(0) + to_ebcdic(recfm) + b"\0" + to_ebcdic(key[2]) + struct.pack(">ii", lrecl, len(records))
            count, first = struct.unpack(">Hi", data[18:24])
            part = records[first - 1 : first - 1 + min(count, 37)]
            head = to_ebcdic(recfm) + b"\0" + struct.pack(">Hii", len(part), lrecl, len(records))
            return code(0) + head + b"".join(part)
        return code(0)

    def write(self, data: bytes) -> int:
        name, kind, mode = (from_ebcdic(data[a:b]).strip() for a, b in ((0, 8), (8, 16), (16, 18)))
        count, lrecl = struct.unpack(">Hi", data[20:26])
        if mode[0] in self.readonly:
            return 12
        if count > self.full:
            return 13
        self.full -= count
        records = [data[26 + at * lrecl : 26 + (at + 1) * lrecl] for at in range(count)]
        self.files.setdefault((name, kind, mode), (from_ebcdic(data[18:19]), []))[1].extend(records)
        return 0


@pytest.fixture
def guest() -> Guest:
    library = maclib_format.write(
        {"HELLO": HELLO.splitlines(), "INNER": INNER.splitlines(), "LONG": [" DC X'1'"] * 900}
    )
    return Guest({("T", "ASSEMBLE", "A1"): ("F", cards(SOURCE)), ("CMSLIB", "MACLIB", "S2"): ("F", library)})


def test_assembly_with_library_macros(guest: Guest) -> None:
    assert guest.run("ASSEMBLE T") == 0
    assert guest.typed == ["ASSEMBLER (XF) DONE", "NO STATEMENTS FLAGGED IN THIS ASSEMBLY"]
    recfm, deck = guest.files["T", "TEXT", "A1"]
    assert (recfm, [from_ebcdic(card[1:4]) for card in deck]) == ("F", ["ESD", "TXT", "END"])
    recfm, listing = guest.files["T", "LISTING", "A1"]
    assert (recfm, {len(line) for line in listing}) == ("F", {121})


def test_named_libraries_come_first_and_missing_ones_are_told(guest: Guest) -> None:
    mine = maclib_format.write({"INNER": INNER.replace("&X\n         ME", "X'00'\n         ME").splitlines()})
    guest.files["MINE", "MACLIB", "A1"] = ("F", mine)
    guest.libraries = ["NOTTHERE", "MINE"]
    assert guest.run("ASSEMBLE T") == 0
    assert guest.typed[0] == "DMSASM002W FILE 'NOTTHERE MACLIB' NOT FOUND."
    assert guest.files["T", "TEXT", "A1"][1][1][16:17] == b"\x00"


def test_copied_members_longer_than_a_request(guest: Guest) -> None:
    guest.files["T", "ASSEMBLE", "A1"] = ("F", cards("T        CSECT\n         COPY  LONG\n         END\n"))
    assert guest.run("ASSEMBLE T") == 0
    assert len(guest.files["T", "TEXT", "A1"][1]) == 1 + -(-900 // 56) + 1


def test_very_many_empty_members(guest: Guest) -> None:
    names = [f"E{number}" for number in range(3000)]
    guest.files["MANY", "MACLIB", "A1"] = ("F", maclib_format.write({name: [] for name in names}))
    guest.files["T", "ASSEMBLE", "A1"] = (
        "F",
        cards("T  CSECT\n" + "".join(f" COPY {name}\n" for name in names) + " END\n"),
    )
    guest.libraries = ["MANY"]
    assert guest.run("ASSEMBLE T") == 0


def test_a_member_that_only_the_assembly_finds_out_about(guest: Guest) -> None:
    source = "         LCLC  &M\n&M       SETC  'HELLO'\nT        CSECT\n         &M\n         END\n"
    guest.files["T", "ASSEMBLE", "A1"] = ("F", cards(source))
    assert guest.run("ASSEMBLE T") == 0
    assert guest.files["T", "TEXT", "A1"][1][1][16:18] == to_ebcdic("HI")


def test_errors_at_the_terminal(guest: Guest) -> None:
    guest.files["T", "ASSEMBLE", "A1"] = ("F", cards("T        CSECT\n         INNER NOWHERE\n         END\n"))
    assert guest.run("ASSEMBLE T") == 8
    assert guest.typed[1:] == [
        "    3          DC    NOWHERE",
        "      IFO198 INVALID TYPE DECLARED ON DC/DS/DXD CONSTANT - NOWH  COLUMN 16  IN INNER AT 2",
        "1 STATEMENT FLAGGED IN THIS ASSEMBLY",
        "HIGHEST SEVERITY WAS    8",
    ]


def test_results_of_a_read_only_disk_go_to_a(guest: Guest) -> None:
    guest.files["T", "ASSEMBLE", "B1"] = guest.files.pop(("T", "ASSEMBLE", "A1"))
    guest.readonly = "SB"
    assert guest.run("ASSEMBLE T") == 0
    assert {key for key in guest.files if key[0] == "T"} == {
        ("T", "ASSEMBLE", "B1"), ("T", "TEXT", "A1"), ("T", "LISTING", "A1"),
    }  # fmt: skip


def test_no_disk_to_write_on_and_a_full_one(guest: Guest) -> None:
    other = copy.deepcopy(guest)
    guest.readonly = "SA"
    assert guest.run("ASSEMBLE T") == 36
    assert guest.typed == ["DMSASM006E NO READ/WRITE DISK ACCESSED."]
    other.full = 3
    assert other.run("ASSEMBLE T") == 100
    assert other.typed == ["DMSASM105S ERROR '13' WRITING FILE 'T LISTING A1' ON DISK."]
    assert ("T", "LISTING", "A1") not in other.files


def test_a_damaged_library(guest: Guest) -> None:
    guest.files["CMSLIB", "MACLIB", "S2"] = ("F", cards("NONSENSE"))
    assert guest.run("ASSEMBLE T") == 8
    assert guest.typed[0] == "DMSASM056E FILE 'CMSLIB MACLIB' CONTAINS INVALID RECORD FORMATS."


def test_print_deck_and_sysparm(guest: Guest) -> None:
    guest.files["T", "ASSEMBLE", "A1"] = ("F", cards("T        CSECT\n         DC    C'&SYSPARM'\n         END\n"))
    guest.answer = "ASKED"
    assert guest.run("ASSEMBLE T (PRINT DECK SYSPARM(?)") == 0
    assert guest.typed[0] == "ENTER SYSPARM:"
    assert any("DC    C'ASKED'" in line for line in guest.printed)
    close = ["CP", "CLOSE", "PRT", "NAME", "T", "LISTING"]
    assert guest.commands == [["PUNCH", "T", "TEXT", "A1", "(", "NOHEADER"], close]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "DMSASM001E NO FILENAME SPECIFIED."),
        ("T ASSEMBLE", "DMSASM070E INVALID PARAMETER 'ASSEMBLE'."),
        ("T (FOO", "DMSASM003E INVALID OPTION 'FOO'."),
        ("T (XREF(LONG)", "DMSASM029E INVALID PARAMETER 'LONG' IN THE OPTION 'XREF' FIELD."),
        ("T (FLAG(X))", "DMSASM029E INVALID PARAMETER 'X' IN THE OPTION 'FLAG' FIELD."),
        ("T (ESD(1)", "DMSASM003E INVALID OPTION 'ESD'."),
        ("T (PRINT(1)", "DMSASM003E INVALID OPTION 'PRINT'."),
        ("T (LINECOUN(X)", "DMSASM029E INVALID PARAMETER 'X' IN THE OPTION 'LINECOUN' FIELD."),
        ("T (LINECOUN", "DMSASM003E INVALID OPTION 'LINECOUN'."),
        ("T (" + "NOLIST " * 20, "DMSASM052E MORE THAN 100 CHARACTERS OF OPTIONS SPECIFIED."),
    ],
)
def test_bad_command_lines(line: str, message: str) -> None:
    with pytest.raises(CommandError) as error:
        parse(line)
    assert (error.value.message, error.value.code) == (message, 24)


def test_options() -> None:
    request = parse(
        "t (noesd norld nolist xref (short) linecoun(20) noterm nodeck obj flag(4) sysparm(a,b c) bufsize(min)"
    )
    options = request.options
    assert (options.esd, options.rld, options.source, options.xref, options.linecount) == (
        False, False, False, "SHORT", 20,
    )  # fmt: skip
    assert (options.terminal, options.flag, request.sysparm, request.name) == (False, 4, "a,b c", "T")
    assert parse("T (NOPR NOOBJ) ignored").print_ == "NOPRINT"


def test_tokens_of_an_exec() -> None:
    request = parse("P ( XREF ( SHORT ) LINECOUN ( 60 ) SYSPARM ( HELLO ) NOTERM")
    assert (request.options.xref, request.options.linecount, request.sysparm) == ("SHORT", 60, "HELLO")
    assert not request.options.terminal
    assert parse("P ( NOLIST FLAG ( 4 ) ) MORE").options.flag == 4


def test_every_option_of_vm370_is_taken() -> None:
    text = (
        "ALOGIC NOALOGIC ESD NOESD FLAG(0) FLAG(255) LINECOUN(55) LIST NOLIST NOMCALL MCALL NOMLOGIC MLOGIC RLD NORLD"
        " NOLIBMAC LIBMAC XREF(FULL) XREF(SHORT) XREF NOXREF DISK DI PRINT PR NOPRINT NOPR NODECK DECK OBJECT OBJ"
        " NOOBJECT NOOBJ NOTEST TEST NUMBER NUM NONUM STMT NOSTMT TERMINAL TERM NOTERM ALIGN NOALIGN BUFSIZE(MIN)"
        " BUFSIZE(STD) RENT NORENT SYSPARM(A) SYSPARM() SYSPARM(?) YFLAG NOYFLAG"
    )
    for word in text.split():
        assert parse(f"T ({word}").name == "T", word
    options = parse("T (NOALOGIC MCALL MLOGIC LIBMAC TEST NONUM NOSTMT NOALIGN RENT NOYFLAG").options
    assert (options.alogic, options.mcall, options.mlogic, options.libmac, options.test) == (
        False, True, True, True, True,
    )  # fmt: skip
    assert (options.number, options.stmt, options.align, options.rent, options.yflag) == (
        False, False, False, True, False,
    )  # fmt: skip


def test_of_options_that_exclude_each_other_the_last_counts() -> None:
    request = parse("T (NOPRINT DISK XREF(SHORT) NOXREF DECK NODECK SYSPARM(?) SYSPARM(X)")
    assert (request.print_, request.options.xref, request.options.deck) == ("DISK", "NONE", False)
    assert (request.sysparm, request.ask_sysparm) == ("X", False)


def test_numbers_of_records_and_statements(guest: Guest) -> None:
    source = [line.ljust(72) + f"T{number:05}00" for number, line in enumerate(("T  CSECT", "  LA 1,NO", " END"), 1)]
    guest.files["T", "ASSEMBLE", "A1"] = ("F", cards("\n".join(source)))
    for option, expected in (
        ("", "T0000200     2   LA 1,NO"), ("NOSTMT", "T0000200   LA 1,NO"), ("NONUM", "    2   LA 1,NO"),
        ("NONUM NOSTMT", "  LA 1,NO"),
    ):  # fmt: skip
        guest.typed.clear()
        assert guest.run(f"ASSEMBLE T ({option}") == 8
        assert guest.typed[1] == expected
    guest.typed.clear()
    assert guest.run("ASSEMBLE T (FLAG(9)") == 0
    assert guest.typed == ["ASSEMBLER (XF) DONE", "NO STATEMENTS FLAGGED IN THIS ASSEMBLY"]


def test_a_printer_that_is_not_there(guest: Guest) -> None:
    guest.printer = 5
    assert guest.run("ASSEMBLE T (PRINT") == 100
    assert guest.typed == ["DMSASM123S ERROR PRINTING FILE 'T LISTING'."]


def test_sym_cards(guest: Guest) -> None:
    assert guest.run("ASSEMBLE T (TEST") == 0
    assert from_ebcdic(guest.files["T", "TEXT", "A1"][1][0][1:4]) == "SYM"


def test_short_replies_end_the_command() -> None:
    half = Assemble()
    half.step(to_ebcdic("ASSEMBLE T"))
    request = half.step(b"")
    assert request[:2] == requests.TYPE.to_bytes(2, "big")
    assert from_ebcdic(request[2:]).startswith("DMSASM902S")
