"""Where a branch goes that is not plainly on: into a translated region, back to Python, or on in the interpreter.

The links are a hash table with open addressing: the place of a logical address is `address // 2`, cut to the size of
the table; if it is taken by another, the next one counts. A link says which function to enter, and has the descriptor
of the region, which says what the translation was made of: pieces of text, each within one 2K block, with the entry of
the fetch table that they were found by. Before a region is entered for the first time in an epoch, or with another
fetch table than the last time, all pieces are compared with what is in storage.

All numbers are of 64 bits, in the host's byte order.
"""

from __future__ import annotations

from typing import Final

from cpvm.machine.compiled import dispatch, state
from cpvm.machine.compiled.dispatch import ADDRESS_MASK, ENTERED, Hot
from cpvm.machine.compiled.text import UNLIKELY, Text, Value

LINK_BYTES: Final = 32
ADDRESS, FUNCTION, DESCRIPTOR, COUNT = 0, 8, 16, 24
"""Offsets in a link: logical address, or FREE; host addresses of function and descriptor; how often it was entered."""
FREE: Final = -1

EPOCH, TABLE, PIECES, FIRST = 0, 8, 16, 24
"""Offsets in a descriptor: epoch and fetch table of the last comparison, number of pieces, the first of them."""
PIECE_BYTES: Final = 32
LOGICAL, ENTRY, LENGTH, TEXT = 0, 8, 16, 24
"""Offsets in a piece: logical address, entry of the fetch table, bytes, host address of the text; seven bytes behind
the text may be read."""

DRAFT: Final = 1 << 16
"""What is drawn from the bank as a region is entered with less than this: at 100 million instructions a second, which
is slow for the interpreter, that much and what was there take 1.3 ms at most."""


def function() -> str:
    """The handler @turn: iw is the logical address to go to."""
    x = Text()
    astray, there, stopped, on, look, more, hit = (
        x.fresh(stem) for stem in ("astray", "there", "stopped", "on", "look", "more", "hit")
    )
    a = x.op("and", "%iw", ADDRESS_MASK)
    odd = x.set(f"trunc i64 {a} to i1")
    x.branch(x.either(x.compare("eq", dispatch.entry(x, "%ft", a), 0), odd), astray, there)
    x.label(astray)
    dispatch.jump(x, "astray", ENTERED | {"ip": x.set(f"inttoptr i64 {a} to ptr"), "delta": 0, "iw": 0})
    x.label(there)
    stop = x.set(f"load volatile i64, ptr {x.at('%st', state.STOP)}, align 8")
    x.branch(x.compare("ne", stop, 0), stopped, on)
    x.label(stopped)
    dispatch.jump(x, "halt", ENTERED)
    x.label(on)
    links = dispatch.field(x, state.LINKS)
    none = x.fresh("none")
    place = x.slot()
    x.store(place, "i64", x.op("lshr", a, 1))
    x.branch(x.compare("eq", links, 0), none, look)
    x.label(look)
    number = x.op("and", x.load(place, "i64"), dispatch.field(x, state.LINK_MASK))
    link = x.at(_pointer(x, links), x.op("mul", number, LINK_BYTES))
    x.store(place, "i64", x.op("add", number, 1))
    found = x.load(link, "i64")
    x.branch(x.compare("eq", found, a), hit, more)
    x.label(more)
    x.branch(x.compare("eq", found, FREE), none, look)
    x.label(none)
    dispatch.jump(x, "interpret", ENTERED)
    x.label(hit)
    _enter(x, link, none)
    return x.function(dispatch.head("turn"))


def _pointer(x: Text, address: Value) -> str:
    return x.set(f"inttoptr i64 {address} to ptr")


def _field(x: Text, pointer: str, offset: int) -> str:
    return x.load(x.at(pointer, offset), "i64")


def _enter(x: Text, link: str, none: str) -> None:
    """Enter the region, if its text is right."""
    descriptor = _pointer(x, _field(x, link, DESCRIPTOR))
    verify, enter, draw, go = (x.fresh(stem) for stem in ("verify", "enter", "draw", "go"))
    epoch, table = dispatch.field(x, state.EPOCH), dispatch.as_number(x, "%ft")
    other = x.either(
        x.compare("ne", _field(x, descriptor, EPOCH), epoch), x.compare("ne", _field(x, descriptor, TABLE), table)
    )
    x.branch(other, verify, enter, UNLIKELY)
    x.label(verify)
    _verify(x, descriptor, none)
    x.store(x.at(descriptor, EPOCH), "i64", epoch)
    x.store(x.at(descriptor, TABLE), "i64", table)
    x.go(enter)
    x.label(enter)
    for counter in (x.at(link, COUNT), x.at("%st", state.ENTERED)):
        x.store(counter, "i64", x.op("add", x.load(counter, "i64"), 1))
    n = x.slot()
    x.store(n, "i64", "%n")
    x.branch(x.compare("ult", "%n", DRAFT), draw, go)
    x.label(draw)
    bank = dispatch.field(x, state.BANK)
    some = x.select(x.compare("ult", bank, DRAFT), bank, DRAFT)
    dispatch.draw(x, bank, some)
    x.store(x.at("%st", state.SIPPED), "i64", 0)
    x.store(n, "i64", x.op("add", "%n", some))
    x.go(go)
    x.label(go)
    entry = _pointer(x, _field(x, link, FUNCTION))
    hot: Hot = ENTERED | {"n": x.load(n, "i64"), "iw": _field(x, link, ADDRESS)}
    x.store(x.at("%st", state.ENTERED_N), "i64", hot["n"])
    dispatch.jump(x, entry, hot)


def _verify(x: Text, descriptor: str, none: str) -> None:
    """Go on if all pieces are as they were; interpret if a piece has no entry in the fetch table now."""
    piece, mapped, same, equal, stale, done = (
        x.fresh(stem) for stem in ("piece", "mapped", "same", "equal", "stale", "done")
    )
    pointer, left = x.slot("ptr"), x.slot()
    x.do(f"store ptr {x.at(descriptor, FIRST)}, ptr {pointer}")
    x.store(left, "i64", _field(x, descriptor, PIECES))
    x.go(piece)
    x.label(piece)
    p = x.set(f"load ptr, ptr {pointer}")
    logical = _field(x, p, LOGICAL)
    found = dispatch.entry(x, "%ft", logical)
    x.branch(x.compare("eq", found, 0), none, mapped)
    x.label(mapped)
    x.branch(x.compare("ne", found, _field(x, p, ENTRY)), stale, same)
    x.label(same)
    length = _field(x, p, LENGTH)
    here, text = dispatch.place(x, "%mem", logical, found), _pointer(x, _field(x, p, TEXT))
    alike = x.set(f"call i64 @area_compare(ptr {here}, ptr {text}, i64 {length})")
    x.branch(x.compare("ult", alike, length), stale, equal)
    x.label(stale)
    dispatch.leave(x, state.STALE, x.op("and", "%iw", ADDRESS_MASK), "%n", "%cc")
    x.label(equal)
    x.do(f"store ptr {x.at(p, PIECE_BYTES)}, ptr {pointer}")
    rest = x.op("sub", x.load(left, "i64"), 1)
    x.store(left, "i64", rest)
    x.branch(x.compare("eq", rest, 0), done, piece)
    x.label(done)
