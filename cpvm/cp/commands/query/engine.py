"""QUERY ENGINE: what executes a virtual machine's instructions, how many, and how fast."""

from __future__ import annotations

import textwrap

from cpvm.cp.clock import processor
from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.message import INVALID_OPTION, NOT_LOGGED_ON
from cpvm.cp.operand import Operands
from cpvm.machine.engines import REFERENCE

_OTHERS = "AE"  # privilege classes that may ask about other users' machines
_WIDTH = 79


@query("ENGINE", minimum=3, classes="AEG")
def query_engine(request: Request, operands: Operands) -> Answer:
    """Of one's own machine; for classes A and E also of another user's."""
    word = operands.take()
    operands.end()
    vm = request.vm
    if word is not None:
        name = request.userid(word)
        if name != vm.userid and not request.allowed(_OTHERS):
            raise INVALID_OPTION.error(word)
        found = request.system.users.get(name)
        if found is None:
            raise NOT_LOGGED_ON.error(name)
        vm = found
    done = vm.machine.engine_statistics()
    cpu = processor(int(done.seconds * 1_000_000))
    request.write(f"ENGINE= {done.engine.upper()}, MIPS= {done.mips:.1f}, VIRTCPU= {cpu}")
    request.write(f"INSTRUCTIONS= {done.instructions}, NATIVE= {done.native}, REFERENCE= {done.reference}")
    if done.engine != REFERENCE:
        request.write(
            f"TRANSLATIONS= {done.translations:03}, LINKED= {done.linked:03}, EVICTED= {done.evicted:03},"
            f" STALE= {done.stale:03}"
        )
    if done.exits:
        counts = sorted(done.exits.items(), key=lambda item: -item[1])
        exits = ", ".join(f"{reason.upper()}= {count}" for reason, count in counts)
        for line in textwrap.wrap(f"EXITS- {exits}", _WIDTH, subsequent_indent="       ", break_long_words=False):
            request.write(line)
    for line in textwrap.wrap(done.note, _WIDTH):
        request.write(line)
    return 0
