"""How handlers hang together: what they hand on in registers, the next instruction, the ways out.

Each handler is a function that ends by jumping to the next one (`musttail`), with the hot state as its arguments:

| name | content |
|---|---|
| st | the state block |
| ip | host address of the instruction |
| cc | condition code |
| n | instructions that may still be executed after this one |
| iw | the instruction text, six bytes and two more, left-justified |
| delta | ip minus the logical instruction address, for the 2K block that the instruction is in |
| limit | host address of the last place in the block at which an instruction is sure to end in it |
| ft, wt | the access tables for fetching and storing that are in use |
| mem | host address of absolute address zero, less the bias of the tables' entries |

The handler is found through a table by the first two bytes, so that what these decide is decided beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cpvm.machine.compiled import areas, state, tables
from cpvm.machine.compiled.text import UNLIKELY, Text, Value

HOT: Final = {
    "ip": "ptr",
    "cc": "i64",
    "n": "i64",
    "iw": "i64",
    "delta": "i64",
    "limit": "i64",
    "ft": "ptr",
    "wt": "ptr",
    "mem": "ptr",
}
CONVENTION: Final = "preserve_nonecc"
BLOCK: Final = 2048
LAST_WHOLE: Final = BLOCK - 6
"""An instruction that starts beyond this offset in a block may end in the next one."""
ADDRESS_MASK: Final = 0xFFFFFF

EXPORTED: Final = ("resume", "go", "stopped", "completed", *areas.NAMES)
"""Functions whose host addresses `Native.address` gives, in the order of the array `@exported` of the module.

The first ones are handlers for those who leave a translated region, with the logical address of the next instruction in
iw and the budget before it in n: `resume` interprets it, `go` may find it in another region, `stopped` goes back to
Python. Of the other arguments only ft, wt and mem count. `completed` is for an instruction that ends with a program
interruption: it gets the address of that instruction in ip, and delta is 0."""

Hot = dict[str, Value]
ENTERED: Final[Hot] = {name: "%" + name for name in HOT}
"""The hot state as a handler gets it."""


def head(name: str) -> str:
    """First line of a handler."""
    arguments = ", ".join(f"{kind} %{hot}" for hot, kind in HOT.items())
    return f"define internal {CONVENTION} i64 @{name}(ptr noalias %st, {arguments}) nounwind {{"


def arguments(hot: Hot) -> str:
    """The arguments of a handler's call."""
    return ", ".join(["ptr noalias %st", *(f"{kind} {hot[name]}" for name, kind in HOT.items())])


def jump(x: Text, to: str, hot: Hot) -> None:
    """Go on in another handler, by name or by pointer."""
    callee = to if to.startswith("%") else "@" + to
    x.do(f"ret i64 {x.set(f'musttail call {CONVENTION} i64 {callee}({arguments(hot)})')}")


def as_number(x: Text, pointer: Value) -> str:
    return x.set(f"ptrtoint ptr {pointer} to i64")


def instruction_address(x: Text, hot: Hot) -> Value:
    """The logical address of the instruction; may be 2**24 and more."""
    return x.op("sub", as_number(x, hot["ip"]), hot["delta"])


def entry(x: Text, table: Value, a: Value) -> str:
    """The entry of an access table for an address of 24 bits (see `cpvm.machine.compiled.tables`), 0 if missing."""
    block = x.op("lshr", a, 11)
    return x.load(x.set(f"getelementptr i32, ptr {table}, i64 {block}"), "i32", signed=True)


def place(x: Text, mem: Value, a: Value, found: str) -> str:
    """Host address of a logical one, given its entry."""
    return x.at(str(mem), x.op("add", a, found))


def text_at(x: Text, ip: Value) -> str:
    """The instruction text."""
    word = x.set(f"load i64, ptr {ip}, align 1")
    return x.set(f"call i64 @llvm.bswap.i64(i64 {word})")


def to_handler(x: Text, hot: Hot, ip: Value | None = None) -> None:
    """Execute the text in iw, which is that at ip if this is given.

    The table goes by the first two bytes as a number in the host's byte order: that needs no turning round.
    """
    if ip is None:
        turned = x.set(f"call i64 @llvm.bswap.i64(i64 {hot['iw']})")
        first = x.op("and", turned, 0xFFFF)
    else:
        first = x.load(str(ip), "i16")
    p = x.set(f"getelementptr ptr, ptr @table, i64 {first}")
    jump(x, x.set(f"load ptr, ptr {p}"), hot)


