"""The line editor, judged by what a terminal would show: a small screen model receives its output."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpvm.terminal.editor import Entered, Event, Key, LineEditor, Unmapped
from cpvm.terminal.keys import ProgramKey
from cpvm.terminal.line import MAX_LINE, History, ReadState, without_passwords


class Screen:
    """As much of a VT100 as the editor relies on: rows of `width` columns, with the delayed wrap in the last column."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.rows = [[" "] * width]
        self.row = self.column = 0
        self.waiting = False

    def show(self, text: str) -> None:
        for match in re.finditer(r"\x1b\[(\d*)([A-Z])|(.)", text, re.DOTALL):
            count, action, char = match.groups()
            if action:
                self._cursor(int(count or 1), action)
            else:
                self._char(char)

    def _cursor(self, count: int, action: str) -> None:
        self.waiting = False
        if action == "A":
            self.row = max(0, self.row - count)
        elif action == "B":
            self.row = min(len(self.rows) - 1, self.row + count)
        elif action == "C":
            self.column = min(self.width - 1, self.column + count)
        elif action == "J":
            del self.rows[self.row + 1 :]
            self.rows[self.row][self.column :] = [" "] * (self.width - self.column)
        else:
            raise AssertionError(f"unknown control {action}")

    def _char(self, char: str) -> None:
        if char == "\r":
            self.column, self.waiting = 0, False
        elif char == "\n":
            self._down()
        elif char == "\b":
            self.column, self.waiting = max(0, self.column - 1), False
        elif char != "\a":
            if self.waiting:
                self.column, self.waiting = 0, False
                self._down()
            self.rows[self.row][self.column] = char
            if self.column == self.width - 1:
                self.waiting = True
            else:
                self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append([" "] * self.width)

    @property
    def text(self) -> str:
        return "".join("".join(row) for row in self.rows).rstrip()

    @property
    def position(self) -> int:
        return self.row * self.width + self.column


def make(width: int = 80) -> tuple[LineEditor, Screen]:
    editor = LineEditor(History(), width)
    editor.echo = True
    editor.state = ReadState.VM_READ
    return editor, Screen(width)


def expanded(text: str, width: int) -> str:
    """TEXT with blanks for tabulators; no row of a terminal has a tabulator beyond its end."""
    out = ""
    for char in text:
        column = len(out) % width
        out += " " * min(8 - column % 8, width - column) if char == "\t" else char
    return out


def type_keys(editor: LineEditor, screen: Screen, keys: str) -> list[Event]:
    events = list(editor.feed(keys))
    screen.show(editor.take())
    return events


UP, DOWN, RIGHT, LEFT, HOME, END, DELETE = (
    "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1bOF", "\x1b[3~",
)  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("LISTFILE\r", "LISTFILE"),
        ("LISTFELI\b\b\bILE\r", "LISTFILE"),
        ("LIFILE" + LEFT * 4 + "ST\r", "LISTFILE"),
        ("XXLISTFILE" + HOME + DELETE * 2 + "\r", "LISTFILE"),
        ("ISTFILE" + HOME + "L" + END + "!\r", "LISTFILE!"),
        ("COPY A B\x17C\r", "COPY A C"),
        ("RUBBISH\x15TYPE\r", "TYPE"),
        ("TYPE A B" + LEFT * 2 + "\x0b\r", "TYPE A"),
        ("AB\x1b[1;5DX\r", "XAB"),
        ("ONE TWO THREE\x17\x17\x01\x19\r", "TWO THREEONE "),  # kills one after the other come back together
        ("ONE TWO\x01\x1bd\x1bd\x19\x19\r", "ONE TWOONE TWO"),
        ("ONE TWO\x17X\x17\x19\r", "ONE X"),
        ("ONE TWO\x1b\x7fX\r", "ONE X"),
        ("ONE TWO\x1bb\x1bb\x1bfX\r", "ONEX TWO"),
        ("ONE\x15TWO\x01\x19\r", "ONETWO"),
        ("LSITFILE\x01\x06\x06\x06\x14\r", "LSTIFILE"),
        ("AB\x14\r", "BA"),
        ("A\x14\r", "A"),
        ("GONE\x07HERE\r", "HERE"),
        ("A\x1bzB\r", "AzB"),  # Escape is no key here
        ("A\x1b[200~B\x01C\tD\x7f\x1b[AE\x1b[201~F\r", "ABC\tDEF"),
        ("e\u0301tude e\u0301\r", "étude é"),
        ("A\xa0B\r", "A B"),
        ("A\tB\r", "A\tB"),
        ("A\x1b[99ZB\x1b[39~C\r", "ABC"),
        ("", None),
    ],
)
def test_edited_lines(keys: str, line: str | None) -> None:
    editor, screen = make()
    events = type_keys(editor, screen, keys)
    assert events == ([Entered(line)] if line is not None else [])
    if line is not None:
        assert screen.text.startswith(line.expandtabs().rstrip())


