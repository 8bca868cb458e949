"""What users were told is done, kept by themselves outside of the system; and what is found there later.

Each thing has a key ("file CMSUSER F1") and a value in words, or none if it is not there. Who changes things says so
before, with every state that they may be found in if the change is not acknowledged, and after, when it was.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

State = Mapping[str, str | None]


@dataclass
class Ledger:
    """All that is known. Methods may be called by any thread."""

    values: dict[str, str] = field(default_factory=dict)
    acknowledged: Counter[str] = field(default_factory=Counter)
    """Changes by kind."""
    cut: Counter[str] = field(default_factory=Counter)
    """Changes under way at a kill: those found `done`, those found `undone`."""
    wrong: list[str] = field(default_factory=list)
    _pending: dict[str, list[State]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: str) -> str | None:
        """The value that a thing has."""
        with self._lock:
            return self.values.get(key)

    def keys(self, prefix: str) -> list[str]:
        """The keys of things that are there."""
        with self._lock:
            return sorted(key for key in self.values if key.startswith(prefix))

    def begin(self, who: str, *after: State) -> None:
        """WHO asks for a change now: these things are as before, or all as in one of the states AFTER."""
        with self._lock:
            before = {key: self.values.get(key) for state in after for key in state}
            self._pending[who] = [before, *(before | dict(state) for state in after)]

    def done(self, who: str, kind: str) -> None:
        """The change was acknowledged: things are as in the last of the states that were named."""
        with self._lock:
            self._put(self._pending.pop(who)[-1])
            self.acknowledged[kind] += 1

    def refused(self, who: str) -> None:
        """The change was not made, and the user was told so."""
        with self._lock:
            del self._pending[who]

    def complain(self, text: str) -> None:
        """Something is wrong."""
        with self._lock:
            self.wrong.append(text)

    def settle(self, found: Mapping[str, str], when: str) -> None:
        """Compare with what is FOUND; from now on that is what is known."""
        with self._lock:
            expected = dict(self.values)
            for who, states in self._pending.items():
                now = {key: found.get(key) for key in states[0]}
                if now not in [dict(state) for state in states]:
                    self.wrong.append(f"{when}: {who} was at work; {now}, not one of {states}")
                self.cut["undone" if now == dict(states[0]) else "done"] += 1
                for key, value in now.items():
                    expected.pop(key, None)
                    if value is not None:
                        expected[key] = value
            self._pending.clear()
            for key in sorted(expected.keys() | found.keys()):
                if expected.get(key) != found.get(key):
                    self.wrong.append(f"{when}: {key} is {found.get(key)}, not {expected.get(key)}")
            self.values = dict(found)

    def _put(self, state: State) -> None:
        for key, value in state.items():
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value
