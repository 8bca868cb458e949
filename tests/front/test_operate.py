"""A bare machine operated by a script: the monitor on a tape, a job in its reader, its print in a file."""

import io
from pathlib import Path

import pytest

from cpvm import api, cli
from cpvm.front.operate.panel import OPERATIONS, Panel
from cpvm.front.operate.statements import STATEMENTS, ScriptError, parse
from cpvm.front.operate.words import PanelError, split

from . import monitor

JOB = "//JOB\nFIRST CARD\nSECOND CARD\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    Path("sys.aws").write_bytes(monitor.tape())
    Path("job.txt").write_text(JOB)
    return tmp_path


def operate(script: str, *arguments: str) -> int:
    Path("a.script").write_text(script)
    return cli.main(["ipl", "--device", "180,3420,sys.aws,ro", "--script", "a.script", *arguments])


BOOT = """\
# Boot, run a job that is not there, put it into the reader, run it.
timeout 2000000 instructions
wait "READY"
type "RUN"
wait "NO CARDS"
wait "READY"
mount 00C job.txt
type "RUN"
wait "JOB ENDED"
expect "ENDED"
wait idle
"""


@pytest.mark.parametrize("speed", ["--timed", "--immediate"])
def test_an_operating_system_on_a_tape_runs_a_job(speed: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = operate(BOOT + 'type "END"\nwait end\n', speed, "--device", "00E,1403,list.txt", "--ipl", "180")
    out, err = capsys.readouterr()
    assert (status, Path("list.txt").read_text()) == (1, JOB), err
    assert out.splitlines() == ["READY", "RUN", "NO CARDS", "READY", "RUN", "JOB ENDED", "READY", "END"]
    assert err.startswith("DISABLED WAIT; PSW 00020000 00000001; ")


def test_the_same_script_does_the_same_things_at_the_same_instructions(capsys: pytest.CaptureFixture[str]) -> None:
    ends = []
    for _ in range(2):
        assert operate(BOOT + "quit 7\n") == 7
        ends.append(capsys.readouterr().err)
    assert ends[0] == ends[1] and ends[0].startswith("ENDED BY THE OPERATOR; PSW ")


def test_a_job_named_on_the_command_line_is_in_the_reader(capsys: pytest.CaptureFixture[str]) -> None:
    script = 'wait "READY"\ntype "RUN"\nwait "JOB ENDED"\nquit\n'
    assert operate(script, "job.txt", "--ipl", "180", "--printer", "paper") == 0
    assert Path("paper").read_text() == JOB


@pytest.mark.parametrize("device", [(), ("--device", "00E,1403,first.txt")])
def test_waiting_for_what_is_printed(device: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    script = 'wait "READY"\ntype "RUN"\nwait 00E "FIRST CARD"\nexpect 00E "END OF PAGE"\n'
    assert operate(script, "job.txt", "--ipl", "180", *device) == 125
    assert 'a.script:4: printer 00E has not printed "END OF PAGE"' in capsys.readouterr().err
    script = 'wait "READY"\ntype "RUN"\nwait 00E "FIRST"\nwait 00E "SECOND"\nwait "JOB ENDED"\nquit\n'
    assert operate(script, "job.txt", "--ipl", "180", *device) == 0


def test_a_console_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    Path("sys.aws").write_bytes(monitor.tape(0x01F))
    script = 'wait "READY"\ndevices\ntype "END"\n'
    assert operate(script, "--device", "01F,1052") == 1
    assert capsys.readouterr().out.splitlines()[:7] == [
        *("READY", "00C 2540R", "00D 2540P", "00E 1403", "01F 1052", "180 3420"),
        "END",
    ]


def test_the_panel(capsys: pytest.CaptureFixture[str]) -> None:
    script = """
        wait idle
        psw
        store 2000 C8C5D3D3D6
        storage 2000 5
        stop
        start
        attach 181,3420
        detach 181
        save idle
        interrupt
        reset?
    """
    with pytest.raises(AssertionError):
        assert operate(script) == 0
    assert "a.script:12: there is no statement reset?" in capsys.readouterr().err
    assert operate(script.replace("reset?", "quit")) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1].startswith("PSW  FE020000 00000000  BC mode")
    assert out[2].split() == ["002000", "C8C5D3D3", "D6", "HELLO"]
    assert Path("idle").is_file()
    saved = ["ipl", "--restore", "idle", "--device", "180,3420,sys.aws", "--script", "b.script"]
    Path("b.script").write_text('attention\ntype "END"\nwait end\n')
    assert cli.main(saved) == 1


def test_ended_it_is_ipled_again(capsys: pytest.CaptureFixture[str]) -> None:
    script = """
        wait "READY"
        type "END"
        wait end
        dismount 180
        mount 180 sys.aws,ro
        ipl 180
        wait "READY"
        type "HELLO"
        wait "WHAT?"
        quit
    """
    assert operate(script) == 0
    assert capsys.readouterr().out.splitlines() == ["READY", "END", "READY", "HELLO", "WHAT?"]


def test_after_the_script_the_console_is_at_the_end_of_its_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert operate('wait "READY"\n') == 125
    assert "END OF INPUT WHILE THE MACHINE WAITS" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "status", "message"),
    [
        ('wait "READY"\nwait "NEVER"', 125, 'a.script:2: "NEVER" does not come: the machine waits'),
        ('wait "READY"\nwait end', 125, "a.script:2: the machine's end does not come"),
        ('wait "READY"\nstop\nwait "X"', 125, 'a.script:3: "X" does not come: the processor is stopped'),
        (
            'wait "READY"\nexpect "STEADY"',
            125,
            'a.script:2: the console has not typed "STEADY"; the console typed last',
        ),
        ('wait "READY"\n\ntype "END"\nwait "X"', 125, 'a.script:4: "X" does not come: DISABLED WAIT; PSW 00020000'),
        ("mount 00C missing.txt", 125, "a.script:1: missing.txt: No such file"),
        ("mount 0FF job.txt", 125, "a.script:1: there is no device 0FF"),
        ("dismount 00E", 125, "a.script:1: "),
        ("show 009", 125, "a.script:1: 009: a 3215 has no screen"),
        ("key 009 enter", 125, "a.script:1: 009: a 3215 has no screen"),
        ('wait 009 "X"', 125, "a.script:1: 009: a 3215 is neither a display nor a printer"),
        ('expect 180 "X"', 125, "a.script:1: 180: a 3420 is neither a display nor a printer"),
        ('expect 00E "X"', 125, 'a.script:1: printer 00E has not printed "X"'),
        ('wait 00E "X"', 125, 'a.script:1: "X" on printer 00E does not come: the machine waits'),
        ("press 009 lever", 125, "a.script:1: "),
        ("ipl 00D", 125, "a.script:1: IPL FAILED"),
        ("attach 180,3420", 125, "a.script:1: device 180 is attached already"),
        ("attach 1F0,6502", 125, "a.script:1: 1F0: 6502 is not a device type"),
        ("detach 1F0", 125, "a.script:1: there is no device 1F0"),
        ("storage 100000", 125, "a.script:1: 100000 is not an address: 0 to FFFFF"),
        ("store 0 ABC", 125, "a.script:1: ABC: "),
        ("save missing/file", 125, "a.script:1: missing/file: No such file"),
        ("# nothing\nwiat idle", 2, "a.script:2: there is no statement wiat; there are attach, attention"),
        ('"wait"', 2, "a.script:1: there is no statement wait"),
        ("wait", 2, "a.script:1: a text in quotation marks is missing"),
        ("wait READY", 2, "a.script:1: READY is not a device address"),
        ('wait "READY" now', 2, "a.script:1: now: nothing was expected there"),
        ('wait "READY', 2, "a.script:1: a quotation mark is missing"),
        ("type READY", 2, "a.script:1: READY is not a device address"),
        ("pause 1 fortnight", 2, "a.script:1: fortnight is not one of instructions"),
        ("pause soon seconds", 2, "a.script:1: soon is not a number"),
        ("timeout 0x10 seconds", 2, "a.script:1: 0x10 is not a number"),
        ("key 0C0 any", 2, "a.script:1: any is not one of enter"),
    ],
)
def test_what_goes_wrong_is_told_with_its_line(
    script: str, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert operate(script + "\n") == status
    err = capsys.readouterr().err
    assert err.startswith(f"cpvm ipl: {message}") and err.count("\n") == 1, err


def test_a_wait_has_its_limit(capsys: pytest.CaptureFixture[str]) -> None:
    Path("loop").write_bytes(bytes.fromhex("47F00300"))
    core = ["ipl", "--core", "loop@300", "--psw", "0000000000000300", "--script", "a.script"]
    Path("a.script").write_text('timeout 50000 instructions\nwait "READY"\n')
    assert cli.main(core) == 124
    assert 'a.script:2: "READY" has not come within 50000 instructions' in capsys.readouterr().err
    Path("a.script").write_text('timeout 0 seconds\nwait "READY"\n')
    assert cli.main(core) == 124
    assert 'a.script:2: "READY" has not come within 0 seconds' in capsys.readouterr().err


def test_pauses_end_at_their_instruction_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    Path("loop").write_bytes(bytes.fromhex("47F00300"))
    core = ["ipl", "--core", "loop@300", "--psw", "0000000000000300", "--script", "a.script"]
    Path("a.script").write_text("pause 12345 instructions\nquit\n")
    assert cli.main(core) == 0
    assert "; 12345 INSTRUCTIONS" in capsys.readouterr().err
    Path("a.script").write_text("pause 30 milliseconds\nquit\n")
    assert cli.main(core) == 0
    assert "; 30000 INSTRUCTIONS" in capsys.readouterr().err  # one takes a microsecond


def test_a_script_on_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('wait "READY"\nexpect "READY"\nquit 3\n'))
    assert cli.main(["ipl", "--device", "180,3420,sys.aws", "--script", "-"]) == 3
    assert cli.main(["ipl", "--device", "180,3420,sys.aws", "--script", "missing"]) == 2
    assert "cpvm ipl: missing: No such file" in capsys.readouterr().err


