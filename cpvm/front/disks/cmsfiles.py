"""CMS disks on the host: whether a disk is one, its files, and putting them back."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

from cms.cmsdisk import BLOCK, DEVICE_CODES, CMSDisk, CMSDiskError
from cpvm.front.disks.place import DiskError, Part
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
        if record.rec == 3 and len(record.data) == BLOCK and from_ebcdic(record.data[:4]) == "CMS=":
            return from_ebcdic(record.data[4:10]).rstrip()
    return None


def load(part: Part) -> CMSDisk:
    """The CMS disk on these tracks. Raises DiskError: it is none, or is damaged."""
    device = part.geometry.name[:4]
    if device not in DEVICE_CODES:
        raise DiskError(f"{part.path}: a {part.geometry.name} cannot hold a CMS disk")
    if cms_label(part.tracks.read(0, 0)) is None:
        raise DiskError(f"{part.path} is not a CMS disk of 800-byte blocks")
    try:
        disk = CMSDisk.load(part.tracks.read, part.cylinders, device)
    except CMSDiskError as error:
        raise DiskError(f"{part.path}: {error}") from None
    if not 1 <= disk.file_cylinders <= part.cylinders:
        raise DiskError(f"{part.path}: the CMS disk says that it has {disk.file_cylinders} cylinders")
    return disk


def save(disk: CMSDisk, part: Part) -> int:
    """Put a CMS disk back in one commit: only tracks that differ are written. Returns their number.

    Cylinders behind those of its file system, such as those of a nucleus, stay as they are.

    Raises:
        MediaError: the disk cannot be written; it is as it was.
    """
    written = 0
    with _together(part):
        for cyl, head, image in disk.tracks():
            if cyl < disk.file_cylinders and trimmed(part.tracks.read(cyl, head)) != image:
                part.tracks.write(cyl, head, image)
                written += 1
        part.tracks.commit()
    return written


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


def matching(disk: CMSDisk, pattern: str) -> Iterable[tuple[str, str]]:
    """Names of files that fit a pattern, in which * stands for any name or type. Raises DiskError if there are none."""
    fn, ft = file_name(pattern)
    names = sorted(n for n in disk.files if fn in (n[0], "*") and ft in (n[1], "*"))
    if not names:
        raise DiskError(f"there is no file {fn} {ft} on {disk.label}")
    return names
