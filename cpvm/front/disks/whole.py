"""Whole disks: written in any format, as clones over what they are copied from, and moved under another base."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cpvm.front.disks.listing import label_of
from cpvm.front.disks.place import DiskError, Options
from cpvm.machine.device import MediaError
from cpvm.machine.media import volume
from cpvm.machine.media.base import Base
from cpvm.machine.media.clone import clone, split
from cpvm.machine.media.images import BlockImage, TrackImage, open_base, overlay_of
from cpvm.machine.media.images.image import BLOCK, trimmed
from cpvm.machine.media.images.writing import (
    CODECS,
    Progress,
    nothing,
    write_ckd,
    write_compressed,
    write_fba,
)
from cpvm.machine.media.newfile import temporary_for
from cpvm.machine.media.volume import BlockVolume, Volume, open_volume
from cpvm.machine.media.volumefile import create_file, disconnect, is_volume, open_file
from cpvm.s370.ckd import Track

_VOLID: Final = re.compile(r"[A-Za-z0-9$#@-]{1,6}")
_OF_TRACKS: Final = {"volume", "ckd", "cckd", "cckd64"}
_OF_BLOCKS: Final = {"volume", "fba", "cfba", "cfba64"}


def write(  # noqa: PLR0917
    disk: TrackImage | BlockImage,
    path: Path,
    form: str,
    compression: str = "zlib",
    force: bool = False,
    progress: Progress = nothing,
) -> list[Path]:
    """Write all of a disk to a new file.

    Args:
        disk: what is written.
        path: the file; with the format ckd several files, if it is larger than 2 GiB.
        form: one of `FORMATS`.
        compression: zlib, bzip2 or none, for the compressed formats.
        force: replace the file if there is one.
        progress: called from time to time.

    Returns:
        The files written.

    Raises:
        DiskError: the format is not for such a disk.
        MediaError: the disk cannot be read, the file not written, or it exists already.
    """
    if form not in (_OF_TRACKS if isinstance(disk, TrackImage) else _OF_BLOCKS):
        kind = "count-key-data" if isinstance(disk, TrackImage) else "fixed-block"
        raise DiskError(f"the format {form} is not for a {kind} disk")
    if path.exists() and any(path.samefile(file) for file in disk.files):
        raise DiskError(f"{path} cannot be copied to itself")
    if form == "volume":
        return [_volume(disk, path, force, progress)]
    if form in ("cckd", "cckd64", "cfba", "cfba64"):
        wide = form.endswith("64")
        return write_compressed(path, disk, CODECS[compression], wide, force=force, progress=progress)
    if isinstance(disk, TrackImage):
        return write_ckd(path, disk, force=force, progress=progress)
    return write_fba(path, disk, force=force, progress=progress)


def _volume(disk: TrackImage | BlockImage, path: Path, force: bool, progress: Progress) -> Path:
    """A volume without a base. It gets its name when all is written."""
    if path.exists() and not force:
        raise MediaError(f"{path} exists already")
    new = temporary_for(path)
    facts: dict[str, str | int] = {"format": volume.FORMAT, "type": disk.device_type, "volid": volid_of(disk)}
    try:
        if isinstance(disk, TrackImage):
            create_file(new, facts | {"cylinders": disk.cylinders}, {})
            with Volume.open(new) as copy:
                _copy_tracks(disk, copy, progress)
        else:
            create_file(new, facts | {"format": volume.LAYERED, "blocks": disk.blocks}, {})
            blocks = open_volume(new)
            assert isinstance(blocks, BlockVolume)
            with blocks:
                _copy_blocks(disk, blocks, progress)
        new.replace(path)
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror or error}") from error
    finally:
        for name in (new, new.with_name(new.name + "-wal"), new.with_name(new.name + "-shm")):
            name.unlink(missing_ok=True)
    return path


def _copy_tracks(disk: TrackImage, copy: Volume, progress: Progress) -> None:
    with copy.deferred():
        for cyl in range(disk.cylinders):
            for head in range(disk.heads):
                image = trimmed(disk.read(cyl, head))
                if image != Track.empty(cyl, head).to_bytes():
                    copy.write(cyl, head, image)
            progress(cyl + 1, disk.cylinders)


def _copy_blocks(disk: BlockImage, copy: BlockVolume, progress: Progress) -> None:
    empty = bytes(BLOCK)
    with copy.deferred():
        for block in range(disk.blocks):
            data = disk.read(block)
            if data != empty:
                copy.write(block, data)
            if not block % 1000:
                progress(block, disk.blocks)


def volid_of(disk: TrackImage | BlockImage) -> str:
    """The volume identifier on a disk's label, six characters or fewer, or nothing. Raises MediaError."""
    label = label_of(disk)
    return label.volid if _VOLID.fullmatch(label.volid) else ""


# ---- clones


def linked(source: Path, target: Path, options: Options) -> list[str]:
    """Make `target` a clone of a disk, at once; both can be written from then on. Returns what to tell the user.

    What was changed on the source until now becomes a base that both lie over, and is not written any more.

    Raises:
        MediaError: the source cannot be read or is in use, or the target exists already.
    """
    if target.exists():
        raise MediaError(f"{target} exists already")
    changes = source
    if not is_volume(source):
        changes = options.overlay or overlay_of(source)
        if not changes.exists():
            clone(target, source, options.device, options.shadows)
            return [f"{target}: a clone of {source}, which must stay as it is"]
    with open_volume(changes, read_only=True) as there:
        frozen, unchanged = bool(there.facts.get("frozen")), not there.changed()
        base = Base.from_fact(there.facts["base"], changes) if "base" in there.facts else None
    if frozen:
        clone(target, changes)
        return [f"{target}: a clone of {changes}, which must stay as it is"]
    if unchanged and base is not None:
        below = base.location(changes)
        clone(target, below, there.device_type, base.shadow_files(changes))
        return [f"{target}: a clone of {below}, which must stay as it is"]
    below = split(changes)
    clone(target, below)
    return [f"{target} and {changes}: clones of {below}, which must stay as it is"]


def _rebase(path: Path, base: Base) -> None:
    """Write into a volume's file which base it has, without opening that."""
    database, _ = open_file(path, read_only=False)
    try:
        database.execute("INSERT OR REPLACE INTO volume VALUES ('base', ?)", (base.to_fact(),))
    finally:
        disconnect(database)


def accept_base(path: Path, base: Path) -> None:
    """Tell a volume where its base is now, if that is the same in contents as it was.

    Raises:
        DiskError: the volume has no base.
        MediaError: the base is not the one that the volume was made over.
    """
    facts: dict[str, str | int] = {}
    if not path.exists() or is_volume(path):
        database, facts = open_file(path, read_only=True)
        disconnect(database)
    if "base" not in facts:
        raise DiskError(f"{path} has no base")
    known = Base.from_fact(facts["base"], path)
    if known.id:
        with open_volume(base, read_only=True) as there:
            if there.facts.get("id") != known.id:
                raise MediaError(f"{base} is not the volume that {path} was made over")
        _rebase(path, Base.of_volume(base, known.id, path))
        return
    image = open_base(base, str(facts.get("type")), known.shadow_files(path))
    try:
        now = Base.of_image(image.files, path, known.shadow_files(path))
    finally:
        image.close()
    if (now.sizes, now.digest) != (known.sizes, known.digest):
        raise MediaError(f"{base} is not the image that {path} was made over, or has changed since")
    _rebase(path, now)
