"""EXEC: control words and what they do to the terminal, the punch, the stack and the flow of control."""

from __future__ import annotations

import re

from bare_cms import BareCMS, Tracks

from cms.build import empty_disk
from cpvm.machine.devices.dasd import Dasd
from cpvm.s370.ckd import encode_track
from cpvm.s370.ebcdic import to_ebcdic

MISSING = "DMSSTT002E File 'NO FILE A' not found."


READS = """
READER   CSECT
         USING READER,12
         LR    10,14
         RDTERM BUF
         LR    5,0
         LINEDIT TEXT='LENGTH ...',SUB=(DEC,(5)),DOT=NO
         LR    14,10
         SR    15,15
         BR    14
BUF      DS    CL130
         END
"""


def answer(output: list[str]) -> list[str]:
    return [re.sub(r" T=.*", "", line).rstrip() for line in output]


def machine(text: str) -> BareCMS:
    cms = BareCMS(files={("X", "EXEC"): "&CONTROL OFF\n" + text})
    cms.ipl()
    return cms


def run(text: str, command: str = "X", *answers: str) -> list[str]:
    """What CMS types when an EXEC of these lines, &CONTROL OFF before them, is run."""
    return answer(machine(text).type(command, *answers))


def test_cards_are_punched() -> None:
    cms = machine("&PUNCH ONE &1 LONGER_THAN_8\n&BEGPUNCH\nas it  stands &1\n\n&END\n&PUNCH\n&TYPE DONE\n")
    assert answer(cms.type("X A")) == ["DONE", "Ready;"]
    assert [card.rstrip() for card in cms.host.punched] == ["ONE A LONGER_T", "as it  stands &1", "", ""]
    assert {len(card) for card in cms.host.punched} == {80}


def test_lines_stacked_last_in_first_out() -> None:
    text = "&BEGSTACK LIFO\nFIRST\nSECOND\n&END\n&STACK FIFO THIRD\n&BEGSTACK FIFO\nFOURTH\n&END\n"
    reads = "".join(f"&READ VARS &V{n}\n" for n in range(4))
    assert run(text + reads + "&TYPE &V0 &V1 &V2 &V3\n") == ["SECOND FIRST THIRD FOURTH", "Ready;"]


def test_error_messages_as_set_emsg_says() -> None:
    text = "&EMSG ABC123E SOME TEXT &1\n&BEGEMSG\nABC124W as it  stands\nnot a code\n&END\n&EMSG SHORT\n"
    cms = machine(text)
    assert answer(cms.type("X A"))[:-1] == [
        "DMSABC123E SOME TEXT A",
        "DMSABC124W as it  stands",
        "not a code",
        "SHORT",
    ]
    cms.type("CP SET EMSG TEXT")
    assert answer(cms.type("X A"))[:-1] == ["SOME TEXT A", "as it  stands", "not a code", "SHORT"]
    cms.type("CP SET EMSG CODE")
    assert answer(cms.type("X A"))[:2] == ["DMSABC123E", "DMSABC124W"]
    cms.type("CP SET EMSG OFF")
    assert answer(cms.type("X A"))[:-1] == ["not a code", "SHORT"]


def test_columns_of_fixed_files() -> None:
    cards = [
        "&CONTROL OFF",
        "&TYPE IN" + " " * 66 + "BEYOND",
        "&BEGTYPE",
        "A" * 80,
        "&END",
        "&BEGTYPE ALL",
        "B" * 80,
        "&END",
    ]
    disk = empty_disk(5, "CMS191")
    disk.write("X", "EXEC", "A1", [to_ebcdic(f"{card:80}") for card in cards], "F", 80)
    cms = BareCMS(a_disk=False)
    cms.machine.attach(0x191, Dasd("3350", Tracks(disk.tracks()), cylinders=5))
    cms.ipl()
    assert answer(cms.type("X")) == ["IN", "A" * 72, "B" * 80, "Ready;"]


def test_a_file_that_cannot_be_read() -> None:
    cms = machine("* some line\n" * 100)
    for cyl, head in cms.a_disk.tracks:
        cms.a_disk.tracks[cyl, head] = encode_track(cyl, head, [])
    got = answer(cms.type("X"))
    assert got[-2:] == ["DMSEXT072E Error in EXEC file X, line 1 - Error reading file", "Ready(00806);"]


