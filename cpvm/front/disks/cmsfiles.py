"""CMS disks on the host: whether a disk is one, its files, and putting them back."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from cms.cmsblocks import CP67_BLOCK, TrackBlocks
from cms.cmsdisk import BLOCK, CMSDisk, CMSDiskError
from cpvm.front.disks import edf
from cpvm.front.disks.edfdisk import EDFChange
from cpvm.front.disks.place import DiskError, Options, Part, part_of
from cpvm.machine.media.images import BlockImage, TrackImage
from cpvm.machine.media.images.image import BLOCK as BLOCK_OF_HOST
from cpvm.machine.media.images.image import trimmed
from cpvm.machine.media.volumefile import VolumeFile
from cpvm.s370.ckd import CKDError, decode_track
from cpvm.s370.ebcdic import from_ebcdic


def cms_label(first: bytes) -> str | None:
    """What the image of a disk's first track says: the name of a CMS disk of 800-byte blocks, or None."""
    try:
        records = decode_track(first)
    except CKDError:
        return None
    for record in records:
        if record.rec == 3 and len(record.data) in {BLOCK, CP67_BLOCK} and from_ebcdic(record.data[:4]) == "CMS=":
            return from_ebcdic(record.data[4:10]).rstrip()
    return None


def is_cms(part: Part) -> bool:
    """Whether these tracks have a CMS disk of either format."""
    first = part.tracks.read(0, 0)
    return cms_label(first) is not None or edf_label(first) is not None


LABEL_BYTES: Final = 80
"""Of the label of the enhanced format."""


def edf_label(first: bytes) -> bytes | None:
    """The label of a CMS disk of the enhanced format in the image of a disk's first track, or None."""
    try:
        records = decode_track(first)
    except CKDError:
        return None
    return next((r.data for r in records if r.rec == 3 and r.data[:4] == edf.MARK and len(r.data) >= LABEL_BYTES), None)


def look(disk: TrackImage | BlockImage, options: Options) -> CMSDisk | edf.EDFDisk:
    """The files of a CMS disk of either format. Raises DiskError: it is none, or is damaged."""
    try:
        if isinstance(disk, BlockImage):
            label = disk.read(edf.LABEL_AT // BLOCK_OF_HOST) if disk.blocks > edf.LABEL_AT // BLOCK_OF_HOST else b""
            if label[:4] != edf.MARK:
                raise DiskError(f"{disk.path} is no CMS disk")
            return edf.of_blocks(disk.read, label)
        part = part_of(disk, options)
        found = edf_label(part.tracks.read(0, 0))
        return load(part) if found is None else edf.of_tracks(part.tracks.read, part.geometry, found)
    except edf.EDFError as error:
        raise DiskError(f"{disk.path}: {error}") from None


def change(part: Part) -> CMSDisk | EDFChange:
    """The CMS disk on these tracks, of either format, to be changed. Raises DiskError: it is none, or is damaged."""
    label = edf_label(part.tracks.read(0, 0))
    if label is None:
        if TrackBlocks(part.tracks.read, part.cylinders, part.geometry).of_cp67:
            raise DiskError(f"{part.path}: a disk of CP-67's CMS can be read, but not changed")
        return load(part)
    try:
        return EDFChange(edf.of_tracks(part.tracks.read, part.geometry, label))
    except edf.EDFError as error:
        raise DiskError(f"{part.path}: {error}") from None


def load(part: Part) -> CMSDisk:
    """The CMS disk of 800-byte blocks on these tracks. Raises DiskError: it is none, or is damaged."""
    if cms_label(part.tracks.read(0, 0)) is None:
        raise DiskError(f"{part.path} is not a CMS disk of 800-byte blocks")
    try:
        disk = CMSDisk.load(part.tracks.read, part.cylinders, part.geometry.name)
    except CMSDiskError as error:
        raise DiskError(f"{part.path}: {error}") from None
    if not 1 <= disk.file_cylinders <= part.cylinders:
        raise DiskError(f"{part.path}: the CMS disk says that it has {disk.file_cylinders} cylinders")
    return disk


def save(disk: CMSDisk | EDFChange, part: Part) -> int:
    """Put a CMS disk back in one commit: only tracks that differ are written. Returns their number.

    Cylinders behind those of its file system, such as those of a nucleus, stay as they are.

    Raises:
        DiskError: there is no room for the files; the disk is as it was.
        MediaError: the disk cannot be written; it is as it was.
    """
    written = 0
    with _together(part):
        tracks = disk.tracks() if isinstance(disk, CMSDisk) else _enhanced_tracks(disk, part)
        end = disk.file_cylinders if isinstance(disk, CMSDisk) else part.cylinders
        for cyl, head, image in tracks:
            if cyl < end and trimmed(part.tracks.read(cyl, head)) != image:
                part.tracks.write(cyl, head, image)
                written += 1
        part.tracks.commit()
    return written


def _enhanced_tracks(disk: EDFChange, part: Part) -> list[tuple[int, int, bytes]]:
    """All that is to be written. Raises DiskError, before anything is."""
    try:
        return list(disk.tracks(part.geometry, part.tracks.read))
    except (edf.EDFError, CKDError) as error:
        raise DiskError(f"{part.path}: {error}") from None


def _together(part: Part) -> AbstractContextManager[None]:
    """Group commit on the volume that the tracks are of."""
    volume = getattr(part.tracks, "volume", part.tracks)
    return volume.deferred() if isinstance(volume, VolumeFile) else nullcontext()


def file_name(text: str) -> tuple[str, str]:
    """FN FT or FN.FT, in upper case. Raises DiskError."""
    words = text.upper().split()
    if len(words) == 3:  # with a mode, which is that of the disk anyway
        words.pop()
    if len(words) == 1:
        words = text.upper().split(".")
    if len(words) != 2 or not all(1 <= len(word) <= 8 for word in words):
        raise DiskError(f"{text!r} is not the name of a CMS file, such as PROFILE EXEC")
    return words[0], words[1]


def matching(disk: CMSDisk | edf.EDFDisk | EDFChange, pattern: str) -> Iterable[tuple[str, str]]:
    """Names of files that fit a pattern, in which * stands for any name or type. Raises DiskError if there are none."""
    fn, ft = file_name(pattern)
    names = sorted(n for n in disk.files if fn in (n[0], "*") and ft in (n[1], "*"))
    if not names:
        raise DiskError(f"there is no file {fn} {ft} on {disk.label}")
    return names
