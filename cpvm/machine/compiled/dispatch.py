"""How handlers hang together: what they hand on in registers, the next instruction, the ways out.

Each handler is a function that ends by jumping to the next one (`musttail`), with the hot state as its arguments:

| name | content |
|---|---|
| st | the state block |
| ip | host address of the instruction |
| cc | condition code: zero, negative, positive for 0, 1, 2; OVERFLOW for 3 |
| n | instructions that may still be executed after this one |
| iw | the instruction text, six bytes and two more, in the host's byte order: the first byte is the low one |
| delta | ip minus the logical instruction address, for the 2K block that the instruction is in; DISTANT more, if \
branches within the block have to look their target up |
| limit | host address of the last place in the block at which an instruction is sure to end in it |
| ft, wt | the access tables for fetching and storing that are in use |
| mem | host address of absolute address zero, less the bias of the tables' entries |

The handler is found through a table by the first two bytes, so that what these decide is decided beforehand.

Where a branch goes within its 2K block is foretold by a hint: for each place in a block, how far it was from a branch
there to its target the last time. The address that the hint gives is compared with the one that the branch asks for,
and taken if they are the same: the processor foretells that outcome in its turn, and goes on without having worked out
the target from registers and tables, which takes longer than all the rest of a loop. Hints may be wrong or those of
another block; they say nothing about what is mapped where, which delta does.
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

EXPORTED: Final = ("resume", "go", "stopped", "completed", "io_start", *areas.NAMES)
"""Functions whose host addresses `Native.address` gives, in the order of the array `@exported` of the module.

