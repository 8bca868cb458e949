"""Files of the host become reader files of users: the folder of a real reader, and what `cpvm read` hands over.

A host file is taken exactly once: its identity goes to the database with the spool file, in one transaction, and only
then it is removed; what a kill leaves of the two is put right at the next look.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpvm.cp.realunit.idcard import Address
from cpvm.cp.spool import Spool, SpoolFile
from cpvm.cp.spoolfile import CARD

if TYPE_CHECKING:
    from cpvm.cp.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS reader_taken (identity TEXT PRIMARY KEY, spoolid INTEGER NOT NULL);"


def identity(path: Path) -> str:
    """What tells this file from all others that ever had its name. Raises OSError."""
    status = os.lstat(path)
    return f"{path.name}/{status.st_ino}/{status.st_size}/{status.st_mtime_ns}"


def make_reader_file(
    spool: Spool,
    address: Address,
    cards: Iterable[bytes],
    *,
    origin: str,
    distribution: str,
    kind: str = "RDR",
    taken: str = "",
) -> SpoolFile:
    """A reader file of the user in ADDRESS. TAKEN is the identity of the host file that it was made of.

    Raises SpoolError or sqlite3.Error; then there is no file.
    """
    writer = spool.open()
    try:
        for card in cards:
            writer.put(CARD, card)

        def note(db: Any) -> None:
            if taken:
                db.execute("INSERT OR REPLACE INTO reader_taken VALUES (?, ?)", (taken, writer.spoolid))

        return writer.close(
            queue="RDR",
            owner=address.userid,
            origin=origin,
            kind=kind,
            spool_class=address.spool_class,
            copies=1,
            hold=False,
            dist=distribution,
            name=address.name,
            filetype=address.type,
            also=note,
        )
    except Exception:
        writer.discard()
        raise


def was_taken(database: Database, identity: str) -> bool:
    """True if a spool file was made of this host file."""
    return bool(database.query("SELECT 1 FROM reader_taken WHERE identity = ?", identity))


def forget(database: Database, identity: str) -> None:
    """The host file is gone."""
    with database.transaction() as db:
        db.execute("DELETE FROM reader_taken WHERE identity = ?", (identity,))
