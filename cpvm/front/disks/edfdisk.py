"""A CMS disk of the enhanced format that is changed: read whole, altered in storage, put back in one commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from cms.cmsdisk import CMSDisk, CMSFile
from cpvm.front.disks.edf import EDFDisk, EDFError
from cpvm.front.disks.edfwrite import Layout
from cpvm.s370.ckd import GEOMETRY, Geometry, Record, Track, encode_track

_ROOM_FOR_CHECKS = 555


class EDFChange:
    """The files of a disk of the enhanced format, with what CMSDisk offers: write, erase, read, files."""

    def __init__(self, disk: EDFDisk) -> None:
        """All files of a disk. Raises EDFError: one is damaged, so that writing would lose it."""
        self._disk = disk
        self.label = disk.label
        self.file_cylinders = disk.file_cylinders
        self._files = {
            name: CMSFile(f.fn, f.ft, f.fm, f.recfm, f.lrecl, f.records, f.written) for name, f in disk.files.items()
        }

    @property
    def files(self) -> Mapping[tuple[str, str], CMSFile]:
        """The files by name and type."""
        return self._files

    def write(  # noqa: PLR0917
        self,
        fn: str,
        ft: str,
        fm: str,
        records: Iterable[bytes],
        recfm: str = "F",
        lrecl: int | None = None,
        written: datetime | None = None,
    ) -> None:
        """Put a file on the disk, in the place of one of the same name. Raises CMSDiskError."""
        checked = CMSDisk(_ROOM_FOR_CHECKS, "CHECK")  # names, modes and records follow the same rules
        checked.write(fn, ft, fm, records, recfm, lrecl, written)
        (name,) = checked.files
        self._files[name] = checked.files[name]

    def erase(self, fn: str, ft: str) -> None:
        """Take a file off the disk; it is there."""
        del self._files[fn.upper(), ft.upper()]

    def layout(self) -> Layout:
        """The blocks. Raises EDFError: there is no room."""
        disk = self._disk
        return Layout(disk.block, disk.total, disk.file_cylinders, disk.label, self._files.values())

    def tracks(self, geometry: Geometry, read: Callable[[int, int], bytes]) -> Iterator[tuple[int, int, bytes]]:
        """The tracks that have blocks: cylinder, head and image. Blocks that are not in use stay as they are.

        Raises:
            EDFError: there is no room for the files, or a block is not formatted.
        """
        size = self._disk.block
        layout = self.layout()
        per_track = geometry.records_per_track(size)
        for index in sorted({(number - 1) // per_track for number in (3, *layout.blocks)}):
            cyl, head = divmod(index, geometry.heads)
            track = Track.from_bytes(read(cyl, head))
            there = {index * per_track + record.rec for record in track.records if len(record.data) == size}
            if missing := {n for n in layout.blocks if (n - 1) // per_track == index} - there:
                raise EDFError(f"block {min(missing)} is not formatted")
            for record in track.records:
                number = index * per_track + record.rec
                if number == 3:
                    record.data = layout.label + record.data[len(layout.label) :]
                elif number > 3 and number in layout.blocks:
                    record.data = layout.blocks[number]
            yield cyl, head, track.to_bytes()


def empty_tracks(device: str, cylinders: int, label: str, size: int) -> Iterator[tuple[int, int, bytes]]:
    """All tracks of a new disk without files. Raises EDFError: there is no room for one."""
    geometry = GEOMETRY[device]
    per_track = geometry.records_per_track(size)
    layout = Layout(size, cylinders * geometry.heads * per_track, cylinders, label, ())
    layout.blocks[3] = layout.label.ljust(size, b"\0")
    for index in range(cylinders * geometry.heads):
        cyl, head = divmod(index, geometry.heads)
        datas = (layout.blocks.get(index * per_track + n, bytes(size)) for n in range(1, per_track + 1))
        yield cyl, head, encode_track(cyl, head, [Record(cyl, head, n, b"", data) for n, data in enumerate(datas, 1)])
