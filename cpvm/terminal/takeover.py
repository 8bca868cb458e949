"""The user's window, taken over by a 3270: its keys come here in raw mode, and it is given back whatever happens."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from prompt_toolkit.input.base import Input
from prompt_toolkit.input.typeahead import get_typeahead
from prompt_toolkit.output import ColorDepth, Output

from cpvm.terminal.vt import RESTORE, VTPanel

_COLOURS: Final = {ColorDepth.DEPTH_1_BIT: 0, ColorDepth.DEPTH_4_BIT: 16}


def colours(output: Output) -> int:
    """How many colours a window has, for `VTPanel`; none if its user wants none (https://no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return 0
    return _COLOURS.get(output.get_default_color_depth(), 256)


def shapes() -> bool:
    """Whether the window's cursor can have several shapes: Linux's own console did not know them for long."""
    return os.environ.get("TERM") != "linux"


def black() -> bool:
    """Whether rows can be erased to black: GNU screen erases them to its own background."""
    return not os.environ.get("TERM", "").startswith("screen") or "TMUX" in os.environ


def writer(output: Output) -> Callable[[str], None]:
    """Sends a panel's text to a window."""

    def write(text: str) -> None:
        output.write_raw(text)
        output.flush()

    return write


def window_size(output: Output) -> tuple[int, int]:
    """Rows and columns."""
    size = output.get_size()
    return size.rows, size.columns


def can_take_over(input: Input) -> bool:
    """Whether the keys of this window can be had as it sends them (not so on Windows)."""
    return hasattr(input, "stdin_reader")


def save_screen(text: str) -> str:
    """Put a screen into a file of the current folder; returns what to tell the user."""
    path = Path(time.strftime("screen-%Y%m%d-%H%M%S.txt"))
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        return f"NOT SAVED: {error.strerror or error}"
    return f"SAVED AS {path}"


async def take_over(panel: VTPanel, done: asyncio.Event, input: Input, output: Output) -> bool:
    """Show a panel until `done` is set. Returns False if the window has gone meanwhile."""
    there = True

    def ready() -> None:
        nonlocal there
        text: str = input.stdin_reader.read()  # type: ignore[attr-defined]
        if text:
            panel.feed(text)
        if input.closed:
            there = False
            done.set()

    def resized() -> None:
        panel.resize(*window_size(output))

    with _restoring(output), input.raw_mode(), input.attach(ready), _watching_size(resized):
        resized()
        panel.start()
        try:
            panel.feed("".join(key.data for key in get_typeahead(input)))
            await done.wait()
        finally:
            panel.stop()
    return there


@contextlib.contextmanager
def _restoring(output: Output) -> Iterator[None]:
    """Also if the interpreter ends within."""

    def restore() -> None:
        with contextlib.suppress(Exception):
            output.write_raw(RESTORE)
            output.flush()

    atexit.register(restore)
    try:
        yield
    finally:
        atexit.unregister(restore)


@contextlib.contextmanager
def _watching_size(resized: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    number = getattr(signal, "SIGWINCH", None)
    watching = False
    if number is not None:
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):  # only the main thread may
            loop.add_signal_handler(number, resized)
            watching = True
    try:
        yield
    finally:
        if watching and number is not None:
            loop.remove_signal_handler(number)
