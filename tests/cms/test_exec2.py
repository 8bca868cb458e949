"""EXEC 2: words, variables, functions, flow of control, errors, on a CMS without CP."""

from __future__ import annotations

import pytest
from bare_cms import BareCMS, Tracks

from cms.build import empty_disk
from cpvm.machine.devices.dasd import Dasd
from cpvm.s370.ebcdic import to_ebcdic

MIXED = "&TRACE OFF\n&TYPE <&ARGSTRING &N\n&EXIT 7\n"


def answer(output: list[str]) -> list[str]:
    return [line.split(" T=")[0].rstrip() for line in output]


def run(text: str, command: str = "EXEC X", *answers: str, storage: int = 1 << 20) -> list[str]:
    """What CMS types when an EXEC 2 program of these lines is run; `answers` are typed as it asks for them."""
    files = {("X", "EXEC"): "&TRACE OFF\n" + text, ("SUB", "EXEC"): MIXED, ("OLD", "EXEC"): "&EXIT 3\n"}
    cms = BareCMS(files=files, storage=storage)
    cms.ipl()
    return answer(cms.type(command, *answers))


def values(*assignments: str) -> list[str]:
    """What the variables &1, &2 ... of these assignments are, each typed between parentheses."""
    lines = [f"&V{n} = {text}\n&L = &LENGTH OF &V{n}\n&TYPE (&L &V{n} )\n" for n, text in enumerate(assignments)]
    return [line[1:-2].partition(" ")[2] for line in run("".join(lines))[:-1]]


FUNCTIONS = {
    "&CONCAT OF AB cd 12": "ABcd12",
    "&CONCATENATION OF AB &BLANK C": "AB C",
    "&DATATYPE OF 12": "NUM",
    "&DATATYPE OF -12": "NUM",
    "&DATATYPE OF 1A": "CHAR",
    "&DATATYPE OF": "CHAR",
    "&DIVISION OF 100 7 2": "7",
    "&DIV OF -7 2": "-3",
    "&MULTIPLICATION OF 3 -4 5": "-60",
    "&MULT OF 7": "7",
    "&LEFT OF ABCDEF 3": "ABC",
    "&LEFT OF ABC 0": "",
    "&RIGHT OF ABCDEF 3": "DEF",
    "&RIGHT OF AB 4": "  AB",
    "&LENGTH OF A_LONG_WORD_INDEED": "18",
    "&LENGTH OF &NOTHING": "0",
    "&LITERAL OF  a  &X  b": " a  &X  b",
    "&STRING OF a   &BLANK  b": "a   b",
    "&LOCATION OF CD ABCDE": "3",
    "&LOCATION OF CE ABCDE": "0",
    "&LOCATION OF ABC AB": "0",
    "&PIECE OF ABCDEFGHIJKL 9": "IJKL",
    "&PIECE OF ABCDEF 2 3": "BCD",
    "&PIECE OF ABC 9 3": "",
    "&SUBSTR OF ABC 3 9": "C",
    "&POSITION OF B A B C": "2",
    "&POSITION OF B A BB C": "0",
    "&TRANSLATION OF HELLO LE 1": "H 11O",
    "&TRANS OF abc ab AB": "ABc",
    "&WORD OF one two three 2": "two",
    "&WORD OF one 2": "",
    "5 - 2 + 10": "13",
    "- 3": "-3",
    "007": "007",
    "0 - 0": "0",
    "2147483646 + 1": "2147483647",
    "-2147483647 - 1": "-2147483648",
    "": "",
    "one": "one",
}


def test_functions_and_arithmetic() -> None:
    assert dict(zip(FUNCTIONS, values(*FUNCTIONS), strict=True)) == FUNCTIONS


def test_trim() -> None:
    assert run("&X = &LEFT OF AB 5\n&T = &TRIM OF &X\n&C = &CONCAT OF &T .\n&TYPE &C\n") == ["AB.", "Ready;"]


