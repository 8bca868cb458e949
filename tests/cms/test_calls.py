"""SVC 202 and 203: call types, returns, nucleus extensions, subcommand environments, keys."""

from __future__ import annotations

import pytest
from bare_cms import BareCMS
from programs import RETURN_0, program
from running import READY, run, say, statements, wrapped

from cpvm.machine import StopReason

TYPES = statements(
    """
         LA    5,1
LOOP     LA    1,LIST
         LA    2,0
         IC    2,TYPES-1(5)
         SLL   2,24
         OR    1,2
         LA    0,EPL
         SVC   202
         DC    AL4(*+4)
         LR    6,15
         LINEDIT TEXT='.. ....',DOT=NO,SUB=(DEC,(5),DEC,(6))
         LA    5,1(,5)
         CH    5,=H'9'
         BL    LOOP
         SR    15,15
         BR    10
TYPES    DC    X'000102030405060B'
EPL      DC    A(LIST,LIST,LIST,0)
LIST     DC    CL8'RC5',8X'FF'
"""
)
"""Calls a module by each call type; X'02' looks among SUBCOM environments only."""

KEYS = statements(
    """
         DMSKEY NUCLEUS
         MVI   X'488',0
         DMSKEY USER
         DMSKEY NUCLEUS,NOSTACK
         MVI   X'488',0
         DMSKEY RESET
         MVI   X'488',0
         DMSKEY LASTUSER
         DMSKEY RESET
         DMSKEY RESET
         DMSEXS OI,X'488',X'01'
         TM    X'488',X'01'
         BZ    BAD
         DMSEXS MVI,X'488',X'00'
         COMPSWT ON
         TM    X'488',X'80'
         BZ    BAD
         COMPSWT OFF
         TM    X'488',X'80'
         BO    BAD
         WRTERM 'KEYS'
         MVI   X'488',0
BAD      LA    15,1
         BR    10
"""
)

SVCS = statements(
    """
         HNDSVC SET,(210,ENTRY),(255,ENTRY)
         LR    6,15
         LINEDIT TEXT='SET ...',DOT=NO,SUB=(DEC,(6))
         LA    2,22
         SVC   210
         LR    6,15
         LINEDIT TEXT='CODE ...',DOT=NO,SUB=(DEC,(6))
         LA    2,23
         SVC   255
         LR    6,15
         LINEDIT TEXT='CODE ...',DOT=NO,SUB=(DEC,(6))
         HNDSVC SET,(210,ENTRY)
         LR    6,15
         HNDSVC SET,(201,ENTRY)
         LR    7,15
         HNDSVC CLR,210
         LR    8,15
         HNDSVC CLR,210
         LR    9,15
         LINEDIT TEXT='. . . .',SUB=(DEC,(6),DEC,(7),DEC,(8),DEC,(9))
         SR    15,15
         BR    10
         DROP  12
         USING ENTRY,12
ENTRY    LA    15,100(,2)
         BR    14
         DROP  12
         USING PROG+2,12
"""
).replace("TEXT='. . . .'", "TEXT='.. .. .. ..',DOT=NO")

EXTENDED = statements(
    """
         LR    5,0
         LR    6,1
         SRL   6,24
         LTR   6,6
         BZ    TOKENS
         LM    7,8,0(5)
         SR    8,7
         L     9,8(,5)
         S     9,4(,5)
         L     4,4(,5)
         LINEDIT TEXT='...... <........> <......................>',DOT=NO,SUB=(HEX,(6),CHARA,((7),(8)),CHARA,((4),(9)))
         SR    15,15
         BR    10
TOKENS   LR    5,1
         LINEDIT TEXT='...... ........',DOT=NO,SUB=(HEX,(6),CHARA,(8(5),8))
         SR    15,15
         BR    10
"""
)
"""What a command gets: the call type, the verb and the arguments of the extended list."""