def following(x: Text, hot: Hot) -> None:
    """Execute the instruction at ip, if the budget allows it."""
    n = x.op("sub", hot["n"], 1)
    pause, more, slow, quick = (x.fresh(stem) for stem in ("pause", "more", "slow", "quick"))
    x.branch(x.compare("slt", n, 0), pause, more, UNLIKELY)
    x.label(pause)
    jump(x, "pause", hot | {"iw": 0, "n": n})
    x.label(more)
    x.branch(x.compare("ugt", as_number(x, hot["ip"]), hot["limit"]), slow, quick, UNLIKELY)
    x.label(slow)
    jump(x, "slow", hot | {"iw": 0, "n": n})
    x.label(quick)
    to_handler(x, hot | {"iw": text_at(x, hot["ip"]), "n": n}, hot["ip"])


def _where(x: Text, ip: str, ia: Value, ahead: Value = 0) -> Hot:
    """What goes with an instruction that is in another block; ip may be that of one that ends behind its beginning."""
    host = as_number(x, ip)
    last = x.op("or", x.op("add", host, ahead), BLOCK - 1)
    return {"ip": ip, "delta": x.op("sub", host, ia), "limit": x.op("sub", last, BLOCK - 1 - LAST_WHOLE)}


def branch_to(x: Text, a: Value, hot: Hot) -> None:
    """Go on at a logical address, perhaps in a translated region; or stop there, if that is wished."""
    a = x.op("and", a, ADDRESS_MASK)
    found = entry(x, x.at(str(hot["ft"]), tables.BRANCH), a)
    out, on = x.fresh("out"), x.fresh("on")
    odd = x.set(f"trunc i64 {a} to i1")
    stop = x.compare("ne", x.set(f"load volatile i64, ptr {x.at('%st', state.STOP)}, align 8"), 0)
    x.branch(x.either(x.either(x.compare("eq", found, 0), odd), stop), out, on, UNLIKELY)
    x.label(out)
    jump(x, "turn", hot | {"ip": "null", "delta": 0, "iw": a, "limit": 0})
    x.label(on)
    ip = place(x, hot["mem"], a, found)
    following(x, hot | _where(x, ip, a))


def interpret_at(x: Text, a: Value, hot: Hot) -> None:
    """Interpret the instruction at a logical address, whatever regions there are."""
    a = x.op("and", a, ADDRESS_MASK)
    found = entry(x, hot["ft"], a)
    out, on = x.fresh("out"), x.fresh("on")
    odd = x.set(f"trunc i64 {a} to i1")
    x.branch(x.either(x.compare("eq", found, 0), odd), out, on, UNLIKELY)
    x.label(out)
    jump(x, "astray", hot | {"ip": x.set(f"inttoptr i64 {a} to ptr"), "delta": 0, "iw": 0, "limit": 0})
    x.label(on)
    ip = place(x, hot["mem"], a, found)
    following(x, hot | _where(x, ip, a))


def leave(x: Text, why: int, ia: Value, n: Value, cc: Value) -> None:
    """Back to Python."""
    for where, v in ((state.IA, ia), (state.BUDGET, n), (state.CC, cc)):
        x.store(x.at("%st", where), "i64", v)
    x.do(f"ret i64 {why}")


def field(x: Text, where: int) -> str:
    """A number of 64 bits in the state block."""
    return x.load(x.at("%st", where), "i64")


def under_execute(x: Text, n: Value) -> str:
    """Whether the present instruction is the target of EXECUTE."""
    return x.compare("eq", field(x, state.EXECUTE_N), n)


# ---- the shared ends
def _restart(x: Text) -> None:
    shift = x.select(under_execute(x, "%n"), field(x, state.EXECUTE_SHIFT), 0)
    ia = x.op("sub", instruction_address(x, ENTERED), shift)
    leave(x, state.RESTART, ia, x.op("add", "%n", 1), "%cc")


def _astray(x: Text) -> None:
    """A branch went where nothing can be fetched, as far as the tables know."""
    leave(x, state.RESTART, instruction_address(x, ENTERED), "%n", "%cc")


def _stopped(x: Text) -> None:
    """Out of a translated region: iw is the logical address of the next instruction, n what is left of the budget."""
    leave(x, state.BUDGET_USED, "%iw", "%n", "%cc")


def _pause(x: Text) -> None:
    leave(x, state.BUDGET_USED, instruction_address(x, ENTERED), 0, "%cc")