ERRORS = [
    ("&X = &CONCAT OF " + "&Y &Y &Y", 3, "Word too long", 10003, "&Y = " + "A" * 99),
    ("&TYPE " + "&Y " * 70, 3, "Statement too long", 10004, "&Y = " + "A" * 99),
    ("&CONCAT OF A B", 2, "Invalid control word", 10005, ""),
    ("&GOTO -NONE", 2, "Label not found", 10006, ""),
    ("&LOOP -NONE 3", 2, "Label not found", 10006, ""),
    ("& = 5", 2, "Invalid variable name", 10007, ""),
    ("&READ VARS X", 2, "Invalid variable name", 10007, ""),
    ("&IF A QQ B &TYPE", 2, "Invalid form of condition", 10008, ""),
    ("&IF A =", 2, "Invalid form of condition", 10008, ""),
    ("&IF &NOTHING = B", 2, "Invalid form of condition", 10008, ""),
    ("&X = 1 2", 2, "Invalid assignment", 10009, ""),
    ("&X = 1 +", 2, "Invalid assignment", 10009, ""),
    ("&X = 2 * 3", 2, "Invalid assignment", 10009, ""),
    ("&GOTO", 2, "Missing argument", 10010, ""),
    ("&LOOP 1", 2, "Missing argument", 10010, ""),
    ("&X = &PIECE OF", 2, "Missing argument", 10010, ""),
    ("&GOTO 99", 2, "Invalid argument", 10011, ""),
    ("&SKIP A", 2, "Invalid argument", 10011, ""),
    ("&EXIT A", 2, "Invalid argument", 10011, ""),
    ("&CASE X", 2, "Invalid argument", 10011, ""),
    ("&PRESUME CMS", 2, "Invalid argument", 10011, ""),
    ("&TRACE MAYBE", 2, "Invalid argument", 10011, ""),
    ("&X = &PIECE OF ABC 0", 2, "Invalid argument", 10011, ""),
    ("&X = 1 + A", 2, "Conversion error", 10012, ""),
    ("&RC = A", 2, "Conversion error", 10012, ""),
    ("&X = 2147483647 + 1", 2, "Numeric overflow", 10013, ""),
    ("&X = &MULT OF 65536 65536", 2, "Numeric overflow", 10013, ""),
    ("&X = &FOO OF A", 2, "Invalid function name", 10014, ""),
    ("&LOOP 2 3", 2, "End of file found in loop", 10015, ""),
    ("&X = &DIV OF 5 0", 2, "Division by zero", 10016, ""),
    ("&LOOP 1 UNTIL", 2, "Invalid loop condition", 10017, ""),
    ("&LOOP 1 3 4", 2, "Invalid loop condition", 10017, ""),
    ("&LOOP 1 WHILE A B C D", 2, "Invalid loop condition", 10017, ""),
    ("FOOBAR", 3, "Error return during &ERROR action", 10019, "&ERROR FOOBAR 2"),
    ("&1 = A", 2, "Assignment to unset argument", 10020, ""),
    ("&RETURN", 2, "Statement out of context", 10021, ""),
]


@pytest.mark.parametrize(("text", "line", "why", "code", "before"), ERRORS, ids=range(len(ERRORS)))
def test_errors(text: str, line: int, why: str, code: int, before: str) -> None:
    got = run((before + "\n" if before else "") + text + "\n")
    assert got == [f"DMSEXE085E Error in X EXEC A1, line {line} - {why}", f"Ready({code:05});"]


def test_arguments_are_what_was_typed() -> None:
    text = "&TYPE &1 &2 &N &0 &ARGSTRING\n&UPPER ARGS\n&TYPE &1 &2\n&ARGS p q r\n&TYPE &INDEX &3 .&4 &CMDSTRING\n"
    assert run(text, "exec x A_word_of_many_letters  (two") == [
        "A_word_of_many_letters (two 2 X A_word_of_many_letters  (two",
        "A_WORD_OF_MANY_LETTERS (TWO",
        "3 r . exec x A_word_of_many_letters  (two",
        "Ready;",
    ]


def test_implied_exec_has_the_same_arguments() -> None:
    assert run("&TYPE <&ARGSTRING\n&TYPE &1 &N\n", "x exec b") == ["<exec b", "exec 2", "Ready;"]


def test_substitution_goes_from_the_right_to_the_left() -> None:
    text = "&X = Y\n&Y = &X&X\n&Y1 = 5\n&I = 1\n&TYPE &Y .&Y1 &Y&I &X&NO A&X & &\n&Y&I = 6\n&TYPE &Y1 &NO .\n"
    assert run(text) == [".5 5 Y AY & &", "6 .", "Ready;"]


