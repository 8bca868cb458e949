"""A bench for CKD drives: a drive with a few tracks, a channel, programs of commands and what they bring or read."""

from __future__ import annotations

from cpvm.machine.channel import Channels
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import OVERFLOW, Record, Track

ADDRESS, PROGRAM, ARGUMENT, DATA = 0x150, 0x800, 0x1000, 0x2000
CAW, CSW = 0x48, 0x40


class Store:
    """Tracks in storage."""

    def __init__(self) -> None:
        self.images: dict[tuple[int, int], bytes] = {}

    def read(self, cyl: int, head: int) -> bytes:
        return self.images.setdefault((cyl, head), Track.empty(cyl, head).to_bytes())

    def write(self, cyl: int, head: int, image: bytes) -> None:
        self.images[cyl, head] = image

    def commit(self) -> None:
        return


class Bench:
    """A drive with a few tracks, and a channel."""

    def __init__(self, kind: str, cylinders: int = 4, immediate: bool = True) -> None:
        self.store = Store()
        self.storage = Storage(0x10000)
        self.io = Channels(self.storage, immediate=immediate)
        self.drive = Dasd(kind, self.store, cylinders)
        self.io.attach(ADDRESS, self.drive)

    def track(self, cyl: int, head: int, *records: tuple[bytes, bytes], flag: int = 0, over: int = 0) -> Track:
        """Put records on a track; the last one goes on elsewhere if `over`."""
        track = Track.empty(cyl, head)
        track.flag = flag
        track.records = [Record(cyl, head, n, key, data) for n, (key, data) in enumerate(records, 1)]
        if over:
            track.records[-1].cyl |= OVERFLOW
        self.store.images[cyl, head] = track.to_bytes()
        return track

    def put(self, *ccws: tuple[int, bytes | int]) -> None:
        """A program of commands with what they bring, or how much they read; SLI, chained."""
        at, reading, words = ARGUMENT, DATA, b""
        for n, (code, what) in enumerate(ccws):
            flags = 0x60 if n < len(ccws) - 1 else 0x20
            if code == 0x08:
                assert isinstance(what, int)
                words += CCW(0x08, PROGRAM + 8 * (n - what), 0, 0).to_bytes()
            elif isinstance(what, bytes):
                self.storage.write(at, what)
                words += CCW(code, at, flags, len(what) or 1).to_bytes()
                at += len(what)
            else:
                words += CCW(code, reading, flags, what).to_bytes()
                reading += what
        self.storage.write(PROGRAM, words)
        self.storage.write(CAW, PROGRAM.to_bytes(4, "big"))
        self.storage.write(DATA, bytes(0x1000))

    def run(self, *ccws: tuple[int, bytes | int]) -> int:
        """Run a program at once; the unit status."""
        self.put(*ccws)
        if self.io.sio(ADDRESS) == 0:
            assert self.io.tio(ADDRESS) == 1
        return self.storage.read(CSW + 4, 1)[0]

    def read(self, size: int, at: int = 0) -> bytes:
        return self.storage.read(DATA + at, size)

    def sense(self) -> bytes:
        """The sense bytes, by Sense."""
        assert self.run((0x04, 32)) == 0x0C
        return self.read(self.drive.sense_length)


def seek(cyl: int, head: int) -> tuple[int, bytes]:
    return 0x07, (cyl << 16 | head).to_bytes(6, "big")


def find(cyl: int, head: int, rec: int) -> tuple[tuple[int, bytes], tuple[int, int]]:
    return (0x31, (cyl << 16 | head).to_bytes(4, "big") + bytes((rec,))), (0x08, 1)
