"""Random channel programs, I/O instructions and operators, against a device of any registered type.

Whatever a program holds, no exception of the host comes out of the channels, the channels are done in bounded time and
can be halted, and nothing is stored where the key of the program does not allow it.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from iobench import Tracks
from rig import Blocks, Recorder
from witness.make import aws

from cpvm.machine import snapshot
from cpvm.machine.channel import SELECTOR, Channels
from cpvm.machine.configure import ConfigurationError, device_from_words
from cpvm.machine.device import Device, device_types
from cpvm.machine.media.screen.buffer import StreamError
from cpvm.machine.program import CCW_LIMIT, SHARE, SHARE_TIME
from cpvm.machine.storage import BLOCK, Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import GEOMETRY, Record, encode_track

SIZE: Final = 1 << 16
KEY: Final = 3
CCWS, DATA = 0x800, (0x1000, 0x1010, 0x1040, 0x17F0, 0x1FFF, 0x2000, 0x2FF0, 0x3000)
ARGUMENTS, FILE_MASK = 0x1100, 0x1140
CHANNELS = (0x000, 0x100, 0x200)
"""A byte multiplexer, a block multiplexer, and one that is made a selector channel."""
CSW, CAW, CHANNEL_ID = 0x40, 0x48, 0xA8
CYLINDERS, HEADS = 3, 3
KEYS = ("start", "stop", "eof", "reset", "unload", "attention", "ready", "enter", "pa1", "clear", "pf1", "power", "off")
ENOUGH: Final = 10_000_000_000
"""Microseconds in which everything that takes time is over."""


class Terminal:
    """The place of a display on the host: its operator answers as the fuzzer says."""

    def __init__(self) -> None:
        self.display: Any = None
        self.asked = False

    def attach(self, display: Any) -> None:
        self.display = display

    def write(self, command: int, data: bytes) -> None:
        pass

    def read(self) -> None:
        self.asked = True


class Room(Recorder):
    """What stands around the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.terminal = Terminal()
        self.links: dict[str, Any] = {}

    def display(self, name: str) -> Any:
        return self.terminal

    def output(self, path: str, binary: bool, append: bool = False) -> IO[Any]:
        return io.BytesIO() if binary else io.StringIO()

    def link(self, name: str) -> object:
        return self.links.setdefault(name, {})


def _track(rng: random.Random, cyl: int, head: int) -> bytes:
    rows = [
        Record(cyl, head, n, rng.randbytes(rng.choice((0, 0, 4))), rng.randbytes(rng.choice((0, 9, 300))))
        for n in range(1, rng.randrange(6))
    ]
    return encode_track(cyl, head, rows)


def _medium(rng: random.Random, type: str, folder: Path) -> str:
    """A file with something that the device can have as a medium."""
    path = folder / f"medium{rng.randrange(10**9)}"
    kind = device_types()[type].kind
    if kind == "tape":
        path = path.with_suffix(".aws")
        path.write_bytes(aws([rng.randbytes(rng.choice((0, 1, 20, 80, 700))).hex() for _ in range(rng.randrange(9))]))
    elif kind == "reader":
        path.write_bytes(rng.randbytes(80 * rng.randrange(6)))
    return str(path)


def devices(rng: random.Random, type: str, folder: Path, room: Room) -> list[Device]:
    """A device of a type, with a medium mostly; both of them if it goes in pairs."""
    cls: Any = device_types()[type]
    if cls.kind == "dasd":
        tracks = Tracks()
        for cyl in range(CYLINDERS):
            for head in range(HEADS):
                tracks.images[cyl, head] = _track(rng, cyl, head)
        return [cls(type, tracks, cylinders=min(CYLINDERS, GEOMETRY[type].cylinders), read_only=rng.random() < 0.1)]
    if cls.kind == "fba":
        return [cls(type, Blocks(rng.choice((1, 10, 200))))]
    words = ["150", type]
    if cls.kind == "ctca":
        return [device_from_words([*words, "link"], room)[1] for _ in range(2)]
    if rng.random() < 0.9:
        for more in ([_medium(rng, type, folder)], ["name"], []):
            try:
                return [device_from_words([*words, *more], room)[1]]
            except ConfigurationError:
                continue
    return [device_from_words(words, room)[1]]


