"""What commands of the host's change in a system is in its journal, too."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from cpvm.cp.journal import Journal, What


def record(folder: Path, what: What, about: str) -> None:
    """Record that the host's user who gives this command has changed something of the system in FOLDER."""
    journal = Journal(folder)
    journal.write(what, place=f"HOST {_name()}", about=about)
    journal.close()


def _name() -> str:
    """The host's user, by name if it has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return str(os.getuid()) if hasattr(os, "getuid") else "?"
