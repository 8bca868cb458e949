"""Builds the CMS system disk from the guest source: nucleus, commands, EXECs, help files, macro library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cms import helpalias, helpmacro, helpmessage, segment_image
from cms.cmsdisk import CMSDisk, text_records
from cms.modules import build_folder, folders
from cms.nucleus_image import Nucleus, build_nucleus
from cms.source import BuildError, Library

__all__ = ["BuildError", "SystemDisk", "build_system_disk", "empty_disk"]

CYLINDERS = 30
LABEL = "CMS190"
DEVICE = "3350"
MODE = "S2"
"""The system's directory shows files of mode 2."""
HELP_TYPES = {
    ".help": "HELPCMS",
    ".helpexc": "HELPEXC",
    ".helpexc2": "HELPEXC2",
    ".helpedt": "HELPEDT",
    ".helpdbg": "HELPDBG",
    ".helpmenu": "HELPMENU",
}
"""Help files by suffix: commands, words of EXEC, of EXEC 2, subcommands of EDIT, of DEBUG, menus."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SystemDisk:
    """The finished disk."""

    disk: CMSDisk
    nucleus: Nucleus

    @property
    def cylinders(self) -> int:
        """Size of the minidisk that it needs."""
        return self.disk.cylinders

    def tracks(self) -> Iterator[tuple[int, int, bytes]]:
        """Cylinder, head and track image of every track."""
        return self.disk.tracks()


def build_system_disk(
    progress: Progress | None = None, *, cylinders: int = CYLINDERS, now: datetime | None = None
) -> SystemDisk:
    """Assemble everything and lay it out on a 3350 minidisk of `cylinders`, the last one holding the nucleus.

    `progress` is called with a line of text before each step. Raises BuildError, which names the file and the
    statement, if something does not assemble, link or fit.
    """
    say = progress or (lambda _text: None)
    now = now or datetime.now()
    library = Library()
    say("Assembling the CMS nucleus")
    nucleus = build_nucleus(library, now)
    disk = CMSDisk(cylinders, LABEL, DEVICE, reserved=1, now=now)
    say("Assembling the CMS commands")
    errors = []
    for folder in folders():
        try:
            _folder(disk, folder, library)
        except BuildError as error:
            errors.append(str(error))
    if errors:
        raise BuildError("\n".join(errors))
    say("Writing the CMS system disk")
    for name, filetype, text in helpalias.pages():
        disk.write_text(name, filetype, MODE, text, recfm="V")
    for filetype, pages in (("HELPMAC", helpmacro.pages()), ("HELPMSG", helpmessage.pages())):
        for name, text in pages.items():
            disk.write_text(name, filetype, MODE, text, recfm="V")
    disk.write(segment_image.NAME, segment_image.TYPE, MODE, nucleus.segment.records(), "V")
    disk.write("CMSLIB", "MACLIB", MODE, library.records(), "F", 80)
    disk.write("OSMACRO", "MACLIB", MODE, library.os_records(), "F", 80)
    start = disk.file_cylinders
    disk.ipl(nucleus.ipl_records(start))
    records = nucleus.records()
    for track, at in enumerate(range(0, len(records), disk.per_track)):
        disk.raw_track(start + track // disk.heads, track % disk.heads, records[at : at + disk.per_track])
    return SystemDisk(disk, nucleus)


def _folder(disk: CMSDisk, folder: Path, library: Library) -> None:
    for module in build_folder(folder, library):
        disk.write(module.name, "MODULE", MODE, module.records, "V")
    for file in sorted(folder.glob("*.exec")):
        disk.write_text(file.stem, "EXEC", MODE, file.read_text(encoding="utf-8"), recfm="V")
    for suffix, filetype in HELP_TYPES.items():
        for file in sorted(folder.glob("*" + suffix)):
            disk.write_text(file.stem, filetype, MODE, file.read_text(encoding="utf-8"), recfm="V")


def empty_disk(cylinders: int, label: str, files: Mapping[tuple[str, str], str] | None = None) -> CMSDisk:
    """A user's disk with these text files, (filename, filetype) to text, as variable-length records of mode A1."""
    disk = CMSDisk(cylinders, label, DEVICE)
    for (fn, ft), text in (files or {}).items():
        if text_records(text):
            disk.write_text(fn, ft, "A1", text, recfm="V")
    return disk
