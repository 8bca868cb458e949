"""The host halves of CMS commands: found beside the commands, handed to CP, which knows them by name only."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import cms
from cpvm.cp.halfpool import pool
from cpvm.cp.halfprocess import host_half
from cpvm.cp.hosthalf import HostHalf
from cpvm.s370 import plugin


def host_halves() -> Mapping[str, Callable[[], HostHalf]]:
    """A factory for each command that has a `host.py`, by the command's name.

    A half works in a process of its own, which imports it when a guest first asks for it: a start does not wait for
    assemblers. With plugins, which may have changed what it imports, it works in this process.
    """
    commands = Path(cms.__file__).parent / "commands"
    return {file.parent.name.upper(): _factory(file.parent.name) for file in sorted(commands.glob("*/host.py"))}


def _factory(name: str) -> Callable[[], HostHalf]:
    module = f"cms.commands.{name}.host"

    def make() -> HostHalf:
        if plugin.loaded() or not sys.executable:
            made: HostHalf = host_half(module)()
            return made
        return pool().half(module)

    return make
