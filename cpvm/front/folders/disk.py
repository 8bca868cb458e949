"""A folder as a CMS disk of 800-byte blocks that machines read and write like any other.

Read: the files of the folder are placed on the disk when it is opened, and again, what has changed of them, when
somebody reads its directory anew (ACCESS). Unchanged files keep their blocks.

Written: what CMS writes stays in storage until it writes the directory. Then the files that are new or changed in it
become host files, and those that it has no more are removed, all together or not at all, before the channel program
ends. While somebody may write, the folder is not looked at again; a host file that has changed in the meantime is kept
under another name before CMS's takes its place, and is not removed if CMS erases it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from cms.cmsblocks import BLOCKS_OF_PAIR, PAIRED, blocks_per_cylinder, paired_records
from cms.cmsdisk import DEVICE_CODES
from cpvm.front.disks import textcode
from cpvm.front.filelock import FileLock, LockedError
from cpvm.front.folders import contents, names
from cpvm.front.folders.hostfolder import HostFolder, Sign
from cpvm.front.folders.layout import BLOCK, FST, MOST_BLOCKS, MOST_DATA, Blocks, LayoutError, Placed
from cpvm.front.folders.names import Name
from cpvm.front.folders.table import Entry, Table
from cpvm.front.folders.writing import Saved, save
from cpvm.machine.device import MediaError
from cpvm.machine.media.folder import FolderTracks
from cpvm.s370.ckd import GEOMETRY, CKDError, Record, decode_track, encode_track
from cpvm.s370.ebcdic import from_ebcdic

LOCK: Final = ".cpvm-lock"
_TRACKS: Final = 64
_LARGEST: Final = MOST_DATA * BLOCK * 2
"""Bytes of the largest host file that is read: text of two bytes a character."""


@dataclass(frozen=True)
class Shown:
    """A file of the folder that is on the disk."""

    placed: Placed
    host: str
    sign: Sign
    form: str


class FolderDisk(FolderTracks):
    """The disk. Several threads may use it, not several processes if it is written."""

    format = "folder"

    def __init__(self, path: Path, read_only: bool, device: str = "3350", page: str = "037") -> None:
        """Open a folder.

        Args:
            path: the folder.
            read_only: nothing may be written, and every ACCESS looks at the folder anew.
            device: the type of disk that it is, one that CMS has 800-byte disks on.
            page: the EBCDIC code page of text, 037 or 1047.

        Raises:
            MediaError: it is no folder, its table is damaged, it is too full, another process writes to it.
        """
        if page not in textcode.PAGES:
            raise MediaError(f"{path}: {page} is no code page; there are {', '.join(textcode.PAGES)}")
        geometry = GEOMETRY.get(device)
        if geometry is None:
            raise MediaError(f"{path}: a folder cannot be a {device}")
        self.path = path.absolute()
        self.geometry = geometry
        self.device_type = geometry.name
        self.read_only = read_only
        self.page = page
        self.notes: list[str] = []
        """What is to be said: files that are not shown, names that two files have, changes on both sides."""
        self.report: Callable[[str], None] = lambda line: None
        """Told what is said while the disk is in use."""
        self._per_track = geometry.records_per_track(BLOCK)
        self._paired = geometry.name in PAIRED
        a_cylinder = blocks_per_cylinder(geometry)
        self.cylinders = min(geometry.cylinders, -(-MOST_BLOCKS // a_cylinder))
        total = min(self.cylinders * a_cylinder, MOST_BLOCKS)
        first_free = 9 if self._paired else self._per_track + 1  # behind the first track
        self._blocks = Blocks(total, self.cylinders, DEVICE_CODES[geometry.name], first_free)
        self._shown: dict[Name, Shown] = {}
        self._tracks: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._undo: dict[int, bytes] = {}  # what blocks held that were written since the folder and the disk were alike
        self._lock = threading.RLock()
        self._guard = _guarded(self.path) if not read_only else None
        self._last = (-1, -1)
        self.held = not read_only
        """Whether somebody may write: the folder is not looked at again until nobody may."""
        self._table = Table()
        try:
            self._folder = HostFolder(self.path)
            self._table = self._folder.recover() if not read_only else self._folder.table()
            self.refresh()
        except MediaError:
            self.close()
            raise

    @property
    def files(self) -> list[Path]:
        """The folder."""
        return [self.path]

    # ---- from the folder

    def hold(self, writing: bool) -> None:
        """From now on somebody may write, or nobody; what a writer left without writing the directory is dropped."""
        with self._lock:
            if writing and not self.held:
                self.refresh()
            self.held = writing
            self._last = (-1, -1)
            self._roll_back()

    def refresh(self) -> None:
        """Look at the folder, and place what has changed in it. Raises MediaError."""
        with self._lock:
            hosts, notes = self._folder.scan()
            if self.read_only:
                self._table = self._folder.table()
            known = {host: entry.cms for host, entry in self._table.files.items() if host in hosts}
            folding = names.fold(hosts, known)
            notes += folding.notes
            before = self._shown
            gone = [
                shown
                for name, shown in before.items()
                if folding.names.get(name) != shown.host or hosts[shown.host] != shown.sign
            ]
            for shown in gone:
                self._blocks.free(shown.placed)
            after: dict[Name, Shown] = {}
            for name in sorted(folding.names):
                host = folding.names[name]
                old = before.get(name)
                try:
                    after[name] = old if old is not None and old not in gone else self._place(name, host)
                except (contents.UnfitError, LayoutError, MediaError) as error:
                    notes.append(f"{host} is not shown: {error}")
            if after != before or not self._blocks.data:
                self._put_directory(after, notes)
                self._forget()
            self._shown = after
            for note in notes:
                if note not in self.notes:
                    self.report(f"{self.path}: {note}")
            self.notes = notes

    def _put_directory(self, after: dict[Name, Shown], notes: list[str]) -> None:
        while True:
            try:
                label = self._table.label or _label(self.path)
                self._blocks.write_directory(label, [shown.placed for shown in after.values()])
                return
            except LayoutError as error:
                if not after:
                    raise MediaError(f"{self.path}: {error}") from None
                _, shown = after.popitem()
                self._blocks.free(shown.placed)
                notes.append(f"{shown.host} is not shown: {error}")

    def _place(self, name: Name, host: str) -> Shown:
        """Read a host file and put it on the disk. Raises UnfitError, LayoutError, MediaError."""
        data, sign = self._folder.read(host, _LARGEST)
        entry = self._table.files.get(host)
        known = (entry.recfm, entry.lrecl, entry.form) if entry else None
        filetype = from_ebcdic(name[1]).rstrip()
        found = contents.records_of(data, filetype, self.page, known)
        same = entry is not None and (entry.size, entry.time) == (sign.size, sign.time)
        written = entry.when if entry and same else datetime.fromtimestamp(sign.time // 1_000_000_000)
        placed = self._blocks.place(name, entry.mode if entry else "A1", found, written)
        return Shown(placed, host, sign, found.form)

    # ---- tracks

    def _numbers(self, cyl: int, head: int) -> range:
        if not (0 <= cyl < self.cylinders and 0 <= head < self.heads):
            raise MediaError(f"{self.path} has no track {cyl}/{head}")
        if self._paired:  # block 8 of a pair is on both tracks, half on each
            first = (cyl * self.heads + head) // 2 * BLOCKS_OF_PAIR
            return range(first + 8, first + BLOCKS_OF_PAIR + 1) if head % 2 else range(first + 1, first + 9)
        first = (cyl * self.heads + head) * self._per_track + 1
        return range(first, first + self._per_track)

    def _records(self, cyl: int, head: int) -> list[Record]:
        blocks = {number: self._blocks.get(number) for number in self._numbers(cyl, head)}
        if self._paired:
            return paired_records(cyl, head, self.heads, blocks)
        return [Record(cyl, head, n, b"", data) for n, data in enumerate(blocks.values(), 1)]

    def read(self, cyl: int, head: int) -> bytes:
        """The image of a track."""
        with self._lock:
            if not cyl and not head and not self.held and self._last != (0, 0):
                self.refresh()
            self._last = (cyl, head)
            image = self._tracks.get((cyl, head))
            if image is None:
                image = encode_track(cyl, head, self._records(cyl, head))
                self._tracks[cyl, head] = image
                if len(self._tracks) > _TRACKS:
                    self._tracks.popitem(last=False)
            return image

    def write(self, cyl: int, head: int, image: bytes) -> None:
        """Replace a track image; the host's files change at the `commit` behind a new directory."""
        with self._lock:
            if self.read_only:
                raise MediaError(f"{self.path} is read-only")
            numbers = self._numbers(cyl, head)
            try:
                records = decode_track(image)
            except CKDError as error:
                raise MediaError(f"{self.path}: {error}") from None
            before = self._records(cyl, head)
            if [(r.id, r.key, len(r.data)) for r in records] != [(r.id, r.key, len(r.data)) for r in before]:
                self._roll_back()
                raise MediaError(f"{self.path} cannot be formatted")
            for number, record, was in zip(numbers, records, before, strict=True):
                if record.data != was.data:
                    old, new = self._blocks.get(number), record.data
                    if len(new) < BLOCK:
                        new = old[: BLOCK // 2] + new if head % 2 else new + old[BLOCK // 2 :]
                    self._undo.setdefault(number, old)
                    self._blocks.data[number] = new
            self._tracks[cyl, head] = image

    def commit(self) -> None:
        """A channel program has ended: if it has written the directory, its files become the folder's.

        Raises:
            MediaError: the host cannot write them, or the directory is damaged; disk and folder are as they were at
                the directory before.
        """
        with self._lock:
            if self.read_only or not self._directory_written():
                return
            try:
                self._publish()
            except (LayoutError, MediaError) as error:
                self._roll_back()
                self.report(f"{self.path}: {error}")
                raise MediaError(f"{self.path}: {error}") from None
            self._undo.clear()

    def _directory_written(self) -> bool:
        hyperblocks, maps = self._blocks.hyperblocks()
        return not self._undo.keys().isdisjoint((3, 4, *hyperblocks, *maps))

    def _publish(self) -> None:
        """Carry what the directory has now over to the folder. Raises LayoutError, MediaError."""
        if not self._blocks.whole():
            raise LayoutError("a folder cannot be formatted")
        by_chain = {shown.placed.chain: shown for shown in self._shown.values()}
        written = self._undo.keys()

        def known(chain: bytes) -> frozenset[int] | None:
            shown = by_chain.get(chain)
            return shown.placed.blocks if shown and shown.placed.blocks.isdisjoint(written) else None

        files = self._blocks.directory(known)
        if sum(FST.unpack(placed.fst)[11] for placed in files.values()) > self._blocks.total:
            raise LayoutError("the files are larger than the disk")
        after: dict[Name, Shown] = {}
        changed = []
        for name, placed in files.items():
            source = by_chain.get(placed.chain) if known(placed.chain) else None
            old = self._shown.get(name)
            if source is not None and source is old and placed.remark == old.placed.remark:
                after[name] = replace(old, placed=placed)
            else:
                changed.append(self._saved(name, placed, old, source))
        removed = {shown.host: shown.sign for name, shown in self._shown.items() if name not in files}
        self._table.label = self._blocks.label
        results, notes = save(self._folder, self._table, changed, removed)
        for item, (host, sign) in zip(changed, results, strict=True):
            after[item.name] = Shown(files[item.name], host, sign, self._table.files[host].form)
        self._shown = after
        for note in notes:
            self.report(f"{self.path}: {note}")

    def _saved(self, name: Name, placed: Placed, old: Shown | None, source: Shown | None) -> Saved:
        """A file that is to be written; one that is only called otherwise keeps its bytes. Raises LayoutError."""
        recfm, lrecl, records = self._blocks.records(placed)
        filetype = from_ebcdic(name[1]).rstrip()
        if source is None and old is not None and self._alike(old, filetype, (recfm, lrecl, records)):
            source = old
        form, data = contents.host_bytes(recfm, lrecl, records, filetype, self.page)
        raw, when = b"".join(name).hex(), placed.written.isoformat(timespec="minutes")
        entry = Entry(raw, placed.mode, recfm, lrecl, source.form if source else form, when)
        same = (source.host, source.sign) if source else None
        return Saved(name, entry, data, form, (old.host, old.sign) if old else None, same)

    def _alike(self, old: Shown, filetype: str, now: tuple[str, int, tuple[bytes, ...]]) -> bool:
        """Whether a file that CMS has written anew is what it was: then not a byte of the host's is to change."""
        known = (now[0], now[1], old.form)
        try:
            data, sign = self._folder.read(old.host, _LARGEST)
            there = contents.records_of(data, filetype, self.page, known)
        except (MediaError, contents.UnfitError):
            return False
        return sign == old.sign and (there.recfm, there.lrecl, there.records) == now

    def _roll_back(self) -> None:
        """Blocks are again what they were when folder and disk were alike."""
        for number, data in self._undo.items():
            self._blocks.data[number] = data
        if self._undo:
            self._forget()
        self._undo.clear()

    def _forget(self) -> None:
        self._tracks.clear()

    def close(self) -> None:
        """Close the folder; what has no directory yet is lost, as on any disk of CMS."""
        with self._lock:
            folder = getattr(self, "_folder", None)
            if folder is not None:
                folder.close()
            if self._guard is not None:
                self._guard.release()
                self._guard = None


def _guarded(path: Path) -> FileLock:
    """The lock of a folder that is written. Raises MediaError."""
    try:
        return FileLock(path / LOCK)
    except LockedError as error:
        raise MediaError(f"{path} is in use: another process writes to it ({error})") from None
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror or error}") from None


def _label(path: Path) -> str:
    """A label from the name of a folder: six characters at most."""
    letters = "".join(char for char in path.name.upper() if char.isascii() and (char.isalnum() or char in "$#@"))
    return letters[:6] or "FOLDER"
