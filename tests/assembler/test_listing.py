"""The listing's columns and parts, and the messages as text."""

from __future__ import annotations

from assembler import Options, assemble
from assembler.listing import summary

SOURCE = """TEST     CSECT
         USING TEST,15
         STM   14,12,12(13)
         MVC   FIELD,=C'ABCD'
         BNE   TEST
         PRINT NOGEN
         WTO
         PRINT GEN
         WTO
FIELD    DS    CL4
VALUE    EQU   X'123'
         DC    3F'1'
         EXTRN OTHER
         DC    A(OTHER)
         L     1,NOWHERE
         END   TEST
""".splitlines()
LIBRARY = {"WTO": " MACRO\n WTO\n SVC   35\n MEND"}


def listing(**options: object) -> list[str]:
    return assemble(SOURCE, library=LIBRARY, options=Options(**options)).listing  # type: ignore[arg-type]


def test_lines_are_at_most_121_columns_with_carriage_control() -> None:
    lines = listing()
    assert max(map(len, lines)) <= 121
    assert {line[0] for line in lines} == {"1", "0", " "}


def test_source_and_object_code() -> None:
    lines = listing()
    for line in (
        " 000000                                1 TEST     CSECT",
        " 000000 90EC D00C      0000C           3          STM   14,12,12(13)",
        " 000004 D203 F012 F028 00012 00028     4          MVC   FIELD,=C'ABCD'",
        " 00000A 4770 F000      00000           5          BNE   TEST",
        "                                       7          WTO",
        " 000010 0A23                          11+ SVC   35",
        " 000012                               12 FIELD    DS    CL4",
        "                             00123    13 VALUE    EQU   X'123'",
        " 000018 0000000100000001              14          DC    3F'1'",
        " 000024 00000000                      16          DC    A(OTHER)",
        " 000000                               18          END   TEST",
        " 000030 C1C2C3C4                      19                =C'ABCD'",
    ):
        shown = line.replace("F028 00012 00028", "F030 00012 00030")
        assert shown in lines, shown
    assert "+ SVC" in "".join(lines)
    assert sum("SVC   35" in line for line in lines) == 1


def test_errors_stand_behind_their_statement_with_the_column_marked() -> None:
    lines = listing()
    at = next(index for index, line in enumerate(lines) if "L     1,NOWHERE" in line)
    assert lines[at + 1].index("*") == lines[at].index("NOWHERE")
    assert lines[at + 2] == "          *** ERROR ***  IFO188 NOWHERE IS AN UNDEFINED SYMBOL"


def test_dictionaries_and_cross_reference() -> None:
    lines = listing()
    assert " TEST      SD  0001 000000 000034" in lines
    assert " OTHER     ER  0002" in lines
    assert "  0001     0002      0C     000024" in lines
    assert " FIELD    00004 00000012 00012  00004" in lines
    assert " TEST     00001 00000000 00001  00002 00005 00018" in lines
    assert " NOWHERE  ****UNDEFINED****     00017" in lines
    assert " =C'ABCD' 00004 00000030 00019  00004" in lines


def test_statistics() -> None:
    lines = listing()
    assert " NUMBER OF STATEMENTS FLAGGED IN THIS ASSEMBLY =     1" in lines
    assert " HIGHEST SEVERITY WAS    8" in lines
    assert any("IFO188" in line and "NOWHERE IS AN UNDEFINED SYMBOL" in line for line in lines[-12:])
    assert f" TOTAL RECORDS PRINTED                  {len(lines):>8}" == lines[-1]


def test_nothing_flagged() -> None:
    assert summary(assemble("T CSECT\n END"))[0] == "NO STATEMENTS FLAGGED IN THIS ASSEMBLY"


def test_parts_can_be_left_out() -> None:
    lines = listing(esd=False, rld=False, source=False, xref="NONE")
    assert not any("DICTIONARY" in line or "CROSS-REFERENCE" in line or "SOURCE STATEMENT" in line for line in lines)
    assert any("STATISTICS" in line for line in lines)
    short = listing(xref="SHORT")
    assert not any(line.startswith(" VALUE ") for line in short)


def test_titles_and_pages() -> None:
    source = ["A TITLE 'FIRST'", "T CSECT", *[" DC X'1'"] * 120, " TITLE 'SECOND'", " DC X'2'", " END"]
    heads = [line for line in assemble(source, options=Options(linecount=55)).listing if line[0] == "1"]
    assert sum("FIRST" in line for line in heads) == 3
    assert sum("SECOND" in line for line in heads) == 1
    assert [int(line[-5:]) for line in heads] == list(range(1, len(heads) + 1))


def test_print_data_and_off() -> None:
    source = ["T CSECT", " PRINT DATA", " DC 20X'AB'", " PRINT OFF", " DC X'1'", " PRINT ON", " DC X'2'", " END"]
    lines = assemble(source).listing
    assert " 000008 ABABABABABABABAB" in lines
    assert " 000010 ABABABAB" in lines
    assert not any("X'1'" in line for line in lines)
