"""What HELP says about macros.

`macros.help` beside the macros has the texts of those that programs use. A macro that is not in it is one of CMS's own:
its page has what the macro itself says, its prototype and the comments at its head.
"""

from __future__ import annotations

import re
from pathlib import Path

from cms.source import MACLIB, OSMACRO

_ENTRY = re.compile(r"^= (\w+)\n", re.MULTILINE)
_KINDS = {MACLIB: "CMS macro", OSMACRO: "OS macro"}
_CONTINUED = 71
_OPERANDS = 15


def texts(folder: Path) -> dict[str, str]:
    """What `macros.help` in the folder says, by the names of macros."""
    _, *parts = _ENTRY.split((folder / "macros.help").read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def pages() -> dict[str, str]:
    """The page of every macro, by its name."""
    found: dict[str, str] = {}
    for folder, kind in _KINDS.items():
        said = texts(folder)
        for path in sorted(folder.glob("*.macro")):
            name = path.stem.upper()
            heading = f"{name:<60}{kind}\n\n"
            found[name] = heading + (said.get(name) or _own_words(path.read_text(encoding="utf-8").splitlines()))
    return found


def _own_words(source: list[str]) -> str:
    """Prototype and comments of a macro."""
    prototype = source[1][:_CONTINUED].rstrip()
    at = 1
    while len(source[at]) > _CONTINUED and source[at][_CONTINUED] != " ":
        at += 1
        prototype += source[at][_OPERANDS:_CONTINUED].rstrip()
    words = [line[2:].strip() for line in source if line.startswith(".*")]
    label, *rest = prototype.split(None, 2)
    form = " ".join((["[label]"] if label.startswith("&") else [label]) + rest).replace("&", "")
    return f"   {form}\n\nFor CMS itself. Its source says:\n\n" + "".join(f"{line}\n" for line in words)
