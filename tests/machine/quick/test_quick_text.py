"""A channel program executed natively reads over a hot loop: what was translated of it is not executed again."""

from pathlib import Path

import pytest
from everyengine import at_once

from cpvm.machine import Machine, StopReason
from cpvm.machine.compiled.native import library
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.media.volume import Volume
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import Record, encode_track
from cpvm.s370.psw import PSW

ROUNDS, TIMES = 12, 2000
CODE = {
    0x300: "41300000 47F00600",  # LA 3,TIMES; B X'600'
    0x600: "41220001 46300600",  # LA 2,1(2), or 2 in place of 1; BCT 3,*-4
    0x608: "46400610 47F00330",  # BCT 4,*+8; B X'330'
    0x610: "9703090A 9C000190 82000310",  # XI the record's number; SIO; LPSW
    0x330: "50200344 82000340",  # ST 2,X'344'; LPSW
}


@pytest.mark.parametrize("engine", ["reference", "compiled", "translated"])
def test_read_over_a_hot_loop(engine: str, tmp_path: Path) -> None:
    library().wait()
    with Volume.create(tmp_path / "a.volume", "3350", "TEXT", 1) as volume:
        rows = [Record(0, 1, n, b"", bytes((0x41, 0x22, 0, n))) for n in (1, 2)]
        volume.write(0, 1, encode_track(0, 1, rows))
    m = Machine(0x10000, engine=engine)
    at_once(m._interpreter)
    drive = Dasd.configure("3350", str(tmp_path / "a.volume"), {}, room=None)  # type: ignore[arg-type]
    m.attach(0x190, drive)
    for at in range(0, 0x10000, 2048):
        m.storage.set_key(at, 6)
    for at, text in CODE.items():
        m.storage.write(at, bytes.fromhex(text))
    m.storage.write(0x302, TIMES.to_bytes(2, "big"))
    program = [CCW(7, 0x904, 0x40, 6), CCW(0x31, 0x906, 0x40, 5), CCW(8, 0x808, 0, 0), CCW(6, 0x600, 0, 4)]
    m.storage.write(0x800, b"".join(ccw.to_bytes() for ccw in program))
    m.storage.write(0x904, bytes((0, 0, 0, 0, 0, 1, 1)))
    m.storage.write(0x48, (0x800).to_bytes(4, "big"))
    m.storage.write(0x78, PSW(address=0x300).to_bytes())
    m.storage.write(0x310, PSW(0xFE, 0, 2).to_bytes())
    m.storage.write(0x340, PSW(mode=2).to_bytes())
    m.gr[4] = ROUNDS
    m.psw = PSW(address=0x300)
    stop = m.run(10_000_000)
    assert stop.reason is StopReason.DISABLED_WAIT
    assert stop.detail == TIMES * (ROUNDS // 2 + 2 * (ROUNDS // 2))
    drive.close()
