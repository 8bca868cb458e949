"""The first directory: the users that a new system has, and where their minidisks are."""

from collections.abc import Iterator
from dataclasses import dataclass

VOLUME = "CPVM01"
DEVICE = "3350"
SYSTEM_DISK_CYLINDERS = 30
"""Size of MAINT's 190, the CMS system disk."""

SOURCE_DISK_CYLINDERS = 16
"""Size of MAINT's 393, the source of CMS, which everybody may read."""

TEMPORARY = "TDSK01"
"""The volume for temporary disks."""
TEMPORARY_CYLINDERS = 200

EXCHANGE = "EXCHANGE"
"""Whose 191 everybody can read, and, with the password below, write: nobody logs on as this user."""
EXCHANGE_PASSWORD = "CLASS"
EXCHANGE_CYLINDERS = 10

FIRST_CYLINDER = 1
"""Cylinder 0 of a volume is left to its label."""


@dataclass(frozen=True)
class FirstUser:
    """A user of the first directory; the password is the userid, and so is the alias until it is changed."""

    userid: str
    classes: str
    cylinders: int
    """Size of the user's 191."""

    alias: str = ""
    """A longer name that may be typed for the userid."""

    @property
    def name(self) -> str:
        """What people call the user."""
        return self.alias or self.userid


USERS = (
    FirstUser("OPERATOR", "ABCDEG", 5),
    FirstUser("MAINT", "ABCDEG", 20),
    FirstUser("CMSUSER", "G", 10),
    FirstUser("USER01", "G", 10),
    FirstUser("USER02", "G", 10),
    # A userid has at most eight characters; STUDENT01 is an alias.
    *(FirstUser(f"STUDNT{number:02d}", "G", 5, f"STUDENT{number:02d}") for number in range(1, 13)),
)


@dataclass(frozen=True)
class Place:
    """Where a minidisk lies on the volume; cylinders."""

    userid: str
    vaddr: str
    start: int
    cylinders: int


def places() -> Iterator[Place]:
    """All minidisks, in the order in which they lie on the volume."""
    yield Place("MAINT", "190", FIRST_CYLINDER, SYSTEM_DISK_CYLINDERS)
    at = FIRST_CYLINDER + SYSTEM_DISK_CYLINDERS
    for user in USERS:
        yield Place(user.userid, "191", at, user.cylinders)
        at += user.cylinders
    yield Place(EXCHANGE, "191", at, EXCHANGE_CYLINDERS)
    yield Place("MAINT", "393", at + EXCHANGE_CYLINDERS, SOURCE_DISK_CYLINDERS)


def volume_cylinders() -> int:
    """Cylinders of the volume that are needed."""
    *_, last = places()
    return last.start + last.cylinders


def directory_source() -> str:
    """The directory as source statements, with passwords in clear: they become hashes when it is read."""
    lines = [
        "* The first directory of this system.",
        f"VOLUME {VOLUME} {DEVICE} {volume_cylinders()}",
        f"VOLUME {TEMPORARY} {DEVICE} {TEMPORARY_CYLINDERS} TDSK",
        "NAMESYS CMS 190",
        "LOGMSG WELCOME. TYPE  IPL CMS  AND PRESS ENTER ONCE MORE, THEN  HELP",
    ]
    extents = {(place.userid, place.vaddr): place for place in places()}
    for user in USERS:
        lines += [
            "*",
            f"USER {user.userid} {user.userid} 1M 16M {user.classes}",
            f" ACCOUNT 1 {user.userid}",
            *([f" ALIAS {user.alias}"] if user.alias else []),
            " CONSOLE 009 3215",
            " SPOOL 00C 2540 READER *",
            " SPOOL 00D 2540 PUNCH A",
            " SPOOL 00E 1403 A",
        ]
        for vaddr in ("190", "191", "393"):
            if place := extents.get((user.userid, vaddr)):
                # Anybody may read the system disk and its source; nobody else a 191.
                passwords = "" if vaddr == "191" else " ALL"
                extent = f"{DEVICE} {place.start:03d} {place.cylinders:03d} {VOLUME}"
                lines.append(f" MDISK {vaddr} {extent} MR{passwords}")
            elif vaddr == "190":
                lines.append(" LINK MAINT 190 190 RR")
    disk = extents[EXCHANGE, "191"]
    lines += [
        "*",
        f"* LINK {EXCHANGE} 191 vaddr RR reads it, LINK {EXCHANGE} 191 vaddr M {EXCHANGE_PASSWORD} writes it.",
        f"USER {EXCHANGE} NOLOG 256K 1M G",
        f" MDISK 191 {DEVICE} {disk.start:03d} {disk.cylinders:03d} {VOLUME} MR ALL"
        f" {EXCHANGE_PASSWORD} {EXCHANGE_PASSWORD}",
    ]
    return "\n".join(lines) + "\n"
