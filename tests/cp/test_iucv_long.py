"""The Inter-User Communication Vehicle with requests made at random, and for long."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp.iucvblok import Function, List
from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.machine import ProgramCheck
from cpvm.s370.ebcdic import to_ebcdic

from .helper import Site
from .test_iucv import CONNECTED


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    System.create(tmp_path, CONNECTED)
    site = Site(tmp_path)
    yield site
    site.system.shutdown()


@pytest.mark.parametrize("seed", range(2))
def test_wild_requests_harm_nobody(site: Site, seed: int) -> None:
    dice = random.Random(seed)
    terminals = [site.logon(*names) for names in (("CMSUSER", None), ("USER01", "SECRET"), ("MAINT", "CPCMS"))]
    names = ["CMSUSER", "USER01", "MAINT", "*MSG", "*MSGALL", "NOBODY"]
    numbers = (0, 1, 8, 0x1000, 0x1100, 0x2000, 0x3FFF8, 0x40000, 0xFFFFFFFF, 0x80000000)
    codes: set[int] = set()

    def storm() -> None:
        for _ in range(4000):
            vm = site.system.users[dice.choice(names[:3])]
            fields = struct.pack(
                ">HBxI8I", dice.randrange(4), dice.choice((0, 0, 1, 0x10, 0x10, 0x80, 0x20, 0x48, dice.randrange(256))),
                dice.choice((0, dice.randrange(300))), *(dice.choice(numbers) for _ in range(8)),
            )  # fmt: skip
            asked = bytearray(fields)
            if dice.random() < 0.3:
                asked[4:8] = b"\0\0\0\0"
                asked[8:16] = to_ebcdic(f"{dice.choice(names):<8}")
            vm.machine.storage.write(0x1000, bytes(asked))
            try:
                vm.iucv.instruction(dice.choice((*range(3, 13), 4, 4, 5, 10, 11, 12, *range(18), 99)), 0x1000)
            except ProgramCheck as check:
                codes.add(-check.code)
            for action in vm.after_slice:
                action()
            vm.after_slice.clear()
            vm.holds = 0
            codes.add(vm.machine.storage.read(0x1003, 1)[0])
            if dice.random() < 0.3 and 0x4000 in vm.machine.interruptions.others:
                vm.machine.interruptions.others.remove(0x4000)
                vm.machine.interruptions.presenting[0x4000]()
            if dice.random() < 0.003:
                vm.reset()

    site.on_cp(storm)
    assert len(codes) > 9
    assert terminals[0].type("QUERY USERID") == ["CMSUSER  AT CPVM"]
    assert not [line for line in site.system.log.lines if "908I" in line]


ROUNDS = 500


def test_two_machines_answer_each_other_for_long(site: Site) -> None:
    """Each receives what comes and sends a message of its own, while both may run at the same time."""
    program = {
        0x500: "95090803 47700544 41000005 41400700 D22707000740 B2F04000 47700550 58600610 41660001 50600610",
        0x52A: "41000004 D22707000770 B2F04000 47700550 07000700 07000700 82000608",
        0x550: "82000618",
        0x400: "B7000600 82000608",
        0x58: "00000000 00000500",
        0x68: "00020000 00000EEE",
        0x600: "00000002 00000000 01020000 00000000 00000000 00000000 00020000 00000BAD",
        0x740: "00000100 00000000 00000000 00000900 00000064" + "00" * 20,
        0x770: "00001000 00000000 00000000 00000610 00000004" + "00" * 20,
    }
    terminals = [site.logon("CMSUSER"), site.logon("USER01", "SECRET")]
    one, two = (site.system.users[name] for name in ("CMSUSER", "USER01"))

    def prepare() -> None:
        for vm in (one, two):
            for at, data in program.items():
                vm.machine.storage.write(at, bytes.fromhex(data))
            declared = List()
            declared.put(12, 0x800)
            vm.iucv._perform(Function.DECLARE_BUFFER, declared, 0)
        asked = List()
        asked.put_bytes(8, to_ebcdic("USER01  "))
        assert one.iucv._perform(Function.CONNECT, asked, 0) == 0
        assert two.iucv._perform(Function.ACCEPT, List(), 0) == 0

    site.on_cp(prepare)
    for terminal in terminals:
        terminal.type("BEGIN 400", ReadState.RUNNING)
    site.on_cp(lambda: one.iucv._perform(Function.SEND, List(bytes.fromhex(program[0x770])), 0))
    counts: list[int] = []

    def look() -> None:
        counts[:] = [int.from_bytes(vm.machine.storage.read(0x610, 4), "big") for vm in (one, two)]

    for _ in range(200_000):
        site.on_cp(look)
        if min(counts) >= ROUNDS:
            break
    assert min(counts) >= ROUNDS
    for terminal in terminals:
        terminal.session.attention()
        assert terminal.until(ReadState.CP_READ)[-1] == "CP"
        assert not [line for line in terminal.transcript if "DISABLED WAIT" in line]
