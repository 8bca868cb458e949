"""What HELP says about the messages of CMS.

The texts are those in the source: nothing that CMS can say is without its page. What a message means, what is to be
done about it and the return code stand in `messages.help`, by number and severity.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cms.source import COMMANDS, NUCLEUS, SEGMENT

TEXTS: Final = Path(__file__).with_name("messages.help")
_WIDTH = 79
_CONTINUED = 71  # column 72
_STRING = r"'((?:[^']|'')*)'"
_LITERAL = re.compile(r"DMS([A-Z]{3}|\.{3})(\d{3})([A-Z]) +([^\n]*)")
_ERROR = re.compile(r"^\S*\s+(?:DMSERR)\s+(.*)")
_NUMBERED = re.compile(r"^\S*\s+(LBERR|UPDERR)\s+(\d{3})([A-Z])," + _STRING)
_CODES = {"LBERR": "mmm", "UPDERR": "UPD"}
_SEVERITIES = {
    "I": "This is information; nothing is wrong.",
    "W": "This is a warning: the command goes on, but its result may not be what you expect.",
    "E": "The command was not done, or not wholly. The text says why; HELP and the name of the command tells more.",
    "S": "A severe error, mostly of a device or file: the command has ended.",
    "T": "An error after which the program, or CMS, cannot go on.",
    "R": "The command waits for an answer. HELP and its name tells which there are.",
}
"""What is said of a message that `messages.help` does not know."""
_FIELD = re.compile(r"\.{2,}")
_FILLED = re.compile(r"\{[^}]*\}|&\w+")


def declared() -> dict[str, list[str]]:
    """All messages, by number and severity (002E): their texts, with DMSxxxnnnS in front."""
    found: dict[str, set[str]] = {}
    for code, number, text in _messages():
        words = _FILLED.sub("...", _FIELD.sub("...", text.replace("''", "'"))).strip().rstrip(".")
        found.setdefault(number, set()).add(f"DMS{code}{number} {words}".rstrip())
    return {number: sorted(found[number], key=str.upper) for number in sorted(found)}


def pages() -> dict[str, str]:
    """The page of each message, by the name DMSnnns."""
    said = explanations()
    return {
        f"DMS{number}": _page(number, texts, said.get(number) or _SEVERITIES.get(number[-1], ""))
        for number, texts in declared().items()
    }


def explanations() -> dict[str, str]:
    """What `messages.help` says, by number and severity; several numbers may share a text."""
    found: dict[str, str] = {}
    numbers: list[str] = []
    for line in TEXTS.read_text(encoding="utf-8").splitlines():
        if line[:1].isdigit():
            head, _, text = line.partition("  ")
            numbers = head.split()
            found.update(dict.fromkeys(numbers, text.strip()))
        else:
            for number in numbers if line.strip() else ():
                found[number] += " " + line.strip()
    return found


def _messages() -> Iterator[tuple[str, str, str]]:
    """Module, number and severity, text of all messages in the source."""
    for folder, pattern in ((NUCLEUS, "*"), (SEGMENT, "*"), (COMMANDS, "*/*")):
        for path in sorted(folder.glob(f"{pattern}.assemble")):
            yield from _assembler(path.read_text(encoding="utf-8"))
        for suffix in ("exec", "py"):
            for path in sorted(folder.glob(f"{pattern}.{suffix}")):
                for found in _LITERAL.finditer(path.read_text(encoding="utf-8")):
                    text = re.split(r"[\"\\]", found[4])[0]
                    yield found[1], found[2] + found[3], text


def _assembler(source: str) -> Iterator[tuple[str, str, str]]:
    module = "mmm"
    for statement in _statements(source):
        if section := re.match(r"DMS(\w{3})\w* +CSECT", statement):
            module = section[1]
        if error := _ERROR.match(statement):
            operands = error[1]
            number, severity = re.search(r"\bNUM=(\d+)", operands), re.search(r"\bLET=([A-Z])", operands)
            text, code = re.search(r"\bTEXT=" + _STRING, operands), re.search(r"\bCODE=(\w{3})", operands)
            if number:
                letter = severity[1] if severity else "E"
                yield code[1] if code else module, f"{int(number[1]):03}{letter}", text[1] if text else "..."
        elif numbered := _NUMBERED.match(statement):
            yield _CODES[numbered[1]], numbered[2] + numbered[3], numbered[4]
        else:
            for quoted in re.finditer(_STRING, statement):
                if found := _LITERAL.match(quoted[1]):
                    yield found[1].replace("...", "mmm"), found[2] + found[3], found[4]


def _statements(source: str) -> Iterator[str]:
    """Statements without comments, continued lines joined."""
    whole = ""
    for line in source.splitlines():
        if line.startswith(("*", ".*")) and not whole:
            continue
        part = line[:_CONTINUED]
        whole += part[15:] if whole else part
        if len(line) > _CONTINUED and line[_CONTINUED] != " ":
            whole = whole.rstrip() if whole.rstrip().endswith(",") else whole
            continue
        yield whole.rstrip()
        whole = ""


def _page(number: str, texts: list[str], said: str) -> str:
    lines = [f"{'DMS' + number:<60}CMS message", ""]
    for text in texts:
        lines += textwrap.wrap(text, _WIDTH, initial_indent="   ", subsequent_indent=" " * 14, break_on_hyphens=False)
    if any(text.startswith("DMSmmm") for text in texts):
        lines += ["   (mmm tells the command.)"]
    for paragraph in said.split("|"):
        lines += ["", *textwrap.wrap(paragraph.strip(), _WIDTH, break_on_hyphens=False)]
    return "\n".join(lines) + "\n"
