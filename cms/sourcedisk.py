"""The disk with the source of CMS: every module and macro as a file, and the list of what belongs to the nucleus.

`CMS BUILDLST` has a line for each part, in order: `NUCLEUS name`, `SEGMENT name`, `BOOT name`, `SYNONYM name n`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cms import nucleus_image, segment_image
from cms.cmsdisk import CMSDisk
from cms.source import COMMANDS, NUCLEUS, SEGMENT, macro_members, synonyms
from cpvm.s370.ebcdic import to_ebcdic

CYLINDERS = 16
LABEL = "CMS393"
DEVICE = "3350"
LIST = ("CMS", "BUILDLST")
_CARD = 80


def build_list() -> Iterator[str]:
    """The lines of CMS BUILDLST."""
    for kind, folder, first in (
        ("NUCLEUS", NUCLEUS, nucleus_image.FIRST),
        ("SEGMENT", SEGMENT, segment_image.FIRST),
    ):
        names = sorted((file.stem for file in folder.glob("*.assemble")), key=lambda name: (name != first, name))
        yield from (f"{kind} {name.upper()}" for name in names if name != nucleus_image.IPL)
    yield f"BOOT {nucleus_image.IPL.upper()}"
    yield from (f"SYNONYM {name} {least}" for name, least in synonyms())


def source_disk(now: datetime | None = None) -> CMSDisk:
    """The disk."""
    disk = CMSDisk(CYLINDERS, LABEL, DEVICE, now=now or datetime.now())
    files = [*NUCLEUS.glob("*.assemble"), *SEGMENT.glob("*.assemble"), *COMMANDS.glob("*/*.assemble")]
    for file in sorted(files, key=lambda file: file.name):
        _cards(disk, file.stem, "ASSEMBLE", file.read_text(encoding="utf-8").splitlines())
    for name, lines in sorted(macro_members().items()):
        _cards(disk, name, "MACRO", lines)
    _cards(disk, *LIST, list(build_list()))
    return disk


def _cards(disk: CMSDisk, name: str, kind: str, lines: list[str]) -> None:
    records = [to_ebcdic(line[:_CARD].ljust(_CARD)) for line in lines]
    disk.write(name, kind, "A1", records or [b"\x40" * _CARD], "F", _CARD)
