"""Who looks after a machine while it runs: nobody, somebody at the keyboard, or a script."""

from __future__ import annotations

LOOK = "look"
"""Tag with which a machine is stopped so that its attendant looks, and then goes on."""

PATIENCE = 100_000
"""Instructions for which a line that nobody hurries to type waits for a machine that neither reads nor is idle."""


class Attendant:
    """Nobody. `BareMachine.go` calls these; all on the thread that runs the machine."""

    @property
    def held(self) -> bool:
        """Whether the stop key was pressed: no instruction is executed until the start key is."""
        return False

    @property
    def unhurried(self) -> bool:
        """Whether it makes no difference after how many instructions it looks: to nobody, or to a person."""
        return True

    def patience(self) -> int | None:
        """Instructions after which it wants to look, 0 before the next one; None if it does not care."""
        return None

    def look(self) -> None:
        """The machine is between two instructions: do what there is to do, without waiting."""

    def idle(self, timeout: float | None) -> bool:
        """The machine waits: wait with it, at most `timeout` seconds (None: without limit), and do what there is to do.

        Returns:
            False at once if there will never be anything to do again.
        """
        return False

    def ended(self, told: str) -> bool:
        """The machine has ended by itself, as `told` says. Whether it has been set going again, or is to be ended."""
        return False
