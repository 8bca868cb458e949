"""Channel programs from data files: CCWs and device state in, condition code, CSW, sense and data out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from iobench import CSW, Bench

from cpvm.s370.ccw import CCW

FILES = sorted((Path(__file__).parent / "vectors").glob("*.toml"))
CASES = [
    pytest.param(case, id=f"{f.stem}: {case['name']}") for f in FILES for case in tomllib.loads(f.read_text())["case"]
]


def parse(text: str) -> CCW:
    command, address, flags, count = (int(word, 16) for word in text.split())
    return CCW(command, address, flags, count)


def prepare(bench: Bench, case: dict[str, Any]) -> None:
    for where, data in case.get("storage", {}).items():
        bench.storage.write(int(where, 16), bytes.fromhex(data))
    for where, key in case.get("keys", {}).items():
        bench.storage.set_key(int(where, 16), key)
    for where, records in case.get("tracks", {}).items():
        cyl, head = (int(n) for n in where.split("/"))
        rows = [(bytes.fromhex(key), bytes.fromhex(data)) for key, data in records]
        bench.format(cyl, head, rows)
    if "cards" in case:
        bench.paper.files = [[bytes.fromhex(card) for card in case["cards"]]]
    bench.storage.write(CSW, b"\xee" * 8)
    bench.program(*map(parse, case["ccws"]), key=case.get("key", 0))


@pytest.mark.parametrize("case", CASES)
def test_vector(bench: Bench, case: dict[str, Any]) -> None:
    prepare(bench, case)
    commits = bench.tracks.commits
    assert bench.io.sio(case["device"]) == case["sio"]
    if case["sio"] == 0:
        assert bench.io.take() == case["device"]
    assert bench.csw() == case["csw"]
    assert not bench.io.pending()
    device = bench.io.device(case["device"])
    if "sense" in case:
        assert device is not None
        assert device.sense.hex().startswith(case["sense"])
    if "log" in case:
        assert bench.paper.log == case["log"]
    for where, data in case.get("after", {}).items():
        assert bench.storage.read(int(where, 16), len(data) // 2).hex() == data.lower(), where
    for where, records in case.get("written", {}).items():
        cyl, head = (int(n) for n in where.split("/"))
        found = bench.tracks.images[cyl, head]
        bench.format(cyl, head, [(bytes.fromhex(key), bytes.fromhex(data)) for key, data in records])
        assert found == bench.tracks.images[cyl, head]
        assert bench.tracks.commits == commits + 1


def test_every_vector_file_is_used() -> None:
    assert {f.stem for f in FILES} >= {"channel", "dasd"}
