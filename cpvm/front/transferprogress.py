"""How far transfers are, and how they ended: a bar on a terminal as long as a file goes over, and lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cpvm.front.saying import say

if TYPE_CHECKING:
    from prompt_toolkit.shortcuts import ProgressBar, ProgressBarCounter


class Progress:
    """What is shown of several transfers.

    Args:
        command: in front of what went wrong, on standard error.
        bar: where the bars are; None: there are none, and lines are shown at once, else when all is done.
    """

    def __init__(self, command: str, bar: ProgressBar | None = None) -> None:
        self._command = command
        self._bar = bar
        self._counter: ProgressBarCounter[object] | None = None
        self._lines: list[tuple[str, bool]] = []

    def begin(self, name: str, total: int) -> Callable[[int], None]:
        """A file begins, with its bytes, 0 if they are not known. Returns what is to be told how many have gone."""
        self.end()
        if self._bar is None:
            return lambda done: None
        bar = self._bar
        counter: ProgressBarCounter[object] = bar(label=name, total=total or None, remove_when_done=True)
        self._counter = counter

        def told(done: int) -> None:
            counter.items_completed = done
            bar.invalidate()

        return told

    def end(self) -> None:
        """The file is done with."""
        if self._counter is not None:
            self._counter.done = True
            self._counter = None

    def say(self, line: str) -> None:
        """A line for standard output."""
        self._lines.append((line, True))
        self._tell()

    def complain(self, line: str) -> None:
        """What went wrong."""
        self._lines.append((f"{self._command}: {line}", False))
        self._tell()

    def _tell(self) -> None:
        if self._bar is None:
            self.tell()

    def tell(self) -> None:
        """Show the lines."""
        for line, good in self._lines:
            say(line, file=sys.stdout if good else sys.stderr)
        self._lines.clear()


@contextmanager
def progress(command: str, *, known: bool) -> Iterator[Progress]:
    """What is shown until the `with` block ends; KNOWN: how many bytes files have is, so that percent can be shown."""
    if not (sys.stderr.isatty() and sys.stdin.isatty()):
        yield Progress(command)
        return
    from prompt_toolkit.output import create_output
    from prompt_toolkit.shortcuts import ProgressBar
    from prompt_toolkit.shortcuts.progress_bar.formatters import Formatter, Label, Text, create_default_formatters

    class Bytes(Formatter):
        """How many have gone over."""

        def format(self, progress_bar: object, progress: object, width: int) -> str:
            return f"{getattr(progress, 'items_completed', 0):,} bytes"

    shown = create_default_formatters() if known else [Label(), Text("  "), Bytes()]
    with ProgressBar(output=create_output(stdout=sys.stderr), formatters=shown) as bar:
        there = Progress(command, bar)
        try:
            yield there
        finally:
            there.end()
    there.tell()
