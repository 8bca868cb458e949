"""Vectors, their code being translated: some codes of each instruction. `campaign.py` goes through the others."""

from pathlib import Path

import pytest
from vectors.vector import files, load

from compiled.vectorregions import VectorRegions, picked


@pytest.mark.parametrize("path", files(), ids=lambda p: p.stem)
def test_vectors(path: Path) -> None:
    machine = VectorRegions()
    translated, wrong = 0, []
    for group in picked(load(path), 1):
        if not machine.code(group[0]):
            continue
        translated += 1
        wrong += [why for vector in group if (why := machine.wrong(vector))]
    assert not wrong, "\n".join(wrong[:5])
    assert machine.entered >= translated // 2
