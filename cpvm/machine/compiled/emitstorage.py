"""The operations of `cpvm.s370.ops.Ops` on storage as LLVM assembly.

Whatever is not in the access tables is left to Python, and so is an area, or a number, over blocks that do not lie in
one piece. What has passed such a test may therefore be taken as one piece of the host's memory.
"""

from __future__ import annotations

from cpvm.machine.compiled import dispatch, state, tables
from cpvm.machine.compiled.dispatch import ADDRESS_MASK, BLOCK
from cpvm.machine.compiled.emit import Emitter
from cpvm.machine.compiled.subset import walk
from cpvm.machine.compiled.text import UNLIKELY, Value
from cpvm.machine.dat import INVALID_TABLES, look_up
from cpvm.machine.storage import CHANGE, REFERENCE

PREFIXED = 4096


class StorageEmitter(Emitter):
    """Writes what operations on storage consist of."""

    splits = False
    """An operand need not lie in one piece."""

    def crossing(self, restart: str) -> str:
        """The label to go to if an operand is not in one piece, nothing being changed yet."""
        return restart

    def _wrap(self, a: Value) -> Value:
        return self.x.op("and", a, ADDRESS_MASK)

    def _at(self, table: str, a: Value) -> str:
        """Host address of what has been checked."""
        a = self._wrap(a)
        return dispatch.place(self.x, self.hot["mem"], a, self._plain(dispatch.entry(self.x, self.hot[table], a)))

    def _plain(self, found: Value) -> str:
        """An entry without the mark of translated text."""
        return str(self.x.op("and", found, tables.CODED - 1))

    def _checked(self, table: str, a: Value, n: int) -> str:
        """Host address of n bytes, a constant, after the test."""
        x = self.x
        restart = self.may_fault()
        a = self._wrap(a)
        found = dispatch.entry(x, self.hot[table], a)
        place = x.slot("ptr")
        plain, hard, whole, look, good = (x.fresh(stem) for stem in ("plain", "hard", "whole", "look", "good"))
        special = x.compare("ne", found, tables.BIAS)
        if n > 1:
            special = x.either(special, x.compare("ne", x.op("and", a, n - 1), 0))
        x.branch(special, hard, plain, UNLIKELY)
        x.label(plain)  # on its boundary, and the absolute address is the logical one
        x.do(f"store ptr {self._unmoved(a)}, ptr {place}")
        x.go(good)
        x.label(hard)
        missing = x.compare("slt", found, 1)  # or there is translated text in the block
        if n > 1:
            missing = x.either(missing, x.compare("ugt", x.op("and", a, BLOCK - 1), BLOCK - n))
        x.branch(missing, look, whole, UNLIKELY)
        x.label(look)
        if n == 1 and table == "ft":
            x.go(restart)
        else:
            looked = self._look(table, a, n, found, restart)
            x.do(f"store ptr {dispatch.place(x, self.hot['mem'], a, looked)}, ptr {place}")
            x.go(good)
        x.label(whole)
        x.do(f"store ptr {dispatch.place(x, self.hot['mem'], a, found)}, ptr {place}")
        x.go(good)
        x.label(good)
        return x.set(f"load ptr, ptr {place}")

    def _unmoved(self, a: Value) -> str:
        """Host address of what has its absolute address for a logical one. Not by the entry, which takes its time."""
        there = self.x.at(str(self.hot["mem"]), self.x.op("add", a, tables.BIAS))
        return self.x.set(f'call ptr asm "", "=r,0"(ptr {there})')

    def _look(self, table: str, a: Value, n: Value, first: str, restart: str) -> str:
        """The entry for an area that is not longer than a block, given that of its first byte.

        Goes to `restart` if it is not all there, or if it is stored into translated text; elsewhere if it is not in one
        piece, unless that does not matter.
        """
        x = self.x
        last = x.op("sub", x.op("add", a, n), 1)
        second = dispatch.entry(x, self.hot[table], self._wrap(last))
        whole, good = x.fresh("whole"), x.fresh("good")
        plain, other = self._plain(first), self._plain(second)
        apart = x.compare("ne", plain, other)
        absent = x.either(x.compare("eq", plain, 0), x.compare("eq", other, 0))
        there = x.fresh("there")
        x.branch(x.either(absent, x.compare("ugt", last, ADDRESS_MASK)), restart, there)
        x.label(there)
        x.branch("false" if self.splits else apart, self.crossing(restart), whole)
        x.label(whole)
        if table == "wt":
            coded, struck = x.fresh("coded"), x.fresh("struck")
            x.branch(x.compare("slt", x.op("or", first, second), 0), coded, good)
            x.label(coded)
            if self.splits:
                together = x.fresh("together")
                x.branch(apart, restart, together)
                x.label(together)
            absolute = x.op("sub", x.op("add", a, plain), tables.BIAS)
            x.branch(self._holds_text(absolute, n), struck, good)
            x.label(struck)
            x.store(x.at("%st", state.STRUCK), "i64", x.op("add", absolute, 1))
            x.store(x.at("%st", state.SPAN), "i64", n)
            x.go(restart)
        else:
            x.go(good)
        x.label(good)
        return plain

    def _holds_text(self, absolute: Value, n: Value) -> str:
        """Whether n bytes of absolute storage have anything in common with translated text."""
        x = self.x
        marks = x.at(self._pointer(state.MAP), x.op("lshr", absolute, 1))
        halfwords = x.op("lshr", x.op("add", x.op("add", x.op("and", absolute, 1), n), 1), 1)
        if isinstance(n, int) and n <= 8:
            others = x.op("shl", -2, x.op("sub", x.op("shl", halfwords, 3), 1))
            return x.compare("ne", x.op("and", x.load(marks, "i64"), x.op("xor", others, -1)), 0)
        return x.compare("ult", self._area("match", "i64", (marks,), 0, halfwords), halfwords)

    # ---- numbers
    def fetch1(self, a: Value) -> Value:
        return self.x.load_big(self._checked("ft", a, 1), 1, signed=False)

    def fetch2(self, a: Value) -> Value:
        return self.x.load_big(self._checked("ft", a, 2), 2, signed=True)

    def fetch4(self, a: Value) -> Value:
        return self.x.load_big(self._checked("ft", a, 4), 4, signed=True)

    def fetch8(self, a: Value) -> Value:
        return self.x.load_big(self._checked("ft", a, 8), 8, signed=True)

    def _store(self, pointer: str, n: int, v: Value) -> None:
        self.changed = True
        self.x.store_big(pointer, n, v)

    def store1(self, a: Value, v: Value) -> None:
        self._store(self._checked("wt", a, 1), 1, v)

    def store2(self, a: Value, v: Value) -> None:
        self._store(self._checked("wt", a, 2), 2, v)

    def store4(self, a: Value, v: Value) -> None:
        self._store(self._checked("wt", a, 4), 4, v)

    def store8(self, a: Value, v: Value) -> None:
        self._store(self._checked("wt", a, 8), 8, v)

    def get1(self, a: Value) -> Value:
        return self.x.load_big(self._at("ft", a), 1, signed=False)

    def get2(self, a: Value) -> Value:
        return self.x.load_big(self._at("ft", a), 2, signed=True)

    def get4(self, a: Value) -> Value:
        return self.x.load_big(self._at("ft", a), 4, signed=True)

    def put1(self, a: Value, v: Value) -> None:
        self._store(self._at("wt", a), 1, v)

    def put2(self, a: Value, v: Value) -> None:
        self._store(self._at("wt", a), 2, v)

    def put4(self, a: Value, v: Value) -> None:
        self._store(self._at("wt", a), 4, v)

    # ---- areas
    def _check(self, table: str, a: Value, n: Value) -> None:
        x = self.x
        a = self._wrap(a)
        restart = self.may_fault()
        self._look(table, a, n, dispatch.entry(x, self.hot[table], a), restart)

    def check_fetch(self, a: Value, n: Value) -> None:
        self._check("ft", a, n)

    def check_store(self, a: Value, n: Value) -> None:
        self._check("wt", a, n)

    def check_table(self, a1: Value, a2: Value, n: Value) -> None:
        """All of the table, not only what is selected: if that fails, Python looks closer."""
        self._check("ft", a2, 256)

    def _charge(self, nanoseconds: Value) -> None:
        """So long does this take: native code is to come back when LATENCY is over, whatever is left of the budget."""
        x = self.x
        left = x.op("sub", dispatch.field(x, state.PATIENCE), nanoseconds)
        x.store(x.at("%st", state.PATIENCE), "i64", left)
        over, on = x.fresh("over"), x.fresh("on")
        x.branch(x.compare("slt", left, 0), over, on, UNLIKELY)
        x.label(over)
        x.store(x.at("%st", state.STOP), "i64", 1)
        x.go(on)
        x.label(on)

    def _area(self, function: str, kind: str, pointers: tuple[str, ...], *numbers: Value) -> str:
        arguments = [f"ptr {p}" for p in pointers] + [f"i64 {v}" for v in numbers]
        call = f"call {kind} @area_{function}({', '.join(arguments)})"
        if kind == "void":
            self.x.do(call)
            return ""
        return self.x.set(call)

    def move(self, a1: Value, a2: Value, n: Value) -> None:
        self.changed = True
        self._charge(self.x.op("lshr", n, 4))
        self._area("move", "void", (self._at("wt", a1), self._at("ft", a2)), n)

    def fill(self, a: Value, v: Value, n: Value) -> None:
        self.changed = True
        self._charge(self.x.op("lshr", n, 4))
        low = self.x.cut(v, "i8")
        self.x.do(f"call void @llvm.memset.p0.i64(ptr {self._at('wt', a)}, i8 {low}, i64 {n}, i1 false)")

    def compare(self, a1: Value, a2: Value, n: Value) -> Value:
        self._charge(self.x.op("lshr", n, 3))
        return self._area("compare", "i64", (self._at("ft", a1), self._at("ft", a2)), n)

    def match(self, a: Value, v: Value, n: Value) -> Value:
        self._charge(self.x.op("lshr", n, 3))
        return self._area("match", "i64", (self._at("ft", a),), v, n)

    def and_area(self, a1: Value, a2: Value, n: Value) -> Value:
        return self._logic("and", a1, a2, n)

    def or_area(self, a1: Value, a2: Value, n: Value) -> Value:
        return self._logic("or", a1, a2, n)

    def xor_area(self, a1: Value, a2: Value, n: Value) -> Value:
        return self._logic("xor", a1, a2, n)

    def _logic(self, how: str, a1: Value, a2: Value, n: Value) -> Value:
        self.changed = True
        self._charge(n)
        return self._area(how, "i64", (self._at("wt", a1), self._at("ft", a2)), n)

    def translate(self, a1: Value, a2: Value, n: Value) -> None:
        self.changed = True
        self._charge(n)
        self._area("translate", "void", (self._at("wt", a1), self._at("ft", a2)), n)

    def _digits(self, a: Value, n: Value) -> Value:
        """The number, negative if there is a digit that is none."""
        self._charge(self.x.op("shl", n, 1))
        return self._area("digits", "i64", (self._at("ft", a),), n)

    def digits(self, a: Value, n: Value) -> Value:
        v = self._digits(a, n)
        self.restart_if(self.x.compare("slt", v, 0))
        return v

    def put_digits(self, a: Value, n: Value, v: Value) -> None:
        self.changed = True
        self._charge(self.x.op("shl", n, 3))
        self._area("put_digits", "void", (self._at("wt", a),), n, v)

    # ---- real storage and keys
    def _real(self, a: Value) -> str:
        x = self.x
        return x.at(x.at(str(self.hot["mem"]), tables.BIAS), x.op("or", a, self.prefix()))

    def real4(self, a: Value) -> Value:
        return self.x.load_big(self._real(a), 4, signed=False)

    def put_real4(self, a: Value, v: Value) -> None:
        """On a word boundary. If it is translated text that changes, regions are compared again before they go on."""
        x = self.x
        self._store(self._real(a), 4, v)
        coded, done = x.fresh("coded"), x.fresh("done")
        x.branch(x.compare("eq", dispatch.field(x, state.MAP), 0), done, coded)
        x.label(coded)
        marks = x.load(x.at(self._pointer(state.MAP), x.op("lshr", x.op("or", a, self.prefix()), 1)), "i16")
        changed = x.select(x.compare("eq", marks, 0), 0, 1)
        x.store(x.at("%st", state.EPOCH), "i64", x.op("add", dispatch.field(x, state.EPOCH), changed))
        x.go(done)
        x.label(done)

    def _real_at(self, a: Value, n: int) -> str:
        """Host address of n bytes anywhere in real storage, on their boundary. With a prefix Python does it."""
        x = self.x
        a = self._wrap(a)
        beyond = x.compare("ugt", x.op("add", a, n), dispatch.field(x, state.SIZE))
        self.restart_if(x.either(beyond, x.compare("ne", self.prefix(), 0)))
        return x.at(x.at(str(self.hot["mem"]), tables.BIAS), a)

    def real_word(self, a: Value) -> Value:
        return self.x.load_big(self._real_at(a, 4), 4, signed=False)

    def real_half(self, a: Value) -> Value:
        return self.x.load_big(self._real_at(a, 2), 2, signed=False)

    def load_real_address(self, a: Value) -> Value:
        x = self.x
        v = walk(self, look_up, [self.cr(0), self.cr(1), a])
        self.restart_if(x.compare("eq", x.op("lshr", v, 32), INVALID_TABLES))
        return x.op("and", v, 0x3FFFFFFFF)

    def set_storage_key(self, a: Value, v: Value) -> None:
        """Where access tables depend on the key that changes, Python does it."""
        x = self.x
        old = self.storage_key(a)
        block = x.op("lshr", self._wrap(a), 11)
        new = x.op("and", v, 0xFE)
        lost = x.op("and", old, x.op("xor", new, -1))
        other = x.op("and", x.op("xor", old, new), ~(REFERENCE | CHANGE))
        used = x.load(x.at(self._pointer(state.USED), block), "i8")
        both = x.op("mul", x.op("or", lost, other), used)
        self.restart_if(x.compare("ne", both, 0))
        self.changed = True
        x.store(x.at(self._pointer(state.KEYS), block), "i8", new)

    def _pointer(self, where: int) -> str:
        return self.x.set(f"inttoptr i64 {dispatch.field(self.x, where)} to ptr")

    def storage_key(self, a: Value) -> Value:
        """With a prefix, or beyond storage, Python looks."""
        x = self.x
        a = self._wrap(a)
        beyond = x.compare("uge", a, dispatch.field(x, state.SIZE))
        self.restart_if(x.either(beyond, x.compare("ne", self.prefix(), 0)))
        return x.load(x.at(self._pointer(state.KEYS), x.op("lshr", a, 11)), "i8")
