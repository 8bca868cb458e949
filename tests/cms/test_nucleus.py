"""The nucleus of CMS on a bare machine: what it answers to typed lines is compared with transcripts of a real one."""

from __future__ import annotations

import re

import pytest
from bare_cms import BareCMS
from programs import PROGRAMS, RETURN_0, program

SPINNER = program("         LA    5,1\n         SLL   5,17\nLOOP     BCT   5,LOOP\n" + RETURN_0)
READY = "Ready; T=v.vv/v.vv hh:mm:ss"


def shown(lines: list[str]) -> list[str]:
    """Output with its times blotted out."""
    times = re.compile(r" T=\d+\.\d\d/\d+\.\d\d \d\d:\d\d:\d\d")
    return [times.sub(" T=v.vv/v.vv hh:mm:ss", line) for line in lines]


def blurred(line: str) -> str:
    """A program interruption in fetching leaves open by how much the address has gone on."""
    return re.sub(r"AT FFF00.", "AT FFF000", line)


def ready(code: int = 0) -> str:
    number = f"({code:05d})" if code > 0 else f"(-{-code:04d})"
    return READY if code == 0 else READY.replace("Ready", "Ready" + number)


@pytest.fixture(scope="module")
def cms(engine: str) -> BareCMS:
    bare = BareCMS({("T1", "EXEC"): "&CONTROL OFF\n&TYPE T1 &1 &INDEX\n&EXIT 7\n"}, PROGRAMS)
    bare.ipl()
    return bare


def say(cms: BareCMS, line: str) -> list[str]:
    return shown(cms.type(line))


# ---- IPL


def test_ipl_types_the_version_reads_a_line_and_runs_the_profile() -> None:
    cms = BareCMS({("PROFILE", "EXEC"): "&CONTROL OFF\n&TYPE PROFILE EXEC RUNS &1 &INDEX\n"})
    cms.machine.ipl(0x190)
    cms.run()
    (version,) = cms.take()
    assert re.fullmatch(r"CMS VERSION 1\.0 - \d\d/\d\d/\d\d \d\d:\d\d", version)
    assert say(cms, "") == ["PROFILE EXEC RUNS 0", READY]


def test_first_line_is_executed_after_the_ready_message() -> None:
    assert shown(BareCMS().ipl("CP SET EMSG ON"))[1:] == [READY, READY]


def test_profile_return_code_is_in_the_first_ready() -> None:
    assert shown(BareCMS({("PROFILE", "EXEC"): "&CONTROL OFF\n&EXIT 3\n"}).ipl())[1:] == [ready(3)]


@pytest.mark.parametrize("storage", [320 << 10, 1 << 20, 16 << 20])
def test_storage_sizes(storage: int) -> None:
    cms = BareCMS(programs={"RC5": PROGRAMS["RC5"]}, storage=storage)
    assert shown(cms.ipl())[1:] == [READY]
    assert say(cms, "LOAD RC5 (START")[-1] == ready(5)


def test_without_an_a_disk() -> None:
    cms = BareCMS(a_disk=False)
    assert shown(cms.ipl())[1:] == [READY]
    assert say(cms, "STATE X EXEC A") == ["DMSSTT069E Disk 'A' not accessed.", ready(36)]


def test_low_storage_is_where_programs_look_for_it(cms: BareCMS) -> None:
    word = cms.machine.storage.read
    assert word(0x524, 4) == (0x20000).to_bytes(4, "big")
    assert word(0x260, 8).decode("cp037") == "CMS     "
    assert word(0x268, 4) == bytes.fromhex("01900190")
    assert word(0x26C, 4).decode("cp037") == "CON1"
    assert word(0x48, 4) == (0x700).to_bytes(4, "big")
    assert word(0x442, 6) == bytes.fromhex("0ACA00000448")
    assert cms.machine.storage.key(0x500) >> 4 == 0
    assert cms.machine.storage.key(0x20000) >> 4 == 0xE


