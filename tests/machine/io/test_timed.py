"""Real device types in virtual time: channel end and device end together or one after the other. See `timed.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from rig import ADDRESS, CAW, CSW, Rig

AT = 0x4000
CASES = [
    pytest.param(case, id=f"{case['type']} {case['name']}")
    for source in tomllib.loads((Path(__file__).parent / "timed.toml").read_text(encoding="ascii"))["source"]
    for case in source["case"]
]


def rig(case: dict[str, Any], folder: Path) -> Rig:
    medium = dict(case.get("medium", {}))
    if "cards" in medium:
        medium["cards"] = [card + "40" * (80 - len(card) // 2) for card in medium["cards"]]
    made = Rig(case["type"], medium, folder)
    made.io.immediate = False
    for at, data in case.get("data", {}).items():
        made.storage.write(int(at, 16), bytes.fromhex(data))
    made.storage.write(AT, b"".join(map(bytes.fromhex, case["ccws"])))
    made.storage.write(CAW, AT.to_bytes(4, "big"))
    return made


@pytest.mark.parametrize("case", CASES)
def test_interruptions(case: dict[str, Any], tmp_path: Path) -> None:
    made = rig(case, tmp_path)
    cc = made.io.sio(ADDRESS)
    if "at_once" in case:
        assert (cc, made.storage.read(CSW + 4, 2).hex().upper()) == (1, case["at_once"])
    else:
        assert cc == 0
    made.io.elapse(0)
    seen = []
    for _ in range(100):
        while made.io.take() is not None:
            seen.append(made.storage.read(CSW + 4, 2).hex().upper())
        if not made.io.timed:
            break
        made.io.elapse(made.io.agenda.next - made.io.agenda.now)
    assert seen == case["then"]
    assert made.io.agenda.now < 10_000_000, "within ten seconds"


@pytest.mark.parametrize("case", CASES)
def test_immediate_completion_has_all_of_it_at_once(case: dict[str, Any], tmp_path: Path) -> None:
    made = rig(case, tmp_path)
    made.io.immediate = True
    cc = made.io.sio(ADDRESS)
    together = 0
    for status in (*case["then"], case.get("at_once", "0000")):
        together |= int(status, 16)
    if cc == 0:
        assert made.io.take() == ADDRESS
    assert int(made.storage.read(CSW + 4, 2).hex(), 16) & ~0x2000 == together & ~0x2000, "but for control unit end"
    assert made.io.take() is None
    assert not made.io.timed
