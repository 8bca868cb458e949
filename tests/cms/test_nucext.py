"""Nucleus extensions, subcommand environments, and immediate commands of programs."""

from __future__ import annotations

import pytest
from bare_cms import BareCMS
from programs import RETURN_0, program
from running import READY, codes, run, say, statements, wrapped

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

SPIN = "         LA    7,1\n         SLL   7,16\n         BCT   7,*\n         LINEDIT TEXT='LASTING"
"""Some time goes by before the extension types."""

PROGRAMS = {
    "BADOP": "BADOP    CSECT\n         DC    X'B2E1'\n         END\n",
    "LOOPER": "LOOPER   CSECT\n         USING *,15\n         B     LOOPER\n         END\n",
    "EXTENS": program(EXTENSION),
    "ENVIRON": program(ENVIRONMENT),
    "ENDCMD": program(LASTING.format(flags="ENDCMD=YES,SYSTEM=YES")),
    "SERVICE": program(LASTING.format(flags="SERVICE=YES")),
    "SLOW": program(LASTING.format(flags="SERVICE=YES").replace("         LINEDIT TEXT='LASTING", SPIN)),
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
}


@pytest.fixture(scope="module")
def cms() -> BareCMS:
    bare = BareCMS({("T1", "EXEC"): "&EXIT\n"}, {name: wrapped(source) for name, source in PROGRAMS.items()})
    bare.ipl()
    return bare


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


def test_hx_while_an_abend_is_being_processed_is_ignored(cms: BareCMS) -> None:
    assert run(cms, "SLOW") == ["SET 0", READY]
    assert say(cms, "LOAD BADOP", "START")[-1] == "CMS"
    cms.start("STATE T1 EXEC", 20_000)
    assert cms.interrupt("HX", 5_000) == ["DMSABN153W 'HX' DURING ABEND PROCESSING WAS IGNORED."]
    cms.run()
    assert [line.partition(" T=")[0] for line in cms.take()] == ["LASTING 0000FF PURGE", READY]
