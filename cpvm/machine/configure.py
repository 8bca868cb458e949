"""Devices from the operator's words, such as `180,3420,system.aws,ro`: address, type, at most one path, options.

What a type's words mean is in its own file (`Device.configure`); here are the grammar, and the `Room`: what stands
around a machine on its host, where devices find their keyboards, paper and files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import IO, Any, Protocol

from cpvm.machine.device import ConfigurationError, ConsoleBackend, Device, DeviceError, MediaError, device_types

_OPTION = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)=(.*)", re.DOTALL)
_NAME = 255  # bytes of the name of a host file


class Room(Protocol):
    """What stands around a machine. All methods raise ConfigurationError, one line for the user."""

    def console(self) -> ConsoleBackend:
        """The operator's keyboard and printer. Only one device can have them."""

    def display(self, name: str) -> Any:
        """The place of a 3270 terminal, by a name of the user's choice (by default, the device's address)."""

    def output(self, path: str, binary: bool, append: bool = False) -> IO[Any]:
        """A host file to write to, text (UTF-8) or binary; closed when the machine ends."""

    def input(self, path: str) -> bytes:
        """The contents of a host file."""

    def link(self, name: str) -> object:
        """Where things of two machines meet, by name: the same object for both."""


def split_words(text: str) -> list[str]:
    """The words of `180,3420,system.aws,ro`; a comma within a word is written `\\,`.

    >>> split_words(r"00C,3505,a\\,b.txt,eof")
    ['00C', '3505', 'a,b.txt', 'eof']
    """
    return [word.replace("\\,", ",") for word in re.split(r"(?<!\\),", text)]


def parse_address(text: str) -> int:
    """An I/O address, 0 to X'FFF', in hexadecimal digits. Raises ConfigurationError."""
    if not re.fullmatch(r"[0-9A-Fa-f]{1,3}", text):
        raise ConfigurationError(f"{text or 'nothing'} is not a device address: 000 to FFF")
    return int(text, 16)


def path_and_options(words: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """The path and the options behind address and type.

    The first word is the path, unless it is empty (no path) or `name=value`; a path of that form is written `./a=b`.
    Names of options are in lower case; one without a value has the value "".

    Raises:
        ConfigurationError: an option is given twice or has no name.
    """
    path: str | None = None
    options: dict[str, str] = {}
    for index, word in enumerate(words):
        match = _OPTION.fullmatch(word)
        if index == 0 and match is None:
            path = _path(word) if word else None
            continue
        name, value = match.groups() if match else (word, "")
        _path(value)
        name = name.lower()
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
            shown = word if word.isprintable() else repr(word)
            raise ConfigurationError(f"{shown or 'an empty word'} is no option: name or name=value")
        if name in options:
            raise ConfigurationError(f"option {name} is given twice")
        options[name] = value
    return path, options


def _path(word: str) -> str:
    """The word, which can be the name of a host file. Raises ConfigurationError."""
    if "\0" in word or any(len(os.fsencode(part)) > _NAME for part in word.split("/")):
        raise ConfigurationError(f"{word[:40]!r} is not a file name")
    return word


def device_from_words(words: Sequence[str], room: Room) -> tuple[int, Device]:
    """A device, and the I/O address that it is to have, from `"180,3420,system.aws,ro".split(",")`.

    Raises:
        ConfigurationError: the address or type is wrong, or the type does not accept what is behind them. The text
            begins with address and type.
    """
    address = parse_address(words[0] if words else "")
    name = words[1].upper() if len(words) > 1 else ""
    cls = device_types().get(name)
    if cls is None:
        there = " ".join(sorted(device_types()))
        raise ConfigurationError(f"{address:03X}: {name or 'nothing'} is not a device type; there are {there}")
    path: str | None = None
    try:
        path, options = path_and_options(words[2:])
        return address, cls.configure(name, path, options, room)
    except OSError as error:
        raise ConfigurationError(f"{address:03X} {name}: {error.filename or path}: {error.strerror}") from None
    except (ConfigurationError, DeviceError, MediaError) as error:
        raise ConfigurationError(f"{address:03X} {name}: {error}") from None


# ---- for the device types


def accept(options: Mapping[str, str], *known: str) -> None:
    """Refuse options with other names than these. Raises ConfigurationError."""
    for name in options:
        if name not in known:
            there = f"options are {', '.join(known)}" if known else "it takes no options"
            raise ConfigurationError(f"there is no option {name}; {there}")


def flag(options: Mapping[str, str], name: str) -> bool:
    """Whether an option that takes no value is given. Raises ConfigurationError if it has one."""
    if options.get(name):
        raise ConfigurationError(f"option {name} takes no value")
    return name in options


def number(options: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """The decimal value of an option, from `low` to `high`. Raises ConfigurationError."""
    text = options.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
        raise ConfigurationError(f"{name}={text} is not a number from {low} to {high}")
    return int(text)


def choice(options: Mapping[str, str], name: str, *values: str) -> str:
    """The value of an option, in lower case, one of these; the first if it is not given. Raises ConfigurationError."""
    text = options.get(name)
    if text is None:
        return values[0]
    if text.lower() not in values:
        raise ConfigurationError(f"{name}={text} is not one of {', '.join(values)}")
    return text.lower()


__all__ = [
    "ConfigurationError",
    "Room",
    "accept",
    "choice",
    "device_from_words",
    "flag",
    "number",
    "parse_address",
    "path_and_options",
    "split_words",
]
