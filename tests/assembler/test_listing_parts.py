"""The parts of the listing that later assemblers added, and what options do to the listing."""

from __future__ import annotations

import pytest

from assembler import assemble
from assembler.assembly import Assembly
from assembler.options import Options, parse_options

MACROS = """\
         MACRO
         OUTER
         AIF   (1 EQ 1).GO
         DC    C'LEFT OUT'
.GO      INNER 5
         MEND
T        CSECT
         USING *,12
         OUTER
         LCLA  &I
&I       SETA  2
         AIF   (&I EQ 2).ON
.ON      ANOP
         ST    1,FIELD
         B     NEXT
NEXT     EX    1,MOVE
MOVE     MVC   FIELD,FIELD+4
         DROP  12
FIELD    DS    2F
UNUSED   DS    F
D        DSECT
PART     DS    CL7
         END
"""
LIBRARY = {"INNER": " MACRO\n INNER &N\n* FROM THE LIBRARY\n DC AL1(&N)\n MEND"}


def listed(words: str = "", source: str = MACROS, library: object = LIBRARY) -> list[str]:
    done = assemble(source, library=library, options=parse_options(words, Options())[0])  # type: ignore[arg-type]
    return done.listing


def part(lines: list[str], title: str) -> list[str]:
    """The lines of one section, without its headings."""
    heads = [at for at, line in enumerate(lines) if line[0] == "1"]
    at = next(at for at in heads if title in lines[at])
    end = next((one for one in heads if one > at), len(lines))
    return [line[1:].rstrip() for line in lines[at + 3 : end]]


def test_headings_stand_where_assembler_xf_puts_them() -> None:
    lines = listed()
    heads = [line for line in lines if line[0] == "1"]
    columns = {
        "EXTERNAL SYMBOL DICTIONARY": 48,
        "CROSS-REFERENCE": 51,
        "ASSEMBLER DIAGNOSTICS AND STATISTICS": 51,
    }
    for title, column in columns.items():
        assert any(head.find(title) == column for head in heads), title
    assert {head.index("PAGE ") for head in heads} == {112}
    assert all(line[98:] == "ASM 0201 00.00 01/01/70" for line in lines if line[0] == "0")
    assert {len(head) for head in heads} == {121}


def test_generated_statements_and_calls_inside() -> None:
    text = "\n".join(listed())
    assert "+         DC" in text or "+ DC" in text
    assert "INNER 5\n" not in text.partition("MEND")[2]
    assert "+         INNER 5" in "\n".join(listed("MCALL"))
    source = MACROS.replace("         USING *,12\n", "         USING *,12\n         PRINT MCALL\n")
    assert "+         INNER 5" in "\n".join(listed(source=source))
    assert "+         INNER 5" not in "\n".join(listed("PCONTROL(NOMCALL)", source))


def test_conditional_assembly() -> None:
    assert "&I       SETA  2" in "\n".join(listed())
    without = "\n".join(listed("NOALOGIC"))
    assert "SETA" not in without and "(&I EQ 2)" not in without and "ANOP" not in without
    assert "AIF   (1 EQ 1).GO" in without  # in the definition
    assert "+         AIF   (1 EQ 1).GO" in "\n".join(listed("MLOGIC"))


def test_library_macros_are_listed_before_their_first_call() -> None:
    lines = listed("LIBMAC,MCALL")
    found = [line[35:].rstrip() for line in lines if "INNER" in line or "AL1" in line]
    assert [line.split("+")[1].strip() for line in found if "+" in line] == [
        "INNER &N",
        "DC AL1(&N)",
        "INNER 5",
        "DC    AL1(5)",
    ]
    once = listed(
        "LIBMAC", MACROS.replace("         OUTER\n         LCLA", "         OUTER\n         OUTER\n         LCLA")
    )
    assert sum("INNER &N" in line for line in once) == 1
    assert (
        assemble(MACROS, library=LIBRARY, options=Options(libmac=True)).deck == assemble(MACROS, library=LIBRARY).deck
    )


def test_cross_reference_with_letters() -> None:
    found = part(listed("XREF(FULL,FLAGS)"), "CROSS-REFERENCE")
    rows = {line.split()[0]: line.split()[4:] for line in found}
    assert rows["FIELD"] == ["00017M", "00020M"]
    assert rows["NEXT"] == ["00018B"]
    assert rows["MOVE"] == ["00019X"]
    assert [
        one[-1].isdigit()
        for one in {line.split()[0]: line.split()[4:] for line in part(listed(), "CROSS-REF")}["FIELD"]
    ]


