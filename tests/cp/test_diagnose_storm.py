"""Every DIAGNOSE code, thousands of times with operands made at random: program interruptions, but no error of CP's."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cpvm.cp.diagnose import services
from cpvm.cp.system import System
from cpvm.machine import ProgramCheck
from cpvm.s370.ebcdic import to_ebcdic

from .helper import DIRECTORY, Site

CALLS = 150  # of each code
COMMANDS = (
    b"Q TIME",
    b"Q V ALL",
    b"MSG * X",
    b"FROB",
    b"DEF GRAF 0C0",
    b"SPOOL PUN TO *",
    b"CLOSE PUN",
    b"TERM APL ON",
)


@pytest.mark.parametrize("seed", range(2))
def test_no_operand_is_an_error_of_cps(tmp_path: Path, seed: int) -> None:
    System.create(tmp_path, DIRECTORY.replace("256K 2M G\nALIAS CONV", "256K 2M ABCDEFG\nOPTION ACCT\nALIAS CONV"))
    site = Site(tmp_path)
    dice = random.Random(seed)
    user, other = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    user.type("DEFINE GRAF 0C1#DEFINE CTCA 0E0#DEFINE LINE 0B0#DEFINE TIMER 0FF")
    vm = site.system.users["CMSUSER"]
    size, outcomes = vm.machine.storage.size, {0: 0}
    devices = (0x009, 0x00C, 0x00D, 0x00E, 0x191, 0x190, 0x0C1, 0x0E0, 0x0B0, 0x0FF, 0x777, 0xFFFFFFFF)

    def value() -> int:
        return dice.choice((
            dice.randrange(size), dice.randrange(size) & ~0xFFF, dice.randrange(size) & ~7, size - dice.randrange(32),
            dice.choice(devices), dice.randrange(32), dice.randrange(1 << 32), 0x40000000 | dice.randrange(300),
            0x1000, 0x2000,
        ))  # fmt: skip

    def storm(code: int) -> None:
        machine = vm.machine
        for _ in range(CALLS):
            machine.storage.write(0x1000, dice.randbytes(64))
            machine.storage.write(0x2000, to_ebcdic(dice.choice(COMMANDS).decode()).ljust(32, b"\x40"))
            for number in range(16):
                machine.gr[number] = value()
            if code == 0x08:
                machine.gr[4], machine.gr[6] = 0x2000, dice.choice((0x40000014, 20, value()))
            try:
                vm.host.diagnose(machine, code, *(dice.choice(((4, 6), (dice.randrange(16), dice.randrange(16))))))
            except ProgramCheck as check:
                outcomes[check.code] = outcomes.get(check.code, 0) + 1
            else:
                outcomes[0] += 1
            actions, vm.after_slice = vm.after_slice, []
            for action in actions:
                action()
            if vm.function is not None:
                vm.function.cancel()
            vm.holds = 0

    try:
        for service in services():
            site.on_cp(lambda code=service.code: storm(code))  # type: ignore[misc]
        assert outcomes[0] > 500 and {4, 5, 6} <= outcomes.keys()
        assert other.type("QUERY USERID") == ["USER01   AT CPVM"]
        errors = [line for line in site.system.log.lines if "908I" in line or "FAILURE" in line]
        assert not errors, errors[:3]
    finally:
        site.system.shutdown()
