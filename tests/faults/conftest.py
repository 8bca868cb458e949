"""What the tests of faults share: the compiled shim, and one run of the table for all of its cases."""

import fcntl
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from . import injector, rig

needs_shim = pytest.mark.skipif(injector.compiler() is None, reason="no C compiler on Linux, so no shim")
TESTS = Path(__file__).parents[1]


def child(folder: Path, shim: Path, *words: str, timeout: float = 300.0) -> "subprocess.CompletedProcess[str]":
    """Run a Python program under the shim; its control block lies in FOLDER."""
    environment = injector.environment(folder, shim)
    environment["PYTHONPATH"] = f"{TESTS}:{TESTS.parent}"
    return subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of a run have in common."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "faults"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def shim(shared: Path) -> Path:
    """The compiled shim."""
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = shared / "faults.so"
        return made if made.exists() else injector.build(shared)


def lines_of(shared: Path, shim: Path, built_system: Path, program: str) -> list[dict[str, Any]]:
    """What a program of this folder has printed about a system of its own; it runs once for all workers."""
    with (shared / f"{program}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared / f"{program}.jsonl"
        if not done.exists():
            folder = shared / program
            folder.mkdir()
            system = rig.prepare(built_system, folder)
            run = child(folder, shim, "-m", f"faults.{program}", str(system))
            assert run.returncode == 0, run.stderr[-3000:]
            done.write_text(run.stdout)
        return [json.loads(line) for line in done.read_text().splitlines()]
