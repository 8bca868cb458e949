"""All handlers: one for each instruction, more where the second byte decides something that is worth it.

The handler of an instruction takes the operands out of the text, tests what its row in the table asks for, and contains
the instruction's own body.
"""

from __future__ import annotations

import itertools
import re
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cpvm.machine.compiled import areas, dispatch, emithost, psw, split, state, turn
from cpvm.machine.compiled.emitsplit import SplitEmitter, WholeEmitter
from cpvm.machine.compiled.emitstorage import StorageEmitter
from cpvm.machine.compiled.subset import Subset, walk
from cpvm.machine.compiled.text import UNLIKELY, Text, Value
from cpvm.s370 import plugin
from cpvm.s370.formats import FIELDS, Format
from cpvm.s370.insn import Insn, identify
from cpvm.s370.psw import PROBLEM

OTHER = "restart"
"""Handler of what is not done in native code."""

CONDITIONS = (15, 8, 7, 4, 2, 0, 11, 13)
"""Masks of BC that are worth a handler of their own."""


@dataclass
class Code:
    """What is generated."""

    texts: list[str]
    """The LLVM modules. They do not know each other: each has all that handlers share."""
    names: list[list[str]]
    """For each of them its handlers, in the order of its array `@handlers`, with its number behind the name."""
    rows: array[int]
    """For each first halfword of an instruction, the number of its handler, all modules together."""
    left_out: dict[str, str]
    """Mnemonic -> why the instruction is left to Python."""


@dataclass
class _Variant:
    """A handler for some second bytes of an instruction: fields whose contents are known in it."""

    suffix: str
    known: Mapping[str, int] = field(default_factory=dict)

    def fits(self, fields: Mapping[str, int]) -> bool:
        return all(fields[name] == v for name, v in self.known.items())


def _variants(row: Insn) -> list[_Variant]:
    """The handlers of an instruction, the particular ones first."""
    variants = [_Variant("")]
    if row.mnemonic == "BC":
        variants = [_Variant(f"m{mask}", {"m1": mask, "x2": 0}) for mask in CONDITIONS] + [_Variant("x", {"x2": 0})]
    elif row.mnemonic == "BCR":
        variants = [_Variant("z", {"r2": 0}), _Variant("a", {"m1": 15})]
    elif row.format is Format.RX and not row.floating:
        variants = [_Variant("x", {"x2": 0})]
    return variants + [_Variant("")] * any(v.suffix for v in variants)


def _field(x: Text, row: Insn, name: str) -> Value:
    first, bits = FIELDS[row.format][name]
    at, within = divmod(first, 8)
    if within + bits <= 8:
        v = x.op("lshr", "%iw", 8 * at + 8 - within - bits)
    else:
        pair = x.cut(x.op("lshr", "%iw", 8 * at), "i16")
        turned = x.set(f"zext i16 {x.set(f'call i16 @llvm.bswap.i16(i16 {pair})')} to i64")
        v = x.op("lshr", turned, 16 - within - bits)
    return x.op("and", v, (1 << bits) - 1)


def _address(e: StorageEmitter, row: Insn, n: str, known: Mapping[str, int]) -> Value:
    """The effective address a1 or a2."""
    x = e.x
    a = _field(x, row, f"d{n}")
    for name in (f"b{n}", f"x{n}") if row.format is Format.RX else (f"b{n}",):
        if known.get(name) == 0:
            continue
        r = _field(x, row, name)
        a = x.op("add", a, _register_or_zero(e, r))
    return x.op("and", a, dispatch.ADDRESS_MASK)


def _register_or_zero(e: StorageEmitter, r: Value) -> Value:
    """What a base or index register adds to an address. A branch: the processor foretells it, a choice takes time."""
    x = e.x
    some, none, join = x.fresh("some"), x.fresh("none"), x.fresh("join")
    v = x.slot()
    x.branch(x.compare("eq", r, 0), none, some, UNLIKELY)
    x.label(none)
    x.store(v, "i64", 0)
    x.go(join)
    x.label(some)
    x.store(v, "i64", e.gru(r))
    x.go(join)
    x.label(join)
    return x.load(v, "i64")


def _allowed(row: Insn, fields: Mapping[str, int]) -> bool:
    """Whether the registers are such as the instruction may name."""
    return not (
        any(fields[r] & 1 for r in row.even)
        or any(fields[r] & 9 for r in row.floating)
        or any(fields[r] & 11 for r in row.extended)
    )


def _handler(e: StorageEmitter, name: str, row: Insn, known: Mapping[str, int]) -> str:
    """The LLVM function. Raises Subset."""
    x = e.x
    if row.privileged:
        e.restart_if(x.compare("ne", x.op("and", e.mode(), PROBLEM), 0))
    operands: list[Value] = []
    for operand in row.operands:
        if operand[0] != "a":
            operands.append(known[operand] if operand in known else _field(x, row, operand))
            continue
        a = _address(e, row, operand[1], known)
        if row.align > 1:
            e.restart_if(x.compare("ne", x.op("and", a, row.align - 1), 0))
        operands.append(a)
    walk(e, row.body, operands)
    return e.finish(name)


