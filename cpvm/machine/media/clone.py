"""Clones: volumes over an image or another volume, made at once however large that is.

A process can be killed anywhere in here: the disk that is cloned is the same before and after, and can be written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cpvm.machine.device import MediaError
from cpvm.machine.media.base import Base
from cpvm.machine.media.images import BlockImage, TrackImage, open_base
from cpvm.machine.media.newfile import temporary_for
from cpvm.machine.media.volume import (
    LAYERED,
    BlockVolume,
    Volume,
    freeze,
    identity,
    open_volume,
    size_of,
)
from cpvm.machine.media.volumefile import Facts, create_file, is_volume


def clone(path: str | Path, base: str | Path, device: str | None = None, shadows: Sequence[Path] = ()) -> None:
    """Make a volume over a base: a Hercules image, or a volume that is not written any more from then on.

    `device` and `shadows` are those of `open_image`. The base must stay as it is: the new volume knows if it does not.

    Raises:
        MediaError: the base cannot be read or is in use, the file exists already or cannot be written.
    """
    path, base = Path(path), Path(base)
    if path.exists():
        raise MediaError(f"{path} exists already")
    if is_volume(base):
        known = Base.of_volume(base, identity(base), path)
        with open_volume(base, read_only=True) as volume:
            _make(path, volume, known)
        freeze(base)
        return
    with open_base(base, device, shadows) as image:
        _make(path, image, Base.of_image(image.files, path, shadows))


def split(path: Path) -> Path:
    """Make a volume a clone of itself: what it holds goes into a file beside it, its base, which is returned.

    Raises:
        MediaError: the volume is in use, or a file cannot be written.
    """
    known = identity(path)
    number = 1
    while (below := path.with_name(f"{path.name}.base{number}")).exists():
        if below.samefile(path):  # a killed process left a second name
            below.unlink()
            break
        number += 1
    new = temporary_for(path)
    try:
        with open_volume(path, read_only=True) as volume:
            _make(new, volume, Base.of_volume(below, known, path))
        os.link(path, below)
        new.replace(path)
        freeze(below)
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror or error}") from error
    finally:
        new.unlink(missing_ok=True)
    return below


def _make(path: Path, below: TrackImage | BlockImage, known: Base) -> None:
    volid = below.volid if isinstance(below, Volume | BlockVolume) else ""
    facts: Facts = {"format": LAYERED, "type": below.device_type, "volid": volid, "base": known.to_fact()}
    create_file(path, facts | size_of(below), {})
