"""The programs by which engines are measured give the results that they gave on Hercules 3.13, their loops shorter."""

import sys
from pathlib import Path

import pytest

from cpvm.machine import Machine, StopReason
from cpvm.s370.psw import PSW

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.engine import PROGRAMS, STORAGE, image
from bench.peer import wait_code

RESULTS = {
    "cold": (1, 0x209003),
    "decimal": (200, 0x61C78C),
    "dhry": (300, 0xFDD193),
    "float": (250, 0x7D4584),
    "integer": (12500, 0x0155CC),
    "list": (3, 0x5B9938),
    "long": (10, 0x00000A),
    "modify": (7500, 0x0E7CEE),
    "recurse": (1, 0x001055),
    "sieve": (1, 0x00198E),
    "strings": (200, 0x001A90),
    "superv": (30, 0xD22526),
}
"""How often the loop runs, and the wait code."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program(name: str) -> None:
    loops, code = RESULTS[name]
    machine = Machine(STORAGE)
    machine.storage.write(0, image(name, loops))
    machine.psw = PSW(address=0x200)
    stop = machine.run(10_000_000)
    assert stop.reason is StopReason.DISABLED_WAIT
    assert f"{stop.detail:06X}" == f"{code:06X}"


@pytest.mark.once
@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (b"HHCCP011I CPU0000: Disabled wait state\r\n          PSW=00020000 80DEAD58\r\n", 0xDEAD58),
        (b"HHC00809I Processor CP00: disabled wait state 00020000 0000600D\r\n", 0x600D),
        (b"\x1b[0m10:11:12 HHC00809I Processor CP00: disabled wait state 00020000 0000600D\x1b[0m\n", 0x600D),
        (b"HHC00809I Processor CP00: disabled wait state PSW=000200000000600D\n", 0x600D),
        (b"HHC00811I Processor CP00: architecture mode S/370\nHHC02228I key pressed\n", None),
        (b"HHCCP011I CPU0000: Disabled wait state\r\n          PSW=0002", None),
    ],
)
def test_what_hercules_says(shown: bytes, code: int | None) -> None:
    assert wait_code(shown) == code
