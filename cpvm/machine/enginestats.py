"""What an engine has done for a machine: a count of instructions, by whom they were executed, and what it cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EngineStatistics:
    """What was done since the machine was made. Translations are those of regions, by the `translated` engine."""

    engine: str
    """Name of the engine: `reference`, `compiled` or `translated`."""
    instructions: int = 0
    """Instructions executed altogether."""
    native: int = 0
    """Those of them that native code executed: the compiled interpreter and translated regions together."""
    seconds: float = 0.0
    """Processor time that running the machine took, of the threads that ran it."""
    translations: int = 0
    """Translations made because of this machine."""
    linked: int = 0
    """Regions that its native code can enter now."""
    evicted: int = 0
    """Regions given up because translations are kept within a limit."""
    stale: int = 0
    """Regions given up because their text in storage was no longer what had been translated."""
    exits: Mapping[str, int] = field(default_factory=dict)
    """How often native code came back, by reason."""
    note: str = ""
    """Why it is not the engine that was asked for, if it is not; one line for the user."""
    regions: int = 0
    """Of the instructions that native code executed, those in translated regions."""

    @property
    def reference(self) -> int:
        """Instructions executed by the reference engine."""
        return max(0, self.instructions - self.native)  # asked for within a run it is not counted yet

    @property
    def mips(self) -> float:
        """Millions of instructions a second of processor time; 0 if none were executed."""
        return self.instructions / self.seconds / 1e6 if self.seconds > 0 else 0.0
