"""The system's SQLite database: directory, spool, accounting, log messages.

Write-ahead log with synchronous=FULL: what was committed is there after any kill of the process or of the host.
Each module that keeps something here declares its tables in its own SCHEMA.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cpvm.cp.private import make_private

FORMAT = 1
_SIZES = ("page_count", "freelist_count", "page_size")


class DatabaseError(Exception):
    """The database cannot be opened, is damaged, or was written by a later cpvm."""


class Database:
    """One connection, for threads that have the system lock (opened by whoever makes the System)."""

    def __init__(self, path: Path, schemas: tuple[str, ...], *, create: bool = False) -> None:
        """Open PATH, or create it. Raises DatabaseError."""
        if not create and not path.exists():
            raise DatabaseError(f"{path} does not exist: no system was created here")
        if create and path.exists():
            raise DatabaseError(f"{path} exists already")
        try:
            make_private(path)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            found = self._db.execute("PRAGMA user_version").fetchone()[0]
            if found not in (0, FORMAT):
                raise DatabaseError(f"{path} has format {found}; this cpvm knows format {FORMAT}")
            for schema in schemas:
                self._db.executescript(schema)
            self._db.execute(f"PRAGMA user_version={FORMAT}")
        except (sqlite3.DatabaseError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else None
            raise DatabaseError(f"{path}: {why or error}") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All statements inside are committed together when the block ends, or not at all. Does not nest.

        Raises sqlite3.Error: the host does not keep them, and nothing has changed.
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # some errors have ended it already
                self._db.execute("ROLLBACK")
            raise

    def query(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """All rows that a SELECT finds."""
        return self._db.execute(statement, values).fetchall()

    def iterate(self, statement: str, *values: object) -> Iterator[tuple[object, ...]]:
        """The rows that a SELECT finds, one after the other, as far as they are wanted."""
        cursor = self._db.execute(statement, values)
        try:
            yield from cursor
        finally:
            cursor.close()

    @property
    def version(self) -> int:
        """A number that changes when another process has changed the database."""
        return int(str(self.query("PRAGMA data_version")[0][0]))

    def size(self) -> int:
        """Bytes in use in the database."""
        pages, free, size = (int(str(self.query(f"PRAGMA {name}")[0][0])) for name in _SIZES)
        return (pages - free) * size

    def close(self) -> None:
        """Close the connection; the write-ahead log is written back."""
        self._db.close()
