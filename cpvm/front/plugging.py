"""Plugins for a command: what `--plugin` names and what is installed; what goes wrong is told on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cpvm.front.plugins import PluginError, load
from cpvm.s370 import plugin


def plugged(command: str, files: Sequence[str], *, tell: bool = False) -> bool:
    """Load the plugins; `tell`: from now on their faults are told here. False if one of the files cannot be used."""
    try:
        for trouble in load(files):
            print(f"cpvm {command}: {trouble}; going on without it", file=sys.stderr)
    except PluginError as error:
        print(f"cpvm {command}: {error}", file=sys.stderr)
        return False
    if tell and _tell not in plugin.listeners:
        plugin.listeners.append(_tell)
    return True


def _tell(fault: plugin.Fault) -> None:
    sys.stdout.flush()
    print(fault, file=sys.stderr)
