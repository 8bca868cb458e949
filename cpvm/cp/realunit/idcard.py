"""The card in front of a deck that says whose it is (GC20-1806, *VM/370 Operator's Guide*, "Spooled Card Input").

    ID userid [CLASS c] [NAME fn [ft] | NAME dsname]

USERID may stand for ID, which begins in column 1; words are separated by blanks.
"""

from __future__ import annotations

from dataclasses import dataclass

from cpvm.cp.operand import abbreviates, is_userid

_WORDS = ("ID", "USERID", "CP67USERID")
_NAME, _DSNAME = 8, 24


class IDCardError(Exception):
    """The card is missing or is not of this form; the text says what is wrong."""


@dataclass(frozen=True)
class Address:
    """Where a deck goes, and what it is called."""

    userid: str
    spool_class: str = "A"
    name: str = ""
    type: str = ""


def read_id_card(text: str) -> Address:
    """What a card says. Raises IDCardError."""
    words = text.upper().split()
    if len(words) < 2 or words[0] not in _WORDS or text[:1].isspace():
        raise IDCardError("ID CARD MISSING")
    if not is_userid(words[1]):
        raise IDCardError(f"INVALID USERID - {words[1][:16]}")
    address, rest = Address(words[1]), words[2:]
    if rest and abbreviates(rest[0], "CLASS", 2):
        if len(rest) < 2 or len(rest[1]) != 1 or not (rest[1].isascii() and rest[1].isalnum()):
            raise IDCardError("CLASS MISSING OR INVALID")
        address, rest = Address(address.userid, rest[1]), rest[2:]
    if rest and abbreviates(rest[0], "NAME", 2):
        if not 2 <= len(rest) <= 3:
            raise IDCardError("NAME MISSING OR INVALID")
        name, filetype = rest[1], rest[2] if len(rest) > 2 else ""
        limit = _NAME if filetype else _DSNAME
        address = Address(address.userid, address.spool_class, name[:limit], filetype[:_NAME])
        rest = []
    if rest:
        raise IDCardError(f"INVALID OPERAND - {rest[0]}")
    return address