def test_every_comparator() -> None:
    pairs = [("3", "03"), ("2", "10"), ("10", "2"), ("B", "C"), ("C", "B"), ("AB", "AB")]
    symbols = {"EQ": "=", "NE": "¬=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
    expected = {"EQ": "05", "NE": "1234", "LT": "13", "LE": "0135", "GT": "24", "GE": "0245"}
    others = {"LE": "¬>", "GE": "¬<"}
    for name, symbol in symbols.items():
        for comparator in (name, symbol, others.get(name, name)):
            lines = "".join(f"&IF {a} {comparator} {b} &R = &CONCAT OF &R {n}\n" for n, (a, b) in enumerate(pairs))
            assert run(lines + "&TYPE &R\n") == [expected[name], "Ready;"], comparator


def test_loops() -> None:
    text = (
        "&LOOP 1 3\n&T = &CONCAT OF &T A\n"
        "&LOOP -E WHILE &I < 2\n&I = &I + 1\n&LOOP 1 2\n&T = &CONCAT OF &T &I\n-E\n"
        "&LOOP 1 UNTIL &I = 4\n&I = &I + 1\n&LOOP 1 0\n&TYPE NEVER\n&LOOP 2 *\n&I = &I + 1\n&IF &I > 8 &GOTO -OUT\n"
        "-OUT &TYPE &T &I\n"
    )
    assert run("&I = 0\n" + text) == ["AAA1122 9", "Ready;"]


def test_subroutines_have_their_own_arguments_and_loops() -> None:
    text = (
        "&ARGS main args\n&LOOP 1 2\n&CALL -S one two three\n&TYPE &1 &2 &N &DEPTH\n&EXIT\n"
        "-S &TYPE &0 &1 &3 &N &DEPTH &FROM\n&1 = new\n&LOOP -B *\n&RETURN\n-B\n"
    )
    assert run(text) == ["-S one three 3 1 4", "-S one three 3 1 4", "main args 2 0", "Ready;"]


def test_functions_may_call_themselves() -> None:
    text = (
        "&X = -FAC OF 6\n&TYPE &X\n&EXIT\n"
        "-FAC\n&IF &1 = 0 &RETURN 1\n&M = &1 - 1\n&R = -FAC OF &M\n&R = &MULT OF &R &1\n&RETURN &R\n"
    )
    assert run(text) == ["720", "Ready;"]


def test_too_deep() -> None:
    got = run("-A\n&CALL -A\n")
    assert got == ["DMSEXE085E Error in X EXEC A1, line 3 - Insufficient storage available", "Ready(10097);"]


def test_goto_and_skip() -> None:
    text = (
        "&GOTO 4\n&TYPE NOT THIS\n&SKIP\n&TYPE NOR THIS\n&GOTO -L\n-L &TYPE UP &LINK\n&SKIP 2\n-L\n&EXIT 4\n&SKIP -2\n"
    )
    assert run(text) == ["UP 6", "Ready(00004);"]


def test_stack_and_read() -> None:
    text = (
        "&STACK one Line of   text\n&STACK LIFO first\n&BEGSTACK 2 LIFO\n  as  &it stands\nand then\n&STACK FIFO\n"
        "&READ STRING &A\n&CASE M\n&READ STRING &B\n&READ STRING &C\n&CASE U\n&READ VARS &D &E &F\n&READ ARGS\n"
        "&TYPE &A &B /&C &D &E &F &N\n&READ VARS &G &H\n&TYPE &G .&H\n"
    )
    assert run(text, "X", "answer") == [
        "AND THEN   as  &it stands /first ONE LINE OF 0",
        "ANSWER .",
        "Ready;",
    ]


def test_lines_from_the_terminal_are_executed() -> None:
    assert run("&READ 2\n&TYPE &X &Y\n", "X", "&X = 8", "&READ VARS &Y", "nine") == ["8 NINE", "Ready;"]
    assert run("&READ *\n&TYPE &X\n", "X", "&X = 8", "&X = &X + 1", "") == ["9", "Ready;"]
    assert run("&READ 1\n", "X", "&LOOP 2 2") == [
        "DMSEXE085E Error in X EXEC A1, line 2 - Statement out of context",
        "Ready(10021);",
    ]


def test_begtype_to_a_label_and_to_the_end() -> None:
    text = "&BEGTYPE -E\n  one   &X\n*two\n-E &TYPE MORE\n&BEGPRINT *\nlast\n&EXIT 5\n"
    assert run(text) == ["  one   &X", "*two", "MORE", "last", "&EXIT 5", "Ready;"]


def test_commands_and_traces() -> None:
    text = "STATE NO FILE A\n&TYPE &RC &RETCODE &COMLINE\nEXEC OLD\n&COMMAND STATE NO FILE A\n&TYPE &RC\n"
    text += "exec sub Mixed (a)\n"
    missing = "DMSSTT002E File 'NO FILE A' not found."
    assert run(text) == [missing, "28 28 2", "28", "<Mixed (a) 2", "Ready;"]
    assert run("&TRACE ON\n" + text) == [
        "STATE NO FILE A",
        missing,
        "+++ R(00028) +++",
        "28 28 3",
        "EXEC OLD",
        "+++ R(00003) +++",
        "STATE NO FILE A",
        "+++ R(00028) +++",
        "28",
        "exec sub Mixed (a)",
        "<Mixed (a) 2",
        "+++ R(00007) +++",
        "Ready;",
    ]
    assert run("&TRACE ERR\n" + text)[:3] == [missing, "STATE NO FILE A", "+++ R(00028) +++"]
    assert run("&TRACE ALL\n&X = A B\n")[0] == "&X = A B"
    assert run("&TRACE ALL\n&IF 1 = 1 &X = 2\nSTATE X EXEC\n&TYPE &X\n") == [
        "&IF 1 = 1",
        "&X = 2",
        "STATE X EXEC",
        "&TYPE 2",
        "2",
        "Ready;",
    ]


def test_error_action() -> None:
    text = "&ERROR &TYPE bad &RC line &LINE\nFOO\n&ERROR\nFOO\n&ERROR &EXIT 5\nFOO\n&TYPE NOT THIS\n"
    assert run(text) == ["bad -3 line 3", "Ready(00005);"]


def test_unknown_environment() -> None:
    text = "&SUBCOMMAND NOWHERE A B\n&TYPE &RC\n&PRESUME &SUBCOMMAND NOWHERE\nA B\n&TYPE &RC\n"
    text += "&PRESUME\nEXEC OLD\n&TYPE &RC\n"
    assert run(text) == ["-3", "-3", "3", "Ready;"]


def test_dump() -> None:
    text = "&A = one\n&LONG_NAME = &STRING OF two words\n&DUMP\n&DUMP VARS &LONG_NAME &RC &NO\n&DUMP ARGS\n&DUMP VARS\n"
    arguments, names = ["&0 = X", "&1 = p"], ["&A = one", "&LONG_NAME = two words"]
    got = run(text, "X p")
    assert got[:2] == arguments and sorted(got[2:4]) == names and sorted(got[-3:-1]) == names
    assert got[4:-3] == ["&LONG_NAME = two words", "&RC = 0", "&NO =", *arguments]


def test_variables_of_any_name_and_number() -> None:
    name = "&A_name_of_some_length_"
    text = f"&LOOP 2 500\n&I = &I + 1\n{name}&I = &I\n&TYPE {name}1 {name}500\n"
    assert run("&I = 0\n" + text) == ["1 500", "Ready;"]


def test_storage_is_given_back() -> None:
    text = "&IF &1 = 0 &EXIT\n&N1 = &1 - 1\nEXEC X &N1\n"
    files = {("X", "EXEC"): "&TRACE OFF\n" + text, ("Y", "EXEC"): "&TRACE OFF\n&LOOP 1 40\nEXEC X 4\n"}
    cms = BareCMS(files=files, storage=1 << 19)
    cms.ipl()
    assert answer(cms.type("Y")) == ["Ready;"]


def test_no_room() -> None:
    text = "&I = 0\n&LOOP 2 *\n&I = &I + 1\n&V&I = &LEFT OF A 250\n"
    assert run(text, storage=5 << 16) == [
        "DMSEXE085E Error in X EXEC A1, line 5 - Insufficient storage available",
        "Ready(10097);",
    ]


PROGRAM = """
XCOM     CSECT
         USING XCOM,12
         LR    10,14
         LA    9,S1
         LA    8,8
CALL     LA    0,EPL
         ST    9,EPL+12
         LA    1,=CL8'EXECCOMM'
         ICM   1,8,=X'02'
         SVC   202
         DC    AL4(1)
         LR    7,15
         LINEDIT TEXT='RC ...',SUB=(DEC,(7)),DOT=NO
         LTR   7,7
         BM    BACK
         L     5,28(,9)
         WRTERM BUF,(5)
         LA    9,32(,9)
         BCT   8,CALL
BACK     LR    14,10
         SR    15,15
         BR    14
EPL      DC    4A(0)
S1       DC    A(0,0),C'F',XL3'0',A(20,NA,L'NA,BUF,0)
         DC    A(0,0),C'S',XL3'0',A(0,NB,L'NB,NEW,L'NEW)
         DC    A(0,0),C'f',XL3'0',A(3,NA,L'NA,BUF,0)
         DC    A(0,0),C'D',XL3'0',A(20,NC,L'NC,BUF,0)
         DC    A(0,20),C'N',XL3'0',A(20,NBUF,20,BUF,0)
         DC    A(0,0),C'P',XL3'0',A(20,ARG,L'ARG,BUF,0)
         DC    A(0,0),C'Q',XL3'0',A(20,NA,L'NA,BUF,0)
         DC    A(0,0),C'S',XL3'0',A(20,N9,L'N9,BUF,4)
NA       DC    C'A'
NB       DC    C'&&B'
NC       DC    C'C'
N9       DC    C'9'
ARG      DC    C'ARG'
NEW      DC    C'A new value'
NBUF     DC    CL20' '
BUF      DC    CL20' '
         END
"""


def test_programs_reach_the_variables() -> None:
    text = "&TRACE OFF\n&A = first\n&C = third\nLOAD XCOM\nSTART\n&TYPE &B /&C &RC\n"
    cms = BareCMS(files={("X", "EXEC"): text}, programs={"XCOM": PROGRAM})
    cms.ipl()
    begins = "DMSLIO740I Execution begins..."
    got = answer(cms.type("X an argument"))
    codes = [line for line in got if line.startswith("RC ")]
    assert codes == ["RC 0", "RC 1", "RC 4", "RC 0", "RC 0", "RC 0", "RC 128", "RC 8"]
    assert got[0] == begins and got[2] == "first" and got[6] == "fir" and got[8] == ""
    assert got[10] in {"first", "A new value"} and got[12] == "an argument"
    assert got[-2:] == ["A new value / 0", "Ready;"]
    assert answer(cms.type("START *"))[:2] == [begins, "RC -3"]


def test_execio_reads_into_variables() -> None:
    text = (
        "EXECIO * DISKR OLD EXEC A 1 (STEM LINE FINIS\n&TYPE &RC &LINE0 /&LINE1\n&OUT = &STRING OF Mixed  text\n"
        "EXECIO 1 DISKW NEW FILE A (VAR OUT FINIS\nEXECIO 1 DISKR NEW FILE A (VAR BACK FINIS\n&TYPE &RC &BACK\n"
    )
    assert run(text) == ["0 1 /&EXIT 3", "0 Mixed text", "Ready;"]


def test_a_profile_has_no_arguments() -> None:
    cms = BareCMS(files={("PROFILE", "EXEC"): "&TRACE OFF\n&TYPE &0 &N .&ARGSTRING .&CMDSTRING\n"})
    assert answer(cms.ipl())[-2:] == ["PROFILE 0 . .", "Ready;"]


CALLER = """
CALLER   CSECT
         USING CALLER,12
         LR    10,14
         LA    1,LIST
         L     0,GARBAGE
         SVC   202
         DC    AL4(1)
         LA    1,LIST
         ICM   1,8,=X'0B'
         L     0,GARBAGE
         SVC   202
         DC    AL4(1)
         LR    14,10
         BR    14
GARBAGE  DC    X'00FFFFFE'
LIST     DC    CL8'EXEC',CL8'SUB',CL8'one',CL8'TWO',8X'FF'
         END
"""


def test_programs_call_with_tokens() -> None:
    cms = BareCMS(files={("SUB", "EXEC"): MIXED}, programs={"CALLER": CALLER})
    cms.ipl()
    assert answer(cms.type("LOAD CALLER (START"))[1:] == ["<one TWO 2", "<one TWO 2", "Ready(00007);"]


def test_nested_with_exec() -> None:
    files = {
        ("A", "EXEC"): "&CONTROL OFF\n&TYPE &GLOBAL\nEXEC B\n",
        ("B", "EXEC"): "&TRACE OFF\nEXEC C a (b) c\n",
        ("C", "EXEC"): "&CONTROL OFF\n&TYPE &GLOBAL &1 &2 &3\n",
    }
    cms = BareCMS(files=files)
    cms.ipl()
    assert answer(cms.type("A")) == ["1", "3 A ( B", "Ready;"]


def test_hx_ends_a_program() -> None:
    cms = BareCMS(files={("X", "EXEC"): "&TRACE OFF\n-A\n&GOTO -A\n", ("SUB", "EXEC"): MIXED})
    cms.ipl()
    cms.start("X")
    assert cms.interrupt("HX") == ["CMS"]
    assert answer(cms.type("", "sub a"))[-2:] == ["<a 1", "Ready(00007);"]


def test_globalv_keeps_values() -> None:
    text = "&V = &STRING OF some Value\nGLOBALV SELECT MINE PUT V\n&V = x\nGLOBALV SELECT MINE GET V\n&TYPE &V\n"
    assert run(text) == ["some Value", "Ready;"]


def test_sequence_numbers_are_not_read() -> None:
    lines = ["&TRACE OFF", "&TYPE HERE", "-L &TYPE " + "A" * 60 + " B", "&GOTO -E", "-E"]
    cards = [line.ljust(72) + f"SEQ{number:05}" for number, line in enumerate(lines, 1)]
    disk = empty_disk(5, "CMS191")
    disk.write("X", "EXEC", "A1", [to_ebcdic(card) for card in cards], "F", 80)
    disk.write(
        "Y", "EXEC", "A1", [to_ebcdic(f"{line:80}") for line in ["&TRACE OFF", "&TYPE" + " " * 70 + "WORD"]], "F", 80
    )
    cms = BareCMS(a_disk=False)
    cms.machine.attach(0x191, Dasd("3350", Tracks(disk.tracks()), cylinders=5))
    cms.ipl()
    assert answer(cms.type("X")) == ["HERE", "A" * 60 + " B", "Ready;"]
    assert answer(cms.type("Y")) == ["WORD", "Ready;"]


ENVIRONMENT = """
ENV      CSECT
         USING ENV,12
         LR    10,14
         LA    1,SUBCOM
         SVC   202
         DC    AL4(1)
         LR    14,10
         SR    15,15
         BR    14
         DS    0F
SUBCOM   DC    CL8'SUBCOM',CL8'MYENV',X'00000000',A(ENTRY),A(0)
         DROP  12
         USING ENTRY,12
ENTRY    LR    10,14
         LR    2,0
         LM    3,5,0(2)
         SR    5,4
         WRTERM (4),(5)
         LR    14,10
         LA    15,7
         BR    14
         END
"""


def test_subcommand_environments() -> None:
    text = (
        "&TRACE ERR\nLOAD ENV\nSTART\n&SUBCOMMAND MYENV Some  words (here\n&TYPE &RC\n&PRESUME &SUBCOMMAND MYENV\n"
        "another &RC\n&COMMAND STATE X EXEC\n&TYPE &RC\n&PRESUME &COMMAND\nSTATE X EXEC\n&TYPE &RC\n"
    )
    cms = BareCMS(files={("X", "EXEC"): text}, programs={"ENV": ENVIRONMENT})
    cms.ipl()
    assert answer(cms.type("X"))[1:] == [
        "Some words (here",
        "Some words (here",
        "+++ R(00007) +++",
        "7",
        "another 7",
        "another 7",
        "+++ R(00007) +++",
        "0",
        "0",
        "Ready;",
    ]
