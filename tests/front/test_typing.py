"""When typed lines reach a machine: not before it reads, or has nothing to do, unless it is busy for long."""

import io
from pathlib import Path

import pytest

from cpvm import cli

TOUCHY = """\
* Asks twice, slowly; wait code BAD if the console gives attention.
TOUCHY   CSECT
         USING *,12
         LR    12,15
         LA    6,2
ASK      LA    1,PROMPT
         BAL   10,START
         L     5,=F'3000'
         BCT   5,*
         LA    1,READ
         BAL   10,START
         BCT   6,ASK
         SR    15,15
         BR    14
START    ST    1,72
         SIO   X'009'
         BNZ   WRONG
POLL     TIO   X'009'
         BC    2,POLL
         BC    4,POLL              CSW STORED: THE END OF IT
         TM    68,X'80'            ATTENTION?
         BO    WRONG
         BR    10
WRONG    LA    15,X'BAD'
         BR    14
PROMPT   CCW   X'01',WHO,X'20',L'WHO
WHO      DC    C'WHO? '
READ     CCW   X'0A',LINE,X'20',L'LINE
LINE     DC    CL20' '
         LTORG
         END
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("touchy.assemble").write_text(TOUCHY)
    assert cli.main(["asm", "touchy.assemble"]) == 0


@pytest.mark.parametrize("speed", ["--timed", "--immediate"])
def test_piped_lines_wait_for_a_read(
    speed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ONE\nTWO\nTHREE\n"))
    assert cli.main(["ipl", "touchy.text", speed]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("speed", ["--timed", "--immediate"])
def test_scripts_type_when_there_is_a_read(
    speed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    Path("a.script").write_text('wait "WHO?"\ntype "ONE"\nwait "WHO?"\ntype "TWO"\nwait end\n')
    assert cli.main(["ipl", "touchy.text", speed, "--script", "a.script"]) == 0, capsys.readouterr().err


def test_a_machine_that_never_reads_is_interrupted_in_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = TOUCHY.replace("F'3000'", "F'300000'")
    Path("touchy.assemble").write_text(text)
    assert cli.main(["asm", "touchy.assemble"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    Path("a.script").write_text('wait "WHO?"\ntype "ONE"\nwait end\n')
    assert cli.main(["ipl", "touchy.text", "--immediate", "--script", "a.script"]) == 125
    assert "DISABLED WAIT; PSW 00020000 00000BAD; 300056 INSTRUCTIONS" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["start"], ["run"], ["ipl"], ["asm"], ["connect"], ["disk"], ["tape"]])
def test_every_command_has_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--help"])
    assert ended.value.code == 0
    assert "usage: cpvm" in capsys.readouterr().out