class Fuzzer:
    """One device (or a pair) on a channel, and everything that may happen to it.

    `programs` counts the programs that were started, `perform` the commands in the present call of the channels.
    """

    def __init__(self, seed: int, type: str, folder: Path) -> None:
        self.rng = rng = random.Random(f"{seed} {type}")
        self.storage = Storage(SIZE)
        self.io = Channels(self.storage, immediate=rng.random() < 0.5)
        self.io.types[CHANNELS[2] >> 8] = SELECTOR
        self.io.multiplexing = lambda: self.rng.random() < 0.8
        self.folder = folder
        self.room = Room()
        self.devices = devices(rng, type, folder, self.room)
        base = rng.choice(CHANNELS) + rng.randrange(0x100 - len(self.devices))
        self.addresses = [base + n for n in range(len(self.devices))]
        for address, device in zip(self.addresses, self.devices, strict=True):
            self.io.attach(address, device)
            self._count(device)
        self.codes = sorted({code for device in self.devices for code in device._commands})
        self.programs = 0
        self.commands = 0
        self.depth = 0
        for block in range(0, SIZE, BLOCK):
            self.storage.set_key(block, rng.choice((KEY << 4, KEY << 4, 0x40, 0x48)))
        for low in (0x000, 0x800, 0x1000, 0x1800):
            self.storage.set_key(low, KEY << 4)

    def _count(self, device: Device) -> None:
        perform = device.perform

        def counted(path: Any) -> int:
            self.commands += 1
            return perform(path)

        device.perform = counted  # type: ignore[method-assign]

    # ---- programs

    def _argument(self) -> bytes:
        """Something that may be a seek address, a record's identifier, a count field, an extent, orders."""
        rng = self.rng
        return rng.choice(
            (
                bytes((0, 0, 0, rng.randrange(5), 0, rng.randrange(5), rng.randrange(7), rng.randrange(9))),
                bytes((0, rng.randrange(4), 0, rng.randrange(4), rng.randrange(6), 0, 0, rng.randrange(20))),
                bytes((rng.choice((0, 1, 4, 6, 0x16)), 0, 0, rng.randrange(4), 0, 0, 0, rng.randrange(12))),
                bytes(12) + bytes((0, 0, 0, rng.randrange(200))),
                rng.randbytes(16),
                bytes(
                    rng.choice((0x11, 0x1D, 0x12, 0x13, 0x3C, 0x05, 0x40, 0xC3, rng.randrange(256))) for _ in range(24)
                ),
                bytes(4) + rng.randrange(SIZE).to_bytes(4, "big"),
            )
        )

    def _lead(self) -> list[CCW]:
        """What has to come before reading and writing: a seek and a search, an extent and a locate."""
        rng = self.rng
        kind = self.devices[0].kind
        if kind == "dasd":
            where = bytes((0, rng.randrange(CYLINDERS), 0, rng.randrange(HEADS)))
            key, data = rng.choice((0, 0, 4)), rng.choice((0, 9, 300, 20000))
            number = rng.choice((0, 1, rng.randrange(6)))
            count = where + bytes((number, key, data >> 8, data & 0xFF))
            self.storage.write(ARGUMENTS, bytes(2) + where + bytes((number,)))
            self.storage.write(DATA[0], count)
            self.storage.write(FILE_MASK, bytes((rng.choice((0xC0, 0xC0, 0x00, 0x40, 0x80)),)))
            search = CCW(rng.choice((0x31, 0x31, 0x31, 0xB1, 0x51, 0x71)), ARGUMENTS + 2, 0x40, 5)
            if rng.random() < 0.3:
                search = CCW(rng.choice((0x39, 0xB9)), ARGUMENTS + 2, 0x40, 4)
            ccws = [CCW(0x1F, FILE_MASK, 0x40, 1)] if rng.random() < 0.7 else []
            ccws.append(CCW(rng.choice((0x07, 0x0B)), ARGUMENTS, 0x40, 6))
            back = CCWS + 8 * len(ccws)
            return [*ccws, search, CCW(0x08, back, 0, 0)]
        if kind == "fba":
            last = rng.choice((9, 60, 199))
            self.storage.write(
                ARGUMENTS, bytes((rng.choice((0, 0x40, 0xC0)), 0, 0, 0)) + bytes(8) + last.to_bytes(4, "big")
            )
            operation = rng.choice((0x01, 0x02, 0x04, 0x05, 0x06, 0x16))
            size = rng.randrange(1, 5)
            self.storage.write(ARGUMENTS + 16, bytes((operation, 0, 0, size)) + rng.randrange(last).to_bytes(4, "big"))
            return [CCW(0x63, ARGUMENTS, 0x40, 16), CCW(0x43, ARGUMENTS + 16, 0x40, 8)]
        if kind == "display":
            text = bytes(
                (0, rng.choice((0, 5, 5, 6, 9)), rng.choice((0x01, 0x03, 0x09, 0x40)), rng.choice((0, 0xFF)), 2)
            )
            self.storage.write(ARGUMENTS, text + rng.randbytes(16))
            return [CCW(rng.choice((0x11, 0x01, 0x05)), ARGUMENTS, 0x60, rng.randrange(1, 20))]
        return []

    def _program(self) -> list[CCW]:
        rng = self.rng
        ccws = self._lead() if rng.random() < 0.6 else []
        n = len(ccws) + rng.randrange(1, 10 - len(ccws))
        while len(ccws) < n:
            command = rng.choice((rng.randrange(256), 0x08, *(rng.choice(self.codes) for _ in range(8))))
            if command & 0x0F == 0x08:
                where = CCWS + 8 * rng.choice((len(ccws) - 1, rng.randrange(n + 1))) + rng.choice((0,) * 15 + (4,))
                ccws.append(CCW(command, max(where, 0), 0, 0))
                continue
            address = rng.choice((*DATA, *DATA, *DATA, 0xFFF0, 0xFFFFF0, rng.randrange(SIZE), rng.randrange(1 << 24)))
            flags = rng.choice((0x40, 0x60, 0x60, 0x60, 0x60, 0x60, 0xC0, 0x20, 0x64, 0x70, 0x68, rng.randrange(256)))
            count = rng.choice((0, 1, 4, 5, 6, 8, 8, 16, 80, 132, 200, 512, 800, 4096, 65535))
            ccws.append(CCW(command, address, flags, count))
        return ccws

    def _prepare(self) -> None:
        rng = self.rng
        for at in DATA:
            self.storage.write(at, self._argument())
        self.storage.write(CCWS, b"".join(ccw.to_bytes() for ccw in self._program()).ljust(96, b"\0"))
        caw = KEY << 28 | CCWS
        self.storage.write(CAW, (caw if rng.random() < 0.98 else rng.randrange(1 << 32) | KEY << 28).to_bytes(4, "big"))

    # ---- what may happen

    def _call(self, what: Callable[[], Any], time: int = 0) -> Any:
        """Call the channels, which may let `time` pass; they leave alone what they must, and come to an end."""
        before = self.storage.read(0, SIZE)
        self.commands = 0
        result = what()
        limit = (CCW_LIMIT + (time // SHARE_TIME + 1) * SHARE) * len(self.devices)
        assert self.commands <= limit, f"{self.commands} commands"
        after = self.storage.read(0, SIZE)
        for at in range(0, SIZE, BLOCK):
            if self.storage.key(at) >> 4 != KEY:
                assert before[at : at + BLOCK] == after[at : at + BLOCK], f"block {at:04X} has another key"
        for device in self.devices:
            assert isinstance(device.sense, bytes)
            assert len(device.sense) == device.sense_length, f"{len(device.sense)} sense bytes"
        return result

    def _start(self) -> None:
        self._prepare()
        self.programs += 1
        address = self.rng.choice(self.addresses)
        start = self.io.siof if self.rng.random() < 0.1 else self.io.sio
        self.storage.write(CSW, bytes(8))
        cc = self._call(lambda: start(address))
        assert cc in (0, 1, 2)
        assert cc != 1 or any(self.storage.read(CSW + 4, 2)), "condition code 1 with nothing to tell"

    def _operator(self, device: Any) -> None:
        """The operator's side of a device."""
        rng = self.rng
        what = rng.randrange(8)
        try:
            if what == 0:
                device.press(rng.choice(KEYS))
            elif what == 1:
                device.mount(_medium(rng, device.type, self.folder), {}, self.room)
            elif what == 2 and rng.random() < 0.3:
                device.dismount()
        except ConfigurationError:
            return
        with suppress(StreamError):  # what a terminal sends wrong is the terminal's error
            self._type(device, what)

    def _type(self, device: Any, what: int) -> None:
        """The operator types."""
        rng = self.rng
        if device.kind == "console":
            if what == 3:
                device.attention()
            elif what == 4:
                device.cancel()
            elif what >= 5:
                device.enter(rng.randbytes(rng.randrange(200)))
        elif device.kind == "display" and what >= 3:
            if self.room.terminal.asked:
                self.room.terminal.asked = False
                device.answer(rng.randbytes(rng.randrange(1, 60)))
            elif what < 6:
                device.enter(
                    bytes((rng.choice((0x7D, 0x6D, 0x6C, 0x88, rng.randrange(256))),))
                    + rng.randbytes(rng.randrange(30))
                )
            else:
                device.power(rng.random() < 0.7)

    def step(self) -> None:
        """Let something happen."""
        rng, io_ = self.rng, self.io
        address = rng.choice(self.addresses)
        for device in self.devices:
            if hasattr(device, "poll"):
                device.poll()
        match rng.randrange(20):
            case 0 | 1 | 2 | 3 | 4:
                self._start()
            case 5 | 6:
                assert self._call(lambda: io_.tio(address)) in (0, 1, 2)
            case 7 | 8:
                self._call(lambda: io_.take(rng.choice((0xFFFFFFFF, rng.randrange(1 << 32)))))
            case 9 | 10:
                time = rng.choice((1, 100, 5000, 1_000_000))
                self._call(lambda: io_.elapse(time), time)
            case 11:
                self._call(io_.advance)
            case 12:
                assert self._call(lambda: io_.hio(address)) in (0, 1, 2)
            case 13:
                assert self._call(lambda: io_.hdv(address)) in (0, 1, 2)
            case 14:
                assert self._call(lambda: io_.clrio(address)) in (0, 1, 2)
            case 15:
                assert self._call(lambda: io_.tch(address)) in (0, 1, 2)
                assert self._call(lambda: io_.stidc(address)) == 0
            case 16:
                self._saved()
            case 17 if rng.random() < 0.2:
                self._prepare()
                self.programs += 1
                io_.execute(address, CCWS, KEY)
            case _:
                self._operator(rng.choice(self.devices))

    def _saved(self) -> None:
        """A state that is saved and taken up again is the same."""
        text = plain(self.io)
        self.io.load(revived(text))
        assert plain(self.io) == text

    def finish(self) -> None:
        """Halt everything: the channels become quiet, and a device still gives its sense bytes."""
        self.io.multiplexing = lambda: True
        for address in self.addresses:
            for _ in range(3):
                self.io.hio(address)
                self.io.clrio(address)
        self.io.elapse(0)
        self.io.elapse(ENOUGH)
        assert not self.io.timed
        assert not self.io.active
        for _ in range(20):
            if self.io.take() is None:
                break
        assert not self.io.pending()
        for address in self.addresses:
            assert self.io.tio(address) == 0
        self.io.reset()
        for device in self.devices:
            device.close()


def plain(channels: Channels) -> str:
    """The state of channels and devices, as it goes into a file."""
    return json.dumps(snapshot._plain(channels.save()), sort_keys=True)


def revived(text: str) -> dict[int, Any]:
    """The state in such a text."""
    state: dict[str, Any] = json.loads(text, object_hook=snapshot._revive)
    return {int(address): entry for address, entry in state.items()}


def fuzz(seed: int, type: str, folder: Path, steps: int) -> int:
    """Let a device go through so many steps; the number of programs started."""
    fuzzer = Fuzzer(seed, type, folder)
    for _ in range(steps):
        fuzzer.step()
    fuzzer.finish()
    return fuzzer.programs


def types() -> Iterator[str]:
    """All registered types."""
    yield from sorted(device_types())
