"""`cpvm ipl` and `cpvm asm`: a program on a bare machine."""

import io
from pathlib import Path

import pytest

import assembler
from cpvm import api, cli

PROGRAM = """\
* Types a line, reads one, types it back and prints it.
ASK      CSECT
         USING *,15
         LA    1,WRITE
         BAL   10,DOIO
         LA    1,READ
         BAL   10,DOIO
         LA    1,ANSWER
         BAL   10,DOIO
         LA    1,PAPER
         ST    1,72
         SIO   X'00E'
         LA    15,42
         BR    14
DOIO     ST    1,72
         SIO   X'009'
BUSY     TIO   X'009'
         BNZ   BUSY
         BR    10
WRITE    CCW   X'09',MSG,X'20',L'MSG
READ     CCW   X'0A',BUF,X'20',80
ANSWER   CCW   X'09',BUF,X'20',80
PAPER    CCW   X'09',BUF,X'20',80
MSG      DC    C'WHO ARE YOU?'
BUF      DC    CL80' '
         END   ASK
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def assemble(source: str, name: str = "prog") -> int:
    Path(f"{name}.assemble").write_text(source)
    return cli.main(["asm", f"{name}.assemble", "-o", f"{name}.text", "--listing", f"{name}.listing"])


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_program_asks_and_answers(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assemble(PROGRAM) == 0
    assert "ASK      CSECT" in Path("prog.listing").read_text()
    typed(monkeypatch, "BOB\n")
    assert cli.main(["ipl", "prog.text", "--printer", "paper"]) == 42
    out, err = capsys.readouterr()
    assert [line.rstrip() for line in out.splitlines()] == ["WHO ARE YOU?", "BOB"]
    assert "DISABLED WAIT; PSW 00020000 0000002A" in err
    assert Path("paper").read_text() == "BOB\n"


def test_two_decks_are_linked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = " USING *,12\n LR 12,15\n LR 11,14\n L 15,=V(SUB)\n BALR 14,15\n LA 15,1(,15)\n BR 11\n END MAIN\n"
    assert assemble("MAIN CSECT\n" + main, "main") == 0
    assert assemble("SUB CSECT\n LA 15,6\n BR 14\n END\n", "sub") == 0
    typed(monkeypatch, "")
    assert cli.main(["ipl", "main.text", "sub.text"]) == 7


def test_an_undefined_name_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assemble("MAIN CSECT\n USING *,15\n L 15,=V(NOWHERE)\n BR 14\n END\n")
    assert cli.main(["ipl", "prog.text"]) == 2
    assert "undefined names: NOWHERE" in capsys.readouterr().err


def test_a_program_check_is_told(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assemble("MAIN CSECT\n DC H'0'\n END\n")
    typed(monkeypatch, "")
    assert cli.main(["ipl", "prog.text"]) == 0x68
    assert "PROGRAM INTERRUPTION NOT HANDLED; CODE 0001; OLD PSW 00000001 40001002" in capsys.readouterr().err


def test_a_program_that_waits_for_input_after_its_end_is_ended(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assemble(PROGRAM.replace("         LA    15,42\n", "         B     ASK\n"))
    typed(monkeypatch, "ONE\n")
    assert cli.main(["ipl", "prog.text"]) == 125
    assert "END OF INPUT" in capsys.readouterr().err


def test_a_deck_of_text_cards_is_ipled_as_it_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("deck").write_text("X" * 80 + "\n")
    assert cli.main(["ipl", "deck"]) in (2, 125)
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ipl", "missing"], "cpvm ipl: missing: No such file"),
        (["asm", "missing"], "cpvm asm: missing: No such file"),
        (["asm", "prog.assemble", "--maclib", "missing"], "cpvm asm: missing: no such folder"),
        (["ipl", "long"], "longer than a card"),
        (["run", "missing"], "cpvm run: missing: No such file"),
        (["run", "latin"], "cpvm run: latin: not UTF-8 text"),
    ],
)
def test_files_that_cannot_be_used(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    Path("long").write_text("x" * 81 + "\n")
    Path("latin").write_bytes(b"\xe4\n")
    Path("prog.assemble").write_text(PROGRAM)
    assert cli.main(arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["ipl", "x", "--storage", "17M"],
        ["ipl", "x", "--storage", "ABC"],
        ["ipl", "x", "--console", "00C"],
        ["start", "--listen", "here:there"],
        ["run", "x", "--timeout", "-1"],
        ["frobnicate"],
    ],
)
def test_wrong_operands_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("cpvm") and err.count("\n") == 1 and "--help" in err


def test_the_same_from_python() -> None:
    run = api.run_deck(assembler.assemble(PROGRAM).deck, ["BOB"])
    assert run.stop is not None and run.stop.reason is api.StopReason.DISABLED_WAIT and run.stop.detail == 42
    assert [line.rstrip() for line in run.console.splitlines()] == ["WHO ARE YOU?", "BOB"]
    assert run.printed == "BOB\n"
    assert run.machine.gr[15] == 42
    with pytest.raises(api.LoadError, match="NOWHERE"):
        api.run_deck(assembler.assemble("A CSECT\n DC V(NOWHERE)\n END\n").deck)
