"""The language of scripts that operate a machine: one statement a line.

    # IPL the system, run a job from the reader
    timeout 60 seconds
    wait "READY"
    type "S RDR"
    mount 00C job.txt
    wait "JOB ENDED"
    expect "COND CODE 0000"
    quit

Statements are those of `STATEMENTS`, and all operations of the panel that are not among them. A line that begins with #
is a comment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cpvm.front.operate.panel import OPERATIONS, display_keys
from cpvm.front.operate.words import PanelError, Words, split

if TYPE_CHECKING:
    from cpvm.front.operate.scripted import Scripted


class ScriptError(Exception):
    """A script cannot be read; the text says where and why, one line."""


Act = Callable[["Scripted"], None]
Maker = Callable[[Words], Act]


@dataclass(frozen=True)
class Statement:
    """One line of a script."""

    number: int
    """Line number, from 1."""
    text: str
    act: Act


@dataclass(frozen=True)
class Kind:
    """One kind of statement: its name, its operands as a reader sees them, and what understands it."""

    name: str
    operands: str
    make: Maker

    @property
    def title(self) -> str:
        """What it does, in a few words."""
        return (self.make.__doc__ or "").split("\n")[0].rstrip(".")


STATEMENTS: dict[str, Kind] = {}


def statement(name: str, operands: str) -> Callable[[Maker], Maker]:
    """Enter a function that understands the words of a statement and gives what it does."""

    def enter(make: Maker) -> Maker:
        assert name not in STATEMENTS, f"{name} is defined twice"
        STATEMENTS[name] = Kind(name, operands, make)
        return make

    return enter


def parse(text: str, name: str) -> list[Statement]:
    """The statements of a script. Raises ScriptError, whose text begins with `name` and the line number."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                found.append(Statement(number, line.strip(), _act(line)))
            except PanelError as error:
                raise ScriptError(f"{name}:{number}: {error}") from None
    return found


def read(path: str) -> list[Statement]:
    """The statements in a file. Raises ScriptError."""
    try:
        return parse(Path(path).read_text(encoding="utf-8"), path)
    except OSError as error:
        raise ScriptError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None


def _act(line: str) -> Act:
    words = split(line)
    name = words[0].text.lower()
    if name in OPERATIONS and name not in STATEMENTS:
        return lambda script: script.panel.perform(line)
    if name not in STATEMENTS or words[0].quoted:
        names: Sequence[str] = sorted({*STATEMENTS, *OPERATIONS})
        raise PanelError(f"there is no statement {words[0].text}; there are {', '.join(names)}")
    rest = Words(words[1:])
    act = STATEMENTS[name].make(rest)
    rest.end()
    return act


def explanation() -> list[str]:
    """A line for each kind of statement."""
    return [
        f"{kind.name + ' ' + kind.operands:<28} {kind.title[0].lower()}{kind.title[1:]}" for kind in STATEMENTS.values()
    ]


def _target(words: Words) -> int | None:
    """The address of a display in front of a text; None: the console is meant."""
    return None if words.next_is_text else words.address()


@statement("wait", '[ADDR] "TEXT" | idle | end')
def _wait(words: Words) -> Act:
    """Wait until the console has typed a text, a display shows it, a printer has printed it; until idle, or ended."""
    if words and not words.next_is_text:
        what = words.take("a text")
        if what.lower() == "idle":
            return lambda script: script.wait_idle()
        if what.lower() == "end":
            return lambda script: script.wait_end()
        address = Words(split(what)).address()
        text = words.text()
        return lambda script: script.wait_device(address, text)
    text = words.text()
    return lambda script: script.wait_console(text)


@statement("expect", '[ADDR] "TEXT"')
def _expect(words: Words) -> Act:
    """Fail unless the console has typed a text since the last `type`; a display shows it; a printer has printed it."""
    address = _target(words)
    text = words.text()
    return lambda script: script.expect(address, text)


@statement("type", '[ADDR] "TEXT"')
def _type(words: Words) -> Act:
    """Type a line at the console and wait until it is read; or type into a display."""
    address = _target(words)
    text = words.text()
    return lambda script: script.type(address, text)


@statement("key", "ADDR KEY...")
def _key(words: Words) -> Act:
    """Press keys of a display: enter, clear, pf1, pa1, tab, home, eof... once its keyboard is free."""
    address = words.address()
    keys = display_keys(words)
    return lambda script: script.key(address, keys)


_UNITS = {"instructions": 1, "instruction": 1, "milliseconds": 1_000, "seconds": 1_000_000, "second": 1_000_000}


@statement("pause", "N instructions|seconds")
def _pause(words: Words) -> Act:
    """Let the machine execute some instructions, or let so much of its time pass."""
    count = words.number("a number")
    unit = words.word("a unit", *_UNITS)
    if unit.startswith("instruction"):
        return lambda script: script.pause_instructions(count)
    return lambda script: script.pause(count * _UNITS[unit])


@statement("timeout", "N seconds|instructions")
def _timeout(words: Words) -> Act:
    """Set how long each wait that follows may last: by the host's clock, or in instructions of the machine."""
    count = words.number("a number")
    unit = words.word("a unit", "seconds", "second", "instructions", "instruction")
    return lambda script: script.set_timeout(count, unit.startswith("instruction"))
