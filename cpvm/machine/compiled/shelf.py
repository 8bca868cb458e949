"""Translations that this process has made, for all its machines.

A machine whose program is hot somewhere looks here first: the same program in another machine may have been
translated already. What is wanted is translated by one thread in the background, one plan after the other. If there is
more machine code than is allowed, that goes which was not linked for the longest time; machines that have it linked
unlink it when they see that `generation` is another one, and none is stopped for it.
"""

from __future__ import annotations

import atexit
import ctypes
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from cpvm.machine.access import LAST
from cpvm.machine.compiled.footprint import let_go
from cpvm.machine.compiled.regions.plan import Plan, Translation, Untranslatable
from cpvm.machine.turns import short_turns
from cpvm.s370.ops import ADDRESS_MASK

if TYPE_CHECKING:
    from cpvm.machine.compiled.build import Native

LIMIT: Final = 32 << 20
"""Bytes of machine code that are kept."""
LINE: Final = 6
"""Translations are found by 64-byte lines of their text."""
WAITING: Final = 32
"""Plans that may wait for their turn."""

Translate = Callable[[Plan, "Native"], Translation]


def pieces_of(text: Mapping[int, bytes]) -> tuple[tuple[int, bytes], ...]:
    """Instructions by address as pieces of text in one go, each within a 2K block. Addresses wrap at 2**24."""
    there = {a + i & ADDRESS_MASK: b for a, instruction in text.items() for i, b in enumerate(instruction)}
    pieces: list[tuple[int, bytearray]] = []
    for a in sorted(there):
        if not pieces or a != pieces[-1][0] + len(pieces[-1][1]) or not a & LAST:
            pieces.append((a, bytearray()))
        pieces[-1][1].append(there[a])
    return tuple((a, bytes(b)) for a, b in pieces)


class Kept:
    """A translation on the shelf."""

    def __init__(self, translation: Translation) -> None:
        self.translation = translation
        self.pieces = pieces_of(translation.text)
        """What it was made of: logical address and text."""
        self._pins = [ctypes.create_string_buffer(text + bytes(8)) for _, text in self.pieces]
        self.texts = tuple(ctypes.addressof(pin) for pin in self._pins)
        """Host address of each text, with eight more bytes behind it."""
        self.lines = frozenset(
            line for a, text in self.pieces for line in range(a >> LINE, (a + len(text) - 1 >> LINE) + 1)
        )
        self.evicted = False
        """To be unlinked wherever it is linked."""


@dataclass(eq=False)
class Request:
    """A plan that is to be translated."""

    plan: Plan
    native: Native = field(repr=False)
    translate: Translate = field(repr=False)
    kept: Kept | None = None
    """The result, if there is one."""
    done: bool = False
    why: str = ""
    """Why there is no result."""


class Shelf:
    """Translations, and what makes more of them. Callable from any thread."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.generation = 0
        """Another number when something was evicted."""
        self.made = 0
        """Translations so far."""
        self.size = 0
        """Bytes of machine code that are here."""
        self._kept: dict[Kept, None] = {}
        self._lines: dict[int, dict[Kept, None]] = {}
        self._waiting: deque[Request] = deque()
        self._lock = threading.Lock()
        self._some = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None
        self._busy = threading.Lock()  # held while something is translated

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, address: int) -> list[Kept]:
        """The translations with text near a logical address, those linked last first."""
        with self._lock:
            near = self._lines.get(address >> LINE, {})
            return [kept for kept in reversed(self._kept) if kept in near] if near else []

    def touch(self, kept: Kept) -> None:
        """It has been linked somewhere."""
        with self._lock:
            if kept in self._kept:
                del self._kept[kept]
                self._kept[kept] = None

    def ask(self, request: Request) -> Request:
        """Translate a plan in the background. Gives another request if one for the same plan is waiting already."""
        with self._some:
            for other in self._waiting:
                if other.plan == request.plan and other.translate is request.translate:
                    return other
            if len(self._waiting) >= WAITING:
                request.done, request.why = True, "too much to do"
                return request
            self._waiting.append(request)
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="cpvm-translate", daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:  # the host has none; the next request tries again
                    self._waiting.remove(request)
                    request.done, request.why = True, str(error)
                    return request
                atexit.register(self._busy.acquire)  # a process that ends in the middle of LLVM's work crashes
                self._thread = thread
            self._some.notify()
        return request

    def perform(self, request: Request) -> None:
        """Translate a plan now."""
        try:
            kept = Kept(request.translate(request.plan, request.native))
        except Untranslatable as why:
            request.why = str(why)
        except Exception as error:  # whatever it is, the machine goes on without
            request.why = repr(error)
        else:
            self._put(kept)
            request.kept = kept
        request.done = True

    def _put(self, kept: Kept) -> None:
        with self._lock:
            self.made += 1
            self._kept[kept] = None
            self.size += kept.translation.size
            for line in kept.lines:
                self._lines.setdefault(line, {})[kept] = None
            while self.size > self.limit and len(self._kept) > 1:
                self._evict(next(iter(self._kept)))

    def _evict(self, kept: Kept) -> None:
        del self._kept[kept]
        self.size -= kept.translation.size
        for line in kept.lines:
            near = self._lines[line]
            del near[kept]
            if not near:
                del self._lines[line]
        kept.evicted = True
        self.generation += 1

    def _work(self) -> None:
        while True:
            with self._some:
                while not self._waiting:
                    self._some.wait()
                request = self._waiting[0]
            with self._busy, short_turns():
                self.perform(request)
            with self._some:
                self._waiting.popleft()
                resting = not self._waiting
                self._some.notify_all()
            if resting:
                let_go()

    def wait(self) -> None:
        """Until all that was asked for is done."""
        with self._some:
            while self._waiting:
                self._some.wait()


@cache
def shelf() -> Shelf:
    """That of this process."""
    return Shelf()
