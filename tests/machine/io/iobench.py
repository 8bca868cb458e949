"""A bench for channel programs: storage, channels, one of each device, and back ends that remember."""

from __future__ import annotations

from cpvm.machine.channel import Channels
from cpvm.machine.device import Device
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.devices.printer1403 import Printer1403
from cpvm.machine.devices.punch2540 import Punch2540
from cpvm.machine.devices.reader2540 import Reader2540
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import Record, Track, encode_track

CONSOLE, READER, PUNCH, PRINTER, DISK, READ_ONLY, OLD_DISK = 0x009, 0x00C, 0x00D, 0x00E, 0x191, 0x190, 0x230
CAW, CSW = 0x48, 0x40


class Tracks:
    """Tracks in a dictionary; counts commits."""

    def __init__(self) -> None:
        self.images: dict[tuple[int, int], bytes] = {}
        self.commits = 0

    def read(self, cyl: int, head: int) -> bytes:
        return self.images.setdefault((cyl, head), Track.empty(cyl, head).to_bytes())

    def write(self, cyl: int, head: int, image: bytes) -> None:
        self.images[cyl, head] = image

    def commit(self) -> None:
        self.commits += 1


class Paper:
    """Back end of every unit record device and of the console."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.files: list[list[bytes]] = []
        self.answer: bytes | None = None
        self.console: Console3215 | None = None
        self._at = 0

    def write(self, data: bytes, newline: bool) -> None:
        self.log.append(f"write {data.hex()} {'nl' if newline else '--'}")

    def read(self, limit: int) -> None:
        self.log.append(f"read {limit}")
        if self.answer is not None and self.console is not None:
            self.console.enter(self.answer)

    def alarm(self) -> None:
        self.log.append("alarm")

    def next(self) -> bytes | None:
        if not self.files:
            return None
        if self._at == len(self.files[0]):
            self._at = 0
            self.files.pop(0)
            return None
        self._at += 1
        return self.files[0][self._at - 1]

    def card(self, data: bytes) -> None:
        self.log.append(f"card {data.hex()}")

    def line(self, opcode: int, data: bytes) -> None:
        self.log.append(f"line {opcode:02x} {data.hex()}")


class Bench:
    """64K of storage and the devices; CCWs go to X'800'."""

    def __init__(self) -> None:
        self.storage = Storage(65536)
        self.io = Channels(self.storage)
        self.paper = Paper()
        self.tracks = Tracks()
        self.old_tracks = Tracks()
        self.console = self.paper.console = Console3215(self.paper)
        self.reader = Reader2540(self.paper)
        devices: dict[int, Device] = {
            CONSOLE: self.console,
            READER: self.reader,
            PUNCH: Punch2540(self.paper),
            PRINTER: Printer1403(self.paper),
            DISK: Dasd("3350", self.tracks, cylinders=4),
            READ_ONLY: Dasd("3350", self.tracks, cylinders=4, read_only=True),
            OLD_DISK: Dasd("2314", self.old_tracks, cylinders=4),
        }
        for address, device in devices.items():
            self.io.attach(address, device)

    def program(self, *ccws: CCW, at: int = 0x800, key: int = 0) -> None:
        """Put a channel program into storage, and its address into the CAW."""
        self.storage.write(at, b"".join(ccw.to_bytes() for ccw in ccws))
        self.storage.write(CAW, (key << 28 | at).to_bytes(4, "big"))

    def csw(self) -> str:
        """The CSW in hexadecimal."""
        return self.storage.read(CSW, 8).hex()

    def format(self, cyl: int, head: int, records: list[tuple[bytes, bytes]]) -> None:
        """A track of the disk with records 1, 2, ... of these keys and data."""
        rows = [Record(cyl, head, n, key, data) for n, (key, data) in enumerate(records, 1)]
        self.tracks.images[cyl, head] = encode_track(cyl, head, rows)
