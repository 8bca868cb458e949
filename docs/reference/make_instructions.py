"""Write `instructions.md`, the reference of the instructions, from the instruction table and the vector files.

    python docs/reference/make_instructions.py

A test compares the committed file with what this gives.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "tests"))

from vectors.vector import files, instructions_in, load

from cpvm.s370.facilities import NOT_INSTALLED, NOTES, Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import Insn, table

HERE = Path(__file__).parent
HEAD = """# Instructions

The instructions of the virtual System/370, from the instruction table. Semantics and sources are in the function that
the last column names; the manual is *IBM System/370 Principles of Operation*, GA22-7000. *Vectors* is the number of
test vectors in `tests/vectors` in which the instruction occurs. What is marked P is privileged. What the manual leaves
to the model is in [The processor](processor.md).

This file is written by `docs/reference/make_instructions.py`; do not edit it.
"""


def syntax(row: Insn) -> str:
    """The operands as an assembler takes them."""
    parts = [name.upper() for name in row.operands if name[0] in "rm"]
    for name in row.operands:
        if name[0] == "a":
            n = name[1]
            inside = f"B{n}"
            if row.format is Format.RX:
                inside = f"X{n},B{n}"
            elif "l" in row.operands and n == "1":
                inside = f"L,B{n}"
            elif f"l{n}" in row.operands:
                inside = f"L{n},B{n}"
            parts.append(f"D{n}({inside})")
    parts += [name.upper() for name in row.operands if name[0] == "i"]
    return ",".join(parts)


def _instructions() -> Iterator[str]:
    vectors = Counter(row for path in files() for vector in load(path) for row in instructions_in(vector))
    yield "| Mnemonic | Operands | Code | Format | | Name | Facility | Vectors | Source |"
    yield "|---|---|---|---|---|---|---|---:|---|"
    for row in sorted(table().values(), key=lambda row: row.mnemonic):
        name = row.title.partition(":")[0]
        module = row.body.__module__.rpartition(".")[2]
        yield (
            f"| {row.mnemonic} | {syntax(row)} | {row.opcode:02X} | {row.format} | {'P' if row.privileged else ''} "
            f"| {name} | {row.facility} | {vectors[row]} | `{module}.{row.body.__name__}` |"
        )


def _facilities() -> Iterator[str]:
    yield "## Facilities that are installed\n"
    yield "| Facility | Instructions | |"
    yield "|---|---:|---|"
    count = Counter(row.facility for row in table().values())
    for facility in Facility:
        yield f"| {facility} | {count[facility]} | {NOTES.get(facility, '')} |"
    yield "\n## Facilities that are not\n"
    yield "Their instructions are operation exceptions.\n"
    yield "| Facility | Instructions | Why |"
    yield "|---|---|---|"
    for absent in NOT_INSTALLED:
        names = ", ".join(f"{name} `{opcode:02X}`" for name, opcode in absent.instructions.items())
        yield f"| {absent.name} | {names} | {absent.reason} |"


def text() -> str:
    """The whole file."""
    total = sum(len(load(path)) for path in files())
    count = f"\n{len(table())} instructions, {total} vectors.\n"
    return "\n".join((HEAD + count, *_instructions(), "", *_facilities())) + "\n"


if __name__ == "__main__":
    (HERE / "instructions.md").write_text(text(), encoding="utf-8")