def test_short_cross_reference_with_what_nothing_uses() -> None:
    lines = listed("XREF(SHORT,UNREFS)")
    assert "UNUSED" not in [line.split()[0] for line in part(lines, "CROSS-REFERENCE")]
    unused = part(lines, "UNREFERENCED SYMBOLS")
    assert [line.split()[1] for line in unused] == ["UNUSED"]  # symbols of dummy sections do not count


def test_long_references_go_on_below() -> None:
    source = "T CSECT\n" + " LA 1,X\n" * 60 + "X EQU 5\n END"
    found = part(listed("XREF(FULL,FLAGS)", source), "CROSS-REFERENCE")
    rows = [line for line in found if "00002" in line or line.startswith(" " * 31)]
    assert sum(len(line[31:].split()) for line in rows) == 60
    assert max(map(len, rows)) <= 120


def test_macro_cross_reference() -> None:
    found = part(listed("MXREF"), "MACRO AND COPY")
    assert found == [
        "INNER               OUTER            -      00010",
        "OUTER               PRIMARY INPUT    00002  00009",
    ]
    copied = " COPY A\n COPY A\nT CSECT\n END"
    found = part(listed("MXREF", copied, {"A": "* A"}), "MACRO AND COPY")
    assert found == ["A                   PRIMARY INPUT    -      00001C 00003C"]


def test_dummy_sections() -> None:
    assert part(listed("DXREF"), "DSECT CROSS") == ["D        00000007  FFFF  00024"]


USINGS = """\
T        CSECT
         USING T,12,11
         USING D,5
         L     1,T+4
         L     1,T+4100
         L     1,B
         PUSH  USING
         DROP  5
         POP   USING
Q        USING D,BUF
         MVI   Q.B+3,0
         DROP  Q
BUF      DS    CL8
D        DSECT
A        DS    F
B        DS    F
         END
"""


def test_using_map() -> None:
    found = part(listed("USING(MAP)", USINGS), "USING MAP")
    rows = [line for line in found if line.strip() and "DISP" not in line]
    assert [line.split()[3] for line in rows if line[:5].strip()] == [
        "USING",
        "USING",
        "PUSH",
        "DROP",
        "POP",
        "USING",
        "DROP",
    ]
    first, second, dummy = rows[:3]
    assert first.split()[4:] == ["ORDINARY", "00000000", "00001000", "0001", "12", "00010", "10", "T,12,11"]
    assert second.split() == ["ORDINARY", "00001000", "00001000", "0001", "11", "00004", "5"]
    assert dummy.split()[4:] == ["ORDINARY", "00000000", "00001000", "FFFF", "5", "00004", "6", "D,5"]
    dependent = next(line for line in rows if "LAB+DEPND" in line)
    assert dependent.split()[-3:] == ["11", "Q", "D,BUF"] or "Q D,BUF" in dependent
    assert [line.split()[1:] for line in rows if line.split()[3] in ("PUSH", "DROP", "POP")] == [
        ["0000000C", "0001", "PUSH", "USING"],
        ["0000000C", "0001", "DROP", "5", "5"],
        ["0000000C", "0001", "POP", "USING"],
        ["00000010", "0001", "DROP", "Q"],
    ]
    assert assemble(USINGS).deck == assemble(USINGS, options=Options(using_map=True)).deck


def test_kinds_of_using() -> None:
    source = "T CSECT\n USING *,12\nA USING D,5\n USING D,B\nC USING D,B\nB DS F\nD DSECT\n END"
    rows = part(listed("USING(MAP)", source), "USING MAP")
    assert [line.split()[4] for line in rows if "USING  " in line] == ["ORDINARY", "LABELED", "DEPENDENT", "LAB+DEPND"]


def test_registers() -> None:
    found = part(listed("RXREF,USING(MAP)", USINGS), "GENERAL PURPOSE REGISTER")
    rows = {line.split()[0]: line.split()[1:] for line in found}
    assert rows["12(C)"] == ["00002U", "00004", "00011"]
    assert rows["5(5)"] == ["00003U", "00006", "00008D"]
    assert rows["1(1)"] == ["00004M", "00005M", "00006M"]
    assert rows["7(7)"] == ["(NO", "REFERENCES", "IDENTIFIED)"]


