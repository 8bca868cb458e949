"""A machine that is saved and restored goes on as if nothing had been, instruction by instruction."""

import json
import random
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from cpvm.machine import Machine, ProgramCheck, SnapshotError, StopReason
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.devices.printer1403 import Printer1403
from cpvm.machine.snapshot import VERSION, configuration, restore, save
from cpvm.s370.insn import table
from cpvm.s370.psw import PSW

SIZE = 1 << 16
OPCODES = sorted(opcode if opcode < 256 else opcode >> 8 for opcode in table())


class Clock:
    """A host whose time goes with the instructions."""

    def __init__(self, time: int = 1 << 60) -> None:
        self.time = time

    def diagnose(self, machine: Machine, code: int, r1: int, r3: int) -> None:
        raise ProgramCheck(6)

    def tod(self) -> int:
        self.time += 1
        return self.time

    def cpu_id(self) -> bytes:
        return bytes(8)

    def elapsed(self, instructions: int) -> int:
        self.time += 4096 * instructions
        return instructions


class Paper:
    """Console and printer back end that throws everything away."""

    def write(self, data: bytes, newline: bool) -> None: ...

    def read(self, limit: int) -> None: ...

    def alarm(self) -> None: ...

    def line(self, opcode: int, data: bytes) -> None: ...


def machine(clock: Clock, size: int = SIZE) -> Machine:
    m = Machine(size, clock)
    m.attach(0x009, Console3215(Paper()))
    m.attach(0x00E, Printer1403(Paper()))
    return m


def shuffle(m: Machine, r: random.Random) -> None:
    """Random contents, in which much of what is executed is an instruction."""
    text = bytearray(r.randbytes(m.storage.size))
    for i in range(0, SIZE, 4):
        text[i] = r.choice(OPCODES)
        text[i + 2] &= 0x3F
    m.storage.write(0, bytes(text))
    m.storage.write(0x8000, bytes(0x2000))
    for new in range(0x58, 0x80, 8):
        m.storage.write(new, PSW(mode=r.choice((0, 8)), address=r.randrange(SIZE) & ~1).to_bytes())
    for block in range(0, SIZE, 2048):
        m.storage.set_key(block, r.choice((0, 0, 0x10, 0x18)))
    for n in range(16):
        m.gr[n] = r.choice((r.getrandbits(32), r.randrange(SIZE)))
    for n in (0, 2, 4, 6):
        m.fr[n] = r.getrandbits(64)
    m.set_cr(0, r.choice((0x008064E0, 0x004000E0)))
    m.set_cr(1, 0x4000)
    # translation on, in every fourth case: all of storage is mapped in 4K pages, some of them invalid
    m.psw = PSW(r.choice((0, 0xFF, 1)), r.choice((0, 1)), 0, address=r.randrange(SIZE) & ~1)
    if r.random() < 0.25:
        m.set_cr(0, 0x008064E0)
        m.storage.write(0x4000, (0xF0004100).to_bytes(4, "big"))
        pages = (n << 4 | (8 if r.random() < 0.1 else 0) for n in range(16))
        m.storage.write(0x4100, b"".join(page.to_bytes(2, "big") for page in pages))
        m.psw = PSW(7, 0, 8, address=r.randrange(SIZE) & ~1)


def seen(m: Machine) -> tuple[object, ...]:
    """All that can be seen of a machine from outside but storage."""
    timers = m.cpu.timers.save()
    return m.psw, list(m.gr), list(m.fr), list(m.cr), timers, m.io.save(), m.cpu.prefix_register


@pytest.mark.parametrize("seed", range(12))
def test_goes_on_identically(seed: int) -> None:
    r = random.Random(seed)
    clock = Clock()
    m = machine(clock)
    shuffle(m, r)
    m.external(0x40)
    m.external(0x1200)
    steps = 0
    for _ in range(12):
        m.run(r.randrange(60))
        state = save(m)
        again = Clock(clock.time)
        other = machine(again)
        other.gr[3] = 99
        restore(other, state)
        assert save(other) == state
        assert seen(other) == seen(m)
        for _ in range(60):
            one, two = m.run(1), other.run(1)
            assert one == two
            assert seen(other) == seen(m)
            steps += one.instructions
            if one.reason is not StopReason.BUDGET:
                m.psw = other.psw = PSW(address=r.randrange(SIZE) & ~1)
        assert other.storage.read(0, SIZE) == m.storage.read(0, SIZE)
        assert other.storage.keys == m.storage.keys
        assert save(other) == save(m)
    assert steps > 300