# ---- command lines


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("STATE", ["DMSSTT054E Incomplete fileID specified.", ready(24)]),
        ("STATE T1 EXEC A", [READY]),
        ("  STATE   T1 EXEC", [READY]),
        ("state t1 exec a", [READY]),
        ("STATE NOFILE EXEC A", ["DMSSTT002E File 'NOFILE EXEC A' not found.", ready(28)]),
        ("STATE AVERYLONGNAME EXEC", ["DMSSTT002E File 'AVERYLON EXEC' not found.", ready(28)]),
        ("FOO", ["Unknown CP/CMS command"]),
        ("FOO BAR BAZ", ["Unknown CP/CMS command"]),
        ("NOFILE EXEC", ["Unknown CP/CMS command"]),
        ("T?1", ["Unknown CP/CMS command"]),
        ("(X)", ["Unknown CP/CMS command"]),
        ("X" * 130, ["Unknown CP/CMS command"]),
        ("CP", [READY]),
        ("CP FOOBAR", [ready(-1)]),
        ("", ["CMS"]),
        ("*COMMENT", []),
        ("HX", ["Unknown CP/CMS command"]),
        ("RETURN", [READY]),
        ("ATTN", ["Unknown CP/CMS command"]),
        ("WAITRD", [ready(2)]),
        ("FINIS", [ready(6)]),
        ("DESBUF", [READY]),
        ("CMSTIME", [READY]),
        ("TYPLIN", [READY]),
        ("CARDRD", [ready(2)]),
        ("CONWAIT", [READY]),
        ("TRAP", [READY]),
        ("LOADMOD", ["DMSMOD001E NO FILENAME SPECIFIED.", ready(24)]),
        ("LOADMOD NOFILE", ["DMSMOD002E FILE NOFILE MODULE NOT FOUND.", ready(28)]),
        ("LOADMOD RC5 EXEC A", ["DMSMOD032E INVALID FILETYPE EXEC.", ready(24)]),
        ("LOADMOD RC5 MODULE Q", [ready(36)]),
        ("T1 A B", ["T1 A 2", ready(7)]),
        ("t1 (x)", ["T1 ( 3", ready(7)]),
        ("EXEC T1", ["T1 0", ready(7)]),
    ],
)
def test_typed_line(cms: BareCMS, line: str, output: list[str]) -> None:
    shown_output = say(cms, line)
    if line == "EXEC T1":  # an argument that is not there is a null string
        shown_output = [re.sub(" +", " ", text) for text in shown_output]
    assert shown_output == output


def test_cp_gets_what_cms_does_not_know(cms: BareCMS) -> None:
    cms.host.answers["QUERY"] = 0
    cms.host.answers["MSG"] = 45
    cms.host.commands.clear()
    assert say(cms, "cp  query  Time") == [READY]
    assert say(cms, "msg bob hello") == [ready(-45)]
    assert cms.host.commands == ["query  Time", "msg bob hello"]


def test_message_editing_is_left_to_cp(cms: BareCMS) -> None:
    seen = {}
    for setting in ("CODE", "TEXT", "OFF", "ON"):
        say(cms, f"CP SET EMSG {setting}")
        seen[setting] = say(cms, "STATE NOFILE EXEC A")
    assert seen == {
        "CODE": ["DMSSTT002E", ready(28)],
        "TEXT": ["File 'NOFILE EXEC A' not found.", ready(28)],
        "OFF": [ready(28)],
        "ON": ["DMSSTT002E File 'NOFILE EXEC A' not found.", ready(28)],
    }


def test_subset(cms: BareCMS) -> None:
    assert say(cms, "SUBSET") == ["CMS Subset"]
    assert say(cms, "FOO") == ["Unknown CP/CMS command"]
    assert say(cms, "STATE T1 EXEC A") == ["Ready;"]
    assert say(cms, "STATE NOFILE EXEC A") == ["DMSSTT002E File 'NOFILE EXEC A' not found.", "Ready(00028);"]
    assert say(cms, "HX") == ["Unknown CP/CMS command"]
    assert say(cms, "") == ["CMS Subset"]
    assert say(cms, "RETURN") == [READY]
    assert say(cms, "STATE T1 EXEC A") == [READY]


def test_subset_called_by_an_exec() -> None:
    cms = BareCMS({("TSUB", "EXEC"): "&CONTROL OFF\nSUBSET\n&TYPE SUBSET RC &RETCODE\n", ("T1", "EXEC"): "&EXIT\n"})
    cms.ipl()
    assert say(cms, "EXEC TSUB") == ["CMS Subset"]
    assert say(cms, "STATE T1 EXEC") == ["Ready;"]
    assert say(cms, "RETURN") == ["SUBSET RC 0", READY]


