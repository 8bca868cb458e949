"""Whatever is typed, CP answers in its own form: no error of CP's own comes up."""

from __future__ import annotations

import random

import pytest

from cpvm.cp.command import COMMANDS
from cpvm.cp.commands.query import QUERIES
from cpvm.cp.commands.set import SETTINGS
from cpvm.cp.registry import discover

from .helper import Site

OPERAND_WORDS = """
    ALL RDR PRT PUN CONS READER CLASS A B * TO FROM FOR OFF ON USER01 CMSUSER NOSUCH SYSTEM 191 190 00C 00D 009 FFF
    1 2 0001 9999 0 -1 G G0-15 G5.3 Y0 X1 PSW CAW T100.20 L0-20 K0-END S100 ZZZ 00000000 ABCDEF12 END 0-END 1M 512K
    AS HOLD NOHOLD CONT NOCONT COPY 99 100 NAME FN FT DIST CLOSE PURGE START STOP EOF R RR W MW PASS= = . - : @ %
    TOOLONGUSERID STORAGE CLEAR RESET FILE DEV QUERY LINEND MODE VM CP IPL 1403 3215 PARM STATUS SEC 5 é ß あ
"""
OPERANDS = OPERAND_WORDS.split()
PATIENCE_ROUNDS = 100_000
LEFT_OUT = {"LOGOFF", "LOGOUT", "DISCONN", "SLEEP", "SHUTDOWN", "FORCE"}  # they end the session, or wait


@pytest.mark.parametrize("seed", range(4))
def test_random_commands(site: Site, seed: int) -> None:
    discover("cpvm.cp.commands")
    dice = random.Random(seed)
    words = [name for name, _, _ in COMMANDS if name not in LEFT_OUT]
    queries, settings = [name for name, _, _ in QUERIES], [name for name, _, _ in SETTINGS]
    terminal = site.logon("MAINT", "CPCMS")
    vm = site.system.users["MAINT"]
    for _ in range(500):
        verb = dice.choice(words)
        second = {"QUERY": queries, "SET": settings}.get(verb, OPERANDS)
        operands = [dice.choice(second), *(dice.choice(OPERANDS) for _ in range(dice.randrange(4)))]
        line = " ".join([verb[: dice.randrange(1, len(verb) + 1)], *operands])
        terminal.session.line(line)
        terminal.session.attention()  # ends what waits for an answer, and stops the machine
        for _ in range(PATIENCE_ROUNDS):
            site.on_cp(lambda: None)
            if vm.function is None:
                break
        else:
            raise AssertionError(f"{line} does not end")
        assert vm.console.cp_read, line
    terminal.session.line("SYSTEM CLEAR")
    terminal.until_line("SYSTEM RESET")
    assert not [text for text in terminal.transcript if "DMKCFM908E" in text or "DMKDSP455W" in text]
    assert [text for text in site.system.log.lines if "DMKPSA908I" in text] == []
