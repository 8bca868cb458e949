"""Every engine gives what the vectors say."""

from collections import Counter
from pathlib import Path

import pytest
from everyengine import WarmMachine, engine_of

from cpvm.machine import Machine
from cpvm.s370.insn import table
from vectors.vector import CLEARED, CLEARED_SIZE, SIZE, TABLES, files, instructions_in, load, prepare, run

BLOCKS = [0, *range(CLEARED >> 11, CLEARED + CLEARED_SIZE >> 11), TABLES >> 11]
NATIVE = ("general", "logical", "decimal", "hexfloat", "move", "shift")
"""Files of vectors most instructions of which must be native ones where there is native code."""


@pytest.mark.parametrize("path", files(), ids=lambda p: p.stem)
def test_vectors(path: Path, engine: str) -> None:
    machine = Machine(SIZE) if engine == "reference" else WarmMachine(SIZE, BLOCKS)
    prepare(machine)
    wrong = []
    vectors = load(path)
    for number, vector in enumerate(vectors, 1):
        found = run(machine, vector).against(vector)
        if found != vector.out:
            wrong.append(f"{path.name}:{number}: {vector.code}\n  expected {vector.out}\n  found    {found}")
    assert not wrong, "\n".join(wrong[:5])
    if engine != "reference" and path.stem in NATIVE:
        assert engine_of(machine).native_instructions > len(vectors) * 0.75


@pytest.mark.once
def test_every_instruction_has_a_hundred_vectors() -> None:
    seen = Counter(row for path in files() for vector in load(path) for row in instructions_in(vector))
    assert {row.mnemonic: seen[row] for row in table().values() if seen[row] < 100} == {}
    assert sum(len(load(path)) for path in files()) > 20_000
