"""Statements before the first user: DIRECTORY, VOLUME, NAMESYS, LOGMSG (DMKDIR, DMKSNT)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cpvm.cp.directory import VolumeEntry
from cpvm.cp.operand import decimal, is_vaddr, storage_size, vaddr
from cpvm.cp.savedsys import PAGES, PageRange, SavedSystem
from cpvm.cp.statements import DUPLICATE, SYSTEM, StatementError, between, statement
from cpvm.s370.ckd import GEOMETRY

if TYPE_CHECKING:
    from cpvm.cp.directory_source import Reader

_SEGMENT_PAGES = 16
_OF_DMKSNT = ("SYSPGCT", "SYSVOL", "SYSSTRT", "VSYSRES", "VSYSADR", "SYSCYL", "PROTECT")
_NUMBERS = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")
_VOLID = re.compile(r"[A-Z0-9$#@-]{1,6}")
_NAME = re.compile(r"[A-Z0-9$#@]{1,8}")


@statement("DIRECTORY", form="DIRECTORY raddr type volid", where=SYSTEM)
def directory(reader: Reader, words: list[str]) -> None:
    """VM/370 wrote the directory to this volume. Here it is in the system's database, and the statement is checked."""
    address, devtype, _, *_ = between(words, 3, 4, "DIRECTORY")
    vaddr(address)
    if devtype not in GEOMETRY:
        raise StatementError(f"unknown device type {devtype}")


@statement("VOLUME", form="VOLUME volid type cylinders [TDSK]", where=SYSTEM)
def volume(reader: Reader, words: list[str]) -> None:
    """A DASD volume of the system; TDSK: for temporary disks."""
    volid, devtype, cylinders, *use = between(words, 3, 4, "VOLUME")
    if not _VOLID.fullmatch(volid):
        raise StatementError(f"invalid volume identifier {volid}")
    if devtype not in GEOMETRY:
        raise StatementError(f"unknown device type {devtype}")
    if volid in reader.directory.volumes:
        raise StatementError(f"volume {volid} is defined twice", DUPLICATE)
    if use and use[0] not in ("TDSK", "TDISK", "TEMP"):
        raise StatementError(f"invalid operand {use[0]}")
    count = decimal(cylinders, 1, GEOMETRY[devtype].cylinders + GEOMETRY[devtype].alternates)
    entry = VolumeEntry(volid, devtype, count, bool(use))
    reader.same_volume(entry)
    reader.directory.volumes[volid] = entry


@statement(
    "NAMESYS",
    form="NAMESYS name vaddr | NAMESYS name SYSPGNM=(n-m,...) [SYSHRSG=(s,...)] [SYSSIZE=nnnnK] [SEGMENT]",
    where=SYSTEM,
)
def namesys(reader: Reader, words: list[str]) -> None:
    """A named system: the device that IPL name means, or the pages that SAVESYS saves, as DMKSNT had them."""
    name, *rest = between(words, 2, 12, "NAMESYS")
    if not _NAME.fullmatch(name) or is_vaddr(name):
        raise StatementError(f"invalid system name {name}")
    if len(rest) == 1 and is_vaddr(rest[0]):
        if name in reader.directory.systems:
            raise StatementError(f"system {name} is defined twice", DUPLICATE)
        reader.directory.systems[name] = vaddr(rest[0])
        return
    if any(system.name == name for system in reader.directory.saved):
        raise StatementError(f"system {name} is defined twice", DUPLICATE)
    reader.directory.saved.append(_saved(name, rest))


def _saved(name: str, words: list[str]) -> SavedSystem:
    pages: list[tuple[int, int]] = []
    shared: list[tuple[int, int]] = []
    minimum, segment = 0, False
    for word in words:
        keyword, _, value = word.partition("=")
        match keyword:
            case "SYSPGNM":
                pages = _numbers(value, PAGES)
            case "SYSHRSG":
                shared = _numbers(value, PAGES // _SEGMENT_PAGES)
            case "SYSSIZE":
                minimum = storage_size(value)
            case "SEGMENT" if not value:
                segment = True
            case _ if keyword in _OF_DMKSNT and value:
                pass  # where VM/370 kept the pages, and which disk a user had to have
            case _:
                raise StatementError(f"invalid operand {word}")
    if not pages:
        raise StatementError("SYSPGNM says which pages are saved")
    ranges: list[PageRange] = []
    for first, last in pages:
        at = first
        while at <= last:  # cut where shared segments begin and end
            end = min(last, at // _SEGMENT_PAGES * _SEGMENT_PAGES + _SEGMENT_PAGES - 1)
            number = at // _SEGMENT_PAGES
            access = "SW" if any(low <= number <= high for low, high in shared) else "EW"
            if ranges and ranges[-1].last == at - 1 and ranges[-1].access == access:
                ranges[-1] = PageRange(ranges[-1].first, end, access)
            else:
                ranges.append(PageRange(at, end, access))
            at = end + 1
    return SavedSystem(name, tuple(ranges), segment=segment, minimum=minimum, creator="*DIRECT")


def _numbers(text: str, limit: int) -> list[tuple[int, int]]:
    """(0-32,40): ranges of numbers below LIMIT, in order."""
    found: list[tuple[int, int]] = []
    for part in text.removeprefix("(").removesuffix(")").split(","):
        match = _NUMBERS.fullmatch(part)
        first = int(match.group(1)) if match else -1
        last = int(match.group(2)) if match and match.group(2) else first
        if not 0 <= first <= last < limit or (found and first <= found[-1][1]):
            raise StatementError(f"invalid numbers {text}")
        found.append((first, last))
    return found


@statement("LOGMSG", form="LOGMSG text", where=SYSTEM)
def logmsg(reader: Reader, words: list[str]) -> None:
    """One line of the log message."""
    reader.directory.logmsg.append(reader.rest)
