"""Topics of HELP that share a page with others: names of variables and functions of EXEC and EXEC 2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cms.source import COMMANDS

_SHARED = {
    "vars.helpexc": "INDEX EXEC RETCODE LINENUM GLOBAL READFLAG TYPEFLAG DOS DISK",
    "vars.helpexc2": (
        "N INDEX RC RETCODE LINE LINENUM LINK COMLINE DEPTH FROM FILENAME FILETYPE FILEMODE DATE TIME BLANK "
        "ARGSTRING CMDSTRING"
    ),
    "function.helpexc2": (
        "CONCAT CONCATENATION DATATYPE DIV DIVISION LEFT LENGTH LITERAL LOCATION MULT MULTIPLICATION PIECE SUBSTR "
        "POSITION RIGHT STRING TRANS TRANSLATION TRIM WORD"
    ),
}
_FOLDER: Path = COMMANDS / "exec"


def pages() -> Iterator[tuple[str, str, str]]:
    """Name (up to eight characters), file type and text of each such topic that has no page of its own."""
    for file, names in _SHARED.items():
        path = _FOLDER / file
        for name in names.split():
            short = name[:8]
            if not (_FOLDER / f"{short.lower()}{path.suffix}").exists():
                yield short, path.suffix[1:].upper(), path.read_text(encoding="utf-8")
