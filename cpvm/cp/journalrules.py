"""What `system.config` says of passwords and of journaling them: JOURNALING and FEATURES (VM/370's macro SYSJRL).

    JOURNALING FACILITY ON           SET JOURNAL ON from the start
    JOURNALING SET_AND_QUERY OFF     SET and QUERY JOURNAL are refused
    JOURNALING LOGON ACCOUNT AFTER 2 ATTEMPTS MESSAGE OPERATOR AFTER 3 ATTEMPTS LOCKOUT AFTER 5 ATTEMPTS FOR 1 MINUTE
    JOURNALING LINK ACCOUNT AFTER 2 MESSAGE OPERATOR AFTER 5 DISABLE AFTER 10
    FEATURES PASSWORDS_ON_CMDS LINK NO LOGON NO AUTOLOG NO    passwords are typed only where they are not shown
    JOURNAL LIMIT 64M                how far the journal may grow, all its files together: nnnM

The statements are z/VM's, but for the last.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from cpvm.cp.guard import LINK_LIMIT, Guard
from cpvm.cp.journal import FILE_BYTES, KEPT
from cpvm.cp.operand import is_userid

MOST_ATTEMPTS: Final = 255
"""The largest number of attempts that a statement may name; VM/370 kept it in a byte."""
MOST_MINUTES: Final = 255
"""The longest time that a userid may be closed after wrong passwords."""
MOST_LIMIT: Final = 9999
"""The largest size of the journal in megabytes."""
_MEGABYTE = 1024 * 1024


class RuleError(Exception):
    """What is wrong with a statement."""


@dataclass
class Attempts:
    """Wrong passwords in a row after which there are accounting records, a message to a user, and no more attempts."""

    account: int = 1
    message: int = 0  # 0: none
    told: str = "OPERATOR"
    closed: int = 0
    minutes: int = 1


@dataclass
class JournalRules:
    """What the statements say, or is so without them."""

    facility: bool = False
    set_and_query: bool = True
    logon: Attempts = field(default_factory=lambda: Attempts(closed=Guard.LIMIT))
    link: Attempts = field(default_factory=lambda: Attempts(closed=LINK_LIMIT))
    passwords: set[str] = field(default_factory=lambda: {"AUTOLOG", "LINK", "LOGON"})
    """Commands that take a password in their line."""
    file_bytes: int = FILE_BYTES


def journal(rules: JournalRules, words: list[str]) -> None:
    """JOURNAL LIMIT nnnM. Raises RuleError, as those below do."""
    size = words[1][:-1] if len(words) == 2 else ""
    if not size.isdecimal() or words[0].upper() != "LIMIT" or words[1][-1] not in "Mm":
        raise RuleError("it is written JOURNAL LIMIT nnnM")
    rules.file_bytes = max(1, min(int(size), MOST_LIMIT)) * _MEGABYTE // KEPT


def features(rules: JournalRules, words: list[str]) -> None:
    """FEATURES PASSWORDS_ON_CMDS [AUTOLOG YES|NO] [LINK YES|NO] [LOGON YES|NO]."""
    rest = [word.upper() for word in words]
    pairs = list(zip(rest[1::2], rest[2::2], strict=False))
    commands = ("AUTOLOG", "LINK", "LOGON")
    if rest[:1] != ["PASSWORDS_ON_CMDS"] or not pairs or len(rest) != 1 + 2 * len(pairs):
        raise RuleError("it is written FEATURES PASSWORDS_ON_CMDS LINK|LOGON|AUTOLOG YES|NO ...")
    for command, allowed in pairs:
        if command not in commands or allowed not in ("YES", "NO"):
            raise RuleError(f"{command} {allowed} is not LINK, LOGON or AUTOLOG with YES or NO")
        (rules.passwords.add if allowed == "YES" else rules.passwords.discard)(command)


def journaling(rules: JournalRules, words: list[str]) -> None:
    """JOURNALING, with any of its operands in any order; LOGON and LINK begin those that belong to them."""
    rest = deque(word.upper() for word in words)
    if not rest:
        raise RuleError("JOURNALING what?")
    about = ""
    while rest:
        word = rest.popleft()
        if word in ("FACILITY", "SET_AND_QUERY"):
            setattr(rules, word.lower(), _choice(rest, "ON", "OFF") == "ON")
        elif word in ("LOGON", "LINK"):
            about = word
        elif about and word in ("ACCOUNT", "MESSAGE", {"LOGON": "LOCKOUT", "LINK": "DISABLE"}[about]):
            _after(rules.logon if about == "LOGON" else rules.link, word, rest)
        else:
            raise RuleError(f"{word} has no meaning there")


def _after(attempts: Attempts, what: str, rest: deque[str]) -> None:
    if what == "MESSAGE":
        attempts.told = rest.popleft() if rest else ""
        if not is_userid(attempts.told):
            raise RuleError("MESSAGE needs a userid")
    _choice(rest, "AFTER")
    number = _number(rest, MOST_ATTEMPTS)
    if rest and rest[0] in ("ATTEMPT", "ATTEMPTS"):
        rest.popleft()
    if what == "ACCOUNT":
        attempts.account = number
    elif what == "MESSAGE":
        attempts.message = number
    else:
        attempts.closed = number
    if what == "LOCKOUT" and rest and rest[0] == "FOR":
        rest.popleft()
        attempts.minutes = _number(rest, MOST_MINUTES)
        _choice(rest, "MINUTES", "MINUTE")


def _choice(rest: deque[str], *allowed: str) -> str:
    word = rest.popleft() if rest else ""
    if word not in allowed:
        raise RuleError(f"{' or '.join(allowed)} is missing")
    return word


def _number(rest: deque[str], most: int) -> int:
    word = rest.popleft() if rest else ""
    if not word.isdecimal() or not 1 <= int(word) <= most:
        raise RuleError(f"{word or 'a number'} is not from 1 to {most}")
    return int(word)
