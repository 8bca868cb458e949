"""Files between disks and the host: CMS files in and out, OS data sets and members out.

A text file on the host has a line for each record. A binary one has the bytes of the records: of fixed records nothing
else, of variable ones two bytes with the length in front of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cms.cmsdisk import CMSDiskError
from cpvm.front.disks import cmsfiles, textcode
from cpvm.front.disks.datasets import DatasetError, OSVolume
from cpvm.front.disks.edf import EDFError
from cpvm.front.disks.place import DiskError, Options, Part, opened, part_of
from cpvm.front.folders.names import plain_word
from cpvm.machine.media.images import TrackImage
from cpvm.machine.media.images.writing import new_file

DEFAULT_LRECL = 80


@dataclass(frozen=True)
class Form:
    """How records become a host file and back; None is the form of the file replaced, or what suits the contents."""

    binary: bool = False
    page: str = "037"
    recfm: str | None = None
    lrecl: int | None = None
    force: bool = False


@dataclass(frozen=True)
class Records:
    """A file on its way: its name (two words of CMS, or one of OS), format and records."""

    name: tuple[str, ...]
    recfm: str
    lrecl: int
    records: tuple[bytes, ...]
    mode: str = "A1"
    written: datetime | None = None


# ---- out


def take(path: Path, pattern: str, options: Options) -> list[Records]:
    """The files of a disk that a name or a pattern means.

    Raises:
        DiskError: there is none, or it cannot be read as a file.
        MediaError: the disk cannot be read.
    """
    with opened(path, options) as disk:
        if isinstance(disk, TrackImage) and not cmsfiles.is_cms(part_of(disk, options)):
            return _datasets(part_of(disk, options), pattern)
        cms = cmsfiles.look(disk, options)
        files = [cms.files[name] for name in cmsfiles.matching(cms, pattern)]
        try:
            return [Records((f.fn, f.ft), f.recfm, f.lrecl, f.records, f.fm, f.written) for f in files]
        except EDFError as error:
            raise DiskError(f"{path}: {error}") from None


def _datasets(part: Part, name: str) -> list[Records]:
    """A sequential data set, a member, or with * as its name all members of a data set."""
    name, _, member = name.upper().removesuffix(")").partition("(")
    try:
        volume = OSVolume(part.tracks, part.geometry, part.cylinders)
        dataset = volume.find(name)
        wanted = sorted(entry.name for entry in volume.members(dataset)) if member == "*" else [member]
        found = [(member, tuple(volume.read(dataset, member))) for member in wanted]
    except DatasetError as error:
        raise DiskError(f"{part.path}: {error}") from None
    return [Records((member or name,), dataset.recfm[:1] or "U", dataset.lrecl, records) for member, records in found]


def to_host(files: list[Records], target: Path, form: Form) -> list[str]:
    """Write files to a folder, or the only one to a file. Returns a line for each. Raises DiskError, MediaError."""
    if len(files) > 1 and not target.is_dir():
        raise DiskError(f"{target} is not a folder, and there are {len(files)} files")
    told = []
    for file in files:
        path = target / host_file_name(file.name) if target.is_dir() else target
        with new_file(path, form.force) as out:
            out.write(_host_bytes(file, form))
        told.append(f"{' '.join(file.name)} -> {path}, {_count(file)}")
        if not form.binary and (controls := textcode.controls(file.records)):
            plural = "s" if controls != 1 else ""
            told.append(f"{path}: text of {controls} control character{plural}, not to be copied back; see --binary")
    return told


def host_file_name(words: Sequence[str]) -> str:
    """What a file is called on the host: a plain name, whatever stands on the disk, which anybody may have written."""
    return ".".join(plain_word(part) for word in words for part in word.split("."))


def _count(file: Records) -> str:
    return f"{len(file.records)} record{'s' if len(file.records) != 1 else ''}"


def _host_bytes(file: Records, form: Form) -> bytes:
    if not form.binary:
        return textcode.lines(list(file.records), form.page).encode("utf-8")
    if file.recfm == "V":
        return b"".join(len(record).to_bytes(2, "big") + record for record in file.records)
    return b"".join(file.records)


# ---- in


def from_host(path: Path, form: Form, old: Records | None) -> Records:
    """A host file as records; without a form of its own it gets that of the file it replaces.

    Raises:
        DiskError: it cannot be read, or not be made into such records.
    """
    try:
        data = path.read_bytes()
        written = datetime.fromtimestamp(path.stat().st_mtime)
    except OSError as error:
        raise DiskError(f"{path}: {error.strerror}") from None
    return from_bytes(data, path, form, old, written)


def from_bytes(data: bytes, path: Path, form: Form, old: Records | None, written: datetime | None = None) -> Records:
    """The contents of the host file PATH as records, as `from_host` makes them. Raises DiskError."""
    recfm = form.recfm or (old.recfm if old else None)
    lrecl = form.lrecl or (old.lrecl if old and recfm == "F" else None)
    try:
        recfm, records = _binary(data, recfm or "F", lrecl) if form.binary else _text(data, form.page, recfm, lrecl)
    except (textcode.CodeError, UnicodeDecodeError) as error:
        reason = f"not UTF-8 text ({error.reason})" if isinstance(error, UnicodeDecodeError) else str(error)
        raise DiskError(f"{path}: {reason}") from None
    width = lrecl if lrecl and recfm == "F" else max(map(len, records), default=0)
    return Records((path.name,), recfm, width, tuple(records), written=written)


def _text(data: bytes, page: str, recfm: str | None, lrecl: int | None) -> tuple[str, list[bytes]]:
    text = data.decode("utf-8-sig")
    records = textcode.records(text, page, None) if text else []
    longest = max(map(len, records), default=0)
    if recfm is None:
        recfm = "F" if longest <= (lrecl or DEFAULT_LRECL) else "V"
    if recfm == "V":
        return recfm, [record.rstrip(b"\x40") or b"\x40" for record in records]
    return recfm, textcode.records(text, page, lrecl or max(longest, DEFAULT_LRECL)) if text else []


def _binary(data: bytes, recfm: str, lrecl: int | None) -> tuple[str, list[bytes]]:
    if recfm == "F":
        width = lrecl or DEFAULT_LRECL
        return recfm, [data[at : at + width].ljust(width, b"\0") for at in range(0, len(data), width)]
    records, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end == at + 2 or end > len(data):
            raise textcode.CodeError(f"at byte {at} there is no length of a variable record")
        records.append(data[at + 2 : end])
        at = end
    return recfm, records


def put(files: Iterable[Records], path: Path, name: str, options: Options) -> list[str]:
    """Put files on a CMS disk, all in one commit; an empty `name` keeps their names. Returns a line for each.

    Raises:
        DiskError: it is no CMS disk, or a file does not fit there; nothing is changed then.
        MediaError: the disk cannot be written.
    """
    told = []
    with opened(path, options, write=True) as disk:
        part = part_of(disk, options, write=True)
        cms = cmsfiles.change(part)
        for file in files:
            fn, ft = _name_on(file, name)
            try:
                cms.write(fn, ft, file.mode, file.records, file.recfm, file.lrecl or None, file.written)
            except CMSDiskError as error:
                raise DiskError(f"{path}: {error}") from None
            told.append(f"{' '.join(file.name)} -> {fn} {ft} on {cms.label}, {_count(file)}")
        cmsfiles.save(cms, part)
    return told


def _name_on(file: Records, name: str) -> tuple[str, str]:
    """The CMS name that a file gets; = stands for a part of the name that it has. Raises DiskError."""
    own = None
    with suppress(DiskError):
        own = cmsfiles.file_name(" ".join(file.name))
    if not name:
        if own is None:
            raise DiskError(f"{file.name[0]}: say which name it gets on the disk, such as 'disk.ckd:PROFILE EXEC'")
        return own
    fn, ft = cmsfiles.file_name(name)
    if own is not None:
        fn, ft = (own[0] if fn in ("=", "*") else fn), (own[1] if ft in ("=", "*") else ft)
    return fn, ft


def copy_over(files: list[Records], path: Path, name: str, options: Options, form: Form) -> list[str]:
    """Files of a disk to a CMS disk, with their record formats. Raises DiskError, MediaError."""
    with opened(path, options) as disk:
        there = cmsfiles.change(part_of(disk, options))
    taken = {key for file in files if (key := _name_on(file, name)) in there.files}
    if taken and not form.force:
        raise DiskError(f"{' '.join(min(taken))} is on {there.label} already; --force replaces it")
    if len({_name_on(file, name) for file in files}) < len(files):
        raise DiskError(f"{len(files)} files cannot all be called {name.upper()}")
    return put(files, path, name, options)


def copy_in(sources: list[Path], path: Path, name: str, options: Options, form: Form) -> list[str]:
    """Host files to a CMS disk. Raises DiskError, MediaError."""
    if name and len(sources) > 1 and not {"=", "*"} & set(name.split()):
        raise DiskError(f"{len(sources)} files cannot all be called {name.upper()}")
    with opened(path, options) as disk:
        there = cmsfiles.change(part_of(disk, options))
    files = []
    for source in sources:
        file = from_host(source, form, None)
        key = _name_on(file, name)
        old = there.files.get(key)
        if old is not None:
            if not form.force:
                raise DiskError(f"{key[0]} {key[1]} is on {there.label} already; --force replaces it")
            known = Records(key, old.recfm, old.lrecl, (), old.fm)
            file = replace(from_host(source, form, known), mode=old.fm)
        files.append(file)
    return put(files, path, name, options)
