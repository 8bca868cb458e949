"""A deck, run on a bare machine by one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cpvm.front.bare import BareMachine
from cpvm.machine import Stop
from cpvm.machine.engines import AUTO


@dataclass(frozen=True)
class DeckRun:
    """What became of a deck that was IPLed."""

    stop: Stop | None
    """Why the machine stopped; None if it waited for input when there was no more."""
    console: str
    """What the console typed."""
    printed: str
    """What the printer printed; a form feed begins a page."""
    punched: bytes
    """The punched cards, 80 bytes each."""
    machine: BareMachine
    """The machine as it was left."""


def run_deck(
    cards: Sequence[bytes],
    typed: Iterable[str] = (),
    *,
    storage: int = 1 << 20,
    limit: int | None = None,
    engine: str = AUTO,
) -> DeckRun:
    """IPL a machine with console 009, reader 00C, punch 00D and printer 00E, and run it until it stops.

    Args:
        cards: the deck in the reader, 80 bytes each; an object deck is linked and gets a loader in front.
        typed: the lines that the console's reads get, one after the other.
        storage: bytes, a multiple of 2048 from 8192 to 16777216.
        limit: instructions after which it is stopped; no limit if None.
        engine: what executes instructions (see `cpvm.machine.engines`).

    Raises:
        IPLError: the deck cannot be IPLed.
        LoadError: an object deck cannot be linked.
        ValueError: the storage size is wrong.
        EngineError: the engine cannot be had.
    """
    machine = BareMachine(storage, engine=engine)
    machine.load_deck([cards])
    machine.operator.typed.extend(typed)
    machine.end_of_input()
    machine.ipl()
    stop = machine.go(limit)
    return DeckRun(stop, machine.typed_out, machine.printed, machine.punched, machine)
