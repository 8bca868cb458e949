"""What the system's printer has put into the host's folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from bench.dayuse.ledger import Content

PATIENCE = 60.0
"""Seconds in which the printer must be done."""


def wrong(folder: Path, name: str, content: Content) -> str:
    """What is wrong with the print of a file; nothing if it is there and whole.

    After a kill the one that was being printed may be there twice.
    """
    papers = sorted(folder.glob(f"*-{name.replace(' ', '-')}.txt"))
    if not papers:
        return "is not on the printer"
    for paper in papers:
        lines = [line.strip("\f\r ") for line in paper.read_text().splitlines()]
        if not any(tuple(lines[at : at + len(content)]) == content for at in range(len(lines))):
            return f"not all of it is in {paper.name}"
    return ""


def unprinted(folder: Path, printed: Mapping[str, Content]) -> list[tuple[str, str]]:
    """Files that are not on paper, and why not."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = [(name, why) for name, content in printed.items() if (why := wrong(folder, name, content))]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.5)
