"""The command line of ASSEMBLE: `ASSEMBLE fn (options`.

Source: VM/370 CMS Command and Macro Reference, ASSEMBLE.  What the assembler is told is known there
(`assembler.options`); where results go is known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from assembler.options import OptionError, Options, parse_options

MAX_OPTIONS = 100
"""Characters of options that the assembler takes."""

DEFAULTS = Options(number=True, stmt=True)
"""What VM/370 has on that Assembler XF alone has off: both numbers in messages at the terminal."""


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
    options: Options = field(default=DEFAULTS)
    print_: str = "DISK"
    """Where the listing goes: DISK, PRINT or NOPRINT."""
    sysparm: str = ""
    ask_sysparm: bool = False


_PRINT = (("DISK", 2), ("PRINT", 2), ("NOPRINT", 4))


def parse(line: str) -> Request:
    """The command line without the command's name; of options that exclude each other the last counts.

    Raises CommandError.
    """
    operands, _, rest = line.partition("(")
    words = operands.split()
    request = Request()
    if not words:
        raise CommandError("DMSASM001E NO FILENAME SPECIFIED.")
    if len(words) > 1:
        raise CommandError(f"DMSASM070E INVALID PARAMETER '{words[1][:8].upper()}'.")
    request.name = words[0][:8].upper()
    options = _options(rest)
    if len(",".join(options)) > MAX_OPTIONS:
        raise CommandError(f"DMSASM052E MORE THAN {MAX_OPTIONS} CHARACTERS OF OPTIONS SPECIFIED.")
    for option in options:
        _apply(request, option)
    request.options = replace(request.options, name=request.name)
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
        found.append(word + ")" * depth)
    return found


def _apply(request: Request, option: str) -> None:
    keyword, mark, value = option.partition("(")
    keyword = keyword.strip().upper()
    value = value.removesuffix(")").strip()  # an EXEC puts blanks around parentheses
    for name, least in _PRINT:
        if len(keyword) >= least and name.startswith(keyword) and not mark:
            request.print_ = name
            return
    if keyword == "SYSPARM" and value == "?":
        request.ask_sysparm = True
        return
    if keyword == "PRINT" or not keyword:
        raise _invalid(keyword)
    try:
        request.options, sysparm = parse_options(f"{keyword}({value})" if mark else keyword, request.options)
    except OptionError:
        if not mark or not value or not _takes_value(keyword):
            raise _invalid(keyword) from None
        raise CommandError(
            f"DMSASM029E INVALID PARAMETER '{value[:8].upper()}' IN THE OPTION '{keyword[:8]}' FIELD."
        ) from None
    if sysparm is not None:
        request.sysparm, request.ask_sysparm = sysparm, False


def _invalid(keyword: str) -> CommandError:
    return CommandError(f"DMSASM003E INVALID OPTION '{keyword[:8]}'.")


_VALUES = ("1", "FULL", "DC", "MAP", "ON")


def _takes_value(keyword: str) -> bool:
    """Whether there is any value that this option takes."""
    for value in _VALUES:
        try:
            parse_options(f"{keyword}({value})", DEFAULTS)
        except OptionError:
            continue
        return True
    return keyword.startswith("LINECO")
