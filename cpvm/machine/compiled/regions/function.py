"""The function of a region, in LLVM assembly.

It has a block for each stretch of instructions that is entered only at its beginning. The budget is counted at the
beginning of such a stretch, for all of it; where a way out leads off in its middle, what was not executed is given
back. Ways out are written behind all the rest, one for each place; in a small region they put into the state block the
registers that may have changed since it was entered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from cpvm.machine.compiled import dispatch, state, tables
from cpvm.machine.compiled.dispatch import ENTERED
from cpvm.machine.compiled.regions.emit import CONDITION_CODE
from cpvm.machine.compiled.regions.emitstorage import ABSOLUTE, FUNCTIONS, RegionEmitter
from cpvm.machine.compiled.regions.plan import Plan
from cpvm.machine.compiled.regions.shape import Shape, Step
from cpvm.machine.compiled.regions.text import RegionText
from cpvm.machine.compiled.subset import Subset, walk
from cpvm.machine.compiled.text import UNLIKELY, Value

LARGEST = 500
"""Instructions in a region."""
NAME = "region"
RESTORING = ("LM",)
"""Instructions that load a base register again with what it contained, as a rule. Any other that sets a register shows
that it is not the same throughout."""
_BUDGET = "%n.now"
_ADDRESS = "%ia.now"
SMALL = 40
"""Instructions. In a region with more, registers are put into the state block whenever they change, not only at the
ways out: the code is slower then, for each store is executed, but there is less of it, and it is made in less time."""
_KINDS = {"g": ("i32", state.GENERAL, 4), "f": ("i64", state.FLOATING, 8)}
_Register = tuple[str, int]


@dataclass
class _Stretch:
    """Instructions that follow each other."""

    ia: int
    steps: list[Step] = field(default_factory=list)
    changed: set[_Register] = field(default_factory=set)
    """Registers that it may have changed so far."""
    into: list[tuple[int, frozenset[_Register]]] = field(default_factory=list)
    """Stretches it goes to, and what it has changed by then."""


@dataclass
class _Exit:
    """A way out."""

    label: str
    handler: str
    stretch: _Stretch
    done: int
    """Instructions of the stretch that were executed; -1: the budget was not counted yet."""
    changed: frozenset[_Register]
    ia: Value


class Rebased(Exception):
    """A register that was taken for a base register is none."""

    def __init__(self, register: int) -> None:
        super().__init__(register)
        self.register = register


def generate(plan: Plan, outside: Callable[[str], int]) -> Function:
    """The function of a region; `outside` gives the host address of a function of the native engine."""
    none: frozenset[int] = frozenset()
    while True:
        try:
            return Function(plan, outside, none)
        except Rebased as found:
            none |= {found.register}


class Function:
    """Generates one."""

    def __init__(self, plan: Plan, outside: Callable[[str], int], without_bases: frozenset[int] = frozenset()) -> None:
        """Generate it.

        Args:
            plan: the region.
            outside: gives the host address of a function of the native engine.
            without_bases: registers that are not to be taken for base registers.
        """
        self.x = RegionText()
        self._outside = outside
        self._shape = Shape(plan)
        self._plan = plan
        self._through = len(plan.text) > SMALL
        self._registers: set[_Register] = set()
        self._bases = {r: a for r, a in self._shape.bases.items() if r not in without_bases}
        self._relied_on: set[int] = set()
        self._reset: set[int] = set()
        self._executed: dict[int, bytes] = {}
        self._exits: list[_Exit] = []
        self._stretches: dict[int, _Stretch] = {}
        self._wanted: list[tuple[int, int]] = []
        self._asked: set[int] = set()
        self._now = _Stretch(0)
        self._edged = False
        self._goes_on = True
        self._room = LARGEST
        self.left_out: dict[int, str] = {}
        """Address of an instruction that was left to the interpreter -> why."""
        for ia in plan.entries:
            if ia in self._shape.leaders:
                self._want(ia)
        while self._wanted and self._room > 0:
            self._stretch(heappop(self._wanted)[1])
        for _, ia in self._wanted:
            self.x.root(_label(ia))
            self._leave("go", ia, 0, _Stretch(ia))

    # ---- what comes out
    @property
    def entries(self) -> tuple[int, ...]:
        """Where the region may be entered: something is executed there."""
        made = self._stretches
        return tuple(ia for ia in dict.fromkeys(self._plan.entries) if ia in made and made[ia].steps)

    @property
    def text(self) -> dict[int, bytes]:
        """What is executed natively: address -> text."""
        own = {step.ia: step.text for stretch in self._stretches.values() for step in stretch.steps}
        return own | self._executed

    def module(self) -> str:
        """The LLVM module, whose function is NAME."""
        dirty = self._dirty()
        for out in self._exits:
            self._way_out(out, dirty.get(out.stretch.ia, set()) | out.changed)
        for handler in sorted({out.handler for out in self._exits}):
            self._last(handler)
        body, x = self.x, RegionText()
        x.store(CONDITION_CODE, "i64", "%cc")
        x.store(_BUDGET, "i64", "%n")
        allocas = [f"  {CONDITION_CODE} = alloca i64", f"  {_BUDGET} = alloca i64", f"  {_ADDRESS} = alloca i64"]
        for kind, r in sorted(self._registers):
            bits, base, size = _KINDS[kind]
            allocas.append(f"  {_name(kind, r)} = alloca {bits}")
            v = x.set(f"load {bits}, ptr {x.at('%st', base + size * r)}, align {size}")
            x.do(f"store {bits} {v}, ptr {_name(kind, r)}")
        x.do(f"{ABSOLUTE} = getelementptr i8, ptr %mem, i64 {tables.BIAS}")
        for r in sorted(self._relied_on):
            good = f"base{r}"
            x.branch(self._holds(x, r), good, "astray")
            x.label(good)
        cases = " ".join(f"i64 {ia}, label %{_label(ia)}" for ia in self.entries)
        x.do(f"switch i64 %iw, label %astray [ {cases} ]")
        x.label("astray")
        dispatch.jump(x, self._handler(x, "resume"), _out("%iw", "%n", "%cc"))
        prologue = [line.replace("%t", "%u") for line in x.lines]
        body.lines[:0] = prologue
        head = dispatch.head(NAME).replace("internal ", "")
        text = body.function(head).replace("entry:\n", "\n".join(["entry:", *allocas, ""]), 1)
        return FUNCTIONS + text + "\n"

    def _holds(self, x: RegionText, r: int) -> str:
        """Whether a base register contains what it is relied on to contain."""
        low = x.op("and", x.load(_name("g", r), "i32"), dispatch.ADDRESS_MASK)
        return x.compare("eq", low, self._bases[r])

    def _dirty(self) -> dict[int, set[_Register]]:
        """For each stretch the registers that may have changed before it."""
        found: dict[int, set[_Register]] = {ia: set() for ia in self._stretches}
        work = list(self._stretches)
        while work:
            ia = work.pop()
            for target, changed in self._stretches[ia].into:
                new = found[ia] | changed
                have = found.setdefault(target, set())
                if not new <= have:
                    have |= new
                    if target in self._stretches:
                        work.append(target)
        return found

    # ---- stretches
    def _want(self, ia: int) -> None:
        if ia not in self._asked:
            self._asked.add(ia)
            heappush(self._wanted, (-self._shape.weight(ia), ia))

    def _stretch(self, ia: int) -> None:
        x, shape = self.x, self._shape
        now = self._now = self._stretches[ia] = _Stretch(ia)
        x.root(_label(ia))
        before = x.load(_BUDGET, "i64")
        counting = len(x.lines)
        x.do("")
        after = "%" + x.fresh("n")
        short, enough = x.fresh("short"), x.fresh("enough")
        x.branch(x.compare("slt", after, 0), short, enough, UNLIKELY)
        self._exit(short, "resume", ia, -1)
        x.label(enough)
        x.store(_BUDGET, "i64", after)
        at = ia
        while True:
            step = shape.steps.get(at) if len(now.steps) < self._room else None
            if step is None or not self._instruction(step):
                self._leave("resume" if at in self._plan.text else "go", at, len(now.steps))
                break
            if not self._goes_on:
                break
            at = step.following
            if self._edged and at in shape.steps:
                shape.leaders.add(at)
            if at in shape.leaders:
                self._edge(step, at)
                break
        x.lines[counting] = f"  {after} = sub i64 {before}, {len(now.steps)}"
        self._room -= len(now.steps)

    def _instruction(self, step: Step) -> bool:
        """Emit it; False if it is left to the interpreter."""
        now, x = self._now, self.x
        mark, changed = x.mark(), frozenset(now.changed)
        exits, into = len(self._exits), len(now.into)
        self._edged = False
        self._reset = set()
        e = RegionEmitter(self, step)
        now.steps.append(step)
        try:
            walk(e, step.row.body, e.operands())
        except Subset as why:
            now.steps.pop()
            x.back_to(mark)
            del self._exits[exits:], now.into[into:]
            now.changed = set(changed)
            self.left_out[step.ia] = str(why)
            return False
        if e.restart:
            self._exits.append(_Exit(e.restart, "resume", now, len(now.steps) - 1, changed, step.ia))
        self._goes_on = e.live
        if e.live:
            self._hold(step.following)
        return True

    def _hold(self, following: Value) -> None:
        """Leave the region if the instruction has loaded a base register with something else."""
        x = self.x
        for r in sorted(self._reset):
            self._relied_on.add(r)
            other, same = x.fresh("other"), x.fresh("same")
            x.branch(self._holds(x, r), same, other)
            self._exit(other, "go", following, len(self._now.steps))
            x.label(same)

    # ---- what an instruction asks for
    def register(self, kind: str, r: int, written: bool) -> str:
        """See `Surroundings`."""
        self._registers.add((kind, r))
        if written:
            self._now.changed.add((kind, r))
            if kind == "g" and r in self._bases:
                if self._now.steps[-1].row.mnemonic not in RESTORING:
                    raise Rebased(r)
                self._reset.add(r)
        return _name(kind, r)

    def home(self, kind: str, r: int) -> str:
        """See `Surroundings`."""
        _, base, size = _KINDS[kind]
        return self.x.at("%st", base + size * r) if self._through else ""

    def base(self, r: int) -> int | None:
        """See `Surroundings`."""
        found = self._bases.get(r)
        if found is not None:
            self._relied_on.add(r)
            self._registers.add(("g", r))
        return found

    def executed(self, ia: int) -> tuple[int, bytes] | None:
        """See `Surroundings`."""
        found = self._plan.executed.get(ia)
        if found is not None:
            self._executed[found[0]] = found[1]
        return found

    def outside(self, name: str) -> str:
        """See `Surroundings`."""
        return f"inttoptr (i64 {self._outside(name)} to ptr)"

    def go_to(self, step: Step, a: Value) -> None:
        """See `Surroundings`."""
        x = self.x
        self._hold(a)
        if isinstance(a, int):
            if a in self._shape.leaders:
                self._edge(step, a)
            else:
                self._leave("go", a, len(self._now.steps))
            return
        for target in self._shape.targets(step):
            there, other = x.fresh("there"), x.fresh("other")
            x.branch(x.compare("eq", a, target), there, other)
            x.label(there)
            self._edge(step, target)
            x.label(other)
        self._leave("go", a, len(self._now.steps))

    def complete(self, step: Step) -> None:
        """See `Surroundings`."""
        self._leave("completed", step.ia, len(self._now.steps))

    # ---- ways
    def _edge(self, step: Step, target: int) -> None:
        """Go to a stretch; if the way leads back, unless a stop is wished."""
        x, now = self.x, self._now
        self._want(target)
        self._edged = True
        now.into.append((target, frozenset(now.changed)))
        if target > step.ia:
            x.go(_label(target))
            return
        stop = x.fresh("stop")
        wish = x.set(f"load volatile i64, ptr {x.at('%st', state.STOP)}, align 8")
        x.branch(x.compare("ne", wish, 0), stop, _label(target), UNLIKELY)
        self._exit(stop, "stopped", target, len(now.steps))

    def _leave(self, handler: str, ia: Value, done: int, stretch: _Stretch | None = None) -> None:
        """Leave the region here."""
        label = self.x.fresh("out")
        self.x.go(label)
        self._exit(label, handler, ia, done, stretch)

    def _exit(self, label: str, handler: str, ia: Value, done: int, stretch: _Stretch | None = None) -> None:
        stretch = stretch or self._now
        changed = frozenset() if done < 0 else frozenset(stretch.changed)
        self._exits.append(_Exit(label, handler, stretch, done, changed, ia))

    def _handler(self, x: RegionText, name: str) -> str:
        return x.set(f"inttoptr i64 {self._outside(name)} to ptr")

    def _way_out(self, out: _Exit, changed: set[_Register]) -> None:
        x = self.x
        x.label(out.label)
        if not self._through:
            for kind, r in sorted(changed):
                bits, base, size = _KINDS[kind]
                v = x.set(f"load {bits}, ptr {_name(kind, r)}")
                x.do(f"store {bits} {v}, ptr {x.at('%st', base + size * r)}, align {size}")
        if out.done >= 0 and len(out.stretch.steps) > out.done:
            n = x.op("add", x.load(_BUDGET, "i64"), len(out.stretch.steps) - out.done)
            x.store(_BUDGET, "i64", n)
        x.store(_ADDRESS, "i64", out.ia)
        x.go(f"by.{out.handler}")

    def _last(self, handler: str) -> None:
        """What all ways out to a handler have in common."""
        x = self.x
        x.label(f"by.{handler}")
        ia = x.load(_ADDRESS, "i64")
        hot = _out(ia, x.load(_BUDGET, "i64"), x.load(CONDITION_CODE, "i64"))
        if handler == "completed":
            hot |= {"ip": x.set(f"inttoptr i64 {ia} to ptr"), "iw": 0}
        dispatch.jump(x, self._handler(x, handler), hot)


def _label(ia: int) -> str:
    return f"at{ia:X}"


def _name(kind: str, r: int) -> str:
    return f"%{kind}{r}.now"


def _out(ia: Value, n: Value, cc: Value) -> dispatch.Hot:
    """What handlers get that look up where to go."""
    nothing: dispatch.Hot = {name: "null" if kind == "ptr" else 0 for name, kind in dispatch.HOT.items()}
    kept = {name: ENTERED[name] for name in ("ft", "wt", "mem")}
    return nothing | kept | {"iw": ia, "n": n, "cc": cc}
