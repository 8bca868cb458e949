"""The operations of `cpvm.s370.ops.Ops` on storage as LLVM assembly, for one instruction of a region.

The access tables do not change while native code runs, and LLVM is told so. What has been checked is remembered, so
that the operations on an area need no further look into the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cpvm.machine.compiled import areas, dispatch, state, tables
from cpvm.machine.compiled.dispatch import BLOCK
from cpvm.machine.compiled.regions.emit import RegisterEmitter, Surroundings
from cpvm.machine.compiled.regions.shape import Step
from cpvm.machine.compiled.text import UNLIKELY, Condition, Value

IN_LINE: Final = 256
"""So many bytes at most are moved by instructions in line."""
DISPLACEMENT: Final = tables.CODED - 1
"""Of an entry: all but the mark for translated text."""
ABSOLUTE: Final = "%absolute"
"""Host address of absolute address zero."""
BESIDE: Final = 16
"""For so many bytes at most it is in line that stores are looked at which may be into translated text."""


@dataclass
class _Area:
    """What has been checked: host address of a logical one."""

    block: str
    """Where it was."""
    pointer: str
    storing: bool
    length: int
    """Bytes, 0 if that is not known."""


class RegionEmitter(RegisterEmitter):
    """All operations."""

    def __init__(self, around: Surroundings, step: Step) -> None:
        super().__init__(around, step)
        self._areas: dict[Value, list[_Area]] = {}

    # ---- tables
    def _entry(self, table: str, a: Value) -> str:
        """An entry, as a number of 32 bits."""
        x = self.x
        behind = tables.TABLE_BYTES if table == "wt" else 0
        if isinstance(a, int):
            p = x.at("%ft", behind + 4 * (a >> 11))
        else:
            p = x.at(x.set(f"getelementptr i32, ptr %ft, i64 {x.op('lshr', a, 11)}"), behind)
        return x.set(f"load i32, ptr {p}, align 4, !invariant.load !1")

    def _place(self, a: Value) -> str:
        """Host address of what has been checked."""
        x = self.x
        return x.at("%mem", x.op("add", a, x.set(f"sext i32 {self._entry('ft', a)} to i64")))

    def _remember(self, a: Value, area: _Area) -> None:
        self._areas.setdefault(a, []).append(area)

    def _recall(self, table: str, a: Value) -> str | None:
        """The pointer to what was checked here, whichever way control came."""
        for known in self._areas.get(a, ()):
            if (table == "ft" or known.storing) and self.x.has_passed(known.block):
                return known.pointer
        return None

    def _at(self, table: str, a: Value) -> str:
        x = self.x
        found = self._recall(table, a)
        if found is not None:
            return found
        if isinstance(a, int):
            for start, known in self._areas.items():
                if isinstance(start, int) and any(start <= a < start + k.length for k in known):
                    found = self._recall(table, start)
                    if found is not None:
                        return x.at(found, a - start)
        for root, offset in self._parts(a):
            found = self._recall(table, root)
            if found is not None:
                return x.at(found, offset)
        a = self._wrap(a)
        return self._place(a)

    def _parts(self, a: Value) -> list[tuple[Value, Value]]:
        if not isinstance(a, str) or a not in self.x.sums:
            return []
        one, two = self.x.sums[a]
        return [(one, two), (two, one)]

    # ---- checks
    def _checked(self, table: str, a: Value, n: Value) -> str:
        """Host address of n bytes (1 to 2048), after the test.

        That the address is an absolute one too is tried first: if it is, the processor need not wait for the entry.
        """
        x = self.x
        restart = self.may_fault()
        given, a = a, self._wrap(a)
        found = self._entry(table, a)
        usual = x.at(ABSOLUTE, a)
        bad = x.set(f"icmp ne i32 {found}, {tables.BIAS}")
        crossing = self._crossing(a, n)
        if crossing is not False:
            bad = x.either(bad, crossing) if isinstance(crossing, str) else "true"
        look, good = x.fresh("look"), x.fresh("good")
        ways = [(usual, x.block)]
        x.branch(bad, look, good, UNLIKELY)
        x.label(look)
        if table == "wt" and isinstance(n, int) and n <= BESIDE and crossing is not True:
            coded, far = x.fresh("coded"), x.fresh("far")
            mark = x.set(f"icmp ne i32 {found}, {tables.BIAS - tables.CODED}")
            x.branch(x.either(mark, crossing) if crossing else mark, far, coded)
            x.label(coded)
            ways.append((usual, coded))
            x.branch(self._coded(a, n), far, good, UNLIKELY)
            x.label(far)
        if table == "wt":
            place = x.set(f"call preserve_mostcc ptr @far_store(ptr %st, ptr %ft, ptr %mem, i64 {a}, i64 {n})")
        else:
            place = x.set(f"call preserve_mostcc ptr @far_fetch(ptr %ft, ptr %mem, i64 {a}, i64 {n})")
        ways.append((place, x.block))
        x.branch(x.set(f"icmp eq ptr {place}, null"), restart, good, UNLIKELY)
        x.label(good)
        pointer = x.set("phi ptr " + ", ".join(f"[ {p}, %{block} ]" for p, block in ways))
        area = _Area(good, pointer, table == "wt", n if isinstance(n, int) else 0)
        for name in {given, a}:
            self._remember(name, area)
        return pointer

    def _crossing(self, a: Value, n: Value) -> Condition:
        """Whether the area goes over a boundary of blocks."""
        x = self.x
        if n == 1:
            return False
        offset, last = x.op("and", a, BLOCK - 1), x.op("sub", BLOCK, n)
        if isinstance(offset, int) and isinstance(last, int):
            return offset > last
        return x.compare("sgt", offset, last)

    def _coded(self, a: Value, n: int) -> str:
        """Whether translated text is in up to BESIDE bytes at an absolute address."""
        x = self.x
        code = x.set(f"load ptr, ptr {x.at('%st', state.MAP)}, align 8, !invariant.load !1")
        last = x.load(x.at(code, x.op("lshr", x.op("add", a, n - 1), 1)), "i8")
        if n > 1:
            low = x.load(x.at(code, x.op("lshr", a, 1)), f"i{8 * (n // 2)}")
            last = str(x.op("or", low, last))
        return x.compare("ne", last, 0)

    def _check(self, table: str, a: Value, n: Value) -> None:
        self._checked(table, a, n)

    # ---- areas
    def _area(self, function: str, kind: str, pointers: tuple[str, ...], *numbers: Value) -> str:
        x = self.x
        arguments = ", ".join([f"ptr {p}" for p in pointers] + [f"i64 {v}" for v in numbers])
        call = f"call {kind} {self._around.outside('area_' + function)}({arguments})"
        if kind == "void":
            x.do(call)
            return ""
        return x.set(call)

    def move(self, a1: Value, a2: Value, n: Value) -> None:
        if not isinstance(n, int) or n > IN_LINE:
            super().move(a1, a2, n)
            return
        x = self.x
        self.changed = True
        p1, p2 = self._at("wt", a1), self._at("ft", a2)
        if n == 1:
            x.store(p1, "i8", x.load(p2, "i8"))
            return
        apart = x.op("sub", dispatch.as_number(x, p1), dispatch.as_number(x, p2))
        near, clear, done = x.fresh("near"), x.fresh("clear"), x.fresh("done")
        x.branch(x.compare("ult", x.op("sub", apart, 1), n - 1), near, clear, UNLIKELY)
        x.label(near)
        self._area("move", "void", (p1, p2), n)
        x.go(done)
        x.label(clear)
        x.do(f"call void @llvm.memmove.p0.p0.i64(ptr {p1}, ptr {p2}, i64 {n}, i1 false)")
        x.go(done)
        x.label(done)

    def compare(self, a1: Value, a2: Value, n: Value) -> Value:
        """The first bytes in line, for they tell most."""
        x = self.x
        p1, p2 = self._at("ft", a1), self._at("ft", a2)
        if not isinstance(n, int):
            return self._area("compare", "i64", (p1, p2), n)
        out, join = x.slot(), x.fresh("join")
        for k in range(0, n, 8):
            if k == 32:
                x.store(out, "i64", x.op("add", self._area("compare", "i64", (x.at(p1, k), x.at(p2, k)), n - k), k))
                x.go(join)
                break
            size = min(8, n - k)
            differ, same = x.fresh("differ"), x.fresh("same")
            d = x.op("xor", self._few(x.at(p1, k), size), self._few(x.at(p2, k), size))
            x.branch(x.compare("ne", d, 0), differ, same)
            x.label(differ)
            bits = x.set(f"call i64 @llvm.cttz.i64(i64 {d}, i1 true)")
            x.store(out, "i64", x.op("add", x.op("lshr", bits, 3), k))
            x.go(join)
            x.label(same)
        else:
            x.store(out, "i64", n)
            x.go(join)
        x.label(join)
        return x.load(out, "i64")

    def _few(self, p: str, size: int) -> Value:
        """One to eight bytes as they lie in the host's memory, the first one lowest. Behind storage there is room."""
        x = self.x
        v: Value = x.load(p, "i64")
        return v if size == 8 else x.op("and", v, (1 << 8 * size) - 1)


