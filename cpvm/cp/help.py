"""What HELP says about CP's commands.

The text stands beside each command, `name.help`: its first line is the purpose, the rest explains. Heading, syntax and
privilege classes come from the table of commands, so that the two cannot disagree. CP itself shows none of this; the
pages are for whatever system a user IPLs.
"""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path

from cpvm.cp.command import COMMANDS, LOGON_COMMANDS, Command
from cpvm.cp.registry import discover
from cpvm.s370 import plugin

MENU = "CP"
_WIDTH = 79
_HEADING = 60  # columns in front of "CP command"
_FORM = 14
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def commands() -> dict[str, Command]:
    """All commands by name, in alphabetical order. LOGON is the one that works, not the one for those who are on.

    Those of plugins are left out: HELP files are made once, and plugins come and go.
    """
    discover("cpvm.cp.commands")
    found = {name: entry for table in (COMMANDS, LOGON_COMMANDS) for name, _, entry in table}
    found = {name: entry for name, entry in found.items() if plugin.owner(entry.body) is None}
    return dict(sorted(found.items()))


def text_path(command: Command) -> Path:
    """Where the text of a command is: beside the file that defines it."""
    folder = Path(inspect.getfile(command.body)).parent
    return folder / f"{(command.same_as or command.name).lower()}.help"


def pages() -> dict[str, str]:
    """The page of each command, by its name; that of MENU ends with a list of all commands."""
    found = commands()
    pages = {name: _page(command, found) for name, command in found.items() if set(name) <= _LETTERS}
    pages[MENU] += "\n" + "".join(_menu_line(command) for command in found.values() if not command.same_as)
    return pages


def _page(command: Command, found: dict[str, Command]) -> str:
    main = command.same_as or command.name
    family = [found[main], *(other for other in found.values() if other.same_as == main)]
    names = ", ".join([command.name, *(other.name for other in family if other is not command)])
    _, explanation = _text(command)
    forms = "\n".join(_form(line) for other in family for line in other.syntax.splitlines())
    classes = f"Privilege class {' or '.join(command.classes)}." if command.classes else "Any privilege class."
    return f"{names:<{_HEADING}}CP command\n\n{forms}\n\n{classes} {_purpose(command)}\n\n{explanation}"


def _text(command: Command) -> tuple[str, str]:
    purpose, _, explanation = text_path(command).read_text(encoding="utf-8").partition("\n")
    return purpose, explanation.lstrip("\n")


def _purpose(command: Command) -> str:
    purpose = _text(command)[0]
    return f"{purpose[0].upper()}{purpose[1:]}."


def _form(line: str) -> str:
    lines = textwrap.wrap(line, _WIDTH, initial_indent="   ", subsequent_indent=" " * 12, break_on_hyphens=False)
    return "\n".join(lines)


def _menu_line(command: Command) -> str:
    return f"   {command.syntax.split()[0]:<{_FORM}}{_text(command)[0]}\n"
