"""A pair of machines (see `parity`) with a loop that has become a translated region in one of them."""

from collections.abc import Callable
from typing import Any

from everyengine import engine_of

from compiled.parity import Pair
from cpvm.machine import Machine
from cpvm.machine.compiled import state
from cpvm.machine.engines import TRANSLATED
from cpvm.s370.psw import PSW

CODE, DATA = 0x1400, 0x2000
WAITS = PSW(mode=2, address=0xDEAD68)
ADDS = bytes.fromhex("5A20C100")
"""A R2,256(,R12)."""
BACK = bytes.fromhex("46401000 47F01004")
"""BCT R4,0(,R1), for an instruction of four bytes before it."""


class Linked(Pair):
    """R1 is the address of the code, R12 that of data, in which there is a one at X'100'; R4 is a large number."""

    def __init__(self, code: bytes = ADDS + BACK, at: int = CODE, **registers: int) -> None:
        super().__init__(TRANSLATED)
        self.engine: Any = engine_of(self.other)

        def prepare(m: Machine) -> None:
            m.storage.write(0x68, WAITS.to_bytes())
            m.storage.write(at, code)
            m.storage.write(DATA + 0x100, (1).to_bytes(4, "big"))
            for r, v in ({"r1": at, "r12": DATA, "r4": 1_000_000} | registers).items():
                m.gr[int(r[1:])] = v
            m.psw = PSW(address=at)

        self.do(prepare)

    def do(self, what: Callable[[Machine], object]) -> None:
        """The same with both machines."""
        for m in self.both:
            what(m)

    @property
    def entered(self) -> int:
        """How often native code has entered a region."""
        return int(self.engine._words[state.ENTERED >> 3])

    @property
    def left(self) -> int:
        """How many instructions native code has left to Python."""
        return int(self.engine.exits[state.RESTART])

    def become_hot(self, instructions: int = 3000) -> None:
        """Run until the loop is a region, and is entered."""
        self.run(instructions)
        self.run(2000)
        assert self.entered
        assert len(self.engine.links) == 1

    def goes_on(self, instructions: int = 1999) -> bool:
        """Run; whether a region was entered in that."""
        before = self.entered
        self.run(instructions)
        return self.entered > before


def translated(m: Machine, frames: list[int], code: int = CODE) -> None:
    """Pages of 4K at these frames, DAT on."""
    m.storage.write(0xE000, (0xF000E040).to_bytes(4, "big") + b"\0\0\0\1" * 15)
    m.storage.write(0xE040, b"".join((frame << 4).to_bytes(2, "big") for frame in frames))
    m.set_cr(0, 0x00800000)
    m.set_cr(1, 0xE000)
    m.psw = PSW(4, 0, 8, address=code)