def test_at_the_keyboard(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("%devices\n%mount 00C missing\n%mount 00C job.txt\n%bogus\n%%\n"))
    assert cli.main(["ipl", "--device", "180,3420,sys.aws", "--escape", "%", "--bare", "--console", "009"]) == 125
    out, err = capsys.readouterr()
    assert "009 3215\n180 3420\n" in out
    assert "there is no device 00C" in err and "there is no operation bogus; help lists them" in err


def test_the_operator_stays_and_quits(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Path("end").write_bytes(bytes.fromhex("0002000000000042"))
    core = ["ipl", "--core", "end@0", "--escape", "/", "--stay"]
    monkeypatch.setattr("sys.stdin", io.StringIO("/psw\n/store 0 0002000000000043\n/restart\n/quit 9\n"))
    assert cli.main(core) == 9
    err = capsys.readouterr().err
    assert err.count("DISABLED WAIT; PSW 00020000 00000042") == err.count("DISABLED WAIT; PSW 00020000 00000043") == 1
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert cli.main(core) == 0x42


def test_help_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["ipl", "--script-help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert all(name in out for name in [*STATEMENTS, *OPERATIONS])
    assert all([kind.title for kind in STATEMENTS.values()] + [kind.title for kind in OPERATIONS.values()])
    assert cli.main(["ipl", "--list-devices"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ["reader: 3505", "1052 3210 3215", "3350", "tape: "])


def test_words_and_texts() -> None:
    assert [(word.text, word.quoted) for word in split(""" a "b c" 'd "e"' "f""g" """)] == [
        *(("a", False), ("b c", True), ('d "e"', True), ('f"g', True)),
    ]
    assert [word.text for word in split("it's a\"b")] == ["it's", 'a"b']
    for wrong in ('"a"b', "'a", 'x "y'):
        with pytest.raises(PanelError, match="quotation mark"):
            split(wrong)


def test_a_script_has_line_numbers() -> None:
    statements = parse('\n# comment\n wait "A"\n\nquit\n', "x")
    assert [(one.number, one.text) for one in statements] == [(3, 'wait "A"'), (5, "quit")]
    with pytest.raises(ScriptError, match="x:2: there is no statement b"):
        parse("quit\nb", "x")


def test_a_panel_in_python() -> None:
    said: list[str] = []
    machine = api.BareMachine(devices=["180,3420,sys.aws"])
    panel = Panel(machine, said.append)
    panel.perform("ipl 180")
    machine.go()
    panel.perform("registers")
    assert said[0].startswith("PSW  FE020000")
    panel.perform("")
    with pytest.raises(PanelError, match="quotation mark"):
        panel.perform('mount "')
    machine.close()
