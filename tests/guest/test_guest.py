"""The stand-alone programs on the bare machine."""

import pytest

from cpvm import api
from guest.program import PROGRAMS, deck, storage, typed


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_check_passes(name: str) -> None:
    run = api.run_deck(deck(name), typed(name), storage=storage(name))
    assert run.stop is not None, run.console
    assert run.stop.reason is api.StopReason.DISABLED_WAIT, (run.stop, run.console)
    assert run.stop.detail == 0, run.console
    assert f"{name.upper()}: PASSED" in run.console
