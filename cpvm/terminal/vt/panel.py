"""A 3270 on a VT terminal: what the program writes is drawn with VT sequences, keys become what a 3270 sends.

There is no event loop, no file and no socket here: the owner hands over what the terminal sent (`feed`), how large it
is (`resize`) and what the system sends (`command`), all from one thread at a time, and is called with text for the
terminal (`write`) and with records for the system (`received`).

Hard limits: `MAX_AHEAD`, and those of `cpvm.terminal.vt.keys`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from cpvm.machine.media.screen import Inhibited, Keyboard, Screen, StreamError, read_buffer, read_modified, structured
from cpvm.machine.media.screen import write as draw
from cpvm.s370.datastream import Aid, Read, Write
from cpvm.terminal.vt import editing
from cpvm.terminal.vt.keymap import ALWAYS, Hotkey, action, help_lines
from cpvm.terminal.vt.keys import ALT, PREFIX, Decoder, Input, Mouse, Paste, Press
from cpvm.terminal.vt.painter import Painter
from cpvm.terminal.vt.pasting import paste
from cpvm.terminal.vt.picture import Row
from cpvm.terminal.vt.selection import Selection, clipboard
from cpvm.terminal.vt.status import Status, status_line
from cpvm.terminal.vt.style import Sequences
from cpvm.terminal.vt.view import View

MAX_AHEAD: Final = 1000
"""Keys and pastes typed while the keyboard is locked; further ones are ignored."""

CLOCK, SYSTEM = "X ()", "X SYSTEM"


class VTPanel:
    """One 3270 in one terminal.

    Args:
        write: sends text to the terminal.
        size: rows and columns of the terminal.
        received: takes a record for the system: attention identification, cursor, fields; or the answer to a read.
        screen: rows and columns of the 3270; by default of the largest model that the terminal has room for.
        colours: how many the terminal has: 0, 8, 16 or 256.
        black: whether the screen's background is black; else it is the terminal's.
        extended: whether the 3270 has colours, highlighting and structured fields.
        name: of the connection, for the line below the screen.
        secure: whether the connection is encrypted, for the same.
        attention, system_request: called for the ATTN and SYSREQ keys; by default they are PA1.
        hotkeys: keys that `hotkey` is called with (the name of the key), whatever the state of the keyboard.
        save: called with the screen as text; without it there is no key for it.
        mouse: whether the mouse is used from the start.
        shapes: whether the terminal's cursor can have several shapes, as a block and a line.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        size: tuple[int, int],
        received: Callable[[bytes], None],
        *,
        screen: tuple[int, int] | None = None,
        colours: int = 16,
        black: bool = True,
        extended: bool = True,
        name: str = "",
        secure: bool = False,
        attention: Callable[[], None] | None = None,
        system_request: Callable[[], None] | None = None,
        hotkeys: Sequence[Hotkey] = (),
        hotkey: Callable[[str], None] = lambda key: None,
        save: Callable[[str], str] | None = None,
        mouse: bool = True,
        shapes: bool = True,
    ) -> None:
        self.size = screen or largest_model(*size)
        """Rows and columns of the alternate size."""
        self.extended = extended
        self.name = name
        self.secure = secure
        self.screen = Screen(24, 80, self.size, extended=extended)
        self.keyboard = Keyboard(self.screen, numeric_lock=False)
        self.shown = False
        """Whether the terminal shows the panel."""
        self._received = received
        self._attention = attention or (lambda: received(bytes((Aid.PA1,))))
        self._system_request = system_request or self._attention
        self._hotkeys = {hotkey.key: hotkey for hotkey in hotkeys}
        self._hotkey = hotkey
        self._save = save
        self._mouse = mouse
        self._painter = Painter(write, *size, Sequences(colours, black=black), shapes=shapes)
        self._view = View(self.screen, *size, self.size)
        self._decoder = Decoder()
        self._ahead: deque[Press | Paste] = deque()
        self._inhibited = ""
        self._notice = ""
        self._help: list[str] = []
        self._selection: Selection | None = None
        self._greeted = False
        self._alarms = 0
        self._rung = False

    # ---- the terminal

    def start(self) -> None:
        """Take over the terminal and show the screen."""
        self.shown = True
        self._painter.begin(self._mouse)
        self._note_size()
        if not self._greeted and not self._notice and not self._view.has_status:
            self._notice = self._hint  # nowhere else would it be seen
        self._greeted = True
        self.refresh()

    def stop(self) -> None:
        """Give the terminal back as it was before `start`; what the system sends is kept up with."""
        if self.shown:
            self.shown = False
            self._painter.end()

    def resize(self, rows: int, columns: int) -> None:
        """The terminal has another size; the 3270 keeps its own."""
        rows, columns = max(1, rows), max(1, columns)
        self._painter.resize(rows, columns)
        self._view.resize(rows, columns)
        self._help = []
        self._selection = None
        self._note_size()
        self.refresh()

    def _note_size(self) -> None:
        if window := self._view.window():
            self._notice = f"WINDOW OF {window}"

    def feed(self, text: str) -> None:
        """What the terminal sent."""
        for item in self._decoder.feed(text):
            self._input(item)
        self.refresh()

    def refresh(self) -> None:
        """Draw what has changed. The panel does this itself; after changes to `screen` from outside it is needed."""
        if not self.shown:
            return
        if self.screen.alarms != self._alarms or self._rung:
            self._alarms, self._rung = self.screen.alarms, False
            self._painter.bell()
        status = self._status()
        rows = self._view.rows(lambda columns: status_line(status, columns), bool(self._notice or status.prefix))
        if self._selection is not None:
            rows = self._view.marked(rows, self._selection)
        if self._help:
            rows = self._view.covered(rows, self._help)
        self._painter.paint(rows, self._view.cursor, self.keyboard.insert)

    @property
    def _hint(self) -> str:
        """Which keys help."""
        return "  ".join(["Esc h keys", *(hotkey.short for hotkey in self._hotkeys.values() if hotkey.short)])

    def _status(self) -> Status:
        screen = self.screen
        row, column = divmod(screen.cursor, screen.columns)
        return Status(
            inhibited=self._inhibited if screen.locked else "",
            insert=self.keyboard.insert,
            prefix=self._decoder.prefixed,
            notice=self._notice,
            ahead=len(self._ahead),
            name=self.name,
            secure=self.secure,
            hint=self._hint if self._notice != self._hint else "",
            row=row + 1,
            column=column + 1,
            window=self._view.window(),
        )

    def tell(self, text: str) -> None:
        """Show something in the line below the screen, until the next key."""
        self._notice = text
        self.refresh()

    def rows(self) -> list[Row]:
        """What the terminal shows, without what covers the screen for a moment."""
        status = self._status()
        return self._view.rows(lambda columns: status_line(status, columns), False)

    def text(self) -> str:
        """The screen as it looks, rows with newlines."""
        return "\n".join(self.screen.lines()) + "\n"

    # ---- the system

    def command(self, command: int, data: bytes, *, more: bool = False) -> bool:
        """A command for the display, as a channel gives it (`datastream.Write`, `datastream.Read`), with its data.

        With `more` nothing is drawn: another command follows at once. Returns whether the data stream was right; what
        stood before an error was done.
        """
        right = True
        try:
            self._command(command, data)
        except StreamError as error:
            self._notice = f"X PROG: {error}"
            right = False
        if not more:
            if not self.screen.locked:
                self._inhibited = ""
                self._catch_up()
            elif self._inhibited == CLOCK:
                self._inhibited = SYSTEM
            self.refresh()
        return right

    def _command(self, command: int, data: bytes) -> None:
        screen = self.screen
        answer = b""
        if command == Read.BUFFER:
            answer = read_buffer(screen).data
        elif command in (Read.MODIFIED, Read.MODIFIED_ALL):
            answer = read_modified(screen, everything=command == Read.MODIFIED_ALL).data
        elif command == Write.STRUCTURED_FIELD:
            answer = structured.write(screen, data)
        else:
            self._selection = None
            draw(screen, command, data)
        if answer:
            self._received(answer)

    # ---- keys

    def _input(self, item: Input) -> None:
        if self._help:
            if not isinstance(item, Mouse) or item.what == "press":
                del self._help[: self._view.help_rows]
            return
        if isinstance(item, Mouse):
            self._pointed(item)
            return
        self._notice = ""
        self._selection = None
        if isinstance(item, Press):
            if item.name == PREFIX:
                return
            if item.name in self._hotkeys:
                self._hotkey(item.name)
                return
            what = action(item.name)
            if what in ALWAYS:
                getattr(self, f"_do_{what}")()
                return
            if not what and len(item.name) > 1:
                self._notice = f"NO SUCH KEY: {item.name.replace(ALT, 'Esc ')}"
                return
        if len(self._ahead) < MAX_AHEAD:
            self._ahead.append(item)
            self._catch_up()
        else:
            self._refused("TOO MANY KEYS TYPED AHEAD")

    def _catch_up(self) -> None:
        """Do what was typed, as far as the keyboard is not locked."""
        while self._ahead and not self.screen.locked:
            item = self._ahead.popleft()
            try:
                if isinstance(item, Press):
                    self._press(item.name)
                elif rest := self._paste(item):
                    self._ahead.appendleft(Paste(rest))
            except Inhibited as error:
                self._ahead.clear()
                self._refused(str(error))

    def _refused(self, why: str) -> None:
        self._notice = f"X {why.removeprefix('the ').upper()}"
        self._rung = True

    def _press(self, name: str) -> None:
        what = action(name)
        keyboard = self.keyboard
        if not what:
            editing.type_text(keyboard, name)
        elif what.startswith("aid:"):
            self._key(what[4:])
        elif (do := getattr(self, f"_do_{what}", None)) is not None:
            do()
        elif (edit := getattr(editing, what, None)) is not None:
            edit(keyboard)
        else:
            getattr(keyboard, what)()

    def _key(self, name: str) -> None:
        self.keyboard.press(name)
        self._inhibited = CLOCK
        self._received(read_modified(self.screen).data)

    def _paste(self, item: Paste) -> str:
        """Put pasted text into the screen; returns what is left, if a line of it was entered."""
        result = paste(self.keyboard, item.text)
        if result.enter:
            self._key("enter")
        if result.problem or item.cut:
            self._refused(result.problem or "THE PASTED TEXT WAS TOO LONG")
        return result.rest

    def _do_attention(self) -> None:
        self._ahead.clear()
        self.keyboard.insert = False
        self._attention()

    def _do_system_request(self) -> None:
        self._system_request()

    def _do_reset(self) -> None:
        self._ahead.clear()
        self._inhibited = ""
        self.keyboard.reset()

    def _do_insert(self) -> None:
        self.keyboard.insert = not self.keyboard.insert

    def _do_previous_word(self) -> None:
        editing.next_word(self.keyboard, -1)

    def _do_select(self) -> None:
        if self.keyboard.select(self.screen.cursor):
            self._inhibited = CLOCK
            self._received(read_modified(self.screen).data)

    def _do_redraw(self) -> None:
        self._painter.forget()

    def _do_help(self) -> None:
        columns = self._painter.columns
        hotkeys = self._hotkeys.values()
        self._help = help_lines(columns, hotkeys, saving=self._save is not None, mouse=self._mouse)

    def _do_mouse(self) -> None:
        self._mouse = not self._mouse
        self._painter.mouse(self._mouse)
        self._notice = "MOUSE: CLICKS AND DRAGS ARE THE 3270'S" if self._mouse else "MOUSE: LEFT TO THE TERMINAL"

    # ---- copies of the screen

    def _do_copy(self) -> None:
        self._painter.put(clipboard(self.text()))
        self._notice = "SCREEN COPIED"

    def _do_save(self) -> None:
        if self._save is not None:
            self._notice = self._save(self.text())

    def _pointed(self, mouse: Mouse) -> None:
        """A click moves the cursor; what is dragged over is copied."""
        at = self._view.position(mouse.row, mouse.column)
        if mouse.button or at is None:
            return
        if mouse.what == "press":
            self._selection = Selection(at, at)
        elif self._selection is not None and mouse.what == "drag":
            self._selection = Selection(self._selection.start, at)
        elif self._selection is not None:
            if self._selection.single:
                self._selection = None
                if not self.screen.locked:
                    self.keyboard.move(*at)
            else:
                self._painter.put(clipboard(self._selection.text(self.screen)))
                self._notice = "COPIED"


