"""Guests that ask CP for anything at all: every DIAGNOSE code with wild operands, and channel programs made at random.

The guest may stop in any way that a guest can; CP has no error of its own, and other users work on.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest

from cpvm.cp.hosthalf import HostHalf
from cpvm.cp.session import ReadState
from cpvm.cp.vmblok import VMBLOK
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.s370.psw import PSW

from .helper import Site

PATIENCE_ROUNDS = 100_000
DISABLED_WAIT = bytes.fromhex("0002000000000BAD")
COMMANDS = (
    b"",
    *map(to_ebcdic, ("Q TIME", "MSG * HI", "FROB", "D G", "SPOOL PUN TO *", "CLOSE PUN", "DEF 1403 0FF", "BEGIN")),
)
SPECIAL = "DEF LINE 0B0#DEF LINE 0B1 3215#DEF CTCA 0E0#DEF CTCA 0E1#COUPLE 0E0 * 0E1#DEF GRAF 0C0#DEF TIMER 0FF"
DEVICES = (0x0B0, 0x0B1, 0x0E0, 0x0E1, 0x0C0, 0x0FF, 0x009, 0x00C, 0x00D, 0x00E, 0x190, 0x191, 0x777, 0xFFFFFFFF, 0)
CCW_CODES = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    0x0A,
    0x0D,
    0x11,
    0x12,
    0x15,
    0x1B,
    0x1D,
    0x1E,
    0x1F,
    0x23,
    0x27,
    0x29,
    0x2F,
    0x31,
    0x42,
    0x47,
)


class Half(HostHalf):
    """Asks for the end at once, or returns what nobody expects."""

    def step(self, reply: bytes) -> bytes:
        return bytes(2) if len(reply) % 2 else bytes(1000)

    def save(self) -> dict[str, object]:
        return {}

    def load(self, state: dict[str, object]) -> None:
        pass


def value(dice: random.Random, size: int) -> int:
    """An operand: an address inside, at the edge or outside, a device, a small or a negative number."""
    return dice.choice((
        dice.randrange(size), dice.randrange(size) & ~7, size - dice.randrange(16), dice.randrange(1 << 32),
        dice.choice(DEVICES), dice.randrange(256), -dice.randrange(256) & 0xFFFFFFFF, 0x40000000 | dice.randrange(300),
    ))  # fmt: skip


def ccws(dice: random.Random, size: int) -> bytes:
    """Channel commands, some of them sensible."""
    return b"".join(
        struct.pack(
            ">IHH", dice.choice(CCW_CODES) << 24 | value(dice, size) & 0xFFFFFF,
            dice.choice((0, 0x4000, 0x6000, 0x2000, 0x8000, 0x1000, 0x0400)), dice.choice((0, 1, 5, 6, 80, 800, 65535)),
        )
        for _ in range(16)
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_wild_diagnoses(site: Site, seed: int) -> None:
    dice = random.Random(seed)
    site.system.host_halves["HALF"] = Half
    other = site.logon("USER01", "SECRET")
    terminal = site.logon("CMSUSER")
    terminal.type(SPECIAL)
    site.terminal().session.line("DIAL CMSUSER 0B1")
    for code in (*range(0, 0x200, 4), 0x08, 0x18, 0x20, 0x24, 0x100, 0x101, 0xFFF):
        for _ in range(3):
            _one_call(site, dice, code)
            terminal.session.attention()  # it may wait, or loop
            terminal.until(ReadState.CP_READ)
            site.on_cp(lambda: None)
            while site.system.users["CMSUSER"].function is not None:
                terminal.session.attention()
                site.on_cp(lambda: None)
        assert other.type("QUERY USERID") == ["USER01   AT CPVM"]
    assert not [line for line in site.system.log.lines if "DMKPSA908I" in line]
    assert not [line for line in terminal.transcript if "DMKDSP455W" in line or "908E" in line]


def start(site: Site, prepare: Callable[[VMBLOK], None]) -> None:
    """Have PREPARE make CMSUSER's machine ready, let it run, and see that it did."""
    vm = site.system.users["CMSUSER"]
    used = vm.usage.virtual_ns

    def begin() -> None:
        vm.reset()
        prepare(vm)
        vm.begin()

    site.on_cp(begin)
    for _ in range(PATIENCE_ROUNDS):
        if vm.usage.virtual_ns != used:
            return
        site.on_cp(lambda: None)
    raise AssertionError("the machine does not run")


def _one_call(site: Site, dice: random.Random, code: int) -> None:
    def prepare(vm: VMBLOK) -> None:
        machine, size = vm.machine, vm.machine.storage.size
        for at in range(0x400, 0x1000, 0x80):
            machine.storage.write(at, ccws(dice, size))
        machine.storage.write(0x800, dice.choice(COMMANDS).ljust(64, b"\x15"))
        machine.storage.write(0xA00, to_ebcdic("HALF    ") + struct.pack(">HHIIIII", dice.randrange(4), 0, *(
            value(dice, size) for _ in range(4)), 0))  # fmt: skip
        for number in range(16):
            machine.gr[number] = value(dice, size)
        rx, ry = dice.randrange(16), dice.randrange(16)
        machine.gr[rx] = dice.choice((0x800, 0xA00, *DEVICES, value(dice, size)))
        machine.gr[ry] = dice.choice((8, 0x40000008, 0x400, 0x480, value(dice, size)))
        machine.storage.write(0x200, bytes((0x83, rx << 4 | ry)) + code.to_bytes(2, "big") + bytes.fromhex("82000210"))
        for at in (0x58, 0x60, 0x68, 0x70, 0x78, 0x210):
            machine.storage.write(at, DISABLED_WAIT)
        machine.psw = PSW.from_bytes(bytes.fromhex("0000000000000200"))

    start(site, prepare)


@pytest.mark.parametrize("seed", range(3))
def test_wild_channel_programs(site: Site, seed: int) -> None:
    dice = random.Random(seed)
    other = site.logon("USER01", "SECRET")
    terminal = site.logon("CMSUSER")
    terminal.type(SPECIAL)
    site.terminal().session.line("DIAL CMSUSER 0B1")
    for _ in range(150):

        def prepare(vm: VMBLOK) -> None:
            machine, size = vm.machine, vm.machine.storage.size
            for at in range(0x400, 0x1000, 0x80):
                machine.storage.write(at, ccws(dice, size))
            machine.storage.write(
                0x48,
                (dice.randrange(16) << 28 | dice.choice((0x400, 0x480, value(dice, size) & 0xFFFFFF))).to_bytes(
                    4, "big"
                ),
            )
            device = dice.choice(DEVICES) & 0xFFF
            # SIO, TIO or HIO with the device's address in general register 1, over and over
            machine.gr[1] = device
            machine.storage.write(
                0x200,
                bytes((dice.choice((0x9C, 0x9C, 0x9D, 0x9E)), dice.choice((0, 0, 0, 1)), 0x10, 0))
                + bytes.fromhex("47F00200"),
            )
            machine.storage.write(0x78, dice.choice((DISABLED_WAIT, bytes.fromhex("FF00000000000200"))))
            machine.storage.write(0x68, DISABLED_WAIT)
            machine.psw = PSW.from_bytes(bytes.fromhex("FF00000000000200"))

        start(site, prepare)
        assert other.type("QUERY USERID") == ["USER01   AT CPVM"]
        terminal.session.attention()
        terminal.until(ReadState.CP_READ)
    assert not [line for line in site.system.log.lines if "DMKPSA908I" in line]
    assert not [line for line in terminal.transcript if "DMKDSP455W" in line]
