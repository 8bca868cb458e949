"""All vectors on the compiled engine."""

from pathlib import Path

import pytest
from vectors.vector import CLEARED, CLEARED_SIZE, SIZE, TABLES, files, load, prepare, run

from compiled.warm import WarmMachine, engine_of

BLOCKS = [0, *range(CLEARED >> 11, CLEARED + CLEARED_SIZE >> 11), TABLES >> 11]


@pytest.mark.parametrize("path", files(), ids=lambda p: p.stem)
def test_vectors(path: Path) -> None:
    machine = WarmMachine(SIZE, BLOCKS)
    prepare(machine)
    vectors = load(path)
    wrong = []
    for number, vector in enumerate(vectors, 1):
        found = run(machine, vector).against(vector)
        if found != vector.out:
            wrong.append(f"{path.name}:{number}: {vector.code}\n  expected {vector.out}\n  found    {found}")
    assert not wrong, "\n".join(wrong[:5])
    if path.stem in ("general", "logical", "decimal", "hexfloat", "move", "shift"):
        assert engine_of(machine).native_instructions > len(vectors) * 0.75
