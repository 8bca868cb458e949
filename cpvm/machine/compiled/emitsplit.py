"""The operations of `cpvm.s370.ops.Ops` on operands that may lie in two blocks which are not neighbours.

With dynamic address translation that is what the pages of an operand that crosses their boundary usually are. The
handler of an instruction hands it on to a second one as soon as it sees that an operand is not in one piece, and that
one does it byte by byte: so the first one needs no stack.
"""

from __future__ import annotations

from collections.abc import Callable

from cpvm.machine.compiled import dispatch, tables
from cpvm.machine.compiled.dispatch import BLOCK
from cpvm.machine.compiled.emitstorage import StorageEmitter
from cpvm.machine.compiled.text import UNLIKELY, Value

Area = tuple[str, Value, Value]
"""Access table, logical address, number of bytes."""


class WholeEmitter(StorageEmitter):
    """Writes the handler of an instruction whose operands are in one piece."""

    def __init__(self, size: int, other: str) -> None:
        """For an instruction of this many bytes; other: the handler that takes what is not in one piece."""
        super().__init__(size)
        self._other = other
        self._crossing = ""

    def crossing(self, restart: str) -> str:
        self._crossing = self._crossing or self.x.fresh("crossing")
        return self._crossing

    @property
    def crosses(self) -> bool:
        """Whether the other handler is needed."""
        return self._crossing != ""

    def finish(self, name: str) -> str:
        if self._crossing:
            self.late.append((self._crossing, self._other))
        return super().finish(name)


