"""`cpvm ipl`: core images, traces, stops, saved machines, exit statuses."""

import contextlib
import io
import itertools
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cpvm import api, cli

SUM = """\
* 3 + 2 + 1 in R3, typed and returned.
SUM      CSECT
         USING *,15
         LA    2,3
         SR    3,3
LOOP     AR    3,2
         BCT   2,LOOP
         LA    1,TYPE
         ST    1,72
         SIO   X'009'
         LR    15,3
         BR    14
TYPE     CCW   X'09',TEXT,X'20',3
TEXT     DC    C'SUM'
         END
"""
LOOP = 0x1006
ADD = bytes.fromhex("41200003 1A32 46200304 82000310")
"""At 300: LA 2,3; AR 3,2; BCT 2,304 (hex); LPSW 310 (hex)."""

WAIT = "000200000000002A"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return tmp_path


@pytest.fixture
def deck() -> str:
    Path("sum.assemble").write_text(SUM)
    assert cli.main(["asm", "sum.assemble"]) == 0
    return "sum.text"


def core(psw: str = WAIT, at: str = "300") -> list[str]:
    Path("add.bin").write_bytes(ADD.ljust(0x10, b"\0") + bytes.fromhex(psw))
    return ["ipl", "--core", f"add.bin@{at}"]


def test_a_core_image_and_a_psw(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*core(), "--psw", "00000000 00000300", "--registers"]) == 42
    err = capsys.readouterr().err
    assert "DISABLED WAIT; PSW 00020000 0000002A; 8 INSTRUCTIONS" in err
    assert "BC mode, supervisor state, waiting, key 0, CC 0, address 00002A" in err
    assert "R0   00000000 00000000 00000000 00000006" in err


def test_a_core_image_in_two_files_with_its_own_psw(capsys: pytest.CaptureFixture[str]) -> None:
    Path("low.bin").write_bytes(bytes.fromhex("0008000000000300"))  # EC mode
    assert cli.main([*core(), "--core", "low.bin@0", "--max", "3", "--trace"]) == 124
    err = capsys.readouterr().err.splitlines()
    assert err == [
        "000300 41200003     LA    2,3                R2=00000003",
        "000304 1A32         AR    3,2                R3=00000003 CC=2",
        "000306 46200304     BCT   2,772              R2=00000002",
        "INSTRUCTION LIMIT; PSW 00082000 00000304; 3 INSTRUCTIONS",
    ]


def test_a_core_image_reads_cards(capsys: pytest.CaptureFixture[str]) -> None:
    program = "41100318 50100048 9C00000C 82000310"  # LA 1,CCW; ST 1,72; SIO 00C; LPSW 310
    image = bytes.fromhex(program + WAIT + "0200040020000050")
    Path("read.bin").write_bytes(image)
    Path("cards").write_text("A CARD\n")
    assert cli.main(["ipl", "--core", "read.bin@300", "--psw", "0000000000000300", "cards", "--save", "after"]) == 42
    machine = api.BareMachine()
    machine.restore(Path("after"))
    assert machine.storage.read(0x400, 6).decode("cp037") == "A CARD"


def test_a_trace_shows_what_changed_and_what_interrupted(deck: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ipl", deck, "--trace", "steps"]) == 6
    lines = Path("steps").read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("001000"))
    assert lines[first : first + 4] == [
        "001000 41200003     LA    2,3                R2=00000003",
        "001004 1B33         SR    3,3",
        "001006 1A32         AR    3,2                R3=00000003 CC=2",
        "001008 4620F006     BCT   2,6(,15)           R2=00000002",
    ]
    assert lines[-1] == "000148 82000168     LPSW  360                PSW=0002000000000006"
    out, err = capsys.readouterr()
    assert out == "SUM\n"
    assert err == f"DISABLED WAIT; PSW 00020000 00000006; {len(lines) - 1} INSTRUCTIONS\n"


