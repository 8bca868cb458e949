"""What an assembly is asked for, and the option words of Assembler XF, H and the High Level Assembler.

Words are given as in the PARM field of a job or behind the parenthesis of ASSEMBLE: `NOLIST,XREF(SHORT),FLAG(4)`.
Sources: OS/VS Assembler Programmer's Guide (GC33-4021), "Assembler options"; VM/370 CMS Command and Macro Reference
(GC20-1818), ASSEMBLE; High Level Assembler Programmer's Guide (SC26-4941), "Assembler options".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace


class OptionError(ValueError):
    """An option word that cannot be; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Options:
    """What an assembly is asked for besides its deck.

    `date` and `time` appear in &SYSDATE, &SYSTIME and the listing's headings (`mm/dd/yy`, `hh.mm`); `xref` is
    FULL, SHORT (only symbols that are used) or NONE; `linecount` lines make a page, 0 for no pages.
    """

    date: str = "01/01/70"
    time: str = "00.00"
    esd: bool = True
    rld: bool = True
    source: bool = True
    xref: str = "FULL"
    linecount: int = 55
    name: str = ""
    test: bool = False
    """SYM cards in front of the deck."""
    deck: bool = False
    object: bool = True
    """OBJECT and DECK: whoever called the assembler writes the deck if either is on."""
    align: bool = True
    """Constants lie on their boundaries, and operands that do not are told of."""
    rent: bool = False
    """Tell of instructions that store into the program (IFO229)."""
    alogic: bool = True
    """List the conditional assembly of open code."""
    mlogic: bool = False
    """List the conditional assembly of macros as they are expanded."""
    mcall: bool = False
    """List the calls of macros in macros."""
    libmac: bool = False
    """List library macros where they are first called."""
    yflag: bool = True
    number: bool = False
    stmt: bool = False
    terminal: bool = True
    """TERMINAL, NUMBER, STMT: whoever called it types the messages, with the numbers of lines and statements."""
    flag: int = 0
    """The least severity of messages that are told of and count for the return code."""
    blunders: bool = False
    """Warn of common blunders (`assembler.warnings`); Assembler XF does not."""
    warnings: frozenset[str] = frozenset()
    """Names in FLAG(...): further warnings that are wanted."""
    no_warnings: frozenset[str] = frozenset()
    """Names in FLAG(NO...): warnings that are not wanted; ALL is all of them."""
    flags: bool = False
    """XREF(...,FLAGS): how each statement uses a symbol, a letter behind its number."""
    unrefs: bool = False
    """XREF(SHORT,UNREFS): the symbols that are not used as well, in a list of their own."""
    mxref: bool = False
    """The cross-reference of macros and COPY members."""
    dxref: bool = False
    """The dummy sections."""
    rxref: bool = False
    """The cross-reference of general registers."""
    using_map: bool = False
    """What USING and DROP did."""
    pcontrol: tuple[str, ...] = ()
    """PRINT options that hold whatever PRINT statements say."""


def _switch(name: str) -> Callable[[Options, bool, str | None], Options]:
    def change(options: Options, on: bool, value: str | None) -> Options:
        return replace(options, **{name: on})  # type: ignore[arg-type]

    return change


def _number(value: str | None, low: int, high: int) -> int:
    if value is None or not re.fullmatch("[0-9]{1,5}", value) or not low <= int(value) <= high:
        raise OptionError(f"needs a number from {low} to {high} in parentheses")
    return int(value)


def _linecount(options: Options, on: bool, value: str | None) -> Options:
    count = _number(value, 0, 32767)
    if 0 < count < 5:
        raise OptionError("needs at least 5 lines a page, or 0 for no pages")
    return replace(options, linecount=count)


