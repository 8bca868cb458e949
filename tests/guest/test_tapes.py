"""The program about tape units, with all types of them: what it sees, and what is on the reels in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm import api
from cpvm.machine.media.tape.open import open_tape
from cpvm.s370.ebcdic import to_ebcdic
from guest.program import deck

DEVICES = (
    "180,3420,r0.aws",
    "181,3410,r1.het",
    "182,2401,r2.tap",
    "183,2415,r3.e11",
    "184,2420,r4.het,bzip2",
    "185,3411,r5.aws",
    "186,2403,r6.aws",
    "187,2404,r7.tap",
    "188,3420,label.aws,ro",
    "189,3420,short.aws,feet=2",
)
ENTRY = 0x1000
KILO = to_ebcdic("ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 40)[:1000]


def blocks(path: Path) -> list[bytes]:
    store, at, found = open_tape(path, read_only=True), 0, []
    while (block := store.forward(at)) is not None:
        found.append(block.data)
        at = block.end
    return found


@pytest.mark.parametrize("immediate", [True, False])
def test_every_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, immediate: bool) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_tape("label.aws")
    store.write(0, KILO[:80])
    store.close()
    protected = Path("label.aws").read_bytes()
    machine = api.BareMachine(devices=DEVICES, immediate_io=True)
    machine.load_deck([deck("tape")])
    machine.end_of_input()
    machine.ipl()
    machine.address_stop = ENTRY  # the loader is none of this test's business
    machine.go()
    machine.address_stop = None
    machine.io.immediate = immediate
    stop = machine.go()
    machine.close()
    assert "TAPE: PASSED" in machine.typed_out, (stop, machine.typed_out)
    for name in ("r0.aws", "r1.het", "r2.tap", "r3.e11", "r4.het", "r5.aws", "r6.aws", "r7.tap"):
        assert blocks(tmp_path / name) == [KILO] * 4 + [b""], name
    short = blocks(tmp_path / "short.aws")
    assert short == [KILO] * (len(short) - 2) + [b"", b""]
    assert Path("label.aws").read_bytes() == protected
