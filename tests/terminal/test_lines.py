"""Lines of an input that is no terminal."""

import io
import os
import threading

import pytest

from cpvm.terminal import lines as terminal_lines
from cpvm.terminal.lines import Lines


def _pipe() -> tuple[Lines, int]:
    reading, writing = os.pipe()
    return Lines(os.fdopen(reading, encoding="utf-8")), writing


def test_lines_of_a_pipe() -> None:
    lines, writing = _pipe()
    os.write(writing, "one\ntwo\nÅ".encode()[:-1])
    assert [lines.next(), lines.next()] == ["one\n", "two\n"]
    os.write(writing, "Å".encode()[-1:] + b" three")
    os.close(writing)
    assert [lines.next(), lines.next(), lines.next()] == ["Å three", "", ""]


def test_a_line_without_an_end_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_lines, "LONGEST", 10)
    lines, writing = _pipe()
    os.write(writing, b"x" * 25 + b"\n" + b"y" * 10 + b"\nz\n")
    assert [lines.next() for _ in range(5)] == ["x" * 10, "x" * 10, "x" * 5 + "\n", "y" * 10 + "\n", "z\n"]
    os.close(writing)


def test_lines_of_a_string() -> None:
    lines = Lines(io.StringIO("one\ntwo"))
    assert [lines.next(), lines.next(), lines.next()] == ["one\n", "two", ""]


def test_waiting_is_given_up() -> None:
    lines, writing = _pipe()
    got: list[str] = []
    thread = threading.Thread(target=lambda: got.append(lines.next()), daemon=True)
    thread.start()
    lines.close()
    thread.join(10)
    os.close(writing)
    assert got == [""]
