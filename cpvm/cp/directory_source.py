"""Reads directory source statements (DMKDIR).

Statements stand in columns 1 to 71, one a line; a line whose first word begins with * is a comment. First come the
statements about the system, then profiles, then the users, each with the statements that belong to it. The statements
themselves are in `cpvm.cp.statements`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cpvm.cp.directory import (
    DeviceEntry,
    Directory,
    LinkEntry,
    MinidiskEntry,
    UserEntry,
    VolumeEntry,
)
from cpvm.cp.message import CPError
from cpvm.cp.password import hash_password
from cpvm.cp.statements import (
    DUPLICATE,
    INVALID,
    MISSING,
    PROFILE,
    SEQUENCE,
    SYSTEM,
    USER,
    StatementError,
    Where,
    find,
)

LAST_COLUMN = 71
_SEQUENCE_ENDS = 80
"""The columns up to 80 are for sequence numbers."""


class DirectoryError(Exception):
    """The source is in error: `errors` has "line n: text", in line order, `numbers` the numbers of their messages."""

    def __init__(self, errors: list[tuple[int, str, int]]) -> None:
        self.errors = [f"line {line}: {text}" for line, text, _ in errors]
        self.numbers = [number for *_, number in errors]
        super().__init__("; ".join(self.errors))


@dataclass(frozen=True)
class Present:
    """What there is in the system that the source is for: passwords that may stay, volumes that need no statement."""

    users: Mapping[str, UserEntry] = field(default_factory=dict)
    volumes: Mapping[str, VolumeEntry] = field(default_factory=dict)


@dataclass
class _Extent:
    line: int
    userid: str
    disk: MinidiskEntry


@dataclass(frozen=True)
class _Line:
    """A statement of a profile."""

    number: int
    words: list[str]
    rest: str


class Reader:
    """One reading of a source; what statements work on.

    ENTRY is the user whose statements are being read, OWN_DEVICES the devices of its own, LINE the number of the line.
    """

    def __init__(self, hash_one: Callable[[str], str], there: Present) -> None:
        self.directory = Directory()
        self.there = there
        self.line = 0
        self.rest = ""
        """What stands behind the keyword, as it was typed."""
        self.entry: UserEntry = _NOBODY
        self.own_devices: dict[int, DeviceEntry] = {}
        self.links: list[tuple[int, LinkEntry]] = []
        self.aliases: dict[str, tuple[int, str]] = {}  # alias -> line, userid
        self._hash_one = hash_one
        self._hashes: dict[str, str] = {}
        self._errors: list[tuple[int, str, int]] = []
        self._extents: list[_Extent] = []
        self._included: dict[int, DeviceEntry] = {}
        self._profiles: dict[str, list[_Line]] = {}
        self._profile: list[_Line] | None = None
        self._including = False

    def read(self, source: str) -> Directory:
        """The directory that SOURCE describes. Raises DirectoryError."""
        for number, raw in enumerate(source.splitlines(), 1):
            self.line = number
            text = raw[:LAST_COLUMN].rstrip()
            words = text.split()
            if words and not words[0].startswith("*"):
                across = len(raw[LAST_COLUMN - 1 : LAST_COLUMN + 1].strip()) == 2
                if across or raw[_SEQUENCE_ENDS:].strip():
                    self._error(f"the statement goes on beyond column {LAST_COLUMN}")
                rest = text.strip()[len(words[0]) :].strip()
                self._one(_Line(number, [word.upper() for word in words], rest))
        self._end_user()
        self._check_aliases()
        self._check_links()
        self._check_extents()
        if not self.directory.users and not self._errors:
            self._error("no USER statement", MISSING)
        if self._errors:
            raise DirectoryError(sorted(set(self._errors)))
        return self.directory

    def _one(self, line: _Line) -> None:
        try:
            self._statement(line)
        except StatementError as error:
            self._error(str(error), error.number)
        except CPError as error:
            self._error(error.text, INVALID)

    def _error(self, text: str, number: int = INVALID, line: int | None = None) -> None:
        self._errors.append((line or self.line, text, number))

    def _statement(self, line: _Line) -> None:
        keyword, *words = line.words
        entry = find(keyword)
        if entry is None:
            raise StatementError(f"unknown statement {keyword}")
        here = self._here()
        if not entry.where & here:
            raise StatementError(_misplaced(entry.where, here, keyword), SEQUENCE)
        if here is PROFILE and not entry.where & SYSTEM:
            assert self._profile is not None
            self._profile.append(line)
            return
        self.line, self.rest = line.number, line.rest
        entry.body(self, words)

    def _here(self) -> Where:
        if self._profile is not None and not self._including:
            return PROFILE
        return SYSTEM if self.entry is _NOBODY else PROFILE | USER if self._including else USER

    # For the statements

    def begin(self, entry: UserEntry) -> None:
        """A user begins."""
        self._end_user()
        self._profile = None
        self.entry = entry

    def begin_profile(self, name: str) -> None:
        """A profile begins."""
        if name in self._profiles:
            self._profile = []
            raise StatementError(f"profile {name} is defined twice", DUPLICATE)
        self._profile = self._profiles[name] = []

    def include(self, name: str) -> None:
        """Do the statements of a profile for the user."""
        profile = self._profiles.get(name)
        if profile is None:
            raise StatementError(f"profile {name} is not defined before this user", MISSING)
        before, line = self.own_devices, self.line
        self.own_devices, self._including = {}, True
        try:
            for statement in profile:
                self._one(statement)
        finally:
            self._included.update(self.own_devices)
            self.own_devices, self._including, self.line = before, False, line

    def add(self, device: DeviceEntry) -> None:
        """Give the user a device. Raises StatementError if the address is taken."""
        if device.vaddr in self.own_devices:
            raise StatementError(f"device {device.vaddr:03X} is defined twice", DUPLICATE)
        self.own_devices[device.vaddr] = device

    def volume(self, volid: str) -> VolumeEntry | None:
        """The volume that the source or the system has under VOLID."""
        return self.directory.volumes.get(volid) or self.there.volumes.get(volid)

    def same_volume(self, volume: VolumeEntry) -> None:
        """Raises StatementError if the system has another volume of this name: volumes do not change."""
        old = self.there.volumes.get(volume.volid)
        if old is not None and old != volume:
            kind = " TDSK" if old.temporary else ""
            raise StatementError(f"volume {old.volid} is there: a {old.devtype} of {old.cylinders} cylinders{kind}")

    def extent(self, disk: MinidiskEntry, *, whole: bool) -> None:
        """Note where a minidisk lies; the WHOLE volume, for whoever looks after it, overlaps with nothing."""
        if not whole:
            self._extents.append(_Extent(self.line, self.entry.userid, disk))

    def hashed(self, word: str, *, keep: bool) -> str:
        """The hash of a password; with KEEP the same for the same word, since minidisks often have the same ones."""
        if not keep:
            return self._hash_one(word)
        if word not in self._hashes:
            self._hashes[word] = self._hash_one(word)
        return self._hashes[word]

    # What only the whole source shows

    def _end_user(self) -> None:
        entry = self.entry
        if entry is not _NOBODY and entry.userid not in self.directory.users:
            devices = self._included | self.own_devices
            entry = replace(entry, devices=tuple(devices[key] for key in sorted(devices)))
            self.directory.users[entry.userid] = entry
        self.entry = _NOBODY
        self.own_devices, self._included = {}, {}

    def _check_aliases(self) -> None:
        for name, (line, userid) in self.aliases.items():
            if name in self.directory.users:
                self._error(f"alias {name} of {userid} is a userid", DUPLICATE, line)

    def _check_links(self) -> None:
        for line, link in dict.fromkeys(self.links):
            owner = self.directory.users.get(link.owner)
            if owner is None:
                self._error(f"{link.owner} is not in the directory", INVALID, line)
            elif owner.minidisk(link.owner_vaddr) is None:
                self._error(f"{link.owner} has no minidisk {link.owner_vaddr:03X}", INVALID, line)

    def _check_extents(self) -> None:
        self._extents.sort(key=lambda extent: (extent.disk.volid, extent.disk.start))
        before: _Extent | None = None  # the extent that reaches farthest on this volume so far
        for extent in self._extents:
            if before is None or before.disk.volid != extent.disk.volid:
                before = extent
                continue
            if extent.disk.start < before.disk.start + before.disk.cylinders:
                later, earlier = (extent, before) if extent.line > before.line else (before, extent)
                self._error(
                    f"{later.userid} {later.disk.vaddr:03X} overlaps {earlier.userid} {earlier.disk.vaddr:03X}"
                    f" of line {earlier.line} on {extent.disk.volid}",
                    DUPLICATE,
                    later.line,
                )
            if extent.disk.start + extent.disk.cylinders > before.disk.start + before.disk.cylinders:
                before = extent


_NOBODY = UserEntry("", 0, 0, "")


def _misplaced(where: Where, here: Where, keyword: str) -> str:
    if here is SYSTEM:
        return "no USER statement before this statement"
    if here is PROFILE:
        return f"{keyword} cannot stand in a profile"
    return f"{keyword} belongs before the first USER statement" if where & SYSTEM else f"{keyword} is out of place"


def read_directory(
    source: str, hash_one: Callable[[str], str] = hash_password, there: Present | None = None
) -> Directory:
    """The directory that SOURCE describes, for a system with what is THERE.

    Raises DirectoryError with all errors found, by line.
    """
    return Reader(hash_one, there or Present()).read(source)
