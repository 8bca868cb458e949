"""The CP directory: who may log on, and what virtual machine each one gets (DMKUDR).

The records here are what the source statements (directory_source) say and what SQLite keeps (directory_store).
Passwords in these records are hashes, or the words that VM/370 gives a meaning: NOLOG, and ALL for a minidisk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cpvm.cp.savedsys import SavedSystem
from cpvm.cp.share import NOTHING_SET, Share

NO_LOGON = "NOLOG"
AUTOLOG_ONLY = "AUTOONLY"
"""In the place of a password: nobody logs on, but XAUTOLOG does it."""
NO_TERMINAL = (NO_LOGON, AUTOLOG_ONLY)
ELSEWHERE = ("NOPASS", "LBYONLY")
"""What other systems have in the place of a password with a meaning that there is none of here."""
ANYONE = "ALL"
UNCHANGED = "*"
"""In the place of a password in a source: the one that is there already."""
LINK_MODES = ("R", "RR", "W", "WR", "M", "MR", "MW")
UNIT_RECORD_TYPES = {
    "1403": "PRT",
    "1443": "PRT",
    "3211": "PRT",
    "2540 R": "RDR",
    "2540R": "RDR",
    "2501": "RDR",
    "3505": "RDR",
    "2540 P": "PUN",
    "2540P": "PUN",
    "3525": "PUN",
}
CONSOLE_TYPES = ("1052", "3210", "3215", "3270")
DISPLAY_TYPES = ("3270", "3277", "3278", "3279")
SPECIAL_TYPES = ("CTCA", "TIMER", "3270", "3277", "3278", "3279", "1052", "2741", "3210", "3215", "TELE2", "IBM1")


@dataclass(frozen=True)
class ConsoleEntry:
    """CONSOLE vaddr type [class [userid]]; SECONDARY is who has the console while its user is disconnected."""

    vaddr: int
    devtype: str
    spool_class: str = "T"
    secondary: str = ""


@dataclass(frozen=True)
class SpoolEntry:
    """SPOOL vaddr type [class]; devtype is one of UNIT_RECORD_TYPES without a blank."""

    vaddr: int
    devtype: str
    spool_class: str = "A"

    @property
    def kind(self) -> str:
        """RDR, PUN or PRT."""
        return UNIT_RECORD_TYPES[self.devtype]


@dataclass(frozen=True)
class LinkEntry:
    """LINK userid vaddr1 [vaddr2 [mode]]: VADDR here is OWNER's OWNER_VADDR."""

    vaddr: int
    owner: str
    owner_vaddr: int
    mode: str = "R"


@dataclass(frozen=True)
class MinidiskEntry:
    """MDISK vaddr type start cylinders volid [mode [readpw [writepw [multpw]]]].

    A password is "" (nobody may link in this way), ANYONE, or a hash.
    """

    vaddr: int
    devtype: str
    start: int
    cylinders: int
    volid: str
    mode: str = "W"
    read_password: str = ""
    write_password: str = ""
    mult_password: str = ""

    def password(self, mode: str) -> str:
        """The password for one of LINK_MODES, as it is kept."""
        return {"R": self.read_password, "W": self.write_password, "M": self.mult_password}[mode[0]]


@dataclass(frozen=True)
class TemporaryEntry:
    """MDISK vaddr type T-DISK cylinders: a disk that is there from LOGON to LOGOFF, or DETACH."""

    vaddr: int
    devtype: str
    cylinders: int


@dataclass(frozen=True)
class SpecialEntry:
    """SPECIAL vaddr type [lu]: a device that nothing real stands behind, one of SPECIAL_TYPES.

    LU is the name that a terminal has, or asks for, which is connected to this display by itself.
    """

    vaddr: int
    devtype: str
    lu: str = ""


@dataclass(frozen=True)
class DedicateEntry:
    """DEDICATE vaddr raddr | volid [R/O]: a real device, by its address, or a disk by its volume identifier."""

    vaddr: int
    raddr: int = -1
    volid: str = ""
    read_only: bool = False


DeviceEntry = ConsoleEntry | SpoolEntry | LinkEntry | MinidiskEntry | TemporaryEntry | SpecialEntry | DedicateEntry


@dataclass(frozen=True)
class UserEntry:
    """One USER with all that belongs to it. Storage sizes in bytes."""

    userid: str
    storage: int
    maximum: int
    classes: str
    priority: int = 64
    account: str = ""
    distribution: str = ""
    options: tuple[str, ...] = ()
    cpuid: str = ""
    ipl: str = ""  # what IPL is given: a name or an address, perhaps PARM and its text
    symbols: tuple[str, str, str, str] = ("#", "¢", "@", '"')  # line end, line delete, character delete, escape
    devices: tuple[DeviceEntry, ...] = ()
    aliases: tuple[str, ...] = ()  # other names that may be typed for the userid
    affinity: int = -1  # OPTION AFFINITY: the number of a processor; -1: any
    connections: int = 4  # OPTION MAXCONN: IUCV paths
    share: Share = NOTHING_SET
    iucv: tuple[str, ...] = ()  # IUCV statements: ANY, ALLOW, or userids
    limits: tuple[tuple[str, int | None], ...] = ()  # LIMIT statements: names of cpvm.cp.limits; None: NOLIMIT

    def device(self, vaddr: int) -> DeviceEntry | None:
        """The statement that defines VADDR, if any."""
        return next((device for device in self.devices if device.vaddr == vaddr), None)

    def minidisk(self, vaddr: int) -> MinidiskEntry | None:
        """The MDISK statement for VADDR, if there is one."""
        device = self.device(vaddr)
        return device if isinstance(device, MinidiskEntry) else None


@dataclass(frozen=True)
class VolumeEntry:
    """VOLUME volid type cylinders [TDSK]: a DASD volume of the system; TEMPORARY: for T-disks, empty at each start."""

    volid: str
    devtype: str
    cylinders: int
    temporary: bool = False


@dataclass
class Directory:
    """Everything that the directory source says; logon passwords by userid, hashed or NOLOG, apart."""

    users: dict[str, UserEntry] = field(default_factory=dict)
    volumes: dict[str, VolumeEntry] = field(default_factory=dict)
    systems: dict[str, int] = field(default_factory=dict)  # named systems: name -> vaddr to IPL
    saved: list[SavedSystem] = field(default_factory=list)  # those that NAMESYS defines by their pages
    logmsg: list[str] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    well_known: set[str] = field(default_factory=set)  # userids whose password is the userid


def display_named(users: Mapping[str, UserEntry], name: str) -> tuple[str, int] | None:
    """The userid and the address of the display that a terminal with this name is for, if there is one."""
    for userid, entry in users.items():
        for device in entry.devices:
            if isinstance(device, SpecialEntry) and device.lu and device.lu == name:
                return userid, device.vaddr
    return None
