"""The keyboard map: which key of a VT terminal does what on a 3270, and the text that tells so.

Ctrl-C is the attention key, as everywhere in cpvm, also while the keyboard is locked; CLEAR is Esc c. Esc and then a
key is the same as Alt with the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Binding:
    """Keys that do the same.

    Attributes:
        keys: names, see `cpvm.terminal.vt.keys`.
        action: `aid:` and a key for the program (`cpvm.s370.datastream.KEYS`), or the name of an action of the panel.
        shown: the keys, as the help shows them; not shown if empty.
        title: what they do.
    """

    keys: tuple[str, ...]
    action: str
    shown: str = ""
    title: str = ""


@dataclass(frozen=True)
class Hotkey:
    """A key that the owner of the panel gives a meaning: its name, as the help shows it, and what it does."""

    key: str
    shown: str
    title: str
    short: str = ""
    """For the line below the screen."""


def _both(letter: str) -> str:
    return f"Esc {letter}"


BINDINGS: Final[tuple[Binding, ...]] = (
    Binding(("c-m",), "aid:enter", "Enter", "ENTER"),
    *(Binding((f"f{n}",), f"aid:pf{n}", *(("F1...F12", "PF1...PF12") if n == 1 else ())) for n in range(1, 13)),
    *(
        Binding((f"f{n}",), f"aid:pf{n}", *(("Shift-F1...F12", "PF13...PF24") if n == 13 else ()))
        for n in range(13, 25)
    ),
    Binding((), "", "Alt-F1...F12", "PF13...PF24"),
    Binding(("pageup",), "aid:pf7", "Page Up", "PF7"),
    Binding(("pagedown",), "aid:pf8", "Page Down", "PF8"),
    Binding(("alt+1",), "aid:pa1", "Esc 1, 2, 3", "PA1, PA2, PA3"),
    Binding(("alt+2",), "aid:pa2"),
    Binding(("alt+3",), "aid:pa3"),
    Binding(("alt+c", "c-y"), "aid:clear", "Esc c, Ctrl-Y", "CLEAR"),
    Binding(("c-c", "alt+a"), "attention", "Ctrl-C", "attention (ATTN)"),
    Binding(("alt+s",), "system_request", _both("s"), "SYSREQ"),
    Binding(("c-r", "alt+r"), "reset", "Ctrl-R", "RESET: unlock"),
    Binding(("insert", "alt+i"), "insert", "Insert, Esc i", "insert mode"),
    Binding(("delete",), "delete", "Delete", "delete"),
    Binding(("c-h",), "backspace", "Backspace", "delete before"),
    Binding(("c-w", "alt+c-h"), "delete_word", "Ctrl-W", "delete word"),
    Binding(("c-k", "alt+e"), "erase_to_end", "Ctrl-K, Esc e", "ERASE EOF"),
    Binding(("c-u",), "delete_field", "Ctrl-U", "delete field"),
    Binding(("alt+x",), "erase_input", _both("x"), "ERASE INPUT"),
    Binding(("c-i",), "tab", "Tab, Shift-Tab", "next, last field"),
    Binding(("s-tab",), "back_tab"),
    Binding(("c-j",), "new_line", "Ctrl-J", "new line"),
    Binding(("home",), "home", "Home", "first field"),
    Binding(("c-a",), "field_begin", "Ctrl-A", "begin of field"),
    Binding(("end", "c-e"), "field_end", "End, Ctrl-E", "end of field"),
    Binding(("up",), "up"),
    Binding(("down",), "down"),
    Binding(("left",), "left"),
    Binding(("right",), "right"),
    Binding(("c-right", "alt+f", "alt+right"), "next_word", "Ctrl-Left, -Right", "word by word"),
    Binding(("c-left", "alt+b", "alt+left"), "previous_word"),
    Binding(("c-d",), "duplicate", "Ctrl-D", "DUP"),
    Binding(("c-f",), "field_mark", "Ctrl-F", "FIELD MARK"),
    Binding(("alt+l",), "select", _both("l"), "select (light pen)"),
    Binding(("alt+w",), "copy", _both("w"), "copy the screen"),
    Binding(("alt+p",), "save", _both("p"), "save the screen"),
    Binding(("alt+m",), "mouse", _both("m"), "mouse on, off"),
    Binding(("c-l",), "redraw", "Ctrl-L", "redraw"),
    Binding(("alt+h", "alt+?"), "help", "Esc h", "this list"),
)

ALWAYS: Final = frozenset(
    ("attention", "system_request", "reset", "copy", "save", "mouse", "redraw", "help", "hotkey", "nothing")
)
"""Actions that a locked keyboard does not hold up."""

_ACTIONS: Final = {key: binding.action for binding in BINDINGS for key in binding.keys}
_MOUSE_HELP: Final = ("Mouse: click moves the cursor, drag copies; with Shift it is the terminal's own.",)


def action(key: str) -> str:
    """What a key does; nothing if it is not in the map."""
    return _ACTIONS.get(key, "")


def help_lines(columns: int, hotkeys: Iterable[Hotkey] = (), *, saving: bool = True, mouse: bool = True) -> list[str]:
    """The map for a window of so many columns."""
    rows: Sequence[tuple[str, str]] = [
        *((b.shown, b.title) for b in BINDINGS if b.shown and (saving or b.action != "save")),
        *((hotkey.shown, hotkey.title) for hotkey in hotkeys),
    ]
    left = max(len(shown) for shown, _ in rows) + 2
    width = left + max(len(title) for _, title in rows) + 2
    across = max(1, min(2, (columns - 1) // width))
    height = -(-len(rows) // across)
    lines = []
    for number in range(height):
        cells = [rows[at] for at in range(number, len(rows), height)]
        lines.append(" " + "".join((shown.ljust(left) + title).ljust(width) for shown, title in cells).rstrip())
    if mouse:
        lines += ["", *(f" {line}" for line in _MOUSE_HELP)]
    return [line[:columns] for line in lines]
