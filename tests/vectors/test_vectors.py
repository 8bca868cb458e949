"""Every engine gives what the vectors say."""

from collections import Counter
from pathlib import Path

import pytest

from cpvm.machine import Machine
from cpvm.s370.insn import table
from vectors.vector import SIZE, files, instructions_in, load, prepare, run


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


def test_every_instruction_has_a_hundred_vectors() -> None:
    seen = Counter(row for path in files() for vector in load(path) for row in instructions_in(vector))
    assert {row.mnemonic: seen[row] for row in table().values() if seen[row] < 100} == {}
    assert sum(len(load(path)) for path in files()) > 20_000