def test_flag_hides_messages_and_they_do_not_count() -> None:
    source = "T CSECT\n DC FL1'300'\n DROP 5\n END"
    both = assemble(source)
    assert both.return_code == 4 and "*** ERROR ***" in "\n".join(both.listing)
    less = assemble(source, options=Options(flag=8))
    assert less.return_code == 0 and "ERROR ***" not in "\n".join(less.listing)
    assert " NO STATEMENTS FLAGGED IN THIS ASSEMBLY" in less.listing


def test_sequence_symbols_are_not_part_of_what_is_generated() -> None:
    source = " MACRO\n M\n AGO .X\n.X LR 1,2\n MEND\nT CSECT\n M\n END"
    generated = next(line for line in listed(source=source) if "1812" in line)
    assert ".X" not in generated and "LR 1,2" in generated


def test_noalign() -> None:
    def assembled(words: str) -> Assembly:
        return assemble("T CSECT\n DC X'1'\nF DC F'2'\n LA 1,0\n END", options=parse_options(words, Options())[0])

    assert assembled("").symbols["F"].value == 4
    assert assembled("NOALIGN").symbols["F"].value == 1
    source = "T CSECT\n USING T,15\n L 1,T+1\n END"
    assert [one.number for one in assemble(source).messages] == ["IFO220"]
    assert assemble(source, options=Options(align=False)).messages == []


@pytest.mark.parametrize(
    ("statement", "shown"),
    [("CEJECT 60", 2), ("CEJECT 3", 1), ("AEJECT", 2), ("EJECT", 2)],
)
def test_statements_that_begin_pages(statement: str, shown: int) -> None:
    lines = listed(source=f"T CSECT\n DC X'1'\n {statement}\n DC X'2'\n END")
    assert sum("SOURCE STATEMENT" in line for line in lines) == shown


def test_titles_with_apostrophes_and_ampersands() -> None:
    lines = listed(source="T TITLE 'IT''S A && B'\nT CSECT\n DC X'1'\n END")
    assert any("IT'S A & B" in line for line in lines if line[0] == "1")


def test_generated_statements_keep_the_sequence_field_of_their_model() -> None:
    model = "         DC    AL1(&N)".ljust(72) + "00450000"
    source = [" MACRO", " M &N", model, " MEND", "T CSECT", " M 5", " END"]
    generated = next(line for line in listed(source="\n".join(source)) if "+         DC" in line)
    assert generated[41:] == "         DC    AL1(5)".ljust(72) + "00450000"


def test_addresses_of_instructions_that_could_not_be_made() -> None:
    source = "T        CSECT\n         L     1,X\n         MVC   X(2,3),0(4)\n         STCK  X(2)\nX        DS    D"
    lines = listed(source=source)
    assert " 000000 0000 0000      00000           2          L     1,X" in lines
    assert " 000004 0000 0000 0000 00010 00000     3          MVC   X(2,3),0(4)" in lines
    assert " 00000A 0000 0000      00010           4          STCK  X(2)" in lines


def test_long_messages_go_on_below() -> None:
    section = part(listed(source="LONGNAME CSECT\n L 1,LONGNAME\n END"), "ASSEMBLER DIAGNOSTICS")
    first, second = section[:2]
    assert first.startswith("    2  IFO209      ADDRESSABILITY ERROR") and len(first) <= 120
    assert second.startswith(" " * 19) and "COLUMN 3" in first + second


def test_print_nomsource_lists_object_code_alone() -> None:
    source = MACROS.replace("         USING *,12\n", "         USING *,12\n         PRINT NOMSOURCE\n")
    generated = [line for line in listed(source=source) if line[1:10].strip() and line[40:41] == "+"]
    assert [line[8:10] for line in generated] == ["05"]
    assert generated[0][41:].strip() == ""


def test_statements_flagged_are_those_that_count() -> None:
    listing = "\n".join(listed("XREF(FULL,FLAGS)", "T CSECT\n MNOTE 'NO'\n DROP 5\n END"))
    assert "STATEMENTS FLAGGED 3(P" in listing and "ASSEMBLY =     1" in listing


def test_long_chains_of_calls_are_cut_in_the_middle() -> None:
    listing = listed("", " MACRO\n RR\n RR\n MEND\nT CSECT\n RR\n END")
    (at,) = [index for index, line in enumerate(listing) if "IFO312      MACROS" in line]
    text = " ".join(" ".join(listing[at : at + 2]).split())
    assert "(IN RR AT 3 IN RR AT 3 IN RR AT 3 IN RR AT 3 IN ... IN RR AT 3 IN RR AT 3 IN RR AT 6)" in text
