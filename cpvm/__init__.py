"""The control program and the machine it shares out: IBM's VM/370 anew."""

__version__ = "0.1.0"
