"""Free storage, the stack and the terminal: macros and their return codes."""

from __future__ import annotations

import pytest
from bare_cms import BareCMS
from programs import RETURN_0, program
from running import BEGINS, READY, codes, numbered, run, say, statements, wrapped

from cpvm.machine import StopReason

STORAGE = (
    codes(
        "DMSFREE DWORDS=100,ERR=*",
        "LR 5,1",
        "DMSFRET DWORDS=100,LOC=(5),ERR=*",
        "DMSFRET DWORDS=100,LOC=(5),ERR=*",
        "DMSFRET DWORDS=0,LOC=(5),ERR=*",
        "LA 5,1(,5)",
        "DMSFRET DWORDS=1,LOC=(5),ERR=*",
        "DMSFRET DWORDS=1,LOC==F'8',ERR=*",
        "DMSFREE DWORDS=0,ERR=*",
        "L 5,=F'130000'",
        "DMSFREE DWORDS=(5),ERR=*",
        "DMSFREE DWORDS=(5),MIN=10,ERR=*",
        "DMSFREE DWORDS=10,TYPE=NUCLEUS,AREA=HIGH,ERR=*",
        "DMSFREE DWORDS=10,TYPE=NUCLEUS,AREA=LOW,ERR=*",
        "DMSFRES CHECK",
        "STRINIT TYPCALL=SVC",
    )
    + RETURN_0
)

DESTROY = statements(
    """
         DMSFREE DWORDS=10,TYPE={type}
         LR    5,1
         DMSFREE DWORDS=10,TYPE={type}
         LR    7,1
         DMSFRET DWORDS=10,LOC=(5)
         DMSKEY NUCLEUS
         L     2,X'3E8'+{chain}
         MVI   3(2),3
         DMSKEY RESET
         DMSFRES CHECK
         LR    6,15
         DMSFREE DWORDS=2000,TYPE={type},ERR=*
         LR    8,15
         LINEDIT TEXT='.... ....',DOT=NO,SUB=(DEC,(6),DEC,(8))
         DMSFREE DWORDS=2000,TYPE={type}
         BR    10
"""
)


STACK = statements(
    """
         BAL   11,SENTRIES
         LA    1,ONE
         BAL   11,STACK
         LA    1,TWO
         BAL   11,STACK
         LA    1,MAKEBUF
         BAL   11,CALL
         LA    1,THREE
         BAL   11,STACK
         LA    1,FOUR
         BAL   11,STACK
         LA    1,FIVE
         BAL   11,STACK
         BAL   11,SENTRIES
         BAL   11,READ
         BAL   11,READ
         LA    1,MAKEBUF
         BAL   11,CALL
         LA    1,FIVE
         BAL   11,STACK
         LA    1,DROPTWO
         BAL   11,CALL
         LA    1,DROPNINE
         BAL   11,CALL
         LA    1,DROPBAD
         BAL   11,CALL
         BAL   11,SENTRIES
         LA    1,DROPBUF
         BAL   11,CALL
         BAL   11,SENTRIES
         BAL   11,READ
         LA    1,DESBUF
         BAL   11,CALL
         BAL   11,SENTRIES
         SR    15,15
         BR    10
STACK    SVC   202
         DC    AL4(*+4)
         LTR   15,15
         BZR   11
         B     SAY
SENTRIES LA    1,COUNT
CALL     SVC   202
         DC    AL4(*+4)
SAY      LR    6,15
         LR    7,1
         LINEDIT TEXT='............ ....',DOT=NO,SUB=(CHARA,(0(7),8),DEC,(6))
         BR    11
READ     RDTERM LINE
         LINEDIT TEXT='READ ........',DOT=NO,SUB=(CHARA,(LINE,8))
         BR    11
ONE      DC    CL8'ATTN',CL4'FIFO',AL1(3),AL3(TONE)
TWO      DC    CL8'ATTN',CL4'FIFO',AL1(3),AL3(TTWO)
THREE    DC    CL8'ATTN',CL4'FIFO',AL1(5),AL3(TTHREE)
FOUR     DC    CL8'ATTN',CL4'FIFO',AL1(4),AL3(TFOUR)
FIVE     DC    CL8'ATTN',CL4'LIFO',AL1(4),AL3(TFIVE)
COUNT    DC    CL8'SENTRIES',8X'FF'
MAKEBUF  DC    CL8'MAKEBUF',8X'FF'
DROPBUF  DC    CL8'DROPBUF',8X'FF'
DROPTWO  DC    CL8'DROPBUF',F'2'
DROPNINE DC    CL8'DROPBUF',CL8'9',8X'FF'
DROPBAD  DC    CL8'DROPBUF',CL8'X',8X'FF'
DESBUF   DC    CL8'DESBUF',8X'FF'
LINE     DS    CL130
TONE     DC    C'ONE'
TTWO     DC    C'TWO'
TTHREE   DC    C'THREE'
TFOUR    DC    C'FOUR'
TFIVE    DC    C'FIVE'
"""
)