RETURNS = statements(
    """
         LA    1,LIST
         SVC   202
         DC    AL4(ERROR)
         WRTERM 'NO ERROR'
BACK     LA    1,LIST
         SVC   202
         DC    AL4(1)
         LR    6,15
         LA    1,GOOD
         SVC   202
         DC    AL4(ERROR)
         LR    7,15
         LR    8,0
         LA    1,GOOD
         SVC   202
         LINEDIT TEXT='.... .... ....',DOT=NO,SUB=(DEC,(6),DEC,(7),DEC,(8))
         LA    1,LIST
         SVC   202
         BR    10
ERROR    LR    6,15
         LINEDIT TEXT='ERROR ....',DOT=NO,SUB=(DEC,(6))
         B     BACK
GOOD     DC    CL8'GIVES',8X'FF'
LIST     DC    CL8'RC5',8X'FF'
"""
)

GIVES = statements(
    """
         L     2,X'528'
         DMSKEY NUCLEUS
         LA    3,77
         ST    3,24(,2)
         DMSKEY RESET
         SR    15,15
         BR    10
"""
)
"""Gives its caller a register 0, through the save area that CURRSAVE points to."""

PROGRAMS = {
    "RC5": "RC5      CSECT\n         LA    15,5\n         BR    14\n         END\n",
    "RC0": "RC0      CSECT\n         SR    15,15\n         BR    14\n         END\n",
    "BADOP": "BADOP    CSECT\n         DC    X'B2E1'\n         END\n",
    "TYPES": program(TYPES),
    "EXTENDED": program(EXTENDED),
    "RETURNS": program(RETURNS),
    "GIVES": program(GIVES),
    "DEEP": "DEEP     CSECT\n         LR    10,14\n         LR    1,15\n         LA    1,LIST-DEEP(,1)\n"
    "         SVC   202\n         DC    AL4(1)\n         BR    10\nLIST     DC    CL8'DEEP',8X'FF'\n         END\n",
    "KEYS": program(KEYS),
    "RESETS": program(" DMSKEY RESET\n" + RETURN_0),
    "ABENDS": program(statements(" DMSABN 0C7\n")),
    "SVCS": program(SVCS),
    "SVCEND": program(" SVC 210\n BR 10\n"),
    "LOOPER": "LOOPER   CSECT\n         USING *,15\n         B     LOOPER\n         END\n",
}


@pytest.fixture(scope="module")
def cms() -> BareCMS:
    execs = {("T1", "EXEC"): "&EXIT\n", ("CALLS", "EXEC"): "&CONTROL OFF\nEXTENDED From an exec\n"}
    bare = BareCMS(execs, {name: wrapped(source) for name, source in PROGRAMS.items()})
    bare.ipl()
    for name in ("RC5", "EXTENDED", "GIVES", "DEEP"):
        assert say(bare, f"LOAD {name} (ORIGIN TRANS", f"GENMOD {name}") == [READY, READY]
    return bare


def test_returns(cms: BareCMS) -> None:
    first, second, message, abend, prompt = run(cms, "RETURNS")
    assert (first, second) == ("ERROR 5", "5 0 77")
    assert message.startswith("DMSITS134S ERROR IN CALL TO RC5 FROM ")
    assert message.endswith(", ERROR CODE 5 (HEX 00000005).")
    assert abend.startswith("DMSABN148T SYSTEM ABEND 0F0 CALLED FROM ")
    assert (prompt, say(cms, "STATE T1 EXEC")) == ("CMS", [READY])


def test_extended_list(cms: BareCMS) -> None:
    assert say(cms, "  extended  Some Words (as Typed") == ["00000B <extended> <Some Words (as Typed>", READY]
    assert say(cms, "EXTENDED") == ["00000B <EXTENDED> <>", READY]
    assert say(cms, "EXTENDED x") == ["00000B <EXTENDED> <x>", READY]
    assert [line.upper() for line in say(cms, "CALLS")] == ["00000D <EXTENDED> <FROM AN EXEC>", READY.upper()]


