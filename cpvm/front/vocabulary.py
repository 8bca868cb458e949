"""The words that a terminal offers while a line is typed: of CP's commands from their table, of CMS's from HELP."""

from __future__ import annotations

from cms.vocabulary import TYPES, keywords, pages
from cpvm.cp.command import COMMANDS, LOGON_COMMANDS, Command
from cpvm.cp.commands.query import QUERIES
from cpvm.cp.commands.set import SETTINGS
from cpvm.cp.registry import discover
from cpvm.terminal.completion import Command as Words
from cpvm.terminal.completion import Vocabulary


def vocabulary() -> Vocabulary:
    """All commands of CP and CMS, with their operands."""
    discover("cpvm.cp.commands")
    cp = {name: _words(entry) for name, _, entry in COMMANDS}
    cp["QUERY"] = Words(words=tuple(name for name, _, _ in QUERIES))
    cp["SET"] = Words(words=tuple(name for name, _, _ in SETTINGS))
    logon = {name: _words(entry) for name, _, entry in LOGON_COMMANDS}
    logon |= {name: _words(entry) for name, _, entry in COMMANDS if entry.before_logon}
    guest = {name: Words(page.forms, page.words, TYPES.get(name, "")) for name, page in pages().items()}
    guest["HELP"] = Words(guest["HELP"].forms, (*guest["HELP"].words, *guest, *cp))
    return Vocabulary(cp, logon, guest)


def _words(command: Command) -> Words:
    forms = command.syntax.splitlines()
    return Words(words=tuple(dict.fromkeys(word for form in forms for word in keywords(form.partition(" ")[2]))))
