"""The corpus has a case for each feature of the language; each statement, function, type and variable is in it."""

from __future__ import annotations

import re

import pytest

from assembler.constant import EXTENDED, TYPES
from assembler.instruction import EXTENDED as CONDITIONS
from assembler.macro.conditional import conditionals
from assembler.macro.functions import FUNCTIONS
from assembler.operation import statements
from assembler.statements.listing import PRINT_OPTIONS
from tests.assembler.test_corpus import CASES

NAMES = {case[0].partition(": ")[2] for case in CASES}
SOURCES = "\n".join(case[1] for case in CASES).upper()

FEATURES = {
    "constants of every type": ["constants of every type", "constants of eight bytes"],
    "length, scale and exponent modifiers": [
        "a scale modifier in a fixed-point constant",
        "an exponent modifier",
        "a floating-point constant with a length",
        "scale modifiers of floating-point constants",
    ],
    "bit lengths": ["bit lengths are packed together", "bit lengths over bytes", "bit lengths of every type"],
    "several values and operands": [
        "several operands with their boundaries", "blanks between the digits of a value do not count"
    ],
    "duplication and length expressions": [
        "nested duplication and length expressions",
        "later symbols in duplication factors, ORG and CNOP",
    ],
    "pseudo registers": ["DXD and CXD", "Q-type constants", "Q of a dummy section"],
    "sections": [
        "START with an origin", "CSECT resumed", "DSECT makes no text", "COM with a name", "COM without name", "RSECT"
    ],
    "linkage": ["WXTRN", "EXTRN of a symbol defined here", "ENTRY of what is not defined", "V-type constants"],
    "location counters": ["LOCTR resumed", "LOCTR: each counter begins at the next byte"],
    "USING": ["each further register covers the next 4096 bytes", "DROP of all registers", "register 0 as a base"],
    "USING with ranges": ["a range ends before the address in the operand", "a labelled USING with a range"],
    "labelled USING": ["a labelled USING answers to its label only", "DROP of a label"],
    "dependent USING": ["a dependent USING lays a dummy section over storage", "a labelled dependent USING"],
    "EQU with length and type": ["EQU with length and type", "EQU with program type and assembler type"],
    "ORG with all operands": ["ORG with boundary and offset", "ORG with a name, which stands for the place before"],
    "CNOP": ["CNOP to a word", "CNOP to a doubleword", "CNOP to a quadword"],
    "literal pools": [
        "LTORG twice: the same literal in each pool",
        "a literal used twice stands once",
        "literals by length",
        "literals with the location counter stand for themselves",
        "literal pools in several sections",
    ],
    "channel command words": ["CCW", "CCW0", "CCW1"],
    "COPY": ["COPY of a member", "COPY in COPY", "COPY inside a macro definition", "COPY of a macro definition"],
    "OPSYN": ["OPSYN gives an instruction another name", "OPSYN takes a name away", "OPSYN of a macro"],
    "cards": ["PUNCH and REPRO make cards"],
    "listing control": ["PRINT options are accepted", "TITLE", "SPACE and EJECT", "PRINT NOPRINT hides itself"],
    "source format": ["ICTL moves the columns", "ISEQ: a record out of sequence", "many continuations"],
    "modes": ["AMODE and RMODE are accepted", "statements that later assemblers have are accepted"],
    "PUSH and POP": ["PUSH and POP of USING", "PUSH and POP of both", "PUSH and POP of labels"],
    "extended mnemonics": ["extended mnemonics", "every extended mnemonic"],
    "symbols": ["symbols of 63 characters with underscores", "a symbol of 64 characters"],
    "attributes": [
        "L' of a symbol", "T' of constants", "S' and I' of a constant", "K' of a parameter", "N' of &SYSLIST",
        "D' tells whether a symbol is defined", "O' of operation codes",
        "attributes of literals in conditional assembly",
    ],
    "expressions and relocatability": [
        "difference of addresses in different sections is relocatable twice", "a product of an address",
        "a sum of two addresses cannot be based", "precedence of multiplication", "nesting of twenty levels",
    ],
    "parameters": ["positional parameters", "keyword parameters", "positional and keyword parameters mixed"],
    "sublists": ["sublists in sublists", "sublists five deep", "&SYSLIST with sublists"],
    "system variables": ["&SYSNDX counts macro instructions", "&SYSECT", "&SYSPARM", "&SYSDATE, &SYSTIME, &SYSDATC"],
    "SET symbols": [
        "created SET symbols", "created SET symbols with subscripts", "SETA: several values go to elements",
        "SETC: substring and concatenation", "SETC: duplication", "global symbols are shared",
        "declarations: dimension",
    ],
    "functions": ["functions inside functions", "SETB of functions", "shift functions", "bitwise functions"],
    "branches": ["AIF with several branches", "AGO computed", "ACTR stops a loop", "ANOP carries a sequence symbol"],
    "macro statements": [
        "MEXIT", "MNOTE with severities", "AREAD", "AINSERT: variable symbols, FRONT and BACK as variables"
    ],
    "nested and recursive macros": ["macros call macros", "recursion", "a recursion without end is stopped"],
    "macros defined by macros": ["a macro defines a macro", "a macro redefines itself", "a macro is defined anew"],
    "conditional assembly in open code": [
        "a branch back makes a loop", "lookahead does not define", "ACTR in open code"
    ],
    "lookahead": ["T' looks ahead", "lookahead goes into COPY members", "lookahead past a skipped part"],
    "library macros": ["a macro from the library", "the source's macro goes before the library's"],
    "case folding": ["lower case", "lower case names are the same", "lower case parameters and macros"],
}  # fmt: skip


@pytest.mark.parametrize("feature", FEATURES)
def test_features_have_cases(feature: str) -> None:
    assert set(FEATURES[feature]) <= NAMES


def _stands(word: str) -> bool:
    return re.search(rf"(?m)^\S*\s+{re.escape(word)}(\s|$)", SOURCES) is not None


def test_every_statement_stands_in_the_corpus() -> None:
    assert {name for name in {**statements(), **conditionals()} if not _stands(name)} == set()


def test_every_function_stands_in_the_corpus() -> None:
    assert {name for name in FUNCTIONS if not re.search(rf"\b{name}\b", SOURCES)} == set()


def test_every_type_stands_in_the_corpus() -> None:
    wanted = {*TYPES, *EXTENDED}
    assert {one for one in wanted if not re.search(rf"(\s|,|=)(\([^)]*\)|[0-9]*){one}[.LSEP0-9(']", SOURCES)} == set()


def test_every_print_option_stands_in_the_corpus() -> None:
    assert {word for word in PRINT_OPTIONS if not re.search(rf"PRINT \S*\b{word}\b", SOURCES)} == set()


def test_every_extended_mnemonic_stands_in_the_corpus() -> None:
    names = {"NOP" if one == "NOP" else "B" + one for one in CONDITIONS}
    assert {name for name in names | {name + "R" for name in names} if not _stands(name)} == set()


def test_every_system_variable_stands_in_the_corpus() -> None:
    import inspect

    from assembler.macro import system

    names = set(re.findall(r'"(SYS[A-Z_]+)"', inspect.getsource(system))) | {"SYSLIST"}
    assert {name for name in names if f"&{name}" not in SOURCES} == set()
