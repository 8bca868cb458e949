"""Disks in host files: Hercules' images, read as they are, and the project's own volumes.

`open_image` tells from a file's first bytes what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cpvm.machine.device import MediaError
from cpvm.machine.media.images.compressed import CompressedBlocks, CompressedFile, CompressedTracks
from cpvm.machine.media.images.header import COMPRESSED, HEADER, PLAIN, SHADOW
from cpvm.machine.media.images.image import BlockImage, BlockStore, HostFile, TrackImage
from cpvm.machine.media.images.plain import CKDImage, FBAImage

__all__ = ["BlockImage", "BlockStore", "TrackImage", "open_base", "open_image"]

_SQLITE = b"SQLite format 3\0"
_FIXED_BLOCK = {125664: "3310", 558000: "3370", 712752: "3370-2"}
_LABELS = {512: (b"\xe5\xd6\xd3\xf1",), 1024: (b"\xc3\xd4\xe2\xf1",)}
"""Where a fixed-block disk has a label: VOL1 in block 1, CMS1 in block 2."""


def open_image(
    path: str | Path, read_only: bool = True, *, device: str | None = None, shadows: Sequence[Path] = ()
) -> TrackImage | BlockImage:
    """Open a disk.

    Args:
        path: a Hercules image (.ckd, .cckd, .cckd64, fixed-block, compressed or not) or a volume.
        read_only: whether writes are refused.
        device: the type that it must be of, such as 3350 or 3370; a fixed-block image without label needs it.
        shadows: the shadow files over a compressed image, the oldest first.

    Raises:
        MediaError: the file cannot be read, is damaged, of an unknown kind, or not of that device type.
    """
    return open_base(Path(path), device, shadows)


def open_base(path: Path, device: str | None = None, shadows: Sequence[Path] = ()) -> TrackImage | BlockImage:
    """Open a Hercules image itself, read-only. Arguments and errors are those of `open_image`."""
    head = _start(path)
    image: TrackImage | BlockImage
    if head[:8] in COMPRESSED or head[:8] in SHADOW:
        file = CompressedFile(path)
        if file.tracks_are_ckd:
            image = CompressedTracks(file, shadows)
        else:
            image = CompressedBlocks(file, device or _FIXED_BLOCK.get(file.header.size, "3370"), shadows)
    elif shadows:
        raise MediaError(f"{path} is not a compressed image: there are no shadow files of it")
    elif head[:8] in PLAIN:
        image = CKDImage(path)
    else:
        image = FBAImage(path, _fixed_block(path, head, device))
    if device is not None and image.device_type[:4] != device[:4]:
        image.close()
        raise MediaError(f"{path} is a {image.device_type} disk, not a {device}")
    return image


def _start(path: Path) -> bytes:
    """The first bytes of a file, enough to tell what it is."""
    file = HostFile(path)
    try:
        return file.read(0, min(file.size, 3 * HEADER))
    finally:
        file.close()


def _fixed_block(path: Path, head: bytes, device: str | None) -> str:
    """The type of a fixed-block disk. Raises MediaError: nothing says that it is one."""
    size = path.stat().st_size
    known = _FIXED_BLOCK.get(size // HEADER) if size % HEADER == 0 else None
    if device is not None:
        return device
    if known is None and not any(head[at : at + 4] in labels for at, labels in _LABELS.items()):
        raise MediaError(f"{path} is not a disk image; if it holds bare 512-byte blocks, say of which device type")
    return known or "3370"
