"""Host halves: programs outside of the machine that a guest talks to with DIAGNOSE X'100'.

A host half works only on the bytes that the guest passes. It runs in a process of its own (cpvm.cp.halfpool), or on a
thread; the guest waits meanwhile, and CP goes on with other users.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class HostHalf(Protocol):
    """One conversation. The first `step` gets the data of the guest's start call, the others the guest's replies."""

    def step(self, reply: bytes) -> bytes:
        """Go on until something is wanted of the guest; returns that request."""
        ...

    def save(self) -> dict[str, Any]:
        """The state as plain data."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        ...


@dataclass
class Conversation:
    """A host half that a machine talks to, and the request that waits to be fetched."""

    name: str
    half: HostHalf
    request: bytes = b""


HostHalves = Mapping[str, Callable[[], HostHalf]]
