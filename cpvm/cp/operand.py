"""Operands of CP commands: words, device addresses, hexadecimal fields, ranges (DMKSCN).

Every function either returns a value in its range or raises the CPError that the user sees.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cpvm.cp.message import (
    INVALID_HEXLOC,
    INVALID_OPERAND,
    INVALID_OPTION,
    INVALID_USERID,
    OPERAND_MISSING,
    USERID_MISSING,
    VADDR_MISSING,
    Message,
)

MAX_VADDR = 0xFFF
_USERID = re.compile(r"[A-Z0-9$#@_+:\-]{1,8}")
_ALIAS = re.compile(r"[A-Z0-9$#@_+:\-]{1,16}")
_HEX = re.compile(r"[0-9A-Fa-f]+")


class Operands:
    """The words behind the command's name, taken from left to right.

    Words are given in upper case; `rest` gives what was typed, untouched, for message texts and passwords.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def all(self) -> str:
        """The text as it was given, with what has been taken."""
        return self._text

    @property
    def rest(self) -> str:
        """Everything not yet taken, without leading and trailing blanks, as it was typed."""
        return self._text[self._at :].strip()

    def take_rest(self) -> str:
        """Take everything that is left."""
        rest = self.rest
        self._at = len(self._text)
        return rest

    def peek(self) -> str | None:
        """The next word in upper case, or None at the end; nothing is taken."""
        found = re.compile(r"\s*(\S+)").match(self._text, self._at)
        return found.group(1).upper() if found else None

    def take(self) -> str | None:
        """Take the next word (upper case), or None at the end."""
        found = re.compile(r"\s*(\S+)").match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found.group(1).upper()

    def need(self, missing: Message = OPERAND_MISSING, *fill: object) -> str:
        """Take the next word; the message MISSING if there is none."""
        word = self.take()
        if word is None:
            raise missing.error(*fill)
        return word

    def skip(self, word: str, minimum: int | None = None) -> bool:
        """Take the next word if it is (an abbreviation of) the noise word WORD."""
        following = self.peek()
        if following is not None and abbreviates(following, word, minimum or len(word)):
            self.take()
            return True
        return False

    def skip_before(self, word: str, follows: Callable[[str], bool]) -> None:
        """Take the next word if it is the noise word WORD, or its first letter and FOLLOWS is true for the one behind.

        One letter may be a userid or an address, too.
        """
        words = self.rest.upper().split(maxsplit=2)
        if words and (words[0] == word or (words[0] == word[0] and len(words) > 1 and follows(words[1]))):
            self.take()

    def end(self) -> None:
        """INVALID OPERAND if anything is left."""
        word = self.peek()
        if word is not None:
            raise INVALID_OPERAND.error(word)

    def remaining(self) -> list[str]:
        """Take all words that are left."""
        words = self.rest.upper().split()
        self._at = len(self._text)
        return words


def abbreviates(typed: str, word: str, minimum: int) -> bool:
    """True if TYPED is WORD or WORD shortened to no less than MINIMUM letters."""
    return len(typed) >= minimum and word.startswith(typed)


def choose(typed: str, *choices: str, invalid: Message = INVALID_OPTION) -> str:
    """The choice that TYPED abbreviates; choices are written NOCont: capitals are the minimum. Else INVALID OPTION."""
    for choice in choices:
        minimum = sum(1 for letter in choice if not letter.islower())
        if abbreviates(typed, choice.upper(), minimum):
            return choice.upper()
    raise invalid.error(typed)


def on_off(typed: str) -> bool:
    """ON or OFF."""
    return choose(typed, "ON", "OFF") == "ON"


def vaddr(typed: str | None, missing: Message = VADDR_MISSING) -> int:
    """A virtual device address, X'000' to X'FFF', one to four hexadecimal digits."""
    if typed is None or not _HEX.fullmatch(typed) or len(typed) > 4 or int(typed, 16) > MAX_VADDR:
        raise missing.error()
    return int(typed, 16)


def is_vaddr(typed: str) -> bool:
    """True if TYPED can be a device address."""
    return bool(_HEX.fullmatch(typed)) and len(typed) <= 4 and int(typed, 16) <= MAX_VADDR


def userid(typed: str | None) -> str:
    """A userid: one to eight letters, digits and national characters."""
    if typed is None:
        raise USERID_MISSING.error()
    if not _USERID.fullmatch(typed):
        raise INVALID_USERID.error(typed)
    return typed


def is_userid(typed: str) -> bool:
    """True if TYPED has the form of a userid."""
    return bool(_USERID.fullmatch(typed))


def is_alias(typed: str) -> bool:
    """True if TYPED has the form of an alias: as a userid, with up to sixteen characters."""
    return bool(_ALIAS.fullmatch(typed))


def hexadecimal(typed: str, digits: int = 8, invalid: Message = INVALID_HEXLOC) -> int:
    """A hexadecimal number of at most DIGITS digits."""
    if not _HEX.fullmatch(typed) or len(typed.lstrip("0")) > digits:
        raise invalid.error(typed)
    return int(typed, 16)


def decimal(typed: str | None, low: int, high: int, invalid: Message = INVALID_OPERAND) -> int:
    """A decimal number from LOW to HIGH."""
    if typed is None:
        raise OPERAND_MISSING.error()
    if not typed.isascii() or not typed.isdigit() or len(typed) > 9 or not low <= int(typed) <= high:
        raise invalid.error(typed)
    return int(typed)


_SIZE = re.compile(r"(\d{1,5})([KM])")


def storage_size(typed: str, invalid: Message = INVALID_OPERAND) -> int:
    """A storage size nnnnnK or nnM in bytes, rounded up to 2K, from 8K to 16M."""
    found = _SIZE.fullmatch(typed)
    if found is None:
        raise invalid.error(typed)
    size = int(found.group(1)) * (1024 if found.group(2) == "K" else 1024 * 1024)
    size = (size + 2047) // 2048 * 2048
    if not 8 * 1024 <= size <= 16 * 1024 * 1024:
        raise invalid.error(typed)
    return size
