"""What terminals send for their keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpvm.terminal.keys import MAX_SEQUENCE, KeyParser, Press, ProgramKey, Token, Typed


def tokens(text: str) -> list[Token]:
    return list(KeyParser().feed(text))


@pytest.mark.parametrize(
    ("sent", "action"),
    [
        ("\x1b[A", "up"),
        ("\x1bOA", "up"),
        ("\x1b[1;2A", "up"),
        ("\x1b[1;5D", "word_left"),
        ("\x1b[1;3C", "word_right"),
        ("\x1bOd", "word_left"),
        ("\x1b[1;2C", "right"),
        ("\x1b[1~", "home"),
        ("\x1b[7~", "home"),
        ("\x1b[4~", "end"),
        ("\x1b[3;5~", "kill_word_right"),
        ("\x1b[3^", "kill_word_right"),
        ("\x1b[5~", "older"),
        ("\x1b\x08", "kill_word"),
        ("\x03", "attention"),
        ("\x04", "end_of_input"),
        ("\x1b\x03", "attention"),  # Escape, then Ctrl-C
        ("\x1b[12\x03", "attention"),  # a sequence that is broken off
    ],
)
def test_editing_keys(sent: str, action: str) -> None:
    assert tokens(sent) == [Press(action)]


@pytest.mark.parametrize(
    "sent", ["\x1b", "\x1b[", "\x1b[2~", "\x1b[I", "\x1b[99~", "\x1b[<0;1;1M", "\x1b[[Z", "\x1bOz", "\0", "\x85"]
)
def test_what_means_nothing(sent: str) -> None:
    assert tokens(sent) == []


def test_a_long_sequence_is_swallowed_to_its_end() -> None:
    assert tokens("\x1b[" + "1;" * 10_000 + "AB") == [Typed("B")]
    parser = KeyParser()
    for _ in range(1000):
        assert list(parser.feed("\x1b[" + "9" * 100)) == []
    assert len(parser._sequence or "") <= MAX_SEQUENCE


def test_pasted_lines() -> None:
    assert tokens("\x1b[200~A\tB\x01\x1b[A\r\nC\x1b[201~D\x01") == [
        Typed("A\tB", True),
        Press("enter"),
        Typed("C", True),
        Typed("D"),
        Press("home"),
    ]


def test_attention_ends_a_paste_whose_end_is_lost() -> None:
    assert tokens("\x1b[200~A\x03\x01") == [Typed("A", True), Press("attention"), Press("home")]


@pytest.mark.parametrize(
    ("first", "text", "ends"),
    [
        ("", "A\rB\r", 2),
        ("", "A\r\nB\n", 2),
        ("", "A\r\0", 1),
        ("A\r", "\nB\r", 1),
        ("A\r", "\0B\r", 1),
        ("A\r", "\n", 0),
    ],
)
def test_how_many_lines_end(first: str, text: str, ends: int) -> None:
    parser = KeyParser()
    list(parser.feed(first))
    assert parser.line_ends(text) == ends
    assert list(parser.feed(text)).count(Press("enter")) == ends


SENT = [
    "A",
    "é",
    "\x1b",
    "[",
    "O",
    "2",
    "0",
    "1",
    ";",
    "~",
    "A",
    "P",
    "\r",
    "\n",
    "\0",
    "\t",
    "\x03",
    "\x7f",
    "$",
    "日",
]


@given(st.lists(st.sampled_from(SENT)), st.integers(1, 5))
def test_pieces_of_any_size_mean_the_same(sent: list[str], size: int) -> None:
    text = "".join(sent)
    parser = KeyParser()
    pieces = [token for at in range(0, len(text), size) for token in parser.feed(text[at : at + size])]

    def flat(found: list[Token]) -> list[object]:
        return [
            one
            for token in found
            for one in ([Typed(char, token.pasted) for char in token.text] if isinstance(token, Typed) else [token])
        ]

    assert flat(pieces) == flat(tokens(text))
    assert all(isinstance(token, Typed | Press | ProgramKey) for token in pieces)
