"""Pages of host files as storage: shared until changed, with segments beyond the machine's own storage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpvm.machine import Machine, StopReason, engines, mapping
from cpvm.machine.storage import AddressError
from cpvm.s370.psw import PSW

START = 0xF00000
ENGINES = [engines.REFERENCE, *(["compiled", "translated"] if "translated" in engines.ENGINES else [])]


@pytest.fixture(params=["shared", "copied"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that can share pages, and hosts that cannot."""
    if request.param == "copied":
        monkeypatch.setattr(mapping, "_system_call", lambda: None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pages"
    path.write_bytes(b"".join(bytes([page]) * 4096 for page in range(1, 5)))
    return path


def mapped(machine: Machine, path: Path, address: int, *, watch: bool = False) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        machine.storage.map_pages(address, 2 * 4096, number, 4096, watch=watch)
    finally:
        os.close(number)
    machine.cpu.forget()


def test_a_change_stays_with_the_machine(file: Path) -> None:
    one, other = Machine(65536), Machine(65536)
    for machine in (one, other):
        mapped(machine, file, 0x4000)
    one.storage.write(0x4003, b"own")
    assert one.storage.read(0x4002, 5) == b"\x02own\x02"
    assert other.storage.read(0x4002, 5) == b"\x02" * 5
    assert file.read_bytes()[4096:4104] == b"\x02" * 8
    assert other.storage.read(0x5FFF, 2) == b"\x03\x00"


def test_clear_leaves_nothing_of_the_file(file: Path) -> None:
    machine = Machine(65536)
    machine.storage.attach_segment(START, START + 0x10000)
    mapped(machine, file, 0x4000, watch=True)
    mapped(machine, file, START)
    machine.clear()
    assert machine.storage.read(0x4000, 0x2000) == bytes(0x2000)
    assert not machine.storage.holds(START)
    assert not machine.storage.watched


def test_segments_end(file: Path) -> None:
    machine = Machine(65536)
    storage = machine.storage
    storage.attach_segment(START, START + 0x10000)
    mapped(machine, file, START)
    assert storage.read(START + 0x1000, 1) == b"\x03"
    assert not storage.holds(START + 0xFFFF, 2)
    with pytest.raises(AddressError):
        storage.read(START - 1, 1)
    with pytest.raises(AddressError):
        storage.read(65536, 1)
    with pytest.raises(AddressError):
        storage.attach_segment(START + 0x8000, START + 0x20000)
    with pytest.raises(AddressError):
        storage.attach_segment(0x8000, 0x20000)
    storage.detach_segment(START, START + 0x10000)
    with pytest.raises(AddressError):
        storage.read(START, 1)
    storage.attach_segment(START, START + 0x10000)
    assert storage.read(START, 0x10000) == bytes(0x10000)


def test_what_is_watched_is_told_once(file: Path) -> None:
    machine = Machine(65536)
    told: list[int] = []
    machine.storage.altered = told.append
    mapped(machine, file, 0x4000, watch=True)
    machine.storage.write(0x3FF0, bytes(16))
    assert not told
    machine.storage.write(0x47FF, bytes(2))
    machine.storage.write(0x4000, bytes(2))
    assert told == [8, 9]


@pytest.mark.parametrize("engine", ENGINES)
def test_programs_use_segments(file: Path, engine: str) -> None:
    """A program in the segment changes itself, for its own machine only; a hole is an addressing exception."""
    text = bytes.fromhex(
        "05C0"  # BALR 12,0
        "4120000A"  # LA 2,10
        "5A30C014"  # A 3,in segment
        "4620C004"  # BCT 2
        "5030C018"  # ST 3,in segment
        "5040D000"  # ST 4,0(13): a hole
        "00000001"  # at 20(12)
        "00000000"
    )
    pages = bytearray(file.read_bytes())
    pages[4096 : 4096 + len(text)] = text
    file.write_bytes(pages)
    machines = [Machine(65536, engine=engine) for _ in range(2)]
    for machine in machines:
        machine.storage.attach_segment(START, START + 0x10000)
        mapped(machine, file, START, watch=True)
        machine.storage.write(0x68, bytes.fromhex("000A000000000BAD"))
    told: list[int] = []
    one, other = machines
    one.storage.altered = told.append
    one.psw = PSW.from_bytes(bytes.fromhex("0004000000F00000"))
    one.gr[13] = 0x800000
    stop = one.run(1000)
    assert stop.reason is StopReason.DISABLED_WAIT
    assert one.storage.read(0x28, 8)[2:] == bytes.fromhex("0005A0F00016")
    assert one.gr[3] == 10
    assert one.storage.read(START + 0x1A, 4) == (10).to_bytes(4, "big")
    assert other.storage.read(START + 0x1A, 4) == bytes(4)
    assert told == [START // 2048]


def test_pages_given_back_to_the_host(file: Path) -> None:
    """Zeros, whether they were the machine's own or a file's; what is beside them stays."""
    storage = Machine(1 << 20).storage
    storage.write(0x1000, b"\x11" * 0x5000)
    told: list[int] = []
    storage.altered = told.append
    with file.open("rb") as pages:
        storage.map_pages(0x8000, 0x2000, pages.fileno(), 0, watch=True)
    storage.release(0x1800, 0x3000)
    assert storage.read(0x17FF, 1) == storage.read(0x4800, 1) == b"\x11"
    assert not any(storage.read(0x1800, 0x3000))
    storage.release(0x8000, 0x1000)
    assert not any(storage.read(0x8000, 0x1000))
    assert storage.read(0x9000, 1) == b"\x02"
    assert told == [0x10, 0x11]
    with pytest.raises(AddressError):
        storage.release(0xFF800, 0x1000)