The first ones are handlers for those who leave a translated region, with the logical address of the next instruction in
iw and the budget before it in n: `resume` interprets it, `go` may find it in another region, `stopped` goes back to
Python. Of the other arguments only cc, ft, wt and mem count. `io_start` is for Python, the areas are
for regions."""

OVERFLOW: Final = (1 << 63) - 1
DISTANT: Final = 1 << 62
"""No host address is so large: what has it added is not in the block."""

SIP: Final = 1024
"""Instructions that the interpreter may draw from the bank."""

Hot = dict[str, Value]
ENTERED: Final[Hot] = {name: "%" + name for name in HOT}
"""The hot state as a handler gets it."""
NOWHERE: Final[Hot] = {"ip": "null", "delta": 0, "limit": 0}
"""What does not count for handlers that look up where to go."""


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
    return x.op("sub", as_number(x, hot["ip"]), x.op("and", hot["delta"], DISTANT - 1))


def entry(x: Text, table: Value, a: Value) -> str:
    """The entry of an access table for an address of 24 bits (see `cpvm.machine.compiled.tables`), 0 if missing."""
    block = x.op("lshr", a, 11)
    return x.load(x.set(f"getelementptr i32, ptr {table}, i64 {block}"), "i32", signed=True)


def place(x: Text, mem: Value, a: Value, found: str) -> str:
    """Host address of a logical one, given its entry."""
    return x.at(str(mem), x.op("add", a, found))


def text_at(x: Text, ip: Value) -> str:
    """The instruction text."""
    return x.set(f"load i64, ptr {ip}, align 1")


def to_handler(x: Text, hot: Hot, ip: Value | None = None) -> None:
    """Execute the text in iw, which is that at ip if this is given.

    The table goes by the first two bytes as a number in the host's byte order: that needs no turning round.
    """
    first = x.op("and", hot["iw"], 0xFFFF) if ip is None else x.load(str(ip), "i16")
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


def _where(x: Text, hot: Hot, ip: str, ia: Value, ahead: Value = 0) -> Hot:
    """What goes with an instruction that is in another block; ip may be that of one that ends behind its beginning."""
    host = as_number(x, ip)
    last = x.op("or", x.op("add", host, ahead), BLOCK - 1)
    delta = x.op("sub", host, ia)
    limit = x.op("sub", last, BLOCK - 1 - LAST_WHOLE)
    return hot | {"ip": ip, "delta": delta, "limit": limit}


def _hint(x: Text, ip: Value) -> str:
    """Where the hint for the branch at this host address is kept."""
    return x.at(x.at("%st", state.HINTS), x.op("and", as_number(x, ip), BLOCK - 2))


def branch_to(x: Text, a: Value, hot: Hot) -> None:
    """Go on at a logical address, at once if it is the foretold one in this block; or stop there, if that is wished."""
    a = x.op("and", a, ADDRESS_MASK)
    ip = x.at(str(hot["ip"]), x.load(_hint(x, hot["ip"]), "i16", signed=True))
    wrong = x.compare("ne", as_number(x, ip), x.op("add", a, hot["delta"]))
    far, right, here = x.fresh("far"), x.fresh("right"), x.fresh("here")
    x.branch(wrong, far, right, UNLIKELY)
    x.label(right)
    x.branch(_stop(x), far, here, UNLIKELY)
    x.label(far)
    jump(x, "far", hot | {"iw": a})
    x.label(here)
    ip = x.set(f'call ptr asm "", "=r,0"(ptr {ip})')  # lest LLVM put the address in its place that it was compared with
    following(x, hot | {"ip": ip})


def _stop(x: Text) -> str:
    return x.compare("ne", x.set(f"load volatile i64, ptr {x.at('%st', state.STOP)}, align 8"), 0)


def look_up(x: Text, a: Value, hot: Hot, hint: bool = False) -> None:
    """Go on at a logical address, perhaps in a translated region; or stop there, if that is wished.

    Args:
        x: the function.
        a: the address.
        hot: the hot state.
        hint: leave a hint for the next time, ip being that of the branch.
    """
    a = x.op("and", a, ADDRESS_MASK)
    found = entry(x, x.at(str(hot["ft"]), tables.BRANCH), a)
    out, on = x.fresh("out"), x.fresh("on")
    odd = x.set(f"trunc i64 {a} to i1")
    x.branch(x.either(x.either(x.compare("eq", found, 0), odd), _stop(x)), out, on, UNLIKELY)
    x.label(out)
    jump(x, "turn", hot | NOWHERE | {"iw": a})
    x.label(on)
    ip = place(x, hot["mem"], a, found)
    if hint:
        same, other = x.fresh("same"), x.fresh("other")
        was, now = as_number(x, hot["ip"]), as_number(x, ip)
        x.branch(x.compare("ult", x.op("xor", was, now), BLOCK), same, other)
        x.label(same)
        x.store(_hint(x, hot["ip"]), "i16", x.op("sub", now, was))
        x.go(other)
        x.label(other)
    following(x, _where(x, hot, ip, a))


def interpret_at(x: Text, a: Value, hot: Hot) -> None:
    """Interpret the instruction at a logical address, whatever regions there are."""
    a = x.op("and", a, ADDRESS_MASK)
    found = entry(x, hot["ft"], a)
    out, on = x.fresh("out"), x.fresh("on")
    odd = x.set(f"trunc i64 {a} to i1")
    x.branch(x.either(x.compare("eq", found, 0), odd), out, on, UNLIKELY)
    x.label(out)
    jump(x, "astray", hot | NOWHERE | {"ip": x.set(f"inttoptr i64 {a} to ptr"), "iw": 0})
    x.label(on)
    then = _where(x, hot, place(x, hot["mem"], a, found), a)
    free = entry(x, x.at(str(hot["ft"]), tables.BRANCH), a)
    delta = x.select(x.compare("eq", free, 0), x.op("add", then["delta"], DISTANT), then["delta"])
    following(x, then | {"delta": delta})


def by_sign(x: Text, code: Value) -> Value:
    """A condition code, 0 to 3, as the handlers hand it on."""
    if isinstance(code, int):
        return (0, -1, 1, OVERFLOW)[code]
    return x.select(x.compare("eq", code, 3), OVERFLOW, x.select(x.compare("eq", code, 1), -1, code))


def by_number(x: Text, cc: Value) -> Value:
    """The condition code, 0 to 3, of what the handlers hand on."""
    amount = x.select(x.compare("slt", cc, 0), 1, x.select(x.compare("eq", cc, 0), 0, 2))
    return x.select(x.compare("eq", cc, OVERFLOW), 3, amount)


def leave(x: Text, why: int, ia: Value, n: Value, cc: Value) -> None:
    """Back to Python."""
    for where, v in ((state.IA, ia), (state.BUDGET, n), (state.CC, by_number(x, cc))):
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
    """iw is the logical address of the next instruction, n what is left of the budget."""
    leave(x, state.BUDGET_USED, "%iw", "%n", "%cc")


def _outside(part: Callable[[Text], None]) -> Callable[[Text], None]:
    """What comes after a translated region, with n left of the budget: count what was executed there."""

    def counted(x: Text) -> None:
        done = x.op("sub", field(x, state.ENTERED_N), "%n")
        x.store(x.at("%st", state.INSIDE), "i64", x.op("add", field(x, state.INSIDE), done))
        part(x)

    return counted


def _pause(x: Text) -> None:
    """The budget is used, but for the bank: a few instructions of that, as it may not be far to a region."""
    bank, ia = field(x, state.BANK), instruction_address(x, ENTERED)
    some = x.select(x.compare("ult", bank, SIP), bank, SIP)
    some = x.select(x.compare("eq", field(x, state.SIPPED), 0), some, 0)
    out, on = x.fresh("out"), x.fresh("on")
    x.branch(x.compare("eq", some, 0), out, on)
    x.label(out)
    leave(x, state.BUDGET_USED, ia, 0, "%cc")
    x.label(on)
    x.store(x.at("%st", state.SIPPED), "i64", 1)
    draw(x, bank, some)
    jump(x, "interpret", ENTERED | {"iw": ia, "n": some})


def draw(x: Text, bank: Value, some: Value) -> None:
    """Take so many instructions from the bank."""
    x.store(x.at("%st", state.BANK), "i64", x.op("sub", bank, some))
    x.store(x.at("%st", state.EXECUTE_N), "i64", -1)  # the budget may come to what it was at some EXECUTE


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


def _handed(x: Text) -> None:
    """ip is that of the next instruction; the length in halfwords is in the state block."""
    leave(x, state.HANDED, instruction_address(x, ENTERED), "%n", "%cc")


def _loaded(x: Text) -> None:
    leave(x, state.LOADED, 0, "%n", "%cc")


def length_of(x: Text, iw: Value) -> Value:
    """Length in bytes of the instruction with this text."""
    op = x.op("and", iw, 0xFF)
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
        iw = x.op("or", iw, x.op("shl", x.load(x.at(p, k), "i16"), 8 * k))
    over = x.compare("uge", x.op("add", offset, length_of(x, iw)), BLOCK)
    ip = x.set(f"select i1 {over}, ptr {ip2}, ptr {ip1}")
    then = _where(x, ENTERED, ip, ia, x.select(over, 6, 0))
    strange = x.op("and", "%delta", DISTANT)  # and if over, ip is not in the block that delta is for
    delta = x.op("add", then["delta"], x.select(over, DISTANT, strange))
    to_handler(x, then | {"iw": iw, "delta": delta})


def _entry() -> str:
    """i64 run(ptr state): take up the state, run, say why it stopped."""
    x = Text()
    x.store(x.at("%st", state.EXECUTE_N), "i64", -1)
    mem = x.load(x.at("%st", state.STORAGE), "i64")
    hot: Hot = NOWHERE | {
        "cc": by_sign(x, field(x, state.CC)),
        "n": field(x, state.BUDGET),
        "iw": field(x, state.IA),
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
        "handed": _handed,
        "slow": _slow,
        "first": lambda x: look_up(x, "%iw", ENTERED),
        "go": _outside(lambda x: look_up(x, "%iw", ENTERED)),
        "far": lambda x: look_up(x, "%iw", ENTERED, hint=True),
        "interpret": lambda x: interpret_at(x, "%iw", ENTERED),
        "resume": _outside(lambda x: interpret_at(x, "%iw", ENTERED)),
        "halt": _stopped,
        "stopped": _outside(_stopped),
    }
    for name, part in parts.items():
        x = Text()
        part(x)
        done.append(x.function(head(name).replace("nounwind", "nounwind noinline")))
    return done
