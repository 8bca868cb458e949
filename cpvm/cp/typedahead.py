"""What is kept of typed lines, and passwords among those that were typed before anybody asked for them (DMKCNS)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from cpvm.cp.command import Ask
from cpvm.cp.screenlines import Line
from cpvm.cp.session import Origin
from cpvm.typedpasswords import masked

if TYPE_CHECKING:
    from cpvm.cp.pfkey import Retrieval
    from cpvm.cp.vmblok import VMBLOK


def remember(text: str, retrieval: Retrieval, recent: deque[Line]) -> None:
    """A line was typed that is no password: RETRIEVE may bring it back, and a terminal that comes back show it."""
    retrieval.entered(text)
    if text.strip():
        recent.append(Line(masked(text), Origin.TYPED))


def answer(vm: VMBLOK, typed: deque[str]) -> None:
    """If a password is asked for, the next line that was typed already is the answer, and no command to be shown."""
    function = vm.function
    if function is not None and isinstance(function.waiting, Ask) and function.waiting.hidden and typed:
        function.reply(typed.popleft())
