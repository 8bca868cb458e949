"""Without llvmlite there is nothing to test; the tests use vectors, guest programs and scenes of other folders."""

import importlib.util
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

collect_ignore_glob = [] if importlib.util.find_spec("llvmlite") else ["test_*.py"]


@pytest.fixture(params=["compiled", "translated"])
def m(request: pytest.FixtureRequest) -> object:
    """A machine with native code in a hot loop."""
    from compiled.hotloop import in_the_loop

    return in_the_loop(request.param)
