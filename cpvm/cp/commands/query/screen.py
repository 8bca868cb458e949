"""QUERY SCREEN and LOGO: what a display looks like (DMKGRF)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.operand import Operands
from cpvm.cp.terminalopts import COLOURS, HIGHLIGHTS

_COLOURS = {code: name for name, code in COLOURS.items()}
_HIGHLIGHTS = {code: name for name, code in HIGHLIGHTS.items()}


@query("SCREEN", minimum=3, classes="G")
def query_screen(request: Request, operands: Operands) -> Answer:
    """Colour and highlighting of each area."""
    operands.end()

    def area(name: str) -> str:
        colour, highlighting = request.vm.terminal.looks.get(name, (0, 0))
        return f"{name} {_COLOURS[colour]} {_HIGHLIGHTS[highlighting]}"

    request.write(f"{area('CPOUT')}, {area('VMOUT')}")
    request.write(f"{area('INREDISP')}, {area('STATAREA')}")
    request.write(area("INAREA"))
    return 0


@query("LOGO", minimum=4, classes="AB")
def query_logo(request: Request, operands: Operands) -> Answer:
    """The lines of the logo with their numbers."""
    operands.end()
    logo = request.system.operations.logo
    lines = logo.lines()
    request.write(f"LOGO = {'SYSTEM' if logo.own else 'INSTALLATION' if lines else 'OFF'}, LINES = {len(lines):02}")
    for number, line in enumerate(lines, 1):
        request.write(f"{number:02} {line}".rstrip())
    return 0
