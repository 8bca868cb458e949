"""Lines of an input that is no terminal."""

import io
import os
import threading

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