def _second_byte_decides(row: Insn) -> None:
    late = [r for r in (*row.even, *row.floating, *row.extended) if FIELDS[row.format][r][0] >= 16]
    if late:
        raise Subset(f"what is asked of {late[0]} is not known from the first two bytes")


def _exchange() -> str:
    """The handler @exchange: a PSW that is in the state block, and the I/O interruptions that it allows."""
    e = StorageEmitter(4)
    walk(e, psw.exchange, [dispatch.field(e.x, state.OPERAND), dispatch.field(e.x, state.CODE)])
    return e.finish("exchange")


MODULES = 2
"""So many modules are made, so that they can be compiled at the same time. The first one has what does I/O."""


class _Module:
    """One of the modules."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.names = [OTHER]
        started = () if number else emithost.STARTED
        self.functions = [*emithost.functions(*emithost.SHARED, *started), _exchange()]
        self.size = sum(map(len, self.functions))

    def add(self, names: list[str], functions: list[str]) -> None:
        self.names += names
        self.functions += functions
        self.size += sum(map(len, functions))

    def text(self, free: bytes) -> str:
        """The whole module; free: for each operation code whether EXECUTE may go to its handler."""
        handlers = ", ".join(f"ptr @{name}" for name in self.names)
        exported = ", ".join(
            "ptr null" if self._number and name in emithost.STARTED else f"ptr @{name}" for name in dispatch.EXPORTED
        )
        globals_ = [
            "@table = dso_local externally_initialized global [65536 x ptr] zeroinitializer, align 64",
            f"@handlers = constant [{len(self.names)} x ptr] [{handlers}]",
            f"@exported = constant [{len(dispatch.EXPORTED)} x ptr] [{exported}]",
            f"@free = internal constant [256 x i8] [{', '.join(f'i8 {b}' for b in free)}]",
        ]
        shared = [areas.FUNCTIONS, split.FUNCTIONS, *dispatch.shared(), turn.function()]
        text = "\n".join([areas.DECLARATIONS, *globals_, *shared, *self.functions, ""])
        return re.sub(r"@(table|handlers|exported|run)\b", rf"@\g<1>{self._number}", text)


class Generator:
    """Makes `Code` of a table of instructions."""

    def __init__(self, table: Mapping[int, Insn]) -> None:
        self._modules = [_Module(number) for number in range(MODULES)]
        self._left_out: dict[str, str] = {}
        self._choices: dict[int, tuple[_Module, list[tuple[_Variant, int]]]] = {}
        bound: set[int] = set()
        for opcode, row in sorted(table.items()):
            try:
                free = self._instruction(row)
            except Subset as why:
                self._left_out[row.mnemonic] = str(why)
                continue
            if not free:
                bound.add(opcode if opcode < 256 else opcode >> 8)
        self._free = bytes(b not in bound for b in range(256))

    def _instruction(self, row: Insn) -> bool:
        if plugin.owner(row.body) is not None:
            raise Subset("of a plugin")
        _second_byte_decides(row)
        variants: list[_Variant] = []
        functions: list[str] = []
        names: list[str] = []
        free, crosses, other = True, False, f"{row.mnemonic}_split"
        for variant in _variants(row):
            name = f"{row.mnemonic}_{variant.suffix}" if variant.suffix else row.mnemonic
            whole = WholeEmitter(row.length, other)
            functions.append(_handler(whole, name, row, variant.known))
            free = free and not whole.bound
            crosses = crosses or whole.crosses
            variants.append(variant)
            names.append(name)
        if crosses:
            functions.append(_handler(SplitEmitter(row.length), other, row, {}))
        started = any(f"@{name}(" in text for text in functions for name in emithost.STARTED)
        module = self._modules[0] if started else min(self._modules, key=lambda module: module.size)
        self._choices[row.opcode] = module, list(zip(variants, itertools.count(len(module.names)), strict=False))
        module.add(names, functions)
        return free

    def _row(self, halfword: int) -> int:
        """The handler for an instruction that begins so."""
        text = halfword.to_bytes(2, "big") + bytes(4)
        row = identify(text)
        if row is None or row.opcode not in self._choices:
            return 0
        fields = row.decode(text[: row.length])
        if not _allowed(row, fields):
            return 0
        module, choices = self._choices[row.opcode]
        before = sum(len(other.names) for other in self._modules[: self._modules.index(module)])
        return before + next(number for variant, number in choices if variant.fits(fields))

    def code(self) -> Code:
        """The whole."""
        texts = [module.text(self._free) for module in self._modules]
        names = [module.names for module in self._modules]
        return Code(texts, names, array("H", map(self._row, range(65536))), self._left_out)


def generate(table: Mapping[int, Insn], report: Callable[[str, str], None] | None = None) -> Code:
    """Generate native code for these instructions; `report` is told which are left to Python, and why."""
    code = Generator(table).code()
    if report is not None:
        for mnemonic, why in code.left_out.items():
            report(mnemonic, why)
    return code
