"""Statements that give a user a device: CONSOLE, SPOOL, SPECIAL, DEDICATE, LINK, MDISK (DMKDIR)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cpvm.cp.directory import (
    ANYONE,
    CONSOLE_TYPES,
    DISPLAY_TYPES,
    LINK_MODES,
    SPECIAL_TYPES,
    UNCHANGED,
    UNIT_RECORD_TYPES,
    ConsoleEntry,
    DedicateEntry,
    LinkEntry,
    MinidiskEntry,
    SpecialEntry,
    SpoolEntry,
    TemporaryEntry,
)
from cpvm.cp.operand import decimal, is_userid, vaddr
from cpvm.cp.password import MAX_LENGTH
from cpvm.cp.statements import DUPLICATE, MISSING, PROFILE, USER, StatementError, between, statement
from cpvm.s370.ckd import GEOMETRY

if TYPE_CHECKING:
    from cpvm.cp.directory_source import Reader

_LU = re.compile(r"[A-Z#@$][A-Z0-9#@$]{0,7}")
_TEMPORARY = ("T-DISK", "TDISK", "T-DSK")


@statement("CONSOLE", form="CONSOLE vaddr type [class [userid]]", where=USER | PROFILE)
def console(reader: Reader, words: list[str]) -> None:
    """The machine's console; the userid is the secondary user's. 3270: channel programs write whole screens."""
    address, devtype, *rest = between(words, 2, 4, "CONSOLE")
    if devtype not in CONSOLE_TYPES:
        raise StatementError(f"unknown console type {devtype}")
    if any(isinstance(device, ConsoleEntry) for device in reader.own_devices.values()):
        raise StatementError("a user has one CONSOLE only", DUPLICATE)
    secondary = rest[1] if len(rest) == 2 else ""
    if secondary and not is_userid(secondary):
        raise StatementError(f"invalid userid {secondary}")
    reader.add(ConsoleEntry(vaddr(address), devtype, _spool_class(rest[:1], "T"), secondary))


@statement("SPOOL", form="SPOOL vaddr type [class]", where=USER | PROFILE)
def spool(reader: Reader, words: list[str]) -> None:
    """A reader, punch or printer; 2540 READER, 2540 PUNCH and what abbreviates them are two words."""
    if len(words) >= 3 and words[1] == "2540" and any(name.startswith(words[2]) for name in ("READER", "PUNCH")):
        words = [words[0], "2540" + words[2][0], *words[3:]]
    address, devtype, *spool_class = between(words, 2, 3, "SPOOL")
    if devtype not in UNIT_RECORD_TYPES:
        raise StatementError(f"unknown unit record device type {devtype}")
    default = "*" if UNIT_RECORD_TYPES[devtype] == "RDR" else "A"
    reader.add(SpoolEntry(vaddr(address), devtype, _spool_class(spool_class, default)))


@statement("SPECIAL", form="SPECIAL vaddr type [IBM | TELE | lu]", where=USER | PROFILE)
def special(reader: Reader, words: list[str]) -> None:
    """A channel-to-channel adapter, a timer, or a line that terminals may DIAL; lu: the terminal that a display is for.

    IBM and TELE are the terminal controls of a line; here a line has the one that its type says.
    """
    address, devtype, *rest = between(words, 2, 3, "SPECIAL")
    if devtype not in SPECIAL_TYPES:
        raise StatementError(f"unknown special device type {devtype}")
    lu = rest[0] if rest and devtype in DISPLAY_TYPES else ""
    if lu and not _LU.fullmatch(lu):
        raise StatementError(f"invalid name of a terminal {lu}")
    reader.add(SpecialEntry(vaddr(address), devtype, lu))


@statement("DEDICATE", form="DEDICATE vaddr [raddr | volid] [R/O]", where=USER | PROFILE)
def dedicate(reader: Reader, words: list[str]) -> None:
    """A real device of the system's own, from LOGON to LOGOFF. Without raddr it is that with the same address."""
    address, *rest = between(words, 1, 4, "DEDICATE")
    read_only = "R/O" in rest
    rest = [word for word in rest if word != "R/O"]
    if len(rest) > 1:
        raise StatementError(f"invalid operand {rest[1]}")
    ours = vaddr(address)
    what = rest[0] if rest else f"{ours:03X}"
    if len(what) <= 3 and not set(what) - set("0123456789ABCDEF"):
        reader.add(DedicateEntry(ours, raddr=int(what, 16), read_only=read_only))
    elif len(what) <= 6:
        reader.add(DedicateEntry(ours, volid=what, read_only=read_only))
    else:
        raise StatementError(f"invalid operand {what}")


