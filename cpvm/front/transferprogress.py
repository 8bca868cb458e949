"""How far transfers are: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Told = Callable[[int], None]
"""Called with the bytes that have gone over."""


@contextmanager
def bars() -> Iterator[Callable[[str, int | None], Told]]:
    """A function that begins a bar for a file, with its name and, if they are known, its bytes."""
    if not (sys.stderr.isatty() and sys.stdin.isatty()):
        yield lambda name, total: lambda done: None
        return
    from prompt_toolkit.output import create_output
    from prompt_toolkit.shortcuts import ProgressBar

    with ProgressBar(output=create_output(stdout=sys.stderr)) as bar:

        def begin(name: str, total: int | None) -> Told:
            counter = bar(label=name, total=total)  # type: ignore[var-annotated]

            def told(done: int) -> None:
                counter.items_completed = done
                if total is not None and done >= total:
                    counter.done = True
                bar.invalidate()

            return told

        yield begin
