"""The operations of `cpvm.s370.ops.Ops` as LLVM assembly, for the body of one instruction: registers, PSW, branches.

An operation that is missing here is done in Python: instructions that need it are left to the reference engine.
Storage is in `cpvm.machine.compiled.emitstorage`.
"""

from __future__ import annotations

from cpvm.machine.compiled import dispatch, psw, state, tables
from cpvm.machine.compiled.dispatch import ENTERED, OVERFLOW, Hot
from cpvm.machine.compiled.subset import Subset, walk
from cpvm.machine.compiled.text import UNLIKELY, Text, Value
from cpvm.machine.quick import layout, program


class Emitter:
    """Writes one handler."""

    unroll = 0

    def __init__(self, size: int) -> None:
        """For an instruction of this many bytes."""
        self.x = Text()
        self.size = size
        self.live = True
        self.changed = False
        self.faults = 0
        self.bound = False
        """The instruction asks where it stands: that differs under EXECUTE, which is then left to Python."""
        self.late: list[tuple[str, str]] = []
        """Labels, and the handlers that start the instruction again there: nothing is changed yet."""
        self.hot: Hot = dict(ENTERED)
        self._cc = self.x.slot()
        self.x.store(self._cc, "i64", "%cc")
        self._restart = self._taken = self._repeat = self._target = ""
        self._unmasked = self._tables = ""

    # ---- the rule: nothing faults after a change
    def may_fault(self) -> str:
        """The label to go to for restarting the instruction in Python."""
        self.faults += 1
        if self.changed:
            raise Subset("may fault after a change")
        self._restart = self._restart or self.x.fresh("restart")
        return self._restart

    def restart_if(self, bad: str) -> None:
        """Leave the instruction to Python on a condition that is hardly ever true."""
        good = self.x.fresh("good")
        self.x.branch(bad, self.may_fault(), good, UNLIKELY)
        self.x.label(good)

    # ---- registers
    def _register(self, base: int, kind: str, r: Value) -> str:
        x = self.x
        if isinstance(r, int):
            return x.at("%st", base + r * int(kind[1:]) // 8)
        return x.set(f"getelementptr {kind}, ptr {x.at('%st', base)}, i64 {r}")

    def gr(self, r: Value) -> Value:
        return self.x.load(self._register(state.GENERAL, "i32", r), "i32", signed=True)

    def gru(self, r: Value) -> Value:
        return self.x.load(self._register(state.GENERAL, "i32", r), "i32")

    def set_gr(self, r: Value, v: Value) -> None:
        self.changed = True
        self.x.store(self._register(state.GENERAL, "i32", r), "i32", v)

    def fr(self, r: Value) -> Value:
        return self.x.load(self._register(state.FLOATING, "i64", r), "i64")

    def set_fr(self, r: Value, v: Value) -> None:
        self.changed = True
        self.x.store(self._register(state.FLOATING, "i64", r), "i64", v)

    def cr(self, r: Value) -> Value:
        return self.x.load(self._register(state.CONTROL, "i32", r), "i32")

    # ---- PSW
    def _condition(self) -> str:
        """The condition code as it is handed on."""
        return self.x.load(self._cc, "i64")

    def cc(self) -> Value:
        return dispatch.by_number(self.x, self._condition())

    def set_cc(self, v: Value) -> None:
        self.set_cc_by_sign(dispatch.by_sign(self.x, v))

    def set_cc_by_sign(self, v: Value) -> None:
        self.changed = True
        self.x.store(self._cc, "i64", v)

    def selected(self, mask: Value) -> Value:
        x = self.x
        if mask in {0, 15}:
            return int(mask == 15)
        if not isinstance(mask, int):
            return x.op("and", x.op("lshr", mask, x.op("sub", 3, self.cc())), 1)
        v = self._condition()
        tests = {
            8: lambda: x.compare("eq", v, 0),
            4: lambda: x.compare("slt", v, 0),
            1: lambda: x.compare("eq", v, OVERFLOW),
            12: lambda: x.compare("sle", v, 0),
            2: lambda: x.compare("ult", x.op("sub", v, 1), OVERFLOW - 1),
            10: lambda: x.compare("ult", v, OVERFLOW),
            6: lambda: x.either(x.compare("slt", v, 0), x.compare("ult", x.op("sub", v, 1), OVERFLOW - 1)),
        }
        if mask in tests:
            return x.set(f"zext i1 {tests[mask]()} to i64")
        return x.op("xor", x.set(f"zext i1 {tests[15 - mask]()} to i64"), 1)

    def program_mask(self) -> Value:
        return dispatch.field(self.x, state.PROGRAM_MASK)

    def set_program_mask(self, v: Value) -> None:
        self._set(state.PROGRAM_MASK, v)

    def mode(self) -> Value:
        return dispatch.field(self.x, state.MODE)

    def psw_key(self) -> Value:
        return dispatch.field(self.x, state.KEY)

    def system_mask(self) -> Value:
        return dispatch.field(self.x, state.SYSTEM_MASK)

    def prefix(self) -> Value:
        return dispatch.field(self.x, state.PREFIX)

    def _set(self, where: int, v: Value) -> None:
        self.changed = True
        self.x.store(self.x.at("%st", where), "i64", v)

    def quiet(self) -> Value:
        return dispatch.field(self.x, state.QUIET)

    def put_mask(self, v: Value) -> None:
        self._set(state.SYSTEM_MASK, v)

    def put_mode(self, v: Value) -> None:
        self._set(state.MODE, v)

    def put_key(self, v: Value) -> None:
        self._set(state.KEY, v)

    def choose_tables(self, key: Value, translating: Value) -> None:
        x = self.x
        self.changed = True
        self._tables = self._tables or self._variable(0)
        pair = x.op("mul", x.op("or", key, translating), tables.SET_BYTES)
        x.store(self._tables, "i64", x.op("add", dispatch.field(x, state.TABLES), pair))

    def leave_mask(self, v: Value) -> None:
        x = self.x
        self.changed = True
        self._unmasked = self._unmasked or self._variable(0)
        x.store(self._unmasked, "i64", 1)
        x.store(x.at("%st", state.OPERAND), "i64", v)
        x.store(x.at("%st", state.ILC), "i64", self.size // 2)

    def leave_psw(self, first: Value, second: Value) -> None:
        x = self.x
        self.changed = True
        x.store(x.at("%st", state.OPERAND), "i64", first)
        x.store(x.at("%st", state.CODE), "i64", second)
        dispatch.jump(x, "loaded", self.hot | {"cc": self._condition()})
        self.live = False

    def exchange(self, first: Value, second: Value) -> None:
        x = self.x
        self.changed = True
        x.store(x.at("%st", state.OPERAND), "i64", first)
        x.store(x.at("%st", state.CODE), "i64", second)
        dispatch.jump(x, "exchange", self.hot | {"cc": self._condition()})
        self.live = False

    def _variable(self, v: int) -> str:
        """A variable that has this value from the beginning of the handler."""
        slot = self.x.slot()
        self.x.lines.insert(0, f"  store i64 {v}, ptr {slot}")
        return slot

    def set_system_mask(self, v: Value) -> None:
        walk(self, psw.set_system_mask, [v])

    def set_psw_key(self, v: Value) -> None:
        walk(self, psw.set_psw_key, [v])

    def load_psw(self, first: Value, second: Value) -> None:
        walk(self, psw.load_psw, [first, second])

    def supervisor_call(self, code: Value) -> None:
        walk(self, psw.supervisor_call, [code])

    # ---- input and output
    def waiting(self) -> Value:
        return dispatch.field(self.x, state.CHANNELS + layout.WAITING)

    def _channel(self, function: str, a: Value) -> str:
        return self.x.set(f"call i64 @{function}(ptr %st, i64 {a})")

    def take_io(self, mask: Value) -> Value:
        self.changed = True
        return self._channel("io_take", mask)

    def start_io(self, a: Value) -> Value:
        """The condition code; interruptions that are allowed are taken at once."""
        x = self.x
        self.bound = True
        cc = self._channel("io_start", a)
        self.restart_if(x.compare("eq", cc, program.RESTART))
        handed, on = x.fresh("handed"), x.fresh("on")
        x.branch(x.compare("eq", cc, program.TO_PYTHON), handed, on, UNLIKELY)
        x.label(handed)
        x.store(x.at("%st", state.ILC), "i64", self.size // 2)
        dispatch.jump(x, "handed", self.hot | {"ip": x.at(str(self.hot["ip"]), self.size), "iw": 0})
        x.label(on)
        self.set_cc(cc)
        walk(self, psw.interrupt, [])
        return cc

    start_io_fast = start_io

    def test_io(self, a: Value) -> Value:
        cc = self._channel("io_test", a)
        self.restart_if(self.x.compare("eq", cc, program.RESTART))
        self.changed = True
        return cc

    def test_channel(self, a: Value) -> Value:
        cc = self._channel("io_test_channel", a)
        self.restart_if(self.x.compare("eq", cc, program.RESTART))
        return cc

    # ---- control
    def next_ia(self) -> Value:
        x = self.x
        return x.op("and", x.op("add", dispatch.instruction_address(x, self.hot), self.size), dispatch.ADDRESS_MASK)

    def ilc(self) -> Value:
        self.bound = True
        return self.size // 2

    def branch(self, a: Value) -> None:
        x = self.x
        if not self._taken:
            self._taken, self._target = x.fresh("taken"), x.slot()
        x.store(self._target, "i64", a)
        x.go(self._taken)
        self.live = False

    def repeat(self) -> None:
        self.bound = True
        self._repeat = self._repeat or self.x.fresh("again")
        self.x.go(self._repeat)
        self.live = False

    def program_check(self, code: Value) -> None:
        self.x.go(self.may_fault())
        self.live = False

    def completed_check(self, code: Value) -> None:
        x = self.x
        x.store(x.at("%st", state.CODE), "i64", code)
        x.store(x.at("%st", state.ILC), "i64", self.size // 2)
        dispatch.jump(x, "completed", self.hot | {"cc": self._condition()})
        self.live = False

    def monitor_call(self, number: Value, code: Value) -> None:
        """Python does it: only that nothing is to be monitored is worth being native."""
        self.program_check(code)

    def execute(self, a: Value, v: Value) -> None:
        x = self.x
        self.bound = True
        a = x.op("and", a, dispatch.ADDRESS_MASK)
        found = dispatch.entry(x, self.hot["ft"], a)
        far = x.compare("ugt", x.op("and", a, dispatch.BLOCK - 1), dispatch.LAST_WHOLE)
        self.restart_if(x.either(x.compare("eq", found, 0), far))
        text = dispatch.text_at(x, dispatch.place(x, self.hot["mem"], a, found))
        free = x.load(x.set(f"getelementptr i8, ptr @free, i64 {x.op('and', text, 0xFF)}"), "i8")
        self.restart_if(x.compare("eq", free, 0))
        text = str(x.op("or", text, x.op("shl", v, 8)))
        shift = x.op("sub", self.size, dispatch.length_of(x, text))  # for its own length will be added to ip
        x.store(x.at("%st", state.EXECUTE_N), "i64", self.hot["n"])
        x.store(x.at("%st", state.EXECUTE_SHIFT), "i64", shift)
        ip = x.at(str(self.hot["ip"]), shift)
        dispatch.to_handler(x, self.hot | {"ip": ip, "iw": text})
        self.live = False

    # ---- arithmetic
    def _harmless(self, a: Value, b: Value) -> str:
        """The divisor, or 1 where the hardware would trap: 0, and -1 under the least number."""
        x = self.x
        overflow = x.both(x.compare("eq", a, -(2**63)), x.compare("eq", b, -1))
        return x.select(x.either(overflow, x.compare("eq", b, 0)), 1, b)

    def quotient(self, a: Value, b: Value) -> Value:
        return self.x.op("sdiv", a, self._harmless(a, b))

    def remainder(self, a: Value, b: Value) -> Value:
        return self.x.op("srem", a, self._harmless(a, b))

    def leading_zeros(self, v: Value) -> Value:
        return self.x.set(f"call i64 @llvm.ctlz.i64(i64 {v}, i1 false)")

    # ---- the end
    def _with_tables(self, ia: Value, pair: Value) -> None:
        """Go on with other access tables, if there are any."""
        x = self.x
        same, other = x.fresh("same"), x.fresh("other")
        x.branch(x.compare("eq", pair, 0), same, other)
        x.label(same)
        dispatch.branch_to(x, ia, self.hot | {"cc": self._condition()})
        x.label(other)
        ft = x.set(f"inttoptr i64 {pair} to ptr")
        wt = x.at(ft, tables.TABLE_BYTES)
        dispatch.look_up(x, ia, self.hot | {"cc": self._condition(), "ft": ft, "wt": wt})

    def finish(self, name: str) -> str:
        """The handler, with the ways out that its body uses."""
        x = self.x
        if self.live:
            then = self.hot | {"cc": self._condition(), "ip": x.at(str(self.hot["ip"]), self.size)}
            if self._unmasked:
                done, more = x.fresh("done"), x.fresh("more")
                x.branch(x.compare("ne", x.load(self._unmasked, "i64"), 0), done, more)
                x.label(done)
                dispatch.jump(x, "masked", then | {"iw": 0})
                x.label(more)
            if self._tables:
                self._with_tables(self.next_ia(), x.load(self._tables, "i64"))
            else:
                dispatch.following(x, then)
        if self._taken:
            x.label(self._taken)
            target = x.load(self._target, "i64")
            if self._tables:
                self._with_tables(target, x.load(self._tables, "i64"))
            else:
                dispatch.branch_to(x, target, self.hot | {"cc": self._condition()})
        if self._repeat:
            x.label(self._repeat)  # as a branch to itself would, lest a stop wait until all is moved
            again = dispatch.instruction_address(x, self.hot)
            dispatch.jump(x, "first", self.hot | {"cc": self._condition(), "iw": again})
        if self._restart:
            self.late.append((self._restart, "restart"))
        for label, handler in self.late:
            x.label(label)
            dispatch.jump(x, handler, ENTERED)
        return x.function(dispatch.head(name))