def test_stacked_lines_are_read_before_the_terminal() -> None:
    cms = BareCMS({("S", "EXEC"): "&CONTROL OFF\n&STACK STATE ONE EXEC\n&STACK LIFO STATE TWO EXEC\n"})
    cms.ipl()
    assert say(cms, "S") == [
        READY,
        "DMSSTT002E File 'TWO EXEC' not found.",
        ready(28),
        "DMSSTT002E File 'ONE EXEC' not found.",
        ready(28),
    ]


# ---- programs


@pytest.mark.parametrize(
    ("program", "output"),
    [
        ("RC0", [READY]),
        ("RC5", [ready(5)]),
        ("BADOP", ["DMSITP141T OPERATION EXCEPTION OCCURRED AT 020006 IN ROUTINE USER PGM.", "CMS"]),
        ("SPECEX", ["DMSITP141T SPECIFICATION EXCEPTION OCCURRED AT 020002 IN ROUTINE USER PGM.", "CMS"]),
        ("DATAEX", ["DMSITP141T DECIMAL DATA EXCEPTION OCCURRED AT 02000A IN ROUTINE USER PGM.", "CMS"]),
        ("DIVEX", ["DMSITP141T FIXED-POINT DIVIDE EXCEPTION OCCURRED AT 020008 IN ROUTINE USER PGM.", "CMS"]),
        ("PROTEX", ["DMSITP141T PROTECTION EXCEPTION OCCURRED AT 020004 IN ROUTINE USER PGM.", "CMS"]),
        ("NOWHERE", ["DMSITP141T ADDRESSING EXCEPTION OCCURRED AT FFF000 IN ROUTINE USER PGM.", "CMS"]),
        ("BADSVC", ["DMSSVT121S UNSUPPORTED SVC 200 (HEX C8) CALLED FROM 020000.", ready(4)]),
        ("ABEND1", ["DMSABN155T USER ABEND 0291 CALLED FROM 02000A.", "CMS"]),
        ("ABEND2", ["DMSABN148T SYSTEM ABEND 00F CALLED FROM 020012.", "CMS"]),
        ("TYPER", ["LITERAL TEXT", "FROM A B", "FROM A BUF", "FROM LINE END", READY]),
        (
            "EDITED",
            [
                "      -5 0000FF [ABC     ] ...",
                "1234 0004D2 [ABC] C1C2C340 4040",
                "DMSXYZ007W FILE 'MY FILE A1'.",
                READY,
            ],
        ),
        ("STORAGE", ["APART 1000.", "REUSED 0.", "TOO MUCH 4.", "TWICE 6.", "NO STORAGE 4.", READY]),
        (
            "NOSTOR",
            ["DMSFRE159T INSUFFICIENT STORAGE AVAILABLE TO SATISFY DMSFREE REQUEST FROM 020010.", "CMS"],
        ),
        (
            "BADFREE",
            [
                "DMSSMN133S INVALID GETMAIN OR FREEMAIN SPECIFICATION.",
                "DMSABN148T SYSTEM ABEND A0A CALLED FROM 02000E.",
                "CMS",
            ],
        ),
        ("SPIED", ["AFTER", READY]),
        ("EXITED", ["BEFORE", READY]),
        ("CLOCK", ["08300000 0026327F 3060000", READY]),
        ("OPERATOR", ["HELLO OPERATOR", READY]),
        ("CALLER", ["ERROR 28.", ready(77)]),
        (
            "NOERROR",
            [
                "DMSITS134S ERROR IN CALL TO NOSUCH FROM 02000A, ERROR CODE -3 (HEX FFFFFFFD).",
                "DMSABN148T SYSTEM ABEND 0F0 CALLED FROM 02000A.",
                "CMS",
            ],
        ),
        ("CPCALL", [ready(1)]),
        ("REGS", ["KEPT", READY]),
        (
            "FILER",
            [
                "STATE 28.",
                "NEW DATA A1 20",
                "FIRST RECORD",
                "SECOND ON",
                "END 12.",
                "SECOND ON",
                "FIRST RECORD",
                "SECOND ON",
                "CLOSE 6.",
                "ERASE 0.",
                "ERASE 28.",
                "READ 1.",
                READY,
            ],
        ),
    ],
)
def test_program(cms: BareCMS, program: str, output: list[str]) -> None:
    assert say(cms, f"LOAD {program}") == [READY]
    got = say(cms, "START")
    assert [blurred(text) for text in got] == ["DMSLIO740I Execution begins...", *output]
    if output[-1] == "CMS":  # the next line is executed after recovery
        assert say(cms, "STATE T1 EXEC A") == [READY]


