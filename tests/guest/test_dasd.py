"""The program about disks, with a drive of every kind: at once, and in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm import api
from cpvm.machine.media.volume import Volume
from cpvm.s370.ckd import GEOMETRY
from guest.program import deck, disks

CYLINDERS, BLOCKS = 5, 200
ENTRY = 0x1000


def make_disks(folder: Path) -> list[str]:
    """The words of the drives, with new disks."""
    words = []
    for address, kind in disks("dasd"):
        path = folder / f"{kind}.disk"
        if kind in GEOMETRY:
            Volume.create(path, kind, f"V{kind}", cylinders=CYLINDERS).close()
        else:
            path.write_bytes(bytes(512 * BLOCKS))
        words.append(f"{address:03X},{kind},{path}")
    return words


@pytest.mark.parametrize("immediate", [True, False])
def test_every_drive(tmp_path: Path, immediate: bool) -> None:
    words = make_disks(tmp_path)
    assert len(words) == 9
    machine = api.BareMachine(devices=words, immediate_io=True)
    machine.load_deck([deck("dasd")])
    machine.end_of_input()
    machine.ipl()
    machine.address_stop = ENTRY  # the loader, which polls its reader, is none of this test's business
    machine.go()
    machine.address_stop = None
    machine.io.immediate = immediate
    stop = machine.go()
    machine.close()
    assert "DASD: PASSED" in machine.typed_out, (stop, machine.typed_out)
