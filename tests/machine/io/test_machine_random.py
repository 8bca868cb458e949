"""Random guests that do I/O in virtual time: in whatever pieces, and by whichever engine, it is the same run."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from slow import FAIL, PRINT, READ, REFUSE, REWIND, SEEK, SKIP_NEXT, SPACE, WRITE, Slow, ccw

from cpvm.machine import Machine, Stop, StopReason
from cpvm.machine.channel import SELECTOR
from cpvm.machine.engines import COMPILED, REFERENCE, available
from cpvm.s370.psw import PSW, WAIT

ADDRESSES = (0x010, 0x180, 0x181, 0x182, 0x280, 0x281)
INSTRUCTIONS = ("9C00", "9C00", "9C00", "9C01", "9D00", "9D00", "9D01", "9E00", "9E01", "9F00", "B203")
CODES = (READ, WRITE, PRINT, SEEK, REWIND, SPACE, FAIL, SKIP_NEXT, REFUSE, 0x03, 0x04)
PROGRAMS, CODE, LIMIT = 12, 0x1000, 3000


def guest(seed: int, engine: str = REFERENCE) -> Machine:
    """A machine at the beginning of a random program, which it goes through again and again."""
    rng = random.Random(seed)
    m = Machine(1 << 16, immediate_io=False, engine=engine)
    m.io.types[2] = SELECTOR
    for address in ADDRESSES:
        m.attach(address, Slow())
    for n in range(PROGRAMS):
        chain = [
            ccw(rng.choice(CODES), rng.choice((0x20, 0x60, 0x60, 0x68)), rng.randrange(1, 9), 0x5000) for _ in range(4)
        ]
        chain[-1] = ccw(chain[-1].command, 0x20)
        m.storage.write(0x4000 + 64 * n, b"".join(c.to_bytes() for c in chain))
        m.storage.write(0x4800 + 4 * n, (0x4000 + 64 * n).to_bytes(4, "big"))
    text = ""
    for _ in range(40):
        match rng.randrange(8):
            case 0:
                text += f"D2030048{0x2000 + 4 * rng.randrange(PROGRAMS):04X}"  # MVC CAW, one of those at register 2
            case 1:
                loop = len(text) // 2 + 4
                text += f"4160{rng.randrange(1, 200):04X}" + f"4660{0x1000 | loop:04X}"  # LA, and BCT to itself
            case 2:
                text += "80003000" if rng.random() < 0.5 else "80003001"  # SSM: on, off
            case 3:
                text += "0A00"  # SVC: waits for an interruption
            case _:
                text += f"{rng.choice(INSTRUCTIONS)}0{rng.choice(ADDRESSES):03X}"
    text += "47F01000"
    m.storage.write(CODE, bytes.fromhex(text))
    m.storage.write(0x4900, b"\xfe\x00")
    m.storage.write(0x60, bytes.fromhex("0000000000000700"))  # SVC: LPSW of a wait that goes on behind it
    m.storage.write(0x700, bytes.fromhex("96020021" + "96FE0020" + "82000020"))
    m.storage.write(0x78, bytes.fromhex("0000000000000740"))  # I/O: counts, and goes on, no longer waiting
    m.storage.write(0x740, bytes.fromhex("41505001" + "94FD0039" + "82000038"))
    m.gr[1], m.gr[2], m.gr[3] = CODE, 0x4800, 0x4900
    m.psw = PSW(address=CODE)
    return m


def run(m: Machine, pieces: random.Random | None) -> Stop:
    """Run for LIMIT instructions, or as long as the machine can."""
    left = LIMIT
    while True:
        stop = m.run(left if pieces is None else min(left, pieces.choice((1, 2, 7, 50, 400))))
        left -= stop.instructions
        if stop.reason is StopReason.WAIT:  # for nothing: let it go on
            m.psw = replace(m.psw, mode=m.psw.mode & ~WAIT)
        elif left <= 0 or stop.reason is not StopReason.BUDGET:
            return stop


def everything(m: Machine) -> tuple[object, ...]:
    timers = m.cpu.timers.save()
    timers.pop("_last")
    return list(m.gr), m.psw, timers, m.io.save(), m.io.agenda.now, m.storage.read(0, 1 << 16), bytes(m.storage.keys)


@pytest.mark.parametrize("seed", range(25))
def test_a_run_in_pieces_is_the_same(seed: int) -> None:
    one, other = guest(seed), guest(seed)
    assert run(one, None).reason is run(other, random.Random(seed)).reason
    assert everything(one) == everything(other)


@pytest.mark.skipif(not available(), reason="there is no compiled engine")
@pytest.mark.parametrize("seed", range(10))
def test_the_compiled_engine_is_the_same(seed: int) -> None:
    one, other = guest(seed), guest(seed, COMPILED)
    assert run(one, None).reason is run(other, random.Random(seed)).reason
    assert everything(one) == everything(other)


def test_guests_do_something() -> None:
    machines = [guest(seed) for seed in range(25)]
    for m in machines:
        run(m, None)
    assert sum(m.gr[5] for m in machines) > 500, "interruptions"
    assert sum(m.io.agenda.now for m in machines) > 100_000
