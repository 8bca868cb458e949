"""The file system's nucleus modules on a bare machine, with a small host that answers what they ask of CP.

DIAGNOSE X'18' works on disks in memory, X'24' and X'0C' give fixed answers. Supervisor calls 203 (free storage,
messages) and 202 are answered by the host too, through a DIAGNOSE at the SVC new PSW, so that these tests need no
other part of the nucleus.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdf_reader import records_of

from assembler.assembly import assemble
from assembler.linkage import Image, link
from cms.cmsdisk import CMSDisk
from cpvm.machine import Machine
from cpvm.s370.ckd import Record, encode_track
from cpvm.s370.psw import PSW

NUCLEUS = Path(__file__).parents[2] / "cms" / "nucleus"
MACLIB = Path(__file__).parents[2] / "cms" / "maclib"
MODULES = "fvs dio lad lfs trk acm sst ach ace aud aue aft dbk dbm ptr fns brd bwr pnt stt ers acc"
SAVE, SVC_CODE, END_CODE, PLIST = 0x3000, 0x3100, 0x3108, 0x3200
HEAP, BUFFER = 0x40000, 0x20000


@functools.cache
def nucleus() -> Image:
    decks = []
    for module in MODULES.split():
        result = assemble((NUCLEUS / f"dms{module}.assemble").read_text(), library=MACLIB)
        assert result.return_code == 0, [str(message) for message in result.messages]
        decks.append(result.deck)
    image = link(decks, 0x10000)
    assert not image.undefined and not image.duplicates, image.report()
    return image


class MemoryDisk:
    """A 3350 disk of 800-byte records by (cylinder, head)."""

    def __init__(self, disk: CMSDisk | None = None, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self.set_sector = 0x23
        self.tracks: dict[tuple[int, int], dict[int, bytes]] = {}
        for cyl, head, image in disk.tracks() if disk else ():
            self.tracks[cyl, head] = records_of(image)

    def track(self, cyl: int, head: int) -> bytes:
        records = self.tracks[cyl, head].items()
        return encode_track(cyl, head, [Record(cyl, head, number, b"", data) for number, data in records])

    def copy(self) -> MemoryDisk:
        other = MemoryDisk(read_only=self.read_only)
        other.set_sector = self.set_sector
        other.tracks = {place: dict(records) for place, records in self.tracks.items()}
        return other


class Killed(Exception):
    """The host stopped before a block write, as it was told."""


class Guest:
    """A machine with the file system in it; `call` runs one of its routines."""

    def __init__(self, disks: Mapping[int, MemoryDisk]) -> None:
        self.disks = dict(disks)
        self.machine = Machine(1 << 22, self)
        self.image = nucleus()
        storage = self.machine.storage
        storage.write(self.image.origin, self.image.data)
        storage.write(SVC_CODE, bytes.fromhex("83000101") + bytes.fromhex("82000020"))  # DIAGNOSE, LPSW SVC old
        storage.write(END_CODE, bytes.fromhex("83000102"))
        storage.write(0x60, bytes.fromhex("00040000") + SVC_CODE.to_bytes(4, "big"))
        for at in (0x58, 0x68, 0x70, 0x78):
            storage.write(at, bytes.fromhex("00060000") + at.to_bytes(4, "big"))
        self.heap = HEAP
        self.free: dict[int, list[int]] = {}
        self.live: dict[int, int] = {}
        self.messages: list[str] = []
        self.typed: list[str] = []
        self.writes = self.reads = self.programs = self.instructions = 0
        self.write_limit: int | None = None
        self.killed = False
        self.storage_left = -1  # requests for free storage that are still granted; negative: all
        assert self.call("DMSFVS") == 0

    # -- calling -----------------------------------------------------------------------------------------------

    def call(self, name: str, plist: bytes = b"", *, r0: int = 0, r10: int = 0, kind: int = 0) -> int:
        """Run a routine; `kind` is the call type (high byte of R1). Returns R15. Raises Killed."""
        machine = self.machine
        if plist:
            machine.storage.write(PLIST, plist)
        for r in range(16):
            machine.gr[r] = 0xDEAD0000 + r
        machine.gr[0], machine.gr[1], machine.gr[10] = r0, kind << 24 | PLIST, r10
        machine.gr[13], machine.gr[14] = SAVE, END_CODE
        machine.gr[12] = machine.gr[15] = self.image.address(name)
        machine.psw = PSW(address=self.image.address(name), mode=4)
        self.ended = False
        stop = machine.run(20_000_000)
        self.instructions += stop.instructions
        if self.killed:
            raise Killed
        assert self.ended, (stop, machine.psw, machine.storage.read(0x28, 8).hex())
        registers = [machine.gr[r] for r in range(2, 14)]
        keeps = [0xDEAD0000 + r for r in range(2, 14)]
        keeps[8], keeps[10], keeps[11] = r10, self.image.address(name), SAVE
        assert registers == keeps, f"{name} changed registers"
        return machine.gr[15]

    def plist(
        self,
        fn: str,
        ft: str = "",
        fm: str = "",
        verb: str = "CALL",
        form_e: tuple[int, int] | None = None,
        **fields: int | str,
    ) -> bytes:
        """An FSCB; `form_e` are item number and number of items of an extended one."""
        text = f"{verb:<8}{fn:<8}{ft:<8}{fm:<2}".encode("cp037")
        item, buffer, size = (int(fields.get(name, 0)) for name in ("item", "buffer", "size"))
        return (
            text
            + item.to_bytes(2, "big")
            + buffer.to_bytes(4, "big")
            + size.to_bytes(4, "big")
            + str(fields.get("recfm", "F")).encode("cp037")
            + (b"\0" if form_e is None else b"\x20")
            + int(fields.get("count", 1)).to_bytes(2, "big")
            + bytes(4)
            + b"".join(word.to_bytes(4, "big") for word in form_e or (0, 0))
            + bytes(8)
        )

    def tokens(self, *words: str) -> bytes:
        return b"".join(word.ljust(8).encode("cp037") for word in words) + b"\xff" * 8

    def command(self, *words: str) -> int:
        """STATE, STATEW or ERASE as typed."""
        entry = {"STATE": "DMSSTT", "STATEW": "DMSSTTW", "ERASE": "DMSERS", "FINIS": "DMSFNS", "ACCESS": "DMSACC"}[
            words[0]
        ]
        return self.call(entry, self.tokens(*words), kind=0x0B)

    def access(self, device: int, letter: str, *, flags: int = 0, fn: str = "*", ft: str = "*", fm: str = "*") -> int:
        plist = device.to_bytes(2, "big") + bytes((flags, 0)) + f"{fn:<8}{ft:<8}{fm:<2}".encode("cp037")
        return self.call("DMSACM", plist, r10=self.adt(letter))

    def adt(self, letter: str) -> int:
        table = int.from_bytes(self.machine.storage.read(0x560, 4), "big")
        return table + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) * 0xA0

    def release(self, letter: str) -> int:
        return self.call("DMSALU", r10=self.adt(letter))

    def adt_word(self, letter: str, offset: int) -> int:
        return int.from_bytes(self.machine.storage.read(self.adt(letter) + offset, 4), "big")

    # -- files -------------------------------------------------------------------------------------------------

    def write(self, fn: str, ft: str, fm: str, data: bytes, **fields: Any) -> int:
        self.machine.storage.write(BUFFER, data)
        fields.setdefault("size", len(data))
        return self.call("DMSBWR", self.plist(fn, ft, fm, buffer=BUFFER, **fields))

    def read(self, fn: str, ft: str, fm: str = "*", size: int = 800, **fields: Any) -> tuple[int, bytes]:
        rc = self.call("DMSBRD", self.plist(fn, ft, fm, buffer=BUFFER, size=size, **fields))
        length = int.from_bytes(self.machine.storage.read(PLIST + 0x28, 4), "big")
        return rc, self.machine.storage.read(BUFFER, length)

    def read_all(self, fn: str, ft: str, fm: str = "*", size: int = 65535) -> list[bytes]:
        records = []
        while True:
            rc, data = self.read(fn, ft, fm, size)
            if rc == 12:
                assert self.finis(fn, ft, fm) == 0
                return records
            assert rc == 0
            records.append(data)

    def finis(self, fn: str = "*", ft: str = "*", fm: str = "*") -> int:
        return self.call("DMSFNS", self.plist(fn, ft, fm))

    # -- the host ----------------------------------------------------------------------------------------------

    def tod(self) -> int:
        return 1 << 60

    def cpu_id(self) -> bytes:
        return bytes(8)

    def elapsed(self, instructions: int) -> int:
        return instructions

    def diagnose(self, machine: Machine, code: int, r1: int, r3: int) -> None:
        if code == 0x18:
            self.disk_io(machine.gr[r1], machine.gr[r3])
        elif code == 0x24:
            self.device_type(machine.gr[r1], r3)
        elif code == 0x0C:
            machine.storage.write(machine.gr[r1], "11/23/2614:05:59".encode("cp037") + bytes(16))
        elif code == 0x101:
            self.supervisor_call()
        else:
            assert code == 0x102, f"DIAGNOSE X'{code:X}'"
            self.ended = True
            machine.stop()

    def device_type(self, device: int, r3: int) -> None:
        machine = self.machine
        machine.cc = 0
        if device in self.disks:
            machine.gr[r3] = 0x04080000 | (0x80 if self.disks[device].read_only else 0)
        elif device == 0x00E:
            machine.gr[r3] = 0x10410000
        else:
            machine.cc = 3

    def disk_io(self, device: int, ccw: int) -> None:
        """A chain of seek, set sector (or none), search and TIC before each read or write, or of some of these."""
        storage, machine = self.machine.storage, self.machine
        disk = self.disks.get(device)
        if disk is None:
            machine.cc, machine.gr[15] = 1, 1
            return
        self.programs += 1
        machine.cc = 0
        track, current, left = (-1, -1), 0, machine.gr[15]
        assert 1 <= left <= 15
        while True:
            code, address, flags, count = (
                int.from_bytes(storage.read(ccw + at, length), "big") for at, length in ((0, 1), (1, 3), (4, 1), (6, 2))
            )
            data = storage.read(address, 6)
            if code == 0x07:
                assert count == 6 and data[:2] == b"\0\0"
                track = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:6], "big")
                current = 0
            elif code == 0x31:
                assert count == 5 and storage.read(ccw + 8, 1) == b"\x08"
                assert int.from_bytes(storage.read(ccw + 9, 3), "big") == ccw
                assert track == (int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big"))
                current, ccw = data[4] - 1, ccw + 8
                found = True
            elif code == disk.set_sector:
                assert code == 0x03 or (count == 1 and data[0] < 225)
            else:
                assert code in (0x05, 0x06) and (code == 0x06 or found)
                current += 1
                left -= 1
                if not self.one_block(disk, code, (*track, current), address, count):
                    return
                found = False
                assert flags == (0x60 if left else 0x20)
                if not left:
                    return
            assert flags & 0x40
            ccw += 8

    def one_block(self, disk: MemoryDisk, code: int, place: tuple[int, int, int], address: int, length: int) -> bool:
        storage, machine = self.machine.storage, self.machine
        record = disk.tracks.get(place[:2], {}).get(place[2])
        if record is None:
            machine.cc, machine.gr[15] = 3, 13
            return False
        if code == 0x06:
            self.reads += 1
            storage.write(address, record[:length])
            return True
        if self.write_limit is not None and self.writes >= self.write_limit:
            self.killed = True
            machine.stop()
            return False
        assert not disk.read_only
        self.writes += 1
        disk.tracks[place[:2]][place[2]] = storage.read(address, length).ljust(len(record), b"\0")
        return True

    def supervisor_call(self) -> None:
        machine = self.machine
        old = machine.storage.read(0x20, 8)
        after = int.from_bytes(old[5:8], "big")
        if old[3] == 203:
            _, code = machine.storage.read(after, 2)
            behind = after + 2
            machine.gr[15] = 0
            if code == 1:
                self.get_storage()
            elif code == 2:
                self.give_storage()
            else:
                length, text = (
                    int.from_bytes(machine.storage.read(behind, 2), "big"),
                    machine.storage.read(behind + 2, 16),
                )
                self.messages.append(f"{text[4:7].decode('cp037')}{int.from_bytes(text[8:10], 'big'):03}")
                behind += length
            machine.storage.write(0x20, old[:5] + behind.to_bytes(3, "big"))
            return
        assert old[3] == 202
        behind = after + (0 if machine.storage.read(after, 1)[0] else 4)
        machine.storage.write(0x20, old[:5] + behind.to_bytes(3, "big"))
        plist = machine.storage.read(machine.gr[1] & 0xFFFFFF, 16)
        assert plist[:8].decode("cp037").rstrip() == "TYPLIN"
        address, length = int.from_bytes(plist[9:12], "big"), int.from_bytes(plist[14:16], "big")
        self.typed.append(machine.storage.read(address, length).decode("cp037"))
        machine.gr[15] = 0

    def get_storage(self) -> None:
        doublewords = self.machine.gr[0]
        if self.storage_left == 0:
            self.machine.gr[15] = 1
            return
        self.storage_left -= 1
        if self.free.get(doublewords):
            address = self.free[doublewords].pop()
        else:
            address = self.heap
            self.heap += doublewords * 8
            assert self.heap <= self.machine.storage.size
        self.machine.storage.write(address, b"\xaa" * (doublewords * 8))
        self.live[address] = doublewords
        self.machine.gr[1] = address

    def give_storage(self) -> None:
        address, doublewords = self.machine.gr[1], self.machine.gr[0]
        assert self.live.pop(address) == doublewords
        self.machine.storage.write(address, b"\xbb" * (doublewords * 8))
        self.free.setdefault(doublewords, []).append(address)