def _flag(options: Options, on: bool, value: str | None) -> Options:
    from assembler.warnings import known

    names = known()
    wanted, unwanted, least = set(options.warnings), set(options.no_warnings), options.flag
    for word in (value or "").upper().split(","):
        if word.isdigit():
            least = _number(word, 0, 255)
            continue
        off = word not in names and word.startswith("NO")
        name = word.removeprefix("NO") if off else word
        if name not in names and name != "ALL":
            raise OptionError(f"takes a severity and names of warnings ({', '.join(sorted(names))}), not {word}")
        if name == "ALL":
            wanted, unwanted = (set(), {"ALL"}) if off else (set(names), set())
        else:
            (unwanted if off else wanted).add(name)
            (wanted if off else unwanted).discard(name)
            if not off and "ALL" in unwanted:
                unwanted = set(names) - wanted
    return replace(options, flag=least, warnings=frozenset(wanted), no_warnings=frozenset(unwanted))


def _xref(options: Options, on: bool, value: str | None) -> Options:
    if not on:
        return replace(options, xref="NONE")
    words = (value or "FULL").upper().split(",")
    for word in words:
        if word in ("FULL", "SHORT"):
            options = replace(options, xref=word)
        elif word in ("UNREFS", "NOUNREFS"):
            options = replace(
                options, unrefs=word == "UNREFS", xref="SHORT" if options.xref == "NONE" else options.xref
            )
        elif word in ("FLAGS", "NOFLAGS"):
            kind = "FULL" if options.xref == "NONE" else options.xref
            options = replace(options, flags=word == "FLAGS", xref=kind)
        else:
            raise OptionError(f"takes FULL, SHORT, UNREFS, FLAGS, not {word}")
    return options


def _using(options: Options, on: bool, value: str | None) -> Options:
    words = (value or "MAP").upper().split(",")
    if not on or words == ["NOMAP"]:
        return replace(options, using_map=False)
    if words != ["MAP"]:
        raise OptionError("takes MAP or NOMAP")
    return replace(options, using_map=True)


_PCONTROL = frozenset((
    "ON", "OFF", "GEN", "NOGEN", "DATA", "NODATA", "MCALL", "NOMCALL", "MSOURCE", "NOMSOURCE",
))  # fmt: skip


def _pcontrol(options: Options, on: bool, value: str | None) -> Options:
    words = tuple((value or "").upper().split(",")) if on else ()
    for word in words:
        if word not in _PCONTROL:
            raise OptionError(f"takes {', '.join(sorted(_PCONTROL))}, not {word or 'nothing'}")
    return replace(options, pcontrol=words)


def _accepted(options: Options, on: bool, value: str | None) -> Options:
    return options


_Change = Callable[[Options, bool, str | None], Options]
# The word, whether NO may stand in front, whether a value may follow, what it does.  Words may be shortened to the
# number of characters given, as under CMS.
_WORDS: dict[str, tuple[int, bool, bool, _Change]] = {
    "ALIGN": (3, True, False, _switch("align")),
    "ALOGIC": (4, True, False, _switch("alogic")),
    "BATCH": (5, True, False, _accepted),
    "BUFSIZE": (3, False, True, _accepted),
    "DECK": (4, True, False, _switch("deck")),
    "DXREF": (2, True, False, _switch("dxref")),
    "ESD": (3, True, False, _switch("esd")),
    "FLAG": (4, False, True, _flag),
    "LIBMAC": (4, True, False, _switch("libmac")),
    "LINECOUNT": (5, False, True, _linecount),
    "LIST": (4, True, True, _switch("source")),
    "MCALL": (2, True, False, _switch("mcall")),
    "MLOGIC": (2, True, False, _switch("mlogic")),
    "MXREF": (2, True, True, _switch("mxref")),
    "NUMBER": (3, True, False, _switch("number")),
    "OBJECT": (3, True, False, _switch("object")),
    "PCONTROL": (2, True, True, _pcontrol),
    "RENT": (4, True, False, _switch("rent")),
    "RLD": (3, True, False, _switch("rld")),
    "RXREF": (2, True, False, _switch("rxref")),
    "SIZE": (4, False, True, _accepted),
    "STMT": (4, True, False, _switch("stmt")),
    "TERMINAL": (4, True, False, _switch("terminal")),
    "TEST": (4, True, False, _switch("test")),
    "USING": (2, True, True, _using),
    "WORKSIZE": (4, False, True, _accepted),
    "XREF": (4, True, True, _xref),
    "YFLAG": (5, True, False, _switch("yflag")),
}

