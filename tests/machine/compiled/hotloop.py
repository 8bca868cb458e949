"""A machine in a hot loop, for the tests of what must make engines forget, and come back."""

from everyengine import at_once, engine_of

from compiled.parity import StillHost
from cpvm.machine import Machine, StopReason
from cpvm.machine.compiled import state
from cpvm.machine.engines import TRANSLATED
from cpvm.s370.psw import PSW

CODE = 0x1000
LOOP = bytes.fromhex("5A20 C100 4640 1000 0700")
"""A R2,256(,R12); BCT R4,0(,R1)."""
WAITS = PSW(mode=2, address=0xDEAD68)


def in_the_loop(engine: str) -> Machine:
    """A machine at the beginning of LOOP, of which there is a region if there are any."""
    machine = Machine(1 << 16, StillHost(), engine=engine)
    machine.storage.write(0x68, WAITS.to_bytes())
    machine.storage.write(CODE, LOOP)
    machine.storage.write(0x2100, (1).to_bytes(4, "big"))
    machine.gr[1] = CODE
    machine.gr[12] = 0x2000
    machine.gr[4] = 1_000_000
    machine.psw = PSW(address=CODE)
    if engine == TRANSLATED:
        become_hot(machine)
    return machine


def become_hot(machine: Machine) -> None:
    """Have what the machine executes translated, and no more later on; all is as it was then."""
    at_once(engine_of(machine))
    registers, psw, storage = list(machine.gr), machine.psw, machine.storage.read(0, machine.storage.size)
    machine.run(2000)
    assert machine.run(2000).reason is StopReason.BUDGET
    assert entered(machine) > 0
    engine_of(machine).tuning.hot = 1 << 60
    machine.storage.write(0, storage)
    machine.gr._values[:] = [(v + 0x80000000 & 0xFFFFFFFF) - 0x80000000 for v in registers]
    machine.psw = psw


def entered(machine: Machine) -> int:
    """How often regions were entered."""
    count: int = engine_of(machine)._words[state.ENTERED >> 3]
    return count


def natively(machine: Machine, instructions: int) -> int:
    """Run; gives how many of the instructions were native ones."""
    engine = engine_of(machine)
    before = engine.native_instructions
    machine.run(instructions)
    return engine.native_instructions - before


def translated(m: Machine, frames: list[int]) -> None:
    """Pages of 4K at these frames, DAT on."""
    m.storage.write(0xE000, (0xF000E040).to_bytes(4, "big") + b"\0\0\0\1" * 15)
    m.storage.write(0xE040, b"".join((frame << 4).to_bytes(2, "big") for frame in frames))
    m.set_cr(0, 0x00800000)
    m.set_cr(1, 0xE000)
    m.psw = PSW(4, 0, 8, address=CODE)


def regions(m: Machine) -> bool:
    """Whether there are any."""
    return engine_of(m).name == TRANSLATED