TERMINAL = statements(
    """
         BAL   11,CLEAR
         RDTERM BUFFER
         BAL   11,SHOW
         RDTERM BUFFER,EDIT=NO
         BAL   11,SHOW
         RDTERM BUFFER,EDIT=PAD
         BAL   11,SHOW
         RDTERM BUFFER,EDIT=UPCASE
         BAL   11,SHOW
         LA    5,BUFFER
         RDTERM (5),EDIT=PHYS
         BAL   11,SHOW
         RDTERM BUFFER
         BAL   11,SHOW
         WRTERM BUFFER,0
         WRTERM BUFFER,2
         LA    6,140
         WRTERM (5),(6)
         WRTERM (5),(6),EDIT=LONG
         WRTERM 'NOT ',EDIT=NO
         WRTERM 'ENDED'
         WAITT
         LR    6,15
         LA    1,BADREAD
         SVC   202
         DC    AL4(*+4)
         LR    7,15
         LINEDIT TEXT='.... ....',DOT=NO,SUB=(DEC,(6),DEC,(7))
         SR    15,15
         BR    10
SHOW     LR    6,0
         LINEDIT TEXT='.... <..............>',COMP=NO,DOT=NO,SUB=(DEC,(6),CHARA,(BUFFER,14))
CLEAR    MVI   BUFFER,C'*'
         MVC   BUFFER+1(139),BUFFER
         BR    11
BADREAD  DC    CL8'WAITRD',AL1(1),AL3(BUFFER),C'?',AL3(130)
BUFFER   DS    CL140
"""
)

EDITS = statements(
    """
         LA    5,255
         LA    7,WORDS
         LINEDIT TEXT='.......... ...... ....',SUB=(DEC,-12,HEX,(5),DEC,(5))
         LINEDIT TEXT='[..........][......]',COMP=NO,DOT=NO,SUB=(DEC,77,CHARA,(NAME,4))
         LINEDIT TEXT='.......... .......... ..........',SUB=(HEXA,WORDS,DECA,4(7),HEX4A,(NAME,8))
         LINEDIT TEXTA=COUNTED,SUB=(CHAR8A,(FILEID,18)),DISP=ERRMSG,DOT=NO
         LINEDIT TEXT='KEPT',DISP=NONE,BUFFA=BUFFER
         SR    8,8
         IC    8,BUFFER
         LINEDIT TEXT='.. ........ ...',DOT=NO,SUB=(DEC,(8),CHARA,(BUFFER+1,(8)))
         LINEDIT TEXT='MESSAGE * X',DISP=CPCOMM,DOT=NO
         LR    6,15
         LINEDIT TEXT='PRINTED',DISP=PRINT,DOT=NO
         LR    8,15
         LINEDIT TEXT='CODES .. ..',DISP=SIO,SUB=(DEC,(6),DEC,(8)),MF=I,MAXSUBS=2
         DMSERR NUM=42,LET=I,CODE=ABC,TEXT='HELLO ....',SUB=(CHARA,(NAME,4))
         SR    15,15
         BR    10
WORDS    DC    A(X'ABCD'),F'-5'
NAME     DC    CL8'AB'
FILEID   DC    CL8'MY',CL8'FILE',CL2'A1'
COUNTED  DC    AL1(L'TEXT)
TEXT     DC    C'FILE ....................'
BUFFER   DS    CL80
"""
)

DIRECT = statements(
    """
         LA    1,ONE
         SVC   202
         DC    AL4(*+4)
         RDTERM LINE,TYPE=DIRECT
         LR    6,0
         WRTERM LINE,(6)
         RDTERM LINE
         LR    6,0
         WRTERM LINE,(6)
         SR    15,15
         BR    10
ONE      DC    CL8'ATTN',CL4'FIFO',AL1(7),AL3(TEXT)
TEXT     DC    C'STACKED'
LINE     DS    CL130
"""
)

