"""GLOBALV's file of a session: what an earlier one has left is erased, what this one has said is not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cpvm import api
from cpvm.cli import main

from . import script

KEPT = """
> GLOBALV LIST
|  SELECTED TABLE IS: UNNAMED
|  SESS=session value
| Ready; T=~ ~
"""
ERASED = """
> GLOBALV LIST
|  SELECTED TABLE IS: UNNAMED
| Ready; T=~ ~
> STATE SESSION GLOBALV A
|*
| Ready(00028); T=~ ~
"""


@pytest.mark.parametrize(
    ("age", "lines"),
    [
        (3 * 86_400, ERASED),
        (3600, ERASED),
        (30, KEPT),  # in the minute before this one, perhaps: CP tells in whole minutes how long a session has lasted
        (0, KEPT),
    ],
)
def test_a_file_so_old(system_directory: Path, tmp_path: Path, age: int, lines: str) -> None:
    with api.start(system_directory) as system:
        script.run(system, "> GLOBALV SETS SESS session value\n| Ready; T=~ ~\n")
    kept, there = tmp_path / "kept", "CMSUSER 191:SESSION GLOBALV"
    assert main(["disk", "cp", "--system", str(system_directory), "--binary", there, str(kept)]) in (None, 0)
    moment = time.time() - age
    os.utime(kept, (moment, moment))
    words = ["disk", "cp", "--system", str(system_directory), "--binary", "--force", str(kept), there]
    assert main(words) in (None, 0)
    with api.start(system_directory) as system:
        script.run(system, lines)
