"""`cpvm disk`: makes disks, looks into them, converts and compares them, and copies files in and out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from cpvm.front.directory import DirectoryFailed
from cpvm.front.disks import arguments, blank, changing, copying, dumping, joining, place, whole
from cpvm.front.disks.checks import damage
from cpvm.front.disks.information import information
from cpvm.front.disks.listing import listing
from cpvm.front.disks.place import DiskError, Options
from cpvm.front.disks.progress import Percent
from cpvm.front.folders import sharing
from cpvm.front.saying import say
from cpvm.front.status import USAGE
from cpvm.machine.device import MediaError
from cpvm.machine.media.images import BlockImage, TrackImage, overlay_of

DAMAGED = 1
"""Exit status of a check that found damage."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser of `cpvm disk` all subcommands and their operands."""
    arguments.add(parser)


def run(given: argparse.Namespace) -> int:
    """Carry a subcommand out; returns the exit status."""
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "init": _init,
        "list": _list,
        "info": _info,
        "import": _import,
        "export": _export,
        "dump": _dump,
        "check": _check,
        "cp": _cp,
        "erase": _erase,
        "rename": _rename,
        "share": _share,
        "unshare": _unshare,
    }
    try:
        return commands[given.what](given)
    except (DiskError, MediaError, blank.BlankError) as error:
        say(f"cpvm disk {given.what}: {error}", file=sys.stderr)
        return USAGE
    except DirectoryFailed as error:
        print(f"cpvm disk {given.what}: {error}", file=sys.stderr)
        return error.status


def _options(given: argparse.Namespace) -> Options:
    system = getattr(given, "of", None)
    return Options(given.device, tuple(given.shadow), given.overlay, given.cylinders, system)


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


# ---- new disks


def _init(given: argparse.Namespace) -> int:
    path: Path = given.disk
    form = place.format_of(path, given.format)
    volid = given.volid.upper()
    disk: TrackImage | BlockImage
    if form in ("fba", "cfba", "cfba64") or blank.is_fixed_block(given.type):
        disk = blank.fixed_block(given.type, given.size, volid)
    else:
        geometry = blank.geometry_named(given.type)
        cylinders = given.size or geometry.cylinders + (geometry.alternates if given.alternates else 0)
        if given.cms:
            disk = blank.cms_disk(geometry, cylinders, volid or "CMSDSK", given.block)
        else:
            disk = blank.os_disk(geometry, cylinders, volid, 0 if given.no_vtoc else given.vtoc)
    with Percent("writing") as percent:
        paths = whole.write(disk, path, form, given.compression, given.force, percent)
    size = f"{disk.cylinders} cylinders" if isinstance(disk, TrackImage) else f"{disk.blocks} blocks"
    say(f"{' '.join(map(str, paths))}: {volid or '(no label)'}, {disk.device_type}, {size}")
    return 0


# ---- looking


def _list(given: argparse.Namespace) -> int:
    with place.opened(given.disk, _options(given)) as disk:
        _show(listing(disk, _options(given), given.name))
    return 0


def _info(given: argparse.Namespace) -> int:
    with place.opened(given.disk, _options(given)) as disk:
        _show(f"{name + ':':12}{text}" for name, text in information(disk))
    return 0


def _dump(given: argparse.Namespace) -> int:
    options = _options(given)
    with place.opened(given.disk, options) as disk:
        if isinstance(disk, BlockImage):
            _show(dumping.blocks(disk, given.places))
        else:
            _show(dumping.tracks(place.part_of(disk, options), given.places))
    return 0


def _check(given: argparse.Namespace) -> int:
    if given.base is not None:
        whole.accept_base(given.disk, given.base)
    found = 0
    with place.opened(given.disk, _options(given)) as disk, Percent("checking") as percent:
        for line in damage(disk, _options(given), percent):
            found += 1
            say(line)
    say(f"{given.disk}: {found or 'no'} error{'s' if found != 1 else ''} found")
    return DAMAGED if found else 0


