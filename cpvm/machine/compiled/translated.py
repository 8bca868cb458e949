"""The translated engine: the compiled interpreter, and native code of those regions of a program that are hot.

What is hot is found by samples (`hot`), recorded (`record`), translated in the background or taken from the shelf
(`shelf`), and linked (`links`). What turns out not to be worth it is unlinked: text that changes soon after it was
linked, and regions that are left again at once.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from cpvm.machine.compiled import state
from cpvm.machine.compiled.engine import LEAST_SLICE, LONG_SLICE, CompiledInterpreter
from cpvm.machine.compiled.hot import Weights
from cpvm.machine.compiled.links import Links, Region, found_in, text_at
from cpvm.machine.compiled.record import Recording, adds, merge, touches
from cpvm.machine.compiled.shelf import Kept, Request, Shelf, Translate, shelf
from cpvm.machine.enginestats import EngineStatistics
from cpvm.machine.interpreter import SLICE, Interpreter
from cpvm.machine.storage import MAXIMUM
from cpvm.s370.ops import ADDRESS_MASK

if TYPE_CHECKING:
    from cpvm.machine.compiled.build import Native
    from cpvm.machine.compiled.native import Library
    from cpvm.machine.compiled.regions.plan import Plan, Translation
    from cpvm.machine.cpu import CPU
    from cpvm.machine.interruptions import Interruptions


def _translate(plan: Plan, native: Native) -> Translation:
    from cpvm.machine.compiled.regions.translate import translate  # imports llvmlite, which takes its time

    return translate(plan, native)


@dataclass
class Tuning:
    """What decides about translating. Numbers are of instructions."""

    hot: int = 4_000_000
    """Weight at which a line of a program is recorded, and translated."""
    longest: int = 6_000
    """In a recording."""
    quiet: int = 2_000
    """So many without anything new end a recording."""
    fair: int = 200_000_000
    """A region that was linked for so long has been worth it, whatever happens to its text."""
    changes: int = 2
    """If text was changed so often sooner than that, it is left to the interpreter."""
    stay: int = 8
    """A region that is left again after fewer than these, as a rule, is not worth entering."""
    often: int = 2_000
    """Times that it must have been entered in a slice before that is looked at."""
    background: bool = True
    """Translate in the background; else at once."""
    translate: Translate = _translate
    shelf: Shelf = field(default_factory=shelf)


MOST: Final = 8 << 20
"""Instructions in a slice with translated regions."""
SPREAD: Final = 48 * SLICE
"""Above LEAST_SLICE: what is executed before a region is entered anew."""
TOGETHER: Final = 500
"""Instructions of regions that are made one."""
WAY: Final = 20
"""Instructions that could have been executed in a region instead of going from one into another."""
LITTLE: Final = 16
"""If not even so small a part of the time is lost to the interpreter and on the way, there is nothing to be found."""
UNSEEN: Final = 32 * SLICE
"""So many instructions may pass without a sample."""
ENTRIES_FOR_A_MOVE: Final = 64
"""A region whose text is mapped elsewhere again and again must have been entered so often each time."""
STRIKES: Final = 4
STRIKE_COST: Final = 100_000
"""Instructions that could have been executed instead of one store into text. When there were so many strikes, they
must come more seldom than that."""


class TranslatedInterpreter(CompiledInterpreter):
    """Executes instructions for one CPU."""

    name = "translated"
    slice_length = MOST

    def __init__(self, cpu: CPU, interruptions: Interruptions, library: Library, tuning: Tuning | None = None) -> None:
        super().__init__(cpu, interruptions, library)
        self.tuning = tuning or Tuning()
        self.links = Links(self._tables, MAXIMUM, self._set)
        self._weights = Weights()
        self._recording: Recording | None = None
        self._wanted: list[Request] = []
        self._changes: dict[int, int] = {}
        """Logical address of an instruction -> how often it was changed soon after it had been linked."""
        self._poor: WeakKeyDictionary[Kept, int] = WeakKeyDictionary()
        """Translation that was not worth it -> native instructions by then."""
        self._generation = self.tuning.shelf.generation
        self._entered = self._inside = 0
        """Times that regions were entered, and instructions in them, until the last sample."""
        self._unseen = 0
        """Instructions of native runs that did not end where a sample could be taken."""
        self._usual = 1
        self._dice = 1
        self._translations = self._evicted = self._stale = 0

    def statistics(self) -> EngineStatistics:
        return replace(
            super().statistics(),
            regions=self._words[state.INSIDE >> 3],
            translations=self._translations,
            linked=len(self.links),
            evicted=self._evicted,
            stale=self._stale,
        )

    # ---- running
    def _slice(self, planned: int) -> int:
        if self._exactly or planned < self.few or self._run is None:
            return super()._slice(planned)
        if self._wanted or self._generation != self.tuning.shelf.generation:
            self._settle()
        if self._recording is not None:
            return self._record(min(planned, SLICE))
        if self.links:
            self.at_once = LEAST_SLICE + self._cast() % SPREAD  # lest a loop and the samples go in step
        return super()._slice(planned)

    def _cast(self) -> int:
        """The next number of a sequence that has nothing to do with what programs do."""
        self._dice = self._dice * 1103515245 + 12345 & 0x7FFFFFFF
        return self._dice >> 8

    def _native(self, budget: int) -> int:
        words = self._words
        if self._unseen > UNSEEN:  # then let chance decide where to stop
            budget = min(budget, 1 + self._cast() % self._usual)
        done = super()._native(budget)
        reason = self._reason
        if reason == state.BUDGET_USED:
            self._sample(done + self._unseen)
            self._unseen = 0
            return done
        self._unseen += done
        self._usual = done + 1
        if reason == state.STALE:
            self._mend(self._cpu.ia)
        elif words[state.STRUCK >> 3]:
            self._strike(words[state.STRUCK >> 3] - 1, words[state.SPAN >> 3])
            words[state.STRUCK >> 3] = 0
        return done

    # ---- finding out what is hot
    @property
    def _space(self) -> int:
        return self._cpu.protection | (16 if self._cpu.translating else 0)

    def _sample(self, done: int) -> None:
        """Native code has executed so many instructions since the last time, and stands where it stands."""
        words, tuning = self._words, self.tuning
        entered = words[state.ENTERED >> 3]
        inside = words[state.INSIDE >> 3]
        times, within = entered - self._entered, inside - self._inside
        self._entered, self._inside = entered, inside
        if times >= tuning.often and within < times * tuning.stay:
            self._give_up()
        if self._tables.fenced:
            return
        weight = done - within + times * WAY
        if weight * LITTLE < done:
            return
        ia = self._cpu.ia & ADDRESS_MASK
        if self._weights.add(self._space, ia, weight, tuning.hot) and not self._find(ia):
            self._recording = Recording(self._cpu, tuning.longest, tuning.quiet)
            self._elsewhere = True

    def _find(self, ia: int) -> bool:
        """Link what is on the shelf for this address; or it is known that it will be there."""
        for kept in self.tuning.shelf.find(ia):
            if not all(self._entered_at(a) for a in kept.translation.entries) and self._link(kept):
                self._weights.forgive(self._space, ia)
                return True
        return any(ia in request.plan.text for request in self._wanted)

    def _entered_at(self, a: int) -> bool:
        """Whether a region is entered at an address, its text being there."""
        region = self.links.at(a)
        return region is not None and region.areas == found_in(region.kept, self._cpu.memory, self._cpu.fetch_table)

    def _record(self, planned: int) -> int:
        """Execute what is recorded."""
        recording = self._recording
        assert recording is not None
        done = recording.go_on(planned, self._step_exactly)
        if recording.over:
            self._recording = None
            self._elsewhere = False
            plan = recording.plan(self._avoided())
            if plan is not None and not any(self._find(a) for a in plan.entries):
                self._with_others(plan)
        return done

    def _with_others(self, plan: Plan) -> None:
        """Have it translated, with what belongs together with it in regions that are linked, if that is not too much.

        There is no way from one region into another that costs nothing.
        """
        avoided = self._avoided()
        for region in self.links:
            other = region.kept.translation.plan
            if touches(plan, other) and avoided.isdisjoint(other.text):
                if not adds(plan, other):
                    return
                both = merge(plan, other)
                if both is not None and len(both.text) <= TOGETHER:
                    plan = both
        if all(adds(plan, kept.translation.plan) for kept in self._poor):
            self._request(plan)

    def _step_exactly(self) -> int:
        return Interpreter._slice(self, 1)

    def _avoided(self) -> frozenset[int]:
        return frozenset(a for a, often in self._changes.items() if often >= self.tuning.changes)

    def _linked(self) -> None:
        """Other regions are linked than before."""
        self.at_once = LEAST_SLICE + SPREAD if self.links else LONG_SLICE

    # ---- having it translated
    def _request(self, plan: Plan) -> None:
        native = self._library.native
        assert native is not None
        tuning = self.tuning
        request = Request(plan, native, tuning.translate)
        self._translations += 1
        if tuning.background:
            self._wanted.append(tuning.shelf.ask(request))
        else:
            tuning.shelf.perform(request)
            self._wanted.append(request)
            self._settle()

    def _settle(self) -> None:
        """Link what has been translated, unlink what has been evicted."""
        self._generation = self.tuning.shelf.generation
        for region in self.links:
            if region.kept.evicted:
                self._unlink(region)
                self._evicted += 1
        for request in [request for request in self._wanted if request.done]:
            self._wanted.remove(request)
            if request.kept is not None:
                self._link(request.kept)

    def _link(self, kept: Kept) -> bool:
        """Link a translation, if its text is there and it is not known to be of no use.

        It may be linked already, with its text elsewhere.
        """
        now, fair = self.native_instructions, self.tuning.fair
        if kept.evicted or self._tables.fenced or (kept in self._poor and now - self._poor[kept] < fair):
            return False
        if not self._avoided().isdisjoint(kept.translation.text):
            return False
        areas = found_in(kept, self._cpu.memory, self._cpu.fetch_table)
        if areas is None or any(region.kept is kept and region.areas == areas for region in self.links):
            return False
        self.links.link(kept, kept.translation.entries, areas, now)
        self.tuning.shelf.touch(kept)
        self._linked()
        return True

    # ---- letting it go
    def _mend(self, ia: int) -> None:
        """A region's text is not what it was, or not where it was."""
        region = self.links.at(ia & ADDRESS_MASK)
        if region is None:
            return
        self._unlink(region)
        memory, mapping = self._cpu.memory, self._cpu.fetch_table
        areas = found_in(region.kept, memory, mapping)
        if areas is not None and region.entered >= region.moves * ENTRIES_FOR_A_MOVE:
            moved = self.links.link(region.kept, region.entries, areas, region.since)
            moved.moves, moved.entered = region.moves + 1, region.entered
            self._linked()
            return
        self._stale += 1
        if areas is None and self.native_instructions - region.since < self.tuning.fair:
            for a, text in region.kept.translation.text.items():
                there = text_at(memory, mapping, a, len(text))
                if len(there) == len(text) and there != text:
                    self._changes[a] = self._changes.get(a, 0) + 1

    def _strike(self, absolute: int, n: int) -> None:
        """Something is being stored into the text of regions. It takes long, so it must not be often."""
        for region in self.links.holding(absolute, n):
            region.struck += 1
            if region.struck < STRIKES or self.native_instructions - region.since > region.struck * STRIKE_COST:
                continue
            self._unlink(region)
            self._stale += 1
            for (p, _), (start, length) in zip(region.kept.pieces, region.areas, strict=True):
                for a, text in region.kept.translation.text.items():
                    at = a - p + start
                    if (
                        at < start + length
                        and start < at + len(text)
                        and at < absolute + n
                        and absolute < at + len(text)
                    ):
                        self._changes[a] = self.tuning.changes

    def _give_up(self) -> None:
        """Regions are left as soon as they are entered."""
        region = self.links.count()
        if region is not None:
            self._poor[region.kept] = self.native_instructions
            self._unlink(region)

    def _fenced(self, blocks: Set[int]) -> None:
        if blocks:
            self._recording = None
            self._elsewhere = False
            for region in list(self.links):
                self._unlink(region)
        super()._fenced(blocks)

    def _unlink(self, region: Region) -> None:
        self.links.unlink(region)
        self._linked()
