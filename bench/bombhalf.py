"""A host half whose only step is an assembly that makes strings until there is no storage for them (`exhaust.py`)."""

from __future__ import annotations

from typing import Any

from assembler import assemble

_ARRAYS = "ACDEFG"
SOURCE = (
    *(f"         LCLC  &{name}(100000)" for name in _ARRAYS),
    "         LCLC  &B",
    f"&B       SETC  '{'X' * 50}'",
    *("&B       SETC  '&B'.'&B'",) * 6,
    "&I       SETA  0",
    ".L       ACTR  4000",
    "&I       SETA  &I+1",
    *(f"&{name}(&I)   SETC  '&B'.'&I'" for name in _ARRAYS),
    "         AIF   (&I LT 100000).L",
    "         END",
)


class Bomb:
    """One conversation of one step."""

    def step(self, reply: bytes) -> bytes:
        """Assemble."""
        return str(assemble(list(SOURCE)).return_code).encode()

    def save(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Nothing."""
