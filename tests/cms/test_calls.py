"""SVC 202 and 203: call types, returns, nucleus extensions, subcommand environments, keys."""

from __future__ import annotations

import pytest
from bare_cms import BareCMS
from programs import RETURN_0, program
from running import READY, codes, run, say, statements, wrapped

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

EXTENSION = statements(
    """
         NUCEXT QUERY,NAME=MYEXT
         LR    6,15
         LINEDIT TEXT='NONE ....',DOT=NO,SUB=(DEC,(6))
         LA    7,1234
         NUCEXT SET,NAME=MYEXT,ENTRY=ENTRY,UWORD=(7)
         LR    6,15
         NUCEXT QUERY,NAME=MYEXT
         L     8,4(,1)
         LR    9,1
         LINEDIT TEXT='SET .... .... ..........',DOT=NO,SUB=(DEC,(6),DEC,(8),CHARA,(8(9),8))
         NUCEXT ANCHOR
         CR    1,9
         BNE   BAD
         LA    1,LIST
         SVC   202
         DC    AL4(*+4)
         LR    6,15
         LINEDIT TEXT='CALLED ....',DOT=NO,SUB=(DEC,(6))
         LA    1,LIST
         ICM   1,8,=X'03'
         SVC   202
         DC    AL4(*+4)
         LR    6,15
         LINEDIT TEXT='BYPASSED ....',DOT=NO,SUB=(DEC,(6))
         NUCEXT CLR,NAME=MYEXT
         LR    6,15
         NUCEXT CLR,NAME=MYEXT
         LR    7,15
         LINEDIT TEXT='CLEARED .... ....',DOT=NO,SUB=(DEC,(6),DEC,(7))
         SR    15,15
         BR    10
BAD      LA    15,99
         BR    10
LIST     DC    CL8'MYEXT',CL8'OPERAND',8X'FF'
         DROP  12
         USING ENTRY,12
ENTRY    LR    11,14
         LR    5,1
         L     6,4(,2)
         LINEDIT TEXT='EXTENSION .... ........',DOT=NO,SUB=(DEC,(6),CHARA,(8(5),8))
         LA    15,7
         BR    11
         DROP  12
         USING PROG+2,12
"""
)

ENVIRONMENT = statements(
    """
         SUBCOM SET,NAME=MYENV,ENTRY=ENTRY,UWORD=77
         LA    1,LIST
         ICM   1,8,=X'02'
         LA    0,EPL
         SVC   202
         DC    AL4(*+4)
         LR    6,15
         LA    1,LIST
         SVC   202
         DC    AL4(*+4)
         LR    7,15
         SUBCOM CLR,NAME=MYENV
         LR    8,15
         SUBCOM QUERY,NAME=MYENV
         LR    9,15
         LINEDIT TEXT='.... .... .... ....',DOT=NO,SUB=(DEC,(6),DEC,(7),DEC,(8),DEC,(9))
         SR    15,15
         BR    10
EPL      DC    A(TEXT,TEXT,TEXTEND,0)
TEXT     DC    C'a line in full'
TEXTEND  DS    0H
LIST     DC    CL8'MYENV',8X'FF'
         DROP  12
         USING ENTRY,12
ENTRY    LR    11,14
         L     6,4(,2)
         LR    5,0
         LM    7,8,4(5)
         SR    8,7
         WRTERM (7),(8)
         LR    15,6
         BR    11
         DROP  12
         USING PROG+2,12
"""
)

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

