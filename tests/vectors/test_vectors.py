"""Every engine gives what the vectors say."""

from pathlib import Path

import pytest

from cpvm.machine import Machine
from cpvm.s370.insn import identify, table
from vectors.vector import SIZE, files, load, prepare, run


@pytest.mark.parametrize("path", files(), ids=lambda p: p.stem)
def test_vectors(path: Path) -> None:
    machine = Machine(SIZE)
    prepare(machine)
    wrong = []
    for number, vector in enumerate(load(path), 1):
        found = run(machine, vector).against(vector)
        if found != vector.out:
            wrong.append(f"{path.name}:{number}: {vector.code}\n  expected {vector.out}\n  found    {found}")
    assert not wrong, "\n".join(wrong[:5])


NOT_IN_VECTORS = {"DIAG", "LRA", "STCK", "STIDC"}
"""Instructions whose effect no witness can know; tests/machine has them."""


def test_every_instruction_has_vectors() -> None:
    seen = {identify(bytes.fromhex(vector.code)[:6]) for path in files() for vector in load(path)}
    missing = {row.mnemonic for row in table().values() if row not in seen}
    assert missing <= NOT_IN_VECTORS