def test_every_form_of_return_is_one_line() -> None:
    editor, screen = make()
    events = type_keys(editor, screen, "A\r\nB\r\0C\nD\r\r")
    assert events == [Entered("A"), Entered("B"), Entered("C"), Entered("D"), Entered("")]


def test_return_split_between_two_packets() -> None:
    editor, screen = make()
    assert type_keys(editor, screen, "A\r") == [Entered("A")]
    assert type_keys(editor, screen, "\nB\r") == [Entered("B")]


def test_history() -> None:
    editor, screen = make()
    type_keys(editor, screen, "ONE\rTWO\rTWO\r")
    assert type_keys(editor, screen, UP + UP + "\r") == [Entered("ONE")]
    assert type_keys(editor, screen, "PART" + UP + UP + DOWN + DOWN + "LY\r") == [Entered("PARTLY")]
    assert type_keys(editor, screen, UP * 50 + "\r") == [Entered("ONE")]


def test_lines_are_found_again_by_what_is_in_them() -> None:
    editor, screen = make()
    type_keys(editor, screen, "TYPE ONE FILE\rLISTFILE\rtype two file\rQUERY DISK\r")
    older, newer = "\x12", "\x1b[6~"
    assert type_keys(editor, screen, "file" + older + "\r") == [Entered("type two file")]
    assert type_keys(editor, screen, "TYPE" + older * 2 + "\r") == [Entered("TYPE ONE FILE")]
    assert type_keys(editor, screen, "FILE" + older * 2 + newer + "\r") == [Entered("TYPE ONE FILE")]
    assert type_keys(editor, screen, "FROB" + older + "\r") == [Entered("FROB")]
    assert type_keys(editor, screen, "TYPE" + older + "\x07S\r") == [Entered("TYPES")]
    assert type_keys(editor, screen, "\x1b<" + "\r") == [Entered("TYPE ONE FILE")]


def test_characters_that_the_code_page_lacks() -> None:
    editor, screen = make()
    assert type_keys(editor, screen, "A") + type_keys(editor, screen, "€") == [Unmapped(("€",))]
    assert type_keys(editor, screen, "\r") == [Entered("A")]
    assert type_keys(editor, screen, "日本x\u0302👩‍🚀\r") == [
        Entered("??x??"),  # a character with a width leaves its place, a mark without one none
        Unmapped(("日", "本", "\u0302", "👩", "\u200d", "🚀")),
    ]
    assert type_keys(editor, screen, "ü") == type_keys(editor, screen, "\x7fu\u0308") == []
    assert editor.text == "ü"
    assert type_keys(editor, screen, "\u0304") == [Unmapped(("\u0304",))]  # ǖ is no character of code page 037
    assert editor.text == "ü"
    assert type_keys(editor, screen, "\r") == [Entered("ü")]


def test_a_line_that_the_terminal_has_edited_is_brought_to_the_code_page() -> None:
    editor = LineEditor(History())
    assert list(editor.feed("e\u0301€\r")) == [Entered("é?"), Unmapped(("€",))]
    editor.state = ReadState.PASSWORD
    assert list(editor.feed("e\u0301€\r")) == [Entered("é€")]  # what is not shown is not named


def test_a_password_is_not_what_yank_brings_back() -> None:
    editor, screen = make()
    editor.state = ReadState.PASSWORD
    type_keys(editor, screen, "secret\x15wrong\x17\r")
    editor.state = ReadState.VM_READ
    assert type_keys(editor, screen, "A\x19\r") == [Entered("A")]


def test_tabulators_go_to_the_next_stop() -> None:
    editor, screen = make(20)
    type_keys(editor, screen, "AB\tC" + LEFT + "\x7f")
    assert (screen.text, screen.position) == ("ABC", 2)
    type_keys(editor, screen, "\t\tD")
    assert screen.text == "AB" + " " * 14 + "DC"
    type_keys(editor, screen, HOME + "XXXXXX")
    assert screen.text == "XXXXXXAB" + " " * 12 + "DC"  # the second one ends with the row
    assert type_keys(editor, screen, "\r") == [Entered("XXXXXXAB\t\tDC")]