LASTING = statements(
    """
         DMSFREE DWORDS=300,TYPE=NUCLEUS
         LR    5,1
         LA    6,2047(,5)
         N     6,=X'00FFF800'
         DMSKEY NUCLEUS
         MVC   0(256,6),CODE
         MVC   256(256,6),CODE+256
         DMSKEY RESET
         LA    8,2400
         NUCEXT SET,NAME=LASTING,ENTRY=(6),ORIGIN=(5),LENGTH=(8),{flags},KEY=NUCLEUS
         LR    6,15
         LINEDIT TEXT='SET ...',DOT=NO,SUB=(DEC,(6))
         SR    15,15
         BR    10
         DROP  12
         USING CODE,12
CODE     LR    11,14
         LR    5,1
         LR    6,1
         SRL   6,24
         LINEDIT TEXT='LASTING ...... ........',DOT=NO,SUB=(HEX,(6),CHARA,(8(5),8))
         SR    15,15
         BR    11
         LTORG
         DS    XL512
         DROP  12
         USING PROG+2,12
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
    "EXTENS": program(EXTENSION),
    "ENVIRON": program(ENVIRONMENT),
    "KEYS": program(KEYS),
    "RESETS": program(" DMSKEY RESET\n" + RETURN_0),
    "ABENDS": program(statements(" DMSABN 0C7\n")),
    "SVCS": program(SVCS),
    "SVCEND": program(" SVC 210\n BR 10\n"),
    "ENDCMD": program(LASTING.format(flags="ENDCMD=YES,SYSTEM=YES")),
    "SERVICE": program(LASTING.format(flags="SERVICE=YES")),
    "DROPPED": program(LASTING.format(flags="IMMCMD=YES")),
    "IMMED": program(
        codes("IMMCMD SET,NAME=TICK,EXIT=ENTRY", "IMMCMD QUERY,NAME=TICK", "IMMCMD CLR,NAME=TOCK")
        + statements(
            """
LOOP     CLI   SEEN,0
         BE    LOOP
         SR    15,15
         BR    10
SEEN     DC    X'0'
         DROP  12
         USING ENTRY,12
ENTRY    LR    11,14
         LR    5,1
         LINEDIT TEXT='TICK ........',DOT=NO,SUB=(CHARA,(8(5),8))
         CLC   8(4,5),=CL4'STOP'
         BNE   GOON
         L     2,=A(SEEN)
         MVI   0(2),1
GOON     SR    15,15
         BR    11
         LTORG
         DROP  12
         USING PROG+2,12
"""
        )
    ),
    "FORGET": program(codes("NUCEXT CLR,NAME=LASTING") + RETURN_0),
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
    assert say(cms, "EXTENDED x") == ["00000B <EXTENDED> <x>", READY]
    assert [line.upper() for line in say(cms, "CALLS")] == ["00000D <EXTENDED> <FROM AN EXEC>", READY.upper()]


def test_depth(cms: BareCMS) -> None:
    message, prompt = run(cms, "DEEP")
    assert message.startswith("DMSITS135S MAXIMUM SVC DEPTH 20 HAS BEEN EXCEEDED WITH CALL AT ")
    assert (prompt, say(cms, "STATE T1 EXEC")) == ("CMS", [READY])


def test_call_types(cms: BareCMS) -> None:
    assert run(cms, "TYPES") == ["1 5", "2 5", "3 -3", "4 5", "5 5", "6 5", "7 5", "8 5", READY]


def test_nucleus_extension(cms: BareCMS) -> None:
    assert run(cms, "EXTENS") == [
        "NONE 1",
        "SET 0 1234 MYEXT",
        "EXTENSION 1234 OPERAND",
        "CALLED 7",
        "BYPASSED -3",
        "CLEARED 0 1",
        READY,
    ]


def test_subcommand_environment(cms: BareCMS) -> None:
    assert run(cms, "ENVIRON") == ["a line in full", "77 -3 0 1", READY]


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


def test_an_extension_is_called_at_the_end_of_each_command_and_survives_an_abend(cms: BareCMS) -> None:
    called = "LASTING 0000FE ENDCMD"
    assert run(cms, "ENDCMD") == ["SET 0", called, READY]
    assert say(cms, "STATE T1 EXEC") == [called, READY]
    assert say(cms, "LASTING XYZ") == ["LASTING 00000B XYZ", called, READY]
    assert say(cms, "LOAD BADOP", "START")[-1] == "CMS"
    assert say(cms, "STATE T1 EXEC") == [called, READY]
    assert say(cms, "LOAD FORGET")[-1] == READY
    assert say(cms, "START")[1:] == ["1 0", READY]


def test_a_service_extension_is_told_of_an_abend_and_dropped(cms: BareCMS) -> None:
    assert run(cms, "SERVICE") == ["SET 0", READY]
    assert say(cms, "LASTING X") == ["LASTING 00000B X", READY]
    assert say(cms, "LOAD BADOP", "START")[-1] == "CMS"
    assert say(cms, "STATE T1 EXEC") == ["LASTING 0000FF PURGE", READY]
    assert say(cms, "LASTING") == ["Unknown CP/CMS command"]


def test_an_extension_as_immediate_command(cms: BareCMS) -> None:
    assert run(cms, "DROPPED") == ["SET 0", READY]
    say(cms, "LOAD LOOPER")
    cms.start("START", 5_000)
    cms.take()
    assert cms.interrupt("lasting one", 50_000) == ["LASTING 000006 ONE"]
    assert cms.interrupt("LASTING 2", 50_000) == ["LASTING 000006 2"]
    assert cms.interrupt("HX", 50_000) == ["CMS"]
    assert say(cms, "STATE T1 EXEC") == [READY]
    assert say(cms, "LASTING") == ["Unknown CP/CMS command"]


def test_an_immediate_command_of_a_program(cms: BareCMS) -> None:
    say(cms, "LOAD IMMED")
    cms.start("START", 20_000)
    assert cms.take()[1:] == ["1 0", "2 0", "3 1"]
    assert cms.interrupt("tick one", 50_000) == ["TICK ONE"]
    assert cms.interrupt("TICK STOP", 1_000) in ([], ["TICK STOP"])
    cms.run()
    assert [line.partition(" T=")[0] for line in cms.take()][-1] == READY
    assert say(cms, "TICK ONE") == ["Unknown CP/CMS command"]


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
