"""Files of a CMS disk that are erased or get another name, each time all in one commit."""

from __future__ import annotations

from pathlib import Path

from cms.cmsdisk import CMSDiskError
from cpvm.front.disks import cmsfiles
from cpvm.front.disks.place import DiskError, Options, opened, part_of


def erase(path: Path, pattern: str, options: Options) -> list[str]:
    """Erase the files that fit a pattern. Returns a line for each.

    Raises:
        DiskError: it is no CMS disk that can be written, or there is no such file.
        MediaError: the disk cannot be written; it is as it was.
    """
    with opened(path, options, write=True) as disk:
        part = part_of(disk, options, write=True)
        cms = cmsfiles.change(part)
        names = list(cmsfiles.matching(cms, pattern))
        for name in names:
            cms.erase(*name)
        cmsfiles.save(cms, part)
    return [f"{fn} {ft} erased from {cms.label}" for fn, ft in names]


def rename(path: Path, old: str, new: str, options: Options) -> list[str]:
    """Give files another name; = is a part that stays. Mode, format and date stay. Returns a line for each.

    Raises:
        DiskError: there is no such file, or the name is taken, or is none.
        MediaError: the disk cannot be written; it is as it was.
    """
    with opened(path, options, write=True) as disk:
        part = part_of(disk, options, write=True)
        cms = cmsfiles.change(part)
        names = list(cmsfiles.matching(cms, old))
        to = cmsfiles.file_name(new)
        if len(names) > 1 and to[0] != "=" and to[1] != "=":
            raise DiskError(f"{len(names)} files cannot all be called {' '.join(to)}")
        told = []
        for name in names:
            fn, ft = (was if word == "=" else word for was, word in zip(name, to, strict=True))
            if (fn, ft) in cms.files:
                raise DiskError(f"{fn} {ft} is on {cms.label} already")
            file = cms.files[name]
            cms.erase(*name)
            try:
                cms.write(fn, ft, file.fm, file.records, file.recfm, file.lrecl, file.written)
            except CMSDiskError as error:
                raise DiskError(f"{path}: {error}") from None
            told.append(f"{' '.join(name)} -> {fn} {ft} on {cms.label}")
        cmsfiles.save(cms, part)
    return told
