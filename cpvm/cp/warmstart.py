"""How the spool is started: warm, from the checkpoint, by force, or cold (DMKWRM, DMKCKS).

VM/370 kept its queues in storage, saved them at SHUTDOWN for a warm start, and noted changes on checkpoint cylinders
for what follows a failure. Here each change is committed as it is made, so a warm start always finds all closed files.
After a failure a checkpoint start looks whether the files are whole. (GC20-1806, *Operator's Guide*, "Starting".)
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from cpvm.cp.message import message
from cpvm.cp.spool import QUEUES, SpoolFile
from cpvm.cp.spoolfile import ERRORS, LOAD_FORMS

if TYPE_CHECKING:
    from cpvm.cp.system import System

NO_WARM_DATA = message("DMKWRM920I", "NO WARM START DATA; CKPT START FOR RETRY")
DAMAGED_HELD = message("DMKCKS916E", "ERROR ALLOCATING SPOOL FILE BUFFERS; FILE {:04} OF {} HELD")
DAMAGED_PURGED = message("DMKCKS917E", "ERROR ALLOCATING SPOOL FILE BUFFERS; FILE {:04} OF {} PURGED")
SAVED = message("DMKCKP960I", "System WARM START data saved")
_STATE, _SAVED, _IN_USE = "warm start", "SAVED", "IN USE"


class Start(StrEnum):
    """What the operator answers to `Start ((Warm|Ckpt|Force|Cold) (Drain))|(Shutdown) :`."""

    WARM = "warm"  # all files and holds; after a failure it goes on as a checkpoint start
    CKPT = "ckpt"  # files that are not whole are held
    FORCE = "force"  # files that are not whole are purged
    COLD = "cold"  # no files, no holds


def start_spool(system: System, how: Start) -> None:
    """Have the spool as the operator wants it; from now on it is in use."""
    spool = system.spool
    if how is Start.WARM and spool.state(_STATE) == _IN_USE:
        system.log.write(NO_WARM_DATA.full())
        how = Start.CKPT
    if how is Start.COLD:
        spool.erase()
    elif how is not Start.WARM:
        for file in [file for queue in QUEUES for file in spool.files(queue)]:
            if not _whole(system, file):
                _damaged(system, file, purge=how is Start.FORCE)
    spool.note(_STATE, _IN_USE)


def save(system: System) -> None:
    """SHUTDOWN: the next warm start finds all as it was. The operator is told when that is so, not before."""
    system.spool.note(_STATE, _SAVED)
    system.log.write(SAVED.full())


def _whole(system: System, file: SpoolFile) -> bool:
    """True if all records of a file can be read."""
    try:
        records = sum(1 for record in system.spool.records(file.spoolid) if record.opcode != LOAD_FORMS)
    except (sqlite3.Error, *ERRORS):
        return False
    return records == file.records


def _damaged(system: System, file: SpoolFile, *, purge: bool) -> None:
    if purge:
        system.spool.purge(file)
        system.log.write(DAMAGED_PURGED.full(file.spoolid, file.owner))
    elif not file.system_hold:
        system.spool.update(replace(file, system_hold=True))
        system.log.write(DAMAGED_HELD.full(file.spoolid, file.owner))