PROGRAMS = {
    "DIRECT": program(DIRECT),
    "STORAGE": program(STORAGE),
    "USERBAD": program(DESTROY.format(type="USER", chain="4")),
    "NUCBAD": program(DESTROY.format(type="NUCLEUS", chain="0")),
    "STACKS": program(STACK),
    "TERMINAL": program(TERMINAL),
    "EDITS": program(EDITS),
    "SPINNER": program("         LA    5,1\n         SLL   5,16\nLOOP     BCT   5,LOOP\n" + RETURN_0),
}


@pytest.fixture(scope="module")
def cms() -> BareCMS:
    bare = BareCMS({("T1", "EXEC"): "&EXIT\n"}, {name: wrapped(source) for name, source in PROGRAMS.items()})
    bare.ipl()
    return bare


def test_free_storage(cms: BareCMS) -> None:
    assert run(cms, "STORAGE") == [*numbered(0, 0, 0, 6, 5, 0, 7, 6, 4, 0, 1, 0, 0, 0, 0, 0), READY]


def test_destroyed_chain_of_the_users(cms: BareCMS) -> None:
    message = "DMSFRE162T VITAL FREE STORAGE POINTERS DESTROYED (INTERNAL ERROR CODE 0002), RE-IPL CMS."
    assert run(cms, "USERBAD") == ["2 2", message, "CMS"]
    assert run(cms, "STORAGE")[-1] == READY


def test_destroyed_chain_of_the_nucleus() -> None:
    cms = BareCMS(programs={"NUCBAD": wrapped(PROGRAMS["NUCBAD"])})
    cms.ipl()
    assert say(cms, "LOAD NUCBAD") == [READY]
    assert cms.console.enter("START".encode("cp037"))
    stop = cms.machine.run(1_000_000)
    assert stop.reason is StopReason.DISABLED_WAIT
    message = "DMSFRE162T VITAL FREE STORAGE POINTERS DESTROYED (INTERNAL ERROR CODE 0003), RE-IPL CMS."
    begins, codes_seen, last = cms.take()
    assert (begins, codes_seen[:2], last) == (BEGINS, "3 ", message)


def test_stack_and_its_buffers(cms: BareCMS) -> None:
    assert run(cms, "STACKS") == [
        "SENTRIES 0",
        "MAKEBUF 1",
        "SENTRIES 5",
        "READ FIVE",
        "READ THREE",
        "MAKEBUF 2",
        "DROPBUF 0",
        "DROPBUF 1",  # there is no buffer 9
        "DROPBUF 24",
        "SENTRIES 3",
        "DROPBUF 0",
        "SENTRIES 2",
        "READ ONE",
        "DESBUF 0",
        "SENTRIES 0",
        READY,
    ]


def test_lines_typed_ahead_are_not_in_the_program_stack(cms: BareCMS) -> None:
    say(cms, "LOAD SPINNER")
    cms.start("START", 5_000)
    cms.interrupt("SENTRIES", 1_000)
    cms.run()
    assert [line.partition(" ")[0] for line in cms.take()][-2:] == [READY, READY]


def test_terminal(cms: BareCMS) -> None:
    assert run(cms, "TERMINAL") == []
    assert say(cms, "hello", "as it Is", "pad Me", "up Case", "phys Ical", "") == [
        "   5 <HELLO         >",
        "   8 <as it Is******>",
        "   6 <pad Me        >",
        "   7 <UP CASE*******>",
        "   9 <phys Ical*****>",
        "   0 <              >",
        " ",
        "**",
        "*" * 130,
        "*" * 140,
        "NOT ENDED",
        "0 2",
        READY,
    ]


def test_edited_lines(cms: BareCMS) -> None:
    assert run(cms, "EDITS") == [
        "-12 0000FF 255.",
        "[        77][AB    ]",
        "0000ABCD -5 C1C24040 40404040.",
        "FILE MY FILE A1",
        "5 KEPT. ...",
        "CODES 1 0.",
        "DMSABC042I HELLO AB.",
        READY,
    ]
    assert cms.host.printed[-1][1].rstrip() == "PRINTED"
    assert cms.host.commands[-1] == "MESSAGE * X"


def test_a_line_from_the_terminal_itself(cms: BareCMS) -> None:
    assert run(cms, "DIRECT") == []
    assert say(cms, "typed") == ["TYPED", "STACKED", READY]
