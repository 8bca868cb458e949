"""What is made of a client's TERM, window and user name."""

import pytest

from cpvm.terminal.ssh.gate import Look, parted
from cpvm.terminal.ssh.pty import MAX_COLUMNS, MAX_ROWS, Pty


@pytest.mark.parametrize(
    ("term", "addressable", "brackets", "colours"),
    [
        ("xterm-256color", True, True, 256),
        ("xterm", True, True, 16),
        ("screen", True, True, 8),
        ("tmux-256color", True, True, 256),
        ("screen.xterm-256color", True, True, 256),
        ("linux", True, False, 8),
        ("vt220", True, False, 0),
        ("vt100", True, False, 0),
        ("xterm-mono", True, True, 0),
        ("xterm-direct", True, True, 256),
        ("dumb", False, False, 16),
        ("", False, False, 16),
        ("tty33", False, False, 16),
        ("stupid", False, False, 16),
        ("xterm\x1b[2J", False, False, 16),
    ],
)
def test_terminals(term: str, addressable: bool, brackets: bool, colours: int) -> None:
    pty = Pty.of(term, 80, 24)
    assert (pty.addressable, pty.brackets, pty.shows_3270, pty.colours) == (addressable, brackets, addressable, colours)


def test_what_old_terminals_lack() -> None:
    assert [Pty.of(term, 80, 24).shapes for term in ("xterm", "linux", "vt220")] == [True, False, False]
    assert [Pty.of(term, 80, 24).black for term in ("xterm", "tmux-256color", "screen.xterm")] == [True, True, False]


@pytest.mark.parametrize(
    ("columns", "rows", "size", "room"),
    [
        (0, 0, (24, 80), True),  # not known
        (79, 24, (24, 79), False),
        (80, 23, (23, 80), False),
        (4_000_000_000, 4_000_000_000, (MAX_ROWS, MAX_COLUMNS), True),
    ],
)
def test_sizes(columns: int, rows: int, size: tuple[int, int], room: bool) -> None:
    pty = Pty.of("xterm", columns, rows)
    assert ((pty.rows, pty.columns), pty.shows_3270) == (size, room)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("cmsuser", ("cmsuser", Look.AUTO)),
        ("cmsuser+3270", ("cmsuser", Look.DISPLAY)),
        ("CMSUSER+LINE", ("CMSUSER", Look.LINES)),
        ("A+B+line", ("A+B", Look.LINES)),
        ("cmsuser+", ("cmsuser+", Look.AUTO)),
        ("+3270", ("+3270", Look.AUTO)),
        ("a\n+3270", ("a\n", Look.DISPLAY)),
        ("", ("", Look.AUTO)),
    ],
)
def test_user_names(name: str, parts: tuple[str, Look]) -> None:
    assert parted(name) == parts