# ---- whole disks


def _import(given: argparse.Namespace) -> int:
    if (given.target is None) == (given.system is None):
        raise DiskError("say where it goes: the new volume, or --system")
    with place.opened(given.disk, _options(given)) as disk, Percent("importing") as percent:
        if given.system is None:
            whole.write(disk, given.target, "volume", force=given.force, progress=percent)
            return 0
        volid = joining.join(given.system, disk, given.volid, given.force, percent)
    say(f"{volid} is a volume of the system")
    return 0


def _export(given: argparse.Namespace) -> int:
    form = place.format_of(given.target, given.format)
    with place.opened(given.disk, _options(given)) as disk, Percent("exporting") as percent:
        _show(map(str, whole.write(disk, given.target, form, given.compression, given.force, percent)))
    return 0


# ---- folders of the host


def _share(given: argparse.Namespace) -> int:
    wanted = sharing.Wanted(given.folder, given.userid, given.vaddr, given.write, given.all, given.code)
    _show(sharing.share(given.system, wanted))
    return 0


def _unshare(given: argparse.Namespace) -> int:
    _show(sharing.unshare(given.system, given.volid))
    return 0


# ---- files


def _cp(given: argparse.Namespace) -> int:
    if len(given.files) < 2:
        raise DiskError("say what is copied, and where to: DISK:FILE HOSTFILE, HOSTFILE DISK:FILE, or DISK DISK")
    *words, last = given.files
    sources = [place.split(word) for word in words]
    target, name = place.split(last)
    options = _options(given)
    form = copying.Form(given.binary, given.code, given.recfm, given.lrecl, given.force)
    from_disks = [source for source in sources if source[1] is not None]
    if not from_disks and name is None:
        return _cp_whole(given, [path for path, _ in sources], target)
    if given.linked:
        raise DiskError("--linked is for whole disks")
    if not from_disks:
        _show(copying.copy_in([path for path, _ in sources], target, name or "", options, form))
        _tell_of_overlay(target, options)
        return 0
    if len(from_disks) != len(sources):
        raise DiskError("files are copied from disks or from the host, not from both at once")
    files = [file for path, pattern in sources for file in copying.take(path, pattern or "* *", options)]
    if name is None:
        _show(copying.to_host(files, target, form))
    else:
        _show(copying.copy_over(files, target, name, options, form))
        _tell_of_overlay(target, options)
    return 0


def _erase(given: argparse.Namespace) -> int:
    options = _options(given)
    for word in given.files:
        path, pattern = place.split(word)
        if not pattern:
            raise DiskError(f"{word}: say which file of the disk, as DISK:FN FT")
        _show(changing.erase(path, pattern, options))
        _tell_of_overlay(path, options)
    return 0


def _rename(given: argparse.Namespace) -> int:
    options = _options(given)
    path, old = place.split(given.file)
    if not old:
        raise DiskError(f"{given.file}: say which file of the disk, as DISK:FN FT")
    _show(changing.rename(path, old, given.name, options))
    _tell_of_overlay(path, options)
    return 0


def _cp_whole(given: argparse.Namespace, sources: list[Path], target: Path) -> int:
    if len(sources) != 1:
        raise DiskError("one disk is copied to one other disk")
    if given.linked:
        _show(whole.linked(sources[0], target, _options(given)))
        return 0
    with place.opened(sources[0], _options(given)) as disk, Percent("copying") as percent:
        form = place.format_of(target, given.format)
        _show(map(str, whole.write(disk, target, form, given.compression, given.force, percent)))
    return 0


def _tell_of_overlay(path: Path, options: Options) -> None:
    if path.is_dir() or (options.system is not None and not path.exists()):
        return
    over = options.overlay or overlay_of(path)
    if over.exists():
        say(f"{path} is as it was, the changes are in {over}")
