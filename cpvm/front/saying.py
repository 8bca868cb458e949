"""What commands show of names and labels that stand on disks and tapes, which anybody may have written."""

from __future__ import annotations

import sys
from typing import TextIO

_VISIBLE = {code: "." for code in (*range(0x20), *range(0x7F, 0xA0), 0xAD)}


def visible(text: str) -> str:
    """TEXT with points for control characters, so that nothing on a disk can work the terminal of who looks at it."""
    return text.translate(_VISIBLE)


def say(text: str, file: TextIO | None = None) -> None:
    """Print a line, without control characters."""
    print(visible(text), file=file or sys.stdout)
