"""The table of elementary functions that FUNCTION punches, against exact values."""

from collections.abc import Callable
from decimal import Decimal, localcontext

import pytest

from cpvm import api
from guest.program import deck

DIGITS = {"E": 6, "D": 14, "X": 28}
WARRANTED = {"SQRT": 7, "EXP": 4, "SIN": 2, "ATAN": 12, "LN": 4}
"""Units in the last of so many hexadecimal digits by which a result may be wrong; each step of the algorithms
truncates, and a result whose first digit is 1 has lost three of its bits."""


def exact(code: bytes, digits: int) -> Decimal:
    """The value of a hexadecimal floating-point number; the second half of an extended one has its own exponent."""
    fraction = int.from_bytes(code[1:8] + code[9:16], "big") if digits == 28 else int.from_bytes(code[1:], "big")
    value = Decimal(fraction) * Decimal(16) ** ((code[0] & 0x7F) - 64 - digits)
    return -value if code[0] & 0x80 else value


def unit(code: bytes, digits: int) -> Decimal:
    """One in the last digit."""
    return Decimal(16) ** ((code[0] & 0x7F) - 64 - digits)


def series(first: Decimal, step: Callable[[int], Decimal]) -> Decimal:
    """A sum in which each term is the one before it times `step`."""
    total, term, n = Decimal(0), first, 0
    while abs(term) > Decimal(10) ** -70:
        total += term
        n += 1
        term *= step(n)
    return total


def sine(x: Decimal) -> Decimal:
    return series(x, lambda n: -x * x / (2 * n * (2 * n + 1)))


def arc_tangent(x: Decimal) -> Decimal:
    """The angle halved until the series converges fast."""
    halvings = 8
    for _ in range(halvings):
        x = x / (1 + (1 + x * x).sqrt())
    total, power, n = Decimal(0), x, 0
    while abs(power) > Decimal(10) ** -70:
        total += power / (2 * n + 1)
        power *= -x * x
        n += 1
    return total * (1 << halvings)


FUNCTIONS: dict[str, Callable[[Decimal], Decimal]] = {
    "SQRT": Decimal.sqrt,
    "EXP": Decimal.exp,
    "SIN": sine,
    "ATAN": arc_tangent,
    "LN": Decimal.ln,
}


@pytest.fixture(scope="module")
def cards(engine: str) -> list[bytes]:
    punched = api.run_deck(deck("function")).punched
    return [punched[at : at + 80] for at in range(0, len(punched), 80)]


def test_the_table_is_complete(cards: list[bytes]) -> None:
    assert len(cards) == 3 * 5 * 10


@pytest.mark.parametrize("precision", DIGITS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_results_are_right_to_the_last_bits(cards: list[bytes], name: str, precision: str) -> None:
    digits = DIGITS[precision]
    length = 16 if digits == 28 else digits // 2 + 1
    with localcontext() as context:
        context.prec = 90
        seen = 0
        for card in cards:
            if card[:5].decode("cp037") != precision + name.ljust(4):
                continue
            seen += 1
            code = card[24 : 24 + length]
            x, result = exact(card[8 : 8 + length], digits), exact(code, digits)
            wrong = abs(result - FUNCTIONS[name](x)) / unit(code, digits)
            assert wrong <= WARRANTED[name], f"{name}({x}) = {result} is wrong by {wrong:.1f} units in the last digit"
    assert seen == 10