@pytest.mark.parametrize(
    ("psw", "code", "after"),
    [
        ("0000000000000300", "0A05", "SVC   5                  PSW=0002000000000060 SVC INTERRUPTION 0005"),
        ("0008000000000300", "0A05", "SVC   5                  PSW=0002000000000060 SVC INTERRUPTION 0005"),
        ("0000000000000300", "0000", "DC    X'0000'            PSW=0002000000000068 PROGRAM INTERRUPTION 0001"),
        ("0008000000000300", "0000", "DC    X'0000'            PSW=0002000000000068 PROGRAM INTERRUPTION 0001"),
        ("0001000000000300", "8000", "SSM   0                  PSW=0002000000000068 PROGRAM INTERRUPTION 0002"),
    ],
)
def test_a_trace_names_interruptions(psw: str, code: str, after: str, capsys: pytest.CaptureFixture[str]) -> None:
    new = bytes.fromhex("0002000000000060" + "0002000000000068")
    Path("low").write_bytes(bytes.fromhex(psw).ljust(0x60, b"\0") + new)
    Path("code").write_bytes(bytes.fromhex(code).ljust(4, b"\0"))
    status = cli.main(["ipl", "--core", "low@0", "--core", "code@300", "--trace"])
    assert status in (0x60, 0x68)
    assert capsys.readouterr().err.splitlines()[0][20:] == after