_PIECE: Final = f"""
  %less = sub i64 %n, 1
  %last = add i64 %a, %less
  %b1 = lshr i64 %a, 11
  %wrapped = and i64 %last, {dispatch.ADDRESS_MASK}
  %b2 = lshr i64 %wrapped, 11
  %p1 = getelementptr i32, ptr %table, i64 %b1
  %p2 = getelementptr i32, ptr %table, i64 %b2
  %f1 = load i32, ptr %p1
  %f2 = load i32, ptr %p2
  %e1 = and i32 %f1, {DISPLACEMENT}
  %e2 = and i32 %f2, {DISPLACEMENT}
  %none = icmp eq i32 %e1, 0
  %apart = icmp ne i32 %e1, %e2
  %beyond = icmp ugt i64 %last, {dispatch.ADDRESS_MASK}
  %c1 = or i1 %none, %apart
  %c2 = or i1 %c1, %beyond
  %wide = zext i32 %e1 to i64
  %place = add i64 %a, %wide
  %host = getelementptr i8, ptr %mem, i64 %place
"""

FUNCTIONS: Final = (
    areas.DECLARATIONS
    + f"""
!1 = !{{}}
define internal preserve_mostcc ptr @far_fetch(ptr %table, ptr %mem, i64 %a, i64 %n) nounwind noinline cold {{
  {_PIECE}
  %r = select i1 %c2, ptr null, ptr %host
  ret ptr %r
}}
define internal preserve_mostcc ptr @far_store(ptr %st, ptr %ft, ptr %mem, i64 %a, i64 %n) nounwind noinline cold {{
  %table = getelementptr i8, ptr %ft, i64 {tables.TABLE_BYTES}
  {_PIECE}
  br i1 %c2, label %bad, label %there
there:
  %any = or i32 %f1, %f2
  %coded = icmp slt i32 %any, 0
  br i1 %coded, label %look, label %good
look:
  %mp = getelementptr i8, ptr %st, i64 {state.MAP}
  %m = load ptr, ptr %mp
  %abs = sub i64 %place, {tables.BIAS}
  %end = add i64 %abs, %less
  %h = lshr i64 %abs, 1
  %z = lshr i64 %end, 1
  br label %wider
wider:
  %i = phi i64 [ %h, %look ], [ %i8, %word ]
  %i8 = add i64 %i, 8
  %room = icmp ule i64 %i8, %z
  br i1 %room, label %word, label %loop
word:
  %q8 = getelementptr i8, ptr %m, i64 %i
  %v8 = load i64, ptr %q8, align 1
  %hit8 = icmp ne i64 %v8, 0
  br i1 %hit8, label %bad, label %wider
loop:
  %j = phi i64 [ %i, %wider ], [ %j1, %next ]
  %q = getelementptr i8, ptr %m, i64 %j
  %v = load i8, ptr %q
  %hit = icmp ne i8 %v, 0
  br i1 %hit, label %bad, label %next
next:
  %j1 = add i64 %j, 1
  %more = icmp ule i64 %j1, %z
  br i1 %more, label %loop, label %good
good:
  ret ptr %host
bad:
  ret ptr null
}}
"""
)
