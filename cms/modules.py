"""Commands as MODULE files, the form in which they lie on the system disk.

Which source makes which module is said in the source: `*COMMAND NAME,TRANS` (transient area, at most 8K) or
`*COMMAND NAME,USER` (user area) as a comment near its top.  Files of the same folder without such a line are linked
behind it.  Source: the MODULE format as GENMOD writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assembler import linkage
from assembler.linker import module as modulefile
from cms.linking import link
from cms.source import COMMANDS, ROOT, BuildError, Library, assemble_files

ORIGINS = {"TRANS": modulefile.TRANSIENT_AREA, "USER": modulefile.USER_AREA}
TRANSIENT_SIZE = 0x2000

_COMMAND = re.compile(r"^\*COMMAND +([\w$#@]{1,8}),(TRANS|USER)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CommandModule:
    """A linked command: the records of its MODULE file (variable length)."""

    name: str
    area: str
    records: list[bytes]
    image: linkage.Image


def module_records(image: linkage.Image) -> list[bytes]:
    """The records of the MODULE file of a linked program; it has no map."""
    data = image.data
    text = [data[at : at + modulefile.TEXT_RECORD] for at in range(0, len(data), modulefile.TEXT_RECORD)]
    header = bytearray(modulefile.header(image.entry, image.origin, image.end, 0, 0))
    header[modulefile.TYPE_AT] = modulefile.NOMAP
    return [bytes(header), *text]


def folders() -> Iterator[Path]:
    """The folders of the commands."""
    return (folder for folder in sorted(COMMANDS.iterdir()) if folder.is_dir())


def build_folder(folder: Path, library: Library) -> list[CommandModule]:
    """Assemble and link the commands of one folder (none if it has no source). Raises BuildError."""
    modules = assemble_files(sorted(folder.glob("*.assemble")), library)
    heads = [(module, *found) for module in modules for found in _COMMAND.findall(module.source)]
    others = [module for module in modules if not _COMMAND.search(module.source)]
    where = folder.relative_to(ROOT)
    if modules and not heads:
        raise BuildError(f"{where}: no source has a line '*COMMAND NAME,TRANS' or '*COMMAND NAME,USER'")
    built = []
    for main, name, area in heads:
        image = link(f"{where}: {name}", [part.assembly.deck for part in (main, *others)], ORIGINS[area])
        if area == "TRANS" and len(image.data) > TRANSIENT_SIZE:
            raise BuildError(f"{where}: {name} is larger ({len(image.data)} bytes) than the transient area")
        built.append(CommandModule(name, area, module_records(image), image))
    return built
