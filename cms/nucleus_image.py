"""The nucleus: its modules linked at X'10000', the segment that belongs to it, and the two IPL records that bring the
nucleus into storage."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assembler import linkage
from assembler.assembly import Assembly
from cms.linking import link
from cms.segment_image import Segment, build_segment
from cms.source import NUCLEUS, BuildError, Library, assemble_file, assemble_files
from cpvm.s370.ebcdic import to_ebcdic

ORIGIN = 0x10000
LIMIT = 0x20000
FIRST = "dmsini"
"""Its first byte is where the bootstrap branches to."""
IPL = "dmsipl"
SYSTEM = "CMS VERSION 1.0"
BLOCK = 800


@dataclass(frozen=True, slots=True)
class Nucleus:
    """The linked nucleus, its segment, and the assembled IPL records."""

    image: linkage.Image
    segment: Segment
    ipl: bytes
    parameters: int
    """Place in `ipl` of the bootstrap's parameters: cylinder and number of records, two bytes each."""

    def records(self) -> list[bytes]:
        """The image in blocks of 800 bytes."""
        data = self.image.data
        return [data[at : at + BLOCK].ljust(BLOCK, b"\0") for at in range(0, len(data), BLOCK)]

    def ipl_records(self, cylinder: int) -> list[bytes]:
        """The first two records of the disk, for an image that begins with this cylinder."""
        text = bytearray(self.ipl)
        place = self.parameters
        text[place : place + 4] = cylinder.to_bytes(2, "big") + len(self.records()).to_bytes(2, "big")
        return [bytes(text[:BLOCK]), bytes(text[BLOCK:])]


def build_nucleus(library: Library, now: datetime) -> Nucleus:
    """Assemble and link the nucleus; `now` appears in the version line. Raises BuildError."""
    paths = sorted(NUCLEUS.glob("*.assemble"), key=lambda path: (path.stem != FIRST, path.stem))
    modules = assemble_files((path for path in paths if path.stem != IPL), library)
    image = link_nucleus([module.assembly.deck for module in modules])
    segment = build_segment(library, symbols(image))
    return finish(image, segment, assemble_file(NUCLEUS / f"{IPL}.assemble", library).assembly, now)


def symbols(image: linkage.Image) -> dict[str, int]:
    """The names of the nucleus, for the segment."""
    return {entry.name: entry.address for entry in image.map if entry.kind != "PR"}


def link_nucleus(decks: Sequence[Sequence[bytes]]) -> linkage.Image:
    """Link decks, the first that of `FIRST`, to be the nucleus. Raises BuildError."""
    image = link("nucleus", decks, ORIGIN)
    if image.end > LIMIT:
        raise BuildError(f"nucleus: it ends at X'{image.end:X}', beyond X'{LIMIT:X}'")
    return image


def finish(image: linkage.Image, segment: Segment, boot: Assembly, now: datetime) -> Nucleus:
    """Give nucleus and segment their common level, and the nucleus its version line.  Raises BuildError."""
    level = hashlib.sha256(image.data + segment.image.data).digest()[:8]
    try:
        segment.level(level)
        _put(image, "NUCLEVEL", level)
        _put(image, "NUCIDENT", to_ebcdic(f"{SYSTEM} - {now:%m/%d/%y %H:%M}"[:32].ljust(32)))
        start = boot.symbols["BOOTPARM"].value
        return Nucleus(image, segment, linkage.link([boot.deck], 0).data, start)
    except KeyError as error:
        raise BuildError(f"nucleus: there is no name {error.args[0]}") from None


def _put(image: linkage.Image, name: str, value: bytes) -> None:
    at = image.address(name) - ORIGIN
    image.data = image.data[:at] + value + image.data[at + len(value) :]
