"""Telnet as a protocol: commands, options and subnegotiation (RFC 854, 855, 856, 857, 858, 1073).

Bytes go in through `receive`, what they mean comes out; what must be sent is collected for `take`. An option is
answered only when it changes (the rule of RFC 1143), so that no negotiation can go round in a loop.

Options: ECHO, SUPPRESS-GO-AHEAD and BINARY are offered by the system; BINARY and NAWS are asked of the terminal; a
3270 agrees on TN3270E (RFC 2355), or on TERMINAL-TYPE (RFC 1091), END-OF-RECORD (RFC 885) and BINARY.
Option 201 (widely used for out-of-band messages) is granted when a terminal asks for it: the system then reports the
terminal's state as `Cpvm.State {"state": "VM_READ", "userid": "CMSUSER"}`. The limits below are hard ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

MAX_SUBNEGOTIATION = 1024
"""Bytes of one subnegotiation; what exceeds it is thrown away."""

MAX_NEGOTIATIONS = 500
"""WILL, WON'T, DO and DON'T accepted on one connection; after that they are ignored."""

MAX_IGNORED = 100_000
"""Of these, and of subnegotiations but those of MESSAGES; after so many the connection is ended."""

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
NOP, DM, BRK, IP, AO, AYT, EC, EL = 241, 242, 243, 244, 245, 246, 247, 248
EOF_COMMAND, SUSP, ABORT, EOR = 236, 237, 238, 239
TIMING_MARK = 6
BINARY, ECHO, SGA, TERMINAL_TYPE, EOR_OPTION, NAWS, TN3270E, MESSAGES = 0, 1, 3, 24, 25, 31, 40, 201


class EndlessError(ConnectionError):
    """The other end negotiates without end."""


@dataclass(frozen=True)
class Command:
    """A telnet command of one byte, such as BRK."""

    code: int


@dataclass(frozen=True)
class OptionChanged:
    """An option was agreed on or given up. `ours` tells whose behaviour it is about."""

    option: int
    ours: bool
    on: bool


@dataclass(frozen=True)
class Subnegotiation:
    """The body of a subnegotiation of an option."""

    option: int
    data: bytes


Item = bytes | Command | OptionChanged | Subnegotiation


class _Side:
    """The options of one side: what holds, and what was asked for and not yet answered."""

    def __init__(self, supported: frozenset[int]) -> None:
        self.supported = supported
        self.on: set[int] = set()
        self.asked: set[int] = set()


class Negotiator:
    """One end of a telnet connection.

    Args:
        ours: options that this end is willing to perform when asked.
        theirs: options that this end is willing to let the other end perform.
    """

    def __init__(self, ours: frozenset[int], theirs: frozenset[int]) -> None:
        self._ours = _Side(ours)
        self._theirs = _Side(theirs)
        self._out = bytearray()
        self._pending = bytearray()
        self._sub: bytearray | None = None
        self._count = 0
        self._all = 0
        self.heard = False
        """Whether the other end has spoken telnet at all."""

    def take(self) -> bytes:
        """Bytes to be sent since the last call."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def ours(self, option: int) -> bool:
        """Whether this end performs `option`."""
        return option in self._ours.on

    def theirs(self, option: int) -> bool:
        """Whether the other end performs `option`."""
        return option in self._theirs.on

    def offer(self, option: int, on: bool = True) -> None:
        """Offer to perform `option`, or stop performing it."""
        self._request(self._ours, option, on, WILL if on else WONT)

    def ask(self, option: int, on: bool = True) -> None:
        """Ask the other end to perform `option`, or to stop."""
        self._request(self._theirs, option, on, DO if on else DONT)

    def subnegotiate(self, option: int, data: bytes) -> None:
        """Send a subnegotiation."""
        self._out += bytes((IAC, SB, option)) + data.replace(b"\xff", b"\xff\xff") + bytes((IAC, SE))

    def _request(self, side: _Side, option: int, on: bool, verb: int) -> None:
        if on == (option in side.on) or option in side.asked:
            return
        if on:
            side.asked.add(option)
        else:
            side.on.discard(option)
        self._out += bytes((IAC, verb, option))

    def receive(self, data: bytes) -> Iterator[Item]:
        """Take received bytes, in pieces of any size; yields what they contain, telnet taken out of the data."""
        self._pending += data
        while self._pending:
            step = self._step_data() if self._sub is None else self._step_subnegotiation()
            if step is None:
                return
            if step:
                yield step

    def _step_data(self) -> Item | None:
        """One item outside of a subnegotiation: b"" if there is nothing to tell, None if more bytes are needed."""
        pending = self._pending
        iac = pending.find(IAC)
        if iac != 0:
            return self._cut(iac if iac > 0 else len(pending))
        if len(pending) < 2 or (WILL <= pending[1] <= DONT and len(pending) < 3):
            return None
        code = pending[1]
        if WILL <= code <= DONT:
            option = self._cut(3)[2]
            self.heard = True
            return self._negotiate(code, option) or b""
        self._cut(2)
        if code == IAC:
            return b"\xff"
        if code == SB:
            self._sub = bytearray()
        elif code >= EOF_COMMAND and code not in (SE, NOP, DM):
            self.heard = True
            return Command(code)
        return b""

    def _step_subnegotiation(self) -> Item | None:
        pending = self._pending
        assert self._sub is not None
        iac = pending.find(IAC)
        if iac != 0:
            piece = self._cut(iac if iac > 0 else len(pending))
            self._sub += piece[: MAX_SUBNEGOTIATION - len(self._sub)]
            return b""
        if len(pending) < 2:
            return None
        code = pending[1]
        if code == IAC:
            self._cut(2)
            self._sub += b"\xff"[: MAX_SUBNEGOTIATION - len(self._sub)]
            return b""
        body = bytes(self._sub)
        self._sub = None
        if code == SE:
            self._cut(2)
            if body[:1] != bytes((MESSAGES,)):  # of which a long session has many
                self._another()
            return Subnegotiation(body[0], body[1:]) if body else b""
        # Another command before the end: the subnegotiation was broken off, the command counts.
        return b""

    def _cut(self, length: int) -> bytes:
        piece = bytes(self._pending[:length])
        del self._pending[:length]
        return piece

    def _another(self) -> None:
        self._all += 1
        if self._all > MAX_IGNORED:
            raise EndlessError("the negotiation does not end")

    def _negotiate(self, verb: int, option: int) -> OptionChanged | None:
        if option == TIMING_MARK:  # a sign of life; answered each time (RFC 860), and never agreed on
            if verb in (DO, WILL):
                self._out += bytes((IAC, WILL if verb == DO else DONT, option))
            return None
        self._another()
        self._count += 1
        if self._count > MAX_NEGOTIATIONS:
            return None
        ours = verb in (DO, DONT)
        on = verb in (DO, WILL)
        side = self._ours if ours else self._theirs
        yes, no = (WILL, WONT) if ours else (DO, DONT)
        asked = option in side.asked
        side.asked.discard(option)
        if on:
            if option not in side.supported:
                self._out += bytes((IAC, no, option))
                return None
            if option in side.on:
                return None
            side.on.add(option)
            if not asked:
                self._out += bytes((IAC, yes, option))
            return OptionChanged(option, ours, True)
        if option not in side.on:
            return OptionChanged(option, ours, False) if asked else None
        side.on.discard(option)
        self._out += bytes((IAC, no, option))
        return OptionChanged(option, ours, False)
