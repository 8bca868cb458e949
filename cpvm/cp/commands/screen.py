"""SCREEN: colours and highlighting of CP's screen, on displays that have them (as in z/VM; DMKGRF)."""

from __future__ import annotations

from typing import Final

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import OPERAND_MISSING
from cpvm.cp.operand import Operands, abbreviates, choose
from cpvm.cp.terminalopts import AREAS, COLOURS, HIGHLIGHTS

_AREA_WORDS: Final = ("ALL", "CPOut", "INArea", "INRedisp", "STatarea", "VMOut")
_COLOUR_WORDS: Final = ("Blue", "Default", "Green", "Pink", "Red", "Turquois", "White", "Yellow")
_HIGHLIGHT_WORDS: Final = ("BLink", "NONe", "REVvideo", "UNDerlin")
SYNTAX = """\
SCREen ALL|CPOut|INArea|INRedisp|STatarea|VMOut colour [BLink|REVvideo|UNDerlin|NONe] [...]"""


@command("SCREEN", module="DMKGRF", minimum=4, classes="G", syntax=SYNTAX)
def screen(request: Request, operands: Operands) -> Answer:
    """Set the looks of one area after the other, or of all."""
    if operands.peek() is None:
        raise OPERAND_MISSING.error()
    looks = dict(request.vm.terminal.looks)
    while (word := operands.take()) is not None:
        area = choose(word, *_AREA_WORDS)
        colour = COLOURS[choose(operands.need(), *_COLOUR_WORDS)]
        highlighting = 0
        following = operands.peek()
        if following is not None and any(abbreviates(following, name.upper(), 3) for name in _HIGHLIGHT_WORDS):
            highlighting = HIGHLIGHTS[choose(operands.need(), *_HIGHLIGHT_WORDS)]
        for name in AREAS if area == "ALL" else (area,):
            looks[name] = (colour, highlighting)
    request.vm.terminal.looks = looks
    if (graphic := request.vm.console.graphic) is not None:
        graphic.redraw()
    return 0