MODELS: Final = {2: (24, 80), 3: (32, 80), 4: (43, 80), 5: (27, 132)}
"""Rows and columns of the 3278's and 3279's models."""


def largest_model(rows: int, columns: int) -> tuple[int, int]:
    """The screen with the most positions that a terminal of this size shows, with a line below it; model 2 at least."""
    fitting = [size for size in MODELS.values() if size[0] < rows and size[1] <= columns]
    return max(fitting, key=lambda size: size[0] * size[1], default=MODELS[2])


def model_size(text: str) -> tuple[int, int]:
    """Rows and columns of a model: `2` to `5`, or as `43x80`. Raises ValueError, which says what is wrong."""
    if text.isdecimal() and int(text) in MODELS:
        return MODELS[int(text)]
    rows, cross, columns = text.lower().partition("x")
    if not (cross and rows.isdecimal() and columns.isdecimal()):
        raise ValueError(f"{text} is no model: those are 2 to 5, or ROWSxCOLUMNS")
    size = int(rows), int(columns)
    if not (24 <= size[0] <= 255 and 80 <= size[1] <= 255 and size[0] * size[1] <= 0x4000):
        raise ValueError(f"a screen of {text}: it has 24 to 255 rows and 80 to 255 columns, 16384 positions at most")
    return size
