"""Lines of an input that is no terminal, read so that waiting for them can be given up."""

from __future__ import annotations

import codecs
import os
import select
from typing import IO, Final

PIECE: Final = 65536
"""Bytes that are read at once."""

LONGEST: Final = 1 << 20
"""Characters after which a line ends where it has no end."""


class Lines:
    """Lines of a text file, or of whatever is behind it.

    A pipe or a socket is read from the file descriptor itself, while a thread that waits for a line can be woken by
    `close`. Nothing may have been read from the file before. What has no descriptor, or never keeps one waiting for
    long (a file of the host), and a terminal, which has its own ways of ending, are read as they are.
    """

    def __init__(self, source: IO[str]) -> None:
        self._source = source
        self._descriptor: int | None = None
        self._text = ""
        self._ended = False
        self._wake: tuple[int, int] | None = None
        try:
            descriptor = source.fileno()
            if not source.isatty():
                self._descriptor, self._wake = descriptor, os.pipe()
                self._decoder = codecs.getincrementaldecoder(getattr(source, "encoding", None) or "utf-8")("replace")
        except (OSError, ValueError):
            pass  # it is in storage, or closed

    def next(self) -> str:
        """The next line, with its end if it has one; nothing when the input has ended or `close` was called."""
        if self._descriptor is None or self._wake is None:
            return self._source.readline()
        while "\n" not in self._text and not self._ended and len(self._text) < LONGEST:
            ready, _, _ = select.select([self._descriptor, self._wake[0]], [], [])
            if self._wake[0] in ready:
                return ""
            try:
                data = os.read(self._descriptor, PIECE)
            except OSError:  # the other end is gone
                data = b""
            self._ended = not data
            self._text += self._decoder.decode(data, final=self._ended)
        if self._text.find("\n", 0, LONGEST + 1) < 0:
            line, end, self._text = self._text[:LONGEST], "", self._text[LONGEST:]
        else:
            line, end, self._text = self._text.partition("\n")
        return line + end

    def close(self) -> None:
        """Let `next` return nothing, now and from now on. Any thread may call it, a signal handler too."""
        if self._wake is not None:
            os.write(self._wake[1], b".")

    def __del__(self) -> None:
        for descriptor in self._wake or ():
            os.close(descriptor)
