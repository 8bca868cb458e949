"""The file `system.config` of the system folder: the name of this node, limits, forms, links to other systems.

Statements stand one a line, in words; what follows a `#` or stands in a line that begins with `*` is a comment:

    NODE CPVM                        this system's name, one to eight characters
    SPOOL LIMIT 8G                   how far the spool may grow: nnnM or nnnG
    LIMIT ALL TDISK 20               what a user may have for whom the directory has no LIMIT statement
    LIMIT SYSTEM STORAGE 4G          what all users together may have (`cpvm.cp.limits` has the names)
    FCB WIDE 8 68 1:1+12:63          a form: name, lines an inch, lines, channels at lines
    NETWORK USER NET                 the userid whose reader files go to other systems
    NETWORK LISTEN 127.0.0.1:1175    where other systems reach this one
    LINK NODE2 otherhost:1175 KEY secret    a neighbour, and the key that both know; * for the address: it calls us
    DISCONNECT TIMEOUT 15            minutes until a disconnected machine in want of a line is logged off; or OFF
    ROUTE NODE3 VIA NODE2            a node that is reached through a neighbour; ROUTE * VIA ... for all others
    JOURNALING, FEATURES, JOURNAL    what becomes of wrong passwords: see `cpvm.cp.journalrules`

A file without a statement leaves everything as it is by default. (z/VM has such a file; VM/370 assembled DMKSYS and
DMKRIO.)
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cpvm.cp import journalrules, limits
from cpvm.cp.journalrules import JournalRules, RuleError
from cpvm.cp.message import message
from cpvm.machine.device import ConfigurationError
from cpvm.machine.media.forms import LONGEST, Form, parse_tape

FILE: Final = "system.config"
DEFAULT_NODE: Final = "CPVM"
DEFAULT_USER: Final = "NET"
ANY: Final = "*"
BAD_LINE = message("DMKCPI955E", "{} LINE {}; {}")
UNANSWERED: Final = 15
"""Minutes until a disconnected machine that waits for a line is logged off."""
_LONGEST_WAIT = 99999
_NAME = re.compile(r"[A-Z0-9$#@_]{1,8}")
_SIZE = re.compile(r"([0-9]{1,9})([MG])")
_MEGABYTE = 1024 * 1024


class StatementError(Exception):
    """What is wrong with a statement."""


@dataclass(frozen=True)
class Link:
    """A neighbour: its node name, where it listens ("" if it calls us), and the key that both sides know."""

    node: str
    host: str
    port: int
    key: str

    @property
    def calls(self) -> bool:
        """True if this side opens the connection."""
        return bool(self.host)


@dataclass
class Configuration:
    """What the file says; `messages` has a line for each statement that is wrong (and left out)."""

    node: str = DEFAULT_NODE
    limits: limits.Values = field(default_factory=dict)
    unanswered: float = UNANSWERED * 60.0
    forms: dict[str, Form] = field(default_factory=dict)
    user: str = DEFAULT_USER
    listen: tuple[str, int] | None = None
    links: dict[str, Link] = field(default_factory=dict)
    routes: dict[str, str] = field(default_factory=dict)
    journaling: JournalRules = field(default_factory=JournalRules)
    messages: list[str] = field(default_factory=list)


def read_configuration(folder: Path) -> Configuration:
    """The configuration of the system in FOLDER."""
    found = Configuration()
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return found
    except (OSError, UnicodeDecodeError) as error:
        found.messages.append(BAD_LINE.full(FILE, 0, str(error).upper()))
        return found
    for number, line in enumerate(lines, 1):
        if line.startswith("*"):
            continue
        try:
            words = shlex.split(line, comments=True)
            if words:
                _statement(found, words)
        except (StatementError, RuleError, ConfigurationError, ValueError) as error:
            found.messages.append(BAD_LINE.full(FILE, number, str(error).upper()))
    for node, via in list(found.routes.items()):
        if via not in found.links:
            found.messages.append(BAD_LINE.full(FILE, len(lines), f"ROUTE {node}: THERE IS NO LINK {via}"))
            del found.routes[node]
    return found


def _statement(found: Configuration, words: list[str]) -> None:
    keyword = words[0].upper()
    statement = _STATEMENTS.get(keyword)
    if statement is None:
        raise StatementError(f"{keyword} is not one of {', '.join(_STATEMENTS)}")
    statement(found, words[1:])


def _node(found: Configuration, words: list[str]) -> None:
    (name,) = _exactly(words, 1, "NODE name")
    found.node = _name(name)


def _spool(found: Configuration, words: list[str]) -> None:
    limit, size = _exactly(words, 2, "SPOOL LIMIT nnnM|nnnG")
    match = _SIZE.fullmatch(size.upper())
    if limit.upper() != "LIMIT" or match is None:
        raise StatementError("it is written SPOOL LIMIT nnnM or nnnG")
    megabytes = int(match[1]) * (1024 if match[2] == "G" else 1)
    found.limits[limits.SPOOL.name] = max(limits.SPOOL.least, megabytes * _MEGABYTE)


def _limit(found: Configuration, words: list[str]) -> None:
    who, *rest = [word.upper() for word in words] or [""]
    kinds = {limits.ALL: limits.OF_USERS, limits.SYSTEM: limits.OF_SYSTEM}.get(who)
    if kinds is None:
        raise StatementError("it is written LIMIT ALL|SYSTEM name value ...")
    found.limits.update(limits.parse(rest, kinds))


def _disconnect(found: Configuration, words: list[str]) -> None:
    what, minutes = _exactly(words, 2, "DISCONNECT TIMEOUT minutes|OFF")
    if what.upper() != "TIMEOUT" or not (minutes.upper() == "OFF" or minutes.isdecimal()):
        raise StatementError("it is written DISCONNECT TIMEOUT minutes or OFF")
    found.unanswered = 0.0 if minutes.upper() == "OFF" else max(1, min(int(minutes), _LONGEST_WAIT)) * 60.0


def _fcb(found: Configuration, words: list[str]) -> None:
    name, lpi, length, tape = _exactly(words, 4, "FCB name 6|8 lines channel:line+channel:line")
    if lpi not in ("6", "8") or not length.isdecimal() or not 1 <= int(length) <= LONGEST:
        raise StatementError(f"a form has 6 or 8 lines an inch and 1 to {LONGEST} lines")
    found.forms[_name(name)] = parse_tape(tape, int(length), int(lpi))


def _network(found: Configuration, words: list[str]) -> None:
    what, value = _exactly(words, 2, "NETWORK USER userid or NETWORK LISTEN host:port")
    if what.upper() == "USER":
        found.user = _name(value)
    elif what.upper() == "LISTEN":
        found.listen = _address(value)
    else:
        raise StatementError(f"NETWORK {what} is not NETWORK USER or NETWORK LISTEN")


def _link(found: Configuration, words: list[str]) -> None:
    node, where, word, key = _exactly(words, 4, "LINK node host:port|* KEY secret")
    if word.upper() != "KEY" or not key:
        raise StatementError("it is written LINK node host:port|* KEY secret")
    name = _name(node)
    if name in found.links:
        raise StatementError(f"LINK {name} is there twice")
    host, port = ("", 0) if where == ANY else _address(where)
    found.links[name] = Link(name, host, port, key)


def _route(found: Configuration, words: list[str]) -> None:
    node, via, link = _exactly(words, 3, "ROUTE node VIA link")
    if via.upper() != "VIA":
        raise StatementError("it is written ROUTE node VIA link")
    found.routes[ANY if node == ANY else _name(node)] = _name(link)


def _rules(change: Callable[[JournalRules, list[str]], None]) -> Callable[[Configuration, list[str]], None]:
    """A statement that changes rules for journaling, as a whole or not at all."""

    def statement(found: Configuration, words: list[str]) -> None:
        trial = deepcopy(found.journaling)
        change(trial, words)
        found.journaling = trial

    return statement


_STATEMENTS: dict[str, Callable[[Configuration, list[str]], None]] = {
    "NODE": _node,
    "SPOOL": _spool,
    "LIMIT": _limit,
    "DISCONNECT": _disconnect,
    "FCB": _fcb,
    "NETWORK": _network,
    "LINK": _link,
    "ROUTE": _route,
    "JOURNAL": _rules(journalrules.journal),
    "JOURNALING": _rules(journalrules.journaling),
    "FEATURES": _rules(journalrules.features),
}


def _exactly(words: list[str], count: int, form: str) -> list[str]:
    if len(words) != count:
        raise StatementError(f"it is written {form}")
    return words


def _name(word: str) -> str:
    name = word.upper()
    if not _NAME.fullmatch(name):
        raise StatementError(f"{word} is not a name of up to eight characters")
    return name


def _address(word: str) -> tuple[str, int]:
    """host:port, [host]:port for IPv6."""
    host, colon, port = word.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise StatementError(f"{word} is not host:port")
    return host, int(port)
