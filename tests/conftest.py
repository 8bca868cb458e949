"""Tests that run on every engine: see `everyengine.py`."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import everyengine
import pytest

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "once: a test that has nothing to do with engines, in a module whose others do")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    place = Path(metafunc.definition.path).relative_to(HERE)
    if any(place.match(pattern) for pattern in everyengine.MODULES) and not metafunc.definition.get_closest_marker(
        "once"
    ):
        metafunc.parametrize("engine", everyengine.ALL, indirect=True, scope="module")


@pytest.fixture(autouse=True, scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Name of the engine that all machines have; empty where each has what it asks for."""
    name: str = getattr(request, "param", "")
    with pytest.MonkeyPatch.context() as patch:
        if name:
            everyengine.install(patch, name)
        yield name


@pytest.fixture(autouse=True)
def _no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits after a wrong password, but in tests of that."""
    from cpvm.cp import guard

    monkeypatch.setattr(guard, "FIRST_DELAY", 0.0)


@pytest.fixture(scope="session")
def built_system(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A new system directory, never started. All workers of a parallel run share it."""
    from cpvm import sysgen

    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "first-system"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return sysgen.prepare(folder)
