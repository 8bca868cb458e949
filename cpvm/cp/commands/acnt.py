"""ACNT: accounting records now, and as cards (DMKCPV, DMKACO)."""

from __future__ import annotations

import sqlite3
import time

from cpvm.cp import accounting
from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import NOT_LOGGED_ON, OPERAND_MISSING, message
from cpvm.cp.operand import Operands
from cpvm.cp.spool import SpoolError

NO_SPACE = message("427I", "SPOOL SPACE FULL; NO CARDS PUNCHED")
_CARD = 0x41


@command("ACNT", module="DMKCPV", minimum=4, classes="A", syntax="ACNT userid ...|ALL|CLOSE")
def acnt(request: Request, operands: Operands) -> Answer:
    """Make records of what the users named have used since the last ones; CLOSE only punches what there is."""
    system = request.system
    words = operands.remaining()
    if not words:
        raise OPERAND_MISSING.error()
    if words == ["ALL"]:
        chosen = list(system.users.values())
    elif words == ["CLOSE"]:
        chosen = []
    else:
        names = [request.userid(word) for word in words]
        missing = next((name for name in names if name not in system.users), None)
        if missing is not None:
            raise NOT_LOGGED_ON.error(missing)
        chosen = [system.users[name] for name in names]
    for vm in chosen:
        if vm.acnt:
            vm.console.write_cp(vm.usage.line())
        vm.account()
    _punch(request)
    return 0


def _punch(request: Request) -> None:
    """All records that were not punched yet, as cards of class C in the punch queue of OPERATOR."""
    system = request.system
    last, cards = accounting.unpunched(system.database)
    if not cards:
        request.write("NO ACCOUNTING RECORDS")
        return

    def note(db: object) -> None:
        assert isinstance(db, sqlite3.Connection)
        accounting.punched(db, last)

    try:
        writer = system.spool.open()
        for card in cards:
            writer.put(_CARD, card)
        file = writer.close(
            queue="PUN",
            owner="OPERATOR",
            origin="SYSTEM",
            kind="PUN",
            spool_class="C",
            copies=1,
            hold=False,
            dist="SYSTEM",
            name="ACCOUNT",
            filetype=time.strftime("D%y%j"),
            also=note,
        )
    except SpoolError:
        raise NO_SPACE.error() from None
    request.write(f"PUN FILE {file.spoolid:04} FOR {file.owner:<8} COPY 001 NOHOLD, {len(cards):04} RECORDS")
