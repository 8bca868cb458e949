"""The corpus: small programs with what they assemble to, by feature area (`corpus/*.txt`).

A case is `### name`, the source, `===` and what is expected, line by line:

    C1C2 C3           the text of the deck, all of it, in the order of its cards (hexadecimal, blanks do not count)
    'ABC              the same as EBCDIC characters
    NAME=5            the value of a symbol
    ! IFO188 2 10 8   a message: number, statement, column, severity (as many of them as are given); all are listed
    " text            a message's text contains this
    ? text            a line of the listing contains this

A source without CSECT, START or RSECT begins with `T CSECT`; END is put behind it if it is missing.  In the source
`%option name=value` sets an option of the assembly and `%member NAME` begins a member of the macro library.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assembler import Options, assemble
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

FOLDER = Path(__file__).parent / "corpus"


def read_cases() -> list[tuple[str, str, str]]:
    found = []
    for file in sorted(FOLDER.glob("*.txt")):
        for case in re.split(r"(?m)^### ", file.read_text(encoding="utf-8"))[1:]:
            head, _, rest = case.partition("\n")
            source, mark, expected = rest.partition("===\n")
            assert mark, f"{file.name}: {head} has no ==="
            found.append((f"{file.stem}: {head.strip()}", source, expected))
    return found


CASES = read_cases()
_SECTION = re.compile(r"(?im)^\S*\s+(CSECT|START|RSECT)\b")


def prepared(source: str) -> tuple[list[str], dict[str, list[str]], dict[str, str]]:
    """Lines, library members and options of a case."""
    lines: list[str] = []
    members: dict[str, list[str]] = {}
    options: dict[str, str] = {}
    into = lines
    for line in source.splitlines():
        if line.startswith("%option "):
            name, _, value = line[8:].partition("=")
            options[name] = value
        elif line.startswith("%member "):
            into = members.setdefault(line[8:].strip(), [])
        else:
            into.append(line)
    if not _SECTION.search("\n".join(lines)):
        lines.insert(0, "T        CSECT")
    if not lines or not re.match(r"(?i)\S*\s+END\b", lines[-1]):
        lines.append("         END")
    return lines, members, options


def text_of(deck: list[bytes]) -> bytes:
    return b"".join(
        card[16 : 16 + int.from_bytes(card[10:12], "big")] for card in deck if card[1:4] == to_ebcdic("TXT")
    )


def _option(value: str) -> object:
    return {"True": True, "False": False}.get(value, int(value) if value.isdigit() else value)


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_case(source: str, expected: str) -> None:
    lines, members, given = prepared(source)
    sysparm = given.pop("sysparm", "")
    options = Options(**{name: _option(value) for name, value in given.items()})  # type: ignore[arg-type]
    done = assemble(lines, library=members, sysparm=sysparm, options=options)
    text = text_of(done.deck)
    found = [f"{m.number} {m.statement} {m.column} {m.severity}" for m in done.messages]
    wanted: list[str] = []
    for line in expected.splitlines():
        if not line.strip():
            continue
        if line.startswith("! "):
            wanted.append(line[2:].strip())
        elif line.startswith("'"):
            assert from_ebcdic(text) == line[1:], found
        elif line.startswith('" '):
            assert any(line[2:] in m.text for m in done.messages), [m.text for m in done.messages]
        elif line.startswith("? "):
            assert any(line[2:] in one for one in done.listing), done.listing
        elif "=" in line:
            name, _, value = line.partition("=")
            assert done.symbols[name].value == int(value), line
        else:
            assert text.hex().upper() == line.replace(" ", ""), found
    short = [" ".join(one.split()[: len(want.split())]) for one, want in zip(found, wanted, strict=False)]
    assert (short, len(found)) == (wanted, len(wanted)), found


def test_names_of_cases_are_unique() -> None:
    names = [case[0] for case in CASES]
    assert len(names) == len(set(names))
