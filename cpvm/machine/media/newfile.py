"""Names for files while they are written, beside the place where they will be."""

from __future__ import annotations

import glob
import os
import re
from contextlib import suppress
from pathlib import Path


def temporary_for(path: Path) -> Path:
    """A hidden name beside `path`, of this process. What killed processes left under such names is removed."""
    remove_left(path.parent, path.name)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    with suppress(OSError):
        new.unlink(missing_ok=True)
    return new


def remove_left(folder: Path, name: str = "") -> None:
    """Remove what killed processes left in `folder` of the file with this name, or of all."""
    for left in folder.glob(f".{glob.escape(name) if name else '*'}.*.new*"):
        match = re.fullmatch(r"\..+\.(\d+)\.new(-\w+)?", left.name)
        if match and not _runs(int(match[1])):
            with suppress(OSError):
                left.unlink()


def _runs(process: int) -> bool:
    """Whether a process may still be there."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
