"""Sources that nobody would write: random statements, mutated programs, random characters; libraries, options alike."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from assembler import maclib
from assembler.instruction import instructions
from assembler.macro.conditional import conditionals
from assembler.macro.functions import FUNCTIONS
from assembler.operation import statements
from assembler.options import option_words

WORDS = sorted({*instructions(), *statements(), *conditionals(), "M", "MACRO", "MEND"})
_FRAGMENTS = """A &A .A ' '' ( ) , + - * / = 1 99999999 X'FF' C' L'A T'&A F'1' =F'1' &A(1) 0F EQ AND & && N'&A (1,2)
&SYSLIST(2) 16777215 A.B (A,B) &(&A) O'LR D'A .X &SYSMAC(1) =A(*) CL(A) (A)X'1' USING PRINT S(A.B) -1 *-A &SYSNDX
T'=F'1' NOT XOR SLL FIND FD AD EH FP(1) ,BACK ,FRONT ' &&A SETA 1' L'=CL9'A' LATER LATER-* 0C'&A' &A(L'X) ,, =D'1',A"""
PIECES = [*_FRAGMENTS.split(), *sorted(FUNCTIONS), *(f"{name}(" for name in sorted(FUNCTIONS)), " "]
NAMES = ["", "", "A", "B", "&A", ".A", "X1", "*", "9", "&A(1)", "&(&A)"]


def random_program(rng: random.Random) -> list[str]:
    """Statements put together from operation codes and fragments of operands."""
    lines = []
    for _ in range(rng.randrange(1, 40)):
        operand = "".join(rng.choice(PIECES) for _ in range(rng.randrange(0, 8)))
        line = f"{rng.choice(NAMES):<8} {rng.choice(WORDS):<5} {operand}"
        if rng.random() < 0.05:
            line = line[:71].ljust(71) + "X"
        lines.append(line)
    return lines


def mutated(rng: random.Random, programs: Sequence[Sequence[str]]) -> list[str]:
    """A program with some records, words and characters lost, doubled, exchanged or taken from another."""
    lines = list(rng.choice(programs))
    if len(lines) > 200:
        at = rng.randrange(len(lines) - 150)
        lines = lines[at : at + 150]
    for _ in range(rng.randrange(1, 12)):
        if not lines:
            break
        at = rng.randrange(len(lines))
        line = lines[at]
        how = rng.randrange(8)
        if how == 0:
            del lines[at]
        elif how == 1:
            lines.insert(at, line)
        elif how == 2:
            other = rng.choice(programs)
            lines[at] = rng.choice(other) if other else ""
        elif how == 3 and line:
            place = rng.randrange(len(line))
            lines[at] = line[:place] + rng.choice(PIECES) + line[place + rng.randrange(3) :]
        elif how == 4 and line:
            place = rng.randrange(len(line))
            lines[at] = line[:place] + line[place + 1 :]
        elif how == 5:
            words = line.split()
            rng.shuffle(words)
            lines[at] = " " + " ".join(words)
        elif how == 6:
            lines[at] = line[:71].ljust(71) + "X"
        else:
            lines[at] = line.replace(rng.choice("'(),&*=."), rng.choice("'(),&*=. "), 1)
    return lines


def random_characters(rng: random.Random) -> list[str]:
    """Any bytes as records."""
    data = rng.randbytes(rng.randrange(2000)).decode("latin-1")
    return data.split("\n") if rng.random() < 0.5 else [data[at : at + 80] for at in range(0, len(data), 80)]


def random_library(rng: random.Random, programs: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Members under the names that random statements use: macros, pieces of programs, rubbish."""
    members: dict[str, list[str]] = {}
    for name in rng.sample(["A", "B", "M", "X1", "COPY", "LATER", "L", "MACRO"], rng.randrange(4)):
        how = rng.randrange(4)
        if how == 0:
            body = random_program(rng)
            members[name] = [" MACRO", f"&A {name} &B,&C=1", *body, " MEND"]
        elif how == 1:
            members[name] = [*random_program(rng), f" COPY {rng.choice('ABML')}"]
        elif how == 2:
            members[name] = mutated(rng, programs)
        else:
            members[name] = random_characters(rng)
    return members


def random_maclib(rng: random.Random, members: Mapping[str, Sequence[str]]) -> bytes:
    """The bytes of a macro library, perhaps damaged."""
    lines = {name: [line[:80].ljust(80) for line in text] for name, text in members.items()}
    data = bytearray(b"".join(maclib.write(lines)))
    for _ in range(rng.randrange(4)):
        how = rng.randrange(3)
        if how == 0:
            data[rng.randrange(len(data))] = rng.randrange(256)
        elif how == 1:
            del data[rng.randrange(len(data)) :]
            data += bytes(-len(data) % 80 or 80)
        else:
            at = rng.randrange(0, len(data), 80)
            data[at : at + 80] = rng.randbytes(80)
    return bytes(data)


def random_options(rng: random.Random) -> str:
    """Option words with values that some of them take."""
    words = []
    for _ in range(rng.randrange(6)):
        word = rng.choice(option_words())
        if rng.random() < 0.3:
            word += rng.choice(
                ["(0)", "(FULL)", "(SHORT,UNREFS)", "(99999)", "()", "(A,B)", "(NOALIGN,4)", "('X')", "("]
            )
        words.append(rng.choice(["", "", "NO"]) + word)
    return ",".join(words)
