"""Who calls: a 3270, or a terminal that prints lines.

A 3270 says so when it is asked for TN3270E or for its terminal type. A client that does not answer at all, such as
netcat, is a line terminal after `SILENCE` seconds, or as soon as it sends a line.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field

from cpvm.terminal import negotiation as tn
from cpvm.terminal.window import window_size

SILENCE = 1.0
"""Seconds that a client may take before it says anything: a way by satellite takes 0.6, a busy computer its time."""

PATIENCE = 5.0
"""Seconds that one may take that has begun to negotiate."""

_KIND = re.compile(r"IBM-(327|DYNAMIC)")
MOST_ITEMS = 100
"""Telnet commands that a caller may send before it has said what it is; one that sends more loses the connection."""

MOST_BYTES = 20_000
"""Bytes of the same."""

LONGEST = 30.0
"""Seconds in which it must have said it; then it is a line terminal."""

_CHUNK = 4096
_SEND_TYPE, _TYPE_IS = b"\x01", 0


def is_display(kind: str) -> bool:
    """Whether a terminal type is a 3270's: others that tell one would accept END-OF-RECORD and BINARY, too."""
    return _KIND.match(kind) is not None


@dataclass
class Caller:
    """What is known of a caller."""

    telnet: tn.Negotiator
    enhanced: bool = False
    kind: str = ""
    """Terminal type of a 3270 that does not know TN3270E; "" if it is none."""
    window: tuple[int, int] | None = None
    """Of a window for lines that has a 3270, too: the rows and columns of that."""
    reported: str = ""
    """Terminal type that it has told, in capitals, whatever it is."""
    items: list[tn.Item] = field(default_factory=list)
    """What was received that does not concern this question."""
    ended: bool = False
    decided: bool = False

    @property
    def display(self) -> bool:
        """Whether it is a 3270."""
        return self.enhanced or bool(self.kind)


def negotiator() -> tn.Negotiator:
    """What the system is willing to agree on with any client."""
    return tn.Negotiator(
        frozenset((tn.ECHO, tn.SGA, tn.BINARY, tn.MESSAGES, tn.EOR_OPTION)),
        frozenset((tn.BINARY, tn.NAWS, tn.TERMINAL_TYPE, tn.EOR_OPTION, tn.TN3270E)),
    )


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Caller:
    """Find out who calls. Raises ConnectionError."""
    caller = Caller(negotiator())
    caller.telnet.ask(tn.TN3270E)
    writer.write(caller.telnet.take())
    wait, received = SILENCE, 0
    end = time.monotonic() + LONGEST
    while not caller.decided:
        try:
            data = await asyncio.wait_for(reader.read(_CHUNK), min(wait, end - time.monotonic()))
        except TimeoutError:
            break
        if not data:
            caller.ended = True
            break
        for item in caller.telnet.receive(data):
            _item(caller, item)
        received += len(data)
        if len(caller.items) > MOST_ITEMS or received > MOST_BYTES:
            raise ConnectionError("too much before it is known what calls")
        writer.write(caller.telnet.take())
        wait = PATIENCE if caller.telnet.heard else SILENCE
    return caller


def _item(caller: Caller, item: tn.Item) -> None:
    if caller.decided:
        caller.items.append(item)
    elif isinstance(item, tn.OptionChanged) and not item.ours and item.option == tn.TN3270E:
        if item.on:
            caller.enhanced = caller.decided = True
        else:
            caller.telnet.ask(tn.TERMINAL_TYPE)
    elif isinstance(item, tn.OptionChanged) and not item.ours and item.option == tn.TERMINAL_TYPE:
        if item.on:
            caller.telnet.subnegotiate(tn.TERMINAL_TYPE, _SEND_TYPE)
        else:
            caller.decided = True
    elif isinstance(item, tn.Subnegotiation) and item.option == tn.TERMINAL_TYPE:
        kind = item.data[1:].decode("ascii", "replace").upper() if item.data[:1] == bytes((_TYPE_IS,)) else ""
        caller.reported = kind
        caller.kind = kind if is_display(kind) else ""
        caller.window = window_size(kind)
        caller.decided = True
    else:
        caller.items.append(item)
        if not isinstance(item, tn.OptionChanged | tn.Subnegotiation):
            caller.decided = True
