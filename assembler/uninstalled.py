"""Instructions of System/370 that the virtual machines here have not, for programs that are meant for other machines.

Their operation codes are those of `cpvm.s370.facilities.NOT_INSTALLED`.  Source of the operands: System/370 Principles
of Operation, GA22-7000-8.
"""

from __future__ import annotations

from cpvm.s370.facilities import NOT_INSTALLED
from cpvm.s370.formats import Format
from cpvm.s370.insn import Insn

_FORMS: dict[Format, dict[str, tuple[str, ...]]] = {
    Format.SI: {"RDD": ("a1", "i2"), "WRD": ("a1", "i2")},
    Format.S: {name: ("a2",) for name in ("CLRCH", "CONCS", "DISCS", "PC", "SAC")},
    Format.RRE: {
        **{name: ("r1",) for name in ("EPAR", "ESAR", "IAC", "SSAR")},
        **{name: ("r1", "r2") for name in ("IVSK", "PT", "SQDR", "SQER", "TB")},
    },
    Format.SSE: {"LASP": ("a1", "a2")},
}
_FLOATING = ("SQDR", "SQER")


def _no_semantics(_ops: object) -> None:
    """The body of a row that is assembled and never executed."""


def uninstalled() -> dict[str, Insn]:
    """A row for each, by mnemonic."""
    codes = {name: (code, one.name) for one in NOT_INSTALLED for name, code in one.instructions.items()}
    return {
        name: Insn(codes[name][0], name, form, codes[name][1], _no_semantics, operands,
                   floating=operands if name in _FLOATING else ())
        for form, rows in _FORMS.items()
        for name, operands in rows.items()
        if name in codes
    }  # fmt: skip
