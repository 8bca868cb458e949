"""Reads directory source statements (DMKDIR).

Statements stand in columns 1 to 71, one a line; a line whose first character is * is a comment.

Before the first USER:
    VOLUME volid type cylinders     a DASD volume of the system
    NAMESYS name vaddr              IPL name loads the machine from its device vaddr
    LOGMSG text                     one line of the log message
Then for each user:
    USER userid password [storage [maximum [classes [priority [linend [linedel [chardel [escape]]]]]]]]
    ACCOUNT number [distribution]
    ALIAS name                      another name, up to 16 characters, that may be typed for the userid
    OPTION keyword ...
    IPL vaddr | name
    CONSOLE vaddr type [class]
    SPOOL vaddr type [class]
    LINK userid vaddr1 [vaddr2 [mode]]
    MDISK vaddr type start cylinders volid [mode [readpw [writepw [multpw]]]]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cpvm.cp.directory import (
    ANYONE,
    CONSOLE_TYPES,
    LINK_MODES,
    NO_LOGON,
    UNIT_RECORD_TYPES,
    ConsoleEntry,
    DeviceEntry,
    Directory,
    LinkEntry,
    MinidiskEntry,
    SpoolEntry,
    UserEntry,
    VolumeEntry,
)
from cpvm.cp.message import CPError
from cpvm.cp.operand import decimal, is_alias, is_userid, storage_size, vaddr
from cpvm.cp.password import MAX_LENGTH, hash_password
from cpvm.s370.ckd import GEOMETRY

LAST_COLUMN = 71
OPTIONS = ("REALTIMER", "ECMODE", "ISAM", "ACCT", "SVCOFF", "BMX", "SVCACCL")
PRIVILEGE_CLASSES = "ABCDEFGH"
RESERVED = ("ALL", "SYSTEM")  # words that commands understand where a userid stands


class DirectoryError(Exception):
    """The source is in error. `errors` holds each error as "line n: text", in line order."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


class _StatementError(Exception):
    """What is wrong with one statement."""


@dataclass
class _Extent:
    line: int
    userid: str
    disk: MinidiskEntry


@dataclass
class _Draft:
    """The user whose statements are being read."""

    entry: UserEntry
    devices: dict[int, DeviceEntry] = field(default_factory=dict)


