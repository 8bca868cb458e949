"""Runs small assembler programs on a bare CMS and shows what they type."""

from __future__ import annotations

import re

from bare_cms import BareCMS

BEGINS = "DMSLIO740I Execution begins..."
READY = "Ready;"


def shown(lines: list[str]) -> list[str]:
    """Output without the times in Ready."""
    return [re.sub(r" T=\S+ \S+$", "", line) for line in lines]


def say(cms: BareCMS, *lines: str) -> list[str]:
    """What CMS answers to these lines."""
    return shown(cms.type(*lines))


def run(cms: BareCMS, name: str, operands: str = "") -> list[str]:
    """Load a program and start it; what it types, and how it ends."""
    loaded = say(cms, f"LOAD {name}")
    assert loaded == [READY], loaded
    first, *rest = say(cms, f"START {operands}".rstrip())
    assert first == BEGINS
    return rest


def statements(text: str) -> str:
    """Assembler statements: one a line, label (at the margin) or blank, operation, operand, each behind blanks."""
    out = []
    for line in text.strip("\n").splitlines():
        label = "" if line.startswith(" ") else line.split()[0]
        operation, _, operand = line[len(label) :].strip().partition(" ")
        out.append(f"{label:<8} {operation:<5} {operand.strip()}".rstrip() + "\n")
    return "".join(out)


def codes(*steps: str) -> str:
    """Statements that type the return code of each step (a macro call), as `label code.`"""
    out = []
    for number, step in enumerate(steps, 1):
        out.append(statements(f" {step}\n LR 6,15\n LINEDIT TEXT='{number} .....',DOT=NO,SUB=(DEC,(6))"))
    return "".join(out)


def numbered(*values: int) -> list[str]:
    """What `codes` types."""
    return [f"{number} {value}" for number, value in enumerate(values, 1)]


def wrapped(source: str) -> str:
    """Statements that are too long, on as many records as they need."""
    out = []
    for line in source.splitlines():
        rest = line
        while len(rest) > 71:
            out.append(rest[:71] + "X")
            rest = " " * 15 + rest[71:]
        out.append(rest)
    return "\n".join(out) + "\n"