class SplitEmitter(StorageEmitter):
    """Writes that other handler."""

    splits = True

    # ---- numbers
    def _number(  # noqa: PLR0917
        self, table: str, a: Value, n: int, whole: Callable[[str], None], split: Callable[[], None], checked: bool
    ) -> None:
        """Do one thing with n bytes (2, 4 or 8) in one piece, given their host address, another if they are not.

        Args:
            table: `ft` or `wt`.
            a: their logical address.
            n: number of bytes.
            whole: what to do with them in one piece.
            split: what to do with them anyway.
            checked: they are known to be there.
        """
        x = self.x
        restart = "" if checked else self.may_fault()
        a = self._wrap(a)
        mem = str(self.hot["mem"])
        found = dispatch.entry(x, self.hot[table], a)
        place = x.slot("ptr")
        plain, hard, look, bound, crossed, good, done = (
            x.fresh(stem) for stem in ("plain", "hard", "look", "bound", "crossed", "good", "done")
        )
        special = x.either(x.compare("ne", found, tables.BIAS), x.compare("ne", x.op("and", a, n - 1), 0))
        x.branch(special, hard, plain, UNLIKELY)
        x.label(plain)
        x.do(f"store ptr {self._unmoved(a)}, ptr {place}")
        x.go(good)
        x.label(hard)
        x.do(f"store ptr {dispatch.place(x, mem, a, self._plain(found))}, ptr {place}")
        crossing = x.compare("ugt", x.op("and", a, BLOCK - 1), BLOCK - n)
        if not checked:
            x.branch(x.either(x.compare("slt", found, 1), crossing), look, good)
            x.label(look)
            self._look(table, a, n, found, restart)
        x.go(bound)
        x.label(bound)
        x.branch(crossing, crossed, good, UNLIKELY)
        x.label(crossed)
        split()
        x.go(done)
        x.label(good)
        whole(x.set(f"load ptr, ptr {place}"))
        x.go(done)
        x.label(done)

    def _get(self, a: Value, n: int, checked: bool = False) -> Value:
        x = self.x
        v = x.slot()

        def whole(p: str) -> None:
            x.store(v, "i64", x.load_big(p, n, signed=True))

        def split() -> None:
            number = self._split("fetch", ("ft",), a, n)
            unused = 64 - 8 * n
            x.store(v, "i64", x.op("ashr", x.op("shl", number, unused), unused))

        self._number("ft", a, n, whole, split, checked)
        return x.load(v, "i64")

    def _put(self, a: Value, n: int, v: Value, checked: bool = False) -> None:
        x = self.x

        def whole(p: str) -> None:
            x.store_big(p, n, v)

        def split() -> None:
            self._split("store", ("wt",), a, n, v)

        self._number("wt", a, n, whole, split, checked)
        self.changed = True

    def fetch2(self, a: Value) -> Value:
        return self._get(a, 2)

    def fetch4(self, a: Value) -> Value:
        return self._get(a, 4)

    def fetch8(self, a: Value) -> Value:
        return self._get(a, 8)

    def store2(self, a: Value, v: Value) -> None:
        self._put(a, 2, v)

    def store4(self, a: Value, v: Value) -> None:
        self._put(a, 4, v)

    def store8(self, a: Value, v: Value) -> None:
        self._put(a, 8, v)

    def get2(self, a: Value) -> Value:
        return self._get(a, 2, checked=True)

    def get4(self, a: Value) -> Value:
        return self._get(a, 4, checked=True)

    def put2(self, a: Value, v: Value) -> None:
        self._put(a, 2, v, checked=True)

    def put4(self, a: Value, v: Value) -> None:
        self._put(a, 4, v, checked=True)

    # ---- areas
    def _split(self, function: str, used: tuple[str, ...], *numbers: Value) -> str:
        """Call a function of `cpvm.machine.compiled.split`."""
        convention = "preserve_mostcc " if function in {"fetch", "store"} else ""
        pointers = [f"ptr {self.hot[name]}" for name in (*used, "mem")]
        arguments = ", ".join([*pointers, *(f"i64 {v}" for v in numbers)])
        return self.x.set(f"call {convention}i64 @split_{function}({arguments})")

    def _apart(self, area: Area) -> str:
        """Whether an area is not in one piece."""
        x = self.x
        table, a, n = area
        last = x.op("sub", x.op("add", a, n), 1)
        first, second = (self._plain(dispatch.entry(x, self.hot[table], self._wrap(b))) for b in (a, last))
        return x.compare("ne", first, second)

    def _either(
        self, function: str, areas: list[Area], n: Value, whole: Callable[[], Value | None], *v: Value
    ) -> Value:
        """What an operation on one or two areas gives, whose length is n; `whole` does it if they are in one piece."""
        x = self.x
        apart = self._apart(areas[0])
        for area in areas[1:]:
            apart = x.either(apart, self._apart(area))
        result = x.slot()
        crossed, good, done = x.fresh("crossed"), x.fresh("good"), x.fresh("done")
        x.branch(apart, crossed, good, UNLIKELY)
        x.label(crossed)
        self._charge(x.op("shl", n, 2))
        used = tuple(table for table, _, _ in reversed(areas))
        x.store(result, "i64", self._split(function, used, *(a for _, a, _ in areas), n, *v))
        x.go(done)
        x.label(good)
        x.store(result, "i64", whole() or 0)
        x.go(done)
        x.label(done)
        return x.load(result, "i64")

    def move(self, a1: Value, a2: Value, n: Value) -> None:
        up = super().move
        self._either("move", [("wt", a1, n), ("ft", a2, n)], n, lambda: up(a1, a2, n))

    def fill(self, a: Value, v: Value, n: Value) -> None:
        up = super().fill
        self._either("fill", [("wt", a, n)], n, lambda: up(a, v, n), v)

    def compare(self, a1: Value, a2: Value, n: Value) -> Value:
        up = super().compare
        return self._either("compare", [("ft", a1, n), ("ft", a2, n)], n, lambda: up(a1, a2, n))

    def match(self, a: Value, v: Value, n: Value) -> Value:
        up = super().match
        return self._either("match", [("ft", a, n)], n, lambda: up(a, v, n), v)

    def _logic(self, how: str, a1: Value, a2: Value, n: Value) -> Value:
        up = super()._logic
        return self._either(how, [("wt", a1, n), ("ft", a2, n)], n, lambda: up(how, a1, a2, n))

    def translate(self, a1: Value, a2: Value, n: Value) -> None:
        up = super().translate
        self._either("translate", [("wt", a1, n), ("ft", a2, 256)], n, lambda: up(a1, a2, n))

    def _some(self, n: Value) -> Value:
        """The length, or 1 for none."""
        return max(n, 1) if isinstance(n, int) else self.x.select(self.x.compare("eq", n, 0), 1, n)

    def _digits(self, a: Value, n: Value) -> Value:
        up = super()._digits
        return self._either("digits", [("ft", a, self._some(n))], n, lambda: up(a, n))

    def put_digits(self, a: Value, n: Value, v: Value) -> None:
        up = super().put_digits
        self._either("put_digits", [("wt", a, self._some(n))], n, lambda: up(a, n, v), v)
