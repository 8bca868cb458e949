"""A process is killed while it writes a tape: what its channel programs ended before is there, whole."""

from pathlib import Path

import killtape
import pytest

from cpvm.machine.media.tape.open import open_tape


@pytest.mark.parametrize("name", killtape.NAMES)
def test_a_kill_tears_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    log = killtape.kill(path, killtape.NAMES.index(name))
    assert log.blocks or log.under_way
    killtape.check(path, log)


@pytest.mark.parametrize("name", killtape.NAMES)
def test_a_write_may_stop_at_any_byte(name: str, tmp_path: Path) -> None:
    """What a kill can leave of a write, byte by byte: the blocks before stay, and the reel can be written on."""
    path = tmp_path / name
    store = open_tape(path)
    at = store.mark(store.write(0, b"FIRST").end).end
    last = store.write(at, b"THE SECOND BLOCK, REPEATED. " * 3).end
    store.close()
    whole = path.read_bytes()
    for end in range(at, last):
        path.write_bytes(whole[:end])
        log = killtape.Log({0: b"FIRST", store_mark(whole, name): None}, (at, b"THE SECOND BLOCK, REPEATED. " * 3))
        assert killtape.check(path, log) == 2


def store_mark(whole: bytes, name: str) -> int:
    """Where the tape mark behind FIRST is."""
    return {"kill.aws": 11, "kill.het": 11, "kill.tap": 14, "kill.e11": 13}[name]


def test_the_check_can_fail(tmp_path: Path) -> None:
    path = tmp_path / "kill.aws"
    log = killtape.kill(path, 1)
    lost = {**log.blocks, 10**9: b"LOST"}
    with pytest.raises(AssertionError, match="1000000000"):
        killtape.check(path, killtape.Log(lost, log.under_way))