def test_depth(cms: BareCMS) -> None:
    message, prompt = run(cms, "DEEP")
    assert message.startswith("DMSITS135S MAXIMUM SVC DEPTH 20 HAS BEEN EXCEEDED WITH CALL AT ")
    assert (prompt, say(cms, "STATE T1 EXEC")) == ("CMS", [READY])


def test_call_types(cms: BareCMS) -> None:
    assert run(cms, "TYPES") == ["1 5", "2 5", "3 -3", "4 5", "5 5", "6 5", "7 5", "8 5", READY]


def test_keys(cms: BareCMS) -> None:
    *rest, last = run(cms, "KEYS")
    assert rest == ["KEYS", rest[1]]
    assert rest[1].startswith("DMSITP141T PROTECTION EXCEPTION")
    assert last == "CMS"
    assert say(cms, "STATE T1 EXEC") == [READY]


def test_reset_of_a_key_that_was_not_stacked(cms: BareCMS) -> None:
    message, prompt = run(cms, "RESETS")
    assert message.startswith("DMSABN148T SYSTEM ABEND 0F1 CALLED FROM")
    assert (prompt, say(cms, "STATE T1 EXEC")) == ("CMS", [READY])


def test_dmsabn(cms: BareCMS) -> None:
    message, prompt = run(cms, "ABENDS")
    assert message.startswith("DMSABN148T SYSTEM ABEND 0C7 CALLED FROM")
    assert (prompt, say(cms, "STATE T1 EXEC")) == ("CMS", [READY])


def test_supervisor_calls_of_the_users_own(cms: BareCMS) -> None:
    assert run(cms, "SVCS") == ["SET 0", "CODE 122", "CODE 123", "2 1 0 3", READY]


def test_they_end_with_the_command(cms: BareCMS) -> None:
    assert run(cms, "SVCEND")[0].startswith("DMSSVT121S UNSUPPORTED SVC 210")


FUNCTIONS = """
ATTN CARDPH CARDRD CMSTIME CONREAD CONWAIT DESBUF DROPBUF ERASE EXEC FETCH FINIS GENMOD HNDINT HNDSVC INCLUDE LOAD
LOADMOD MAKEBUF NUCEXT POINT PRINTIO PRINTR RDBUF RETURN SENTRIES START STATE STATEW STRINIT SUBCOM SVCFREE SVCFRET
TAPEIO TEOVEXIT TRAP TYPLIN WAIT WRBUF
"""
LISTS = ("A(X'FFF000')", "X'FFFFFFFF'", "F'0'", "CL4'*'", "CL4'TAP1'", "CL4'SET'", "A(X'20001')")


@pytest.mark.parametrize("filling", LISTS)
def test_nonsense_in_a_list_harms_nobody(filling: str) -> None:
    source = {
        name: program(
            statements(" LA 1,LIST\n SVC 202\n DC AL4(*+4)\n SR 15,15\n BR 10")
            + f"         DS    0D\nLIST     DC    CL8'{name}',20{filling}\n         DC    8X'FF'\n"
        )
        for name in FUNCTIONS.split()
    }
    cms = BareCMS({("T1", "EXEC"): "&EXIT\n"}, source)
    cms.ipl()
    for name in FUNCTIONS.split():
        assert say(cms, f"LOAD {name}")[-1] == READY, name
        assert cms.console.enter(b"\xe2\xe3\xc1\xd9\xe3")  # START
        for _ in range(50):
            if cms.machine.run(100_000).reason is not StopReason.BUDGET:
                break
        cms.take()
        assert cms.console.reading, name
        ends = say(cms, "STATE T1 EXEC")
        if ends[-1:] != [READY]:  # the line was read by the program, or is the answer to another question
            ends = say(cms, "RETURN", "STATE T1 EXEC")
        assert ends[-1] == READY, (name, ends)