def _completed(x: Text) -> None:
    """The code and the length in halfwords are in the state block already."""
    length = field(x, state.ILC)
    ia = x.op("add", instruction_address(x, ENTERED), x.op("shl", length, 1))
    x.store(x.at("%st", state.ILC), "i64", x.select(under_execute(x, "%n"), 2, length))
    leave(x, state.COMPLETED, ia, "%n", "%cc")


def _masked(x: Text) -> None:
    """ip is that of the next instruction; the length in halfwords is in the state block."""
    x.store(x.at("%st", state.ILC), "i64", x.select(under_execute(x, "%n"), 2, field(x, state.ILC)))
    leave(x, state.MASKED, instruction_address(x, ENTERED), "%n", "%cc")


def _loaded(x: Text) -> None:
    leave(x, state.LOADED, 0, "%n", "%cc")


def length_of(x: Text, iw: Value) -> Value:
    """Length in bytes of the instruction with this text."""
    op = x.op("lshr", iw, 56)
    return x.op("add", x.op("shl", x.op("lshr", x.op("add", op, 0x40), 7), 1), 2)


def _slow(x: Text) -> None:
    """An instruction in the last bytes of a block: both blocks are looked up.

    If the next instruction begins in the next block, ip becomes what it would be if this one did so too: the text is
    there already, and what comes next is right.
    """
    ia = x.op("and", instruction_address(x, ENTERED), ADDRESS_MASK)
    offset = x.op("and", ia, BLOCK - 1)
    beyond = x.op("add", x.op("sub", ia, offset), BLOCK)
    here = entry(x, "%ft", ia)
    there = entry(x, "%ft", x.op("and", beyond, ADDRESS_MASK))
    bad = x.either(x.compare("eq", x.op("mul", here, there), 0), x.compare("ugt", beyond, ADDRESS_MASK))
    out, on = x.fresh("out"), x.fresh("on")
    x.branch(bad, out, on, UNLIKELY)
    x.label(out)
    jump(x, "restart", ENTERED)
    x.label(on)
    ip1, ip2 = place(x, "%mem", ia, here), place(x, "%mem", ia, there)
    iw: Value = 0
    for k in (0, 2, 4):
        inside = x.compare("ult", offset, BLOCK - k)
        p = x.set(f"select i1 {inside}, ptr {ip1}, ptr {ip2}")
        iw = x.op("or", x.op("shl", iw, 16), x.load_big(x.at(p, k), 2, signed=False))
    iw = x.op("shl", iw, 16)
    over = x.compare("uge", x.op("add", offset, length_of(x, iw)), BLOCK)
    ip = x.set(f"select i1 {over}, ptr {ip2}, ptr {ip1}")
    to_handler(x, ENTERED | {"iw": iw} | _where(x, ip, ia, x.select(over, 6, 0)))


def _entry() -> str:
    """i64 run(ptr state): take up the state, run, say why it stopped."""
    x = Text()
    x.store(x.at("%st", state.EXECUTE_N), "i64", -1)
    mem = x.load(x.at("%st", state.STORAGE), "i64")
    hot: Hot = {
        "ip": "null",
        "cc": field(x, state.CC),
        "n": field(x, state.BUDGET),
        "iw": field(x, state.IA),
        "delta": 0,
        "limit": 0,
        "ft": x.set(f"inttoptr i64 {field(x, state.FETCH)} to ptr"),
        "wt": x.set(f"inttoptr i64 {field(x, state.STORE)} to ptr"),
        "mem": x.set(f"inttoptr i64 {x.op('sub', mem, tables.BIAS)} to ptr"),
    }
    x.do(f"ret i64 {x.set(f'call {CONVENTION} i64 @first({arguments(hot)})')}")
    return x.function("define i64 @run(ptr %st) nounwind {")


def shared() -> list[str]:
    """The functions that all handlers share."""
    done = [_entry()]
    parts: dict[str, Callable[[Text], None]] = {
        "restart": _restart,
        "astray": _astray,
        "pause": _pause,
        "completed": _completed,
        "masked": _masked,
        "loaded": _loaded,
        "slow": _slow,
        "first": lambda x: branch_to(x, "%iw", ENTERED),
        "go": lambda x: branch_to(x, "%iw", ENTERED),
        "resume": lambda x: interpret_at(x, "%iw", ENTERED),
        "stopped": _stopped,
    }
    for name, part in parts.items():
        x = Text()
        part(x)
        done.append(x.function(head(name)))
    return done
