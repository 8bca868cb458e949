"""`cpvm run`: transcripts and exit statuses."""

from pathlib import Path

import pytest

from cpvm import cli


class Runner:
    """Runs scripts on one system."""

    def __init__(self, directory: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._directory = directory
        self._script = folder / "script"
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, script: str, *options: str) -> int:
        self._script.write_text(script, encoding="utf-8")
        status = cli.main(["run", str(self._script), "--system", str(self._directory), *options])
        self.out, self.err = self._capsys.readouterr()
        return status


@pytest.fixture
def run(system_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(system_directory, tmp_path, capsys)


def test_the_last_nonzero_return_code(run: Runner) -> None:
    assert run("IPL CMS\n\nLISTFILE NO FILE\nLISTFILE PROFILE EXEC\n") == 28
    assert run.err == ""
    assert run.out.endswith("VM/370 ONLINE\n")
    assert run("IPL CMS\n\nLISTFILE PROFILE EXEC\n") == 0
    assert run("IPL CMS\n\nLISTFILE NO FILE\nCP FROB\n") == 255


def test_the_transcript_of_a_typewriter(run: Runner) -> None:
    assert run("* NOTHING BUT A COMMENT\nQUERY FILES\n", "--user", "USER01") == 0
    lines = run.out.splitlines()
    assert lines[:4] == ["VM/370 ONLINE", "LOGON USER01", "ENTER PASSWORD:", "XXXXXXXX"]
    at = lines.index("* NOTHING BUT A COMMENT")
    assert lines[at + 1 : at + 4] == ["QUERY FILES", "FILES: NO RDR, NO PRT, NO PUN", "LOGOFF"]
    assert "USER01\nUSER01" not in run.out


def test_a_script_may_log_on_by_itself_and_change_users(run: Runner) -> None:
    script = "LOGON USER01\nUSER01\nQUERY NAMES\nLOGOFF\nLOGON USER02 USER02\nQUERY NAMES\n"
    assert run(script) == 0
    assert "USER01   - " in run.out and "USER02   - " in run.out
    assert "LOGON USER02 XXXXXXXX" in run.out
    assert run.out.count("LOGOFF AT") == 2


def test_refused_logons(run: Runner) -> None:
    assert run("QUERY NAMES\n", "--user", "USER01", "--password", "WRONG") == 125
    assert "USER01 could not be logged on" in run.err
    assert run("LOGON USER01\nWRONG\n") == 125
    assert "WRONG" not in run.out
    assert run("LOGON USER01\nWRONG\nLOGON USER01\nUSER01\n") == 0
    assert run("LOGON USER01\n") == 125
    assert "ended where a password was asked for" in run.err


def test_a_disabled_wait_ends_clearly(run: Runner) -> None:
    assert run("STORE S10 82000018 00000000 00020000 0000DEAD\nBEGIN 10\n") == 125
    assert "the virtual machine has stopped: DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 0000DEAD'" in run.err


def test_a_script_that_ends_inside_of_a_program(run: Runner) -> None:
    assert run("IPL CMS\n\nEDIT NEW FILE\nINPUT\nLINE\n") == 125
    assert run.out.rstrip().endswith("VM/370 ONLINE")
    assert "what it had not stored is lost" in run.err
    assert run("IPL CMS\n\nEDIT NEW FILE\nINPUT\nLINE\n\nFILE\n\n* DONE\n") == 0
    assert run("IPL CMS\n") == 0


def test_a_timeout(run: Runner) -> None:
    assert run("STORE S10 47F00010\nBEGIN 10\n", "--timeout", "0.5") == 124
    assert "timed out waiting" in run.err


def test_a_script_may_shut_the_system_down(run: Runner) -> None:
    assert run("SHUTDOWN\n", "--user", "OPERATOR") == 0
    assert "SYSTEM SHUTDOWN COMPLETE" in run.out
    assert run("SHUTDOWN\nQUERY NAMES\n", "--user", "OPERATOR") == 125


def test_long_lines_and_strange_characters(run: Runner) -> None:
    assert run("IPL CMS\n\n" + "X" * 200 + "\nTYPE €UR ÄÖ\n") in (20, 24, 28)
    assert "INPUT LINE TRUNCATED" in run.out
