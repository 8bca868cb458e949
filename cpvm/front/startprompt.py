"""How the spool is to be started: from the command line, or as VM/370 asks its operator at IPL."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Final

from cpvm.cp.operand import abbreviates
from cpvm.cp.warmstart import Start

ASK: Final = "ask"
PROMPT: Final = "Start ((Warm|Ckpt|Force|Cold) (Drain))|(Shutdown) :"


@dataclass(frozen=True)
class SpoolStart:
    """What becomes of the spool; with `drain` the real devices wait for START; `shutdown`: do not start at all."""

    how: Start = Start.WARM
    drain: bool = False
    shutdown: bool = False


def spool_start(word: str, drain: bool) -> SpoolStart:
    """What the options of `cpvm start` say; `ask` asks at the terminal."""
    return ask(drain) if word == ASK else SpoolStart(Start(word), drain)


def ask(drain: bool = False) -> SpoolStart:
    """Ask the operator until there is an answer; nothing typed, or the end of the input, means a warm start."""
    while True:
        print(PROMPT, end=" ", flush=True)
        line = _line()
        found = read_answer(line)
        if found is not None:
            return SpoolStart(found.how, found.drain or drain, found.shutdown)
        print(f"INVALID REPLY - {line.strip()}")


def _line() -> str:
    """One line of the input and no more: in a pipe the next ones are for the terminal, which reads it for itself."""
    try:
        descriptor = None if sys.stdin.isatty() else sys.stdin.fileno()
    except (OSError, ValueError):  # it is in storage, or closed
        descriptor = None
    if descriptor is None:
        return sys.stdin.readline()
    data = b""
    while not data.endswith(b"\n") and (byte := os.read(descriptor, 1)):
        data += byte
    return data.decode(errors="replace")


def read_answer(line: str) -> SpoolStart | None:
    """The operator's answer; None if it is not one."""
    words = line.upper().split()
    if len(words) == 1 and abbreviates(words[0], "SHUTDOWN", 1):
        return SpoolStart(shutdown=True)
    how, drain = Start.WARM, False
    if words and (found := next((start for start in Start if abbreviates(words[0], start.upper(), 2)), None)):
        how = found
        words.pop(0)
    if words and abbreviates(words[0], "DRAIN", 2):
        drain = True
        words.pop(0)
    return None if words else SpoolStart(how, drain)