@pytest.mark.parametrize("name", [name for name in PROGRAMS if re.match("BAD[^O]|ODD", name)])
def test_whatever_a_program_does_the_next_command_runs(name: str) -> None:
    cms = BareCMS({("T1", "EXEC"): "&EXIT\n"}, {name: PROGRAMS[name]})
    cms.ipl()
    assert say(cms, f"LOAD {name}") == [READY]
    cms.start("START", 100_000)
    if cms.console.reading and name == "BADREAD":
        say(cms, "line")
    cms.run()
    assert cms.take()[:1] in ([], ["DMSLIO740I Execution begins..."])
    assert say(cms, "STATE T1 EXEC A") == [READY]
    assert say(cms, "STATE NOFILE EXEC A") == ["DMSSTT002E File 'NOFILE EXEC A' not found.", ready(28)]


def test_operands_of_start_and_of_a_module(cms: BareCMS) -> None:
    say(cms, "LOAD ARGS")
    assert say(cms, "START * ONE TWO (THREE")[1:] == ["ONE     TWO     (", READY]
    assert say(cms, "GENMOD ARGS") == [READY]
    assert say(cms, "args one two three") == ["ONE     TWO     THREE", READY]


def test_program_reads_the_terminal(cms: BareCMS) -> None:
    say(cms, "LOAD READER")
    assert say(cms, "START") == ["DMSLIO740I Execution begins..."]
    assert say(cms, "hello there, you") == ["16 <HELLO THER>"]
    assert say(cms, "as It Is") == ["as It Is", READY]


def test_reader_punch_and_printer(cms: BareCMS) -> None:
    cards = [f"CARD {number}".ljust(80).encode("cp037") for number in (1, 2)]
    cms.host.cards.extend([*cards, None])
    cms.reader.ready()
    say(cms, "LOAD CARDS")
    assert say(cms, "START") == ["DMSLIO740I Execution begins...", "CARD 1", "CARD 2", ready(1)]
    assert [card.rstrip() for card in cms.host.punched] == ["CARD 1", "CARD 2"]
    lines = [(code, text.rstrip()) for code, text in cms.host.printed if text.strip()]
    assert lines == [(0x01, "CARD 1"), (0x01, "CARD 2")]
    assert [code for code, text in cms.host.printed if not text.strip()] == [0x13, 0x13]  # ASA 0: space two lines


def test_svc_depth() -> None:
    cms = BareCMS({("B", "EXEC"): "&CONTROL OFF\nEXEC B\n"})
    cms.ipl()
    assert say(cms, "B") == ["DMSITS135S MAXIMUM SVC DEPTH 20 HAS BEEN EXCEEDED WITH CALL AT 000448.", "CMS"]
    assert say(cms, "STATE B EXEC") == [READY]
    assert say(cms, "B")[-1] == "CMS"


# ---- immediate commands


def test_hx_ends_a_loop(cms: BareCMS) -> None:
    say(cms, "LOAD LOOPER")
    cms.start("START")
    assert cms.take() == ["DMSLIO740I Execution begins..."]
    for line in ("HT", "RT", "SO", "HO", "RO", "HB", "XX"):
        assert cms.interrupt(line) == []
    assert cms.interrupt("hx") == ["CMS"]
    assert say(cms, "STATE T1 EXEC A") == [READY]


def test_ht_and_rt(cms: BareCMS) -> None:
    say(cms, "LOAD LOOPTYPE")
    cms.start("START")
    assert set(cms.take()[1:]) == {"TYPING LINE"}
    assert len(cms.interrupt("HT")) < 10
    cms.machine.run(20_000)
    assert cms.take() == []
    assert set(cms.interrupt("RT")) == {"TYPING LINE"}
    assert cms.interrupt("HX")[-1] == "CMS"
    assert say(cms, "STATE T1 EXEC A") == [READY]


def test_a_line_typed_while_a_program_runs_is_read_next() -> None:
    cms = BareCMS(programs={"READER": PROGRAMS["READER"], "SPINNER": SPINNER})
    cms.ipl()
    say(cms, "LOAD SPINNER")
    cms.start("START", 5_000)
    assert cms.interrupt("state nofile exec", 1000) == ["DMSLIO740I Execution begins..."]
    cms.run()
    assert shown(cms.take()) == [READY, "DMSSTT002E File 'NOFILE EXEC' not found.", ready(28)]
