"""System variable symbols.

Those of the whole assembly come from its options; what changes while it runs is looked up when it is asked for.  Those
of one macro instruction stay what they were at the call.  Source: High Level Assembler Language Reference (SC26-4940),
"System variable symbols".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from assembler.macro.variables import MacroNames, Parameter, Variable

if TYPE_CHECKING:
    from assembler.macro.definition import MacroDefinition
    from assembler.macro.expander import Expander
    from assembler.source import Statement

CENTURY = 70
"""Years of two digits from here on are those of the twentieth century."""

_DATA_SETS = [
    f"SYS{file}_{what}"
    for file in ("ADATA", "IN", "LIB", "LIN", "PRINT", "PUNCH", "TERM")
    for what in ("DSN", "MEMBER", "VOLUME")
]
"""The names of files in another system's words; null, but for those of the source and of the macro."""

_TYPES = {"SD": "CSECT", "PC": "CSECT", "DS": "DSECT", "CM": "COM"}


def full_year(date: str) -> str:
    """`mm/dd/yy` as `yyyymmdd`; the text itself if it is no such date."""
    month, day, year = (*date.split("/"), "", "")[:3]
    if not (month + day + year).isdigit() or len(date) != 8:
        return date
    return f"{'19' if int(year) >= CENTURY else '20'}{year}{month}{day}"


def _clock(given: Mapping[str, str]) -> str:
    day = full_year(given.get("SYSDATE", ""))
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {given.get('SYSTIME', '').replace('.', ':')}:00.000000"


class SystemVariables:
    """System variables that open code and all macros have; `given` are those that the caller of the assembly sets."""

    def __init__(self, engine: Expander, given: Mapping[str, str]) -> None:
        self._engine = engine
        fixed = {
            **dict.fromkeys(_DATA_SETS, ""),
            "SYSDATC": full_year(given.get("SYSDATE", "")),
            "SYSCLOCK": _clock(given),
            "SYSASM": "CPVM ASSEMBLER",
            "SYSVER": "1.0",
            "SYSTEM_ID": "VM/370",
            "SYSJOB": "(NOJOB)",
            "SYSSTEP": "(NOSTEP)",
            "SYSOPT_RENT": str(int(engine.asm.options.rent)),
            "SYSOPT_DBCS": "0",
            "SYSOPT_XOBJECT": "0",
            "SYSOPT_OPTABLE": "370",
            "SYSOPT_CURR_OPTABLE": "370",
            "SYSIN_DSN": given.get("SYSIN_MEMBER", ""),
            **given,
        }
        self._fixed = {name: Parameter(text) for name, text in fixed.items()}
        self._live: dict[str, Callable[[], str]] = {
            "SYSSTMT": lambda: f"{engine.asm.count + len(engine.queue) + 1:08d}",
            "SYSM_SEV": lambda: f"{engine.noted_last:03d}",
            "SYSM_HSEV": lambda: f"{engine.noted_highest:03d}",
        }

    def get(self, name: str) -> Variable | None:
        found = self._fixed.get(name)
        if found is None and name in self._live:
            return Parameter(self._live[name]())
        return found

    def of_call(self, st: Statement, definition: MacroDefinition) -> dict[str, Variable]:
        """The variables of a macro instruction that is about to be expanded."""
        engine = self._engine
        counter = engine.asm.section
        section = counter.parent or counter if counter is not None else None
        names = [definition.name, *(frame.definition.name for frame in reversed(engine.frames) if frame.definition)]
        sequence = st.text[0][72:80].ljust(8) if st.text and len(st.text[0]) > 72 else ""
        return {
            "SYSNDX": Parameter(f"{engine.sysndx:04d}"),
            "SYSECT": Parameter(section.name if section is not None else ""),
            "SYSLOC": Parameter(counter.name if counter is not None else ""),
            "SYSSTYP": Parameter(_TYPES.get(section.kind, "") if section is not None else ""),
            "SYSNEST": Parameter(str(len(names))),
            "SYSMAC": MacroNames(names),
            "SYSSEQF": Parameter(sequence),
            "SYSLIB_MEMBER": Parameter(definition.name if definition.library else ""),
        }
