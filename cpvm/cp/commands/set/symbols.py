"""SET SYMBOLS: names for places in the virtual machine's storage, for TRACE, PER, DISPLAY, STORE and ADSTOP."""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Generator
from typing import Any

from cpvm.cp.command import Answer, Effect, Request, pause
from cpvm.cp.commands.set import setting
from cpvm.cp.message import INVALID_DATA, INVALID_HEXLOC, SPOOLID_UNKNOWN, message
from cpvm.cp.operand import Operands, decimal, hexadecimal
from cpvm.cp.place import location
from cpvm.cp.symboltable import LIMIT, read_records

NO_SYMBOLS = message("189E", "SPOOL FILE {:04} TELLS NO SYMBOLS")
_NAME = re.compile(r"[A-Z@#$_][A-Z0-9@#$_]{0,30}")
_BREATH = 5000
_MOST = 1_000_000  # records


@setting("SYMBOLS", minimum=3)
def set_symbols(request: Request, operands: Operands) -> Answer:
    """SET SYMBOLS RDR spoolid [base], SET SYMBOLS name hexloc, SET SYMBOLS OFF."""
    word = operands.need()
    vm = request.vm
    if word == "OFF" and operands.peek() is None:
        vm.names.clear()
        return 0
    if word in ("RDR", "READER"):
        spoolid = decimal(operands.take(), 1, 9900)
        typed = operands.take()
        operands.end()
        return _from_reader(request, spoolid, location(vm, typed) if typed is not None else 0)
    if not _NAME.fullmatch(word):
        raise INVALID_DATA.error(word)
    address = hexadecimal(operands.need(INVALID_HEXLOC, ""), 6)
    operands.end()
    vm.names.add([(word, address)])
    return 0


def _from_reader(request: Request, spoolid: int, base: int) -> Generator[Effect, Any, int | None]:
    spool = request.system.spool
    file = spool.file(spoolid)
    if file is None or file.owner != request.vm.userid or file.queue != "RDR":
        raise SPOOLID_UNKNOWN.error(f"{spoolid:04}")
    records: list[bytes] = []
    try:
        for record in spool.records(spoolid):
            records.append(record.data)
            if len(records) % _BREATH == 0:
                yield from pause(0)
            if len(records) > _MOST:
                break
    except (sqlite3.Error, zlib.error):
        raise NO_SYMBOLS.error(spoolid) from None
    count = request.vm.names.add(read_records(records), base)
    if not count:
        raise NO_SYMBOLS.error(spoolid)
    request.inform(f"{count} SYMBOLS" + (f"; ONLY {LIMIT} ARE KEPT" if len(request.vm.names) >= LIMIT else ""))
    return 0
