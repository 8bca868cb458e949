"""Every parser takes anything."""

import time
import tracemalloc

import pytest

from cpvm.machine.media.screen import Screen, StreamError, accept, write
from cpvm.s370.datastream import Write

from .liars import PARSERS, Liar

ROUNDS = 300


@pytest.mark.parametrize("name", PARSERS)
def test_a_liar_does_no_harm(name: str) -> None:
    parse = PARSERS[name]()
    for number in range(ROUNDS):
        parse(Liar(f"{name} {number}"))


@pytest.mark.parametrize("name", PARSERS)
def test_a_liar_is_not_remembered(name: str) -> None:
    parse = PARSERS[name]()
    liar = Liar(name)
    for _ in range(ROUNDS // 2):
        parse(liar)
    tracemalloc.start()
    try:
        for _ in range(ROUNDS // 4):
            parse(liar)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(ROUNDS // 4):
            parse(liar)
        assert tracemalloc.get_traced_memory()[0] - before < 200_000
    finally:
        tracemalloc.stop()


def test_a_long_lie_costs_little() -> None:
    """As many fields as a record can have, each of them the whole screen."""
    screen = Screen(24, 80, (43, 80))
    write(screen, Write.ERASE_WRITE_ALTERNATE, b"\xc3\x11\x00\x00\x1d\x40")
    began = time.process_time()
    with pytest.raises(StreamError):
        accept(screen, b"\x7d\x00\x00" + b"\x11\x00\x01" * 20_000)
    assert time.process_time() - began < 0.5
