"""What is on a disk: its label, and a table of its data sets, members or CMS files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cms.cmsdisk import CMSDisk
from cpvm.front.disks import cmsfiles, cpvolume
from cpvm.front.disks.datasets import DatasetError, OSVolume, volume_label
from cpvm.front.disks.edf import EDFDisk, EDFFile
from cpvm.front.disks.ofsystem import MinidiskImage
from cpvm.front.disks.place import DiskError, Options, Part, part_of
from cpvm.machine.media.folder import FolderTracks
from cpvm.machine.media.images import BlockImage, TrackImage
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

_VOL1, _CMS1 = to_ebcdic("VOL1"), to_ebcdic("CMS1")


@dataclass(frozen=True)
class Label:
    """What a disk says of itself: its identifier, and in words what kind of disk that makes it."""

    volid: str
    kind: str


def label_of(disk: TrackImage | BlockImage) -> Label:
    """The label of a disk. Raises MediaError."""
    return _of_blocks(disk) if isinstance(disk, BlockImage) else _of_tracks(disk.read(0, 0))


def label_of_part(part: Part) -> Label:
    """The label of a disk or a minidisk. Raises MediaError."""
    return _of_tracks(part.tracks.read(0, 0))


def _of_blocks(disk: BlockImage) -> Label:
    if disk.blocks > 1 and (block := disk.read(1))[:4] == _VOL1:
        return Label(_text(block[4:10]), "volume label in block 1")
    if disk.blocks > 2 and (block := disk.read(2))[:4] == _CMS1:
        return Label(_text(block[4:10]), _enhanced(block))
    return Label("", "no label")


def _of_tracks(first: bytes) -> Label:
    name = cmsfiles.cms_label(first)
    if name is not None:
        return Label(name, "CMS disk of 800-byte blocks")
    label = cmsfiles.edf_label(first)
    if label is not None:
        return Label(_text(label[4:10]), _enhanced(label))
    raw = volume_label(first)
    if raw is None:
        return Label("", "no label")
    vtoc = raw[11:16]
    place = f"VTOC at {vtoc[0] << 8 | vtoc[1]}/{vtoc[2] << 8 | vtoc[3]}" if vtoc.strip(b"\x40\0") else "no VTOC"
    return Label(_text(raw[4:10]), f"volume label in record 3, {place}")


def _enhanced(label: bytes) -> str:
    return f"CMS disk of {int.from_bytes(label[12:16], 'big')}-byte blocks"


def _text(raw: bytes) -> str:
    return from_ebcdic(raw).rstrip(" \0")


def listing(disk: TrackImage | BlockImage, options: Options, name: str) -> Iterator[str]:
    """The lines of a list of what a disk holds; with `name`, of one data set's members, or of matching CMS files.

    Raises:
        DiskError: there is nothing of that name, or the table of contents is damaged.
        MediaError: the disk cannot be read.
    """
    if isinstance(disk, BlockImage):
        label = label_of(disk)
        yield f"{label.volid or '(no name)'}  {disk.device_type}, {disk.blocks} blocks, {label.kind}"
        if label.kind.startswith("CMS"):
            yield from _files(cmsfiles.look(disk, options), name)
        return
    part = part_of(disk, options)
    label = label_of_part(part)
    yield f"{label.volid or '(no name)'}  {part.geometry.name}, {part.cylinders} cylinders, {label.kind}"
    if label.kind.startswith("CMS"):
        yield from _files(cmsfiles.look(disk, options), name)
        under = disk.volume if isinstance(disk, MinidiskImage) else disk
        if isinstance(under, FolderTracks):
            yield from under.notes
        return
    whole = options.cylinders is None and not isinstance(disk, MinidiskImage)
    found = list(cpvolume.minidisks(part)) if whole else []
    if cpvolume.is_cp(part.tracks.read(0, 0)) or (found and not name):
        yield from _volume_of_cp(part, found)
        return
    if "VTOC at" not in label.kind:
        if name:
            raise DiskError(f"{part.path} has no table of contents")
        return
    try:
        volume = OSVolume(part.tracks, part.geometry, part.cylinders)
        yield from _members(volume, name) if name else _datasets(volume)
    except DatasetError as error:
        raise DiskError(f"{part.path}: {error}") from None


def _volume_of_cp(part: Part, found: list[cpvolume.Found]) -> Iterator[str]:
    """What CP uses a volume for, and the CMS minidisks on it."""
    for line in cpvolume.allocation(part.tracks.read(0, 0), part.cylinders):
        yield f"allocated: {line}"
    if found:
        yield "CYLINDERS  LABEL  BLOCKS OF"
    for disk in found:
        yield f"{disk.place:10} {disk.label:6} {disk.block:5} bytes"
    minidisks = "minidisk" if len(found) == 1 else "minidisks"
    yield f"{len(found)} CMS {minidisks}" + ("; the files of one: --cylinders FIRST-LAST" if found else "")


def _files(disk: CMSDisk | EDFDisk, pattern: str) -> Iterator[str]:
    yield "FILENAME FILETYPE FM FORMAT LRECL  RECORDS   BLOCKS DATE     TIME"
    for name in cmsfiles.matching(disk, pattern) if pattern else sorted(disk.files):
        file = disk.files[name]
        number = file.count if isinstance(file, EDFFile) else len(file.records)
        yield (
            f"{file.fn:8} {file.ft:8} {file.fm:2} {file.recfm:6} {file.lrecl:5} {number:8} "
            f"{file.data_blocks:8} {file.written:%m/%d/%y %H:%M}"
        )
    if not pattern:
        yield f"{len(disk.files)} files; {disk.used} blocks of {disk.total} in use"


def _datasets(volume: OSVolume) -> Iterator[str]:
    yield f"{'DSNAME':44} DSORG RECFM LRECL BLKSI TRACKS EXT CREATED"
    for name in sorted(volume.datasets):
        dataset = volume.datasets[name]
        yield (
            f"{dataset.name:44} {dataset.dsorg:5} {dataset.recfm:5} {dataset.lrecl:5} {dataset.blksize:5} "
            f"{dataset.tracks:6} {len(dataset.extents):3} {dataset.created}"
        ).rstrip()
    yield f"{len(volume.datasets)} data sets"


def _members(volume: OSVolume, name: str) -> Iterator[str]:
    dataset = volume.find(name)
    yield "MEMBER   TTR"
    members = volume.members(dataset)
    for member in members:
        yield f"{member.name:8} {member.track:04X}{member.record:02X}{' alias' if member.alias else ''}"
    yield f"{len(members)} members"
