"""Warnings of blunders: each where it belongs, none where the program is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assembler import Options, assemble
from assembler.options import parse_options
from assembler.warnings import blunders, known
from cms.source import COMMANDS, NUCLEUS, Library

ON = Options(blunders=True)


def warned(source: str, words: str = "") -> list[str]:
    """The numbers of the warnings for a program with these statements behind its CSECT."""
    lines = ["T        CSECT", *source.strip("\n").splitlines(), "         END"]
    done = assemble(lines, options=parse_options(words, ON)[0])
    assert not [one for one in done.messages if one.severity > 4], done.messages
    return [f"{one.number} {one.statement}" for one in done.messages]


BASE = """
         BALR  12,0
         USING *,12
"""
WORD = "\n         BR    14\nX        DC    F'1'"
DUMMY = "\nD        DSECT\nY        DS    F"
BLUNDERS = {
    "IFO351": [
        BASE + "         MVC   A,A\nA        DS    CL8",
        BASE + "         MVC   A+3(10),A\n         BR    14\nA        DS    CL20",
        BASE + "X        MVC   X,=CL6' '",
    ],
    "IFO352": [
        "         USING *,12\n         BALR  12,0\n         L     1,X" + WORD,
        "         USING T,15\n         L     15,=V(SUB)\n         BALR  14,15\n         L     1,X" + WORD,
        "         USING T,12\n         LA    12,X\n         L     1,X" + WORD,
    ],
    "IFO353": ["         USING T,9\n         L     1,X" + WORD],
    "IFO354": ["R1       EQU   1\nR2       EQU   2\n         L     R1,R2", "R5       EQU   5\n         SLL   1,R5"],
    "IFO355": [BASE + "         CLC   X,C'A'\n         BR    14\nX        DS    C"],
    "IFO356": [
        BASE + "         MVC   X,=C'SHORT'\n         BR    14\nX        DS    CL80",
        BASE + "         LH    1,=F'5'",
        BASE + "         L     1,=H'5'",
        BASE + "         ST    1,=F'0'",
    ],
    "IFO357": [BASE + "         B     X\nX        DS    H\n         LR    1,2"],
    "IFO358": [
        BASE + "         LA    1,1\n         LA    2,2\n         LR    3,1\n         AR    3,2\nX        DS    F"
    ],
    "IFO364": [
        BASE + "         LH    1,X" + WORD,
        BASE + "         L     1,Z\n         BR    14\nZ        DS    H",
        BASE + "         CVD   1,X" + WORD,
    ],
    "IFO359": ["         BR    0"],
    "IFO360": ["         PUSH  USING", "         PUSH  PRINT"],
}
RIGHT = [
    BASE + "         MVI   A,C' '\n         MVC   A+1(79),A\n         BR    14\nA        DS    CL80",
    BASE + "         MVC   A+4(76),A\n         BR    14\nA        DS    CL80",
    BASE + "         MVC   A(4),A+4\n         BR    14\nA        DS    CL8",
    "         BALR  12,0\n         USING *,12\n         L     1,X" + WORD,
    "         USING T,15\n         L     1,X\n         L     15,=V(SUB)\n         BALR  14,15" + WORD,
    "         BALR  12,0\n         LA    2,*-T\n         SR    12,2\n         USING T,12"
    + "\n         L     1,X"
    + WORD,
    "         BALR  9,0\n         USING *,9\n         L     1,X" + WORD,
    "         USING T,15\n         LA    2,X\n         USING D,2\n         L     1,Y\n         DROP  2" + WORD + DUMMY,
    "         USING D,0\n         LA    0,5\n         L     1,Y\nD        DSECT\nY        DS    F",
    "R1       EQU   1\nR2       EQU   2\n         LR    R1,R2\n         L     R1,0(R2)\n         LA    R1,4",
    BASE + "         CLC   X,=C'A'\n         CLI   X,C'A'\n         LA    1,C'A'\n         BR    14\nX        DS    C",
    BASE + "         MVC   X,=CL8'SHORT'\n         LH    1,=H'5'\n         L     1,=F'5'\n"
    "         LM    1,2,=2F'5'\n         BR    14\nX        DS    CL8",
    BASE + "         LH    1,=Y(5)\n         IC    1,=F'5'\n         EX    1,=X'D20010002000'\n         LD    0,=D'1'",
    BASE + "         B     X\nX        DS    0H\n         BR    14",
    BASE + "         MVC   X(2),Y\n         B     X\nY        BR    14\nX        DS    H",
    BASE + "         LA    1,1\n         SVC   3\nX        DS    F",
    BASE + "         BR    14\nM        MVC   0(0,1),0(2)\nX        DS    F",
    BASE + "         BAL   1,GO\n         DS    F\nGO       BR    14",
    "         BR    14\n         NOPR  0\n         BCR   15,0\n         BALR  14,0",
    "         PUSH  USING\n         POP   USING",
    BASE
    + "         L     1,Z\n         LH    1,Z\n         LH    2,X+2\n         IC    3,X"
    + WORD
    + "\nZ        DS    2H",
    BASE + "         L     1,Z\n         LD    0,Z\n         LH    1,Z\n         BR    14\nZ        DS    D",
    BASE + "         L     1,Z\n         BR    14\nZ        DS    0H\n         DC    A(Z)",
    "         DC    Y(5),A(T),AL3(T)",
]


@pytest.mark.parametrize(
    ("number", "source"), [(number, source) for number, sources in BLUNDERS.items() for source in sources]
)
def test_a_blunder(number: str, source: str) -> None:
    assert [one.split()[0] for one in warned(source)] == [number]


@pytest.mark.parametrize("source", RIGHT)
def test_what_is_right(source: str) -> None:
    assert warned(source) == []


def test_a_comma_without_continuation() -> None:
    library = {"MM": " MACRO\n MM &A,&B\n MEND"}

    def numbers(call: str) -> list[str]:
        return [one.number for one in assemble(["T CSECT", call, " END"], library=library, options=ON).messages]

    assert numbers(" MM 1,") == ["IFO350"]
    assert numbers(" MM 1,2") == [] and numbers(" MM ,") == [] and numbers(" MM (1,)") == []
    continued = assemble(["T CSECT", " MM 1,".ljust(71) + "X", " " * 15 + "2", " END"], library=library, options=ON)
    assert continued.messages == []


STORING = (
    BASE
    + "         ST    1,X\n         MVI   0(5),0\n         BR    14\nX        DS    F\nD        DSECT\nY        DS    F"
)


def test_rent() -> None:
    assert warned(STORING) == []
    assert warned(STORING, "RENT") == ["IFO229 4"]
    dummy = STORING.replace("ST    1,X", "ST    1,Y").replace("*,12", "*,12\n         USING D,13")
    assert warned(dummy, "RENT") == []


def test_records_behind_end() -> None:
    def told(*behind: str) -> list[str]:
        return [one.text for one in assemble(["T CSECT", " END", *behind], options=ON).messages]

    assert told() == told("", "* A COMMENT", "   ", "\x1a") == told("/*", "//") == []
    assert told(" LR 1,2") == ["A RECORD BEHIND END IS NOT ASSEMBLED"]
    assert told("U CSECT", "* C", " LR 1,2", " END") == ["3 RECORDS BEHIND END ARE NOT ASSEMBLED"]


def test_those_that_are_off() -> None:
    source = BASE + "         MVC   X,Y\n         L     1,16\n         BR    14\nX        DS    C\nY        DS    C"
    assert warned(source) == []
    assert warned(source, "FLAG(IMPLEN)") == ["IFO361 4"]
    assert warned(source, "FLAG(PAGE0)") == ["IFO362 5"]


def test_they_can_be_turned_off() -> None:
    for number, sources in BLUNDERS.items():
        name = next(one.name for one in blunders().values() if one.number == number)
        assert warned(sources[0], f"FLAG(NO{name})") == []
        assert warned(sources[0], "FLAG(NOALL)") == []
    assert warned("         DC    Y(T)") == ["IFO205 2"]
    assert warned("         DC    Y(T)", "NOYFLAG") == warned("         DC    Y(T)", "FLAG(NOYCON)") == []


def test_the_assembler_itself_has_them_off() -> None:
    for sources in BLUNDERS.values():
        for source in sources:
            assert assemble(["T CSECT", *source.strip("\n").splitlines(), " END"]).messages == []


def test_errors_come_first() -> None:
    """Where a program has errors, addresses may not be those that were meant."""
    done = assemble("T CSECT\n BALR 12,0\n USING *,12\n MVC A+3(10),A\n LX 1,2\nA DS CL20\n END", options=ON)
    assert [one.number for one in done.messages] == ["IFO078"]


def test_the_reference_names_them_all() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "assembler.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (IFO\d{3}) \|", text, re.MULTILINE))
    assert rows == {name: one.number for name, one in blunders().items()}
    assert set(rows) == known()


def test_no_warning_in_programs_that_run() -> None:
    library = Library()
    for file in [*sorted(NUCLEUS.glob("*.assemble"))[::4], *sorted(COMMANDS.glob("ed*/*.assemble"))[::4]]:
        text = file.read_text(encoding="utf-8")
        usual = {(one.statement, one.number) for one in assemble(text, library=library).messages}
        found = {(one.statement, one.number) for one in assemble(text, library=library, options=ON).messages}
        assert found == usual, file.name


@pytest.mark.parametrize(
    "branch", ["B     X+1", "BAL   14,X+1", "BCT   1,X+1", "BXLE  1,2,X+1", "EX    1,X+1", "B     *+5"]
)
def test_a_branch_to_an_odd_address(branch: str) -> None:
    """XF's alignment error, whatever options there are; NOALIGN turns it off."""
    source = f"T CSECT\n USING T,15\nX LR 1,2\n {branch}\n END"
    assert [one.number for one in assemble(source).messages] == ["IFO220"]
    assert assemble(source, options=Options(align=False)).messages == []
    assert assemble(source.replace("X+1", "X+2").replace("*+5", "*+4")).messages == []