@statement("LINK", form="LINK userid vaddr1 [vaddr2 [mode]]", where=USER | PROFILE)
def link(reader: Reader, words: list[str]) -> None:
    """Another user's minidisk."""
    owner, theirs, *rest = between(words, 2, 4, "LINK")
    mode = rest[1] if len(rest) == 2 else "R"
    if mode not in LINK_MODES:
        raise StatementError(f"invalid access mode {mode}")
    address = vaddr(theirs)
    entry = LinkEntry(vaddr(rest[0]) if rest else address, owner, address, mode)
    reader.add(entry)
    reader.links.append((reader.line, entry))


@statement(
    "MDISK",
    form="MDISK vaddr type start cylinders volid [mode [readpw [writepw [multpw]]]]"
    " | MDISK vaddr type T-DISK cylinders",
    where=USER,
)
def mdisk(reader: Reader, words: list[str]) -> None:
    """A minidisk: cylinders of a volume, or a temporary disk."""
    if len(words) >= 3 and words[2] in _TEMPORARY:
        _temporary(reader, words)
        return
    address, devtype, start, cylinders, volid, *rest = between(words, 5, 9, "MDISK")
    mode = rest[0] if rest else "W"
    if mode not in LINK_MODES:
        raise StatementError(f"invalid access mode {mode}")
    number = vaddr(address)
    limit = _cylinders(devtype)
    secrets = [_password(reader, number, index, word) for index, word in enumerate(rest[1:])] + ["", "", ""]
    disk = MinidiskEntry(
        number, devtype, decimal(start, 0, limit - 1), decimal(cylinders, 1, limit), volid, mode, *secrets[:3]
    )
    reader.add(disk)
    volume = reader.volume(volid)
    if volume is None:
        raise StatementError(f"volume {volid} is not known; a VOLUME statement defines it")
    if volume.temporary:
        raise StatementError(f"volume {volid} is for temporary disks")
    if volume.devtype != devtype:
        raise StatementError(f"volume {volid} is a {volume.devtype}, not a {devtype}")
    if disk.start + disk.cylinders > volume.cylinders:
        raise StatementError(
            f"cylinders {disk.start} to {disk.start + disk.cylinders - 1} are not all on {volid},"
            f" which ends with {volume.cylinders - 1}"
        )
    reader.extent(disk, whole=not disk.start and disk.cylinders == volume.cylinders)


def _temporary(reader: Reader, words: list[str]) -> None:
    address, devtype, _, cylinders, *_ = between(words, 4, 8, "MDISK")
    reader.add(TemporaryEntry(vaddr(address), devtype, decimal(cylinders, 1, _cylinders(devtype))))


def _cylinders(devtype: str) -> int:
    if devtype not in GEOMETRY:
        raise StatementError(f"unknown device type {devtype}")
    return GEOMETRY[devtype].cylinders + GEOMETRY[devtype].alternates


def _password(reader: Reader, address: int, index: int, word: str) -> str:
    """What is kept of the read, write or multiple password (INDEX 0 to 2)."""
    if len(word) > MAX_LENGTH:
        raise StatementError(f"a minidisk password has more than {MAX_LENGTH} characters")
    if word == UNCHANGED:
        user = reader.there.users.get(reader.entry.userid)
        disk = user.minidisk(address) if user is not None else None
        if disk is None:
            raise StatementError(f"{address:03X} has no passwords yet that could stay", MISSING)
        return (disk.read_password, disk.write_password, disk.mult_password)[index]
    return word if word == ANYONE else reader.hashed(word, keep=True)


def _spool_class(words: list[str], default: str) -> str:
    if not words:
        return default
    if len(words[0]) != 1 or not ((words[0].isascii() and words[0].isalnum()) or words[0] == "*"):
        raise StatementError(f"invalid spool class {words[0]}")
    return words[0]
