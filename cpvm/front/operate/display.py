"""An operator's hand at a 3270 display: what its screen shows, its keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, runtime_checkable

from cpvm.machine.configure import ConfigurationError
from cpvm.machine.device import Device
from cpvm.machine.media.screen import Inhibited, Keyboard, Screen
from cpvm.s370.datastream import KEYS

_MOVES: Final[Mapping[str, Callable[[Keyboard], None]]] = {
    "tab": Keyboard.tab,
    "backtab": Keyboard.back_tab,
    "newline": Keyboard.new_line,
    "home": Keyboard.home,
    "left": Keyboard.left,
    "right": Keyboard.right,
    "up": Keyboard.up,
    "down": Keyboard.down,
    "delete": Keyboard.delete,
    "eof": Keyboard.erase_to_end,
    "erase": Keyboard.erase_input,
    "dup": Keyboard.duplicate,
    "fieldmark": Keyboard.field_mark,
}
"""Keys of the keyboard that the program is not told of."""

NAMES: Final = (*KEYS, *_MOVES, "reset")


@runtime_checkable
class _HasScreen(Protocol):
    screen: Screen
    keyboard: Keyboard


def _display(device: Device) -> _HasScreen:
    if not isinstance(device, _HasScreen):
        raise ConfigurationError(f"{device.address:03X}: a {device.type} has no screen")
    return device


def lines(device: Device) -> list[str]:
    """What the screen shows, row by row. Raises ConfigurationError: it is no display."""
    return _display(device).screen.lines()


def has_screen(device: Device) -> bool:
    """Whether it is a display."""
    return isinstance(device, _HasScreen)


def locked(device: Device) -> bool:
    """Whether the keyboard is locked: the program has not yet answered the last key. Raises ConfigurationError."""
    return _display(device).screen.locked


def type_text(device: Device, text: str) -> None:
    """Type characters at the cursor. Raises ConfigurationError: it is no display, or does not take them there."""
    try:
        _display(device).keyboard.type(text)
    except Inhibited as error:
        raise ConfigurationError(f"{device.address:03X}: {error}") from None


def press(device: Device, key: str) -> None:
    """Press a key of a device's panel or of a display's keyboard. Raises ConfigurationError."""
    if key not in _MOVES or not isinstance(device, _HasScreen):
        device.press(key)
        return
    try:
        _MOVES[key](device.keyboard)
    except Inhibited as error:
        raise ConfigurationError(f"{device.address:03X}: {error}") from None
