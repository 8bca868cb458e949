"""The virtual console: one terminal that CP and the virtual machine share (DMKVCN, DMKCNS, DMKCFM).

What the user types goes to CP in CP READ and after #CP, to a command that asked for it, or else to the guest: to the
read that it has outstanding, or into a queue, with an attention interruption so that the guest comes and reads it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from cpvm.cp import programkey, secondary, typedahead
from cpvm.cp.clock import hhmmss
from cpvm.cp.command import Ask, CommandRun, Pause
from cpvm.cp.consoletext import printable
from cpvm.cp.fullscreen import ConsoleDisplay, Kept
from cpvm.cp.graphic import GraphicTerminal, graphic_of
from cpvm.cp.lineedit import INPUT_LIMIT, cp_escape, logical_lines
from cpvm.cp.pace import Pace
from cpvm.cp.pfkey import Retrieval
from cpvm.cp.screenlines import Line
from cpvm.cp.session import MOST_AHEAD, Origin, ReadState, harmless
from cpvm.cp.unanswered import Unanswered
from cpvm.cp.vspool import Output
from cpvm.machine.devices.console3215 import Console3215
from cpvm.s370.datastream import Aid
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.session import Session
    from cpvm.cp.vmblok import VMBLOK

TRUNCATED = "INPUT LINE TRUNCATED TO 130 CHARACTERS"
LINE_LOST = "INPUT LINE LOST; TOO MANY LINES TYPED AHEAD"
_QUEUE_LIMIT = 20_000  # lines typed ahead
_SPOOL_LINE = 0x09  # console lines are spooled as "write, space one"
_NEW_LINES = (0x15, 0x25, 0x0D)
_REMEMBERED = 60  # lines of the screen for a user who comes back at another display
_OUTPUT_LIMIT = 8192  # characters without a carriage return before the line is shown as it is


class VirtualConsole:
    """The console of one virtual machine, and the back end of its 3215.

    Attributes:
        device: the console as a 3215; None if there is none, or if it is a 3270 (`display`).
    """

    def __init__(self, vm: VMBLOK) -> None:
        self.vm = vm
        self.session: Session | None = None
        self.device: Console3215 | None = None
        self.display: ConsoleDisplay | None = None
        self.cp_read = False
        self.spool: Output | None = None  # the device block that SPOOL CONSOLE works on
        self.spooling = False
        self.terminal_output = True  # SPOOL CONSOLE TERM
        self.patience = 0.0  # seconds that a disconnected machine may wait for a line; 0: for ever
        self.give_up: Callable[[], None] = lambda: None  # called after that
        self._ahead: deque[tuple[str, bool]] = deque()  # logical lines not yet given to CP or guest; True: a new line
        self._typed: deque[str] = deque()  # lines as typed, while a command runs that does not ask
        self._guest: deque[tuple[bytes, bool]] = deque()  # lines for the guest; True: its own attention belongs to it
        self._retrieval = Retrieval()
        self._attention_sent = False
        self._attentions = 0  # pressed since the guest last read, with TERMINAL MODE VM
        self._unanswered = Unanswered(self)
        self._carriage = ""  # output without carriage return so far
        self._announced: ReadState | None = None
        self._pace = Pace(vm)
        self._recent: deque[Line] = deque(maxlen=_REMEMBERED)
        self.kept: Kept | None = None  # what the terminal showed of a program when it went

    # The terminal

    @property
    def graphic(self) -> GraphicTerminal | None:
        """The terminal, if it is a display."""
        return graphic_of(self.session)

    def connect(self, session: Session) -> None:
        """SESSION is the terminal from now on."""
        self.session = session
        session.vm = self.vm
        self.vm.terminal.fit(session.columns)
        self._announced = None
        self._unanswered.answered()
        if (graphic := self.graphic) is not None:
            if self._recent:
                graphic.restore(list(self._recent), self.kept)
                self.kept = None
            if self.display is not None:
                self.display.connect(graphic)

    def disconnect(self) -> Session | None:
        """There is no terminal any more. Returns the session that was."""
        graphic = self.graphic
        session, self.session = self.session, None
        if graphic is not None:
            self.kept = graphic.keep()
        if self.display is not None:
            self.display.disconnect()
        if session is not None:
            session.vm = None
        self._unanswered.look()
        return session

    def announce(self, *, new_read: bool = False) -> None:
        """Tell the terminal the state, if it is another one or a new read began."""
        state = self.state
        if state is ReadState.PASSWORD and self._typed:
            self.vm.system.post(lambda: typedahead.answer(self.vm, self._typed))
        if self.session is not None and (new_read or state is not self._announced):
            self._announced = state
            self.session.state(state)
        elif self.session is None:
            if state is ReadState.VM_READ and self.kept is not None:
                self.kept.program_reads_lines()
            self._unanswered.look()

    @property
    def state(self) -> ReadState:
        """What the user may do now."""
        function = self.vm.function
        if function is not None and isinstance(function.waiting, Ask):
            return ReadState.PASSWORD if function.waiting.hidden else ReadState.CP_READ
        if function is not None:
            return ReadState.SLEEPING if isinstance(function.waiting, Pause) else ReadState.RUNNING
        if self.cp_read:
            return ReadState.CP_READ
        waiting = self._ahead or self._guest  # what will answer the read
        if self.device is not None and self.device.reading and not self.vm.stopped and not waiting:
            return ReadState.VM_READ
        return ReadState.RUNNING

    def command(self, line: str) -> None:
        """A line for CP that somebody else sends (SEND CP)."""
        symbol = self.vm.symbols.linend
        if self.vm.function is not None:
            self._typed.append(f"{symbol}CP {line}" if symbol else line)
        else:
            self.execute([line])

    # Input

    @property
    def accepting(self) -> bool:
        """Whether one more typed line can be kept, for the user of a display, who is told if it cannot."""
        function = self.vm.function
        asked = function is not None and isinstance(function.waiting, Ask)
        return asked or len(self._typed) + len(self._ahead) + len(self._guest) < MOST_AHEAD

    def typed(self, text: str) -> None:
        """The user typed a line."""
        if len(text) > INPUT_LIMIT:
            text = text[:INPUT_LIMIT]
            self.write_cp(TRUNCATED)
        function = self.vm.function
        asked = function.waiting if function is not None else None
        if isinstance(asked, Ask | Pause) and not (isinstance(asked, Ask) and asked.hidden):
            typedahead.remember(text, self._retrieval, self._recent)
        if function is not None and isinstance(asked, Ask):
            function.reply(text)
            return
        if function is not None and isinstance(function.waiting, Pause):
            function.attention()
            if not text:
                return
            function = self.vm.function
            if function is None:
                self._accept(text, new=False)
                return
        if function is not None:
            self._typed.append(text)
            return
        self._accept(text)

    def _accept(self, text: str, *, new: bool = True) -> None:
        if new:
            typedahead.remember(text, self._retrieval, self._recent)
        symbols = self.vm.symbols
        for_cp = cp_escape(text, symbols)
        if for_cp is not None:
            if for_cp.strip():
                self.execute([line for line in logical_lines(for_cp, symbols) if line.strip()])
            else:
                self.vm.enter_cp()
            return
        if self.vm.terminal.tabchar:
            text = text.replace(self.vm.terminal.tabchar, "\t")
        edited = logical_lines(text, symbols) if self.vm.linedit or self.cp_read else [text]
        if len(self._ahead) + len(self._guest) < _QUEUE_LIMIT:
            self._ahead.extend((line, number == 0) for number, line in enumerate(edited))
        else:
            self.write_cp(LINE_LOST)
        self.pump()

    def pump(self) -> None:
        """Give the lines that wait to whoever reads now."""
        while self._ahead and self.vm.function is None and not self.vm.logged_off:
            line, new = self._ahead.popleft()
            if not self.cp_read and self.display is None:
                self._guest.append((to_ebcdic(line), new))
            elif not self.cp_read and not line.strip():
                self.request()  # a program at a 3270 reads no lines: what is typed on CP's screen is for CP
            elif line.strip():
                self.execute([line])
            else:
                self.announce(new_read=True)
        self.feed()

    def feed(self) -> None:
        """Complete the guest's read with a line that waits.

        Attention is raised if nothing was read: the guest does not know that there is a line. Each line typed has an
        attention of its own; what stands behind a line end symbol in it stays for the reads that follow.
        """
        if not self._guest or self.device is None or self.vm.logged_off:
            return
        if self.device.reading:
            self._enter()
            self.vm.interactive = self.vm.system.scheduler.INTERACTIVE
            self.announce()
            self.vm.wake()
        elif not self._attention_sent:
            self._attention_sent = True
            self.device.attention()
            self.vm.wake()

    def _enter(self) -> None:
        """Answer the guest's read; the line typed after this one is due as soon as the guest has had its turn."""
        assert self.device is not None
        self._unanswered.answered()
        self.device.enter(self._guest.popleft()[0])
        if self._guest and self._guest[0][1]:
            self.vm.system.post(self.feed)

    def execute(self, lines: list[str]) -> None:
        """Run CP commands that were typed."""
        self._unanswered.answered()
        self.vm.function = CommandRun(
            self.vm.system, lines, vm=self.vm, session=self.session, output=self.write_cp, done=self._executed
        )
        self.vm.function.start()

    def _executed(self, code: int) -> None:
        self.function_ended()

    def function_ended(self) -> None:
        """A command has ended, also one that the guest gave: go on with the machine and with lines typed meanwhile."""
        self.vm.function = None
        if self.vm.logged_off:
            return
        if not self._ahead:
            self.announce(new_read=True)
        self.vm.ready()
        if self._typed:
            self._accept(self._typed.popleft())
        else:
            self.pump()

    def program_key(self, number: int) -> None:
        """PF key NUMBER was pressed."""
        programkey.press(self, number, self._retrieval)

    def attention(self) -> None:
        """The attention key: ends a command that waits, or puts the machine into CP READ.

        With TERMINAL MODE VM the first one is for the machine, if it runs.
        """
        if self.vm.terminal.attention:
            self.write_cp("!")
        function = self.vm.function
        if function is not None:
            commanding = self.vm.commanding  # by a trap, not by the user: the attention is for the machine, too
            function.attention()
            if commanding:
                self.vm.enter_cp()
            return
        self._attentions += 1
        if self.vm.terminal.mode == "VM" and self._attentions == 1 and self.state is ReadState.RUNNING:
            self.request()
            return
        self._attentions = 0
        if self.vm.run_option and not self.cp_read:
            self.enter_cp()
        else:
            self.vm.enter_cp()

    def request(self) -> None:
        """ATTN, REQUEST: attention interruption for the guest."""
        if self.device is not None:
            self.device.attention()
            self.vm.wake()
        elif self.display is not None:
            self.display.key(bytes((Aid.ENTER, 0x40, 0x40)))

    # CP mode

    def enter_cp(self) -> None:
        """Go to CP READ; the line `CP` tells so."""
        self.cp_read = True
        self.flush()
        self.write_cp("CP")
        if self.vm.function is None:
            self.announce(new_read=True)

    def wait_for_cp(self) -> None:
        """CP READ without the line `CP` (after LOGON, IPL ... STOP)."""
        self.cp_read = True
        self.announce()

    def leave_cp(self) -> None:
        """The guest has the console again."""
        self.cp_read = False
        self.announce()

    def reset(self) -> None:
        """The machine was reset: lines typed for the guest are gone, and its output without carriage return."""
        self._guest.clear()
        self._attention_sent = False
        self.kept = None
        if (graphic := self.graphic) is not None:
            graphic.program_reset()
        self.flush()

    # Output

    def write_cp(self, text: str, origin: Origin = Origin.CP) -> None:
        """A line from CP."""
        self.flush()
        self._show(text, origin)

    def show_of(self, userid: str, text: str) -> None:
        """A line of another machine's console."""
        self.flush()
        self._show(f"{userid:<8}: {text}", Origin.CP, relayed=True)

    def _show(self, text: str, origin: Origin, *, relayed: bool = False) -> None:
        if self.vm.terminal.timestamp:
            text = f"{hhmmss(time.time())} {text}"
        if self.spooling and self.spool is not None:
            self.spool.put(_SPOOL_LINE, to_ebcdic(text))
        if self.session is not None and (self.terminal_output or self.cp_read):
            for line in self.vm.terminal.broken(text):
                self.session.write(line, origin)
        self._recent.append(Line(harmless(text), origin))
        if not relayed:
            secondary.relay(self.vm, text)

    def flush(self) -> None:
        """Show what the guest wrote without carriage return."""
        if self._carriage:
            text, self._carriage = self._carriage, ""
            self._show(text, Origin.VM)

    # The back end of the 3215

    def write(self, data: bytes, newline: bool) -> None:
        """The guest writes EBCDIC data."""
        start = 0
        for position, byte in enumerate(data):
            if byte in _NEW_LINES:
                self._line(data[start:position])
                start = position + 1
        if newline:
            self._line(data[start:])
        else:
            self._carriage += printable(data[start:])
            if self.vm.terminal.autocr or len(self._carriage) > _OUTPUT_LIMIT:
                self.flush()

    def _line(self, data: bytes) -> None:
        text, self._carriage = self._carriage + printable(data), ""
        self._show(text, Origin.VM)
        self._pace.line()
        terminal = self.graphic
        if terminal is not None and terminal.full:
            self.vm.defer(lambda: terminal.wait(self.vm), own=True)

    def read(self, limit: int) -> None:
        """The guest started a read of LIMIT bytes."""
        self._attention_sent = False
        self._attentions = 0
        for reader in self.vm.readers:
            reader.settle()
        if self._guest:
            self._enter()
            return
        self.flush()
        self.announce(new_read=True)

    def alarm(self) -> None:
        """The audible alarm; line-mode terminals have none that CP could ring."""
