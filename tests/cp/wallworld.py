"""A system with secrets in it: a victim who does nothing, a partner who talks to anybody, and an attacker.

Every secret is sixteen bytes that stand nowhere else. What nobody may change is remembered, and compared again with
`World.changes`; and no secret may ever be found where the attacker can look: its storage, registers, spool files,
terminal. Behind the end of the attacker's storage, where nothing is, stands a secret, too: neither may it be read, nor
may it be changed by a store that goes too far.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

from cpvm.cp.savedsys import PageRange, SavedSystem
from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.cp.vmblok import VMBLOK
from cpvm.machine.engines import AUTO
from cpvm.machine.storage import MAXIMUM
from cpvm.s370.ckd import Record, encode_track
from cpvm.s370.psw import PSW

from .helper import Site

VOLID, HEADS = "WALL01", 30
FIRST, CYLINDERS = 20, 3
"""Where the attacker's disk lies on the volume; before and behind it are the victim's."""
BEFORE, BEHIND, SHARED = (15, 5), (23, 5), (10, 5)
SEGMENT, SEGMENT_PAGES = 0x300000, 16
STORAGE = 1 << 20
DIRECTORY = f"""\
VOLUME {VOLID} 3350 40
VOLUME WALL02 3350 20 TDSK
USER OPERATOR OPERATOR 512K 1M ABCDEG
CONSOLE 009 3215
USER OWNER OWNPASS 512K 1M G
CONSOLE 009 3215
MDISK 190 3350 {SHARED[0]} {SHARED[1]} {VOLID} MR ALL WRITEPAS MULTPASS
USER ATTACK ATTACK 1M 16M G
OPTION ECMODE MAXCONN 16
IUCV ANY
CONSOLE 009 3215
SPOOL 00C 2540 READER *
SPOOL 00D 2540 PUNCH A
SPOOL 00E 1403 A
LINK OWNER 190 190 RR
MDISK 191 3350 {FIRST} {CYLINDERS} {VOLID} MR
USER VICTIM VICTPASS 1M 16M G
OPTION ECMODE
CONSOLE 009 3215
SPOOL 00C 2540 READER *
SPOOL 00D 2540 PUNCH A
SPOOL 00E 1403 A
MDISK 191 3350 {BEFORE[0]} {BEFORE[1]} {VOLID} MR RVICTIM WVICTIM MVICTIM
MDISK 192 3350 {BEHIND[0]} {BEHIND[1]} {VOLID} MR RVICTIM WVICTIM MVICTIM
USER PARTNER PARTPASS 256K 1M G
OPTION ECMODE MAXCONN 16
IUCV ALLOW
CONSOLE 009 3215
USER WITNESS WITNESS 256K 1M G
CONSOLE 009 3215
"""
DEVICES = (
    *("DEF CTCA 0E0", "DEF CTCA 0E1", "DEF CTCA 0E2", "COUPLE 0E0 * 0E1", "COUPLE 0E2 PARTNER 0E2", "DEF GRAF 0C0"),
    *("DEF TIMER 0FF", "DEF LINE 0B0 3215", "DEF LINE 0B1", "DEF T3350 0A0 2", "DEF 3211 0F0", "DEF 3505 0F1"),
    *("DEF 3525 0F2", "DEF 1443 0F3", "DEF 2501 0F4", "LINK OWNER 190 190 RR", "SPOOL 009 START"),
)
ADDRESSES = (
    *(0x009, 0x00C, 0x00D, 0x00E, 0x190, 0x191, 0x0E0, 0x0E1, 0x0E2, 0x0C0, 0x0FF, 0x0B0, 0x0B1, 0x0A0, 0x0F0, 0x0F1),
    *(0x0F2, 0x0F3, 0x0F4),
)
PARTNERS_OWN = 0x2000
"""Below here a partner has its PSWs, and the buffers that it lends to those who talk to it."""
KINDS = ("storage", "register", "disk", "spool", "partner", "beyond")
"""Secrets by where they stand."""


class World:
    """The system, and what is known of it."""

    def __init__(self, folder: Path, seed: str, *, engine: str = AUTO) -> None:
        self.dice = random.Random(seed)
        self.folder = folder / "system"
        self.outside = folder / "host"
        self.outside.mkdir()
        self.secrets = {name: self.dice.randbytes(16) for name in (*KINDS, "host")}
        (self.outside / "file").write_bytes(self.secrets["host"] * 64)
        self.folder.mkdir()
        System.create(self.folder, DIRECTORY)
        self.site = Site(self.folder, engine=engine)
        self.victim = self.site.logon("VICTIM", "VICTPASS")
        self.partner = self.site.logon("PARTNER", "PARTPASS")
        self.attacker = self.site.logon("ATTACK", "ATTACK")
        self.witness = self.site.logon("WITNESS", "WITNESS")
        self.site.on_cp(self._plant)
        self.partner.type("DEF CTCA 0E2")
        self.site.on_cp(self._make_partner)
        self.prepare()
        self.known = self._look()

    def vm(self, userid: str) -> VMBLOK:
        """A user's machine; it must be logged on."""
        return self.site.system.users[userid]

    @property
    def logged_on(self) -> bool:
        """Whether the attacker is still there."""
        return "ATTACK" in self.site.system.users

    def prepare(self) -> None:
        """Have the attacker logged on, with all of its devices."""
        if not self.logged_on:
            self.attacker = self.site.logon("ATTACK", "ATTACK")
        for line in DEVICES:
            self.attacker.type(line, ReadState.CP_READ)
        self.site.on_cp(self.fence)

    def fence(self) -> None:
        """Put the secret behind the end of the attacker's storage, where no segment is."""
        storage = self._fenced = self.vm("ATTACK").machine.storage
        for start, end in self._nothing():
            storage.data[start:end] = self.secrets["beyond"] * ((end - start) // 16)

    def _nothing(self) -> Iterator[tuple[int, int]]:
        """Where neither the attacker's storage nor the segment can be."""
        at = self.vm("ATTACK").machine.storage.size
        if at <= SEGMENT:
            yield at, SEGMENT
            at = SEGMENT + SEGMENT_PAGES * 4096
        yield at, MAXIMUM + 4096

    # ---- planting

    def _plant(self) -> None:
        system, secrets = self.site.system, self.secrets
        machine = self.vm("VICTIM").machine
        machine.storage.write(0, secrets["storage"] * (STORAGE // 16))
        for number in range(16):
            machine.gr[number] = int.from_bytes(secrets["register"][number % 4 * 4 :][:4], "big")
        for (start, count), owner, vaddr in (
            (BEFORE, "VICTIM", 0x191), (BEHIND, "VICTIM", 0x192), (SHARED, "OWNER", 0x190),
        ):  # fmt: skip
            disk = system.directory.users[owner].minidisk(vaddr)
            assert disk is not None and disk.start == start
            link = system.minidisks.link(owner, disk, owner, "MW")
            body = b"readable to all." if owner == "OWNER" else secrets["disk"]
            for cyl in range(count):
                for head in range(HEADS):
                    records = [Record(cyl, head, number, b"", body * 50) for number in range(1, 16)]
                    link.tracks.write(cyl, head, encode_track(cyl, head, records))
            link.tracks.commit()
            link.drop()
        writer = system.spool.open()
        for _ in range(20):
            writer.put(0x41, secrets["spool"] * 5)
        writer.close(
            queue="RDR", owner="VICTIM", origin="VICTIM", kind="PUN", spool_class="A", copies=1, hold=False,
            dist="VICTIM", name="SECRET", filetype="DATA",
        )  # fmt: skip
        pages = (PageRange(SEGMENT // 4096, SEGMENT // 4096 + SEGMENT_PAGES - 1, "SR"),)
        system.saved.save(
            SavedSystem("WALLSEG", pages, segment=True, keys=bytes(2 * SEGMENT_PAGES)),
            [bytes((n + 1,)) * 4096 for n in range(SEGMENT_PAGES)],
        )

    def _make_partner(self) -> None:
        """A machine that waits, takes every interruption, and has lent a buffer to VMCF and IUCV."""
        vm = self.vm("PARTNER")
        machine = vm.machine
        machine.storage.write(0, self.secrets["partner"] * (machine.storage.size // 16))
        machine.storage.write(0, bytes(PARTNERS_OWN))
        waiting = bytes.fromhex("FF02000000000200")
        for new in (0x58, 0x60, 0x68, 0x70, 0x78):
            machine.storage.write(new, waiting)
        machine.set_cr(0, 0x000000E3)
        vm.iucv.buffer = 0x1000
        vm.vmcf.authorized, vm.vmcf.buffer, vm.vmcf.length = True, 0x1100, 0xE00
        machine.psw = PSW.from_bytes(waiting)
        vm.begin()

    # ---- looking

    def _look(self) -> dict[str, object]:
        found: list[dict[str, object]] = []
        self.site.on_cp(lambda: found.append(self._facts()))
        return found[0]

    def _facts(self) -> dict[str, object]:
        system = self.site.system
        facts: dict[str, object] = {}
        vm = self.vm("VICTIM")
        machine = vm.machine
        facts["victim's storage"] = hashlib.sha256(machine.storage.data).digest()
        facts["victim's keys"] = bytes(machine.storage.keys)
        facts["victim's registers"] = tuple(machine.gr), tuple(machine.fr), tuple(machine.cr), machine.psw.to_bytes()
        facts["victim's devices"] = sorted(vm.devices)
        facts["victim's interruptions"] = list(machine.interruptions.others), machine.interruptions.signals
        facts["victim's settings"] = vm.classes, vm.storage, vm.stopped, vm.share, vm.priority, vm.msg
        storage = self.vm("PARTNER").machine.storage
        facts["partner's storage"] = hashlib.sha256(storage.data[PARTNERS_OWN : storage.size]).digest()
        facts["partner's keys"] = bytes(key & 0xF8 for key in storage.keys)
        facts["victim's spool files"] = [
            (file.spoolid, file.owner, file.hold, [record.data for record in system.spool.records(file.spoolid)])
            for file in system.spool.files("RDR", "VICTIM") if file.origin == "VICTIM"
        ]  # fmt: skip
        segment = system.saved.get("WALLSEG")
        assert segment is not None
        facts["segment"] = hashlib.sha256(system.saved.path(segment).read_bytes()).digest()
        facts["directory"] = repr(sorted(system.directory.users.items()))
        facts["users"] = sorted(set(system.users) - {"ATTACK"})
        facts["host"] = sorted((path.name, path.read_bytes()) for path in self.outside.iterdir())
        return facts

    def disks(self) -> bytes:
        """All tracks of the volume that are not the attacker's."""
        found: list[bytes] = []

        def look() -> None:
            volume = self.site.system.minidisks._volumes[VOLID]
            hashed = hashlib.sha256()
            for cyl in range(volume.cylinders):
                for head in range(HEADS if not FIRST <= cyl < FIRST + CYLINDERS else 0):
                    hashed.update(volume.read(cyl, head))
            found.append(hashed.digest())

        self.site.on_cp(look)
        return found[0]

    def changes(self) -> list[str]:
        """What is not as it was, of all that the attacker must not change."""
        now = self._look()
        return [what for what, value in self.known.items() if now[what] != value]

    def leaks(self) -> list[str]:
        """The secrets that are found where the attacker can look, and damage behind its storage."""
        found: list[str] = []
        self.site.on_cp(lambda: found.extend(self._leaks()))
        return found

    def _leaks(self) -> Iterator[str]:
        system = self.site.system
        told = "\n".join(self.attacker.transcript).upper()
        for name, secret in self.secrets.items():
            if any(secret[at : at + 4].hex().upper() in told for at in range(0, 16, 4)):
                yield f"{name}: at the terminal"
        if not self.logged_on:
            return
        machine = self.vm("ATTACK").machine
        storage = machine.storage
        pieces = [storage.data[: storage.size], *(storage.data[start:end] for start, end in storage.segments)]
        places = {"in storage": b"".join(pieces)}
        places["in registers"] = b"".join(v.to_bytes(4, "big") for v in (*machine.gr, *machine.cr))
        places["in registers"] += b"".join(machine.fr[r].to_bytes(8, "big") for r in range(8))
        for kind, owner in (("RDR", "ATTACK"), ("PUN", "ATTACK"), ("PRT", "ATTACK"), ("RDR", "VICTIM")):
            places[f"in {owner}'s {kind} files"] = b"".join(
                record.data
                for file in system.spool.files(kind, owner) if file.origin == "ATTACK"
                for record in system.spool.records(file.spoolid)
            )  # fmt: skip
        for name, secret in self.secrets.items():
            for where, data in places.items():
                if secret[:8] in data or secret[8:] in data:  # half of one is enough
                    yield f"{name}: {where}"
        for start, end in self._nothing() if storage is self._fenced else ():  # else DEFINE STORAGE has made another
            there = storage.data[start:end]
            if there != self.secrets["beyond"] * ((end - start) // 16) and there.strip(b"\0"):  # SYSTEM CLEAR, IPL
                yield "stored behind the end of storage"

    def errors(self) -> list[str]:
        """Errors of CP's own, in the operator's log and at terminals."""
        log = [line for line in self.site.system.log.lines if "908I" in line or "FAILURE" in line]
        terminals = (self.attacker, self.victim, self.partner, self.witness)
        return log + [line for one in terminals for line in one.transcript if "DMKDSP455W" in line or "908E" in line]

    def close(self) -> None:
        """End the system."""
        self.site.system.shutdown()
