"""The operations of `cpvm.s370.ops.Ops` as LLVM assembly, for one instruction of a region.

Registers and condition code are variables of the function, which LLVM turns into values; they get into the state block
where the region is left (see `cpvm.machine.compiled.regions.function`).
"""

from __future__ import annotations

from typing import NoReturn, Protocol

from cpvm.machine.compiled import state
from cpvm.machine.compiled.dispatch import ADDRESS_MASK, ENTERED
from cpvm.machine.compiled.emitstorage import StorageEmitter
from cpvm.machine.compiled.regions.shape import Step, usable
from cpvm.machine.compiled.regions.text import RegionText
from cpvm.machine.compiled.subset import Subset, walk
from cpvm.machine.compiled.text import Value
from cpvm.s370.formats import FIELDS, Format


class Surroundings(Protocol):
    """What an instruction asks of the region that it is in."""

    x: RegionText

    def base(self, r: int) -> int | None:
        """What the low 24 bits of a base register are throughout the region, if that is known."""

    def executed(self, ia: int) -> tuple[int, bytes] | None:
        """Address and text of the instruction that an EXECUTE there will execute, as is to be expected."""

    def register(self, kind: str, r: int, written: bool) -> str:
        """The variable of a register: kind `g` or `f`."""

    def home(self, kind: str, r: int) -> str:
        """Where a register is in the state block; empty if it is put there only at the ways out."""

    def go_to(self, step: Step, a: Value) -> None:
        """Branch from an instruction."""

    def complete(self, step: Step) -> None:
        """End an instruction by a program interruption; code and length are in the state block."""

    def outside(self, name: str) -> str:
        """A function of the native engine, by its host address."""


CONDITION_CODE = "%cc.now"
"""The variable."""
UNROLLED = 16
"""Loops of so many rounds at most are written out."""


class RegisterEmitter(StorageEmitter):
    """Registers, PSW and branches."""

    unroll = UNROLLED

    def __init__(self, around: Surroundings, step: Step) -> None:
        self.x: RegionText = around.x
        self.size = len(step.text)
        self.live = True
        self.changed = False
        self.faults = 0
        self.bound = False
        self.hot = dict(ENTERED)
        self._restart = ""
        self._around = around
        self._step = step
        self._cc = CONDITION_CODE

    @property
    def restart(self) -> str:
        """The label at which the instruction is left to the interpreter; empty if nothing goes there."""
        return self._restart

    def operands(self) -> list[Value]:
        """Those of the body. Raises Subset if one cannot be right."""
        step, x = self._step, self.x
        found: list[Value] = []
        for operand in step.row.operands:
            if operand[0] != "a":
                found.append(step.fields[operand])
                continue
            a = self._address(operand[1])
            if step.row.align > 1:
                low = x.op("and", a, step.row.align - 1)
                if isinstance(low, int) and low:
                    raise Subset("operand not on its boundary")
                if isinstance(low, str):
                    self.restart_if(x.compare("ne", low, 0))
            found.append(a)
        return found

    def _address(self, n: str) -> Value:
        step, x = self._step, self.x
        a = step.fields[f"d{n}"]
        for name in (f"x{n}", f"b{n}") if step.row.format is Format.RX else (f"b{n}",):
            r = step.fields[name]
            if not isinstance(r, int):
                raise Subset("the number of a register is not known")
            if r:
                known = self._around.base(r)
                a = x.op("add", self.gru(r) if known is None else known, a)
        return x.op("and", a, ADDRESS_MASK)

    # ---- registers
    def _variable_of(self, kind: str, r: Value, written: bool) -> str:
        if not isinstance(r, int):
            raise Subset("the number of a register is not known")
        if written:
            self.changed = True
        return self._around.register(kind, r, written)

    def gr(self, r: Value) -> Value:
        return self.x.load(self._variable_of("g", r, False), "i32", signed=True)

    def gru(self, r: Value) -> Value:
        return self.x.load(self._variable_of("g", r, False), "i32")

    def set_gr(self, r: Value, v: Value) -> None:
        self._set_register("g", r, self.x.cut(v, "i32"), "i32")

    def _set_register(self, kind: str, r: Value, v: Value, bits: str) -> None:
        self.x.do(f"store {bits} {v}, ptr {self._variable_of(kind, r, True)}")
        assert isinstance(r, int)
        home = self._around.home(kind, r)
        if home:
            self.x.do(f"store {bits} {v}, ptr {home}")

    def fr(self, r: Value) -> Value:
        return self.x.load(self._variable_of("f", r, False), "i64")

    def set_fr(self, r: Value, v: Value) -> None:
        self._set_register("f", r, v, "i64")

    # ---- PSW
    def _left_out(self) -> NoReturn:
        raise Subset("it changes what the region depends on")

    def put_mask(self, v: Value) -> None:
        self._left_out()

    def put_mode(self, v: Value) -> None:
        self._left_out()

    def put_key(self, v: Value) -> None:
        self._left_out()

    def choose_tables(self, key: Value, translating: Value) -> None:
        self._left_out()

    def leave_mask(self, v: Value) -> None:
        self._left_out()

    def leave_psw(self, first: Value, second: Value) -> None:
        self._left_out()

    def exchange(self, first: Value, second: Value) -> None:
        self._left_out()

    def set_storage_key(self, a: Value, v: Value) -> None:
        self._left_out()

    def start_io(self, a: Value) -> Value:
        self._left_out()

    start_io_fast = test_io = test_channel = start_io

    # ---- control
    def next_ia(self) -> Value:
        return self._step.following

    def branch(self, a: Value) -> None:
        self._around.go_to(self._step, self.x.op("and", a, ADDRESS_MASK))
        self.live = False

    def repeat(self) -> None:
        self._around.go_to(self._step, self._step.ia)
        self.live = False

    def completed_check(self, code: Value) -> None:
        x = self.x
        x.store(x.at("%st", state.CODE), "i64", code)
        x.store(x.at("%st", state.ILC), "i64", self.size // 2)
        self._around.complete(self._step)
        self.live = False

    def execute(self, a: Value, v: Value) -> None:
        """In line, what was executed here before; anything else is left to the interpreter."""
        x = self.x
        expected = self._around.executed(self._step.ia)
        if expected is None:
            raise Subset("what is executed is not known")
        target, text = expected
        row = usable(text)
        if row is None or row.mnemonic == "EX":
            raise Subset("what is executed is not to be native")
        if isinstance(a, int) and a != target:
            raise Subset("something else is executed")
        if isinstance(a, str):
            self.restart_if(x.compare("ne", a, target))
        fields: dict[str, Value] = dict(row.decode(text))
        second = x.op("or", v, text[1])
        for name in fields:
            first, bits = FIELDS[row.format][name]
            if 8 <= first < 16:
                if name in row.even or name in row.floating or name in row.extended or name == "x2":
                    raise Subset("the number of a register is not known")
                fields[name] = x.op("and", x.op("ashr", second, 16 - first - bits), (1 << bits) - 1)
        self._step = Step(self._step.ia, self._step.text, row, fields)
        walk(self, row.body, self.operands())
