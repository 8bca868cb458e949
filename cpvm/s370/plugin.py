"""Definitions from outside the package: whose they are, how they are taken back, and whom to tell if one fails.

Registries (instructions, devices, DIAGNOSE codes, commands) tell `claim` what is entered while a plugin is loaded. What
a plugin does wrong later, whoever calls it reports; nothing it raises goes any further.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Plugin:
    """One plugin that is loaded.

    Attributes:
        name: what users know it by.
        origin: the file or distribution that it came from.
        undo: what takes its definitions back.
        defined: what it has defined, in words such as `device type 9999`.
        machine: whether any of it changes what programs do on every machine: instructions, DIAGNOSE codes.
    """

    name: str
    origin: str
    undo: list[Callable[[], None]] = field(default_factory=list)
    defined: list[str] = field(default_factory=list)
    machine: bool = False


@dataclass(frozen=True)
class Fault:
    """Something that a plugin did wrong while it ran.

    Attributes:
        plugin: its name.
        where: what of it failed, such as `instruction MERGE`.
        error: what it raised.
        subject: the machine or the device that it was at work for; None if there is none.
        times: how often the same has happened.
    """

    plugin: str
    where: str
    error: Exception
    subject: object
    times: int = 1

    def __str__(self) -> str:
        """One line for the operator."""
        frames = traceback.extract_tb(self.error.__traceback__)
        at = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
        often = f", {self.times} times" if self.times > 1 else ""
        text = " ".join(str(self.error).split())
        return f"plugin {self.plugin} failed in {self.where}: {type(self.error).__name__}: {text}{at}{often}"


_PACKAGES = ("cpvm", "assembler", "cms")  # what is built in, whoever imports it first
_loaded: dict[str, Plugin] = {}
_owners: dict[object, str] = {}
_current: list[Plugin] = []
_times: dict[tuple[str, str, str], int] = {}
listeners: list[Callable[[Fault], None]] = []
"""Told of faults: each one at first, the same again only when it has happened 10, 100, 1000... times."""


def loaded() -> dict[str, Plugin]:
    """The plugins by name."""
    return dict(_loaded)


def owner(thing: Callable[..., object]) -> str | None:
    """The name of the plugin that a registered function or class is from; None if it is from none."""
    return _owners.get(thing)


def is_loading() -> bool:
    """Whether a plugin is being loaded: a registry must know all that is built in, to refuse what is there already."""
    return bool(_current)


def claim(thing: Callable[..., object], what: str, undo: Callable[[], None], *, machine: bool = True) -> None:
    """A registry has entered something: it belongs to the plugin that is being loaded, if one is.

    Args:
        thing: the function or class.
        what: it in words, such as `device type 9999`.
        undo: takes it out of the registry again.
        machine: whether it changes what programs do on every machine.
    """
    if _current and thing.__module__.partition(".")[0] not in _PACKAGES:
        plugin = _current[-1]
        _owners[thing] = plugin.name
        plugin.undo += [undo, lambda: _disown(thing)]
        plugin.defined.append(what)
        plugin.machine |= machine


def _disown(thing: object) -> None:
    _owners.pop(thing, None)


@contextmanager
def loading(name: str, origin: str) -> Iterator[Plugin]:
    """While this lasts, what is entered into registries belongs to the plugin; all of it is taken back on an error."""
    plugin = Plugin(name, origin)
    _current.append(plugin)
    try:
        yield plugin
    except BaseException:
        _take_back(plugin)
        raise
    finally:
        _current.remove(plugin)
    _loaded[name] = plugin


def unload(name: str) -> None:
    """Take a plugin's definitions back. Machines that use them already keep what they have of them."""
    plugin = _loaded.pop(name, None)
    if plugin is not None:
        _take_back(plugin)


def _take_back(plugin: Plugin) -> None:
    for undo in reversed(plugin.undo):
        undo()
    plugin.undo.clear()


def report(plugin: str, where: str, error: Exception, subject: object = None) -> None:
    """Tell those who listen that a plugin has failed. Never raises."""
    key = (plugin, where, repr(error)[:200])
    times = _times[key] = _times.get(key, 0) + 1
    if times == 1 or str(times).strip("0") == "1":
        for listener in list(listeners):
            listener(Fault(plugin, where, error, subject, times))
