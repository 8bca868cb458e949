"""Virtual devices as CP knows them: what stands behind each device of a virtual machine (VDEVBLOK)."""

from __future__ import annotations

from dataclasses import dataclass

from cpvm.cp.minidisk import Link


@dataclass
class SpoolOptions:
    """What SPOOL sets for one device."""

    spool_class: str
    cont: bool = False
    hold: bool = False
    copies: int = 1
    eof: bool = True  # readers only
    to: str = ""  # userid: output goes to this user's reader
    for_user: str = ""  # userid: output is this user's, on the real device
    dist: str = ""
    tag: str = ""
    keep: bool = False  # files are held, not removed, when they have been processed
    form: str = "STANDARD"


class VDEVBLOK:
    """One virtual device: its address X'000' to X'FFF', its kind (CONS RDR PUN PRT DASD) and type number."""

    def __init__(self, vaddr: int, kind: str, devtype: str) -> None:
        self.vaddr = vaddr
        self.kind = kind
        self.devtype = devtype
        self.ready = True  # READY, NOTREADY

    def describe(self) -> str:
        """What QUERY VIRTUAL says of it, if there is nothing more to say than what stands here."""
        return f"{self.kind:<4} {self.vaddr:03X} {self.devtype}"

    def release(self) -> None:
        """The device is being taken away (DETACH, LOGOFF)."""


class DASDBlock(VDEVBLOK):
    """A minidisk, own or linked."""

    def __init__(self, vaddr: int, link: Link) -> None:
        super().__init__(vaddr, "DASD", link.disk.devtype)
        self.link = link

    def release(self) -> None:
        self.link.drop()
