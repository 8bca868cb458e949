"""What HELP says about CP's messages.

A page for each number: its texts, as they are declared where they are sent; what the file `messages.help` says of it;
and what the help texts of commands say, each in its section of messages. So commands explain their messages once.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cpvm import cp
from cpvm.cp import help
from cpvm.cp.message import Message

TEXTS: Final = Path(__file__).with_name("messages.help")
_CODE = r"(?:DMK[A-Z]{3}|DMT[A-Z]{3})?\d{3}[IWESART]"
_EXPLAINED = re.compile(rf"   ({_CODE}(?: +{_CODE})*)(?: +(.*))?")
_SECTION = re.compile(r"(?:responses and )?messages", re.IGNORECASE)
_FILLED = re.compile(r"\{[^}]*\}")
_WIDTH = 79
_MARGIN = 13


def declared() -> dict[str, list[str]]:
    """All messages, by number and severity (045E): their texts, with the module in front if it is always the same."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.walk_packages(cp.__path__, "cpvm.cp."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Message):
                number = f"{value.number:03}{value.severity}"
                text = _FILLED.sub("...", value.text)
                found.setdefault(number, set()).add(f"{value.module or 'DMKmmm'}{number} {text}")
    return {number: sorted(found[number]) for number in sorted(found)}


def pages() -> dict[str, str]:
    """The page of each message, by the name DMKnnns."""
    general, particular = explanations(), by_commands()
    return {
        f"DMK{number}": _page(number, texts, general.get(number, ""), particular.get(number, []))
        for number, texts in declared().items()
    }


def explanations() -> dict[str, str]:
    """What `messages.help` says, by number and severity."""
    found: dict[str, str] = {}
    number = ""
    for line in TEXTS.read_text(encoding="utf-8").splitlines():
        if line[:1].isdigit():
            number, _, text = line.partition(" ")
            found[number] = text.strip()
        elif number and line.strip():
            found[number] += " " + line.strip()
    return found


def by_commands() -> dict[str, list[tuple[str, str]]]:
    """What the help texts of commands say, by number and severity: the command, and the explanation."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, command in help.commands().items():
        if command.same_as:
            continue
        for numbers, text in _sections(help.text_path(command).read_text(encoding="utf-8")):
            parts = [part.strip() for part in text.split(";")]
            for index, number in enumerate(numbers):
                said = parts[index] if len(parts) == len(numbers) else text
                found.setdefault(number, []).append((name, said))
    return found


def _sections(text: str) -> Iterator[tuple[list[str], str]]:
    """Numbers and explanation of each entry in the sections of messages."""
    inside, numbers, said = False, list[str](), ""
    for line in [*text.splitlines(), "END"]:
        entry = _EXPLAINED.fullmatch(line) if inside else None
        if numbers and (entry is not None or not line.startswith("   ")):
            yield numbers, said
            numbers = []
        if entry is not None:
            numbers, said = [code[-4:] for code in entry.group(1).split()], entry.group(2) or ""
        elif numbers:
            said = f"{said} {line.strip()}".strip()
        if line and not line.startswith(" "):
            inside = _SECTION.match(line) is not None


def _page(number: str, texts: list[str], general: str, particular: list[tuple[str, str]]) -> str:
    lines = [f"{'DMK' + number:<60}CP message", ""]
    for text in texts:
        lines += textwrap.wrap(text, _WIDTH, initial_indent="   ", subsequent_indent=" " * 14, break_on_hyphens=False)
    if any(text.startswith("DMKmmm") for text in texts):
        lines += ["", "mmm tells the command."]
    if general:
        lines += ["", *textwrap.wrap(general, _WIDTH, break_on_hyphens=False)]
    if particular:
        lines.append("")
        for name, said in particular:
            first = f"   {name:<{_MARGIN - 4}} "
            lines += textwrap.wrap(said or "-", _WIDTH, initial_indent=first, subsequent_indent=" " * _MARGIN)
    return "\n".join(lines) + "\n"