_SPLIT = re.compile(r"[\s,]*([^\s,()]+)\s*(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?")


def option_words() -> list[str]:
    """All option words, SYSPARM included, in alphabetical order."""
    return sorted((*_WORDS, "SYSPARM"))


def parse_options(text: str, options: Options) -> tuple[Options, str | None]:
    """`options` changed as the words in `text` say, and the value of SYSPARM if it is among them.

    Words are separated by commas or blanks; NO in front of one turns it off.  Raises OptionError.
    """
    sysparm: str | None = None
    at = 0
    text = text.strip(" ,\t\n")
    while at < len(text):
        match = _SPLIT.match(text, at)
        if match is None:
            raise OptionError(f"{text[at : at + 20]}: an option word is needed here")
        at = match.end()
        value = match[2][1:-1] if match[2] else None
        word = match[1].upper()
        if len(word) >= 7 and "SYSPARM".startswith(word):
            sysparm = value or ""
            continue
        options = _apply(options, word, value)
    return options, sysparm


def _apply(options: Options, word: str, value: str | None) -> Options:
    for bare, on in ((word, True), (word.removeprefix("NO"), False)):
        if not on and bare == word:
            break
        for name, (least, may_no, may_value, change) in _WORDS.items():
            if not (len(bare) >= least and name.startswith(bare)) or not (on or may_no):
                continue
            if value is not None and not (may_value and on):
                raise OptionError(f"{word}: takes no value in parentheses")
            try:
                return change(options, on, value)
            except OptionError as error:
                raise OptionError(f"{name} {error}") from None
    raise OptionError(f"{word}: there is no such option")


def chosen(options: Options, sysparm: str) -> list[str]:
    """The options in effect, in the order in which Assembler XF lists its own; ours follow."""

    def word(name: str, on: bool) -> str:
        return name if on else f"NO{name}"

    xref = f"XREF({options.xref}{',UNREFS' * options.unrefs}{',FLAGS' * options.flags})"
    flag = ",".join(
        (str(options.flag), *sorted(options.warnings), *(f"NO{one}" for one in sorted(options.no_warnings)))
    )
    first = (
        word("ALIGN", options.align), word("ALOGIC", options.alogic), "BUFSIZE(STD)", word("DECK", options.deck),
        word("ESD", options.esd), f"FLAG({flag})", f"LINECOUNT({options.linecount})", word("LIST", options.source),
        word("MCALL", options.mcall), word("YFLAG", options.yflag),
    )  # fmt: skip
    second = (
        word("MLOGIC", options.mlogic), word("NUMBER", options.number), word("OBJECT", options.object),
        word("RENT", options.rent), word("RLD", options.rld), word("STMT", options.stmt),
        word("LIBMAC", options.libmac), word("TERMINAL", options.terminal), word("TEST", options.test),
        "NOXREF" if options.xref == "NONE" else xref,
    )  # fmt: skip
    third = [
        name
        for name, on in (
            ("DXREF", options.dxref), ("MXREF", options.mxref), ("RXREF", options.rxref),
            ("USING(MAP)", options.using_map), (f"PCONTROL({','.join(options.pcontrol)})", bool(options.pcontrol)),
        )
        if on
    ]  # fmt: skip
    lines = [f"  {', '.join(words)}" for words in (first, second, third) if words]
    return ["OPTIONS FOR THIS ASSEMBLY", *lines, f"  SYSPARM({sysparm[:100]})"]
