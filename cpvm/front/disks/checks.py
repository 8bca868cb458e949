"""Damage of a disk: its file, its tracks or blocks, its VTOC, and its CMS file system if it has one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cpvm.front.disks import cmsfiles, cpvolume
from cpvm.front.disks.cmscheck import cms_damage
from cpvm.front.disks.datasets import DatasetError, OSVolume
from cpvm.front.disks.edf import EDFDisk
from cpvm.front.disks.edfcheck import edf_damage
from cpvm.front.disks.listing import label_of, label_of_part
from cpvm.front.disks.place import DiskError, Options, Part, part_of
from cpvm.machine.device import MediaError
from cpvm.machine.media.images import BlockImage, TrackImage
from cpvm.machine.media.images.checking import check_image
from cpvm.machine.media.images.writing import Progress
from cpvm.machine.media.volumefile import VolumeFile


def damage(disk: TrackImage | BlockImage, options: Options, progress: Progress) -> Iterator[str]:
    """Lines of text, one for each thing that is wrong; none if the disk is sound."""
    if isinstance(disk, VolumeFile):
        yield from (f"the file itself is damaged: {line}" for line in disk.damage())
    steps = disk.cylinders if isinstance(disk, TrackImage) else -(-disk.blocks // 1000)
    done = 0
    for line in check_image(disk):
        if line is None:
            done += 1
            progress(done, steps)
        else:
            yield line
    try:
        if isinstance(disk, BlockImage) or cmsfiles.edf_label(part_of(disk, options).tracks.read(0, 0)):
            yield from _enhanced(disk, options)
            return
        part = part_of(disk, options)
        found = [] if label_of_part(part).kind.startswith("CMS") else list(cpvolume.minidisks(part))
        for one in found:
            options = replace(options, cylinders=(one.start, one.cylinders))
            for line in _minidisk(disk, options):
                yield f"cylinders {one.place}: {line}"
        if not found and not cpvolume.is_cp(part.tracks.read(0, 0)):
            yield from _contents(part)
    except (DiskError, DatasetError, MediaError) as error:
        yield str(error)


def _minidisk(disk: TrackImage | BlockImage, options: Options) -> Iterator[str]:
    """Damage of one CMS minidisk of a volume."""
    part = part_of(disk, options)
    if cmsfiles.edf_label(part.tracks.read(0, 0)):
        yield from _enhanced(disk, options)
    else:
        yield from cms_damage(part)


def _enhanced(disk: TrackImage | BlockImage, options: Options) -> Iterator[str]:
    """Damage of a CMS disk of the enhanced format, if it is one."""
    if isinstance(disk, BlockImage) and not label_of(disk).kind.startswith("CMS"):
        return
    found = cmsfiles.look(disk, options)
    if isinstance(found, EDFDisk):
        yield from edf_damage(found)


def _contents(part: Part) -> Iterator[str]:
    kind = label_of_part(part).kind
    if kind.startswith("CMS"):
        yield from cms_damage(part)
    elif "VTOC at" in kind:
        volume = OSVolume(part.tracks, part.geometry, part.cylinders)
        owners: dict[int, str] = {}
        for dataset in volume.datasets.values():
            for extent in dataset.extents:
                for track in range(extent.first, extent.last + 1):
                    other = owners.setdefault(track, dataset.name)
                    if other != dataset.name:
                        yield f"track {track} belongs to both {other} and {dataset.name}"
                        break
