"""Disks in host files: Hercules' images, read as they are, and the project's own volumes.

`open_image` tells from a file's first bytes what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from cpvm.machine.device import MediaError
from cpvm.machine.media.images.compressed import CompressedBlocks, CompressedFile, CompressedTracks
from cpvm.machine.media.images.header import COMPRESSED, HEADER, PLAIN, SHADOW
from cpvm.machine.media.images.image import (
    BlockImage,
    BlockStore,
    HostFile,
    Image,
    ReadOnlyBlocks,
    ReadOnlyTracks,
    TrackImage,
)
from cpvm.machine.media.images.plain import CKDImage, FBAImage, first_of_several
from cpvm.s370.fba import FIXED_BLOCK

__all__ = ["OVERLAY", "BlockImage", "BlockStore", "Image", "TrackImage", "open_base", "open_image", "overlay_of"]

Disk = TypeVar("Disk", bound=Image)
_BY_BLOCKS = {kind.blocks: kind.name for kind in FIXED_BLOCK.values()}
_ANY = "3370"
"""The type of a fixed-block disk of which no other is known."""
_LABELS = {512: (b"\xe5\xd6\xd3\xf1",), 1024: (b"\xc3\xd4\xe2\xf1",)}
"""Where a fixed-block disk has a label: VOL1 in block 1, CMS1 in block 2."""


OVERLAY = ".overlay"
"""What follows the name of an image in the name of the volume that holds its changes."""


def open_image(
    path: str | Path,
    read_only: bool = True,
    *,
    device: str | None = None,
    shadows: Sequence[Path] = (),
    overlay: str | Path | None = None,
    code: str = "037",
) -> TrackImage | BlockImage:
    """Open a disk: a Hercules image (.ckd, .cckd, .cckd64, fixed-block, compressed or not) or a volume.

    An image is never written: what is written to it lies in a volume over it, its overlay. That is made when the image
    is opened for writing, and stays if something was written. Once an image has an overlay, both together are the
    disk, also when it is only read.

    Args:
        path: the file, of several the first.
        read_only: whether writes are refused.
        device: the type that it must be of, such as 3350 or 3370; a fixed-block image without label needs it.
        shadows: the Hercules shadow files over a compressed image, the oldest first.
        overlay: the overlay of an image, by default the name of the image with .overlay behind it.
        code: the EBCDIC code page of text, if the path is a folder.

    Raises:
        MediaError: the file cannot be read, is damaged, of an unknown kind, or not of that device type; it is in use.
    """
    # They know this package, because a volume can lie over an image.
    from cpvm.machine.media import clone, folder, volume, volumefile

    if Path(path).is_dir() and overlay is None and not shadows:
        return _of_type(folder.open_folder(Path(path), read_only, device, code), device, Path(path))
    path = _existing(Path(path))
    over = Path(overlay) if overlay is not None else overlay_of(path)
    disk: TrackImage | BlockImage
    if volumefile.is_volume(path):
        if overlay is not None or shadows:
            raise MediaError(f"{path} is a volume, which holds its own changes: it has no overlay or shadow files")
        disk = volume.open_volume(path, read_only)
    elif read_only and not over.exists():
        if overlay is not None:
            raise MediaError(f"{over} does not exist")
        disk = open_base(path, device, shadows)
    else:
        made = not over.exists()
        if made:
            clone.clone(over, path, device, shadows)
        disk = volume.open_over(over, path, read_only)
        disk.only_if_changed = made
    return _of_type(disk, device, path)


def overlay_of(path: Path) -> Path:
    """Where the changes of an image are, unless another place is told."""
    path = _existing(path)
    return path.with_name(path.name + OVERLAY)


def _existing(path: Path) -> Path:
    """The path, or that of the first file of several. Raises MediaError if it is a folder."""
    if path.is_dir():
        raise MediaError(f"{path}: Is a directory")
    if path.exists():
        return path
    several = first_of_several(path)
    return several if several.exists() else path


def _of_type(disk: Disk, device: str | None, path: Path) -> Disk:
    """The disk, if it is of a device type. Raises MediaError, and closes it, if it is not."""
    if device is not None and disk.device_type[:4] != device[:4]:
        disk.close()
        raise MediaError(f"{path} is a {disk.device_type} disk, not a {device}")
    return disk


def open_base(path: Path, device: str | None = None, shadows: Sequence[Path] = ()) -> ReadOnlyTracks | ReadOnlyBlocks:
    """Open a Hercules image itself, read-only; `disk.ckd` can also name several files from `disk_1.ckd` on.

    Arguments and errors are those of `open_image`.
    """
    path = _existing(path)
    head = _start(path)
    image: ReadOnlyTracks | ReadOnlyBlocks
    if head[:8] in COMPRESSED or head[:8] in SHADOW:
        file = CompressedFile(path)
        if file.tracks_are_ckd:
            image = CompressedTracks(file, shadows)
        else:
            image = CompressedBlocks(file, _BY_BLOCKS.get(file.header.size, _ANY), shadows)
    elif shadows:
        raise MediaError(f"{path} is not a compressed image: there are no shadow files of it")
    elif head[:8] in PLAIN:
        image = CKDImage(path)
    else:
        image = FBAImage(path, _fixed_block(path, head, device))
    if isinstance(image, ReadOnlyBlocks) and device in FIXED_BLOCK:
        image.device_type = device  # blocks do not say of what type they are
    return _of_type(image, device, path)


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
    known = _BY_BLOCKS.get(size // HEADER) if size % HEADER == 0 else None
    if device is not None and device not in FIXED_BLOCK:
        raise MediaError(f"{path} is not a {device} disk: it does not begin as an image of one does")
    if device is None and known is None and not any(head[at : at + 4] in labels for at, labels in _LABELS.items()):
        raise MediaError(f"{path} is not a disk image; if it holds bare 512-byte blocks, say of which device type")
    return known or _ANY
