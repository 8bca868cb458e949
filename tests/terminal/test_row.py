"""A typed line on the screen, with characters of every width."""

from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcwidth

from cpvm.terminal.row import Row

from .test_editor import Screen

LETTERS = st.text(st.sampled_from("abc日本é\u0301\t"), max_size=60)


class WideScreen(Screen):
    """A terminal that shows wide characters, and marks on the character before."""

    def _char(self, char: str) -> None:
        width = wcwidth(char) if char.isprintable() else 1
        if width == 0:
            return
        if width == 1:
            super()._char(char)
            return
        if self.waiting or self.column == self.width - 1:
            self.column, self.waiting = 0, False
            self._down()
        super()._char(char)
        super()._char("")  # its second half


@given(st.integers(20, 24), LETTERS, LETTERS, st.data())
def test_every_character_is_where_it_is_thought_to_be(width: int, first: str, more: str, data: st.DataObject) -> None:
    row, screen = Row(width), WideScreen(width)
    row.replace(0, 0, first)
    row.draw(0)
    at = data.draw(st.integers(0, len(first)))
    stop = data.draw(st.integers(at, len(first)))
    end = row.end
    row.go(row.place(at))
    row.replace(at, stop, more)
    row.draw(at, end)
    row.go(row.place(at))
    screen.show("".join(row.out))
    cells = [cell for line in screen.rows for cell in line]
    for index, char in enumerate(row.chars):
        if wcwidth(char) > 0:
            assert cells[row.place(index)] == char
    seen = "".join(char for char in row.chars if wcwidth(char) > 0)
    assert "".join(cells).replace(" ", "") == seen
    if not screen.waiting:
        assert screen.position == row.place(at)


@given(st.integers(20, 24), LETTERS, LETTERS)
def test_a_hidden_line_leaves_nothing(width: int, first: str, second: str) -> None:
    row, screen = Row(width), WideScreen(width)
    row.replace(0, 0, first)
    row.draw(0)
    row.hide()
    screen.show("".join(row.out))
    assert screen.text == "" and screen.position == 0
