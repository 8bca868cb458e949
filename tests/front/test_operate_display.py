"""3270 displays operated by scripts and from Python."""

import io
from pathlib import Path

import pytest

from assembler import assemble
from cpvm import api, cli

from . import monitor

SCREEN = """\
ASK      START X'1000'
         BALR  12,0
         USING *,12
         MVC   X'78'(8),IONEW
         LA    1,ERASE
         BAL   10,DOIO
IDLE     LPSW  WAIT
IO       TM    X'44',X'80'
         BZ    IDLE
         LA    1,READ
         BAL   10,DOIO
         CLI   DATA,X'F3'           PF3 ENDS IT
         BE    END
         MVC   NAME,DATA+6          BEHIND AID, CURSOR, SBA AND ADDRESS
         LA    1,ANSWER
         BAL   10,DOIO
         B     IDLE
END      LPSW  STOP
DOIO     ST    1,72
         SIO   X'0C0'
         BC    7,DOIO
BUSY     TIO   X'0C0'
         BC    7,BUSY
         BR    10
ERASE    CCW   X'05',ASKS,X'20',L'ASKS
READ     CCW   X'06',DATA,X'20',100
ANSWER   CCW   X'01',SAYS,X'20',L'SAYS+L'NAME
WAIT     DC    0D'0',X'FE02000000000000'
IONEW    DC    0D'0',X'00000000',A(IO)
STOP     DC    0D'0',X'0002000000000005'
ASKS     DC    X'C31140401DF0E8D6E4D940D5C1D4C51D401311C15C1DF0'
SAYS     DC    X'C311C2601DF0C8C5D3D3D640'
NAME     DC    CL5' '
DATA     DC    CL100' '
         END   ASK
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    program = bytes(assemble(SCREEN).image(monitor.ORIGIN).data)
    Path("sys.aws").write_bytes(monitor.aws(monitor.ipl_records(program)))


def operate(script: str, *arguments: str) -> int:
    Path("a.script").write_text(script)
    return cli.main(["ipl", "--device", "180,3420,sys.aws,ro", "--script", "a.script", *arguments])


def test_a_display(capsys: pytest.CaptureFixture[str]) -> None:
    script = """
        wait 0C0 "YOUR NAME"
        type 0C0 "CAROL"
        key 0C0 home tab enter
        wait 0C0 "HELLO CAROL"
        expect 0C0 "YOUR NAME"
        show 0C0
        key 0C0 pf3
        wait end
    """
    status = operate(script, "--device", "0C0,3277")
    out, err = capsys.readouterr()
    assert status == 5, err
    assert [line for line in out.splitlines() if line.strip()] == [" YOUR NAME CAROL", " HELLO CAROL"]
    assert operate('wait 0C0 "YOUR NAME"\nexpect 0C0 "MY NAME"', "--device", "0C0,3277") == 125
    assert 'a.script:2: "MY NAME" is not on display 0C0' in capsys.readouterr().err
    script = 'wait 0C0 "YOUR NAME"\nkey 0C0 home\nkey 0C0 backtab left left\ntype 0C0 "X"\n'
    assert operate(script, "--device", "0C0,3278,model=3") == 125
    assert "a.script:4: 0C0: " in capsys.readouterr().err


def test_a_display_from_python() -> None:
    machine = api.BareMachine(devices=["180,3420,sys.aws", "0C0,3277"])
    machine.ipl(0x180)
    machine.go()
    assert machine.screen(0x0C0)[0].rstrip() == " YOUR NAME"
    machine.type_into(0x0C0, "DAVID")
    machine.press(0x0C0, "enter")
    machine.go()
    assert machine.screen(0x0C0)[2].rstrip() == " HELLO DAVID"
    machine.press(0x0C0, "pf3")
    stop = machine.go()
    assert stop is not None and stop.detail == 5
