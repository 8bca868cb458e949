"""The host halves of CMS commands: found beside the commands, handed to CP, which knows them by name only."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cms
from cpvm.cp.hosthalf import HostHalf

_METHODS = ("step", "save", "load")


class HostHalfError(Exception):
    """A `host.py` does not define exactly one host half."""


def host_halves() -> Mapping[str, Callable[[], HostHalf]]:
    """A factory for each command that has a `host.py`, by the command's name.

    The file is imported, with all that it needs, when a guest first asks for it: a start does not wait for assemblers.
    """
    commands = Path(cms.__file__).parent / "commands"
    return {file.parent.name.upper(): _factory(file.parent.name) for file in sorted(commands.glob("*/host.py"))}


def _factory(name: str) -> Callable[[], HostHalf]:
    def make() -> HostHalf:
        return _host_half(name)()

    return make


def _host_half(name: str) -> Callable[[], HostHalf]:
    """The one class in the command's `host.py` that has the methods of a host half."""
    module = importlib.import_module(f"cms.commands.{name}.host")
    classes: list[Any] = [cls for _, cls in inspect.getmembers(module, inspect.isclass)]
    own = [cls for cls in classes if cls.__module__ == module.__name__]
    found: list[Callable[[], HostHalf]] = [cls for cls in own if all(hasattr(cls, method) for method in _METHODS)]
    if len(found) != 1:
        raise HostHalfError(f"{module.__name__} has {len(found)} classes with the methods step, save and load")
    return found[0]