class _Reader:
    def __init__(self, hash_one: Callable[[str], str]) -> None:
        self.directory = Directory()
        self.errors: list[tuple[int, str]] = []
        self.line = 0
        self.user: _Draft | None = None
        self.extents: list[_Extent] = []
        self.links: list[tuple[int, LinkEntry]] = []
        self.aliases: dict[str, tuple[int, str]] = {}  # alias -> line, userid
        self.hash_one = hash_one
        self.statements: dict[str, Callable[[list[str]], None]] = {
            "VOLUME": self.volume,
            "NAMESYS": self.namesys,
            "USER": self.start_user,
            "ACCOUNT": self.account,
            "ALIAS": self.alias,
            "OPTION": self.option,
            "IPL": self.ipl,
            "CONSOLE": self.console,
            "SPOOL": self.spool,
            "LINK": self.link,
            "MDISK": self.mdisk,
        }

    def read(self, source: str) -> Directory:
        for number, raw in enumerate(source.splitlines(), 1):
            self.line = number
            text = raw[:LAST_COLUMN].rstrip()
            words = text.split()
            if not words or text.startswith("*"):
                continue
            try:
                self.statement(words, text)
            except _StatementError as error:
                self.error(str(error))
            except CPError as error:
                self.error(error.text)
        self.end_user()
        self.check_aliases()
        self.check_links()
        self.check_extents()
        if not self.directory.users and not self.errors:
            self.error("no USER statement")
        if self.errors:
            raise DirectoryError([f"line {line}: {text}" for line, text in sorted(self.errors)])
        return self.directory

    def error(self, text: str, line: int | None = None) -> None:
        self.errors.append((line or self.line, text))

    def statement(self, words: list[str], text: str) -> None:
        keyword = words[0].upper()
        if keyword == "LOGMSG":
            self.directory.logmsg.append(text.strip()[len("LOGMSG") :].strip())
            return
        handler = self.statements.get(keyword)
        if handler is None:
            raise _StatementError(f"unknown statement {words[0]}")
        handler([word.upper() for word in words[1:]])

    # Statements of the system

    def volume(self, words: list[str]) -> None:
        volid, devtype, cylinders = self.fixed(words, 3, "VOLUME volid type cylinders")
        if not volid.isalnum() or len(volid) > 6:
            raise _StatementError(f"invalid volume identifier {volid}")
        if devtype not in GEOMETRY:
            raise _StatementError(f"unknown device type {devtype}")
        if volid in self.directory.volumes:
            raise _StatementError(f"volume {volid} is defined twice")
        count = decimal(cylinders, 1, GEOMETRY[devtype].cylinders)
        self.directory.volumes[volid] = VolumeEntry(volid, devtype, count)

    def namesys(self, words: list[str]) -> None:
        name, address = self.fixed(words, 2, "NAMESYS name vaddr")
        if len(name) > 8 or not name.isalnum():
            raise _StatementError(f"invalid system name {name}")
        if name in self.directory.systems:
            raise _StatementError(f"system {name} is defined twice")
        self.directory.systems[name] = vaddr(address)

    # Statements of a user

    def start_user(self, words: list[str]) -> None:
        self.end_user()
        if len(words) < 2:
            raise _StatementError("USER needs a userid and a password")
        userid, password = words[:2]
        storage, maximum, classes, priority, *symbols = words[2:] + ["1M", "16M", "G", "64"][max(len(words) - 2, 0) :]
        if not is_userid(userid):
            raise _StatementError(f"invalid userid {userid}")
        if len(password) > MAX_LENGTH:
            raise _StatementError(f"the password of {userid} has more than {MAX_LENGTH} characters")
        entry = UserEntry(
            userid,
            storage_size(storage),
            storage_size(maximum),
            "".join(sorted(set(classes))),
            decimal(priority, 1, 99),
            distribution=userid,
        )
        self.user = _Draft(entry)  # from here on the statements below belong to this user, right or wrong
        if userid in self.directory.users:
            raise _StatementError(f"user {userid} is defined twice")
        if entry.storage > entry.maximum:
            raise _StatementError(f"storage {storage} of {userid} is above its maximum {maximum}")
        if set(classes) - set(PRIVILEGE_CLASSES):
            raise _StatementError(f"invalid privilege classes {classes}")
        if symbols:
            self.user.entry = replace(entry, symbols=self.editing_symbols(symbols, entry.symbols))
        self.directory.passwords[userid] = password if password == NO_LOGON else self.hash_one(password)
        if password == userid:
            self.directory.well_known.add(userid)

    @staticmethod
    def editing_symbols(words: list[str], default: tuple[str, str, str, str]) -> tuple[str, str, str, str]:
        chosen = list(default)
        for index, word in enumerate(words[:4]):
            if word == "OFF":
                chosen[index] = ""
            elif word == "ON" or len(word) == 1:
                chosen[index] = default[index] if word == "ON" else word
            else:
                raise _StatementError(f"invalid line editing symbol {word}")
        return chosen[0], chosen[1], chosen[2], chosen[3]

    def end_user(self) -> None:
        if self.user is not None and self.user.entry.userid not in self.directory.users:
            entry = replace(self.user.entry, devices=tuple(self.user.devices[key] for key in sorted(self.user.devices)))
            self.directory.users[entry.userid] = entry
        self.user = None

    def current(self) -> _Draft:
        if self.user is None:
            raise _StatementError("no USER statement before this statement")
        return self.user

    def account(self, words: list[str]) -> None:
        user = self.current()
        if not 1 <= len(words) <= 2 or any(len(word) > 8 for word in words):
            raise _StatementError("ACCOUNT number [distribution], at most 8 characters each")
        distribution = words[1] if len(words) == 2 else user.entry.userid
        user.entry = replace(user.entry, account=words[0], distribution=distribution)

    def alias(self, words: list[str]) -> None:
        user = self.current()
        (name,) = self.fixed(words, 1, "ALIAS name")
        if not is_alias(name) or name in RESERVED:
            raise _StatementError(f"invalid alias {name}")
        if name in self.aliases:
            line, userid = self.aliases[name]
            raise _StatementError(f"alias {name} is defined twice; it is {userid}'s in line {line}")
        self.aliases[name] = self.line, user.entry.userid
        user.entry = replace(user.entry, aliases=(*user.entry.aliases, name))

    def option(self, words: list[str]) -> None:
        user = self.current()
        cpuid = user.entry.cpuid
        options = list(user.entry.options)
        rest = iter(words)
        for word in rest:
            if word == "CPUID":
                cpuid = next(rest, "")
                if len(cpuid) != 6 or set(cpuid) - set("0123456789ABCDEF"):
                    raise _StatementError("CPUID needs six hexadecimal digits")
            elif word in OPTIONS:
                options.append(word)
            else:
                raise _StatementError(f"unknown option {word}")
        user.entry = replace(user.entry, options=tuple(options), cpuid=cpuid)

    def ipl(self, words: list[str]) -> None:
        user = self.current()
        (system,) = self.fixed(words, 1, "IPL vaddr | name")
        if len(system) > 8:
            raise _StatementError(f"invalid system name {system}")
        user.entry = replace(user.entry, ipl=system)

    def console(self, words: list[str]) -> None:
        if not 2 <= len(words) <= 3:
            raise _StatementError("CONSOLE vaddr type [class]")
        if words[1] not in CONSOLE_TYPES:
            raise _StatementError(f"unknown console type {words[1]}")
        if any(isinstance(device, ConsoleEntry) for device in self.current().devices.values()):
            raise _StatementError("a user has one CONSOLE only")
        self.add(ConsoleEntry(vaddr(words[0]), words[1], self.spool_class(words[2:], "T")))

    def spool(self, words: list[str]) -> None:
        if len(words) >= 3 and f"{words[1]} {words[2]}" in UNIT_RECORD_TYPES:  # 2540 READER, 2540 R
            words = [words[0], words[1] + words[2], *words[3:]]
        elif len(words) >= 3 and words[1] == "2540" and words[2] in ("READER", "PUNCH"):
            words = [words[0], "2540" + words[2][0], *words[3:]]
        if not 2 <= len(words) <= 3:
            raise _StatementError("SPOOL vaddr type [class]")
        if words[1] not in UNIT_RECORD_TYPES:
            raise _StatementError(f"unknown unit record device type {words[1]}")
        default = "*" if UNIT_RECORD_TYPES[words[1]] == "RDR" else "A"
        self.add(SpoolEntry(vaddr(words[0]), words[1], self.spool_class(words[2:], default)))

    def link(self, words: list[str]) -> None:
        if not 2 <= len(words) <= 4:
            raise _StatementError("LINK userid vaddr1 [vaddr2 [mode]]")
        mode = words[3] if len(words) == 4 else "R"
        if mode not in LINK_MODES:
            raise _StatementError(f"invalid access mode {mode}")
        theirs = vaddr(words[1])
        entry = LinkEntry(vaddr(words[2]) if len(words) > 2 else theirs, words[0], theirs, mode)
        self.add(entry)
        self.links.append((self.line, entry))

    def mdisk(self, words: list[str]) -> None:
        if not 5 <= len(words) <= 9:
            raise _StatementError("MDISK vaddr type start cylinders volid [mode [readpw [writepw [multpw]]]]")
        devtype, volid = words[1], words[4]
        if devtype not in GEOMETRY:
            raise _StatementError(f"unknown device type {devtype}")
        limit = GEOMETRY[devtype].cylinders
        mode = words[5] if len(words) > 5 else "W"
        if mode not in LINK_MODES:
            raise _StatementError(f"invalid access mode {mode}")
        secrets = [self.link_password(word) for word in words[6:]] + ["", "", ""]
        disk = MinidiskEntry(
            vaddr(words[0]),
            devtype,
            decimal(words[2], 0, limit - 1),
            decimal(words[3], 1, limit),
            volid,
            mode,
            *secrets[:3],
        )
        self.add(disk)
        volume = self.directory.volumes.get(volid)
        if volume is None:
            raise _StatementError(f"volume {volid} is not known; a VOLUME statement defines it")
        if volume.devtype != devtype:
            raise _StatementError(f"volume {volid} is a {volume.devtype}, not a {devtype}")
        if disk.start + disk.cylinders > volume.cylinders:
            raise _StatementError(
                f"cylinders {disk.start} to {disk.start + disk.cylinders - 1} are not all on {volid},"
                f" which ends with {volume.cylinders - 1}"
            )
        self.extents.append(_Extent(self.line, self.current().entry.userid, disk))

    # Parts of statements

    def add(self, device: DeviceEntry) -> None:
        devices = self.current().devices
        if device.vaddr in devices:
            raise _StatementError(f"device {device.vaddr:03X} is defined twice")
        devices[device.vaddr] = device

    def link_password(self, word: str) -> str:
        if len(word) > MAX_LENGTH:
            raise _StatementError(f"a minidisk password has more than {MAX_LENGTH} characters")
        return word if word == ANYONE else self.hash_one(word)

    @staticmethod
    def spool_class(words: list[str], default: str) -> str:
        if not words:
            return default
        if len(words[0]) != 1 or not (words[0].isalnum() or words[0] == "*"):
            raise _StatementError(f"invalid spool class {words[0]}")
        return words[0]

    @staticmethod
    def fixed(words: list[str], count: int, form: str) -> list[str]:
        if len(words) != count:
            raise _StatementError(form)
        return words

    # What only the whole source shows

    def check_aliases(self) -> None:
        for name, (line, userid) in self.aliases.items():
            if name in self.directory.users:
                self.error(f"alias {name} of {userid} is a userid", line)

    def check_links(self) -> None:
        for line, link in self.links:
            owner = self.directory.users.get(link.owner)
            if owner is None:
                self.error(f"{link.owner} is not in the directory", line)
            elif owner.minidisk(link.owner_vaddr) is None:
                self.error(f"{link.owner} has no minidisk {link.owner_vaddr:03X}", line)

    def check_extents(self) -> None:
        self.extents.sort(key=lambda extent: (extent.disk.volid, extent.disk.start))
        before: _Extent | None = None  # the extent that reaches farthest on this volume so far
        for extent in self.extents:
            if before is None or before.disk.volid != extent.disk.volid:
                before = extent
                continue
            if extent.disk.start < before.disk.start + before.disk.cylinders:
                later, earlier = (extent, before) if extent.line > before.line else (before, extent)
                self.error(
                    f"{later.userid} {later.disk.vaddr:03X} overlaps {earlier.userid} {earlier.disk.vaddr:03X}"
                    f" of line {earlier.line} on {extent.disk.volid}",
                    later.line,
                )
            if extent.disk.start + extent.disk.cylinders > before.disk.start + before.disk.cylinders:
                before = extent


def read_directory(source: str, hash_one: Callable[[str], str] = hash_password) -> Directory:
    """The directory that SOURCE describes. Raises DirectoryError with all errors found, by line."""
    return _Reader(hash_one).read(source)
