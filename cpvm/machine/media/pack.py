"""Disk packs on drives: from the operator's words to an open image or volume, and on and off while a machine runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cpvm.machine.device import ConfigurationError, Device, DeviceError, MediaError
from cpvm.s370.ccw import UnitStatus

if TYPE_CHECKING:
    from cpvm.machine.configure import Room
    from cpvm.machine.media.images import BlockImage, TrackImage


class _Closable(Protocol):
    def close(self) -> None: ...


class PackDrive(Device, ABC):
    """A drive whose pack is a host file. Without one it is not ready."""

    def __init__(self) -> None:
        super().__init__()
        self._pack: _Closable | None = None  # what this drive has opened itself

    @property
    def pack(self) -> object:
        """The disk that is on the drive, if the drive has opened it; None if there is none."""
        return self._pack

    @property
    @abstractmethod
    def medium(self) -> str:
        """The type that a disk for this drive has in its image or volume."""

    @abstractmethod
    def put_image(self, image: TrackImage | BlockImage) -> None:
        """Put an opened disk on the drive. Raises DeviceError: it is none of this type."""

    @abstractmethod
    def take_away(self) -> None:
        """Have no pack any more."""

    @classmethod
    @abstractmethod
    def unready(cls, type: str) -> PackDrive:
        """A drive of this type without a pack."""

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> Device:
        """`190,3350,disk.cckd`: a disk image or volume; no path: not ready. Options: `ro`, it may only be read;
        `overlay=FILE`, where the changes of an image go; `shadow=FILE`, a Hercules shadow file over it.
        On a count-key-data drive the path may be a folder, whose files the disk has then; `code=1047`: the code page
        of its text."""
        drive = cls.unready(type)
        if path is not None:
            drive._open(path, options)
        elif options:
            raise ConfigurationError("options need a disk, by the path of its file")
        return drive

    def _open(self, path: str, options: Mapping[str, str]) -> None:
        from cpvm.machine.configure import accept, flag
        from cpvm.machine.media.images import open_image

        accept(options, "ro", "overlay", "shadow", "code")
        overlay, shadow = options.get("overlay"), options.get("shadow")
        shadows = [Path(shadow)] if shadow else []
        try:
            image = open_image(
                path,
                flag(options, "ro"),
                device=self.medium,
                shadows=shadows,
                overlay=overlay or None,
                code=options.get("code", "037"),
            )
        except MediaError as error:
            raise ConfigurationError(str(error)) from None
        try:
            self.put_image(image)
        except DeviceError as error:
            image.close()
            raise ConfigurationError(f"{path}: {error}") from None
        self._pack = image

    def mount(self, path: str, options: Mapping[str, str], room: Room) -> None:
        """Put another pack on the drive: it becomes ready, which the guest is told by device end."""
        self.close()
        self._open(path, options)
        if self.channel is not None:
            self.channel.unsolicited(self.address, UnitStatus.DEVICE_END)

    def dismount(self) -> None:
        """Take the pack away: intervention required. Raises ConfigurationError if there is none."""
        if self._pack is None:
            raise ConfigurationError(f"there is no disk on this {self.type}")
        self.close()

    def close(self) -> None:
        self.end()
        pack, self._pack = self._pack, None
        if pack is not None:
            self.take_away()
            pack.close()
