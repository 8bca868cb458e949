"""What a user has asked to be told of: one operand of TRACE or PER with its conditions and options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cpvm.cp.place import Range
from cpvm.cp.tracing.event import BRANCHES, INTERRUPTIONS, IO_MNEMONICS, STARTS, Event
from cpvm.s370.insn import Insn

ANY: Final = Range(0, 0xFFFFFF)
WATCHING: Final = frozenset({"INSTR", "ALL", "STORE", "GREG", "MASK", "PAGE"})
"""Events for which every instruction must be looked at."""

_KINDS: Final = {"SVC": "SVC", "I/O": "I/O", "PROGRAM": "PROG", "EXTERNAL": "EXT", "CSW": "I/O"}


@dataclass
class Data:
    """A condition on bytes: those under MASK (all, if it is empty) must be these."""

    value: bytes
    mask: bytes = b""

    def matches(self, data: bytes) -> bool:
        """Whether DATA begins with them."""
        if len(data) < len(self.value):
            return False
        mask = self.mask.ljust(len(self.value), b"\xff")
        return all(m & (a ^ b) == 0 for a, b, m in zip(self.value, data, mask, strict=False))

    def __str__(self) -> str:
        mask = f" MASK {self.mask.hex().upper()}" if self.mask else ""
        return self.value.hex().upper() + mask


@dataclass
class Trap:
    """One trap. EVENT is SVC I/O PROGRAM EXTERNAL PRIV SIO CCW BRANCH INSTR ALL CSW DIAG STORE GREG MASK PAGE, or the
    mnemonic of an instruction."""

    event: str
    codes: Range | None = None
    """Interruption codes, device addresses or DIAGNOSE functions."""
    where: list[Range] = field(default_factory=list)
    """Where the instruction stands; anywhere if there is none."""
    into: Range | None = None
    """Where it branches to, or what it stores."""
    data: Data | None = None
    """What the instruction begins with; what it stores; what the register has."""
    values: Range | None = None
    """What an altered register must have, as a number."""
    registers: Range | None = None
    """Of a GREG trap."""
    holding: list[tuple[int, int]] = field(default_factory=list)
    """Registers and the contents they must have."""
    page: int = 4096
    """Bytes of a page of PAGETRACE."""
    name: str = ""
    """By which it is deleted."""
    terminal: bool = True
    printer: bool = False
    run: bool = False
    skip: int = 0
    passes: int = 0
    step: int = 0
    stop: int = 0
    commands: list[str] = field(default_factory=list)
    traceback: bool = False
    """Whether the branches before are shown, too."""
    hits: int = 0
    _skipped: int = 0
    _passed: int = 0
    _shown: int = 0
    _last_page: int = -1
    _last_data: bytes | None = None

    @property
    def plain(self) -> bool:
        """Whether it has no conditions: as VM/370's TRACE."""
        return not (self.where or self.into or self.data or self.values or self.holding or self.codes)

    @property
    def anywhere(self) -> bool:
        """Whether it may spring, or has to see something, elsewhere than at the places where it is to spring."""
        return self.event in ("ALL", "PAGE") or self.event in _KINDS or self.traceback

    def wants(self, row: Insn) -> bool:
        """Whether instructions of this kind have to be looked at."""
        match self.event:
            case event if event in WATCHING:
                return True
            case event if event in _KINDS:
                return False
            case "PRIV":
                return row.privileged and row.mnemonic not in IO_MNEMONICS
            case "SIO" | "CCW":
                return row.mnemonic in IO_MNEMONICS
            case "BRANCH":
                return row.mnemonic in BRANCHES or row.mnemonic == "LPSW"
            case event:
                return row.mnemonic == event

    def matches(self, event: Event, registers: list[int]) -> bool:
        """Whether the event is one of this trap's. REGISTERS are the general ones as they are now."""
        if not self._is_event(event):
            return False
        if self.where and not any(event.address in place for place in self.where):
            return False
        return all(registers[number] & 0xFFFFFFFF == value for number, value in self.holding)

    def _is_event(self, event: Event) -> bool:
        if event.kind in INTERRUPTIONS:
            if self.event in ("INSTR", "BRANCH"):
                return self.plain
            wanted = self.event == "ALL" or _KINDS.get(self.event) == event.kind
            return wanted and (self.codes is None or event.code in self.codes)
        match self.event:
            case name if name in _KINDS:
                return False
            case "ALL":
                return True
            case "INSTR":
                return self.data is None or self.data.matches(event.text)
            case "BRANCH":
                jumped = event.jump is not None or (event.mnemonic == "LPSW" and not event.failed)
                return jumped and (self.into is None or (event.jump or 0) in self.into)
            case "PRIV":
                return event.row is not None and event.row.privileged and not event.is_io
            case "SIO" | "CCW":
                if not event.is_io or (self.event == "CCW" and event.mnemonic not in (*STARTS, "TIO")):
                    return False
                return self.codes is None or event.code in self.codes
            case "GREG":
                return self._registers(event)
            case "STORE" | "MASK":
                return self._stores(event)
            case "PAGE":
                return self._page(event)
            case _:
                wanted = event.mnemonic == self.event and (self.codes is None or event.code in self.codes)
                return wanted and (self.data is None or self.data.matches(event.text))

    def _registers(self, event: Event) -> bool:
        chosen = {
            number: value
            for number, value in event.changed.items()
            if (self.registers is None or number in self.registers)
            and (self.values is None or value in self.values)
            and (self.data is None or self.data.matches(value.to_bytes(4, "big")))
        }
        return bool(chosen)

    def _stores(self, event: Event) -> bool:
        if event.failed or not event.stored:
            return False
        return self.into is None or any(self.into.touches(*piece) for piece in event.stored)

    def altered(self, contents: bytes) -> bool:
        """Whether what the trap looks at (with DATA: its value; of MASK: the bits) has become what it should be."""
        assert self.data is not None
        if self.event != "MASK":
            return self.data.matches(contents)
        bits = bytes(a & m for a, m in zip(contents, self.data.value, strict=False))
        changed, self._last_data = self._last_data is not None and bits != self._last_data, bits
        return changed

    def _page(self, event: Event) -> bool:
        number = event.address // self.page
        if number == self._last_page:
            return False
        self._last_page = number
        return True

    def fires(self) -> bool:
        """It has matched: whether it is to be shown now, after SKIP and PASS."""
        self.hits += 1
        if self._skipped < self.skip:
            self._skipped += 1
            return False
        if self._passed < self.passes and self._shown:
            self._passed += 1
            return False
        self._passed = 0
        self._shown += 1
        return True

    def stops(self) -> bool:
        """It was shown: whether the machine is to stop."""
        if self.stop and self._shown < self.stop:
            return False
        if self.step:
            return self._shown % self.step == 0
        return bool(self.stop) or not self.run

    def again(self) -> None:
        """Count from the beginning."""
        self.hits = self._skipped = self._passed = self._shown = 0
        self._last_page, self._last_data = -1, None

    def conditions(self) -> str:
        """As they are typed."""
        words = []
        if self.codes is not None:
            words.append(
                f"{self.codes.first:X}" + (f"-{self.codes.last:X}" if self.codes.last > self.codes.first else "")
            )
        words += [f"RANGE {place}" for place in self.where]
        if self.into is not None:
            words.append(f"INTO {self.into}")
        if self.values is not None:
            words.append(f"DATA {self.values.first:X}-{self.values.last:X}")
        if self.data is not None:
            words.append(f"DATA {self.data}")
        words += [f"REG {number} {value:08X}" for number, value in self.holding]
        return " ".join(words)

    def title(self) -> str:
        """The event as it is typed."""
        if self.event == "GREG" and self.registers is not None:
            first, last = self.registers.first, self.registers.last
            return f"G{first}" if first == last else f"G{first}-{last}"
        return self.event

    def describe(self, number: int) -> list[str]:
        """What QUERY TRACE shows."""
        output = " ".join(
            (
                "TERM" if self.terminal else "NOTERM",
                "PRINT" if self.printer else "NOPRINT",
                "RUN" if self.run else "NORUN",
            )
        )
        shown = [
            f"{self.name or number!s:>4}  {self.title():<8} {self.conditions()}".rstrip(),
            f"      {output}",
            f"      SKIP {self.skip:05}   PASS {self.passes:05}   STOP {self.stop:05}   STEP {self.step:05}"
            f"   HITS {self.hits}",
            f"      CMD  {';'.join(self.commands) or 'NONE'}",
        ]
        return shown
