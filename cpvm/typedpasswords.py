"""Passwords within lines that are typed: where they stand in LOGON, AUTOLOG, LINK and SET PASSWORD.

Terminals and CP remember lines, and show them again; neither side of the house knows the other, and both ask here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MASK: Final = "XXXXXXXX"

Span = tuple[int, int]

_WORD = re.compile(r"\S+")
_LOGON: Final = {"LOGO": 4, "LOGON": 4, "LOGI": 4, "LOGIN": 4, "L": 1, "LO": 1, "LOG": 1}
"""Words for LOGON; the short ones are commands of CMS's where somebody is logged on."""
_AUTOLOG: Final = ("AUTOLO", "AUTOLOG")
_SET_PASSWORD: Final = ("PASS", "PASSW", "PASSWO", "PASSWOR", "PASSWORD")
_MODES: Final = ("R", "RR", "W", "WR", "M", "MR", "MW")
_PASS: Final = "PASS="
_VADDR = re.compile(r"[0-9A-F]{1,4}")


class _Words:
    """The words of one logical line, in capitals, and where they stand."""

    def __init__(self, text: str, start: int, end: int) -> None:
        found = list(_WORD.finditer(text, start, end))
        self.spans = [match.span() for match in found]
        self.words = [match[0].upper() for match in found]

    def __len__(self) -> int:
        return len(self.words)

    def at(self, index: int) -> str:
        """The word there, "" behind the last one."""
        return self.words[index] if index < len(self.words) else ""


def masked(text: str, *, logon: bool = False) -> str:
    """TEXT with XXXXXXXX for each password in it; TEXT itself if there is none.

    LOGON: nobody is logged on at the terminal, so L is LOGON and not a command of CMS's, and a line behind LOGON is the
    answer to its question.
    """
    shown, end = [], 0
    for start, stop in sorted(_passwords(text, logon)):
        if start >= end:
            shown += [text[end:start], MASK]
            end = stop
    return "".join((*shown, text[end:])) if shown else text


def _passwords(text: str, logon: bool) -> Iterator[Span]:
    start, answer = 0, False
    for part in text.split("#"):
        words = _Words(text, start, start + len(part))
        start += len(part) + 1
        if answer and len(words):
            yield words.spans[0][0], words.spans[-1][1]
            answer = False
            continue
        at = _command(words)
        yield from _after_logon(words, at, logon)
        yield from _after_link(words)
        word = words.at(at)
        if word == "SET" and words.at(at + 1) in _SET_PASSWORD and words.at(at + 2):
            yield words.spans[at + 2][0], words.spans[-1][1]
        answer = logon and word in _LOGON and bool(words.at(at + 1)) and all(map(_option, words.words[at + 2 :]))


def _command(words: _Words) -> int:
    """Which word the command begins with, behind CP, and SEND and a userid."""
    at = 0
    while words.at(at) in ("CP", "SEND"):
        at += 1 if words.at(at) == "CP" else 3 if words.at(at + 1) == "CP" else 2
    return at


def _option(word: str) -> bool:
    """Whether LOGON takes this word for MASK or NOIPL in the place of the password."""
    return bool(word) and ("MASK".startswith(word) or "NOIPL".startswith(word))


def _after_logon(words: _Words, at: int, logon: bool) -> Iterator[Span]:
    word, second = words.at(at), words.at(at + 2)
    if not second:
        return
    if word in _LOGON and (logon or _LOGON[word] > 1):
        wanted = not _option(second)
    else:
        wanted = word in _AUTOLOG and second != "PROMPT"
    if wanted:
        yield words.spans[at + 2]


def _after_link(words: _Words) -> Iterator[Span]:
    """LINK [TO] userid vaddr [AS] vaddr [mode] [[PASS=] password], wherever it stands: EXECs take commands, too."""
    linking = False
    for number, word in enumerate(words.words):
        if word == "LINK":
            linking = True
            at = _first_operand(words, number + 1)
            if at and words.at(at) in _MODES:
                at += 1
            if at and words.at(at) and not words.at(at).startswith(_PASS):
                yield words.spans[at]
        elif linking and word.startswith(_PASS):
            start, end = words.spans[number]
            if word != _PASS:
                yield start + len(_PASS), end
            elif words.at(number + 1):
                yield words.spans[number + 1]


def _first_operand(words: _Words, at: int) -> int:
    """The word behind both addresses of LINK; 0 if they are not there."""
    for noise in ("TO", "T"):
        if words.at(at) == noise and _VADDR.fullmatch(words.at(at + 2)):
            at += 1
    if not _VADDR.fullmatch(words.at(at + 1)):
        return 0
    at += 2
    if words.at(at) in ("AS", "A") and _VADDR.fullmatch(words.at(at + 1)):
        at += 1
    return at + 1 if _VADDR.fullmatch(words.at(at)) else 0