@given(st.integers(20, 40), st.integers(20, 40), st.integers(0, 100), st.integers(0, 100))
def test_a_window_that_changes_shows_the_line_again(old: int, new: int, length: int, left: int) -> None:
    editor, screen = make(old)
    text = "".join(chr(ord("a") + number % 26) for number in range(length))
    type_keys(editor, screen, text + LEFT * left)
    again = Screen(new)  # as a terminal that breaks its rows anew has it
    again.show(text)
    at = max(0, length - left)
    again.rows.extend([" "] * new for _ in range(at // new + 1 - len(again.rows)))
    (again.row, again.column), again.waiting = divmod(at, new), False
    assert editor.resize(new)
    again.show(editor.take())
    assert again.text == text
    type_keys(editor, again, "X")
    assert again.text == text[:at] + "X" + text[at:]
    assert not any(editor.resize(wrong) for wrong in (0, 19, 1001, 65535)) and editor.take() == ""


def test_password_is_neither_shown_nor_remembered() -> None:
    editor, screen = make()
    editor.state = ReadState.PASSWORD
    assert type_keys(editor, screen, "se" + UP + "x\bcret\r") == [Entered("secret")]
    assert screen.text == ""
    editor.state = ReadState.VM_READ
    assert type_keys(editor, screen, "LOGON CMSUSER secret\r" + UP + "\r")[1] == Entered("")


def test_a_list_of_files_is_no_password() -> None:
    assert without_passwords("l cmsuser secret", ReadState.LOGON) == "l cmsuser XXXXXXXX"
    assert without_passwords("l prog assemble a", ReadState.VM_READ) == "l prog assemble a"
    assert without_passwords("cp login cmsuser secret", ReadState.VM_READ) == "cp login cmsuser XXXXXXXX"
    editor, screen = make()
    editor.state = ReadState.VM_READ
    assert type_keys(editor, screen, "L PROG TEXT\r" + UP + "\r")[1] == Entered("L PROG TEXT")


def test_attention_and_end() -> None:
    editor, screen = make()
    assert type_keys(editor, screen, "HALF\x03") == [Key.ATTENTION]
    assert type_keys(editor, screen, "\x04") == [Key.END]
    assert type_keys(editor, screen, "AB" + HOME + "\x04\r") == [Entered("B")]


def test_output_comes_between_typed_characters() -> None:
    editor, screen = make(20)
    type_keys(editor, screen, "A LINE OF MORE THAN TWENTY COLUMNS" + LEFT * 3)
    editor.hide()
    screen.show(editor.take())
    assert screen.text == ""
    screen.show("MSG\r\n")
    editor.show()
    screen.show(editor.take())
    assert type_keys(editor, screen, "X\r") == [Entered("A LINE OF MORE THAN TWENTY COLUXMNS")]
    assert screen.text.replace(" ", "") == "MSGALINEOFMORETHANTWENTYCOLUXMNS"


def test_a_line_beyond_the_limit_is_refused_whole() -> None:
    editor = LineEditor(History())
    assert list(editor.feed("x" * MAX_LINE + "\r")) == [Entered("x" * MAX_LINE)]
    assert list(editor.feed("x" * (MAX_LINE + 1) + "\rNEXT\r")) == [Key.TOO_LONG, Entered("NEXT")]
    editor.echo = True
    assert list(editor.feed("x" * (MAX_LINE + 1) + "\r")) == [Key.TOO_LONG]
    assert list(editor.feed("x" * MAX_LINE)) == []
    assert list(editor.feed("y")) == []
    assert list(editor.feed("\r")) == [Entered("x" * MAX_LINE)]


KEYS = [
    *("a", "bc", " d", "\t", "é", "\b", LEFT, RIGHT, HOME, END, DELETE, "\x17", "\x0b", "\x15", "\x19", "\x14"),
    *("\x1bd", "\x1bb", "\x1bf", "\x12", "\x1b[6~", "\x07", UP, DOWN),
]


@given(st.integers(20, 24), st.lists(st.sampled_from(KEYS), max_size=120))
def test_the_screen_shows_the_line_and_the_cursor(width: int, keys: list[str]) -> None:
    editor, screen = make(width)
    editor.history.lines = ["first line that is longer than one row", "second"]
    for key in keys:
        assert type_keys(editor, screen, key) == []
        assert screen.text == expanded(editor.text, width).rstrip()
        if not screen.waiting:
            assert screen.position == editor._row.place(editor._at)


@given(st.text())
def test_any_characters_do_no_harm(text: str) -> None:
    editor, screen = make()
    events = type_keys(editor, screen, text)
    assert all(isinstance(event, Entered | Key | Unmapped) for event in events)


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        ("\x1bOP", 1),
        ("\x1b[[E", 5),
        ("\x1b[P", 1),
        ("\x1b[25~", 13),
        ("\x1b[34~", 20),
        ("\x1b[23$", 23),
        ("\x1b[14~", 4),
        ("\x1b[15~", 5),
        ("\x1b[24~", 12),
        ("\x1b[1;2Q", 14),
        ("\x1b[24;2~", 24),
    ],
)
def test_function_keys(keys: str, number: int) -> None:
    editor, screen = make()
    assert type_keys(editor, screen, "half" + keys) == [ProgramKey(number)]
    editor.fill("QUERY TIME")
    assert editor.text == "QUERY TIME"
