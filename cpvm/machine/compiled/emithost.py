"""The operations of `cpvm.machine.quick.host.HostOps` as LLVM assembly: channel programs in native code."""

from __future__ import annotations

from typing import Final

from cpvm.machine.compiled import dispatch, state
from cpvm.machine.compiled.subset import walk
from cpvm.machine.compiled.text import Text, Value
from cpvm.machine.quick import program

SHARED: Final = {"io_take": program.take}
STARTED: Final = {"io_start": program.start, "io_test": program.test, "io_test_channel": program.test_channel}
"""Functions of one number that handlers call, and their definitions; those that any handler may call, the others."""


class HostEmitter:
    """Writes one function. It may stop short of nothing, so there is nothing that it must not do after a change."""

    unroll = 0

    def __init__(self) -> None:
        self.x = Text()
        self.live = True
        self.changed = False
        self.faults = 0

    def block(self) -> Value:
        return dispatch.as_number(self.x, self.x.at("%st", state.CHANNELS))

    def storage(self) -> Value:
        return dispatch.field(self.x, state.STORAGE)

    def size(self) -> Value:
        return dispatch.field(self.x, state.SIZE)

    def keys(self) -> Value:
        return dispatch.field(self.x, state.KEYS)

    def prefix(self) -> Value:
        return dispatch.field(self.x, state.PREFIX)

    def cr(self, r: Value) -> Value:
        assert isinstance(r, int)
        return self.x.load(self.x.at("%st", state.CONTROL + 4 * r), "i32")

    def others(self) -> Value:
        loud = self.x.compare("eq", dispatch.field(self.x, state.QUIET), state.LOUD)
        return self.x.select(loud, 1, 0)

    def _pointer(self, a: Value) -> str:
        return self.x.set(f"inttoptr i64 {a} to ptr")

    def word(self, a: Value) -> Value:
        return self.x.load(self._pointer(a), "i64")

    def put_word(self, a: Value, v: Value) -> None:
        self.x.store(self._pointer(a), "i64", v)

    def part(self, a: Value) -> Value:
        return self.x.load(self._pointer(a), "i32")

    def byte(self, a: Value) -> Value:
        return self.x.load(self._pointer(a), "i8")

    def big2(self, a: Value) -> Value:
        return self.x.load_big(self._pointer(a), 2, signed=False)

    def big4(self, a: Value) -> Value:
        return self.x.load_big(self._pointer(a), 4, signed=False)

    def put_big4(self, a: Value, v: Value) -> None:
        self.x.store_big(self._pointer(a), 4, v)

    def copy(self, a1: Value, a2: Value, n: Value) -> None:
        to, source = self._pointer(a1), self._pointer(a2)
        self.x.do(f"call void @llvm.memmove.p0.p0.i64(ptr {to}, ptr {source}, i64 {n}, i1 false)")

    def zero(self, a: Value, n: Value) -> None:
        self.x.do(f"call void @llvm.memset.p0.i64(ptr {self._pointer(a)}, i8 0, i64 {n}, i1 false)")

    def spend(self, nanoseconds: Value) -> None:
        x = self.x
        left = x.op("sub", dispatch.field(x, state.PATIENCE), nanoseconds)
        x.store(x.at("%st", state.PATIENCE), "i64", left)
        over, on = x.fresh("over"), x.fresh("on")
        x.branch(x.compare("slt", left, 0), over, on)
        x.label(over)
        x.store(x.at("%st", state.STOP), "i64", 1)
        x.go(on)
        x.label(on)

    def text_may_change(self) -> None:
        x = self.x
        some = x.select(x.compare("eq", dispatch.field(x, state.MAP), 0), 0, 1)
        x.store(x.at("%st", state.EPOCH), "i64", x.op("add", dispatch.field(x, state.EPOCH), some))

    def write_file(self, file: Value, a: Value, n: Value, at: Value) -> Value:
        x = self.x
        function = self._pointer(dispatch.field(x, state.WRITE))
        arguments = f"i32 {x.cut(file, 'i32')}, ptr {self._pointer(a)}, i64 {n}, i64 {at}"
        return x.set(f"call i64 {function}({arguments})")


def functions(*names: str) -> list[str]:
    """The functions with these names."""
    done = []
    for name in names:
        e = HostEmitter()
        result = walk(e, (SHARED | STARTED)[name], ["%a"])
        e.x.do(f"ret i64 {result}")
        done.append(e.x.function(f"define internal i64 @{name}(ptr %st, i64 %a) nounwind noinline {{"))
    return done
