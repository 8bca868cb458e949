"""The CMS segment: its modules linked at X'F00000' against the nucleus, and the file that it is on the system disk.

What the file holds is told by `cms/nucleus/dmssgl.assemble`, which reads it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assembler import linkage
from cms.linking import link
from cms.source import SEGMENT, BuildError, Library, assemble_files

ORIGIN = 0xF00000
LIMIT = 0x1000000
FIRST = "dmsseg"
"""Its first bytes are name, level and vector."""
NAME = "CMSSEG"
TYPE = "SEGMENT"
TEXT_RECORD = 32_000
RELOCATIONS = 8_000
"""Relocations in a record of the file."""
_HEAD = struct.Struct(">8sIIII")


class SegmentError(ValueError):
    """The file is no segment's."""


@dataclass(slots=True)
class Segment:
    """The linked segment; its level is still zeros."""

    image: linkage.Image

    def level(self, level: bytes) -> None:
        """Put the level into it, eight bytes."""
        at = self.image.address("SEGLEVEL") - ORIGIN
        self.image.data = self.image.data[:at] + level + self.image.data[at + len(level) :]

    def records(self) -> list[bytes]:
        """The records of CMSSEG SEGMENT."""
        data, relocations = self.image.data, self.image.relocations
        at = self.image.address("SEGLEVEL") - ORIGIN
        text = [data[start : start + TEXT_RECORD] for start in range(0, len(data), TEXT_RECORD)]
        moves = [
            struct.pack(f">{len(part)}I", *part)
            for part in (relocations[start : start + RELOCATIONS] for start in range(0, len(relocations), RELOCATIONS))
        ]
        return [_HEAD.pack(data[at : at + 8], ORIGIN, len(data), len(relocations), len(text)), *text, *moves]


def build_segment(library: Library, nucleus: Mapping[str, int]) -> Segment:
    """Assemble and link the segment; `nucleus` has the addresses of the nucleus' names. Raises BuildError."""
    paths = sorted(SEGMENT.glob("*.assemble"), key=lambda path: (path.stem != FIRST, path.stem))
    return link_segment([module.assembly.deck for module in assemble_files(paths, library)], nucleus)


def link_segment(decks: Sequence[Sequence[bytes]], nucleus: Mapping[str, int]) -> Segment:
    """Link decks, the first that of `FIRST`, to be the segment. Raises BuildError."""
    image = link("segment", decks, ORIGIN, nucleus)
    if image.end > LIMIT:
        raise BuildError(f"segment: it ends at X'{image.end:X}', beyond X'{LIMIT:X}'")
    return Segment(image)


def text_of(records: Sequence[bytes]) -> bytes:
    """The segment as it is at its origin, from the records of its file. Raises SegmentError."""
    try:
        _, origin, length, _, count = _HEAD.unpack(records[0])
    except (IndexError, struct.error):
        raise SegmentError("there is no head") from None
    data = b"".join(records[1 : count + 1])
    if origin != ORIGIN or len(data) != length:
        raise SegmentError("head and text do not belong together")
    return data
