"""1443 printer. Source: GA24-3120, *1443 Printer Models and Features*; GX20-1703."""

from __future__ import annotations

from cpvm.machine.device import device
from cpvm.machine.lineprinter import LinePrinter


@device("1443", kind="printer")
class Printer1443(LinePrinter):
    """A 1443 model N1: 240 lines a minute with the type bar of 52 characters, 120 positions, or 144 with the feature.

    It has a carriage tape and no character set buffer.
    """

    CYCLE = 250_000
    WIDTHS = (120, 144)
