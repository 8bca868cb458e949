"""Logical line editing: character delete, line delete, escape, logical line end (DMKCNS, DMKSCN)."""

from __future__ import annotations

from dataclasses import dataclass

INPUT_LIMIT = 130  # characters of one line that a 3215 read can be given


@dataclass
class EditSymbols:
    """The four symbols; an empty string means that the function is OFF. TERMINAL changes them."""

    linend: str = "#"
    chardel: str = "@"
    linedel: str = "¢"
    escape: str = '"'


def logical_lines(text: str, symbols: EditSymbols) -> list[str]:
    """The logical lines in one typed line, edited. Always at least one (perhaps empty) line.

    The escape symbol takes its meaning from any symbol that follows it, itself included.
    """
    lines: list[str] = []
    current: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        position += 1
        if char == symbols.escape and position < len(text):
            current.append(text[position])
            position += 1
        elif char == symbols.chardel:
            if current:
                current.pop()
        elif char == symbols.linedel:
            current.clear()
        elif char == symbols.linend:
            lines.append("".join(current))
            current.clear()
        else:
            current.append(char)
    if current or not lines or not text.endswith(symbols.linend or "\0"):
        lines.append("".join(current))
    return lines


def cp_escape(text: str, symbols: EditSymbols) -> str | None:
    """The CP command line in "#CP line"; None if TEXT is not meant for CP."""
    head = symbols.linend + "CP"
    if not symbols.linend or text[: len(head)].upper() != head:
        return None
    rest = text[len(head) :]
    if rest and not rest.startswith((" ", symbols.linend)):
        return None
    return rest.lstrip(" ").removeprefix(symbols.linend)
