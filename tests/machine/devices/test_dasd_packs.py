"""Packs on CKD drives: none, by the operator, on and off, failing hosts; saved drives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dasdbench import ADDRESS, CAW, CSW, DATA, PROGRAM, Bench
from unitbench import Room

from cpvm.machine.channel import Channels
from cpvm.machine.configure import device_from_words
from cpvm.machine.device import ConfigurationError, MediaError
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.media.volume import Volume
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW


def test_not_ready() -> None:
    io = Channels(storage := Storage(0x4000))
    io.attach(ADDRESS, Dasd("3330", None))
    for code, status in ((0x06, 0x02), (0x07, 0x02), (0x03, 0x0C), (0xE4, 0x0C)):
        storage.write(PROGRAM, CCW(code, DATA, 0x20, 6).to_bytes())
        storage.write(CAW, PROGRAM.to_bytes(4, "big"))
        if io.sio(ADDRESS) == 0:
            io.tio(ADDRESS)
        assert storage.read(CSW + 4, 1)[0] == status
        drive = io.device(ADDRESS)
        assert drive is not None
        assert drive.sense[0] == (0 if code == 0xE4 else 0x40)


def test_states_of_earlier_versions() -> None:
    bench = Bench("3350")
    state = bench.drive.save()
    for name in ("masked", "other", "spaced"):
        del state[name]
    bench.drive.load(state)
    assert bench.drive.save()["other"] == -1


def test_a_failing_host(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench("3350")

    def fail(*_: Any) -> bytes:
        raise MediaError("out of order")

    monkeypatch.setattr(bench.store, "read", fail)
    assert bench.run((0x06, 8)) == 0x0E
    assert bench.drive.sense[0] == 0x10


def test_configure(tmp_path: Path) -> None:
    path = tmp_path / "work.vol"
    Volume.create(path, "3350", "WORK", cylinders=5).close()
    address, drive = device_from_words(["190", "3350", str(path)], Room())
    assert isinstance(drive, Dasd)
    assert (address, drive.cylinders, drive.read_only) == (0x190, 5, False)
    drive.close()
    drive.close()
    _, drive = device_from_words(["190", "3350", str(path), "ro"], Room())
    assert isinstance(drive, Dasd)
    assert drive.read_only
    drive.close()
    for words, text in (
        (["190", "3330", str(path)], "3350"),
        (["190", "3350", str(tmp_path / "none")], "none"),
        (["190", "3350", str(path), "rw"], "no option rw"),
        (["190", "3350", "", "ro"], "need a disk"),
    ):
        with pytest.raises(ConfigurationError, match=text):
            device_from_words(words, Room())


def test_a_3344_takes_the_disks_of_a_3340(tmp_path: Path) -> None:
    path = tmp_path / "work.vol"
    Volume.create(path, "3340-70", "WORK", cylinders=5).close()
    drive = device_from_words(["160", "3344", str(path)], Room())[1]
    assert isinstance(drive, Dasd)
    assert drive.cylinders == 5
    drive.close()


def test_mount_and_dismount(tmp_path: Path) -> None:
    path = tmp_path / "work.vol"
    Volume.create(path, "3330", "WORK", cylinders=5).close()
    io = Channels(storage := Storage(0x4000))
    drive = device_from_words(["250", "3330"], Room())[1]
    io.attach(0x250, drive)
    with pytest.raises(ConfigurationError, match="no disk"):
        drive.dismount()
    drive.mount(str(path), {}, Room())
    assert io.take() == 0x250
    assert storage.read(CSW + 4, 1) == b"\x04"
    assert io.ipl(0x250).cc == 0
    assert storage.read(0, 8).hex()[:4] == "0006"
    drive.dismount()
    assert io.ipl(0x250).csw.unit == 0x02
