"""The command line of ASSEMBLE: `ASSEMBLE fn (options`.

Source: VM/370 CMS Command and Macro Reference, ASSEMBLE.  Options that shape nothing of ours (BUFSIZE,
RENT, ALOGIC...) are accepted.
"""

from __future__ import annotations

from dataclasses import dataclass


class CommandError(Exception):
    """The command line is wrong; the text is the message, the code the command's return code."""

    def __init__(self, message: str, code: int = 24) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(slots=True)
class Request:
    """What the user asked for."""

    name: str = ""
    esd: bool = True
    rld: bool = True
    source: bool = True
    xref: str = "FULL"
    linecount: int = 55
    print_: str = "DISK"
    """Where the listing goes: DISK, PRINT or NOPRINT."""
    object: bool = True
    deck: bool = False
    terminal: bool = True
    flag: int = 0
    sysparm: str = ""
    ask_sysparm: bool = False


# Option, least number of characters, field of Request, value.
_PLAIN: tuple[tuple[str, int, str, object], ...] = (
    ("ESD", 3, "esd", True),
    ("NOESD", 5, "esd", False),
    ("RLD", 3, "rld", True),
    ("NORLD", 5, "rld", False),
    ("LIST", 4, "source", True),
    ("NOLIST", 6, "source", False),
    ("NOXREF", 6, "xref", "NONE"),
    ("XREF", 4, "xref", "FULL"),
    ("DISK", 2, "print_", "DISK"),
    ("PRINT", 2, "print_", "PRINT"),
    ("NOPRINT", 4, "print_", "NOPRINT"),
    ("OBJECT", 3, "object", True),
    ("NOOBJECT", 5, "object", False),
    ("DECK", 4, "deck", True),
    ("NODECK", 6, "deck", False),
    ("TERMINAL", 4, "terminal", True),
    ("NOTERM", 6, "terminal", False),
)
_ACCEPTED = frozenset((
    "ALOGIC", "NOALOGIC", "MCALL", "NOMCALL", "MLOGIC", "NOMLOGIC", "LIBMAC", "NOLIBMAC", "TEST", "NOTEST", "NUMBER",
    "NUM", "NONUM", "STMT", "NOSTMT", "ALIGN", "NOALIGN", "RENT", "NORENT", "YFLAG", "NOYFLAG", "BUFSIZE",
))  # fmt: skip
_WITH_VALUE = ("XREF", "LINECOUN", "LINECOUNT", "FLAG", "SYSPARM", "BUFSIZE")


def parse(line: str) -> Request:
    """The command line without the command's name.  Raises CommandError."""
    operands, _, rest = line.partition("(")
    words = operands.split()
    request = Request()
    if not words:
        raise CommandError("DMSASM001E NO FILENAME SPECIFIED.")
    if len(words) > 1:
        raise CommandError(f"DMSASM070E INVALID PARAMETER '{words[1][:8].upper()}'.")
    request.name = words[0][:8].upper()
    for option in _options(rest):
        _apply(request, option)
    return request


def _options(rest: str) -> list[str]:
    """Options between blanks and commas; a value in parentheses belongs to its option."""
    found: list[str] = []
    word = ""
    depth = 0
    for char in rest:
        if char == "(":
            depth += 1
        elif char == ")":
            if not depth:
                break
            depth -= 1
        if char in " ," and not depth:
            if word:
                found.append(word)
            word = ""
        elif char == "(" and not word and found:
            word = found.pop() + char
        else:
            word += char
    if word:
        found.append(word)
    return found


def _apply(request: Request, option: str) -> None:
    keyword, mark, value = option.partition("(")
    keyword = keyword.upper()
    value = value.removesuffix(")")
    if mark and keyword not in _WITH_VALUE:
        raise CommandError(f"DMSASM003E INVALID OPTION '{keyword[:8]}'.")
    if keyword == "SYSPARM":
        request.ask_sysparm = value == "?"
        request.sysparm = "" if value == "?" else value
    elif keyword == "XREF" and mark:
        if value.upper() not in ("FULL", "SHORT"):
            raise _bad_value(value, "XREF")
        request.xref = value.upper()
    elif keyword in ("LINECOUN", "LINECOUNT"):
        request.linecount = _number(value, "LINECOUN", 10, 999)
    elif keyword == "FLAG":
        request.flag = _number(value, "FLAG", 0, 255)
    elif keyword in _ACCEPTED:
        return
    else:
        for name, least, field, setting in _PLAIN:
            if len(keyword) >= least and name.startswith(keyword):
                setattr(request, field, setting)
                return
        raise CommandError(f"DMSASM003E INVALID OPTION '{keyword[:8]}'.")


def _number(value: str, option: str, low: int, high: int) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 6 and low <= int(value) <= high):
        raise _bad_value(value, option)
    return int(value)


def _bad_value(value: str, option: str) -> CommandError:
    return CommandError(f"DMSASM029E INVALID PARAMETER '{value[:8].upper()}' IN THE OPTION '{option}' FIELD.")
