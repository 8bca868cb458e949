"""A 3270 drawn with VT sequences, for terminals and terminal programs that are no 3270s. See `VTPanel`."""

from cpvm.terminal.vt.keymap import Hotkey
from cpvm.terminal.vt.painter import RESTORE
from cpvm.terminal.vt.panel import VTPanel, largest_model, model_size

__all__ = ["RESTORE", "Hotkey", "VTPanel", "largest_model", "model_size"]
