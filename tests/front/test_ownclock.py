"""Bare machines with a time of day that is set, and with a clock of their own."""

import io
from datetime import date
from pathlib import Path

import pytest

from assembler import assemble
from cpvm import cli

from . import monitor


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))


TIMERS = """\
TIMED    START X'1000'
         BALR  12,0
         USING *,12
         MVC   X'58'(8),EXTNEW
         LCTL  0,0,CR0
         STCK  FIRST
         LM    2,3,FIRST
         AL    2,=F'3600'           FROM ABOUT AN HOUR ON, 3775 SECONDS
         STM   2,3,THEN
         SCKC  THEN
         LPSW  WAIT
EXTERNAL CLI   FIRST,0
         STCK  LAST
         LM    4,5,LAST
         S     4,FIRST
         LPSW  STOP
CR0      DC    X'00000800'          CLOCK COMPARATOR
WAIT     DC    0D'0',X'0102000000000000'
EXTNEW   DC    0D'0',X'00000000',A(EXTERNAL)
STOP     DC    0D'0',X'0002000000000007'
FIRST    DS    D
THEN     DS    D
LAST     DS    D
         END   TIMED
"""


def test_a_machine_with_a_clock_of_its_own_waits_an_hour_in_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    program = bytes(assemble(TIMERS).image(monitor.ORIGIN).data)
    Path("sys.aws").write_bytes(monitor.aws(monitor.ipl_records(program)))
    arguments = ["ipl", "--device", "180,3420,sys.aws", "--own-clock", "--tod", "1976-05-01T08:00:00", "--registers"]
    ends = []
    for _ in range(2):
        assert cli.main(arguments) == 7
        ends.append(capsys.readouterr().err)
    assert ends[0] == ends[1] and "R0   00000000 00000000" in ends[0]
    registers = ends[0].splitlines()
    fourth = int(registers[2].split()[5], 16)
    assert fourth == 3600  # in units of 1.048576 seconds
    seconds = int(registers[-2].partition("TOD ")[2][:16], 16) / 4096 / 1_000_000
    began = (date(1976, 5, 1) - date(1900, 1, 1)).days * 86400 + 8 * 3600
    assert 3600 * 1.048576 <= seconds - began < 3600 * 1.048576 + 1


@pytest.mark.parametrize("time", ["1899-12-31", "2050-01-01", "yesterday", "1976-13-01"])
def test_times_that_are_none(time: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["ipl", "job.txt", "--tod", time])
    assert f"argument --tod: {time}" in capsys.readouterr().err


def test_the_time_of_day_may_be_set(capsys: pytest.CaptureFixture[str]) -> None:
    machine = ["ipl", "--core", "end@0", "--registers"]
    Path("end").write_bytes(bytes.fromhex("0002000000000042"))
    assert cli.main([*machine, "--tod", "1972-01-01"]) == 0x42
    shown = capsys.readouterr().err.partition("TOD ")[2][:16]
    since = int(shown, 16) / 4096 / 1_000_000 - (date(1972, 1, 1) - date(1900, 1, 1)).days * 86400
    assert 0 <= since < 600
