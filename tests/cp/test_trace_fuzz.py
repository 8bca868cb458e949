"""Whatever is traced, and however: the machine can be stopped, and CP has no errors of its own."""

from __future__ import annotations

import random

import pytest

from .helper import Site

PROGRAM = (
    "S200 41100003", "S204 0ACA", "S206 46100204", "S20A 9C000009", "S20E 8300000C", "S212 44000230",
    "S216 47F00200", "S230 D20303000200", "S300 41220001", "S304 82000020", "S60 0000000000000300",
    "S68 0000000000000200", "S48 00000240", "S240 0900030020000001",
)  # fmt: skip
COMMANDS = (
    "TRACE", "TRACE", "TRACE", "PER", "PER", "PER", "DISPLAY", "STORE", "DUMP", "VMDUMP", "ADSTOP", "QUERY TRACE",
    "QUERY PER", "QUERY SYMBOLS", "SET SYMBOLS", "EXTERNAL", "BEGIN", "BEGIN", "STORE PSW 0 200", "BEGIN 200",
)  # fmt: skip
OPERANDS = """
    SVC I/O PROGRAM EXTERNAL PRIV SIO CCW BRANCH INSTRUCT ALL CSW DIAG STORE G G5 G1-3 LA MVC END RANGE INTO DATA MASK
    REG SKIP PASS STEP STOP CMD IDENT RUN NORUN PRINTER TERMINAL BOTH OFF GOTO CALL RETURN SET SUSPEND RESUME DELETE
    COUNT 200-210 200 300.4 0 FFFFFF 12 5 05EF 4X A ; LOOP LOOP+2 NOTERM NOPRINT B I M ST PA GET SAVE QUERY CLEAR DUMP
    80 2K * BEGIN I200.10 T0.20 V0-1000 K0-END X Y2 PSW CAW ;G5 TO FORMAT *DUMP ON
"""
WORDS = OPERANDS.split()
PATIENCE_ROUNDS = 100_000


@pytest.mark.parametrize("seed", range(3))
def test_random_tracing(site: Site, seed: int) -> None:
    dice = random.Random(seed)
    terminal = site.logon("MAINT", "CPCMS")
    vm = site.system.users["MAINT"]
    for line in PROGRAM:
        terminal.type(f"STORE {line}")
    for _ in range(250):
        line = " ".join((dice.choice(COMMANDS), *(dice.choice(WORDS) for _ in range(dice.randrange(5)))))
        terminal.session.line(line)
        for turn in range(PATIENCE_ROUNDS):
            if turn % 50 == 0:
                terminal.session.attention()  # what a trap has CP do may take the first one
            site.on_cp(lambda: None)
            if vm.function is None and vm.console.cp_read:
                break
        else:
            raise AssertionError(f"{line}: the machine cannot be stopped")
    terminal.session.line("TRACE END#PER END#QUERY USERS")
    terminal.until_line("USERS, ")
    assert not [text for text in terminal.transcript if "DMKCFM908E" in text or "DMKDSP455W" in text]
    assert [text for text in site.system.log.lines if "DMKPSA908I" in text] == []