def test_a_read_under_way_travels_with_the_machine() -> None:
    """The console read is answered at the machine that was restored."""
    m = machine(Clock())
    m.storage.write(0x48, (0x2000).to_bytes(4, "big"))
    m.storage.write(0x2000, bytes.fromhex("0A00300020000050"))
    m.storage.write(0x78, PSW(address=0x1008).to_bytes())
    m.storage.write(0x1000, bytes.fromhex("9C000009" + "82000010"))
    m.storage.write(0x10, PSW(system_mask=0xFF, mode=2).to_bytes())
    m.psw = PSW(address=0x1000)
    assert m.run(10).reason is StopReason.WAIT
    other = machine(Clock())
    restore(other, save(m))
    console = other.device(0x009)
    assert isinstance(console, Console3215)
    assert console.enter(b"\xc1\xc2")
    other.run(1)
    assert other.storage.read(0x3000, 2) == b"\xc1\xc2"
    assert PSW.from_bytes(other.storage.read(0x38, 8)).code == 9


def test_files(tmp_path: Path) -> None:
    m = machine(Clock())
    m.storage.write(0x5000, b"here")
    m.gr[7] = 0x12345678
    path = tmp_path / "machine"
    m.save(path)
    m.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["machine"]
    other = machine(Clock())
    other.restore(path)
    assert (other.gr[7], other.storage.read(0x5000, 4)) == (0x12345678, b"here")
    needed = configuration(path.read_bytes())
    assert (needed.storage, needed.devices) == (SIZE, {0x009: "3215", 0x00E: "1403"})
    assert path.stat().st_size < 5000


def changed(state: bytes, **values: object) -> bytes:
    """A snapshot with members of its JSON replaced."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(state)) as old, zipfile.ZipFile(out, "w") as new:
        content = json.loads(old.read("machine.json"))
        new.writestr("machine.json", json.dumps(content | values))
        new.writestr("storage", old.read("storage"))
    return out.getvalue()


def test_what_is_refused() -> None:
    m = machine(Clock())
    m.storage.write(0x5000, b"here")
    state = save(m)
    with pytest.raises(SnapshotError, match="131072 bytes of storage, not 65536"):
        restore(m, save(machine(Clock(), 1 << 17)))
    with pytest.raises(SnapshotError, match="other devices: 009 3215, 00E 1403, not none"):
        restore(Machine(SIZE), state)
    with pytest.raises(SnapshotError, match=f"version {VERSION + 1}"):
        restore(m, changed(state, version=VERSION + 1))
    for bad in (b"", b"PK\x03\x04", state[:-30], state[:200], changed(state, format="x"), changed(state, io=5)):
        with pytest.raises(SnapshotError, match=r"not the state|damaged"):
            restore(m, bad)
    assert m.storage.read(0x5000, 4) == b"here"
    for values in ({"blocks": [[31, 2]]}, {"keys": {"bytes": "00"}}, {"processor": {}}, {"blocks": []}):
        with pytest.raises(SnapshotError, match="damaged"):
            restore(m, changed(state, **values))
    assert m.storage.read(0x5000, 4) == bytes(4)


def test_damaged_files_do_no_harm() -> None:
    r = random.Random(1)
    m = machine(Clock())
    shuffle(m, r)
    state = save(m)
    for _ in range(60):
        bad = bytearray(state)
        for _ in range(r.randrange(1, 4)):
            bad[r.randrange(len(bad))] = r.getrandbits(8)
        try:
            restore(m, bytes(bad))
        except SnapshotError:
            continue
        m.run(5)
