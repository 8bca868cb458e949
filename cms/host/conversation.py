"""What all host halves have in common: their state is plain data, and each reply is for the phase that asked."""

from __future__ import annotations

import copy
from typing import Any


class Conversation:
    """One command: `state["phase"]` names the method that takes the next reply."""

    def __init__(self, **state: Any) -> None:
        self.state: dict[str, Any] = {"phase": "start", **state}

    def save(self) -> dict[str, Any]:
        """The state of the conversation, plain data."""
        return copy.deepcopy(self.state)

    def load(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self.state = copy.deepcopy(state)

    def _reply(self, reply: bytes) -> bytes:
        request: bytes = getattr(self, "_" + self.state["phase"])(reply)
        return request

    def _ask(self, phase: str, request: bytes) -> bytes:
        self.state["phase"] = phase
        return request
