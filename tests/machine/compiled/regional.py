"""A machine that executes a translated region, beside one on the reference engine.

The region is recorded from the reference engine and translated; it is entered through a function of its own, so that
nothing depends on what decides when a region is translated and how it is linked.
"""

from __future__ import annotations

import ctypes
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from compiled.parity import Difference, StillHost, _seen
from cpvm.machine import Machine
from cpvm.machine.compiled import dispatch, native, state
from cpvm.machine.compiled.build import target_machine
from cpvm.machine.compiled.regions.plan import Plan, Translation
from cpvm.machine.compiled.regions.translate import translate
from cpvm.machine.stop import ProgramCheck
from cpvm.s370.formats import length_of
from cpvm.s370.psw import PSW

SIZE = 1 << 16
CODE = 0x1000
WAITS = PSW(mode=2, address=0xDEAD68)
_keep: list[Any] = []


@cache
def _enter() -> Callable[[int, int], int]:
    """Calls a handler with the state of a state block: its host address, that of the handler."""
    text = dispatch._entry().replace("@first(", "%handler(").replace("@run(ptr %st)", "@enter(ptr %st, ptr %handler)")
    module = llvm.parse_assembly(text)
    engine = llvm.create_mcjit_compiler(module, target_machine())
    engine.finalize_object()
    _keep.append(engine)
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
    return prototype(engine.get_function_address("enter"))


class Regional:
    """The same machine twice; one of them executes regions."""

    def __init__(self) -> None:
        self.reference = Machine(SIZE, StillHost(), engine="reference")
        self.native = Machine(SIZE, StillHost(), engine="compiled")
        self.both = self.reference, self.native
        self.translation: Translation | None = None
        self.entered = 0
        """How often the region was entered."""
        library = native.library().wait()
        self.library = library
        self.engine: Any = self.native.cpu.interpreter
        self.engine.few = 1
        words = self.engine._words

        def fetched(t: Translation) -> bool:
            """Whether all its text can be fetched and is what it was, as is asked before a region is entered."""
            blocks = {a >> 11 for ia, text in t.text.items() for a in (ia, ia + len(text) - 1)}
            read = self.native.storage.read
            return all(
                ctypes.c_int32.from_address(words[state.FETCH >> 3] + 4 * block).value for block in blocks
            ) and all(read(ia, len(text)) == text for ia, text in t.text.items())

        def run(address: int) -> int:
            handler = library.address("resume")
            t = self.translation
            if t is not None and words[state.IA >> 3] in t.entries and fetched(t):
                handler = t.address
                self.entered += 1
            return _enter()(address, handler)

        self.engine._run = run
        self._map = bytearray(SIZE)
        words[state.MAP >> 3] = ctypes.addressof(ctypes.c_char.from_buffer(self._map))

    def set_up(self, program: bytes, general: Iterable[int] = (), at: int = CODE, **psw: Any) -> None:
        """A program at CODE, registers, all else as after a reset with clear."""
        general = list(general)
        for m in self.both:
            m.reset()
            m.storage.write(0, bytes(SIZE))
            for block in range(0, SIZE, 2048):
                m.storage.set_key(block, 0)
            m.storage.write(0x68, WAITS.to_bytes())
            m.storage.write(at, program)
            for i in range(16):
                m.gr[i] = general[i] if i < len(general) else 0
            for i in range(0, 8, 2):
                m.fr[i] = 0x4110000000000000 + (i << 40)
            m.psw = PSW(address=at, **psw)

    def write(self, a: int, data: bytes) -> None:
        """Into both."""
        for m in self.both:
            m.storage.write(a, data)

    def touch(self) -> None:
        """Have entries for all blocks in the access tables, where they may be accessed."""
        for m in self.both:
            for block in range(SIZE >> 11):
                for table in (m.cpu.fetch_table, m.cpu.store_table):
                    with suppress(ProgramCheck):
                        table[block]

    def record(self, instructions: int, entries: tuple[int, ...] = (), without: frozenset[int] = frozenset()) -> Plan:
        """Execute on the reference engine, and tell what was seen. Entries: targets of branches that go back."""
        m = self.reference
        text: dict[int, bytes] = {}
        after: dict[int, Counter[int]] = defaultdict(Counter)
        last = None
        for _ in range(instructions):
            ia = m.psw.address
            if ia > SIZE - 6:
                break
            if last is not None:
                after[last][ia] += 1
            b = m.storage.read(ia, 6)
            text[ia] = bytes(b[: length_of(b[0])])
            last = ia
            if m.run(1).instructions == 0 or m.psw.mode & 2:
                break
        back: Counter[int] = Counter()
        for a, targets in after.items():
            for t, often in targets.items():
                if t <= a:
                    back[t] += often
        found = entries or tuple(t for t, _ in back.most_common(4)) or (min(text),)
        return Plan(text, {a: dict(c) for a, c in after.items()}, found, without)

    def translate(self, plan: Plan) -> Translation:
        """Have the machine execute it from now on."""
        self.translation = t = translate(plan, self.library)
        self._map[:] = bytes(SIZE)
        for ia, text in t.text.items():
            self._map[ia >> 1 : ia + len(text) >> 1] = b"\1" * (len(text) // 2)
        self.engine._tables.mark({ia >> 11 for ia in t.text}, set())
        return t

    def approach(self, most: int) -> bool:
        """Go on until the region can be entered, but only so far; gives whether it can."""
        assert self.translation is not None
        for _ in range(most):
            if self.reference.psw.address in self.translation.entries:
                return True
            for m in self.both:
                m.run(1)
        return False

    def run(self, instructions: int, where: str = "") -> None:
        """Run both, and compare. Raises Difference."""
        one, two = (m.run(instructions) for m in self.both)
        if (one.reason, one.instructions) != (two.reason, two.instructions):
            raise Difference("stop", one, two, where)
        self.compare(where)

    def compare(self, where: str = "") -> None:
        """Raises Difference if there is one."""
        one, two = map(_seen, self.both)
        for name, v in one.items():
            if v != two[name] and name != "timers":  # recording makes the clock go on
                raise Difference(name, v, two[name], where)
        a, b = (m.storage.read(0, SIZE) for m in self.both)
        if a != b:
            at = next(i for i in range(SIZE) if a[i] != b[i])
            raise Difference(f"storage {at:X}", a[at : at + 16].hex(), b[at : at + 16].hex(), where)
