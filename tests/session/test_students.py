"""The students of the first directory are called by names that are longer than userids."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cpvm import api
from cpvm.front.start import welcome


@pytest.mark.parametrize("name", ["STUDENT01", "STUDENT12"])
def test_a_student_logs_on_with_the_name_and_the_name_as_password(system: api.SystemHandle, name: str) -> None:
    student = system.logon(name)
    assert student.type("QUERY USERID").lines[0].split() == [name.replace("STUDENT", "STUDNT"), "AT", "CPVM"]


def test_cpvm_run_takes_the_name(system_directory: Path, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("MSG STUDENT02 HELLO\n")
    command = [sys.executable, "-m", "cpvm.cli", "run", "--system", str(system_directory)]
    done = subprocess.run(
        [*command, "--user", "STUDENT02", "--password", "STUDENT02", str(script)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "MSG FROM STUDNT02: HELLO" in done.stdout


def test_the_start_tells_the_names(tmp_path: Path) -> None:
    (line,) = [line for line in welcome(tmp_path, None) if line.startswith("Users:")]
    assert re.search(r"STUDENT01 to STUDENT12$", line)