def test_the_trace_never_replaces_a_deck(deck: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path(deck).read_bytes()
    assert cli.main(["ipl", "--trace", deck]) == 6  # the deck is run, and the trace goes to standard error
    assert "001000 41200003     LA    2,3" in capsys.readouterr().err
    assert cli.main(["ipl", deck, "--trace", deck]) == 2
    assert "is no trace" in capsys.readouterr().err
    assert Path(deck).read_bytes() == before
    assert cli.main(["ipl", deck, "--trace", "steps"]) == cli.main(["ipl", deck, "--trace", "steps"]) == 6


def test_stopped_saved_and_restored_it_goes_on_as_without(deck: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ipl", deck, "--trace", "whole"]) == 6
    capsys.readouterr()
    assert cli.main(["ipl", deck, "--stop", f"{LOOP:X}", "--save", "saved", "--trace", "first", "--registers"]) == 0
    out, err = capsys.readouterr()
    assert out == "" and "ADDRESS STOP; PSW 00000000 00001006" in err and "R0   00000000 00001050 00000003" in err
    assert cli.main(["ipl", "--restore", "saved", "--trace", "second"]) == 6
    assert capsys.readouterr().out == "SUM\n"
    first, second, whole = (Path(name).read_text().splitlines()[1:] for name in ("first", "second", "whole"))
    assert first + second == whole and first and second


def test_a_saved_machine_with_its_console_elsewhere_and_a_read_outstanding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # SIO 01F with a read, then wait; the interruption's new PSW at 78 is a disabled wait with code 2A
    program = bytes.fromhex("4110031850100048" + "9C00001F" + "82000310") + bytes.fromhex("FE02000000000000")
    Path("code").write_bytes(program + bytes.fromhex("0A00040020000008"))
    Path("new").write_bytes(bytes.fromhex(WAIT))
    start = ["ipl", "--console", "01F", "--core", "code@300", "--core", "new@78", "--psw", "0000000000000300"]
    assert cli.main([*start, "--max", "4", "--save", "saved"]) == 124
    monkeypatch.setattr("sys.stdin", io.StringIO("HELLO\n"))
    assert cli.main(["ipl", "--restore", "saved", "--save", "saved"]) == 42
    machine = api.BareMachine(console=0x01F)
    machine.restore(Path("saved"))
    assert machine.storage.read(0x400, 5).decode("cp037") == "HELLO"


def test_a_program_that_loops_can_be_limited(capsys: pytest.CaptureFixture[str]) -> None:
    Path("loop").write_bytes(bytes.fromhex("47F00300"))
    assert cli.main(["ipl", "--core", "loop@300", "--psw", "0000000000000300", "--max", "100001"]) == 124
    assert "INSTRUCTION LIMIT; PSW 00000000 00000300; 100001 INSTRUCTIONS" in capsys.readouterr().err


@pytest.mark.parametrize("trace", [[], ["--trace"]])
def test_a_program_interruption_loop_ends_also_when_it_is_traced(
    trace: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("la").write_bytes(bytes.fromhex("4110002A"))
    assert cli.main(["ipl", "--core", "la@200", "--psw", "0008000000000200", *trace]) == 125
    assert "PROGRAM INTERRUPTION LOOP; PSW 00000000 00000000; 3 INSTRUCTIONS" in capsys.readouterr().err


def test_waiting_with_nothing_that_can_interrupt_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("loop").write_bytes(bytes(8))
    assert cli.main(["ipl", "--core", "loop@300", "--psw", "FE02000000000300"]) == 125
    assert "END OF INPUT WHILE THE MACHINE WAITS; PSW FE020000 00000300; 0 INSTRUCTIONS" in capsys.readouterr().err


def test_ctrl_c_twice_ends_a_loop(deck: str) -> None:
    Path("loop.assemble").write_text(SUM.replace("LR    15,3", "B     *"))
    assert cli.main(["asm", "loop.assemble"]) == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "cpvm.cli", "ipl", "loop.text"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == "SUM\n"
    for patience in itertools.cycle((0.2, 10)):  # two signals that come at once are one; a third is one too many
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            break
    assert process.returncode == 130
    assert "ENDED BY CTRL-C; PSW 00000000 000010" in process.stderr.read()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs the signals of POSIX")
@pytest.mark.parametrize(("number", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_process_that_is_told_to_end_loses_nothing(number: str, status: int, deck: str) -> None:
    punches = SUM.replace("X'009'", "X'00D'").replace("X'09',TEXT,X'20',3", "X'01',TEXT,X'20',80")
    Path("loop.assemble").write_text(punches.replace("LR    15,3", "B     *"))
    assert cli.main(["asm", "loop.assemble"]) == 0
    command = [sys.executable, "-m", "cpvm.cli", "ipl", "loop.text", "--punch", "cards", "--save", "saved"]
    process = subprocess.Popen(
        [*command, "--script", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    process.stdin.write("pause 100 instructions\npsw\npause 1000000000 instructions\n")
    process.stdin.close()
    assert process.stdout.readline().startswith("PSW  ")
    process.send_signal(getattr(signal, number))
    assert process.wait(60) == status
    assert f"ENDED BY SIGNAL {status - 128}; PSW 00000000 " in process.stderr.read()
    assert len(Path("cards").read_bytes()) == 80 and Path("saved").is_file()


@pytest.mark.parametrize(
    ("operands", "message"),
    [
        ([], "nothing to run"),
        (["--core", "sum.bin"], "sum.bin is not FILE@ADDR"),
        (["--core", "sum.bin@1000000"], "1000000 is not an address"),
        (["--core", "missing@0"], "missing: No such file"),
        (["--core", "sum.bin@1FFC", "--storage", "8K", "--psw", "0" * 16], "5 bytes at 1FFC are not within 8K"),
        (["--core", "sum.bin@10"], "--psw is needed"),
        (["--core", "empty@10", "--psw", "0" * 16], "empty: empty"),
        (["--core", "sum.bin@10", "--psw", "0" * 15], "is not a PSW: 16 hexadecimal digits"),
        (["cards", "--psw", "0" * 16], "a deck brings its own PSW"),
        (["--restore", "sum.bin"], "sum.bin: this is not the state of a machine"),
        (["--restore", "missing"], "missing: No such file"),
        (["cards", "--stop", "here"], "here is not an address"),
        (["cards", "--max", "-1"], "--max"),
        (["cards", "--save", "missing/file"], "missing/file: no such folder"),
        (["cards", "--printer", "."], ".: Is a directory"),
        (["cards", "--punch", "missing/file"], "missing/file: No such file"),
        (["cards", "--trace", "cards"], "cards: exists and is no trace"),
        (["cards", "--engine", "steam"], "invalid choice: 'steam'"),
        (["cards", "--console", "00E"], "00E is not a free device address"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    operands: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("sum.bin").write_bytes(b"12345")
    Path("empty").write_bytes(b"")
    Path("cards").write_text("A CARD\n")
    try:
        status = cli.main(["ipl", *operands])
    except SystemExit as ended:
        status = int(str(ended.code))
    err = capsys.readouterr().err
    assert status == 2 and message in err and err.count("\n") == 1 and err.startswith("cpvm ipl: ")


@pytest.mark.parametrize("operand", [[], ["--printer", "/dev/full"], ["--trace=/dev/full"]])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_ends_it_with_a_message(operand: list[str], deck: str) -> None:
    full = Path("/dev/full").open("w") if not operand else subprocess.DEVNULL  # noqa: SIM115
    command = [sys.executable, "-m", "cpvm.cli", "ipl", deck, *operand]
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True
    )
    assert "Traceback" not in done.stderr
    if operand != ["--printer", "/dev/full"]:  # this program prints nothing
        assert done.returncode == 2 and "No space left on device" in done.stderr
