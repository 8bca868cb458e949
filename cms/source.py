"""Guest source on the host: where it is, how a module is assembled, and how errors are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assembler.assembly import Assembly, assemble
from assembler.library import Members
from cms import maclib_format

ROOT = Path(__file__).parent
NUCLEUS = ROOT / "nucleus"
SEGMENT = ROOT / "segment"
COMMANDS = ROOT / "commands"
MACLIB = ROOT / "maclib"
OSMACRO = ROOT / "osmacro"

ERROR = 8
"""Severity from which on a message fails the build."""

_SYNONYM = re.compile(r"^\*SYNONYM +(\w+) +(\d)", re.MULTILINE)


class BuildError(Exception):
    """The system cannot be built from its source; the text names files and statements."""


@dataclass(frozen=True, slots=True)
class Module:
    """An assembled source file."""

    path: Path
    source: str
    assembly: Assembly


def macro_members(*folders: Path) -> dict[str, list[str]]:
    """The members of a macro library by name: all files of these folders."""
    members: dict[str, list[str]] = {}
    for file in sorted(file for folder in folders for file in folder.iterdir()):
        if file.suffix in {".macro", ".copy"}:
            members[file.stem.upper()] = file.read_text(encoding="utf-8").splitlines()
    return members


def synonyms() -> list[tuple[str, int]]:
    """The abbreviations that the commands' sources ask for: name and least number of characters."""
    found: dict[str, int] = {}
    for file in sorted(COMMANDS.glob("*/*.assemble")):
        for name, least in _SYNONYM.findall(file.read_text(encoding="utf-8")):
            found[name] = int(least)
    return sorted(found.items())


class Library:
    """The macro library as the assembler uses it, with a member SYNONYMS made from the commands' sources."""

    def __init__(self) -> None:
        self.members = macro_members(MACLIB, OSMACRO)
        generated = [f"         ABBR  {name},{least}" for name, least in synonyms()]
        self._library = Members({**self.members, "SYNONYMS": generated})

    def get(self, name: str, /) -> Sequence[str] | None:
        """A member's records."""
        return self._library.get(name)

    def records(self) -> list[bytes]:
        """The library as a MACLIB file, CMSLIB: CMS's macros, and those of OS."""
        return maclib_format.write(self.members)

    def os_records(self) -> list[bytes]:
        """The macros of OS alone, OSMACRO MACLIB."""
        return maclib_format.write(macro_members(OSMACRO))


def assemble_file(path: Path, library: Library) -> Module:
    """Assemble one file. Raises BuildError if it has errors."""
    text = path.read_text(encoding="utf-8")
    assembly = assemble(text, library=library)
    errors = [message for message in assembly.messages if message.severity >= ERROR]
    if errors:
        raise BuildError("\n".join(f"{path.relative_to(ROOT)}: {message}" for message in errors))
    return Module(path, text, assembly)


def assemble_files(paths: Iterable[Path], library: Library) -> list[Module]:
    """Assemble several files; all of their errors are in one BuildError."""
    modules: list[Module] = []
    errors: list[str] = []
    for path in paths:
        try:
            modules.append(assemble_file(path, library))
        except BuildError as error:
            errors.append(str(error))
    if errors:
        raise BuildError("\n".join(errors))
    return modules
