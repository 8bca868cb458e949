"""Plugins: Python files, or modules of installed packages, that define devices, instructions, DIAGNOSE codes, commands.

An installed package names its modules as entry points of the group `cpvm.plugins`.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from importlib import import_module, util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

from cpvm.cp.registry import RegistryError
from cpvm.machine.device import DeviceError
from cpvm.s370 import plugin
from cpvm.s370.insn import DuplicateInstruction

GROUP = "cpvm.plugins"
_MODULES = "cpvm_plugin_"
_tried: set[str] = set()  # entry points, each of which is loaded once
_DUPLICATES = (DeviceError, DuplicateInstruction, RegistryError)


class PluginError(Exception):
    """A plugin cannot be loaded; the text, one line, says which and why."""


class _Source(SourceFileLoader):
    """Reads a plugin's source each time: kept bytecode is told from it by the second and the size only."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of the file as it is now. Raises OSError, SyntaxError, ValueError."""
        return self.source_to_code(self.get_data(self.path), self.path)


def load_file(path: str | Path) -> plugin.Plugin:
    """Load a plugin from a Python file; its name is that of the file. One that is loaded already is loaded anew.

    Raises:
        PluginError: it cannot be read, raises an exception, defines nothing, or something that is there already.
    """
    file = Path(path).absolute()
    name = file.stem
    known = plugin.loaded().get(name)
    if known is not None and known.origin != str(file):
        raise PluginError(f"{path}: a plugin {name} is loaded already, from {known.origin}")
    if not file.is_file():
        raise PluginError(f"{path}: no such file")
    module_name = _MODULES + name
    spec = util.spec_from_file_location(module_name, file, loader=_Source(module_name, str(file)))
    if spec is None or spec.loader is None:
        raise PluginError(f"{path}: not a Python file")
    plugin.unload(name)
    module = util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        with plugin.loading(name, str(file)) as found:
            spec.loader.exec_module(module)
            _check(found)
    except (Exception, SystemExit) as error:
        del sys.modules[module_name]
        raise PluginError(f"{path}: {_reason(error, str(file))}") from error
    return found


def load_installed() -> list[str]:
    """Load the plugins of installed packages; one line for each that cannot be. A second call does nothing."""
    from importlib.metadata import entry_points

    troubles = []
    for entry in entry_points(group=GROUP):
        if entry.name in _tried:
            continue
        _tried.add(entry.name)
        try:
            with plugin.loading(entry.name, entry.value) as found:
                import_module(entry.module)
                entry.load()
                _check(found)
        except (Exception, SystemExit) as error:
            sys.modules.pop(entry.module, None)
            troubles.append(f"plugin {entry.name} ({entry.value}): {_reason(error, '')}")
    return troubles


def load(files: Iterable[str | Path]) -> list[str]:
    """Load what is installed, then these files. Returns lines of warning. Raises PluginError."""
    troubles = load_installed()
    for file in files:
        load_file(file)
    return troubles


def _check(found: plugin.Plugin) -> None:
    if not found.defined:
        raise PluginError("it defines no device, instruction, DIAGNOSE code or command")


def _reason(error: BaseException, file: str) -> str:
    """What went wrong, in one line, with the line number if it is the plugin's."""
    text = " ".join(str(error).split())
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}" if error.lineno else error.msg
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f"line {lines[-1]}: " if lines else ""
    if isinstance(error, (*_DUPLICATES, PluginError)):
        return f"{where}{text}"
    return f"{where}{type(error).__name__}: {text}"


__all__ = ["GROUP", "PluginError", "load", "load_file", "load_installed"]
