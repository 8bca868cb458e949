"""Nothing that a guest executes makes the host fail.

    python tests/machine/test_cpu_random.py [seconds]

goes on for longer, with other seeds.
"""

import random
import sys
import time

import pytest

from cpvm.machine import Machine, StopReason
from cpvm.machine.devices.console3215 import Console3215
from cpvm.s370.insn import table
from cpvm.s370.psw import PSW

SIZE = 1 << 16
OPCODES = sorted(opcode if opcode < 256 else opcode >> 8 for opcode in table())


class Nowhere:
    """A console's back end without a paper."""

    def write(self, data: bytes, newline: bool) -> None: ...

    def read(self, limit: int) -> None: ...

    def alarm(self) -> None: ...


def storm(seed: int, instructions: int) -> int:
    """Run a machine full of random bytes, started anew wherever it stops; gives the instructions executed."""
    r = random.Random(seed)
    m = Machine(SIZE)
    console = Console3215(Nowhere())
    m.attach(0x009, console)
    done = 0
    while done < instructions:
        text = bytearray(r.randbytes(SIZE))
        if r.random() < 0.7:
            for i in range(0, SIZE, 4):
                text[i] = r.choice(OPCODES)
                if r.random() < 0.5:
                    text[i + 2] &= 0x3F
        m.storage.write(0, bytes(text))
        for old in range(0x58, 0x80, 8):
            if r.random() < 0.8:
                m.storage.write(old, PSW(mode=r.choice((0, 8)), address=r.randrange(SIZE) & ~1).to_bytes())
        for block in range(0, SIZE, 2048):
            m.storage.set_key(block, r.choice((0, 0, 0x10, 0x18, r.getrandbits(8))))
        for n in range(16):
            m.gr[n] = r.choice((r.getrandbits(32), r.randrange(SIZE)))
        for _ in range(20):
            system_mask = r.choice((0, 0, 0xFF, 1))
            mode = r.choice((0, 0, 1, 8, 9))
            if mode & 8:
                system_mask &= r.choice((0x43, 0x47))
                m.set_cr(0, r.choice((0x00800000, 0x00400000, 0x00900000, r.getrandbits(32))))
                m.set_cr(1, r.randrange(SIZE) | r.getrandbits(8) << 24)
            m.psw = PSW(system_mask, r.choice((0, 0, 1)), mode, address=r.randrange(SIZE) & ~1)
            if r.random() < 0.1:
                m.external(r.choice((0x40, 0x1200, 0x4001)))
            if console.reading:
                console.enter(r.randbytes(20))
            stop = m.run(500)
            done += max(1, stop.instructions)
            if stop.reason is StopReason.BUDGET:
                assert stop.instructions == 500
        if r.random() < 0.2:
            m.reset()
    return done


@pytest.mark.parametrize("seed", range(8))
def test_random_instructions_do_no_harm(seed: int) -> None:
    assert storm(seed, 25_000) >= 25_000


if __name__ == "__main__":
    end = time.monotonic() + float(sys.argv[1] if len(sys.argv) > 1 else 60)
    number = total = 0
    while time.monotonic() < end:
        number += 1
        total += storm(1000 + number, 100_000)
    print(f"{total} instructions")