def test_times() -> None:
    time = r"T=\d+\.\d\d/\d+\.\d\d \d\d:\d\d:\d\d"
    cms = machine("&TIME ON\nSTATE X EXEC\n&TIME OFF\nSTATE X EXEC\n&TIME RESET\n&TIME TYPE\n")
    lines = cms.type("X")
    assert len(lines) == 3 and all(re.fullmatch(time, line) for line in lines[:2])


def test_goto_top_and_backwards() -> None:
    text = "&N = &N + 1\n&IF &N EQ 2 &SKIP 2\n&GOTO TOP\n&TYPE NOT THIS\n&IF &N EQ 3 &EXIT &LINENUM\n&N = 3\n&SKIP -2\n"
    assert run("&IF .&N EQ . &N = 0\n" + text) == ["Ready(00007);"]


def test_error_continue() -> None:
    text = "&ERROR &TYPE BAD &RETCODE\nSTATE NO FILE A\n&ERROR &CONTINUE\nSTATE NO FILE A\n&ERROR\nFOO\n&TYPE END\n"
    assert run(text) == [MISSING, "BAD 28", MISSING, "END", "Ready;"]


def test_every_operator() -> None:
    expected = {"EQ": "05", "NE": "1234", "LT": "13", "LE": "0135", "GT": "24", "GE": "0245"}
    symbols = {"EQ": "=", "NE": "¬=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
    pairs = [("3", "03"), ("2", "10"), ("10", "2"), ("B", "C"), ("C", "B"), ("AB", "AB")]
    for name, symbol in symbols.items():
        for operator in (name, symbol):
            lines = "".join(f"&IF {a} {operator} {b} &R = &CONCAT &R {n}\n" for n, (a, b) in enumerate(pairs))
            assert run(lines + "&TYPE &R\n") == [expected[name], "Ready;"], operator


def test_conditions_within_conditions() -> None:
    text = "&IF 1 EQ 1 &IF 2 EQ 2 &IF A NE B &X = YES\n&IF 1 EQ 1 &IF 2 EQ 3 &X = NO\n&IF A EQ A\n&TYPE &X\n"
    assert run(text) == ["YES", "Ready;"]


def test_functions() -> None:
    text = (
        "&A = &CONCAT\n&B = &LENGTH\n&C = &DATATYPE -5\n&D = &DATATYPE 5A\n&E = &SUBSTR ABCDE 2 9\n&F = &SUBSTR ABC 9\n"
        "&G = &CONCAT ABCDEFG HIJ\n&TYPE .&A &B &C &D &E .&F &G\n&TYPE &LITERAL &A &LITERAL &LENGTH &LENGTH\n"
    )
    assert run(text) == [". 0 NUM CHAR BCDE . ABCDEFGH", "&A &LENGTH &LENGTH", "Ready;"]


def test_hexadecimal() -> None:
    text = "&HEX ON\n&A = X'1F\n&B = X'-A\n&TYPE &A &B X'31 X'-16 X'0\n&HEX OFF\n&TYPE X'31\n"
    assert run(text) == ["31 -10 1F -10 0", "X'31", "Ready;"]


def test_globals_come_back_changed() -> None:
    files = {
        ("X", "EXEC"): "&CONTROL OFF\n&TYPE &GLOBAL0 &GLOBAL9\n&GLOBAL9 = 5\nEXEC Y\n&TYPE &GLOBAL9 &V\n",
        ("Y", "EXEC"): "&CONTROL OFF\n&V = OWN\n&GLOBAL9 = &GLOBAL9 * 2\n",
    }
    cms = BareCMS(files=files)
    cms.ipl()
    assert answer(cms.type("X")) == ["1 1", "10", "Ready;"]


def test_nomsg_hides_missing_files_only() -> None:
    text = "&CONTROL OFF NOMSG\n" + "".join(
        f"{command}\n&R = &CONCAT &R . &RETCODE\n"
        for command in ("STATE NO FILE A", "ERASE NO FILE", "LISTFILE NO FILE", "RENAME NO FILE A B C A", "EXEC NONE")
    )
    assert run("&R = 0\n" + text + "&TYPE &RETCODE\n") == ["801", "Ready;"]
    bad = run("&CONTROL OFF NOMSG\nSTATE N?O FILE\nTYPE NO FILE\n&CONTROL OFF MSG\nSTATE NO FILE A\n")
    assert [line[:10] for line in bad] == ["DMSSTT062E", "DMSTYP002E", "DMSSTT002E", "Ready;"]


def test_times_of_commands_that_fail_are_not_shown() -> None:
    assert run("&CONTROL ERROR TIME\nSTATE NO FILE A\n") == [MISSING, "STATE NO FILE A", "+++ R(00028) +++", "Ready;"]


def test_empty_lines_are_stacked_as_blanks() -> None:
    cms = BareCMS(
        files={("X", "EXEC"): "&CONTROL OFF\n&BEGSTACK\n\n&END\n&STACK\nREADER\nREADER\n"}, programs={"R": READS}
    )
    cms.ipl()
    cms.type("LOAD R", "GENMOD READER")
    assert answer(cms.type("X")) == ["LENGTH 1", "LENGTH 0", "Ready;"]


def test_implied_exec_can_be_switched_off() -> None:
    cms = machine("&TYPE HERE\n")
    assert answer(cms.type("X")) == ["HERE", "Ready;"]
    cms.type("SET IMPEX OFF")
    assert cms.type("X")[0] == "Unknown CP/CMS command"
    assert answer(cms.type("EXEC X")) == ["HERE", "Ready;"]


def test_space_counts() -> None:
    assert run("&TYPE A\n&SPACE\n&SPACE 0\n&TYPE B\n") == ["A", "", "B", "Ready;"]


def test_messages_in_capitals_as_they_once_were() -> None:
    cms = BareCMS(files={("X", "EXEC"): "&GOTO -a\n", ("Y", "EXEC"): "&TRACE OFF\n&GOTO -a\n"})
    cms.ipl()
    cms.type("SET HISTORY 1979")
    assert cms.type("EXEC X")[0] == "DMSEXT072E ERROR IN EXEC FILE X, LINE 1 - &SKIP OR &GOTO ERROR"
    assert cms.type("EXEC Y")[0] == "DMSEXE085E ERROR IN Y EXEC A1, LINE 2 - LABEL NOT FOUND"
    assert cms.type("EXEC *")[0] == "DMSSTT062E INVALID CHARACTER '*' IN FILEID '* EXEC'."


def test_halted_typing_ends_with_the_file() -> None:
    files = {
        ("X", "EXEC"): "&CONTROL OFF\nEXEC Y\n&TYPE HEARD &RETCODE\n",
        ("Y", "EXEC"): "&CONTROL OFF\n&STACK HT\n&TYPE NOT HEARD\n&EXIT 3\n",
    }
    cms = BareCMS(files=files)
    cms.ipl()
    assert answer(cms.type("X")) == ["HEARD 3", "Ready;"]


LOOPS = {
    ("LOOP", "EXEC"): "&CONTROL OFF\n-A\n&N = 1\n&GOTO -A\n",
    ("OUTER", "EXEC"): "&CONTROL OFF\nEXEC LOOP\n&TYPE NOT REACHED\n",
    ("LOOP2", "EXEC"): "&TRACE OFF\n-A\n&N = 1\n&GOTO -A\n",
}


def test_hi_ends_execs() -> None:
    """Typed while they run; the levels above end, too, and the next command runs."""
    cms = BareCMS(files=LOOPS)
    cms.ipl()
    cms.start("OUTER", 400_000)
    out = cms.interrupt("HI", 1000)
    cms.run()
    out = answer(out + cms.take())
    assert re.fullmatch(r"DMSEXT072E Error in EXEC file LOOP, line [234] - Halted by HI", out[0])
    assert out[1:] == ["DMSEXT072E Error in EXEC file OUTER, line 2 - Halted by HI", "Ready(00821);"]
    cms.start("LOOP2", 400_000)
    out = cms.interrupt("hi", 1000)
    cms.run()
    out = answer(out + cms.take())
    assert re.fullmatch(r"DMSEXE085E Error in LOOP2 EXEC A1, line [234] - Halted by HI", out[0])
    assert out[1] == "Ready(10018);"


def test_ts_and_te_trace_execs() -> None:
    for name, line in (("LOOP", "&GOTO -A"), ("LOOP2", "&GOTO -A")):
        cms = BareCMS(files=LOOPS)
        cms.ipl()
        cms.start(name, 400_000)
        assert cms.take() == []
        assert line in cms.interrupt("TS", 400_000)
        cms.interrupt("TE", 200_000)
        assert cms.take() == []
        cms.machine.run(200_000)
        assert cms.take() == []
        assert "Halted by HI" in cms.interrupt("HI", 200_000)[0]
