"""What a disk is: its file or files, format, size, what lies under it and how much of it is used."""

from __future__ import annotations

from collections.abc import Iterator

from cpvm.front.disks.listing import label_of
from cpvm.machine.device import MediaError
from cpvm.machine.media.base import Base
from cpvm.machine.media.images import BlockImage, TrackImage
from cpvm.machine.media.images.checking import usage
from cpvm.machine.media.images.compressed import GROUP, CompressedBlocks, CompressedTracks
from cpvm.machine.media.images.image import BLOCK
from cpvm.machine.media.volume import BlockVolume, Volume
from cpvm.s370.ckd import CKDError, Track


def information(disk: TrackImage | BlockImage) -> Iterator[tuple[str, str]]:
    """Pairs of words that say what a disk is. Raises MediaError."""
    for path in disk.files:
        yield "file", f"{path} ({path.stat().st_size:,} bytes)"
    yield "format", disk.format
    label = label_of(disk)
    if isinstance(disk, TrackImage):
        tracks = disk.cylinders * disk.heads
        yield "device", f"{disk.device_type}, {disk.cylinders} cylinders of {disk.heads} tracks, {tracks} in all"
        yield "track", f"{disk.geometry.largest} bytes in one record, image of {disk.geometry.image_size} bytes"
    else:
        yield "device", f"{disk.device_type}, {disk.blocks} blocks of {BLOCK} bytes"
    yield "label", f"{label.volid}: {label.kind}" if label.volid else label.kind
    if isinstance(disk, CompressedTracks | CompressedBlocks):
        yield from _compressed(disk)
    if isinstance(disk, Volume | BlockVolume):
        yield from _volume(disk)
    if isinstance(disk, TrackImage):
        yield "used", _used(disk)


def _compressed(disk: CompressedTracks | CompressedBlocks) -> Iterator[tuple[str, str]]:
    what = "tracks" if isinstance(disk, CompressedTracks) else f"groups of {GROUP} blocks"
    for file in disk.chain.files:
        used = usage(file)
        codec = {0: "none", 1: "zlib", 2: "bzip2"}.get(file.header.codec, str(file.header.codec))
        text = f"{used.images} of {file.number_of_images} {what} in {used.image_bytes:,} bytes, new ones with {codec}"
        if used.free:
            text += f"; {used.free} free spaces of {used.free_bytes:,} bytes in all"
        yield "compressed", text


def _volume(disk: Volume | BlockVolume) -> Iterator[tuple[str, str]]:
    what = "tracks" if isinstance(disk, Volume) else "groups of blocks"
    base = Base.from_fact(disk.facts["base"], disk.path) if "base" in disk.facts else None
    if base is None:
        yield "holds", f"{len(disk.changed())} {what}"
    else:
        yield "base", str(base.location(disk.path))
        for shadow in base.shadow_files(disk.path):
            yield "shadow", str(shadow)
        yield "changes", f"{len(disk.changed())} {what} are not those of the base"
    if disk.facts.get("frozen"):
        yield "written", "no more: other volumes lie over it"


def _used(disk: TrackImage) -> str:
    """How many tracks have records."""
    used = damaged = 0
    for cyl in range(disk.cylinders):
        for head in range(disk.heads):
            try:
                used += bool(Track.from_bytes(disk.read(cyl, head)).records)
            except (CKDError, MediaError):
                damaged += 1
    return f"{used} tracks with records" + (f", {damaged} damaged" if damaged else "")
