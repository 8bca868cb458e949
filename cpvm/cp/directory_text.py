"""The directory as source statements again, to be changed and installed. Passwords are *: CP has only their hashes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from cpvm.cp.directory import (
    ANYONE,
    NO_TERMINAL,
    UNCHANGED,
    ConsoleEntry,
    DedicateEntry,
    DeviceEntry,
    LinkEntry,
    MinidiskEntry,
    SpecialEntry,
    SpoolEntry,
    TemporaryEntry,
    UserEntry,
    VolumeEntry,
)
from cpvm.cp.directory_source import LAST_COLUMN
from cpvm.cp.directory_store import DirectoryStore
from cpvm.cp.limits import OF_USERS

_UNIT_RECORD = {"2540R": "2540 READER", "2540P": "2540 PUNCH"}


def source_of(store: DirectoryStore) -> str:
    """The whole directory."""
    lines = [
        *(_volume(volume) for volume in store.volumes.values()),
        *(f"NAMESYS {name} {vaddr:03X}" for name, vaddr in sorted(store.systems.items())),
        *_logmsg(store.logmsg()[1]),
    ]
    for entry in store.users.values():
        lines += ["*", *user_lines(entry, _password(store, entry.userid))]
    return "".join(f"{line}\n" for line in lines)


def _password(store: DirectoryStore, userid: str) -> str:
    """NOLOG or AUTOONLY; else what stands for the password that is there."""
    kept = store.password_hash(userid)
    return kept if kept in NO_TERMINAL else UNCHANGED


def user_lines(entry: UserEntry, password: str) -> Iterator[str]:
    """The statements of one user."""
    symbols = " ".join(symbol or "OFF" for symbol in entry.symbols)
    default = UserEntry("", 0, 0, "").symbols
    machine = f"{_size(entry.storage)} {_size(entry.maximum)} {entry.classes} {entry.priority:02}"
    yield f"USER {entry.userid} {password} {machine}{'' if entry.symbols == default else ' ' + symbols}"
    if entry.account or entry.distribution != entry.userid:
        yield f" ACCOUNT {entry.account or '0'} {entry.distribution}"
    yield from (f" ALIAS {alias}" for alias in entry.aliases)
    yield from textwrap.wrap(
        " ".join(entry.options), LAST_COLUMN, initial_indent=" OPTION ", subsequent_indent=" OPTION "
    )
    if entry.cpuid:
        yield f" OPTION CPUID {entry.cpuid}"
    if entry.affinity >= 0:
        yield f" OPTION AFFINITY {entry.affinity}"
    if entry.connections != UserEntry.connections:
        yield f" OPTION MAXCONN {entry.connections}"
    if entry.share != UserEntry.share:
        yield f" SHARE {entry.share}"
    yield from (f" LIMIT {name} {OF_USERS[name].shown(value)}" for name, value in entry.limits if name in OF_USERS)
    if entry.ipl:
        yield f"IPL {entry.ipl}".rjust(min(len(entry.ipl) + 5, LAST_COLUMN))
    yield from (f" IUCV {who}" for who in entry.iucv)
    yield from (_device(device) for device in entry.devices)


def _logmsg(lines: list[str]) -> list[str]:
    """The log message, if it can be said in statements; a source without any leaves it as it is."""
    statements = [f"LOGMSG {line}" for line in lines]
    return statements if all(len(line) <= LAST_COLUMN for line in statements) else []


def _device(device: DeviceEntry) -> str:
    match device:
        case ConsoleEntry(vaddr, devtype, spool_class, secondary):
            return f" CONSOLE {vaddr:03X} {devtype} {spool_class} {secondary}".rstrip()
        case SpoolEntry(vaddr, devtype, spool_class):
            return f" SPOOL {vaddr:03X} {_UNIT_RECORD.get(devtype, devtype)} {spool_class}"
        case LinkEntry(vaddr, owner, theirs, mode):
            return f" LINK {owner} {theirs:03X} {vaddr:03X} {mode}"
        case TemporaryEntry(vaddr, devtype, cylinders):
            return f" MDISK {vaddr:03X} {devtype} T-DISK {cylinders:03}"
        case SpecialEntry(vaddr, devtype, lu):
            return f" SPECIAL {vaddr:03X} {devtype} {lu}".rstrip()
        case DedicateEntry(vaddr, raddr, volid, read_only):
            return f" DEDICATE {vaddr:03X} {volid or f'{raddr:03X}'}{' R/O' if read_only else ''}"
        case MinidiskEntry():
            place = f"{device.devtype} {device.start:03} {device.cylinders:03} {device.volid} {device.mode}"
            passwords = [_shown(word) for word in _passwords(device)]
            return " ".join([f" MDISK {device.vaddr:03X} {place}", *passwords])


def _passwords(disk: MinidiskEntry) -> list[str]:
    """The minidisk's passwords up to the last one that it has."""
    words = [disk.read_password, disk.write_password, disk.mult_password]
    while words and not words[-1]:
        words.pop()
    return words


def _shown(word: str) -> str:
    return word if word == ANYONE else UNCHANGED


def _volume(volume: VolumeEntry) -> str:
    return f"VOLUME {volume.volid} {volume.devtype} {volume.cylinders}{' TDSK' if volume.temporary else ''}"


def _size(size: int) -> str:
    return f"{size >> 20}M" if not size & 0xFFFFF else f"{size >> 10}K"


def gaps(volumes: Mapping[str, VolumeEntry], users: Iterable[UserEntry]) -> Iterator[tuple[VolumeEntry, int, int]]:
    """Where nothing lies on the volumes for minidisks: volume, first cylinder, number of cylinders."""
    taken: dict[str, list[tuple[int, int]]] = {}
    for entry in users:
        for device in entry.devices:
            if isinstance(device, MinidiskEntry):
                taken.setdefault(device.volid, []).append((device.start, device.start + device.cylinders))
    for volume in volumes.values():
        at = 1
        extents = [part for part in sorted(taken.get(volume.volid, [])) if part != (0, volume.cylinders)]
        for start, end in [*extents, (volume.cylinders, volume.cylinders)]:
            if start > at and not volume.temporary:
                yield volume, at, start - at
            at = max(at, end)
