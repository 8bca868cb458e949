"""Devices in words on bare machines: all types, their media, what is refused, saved machines."""

import io
from pathlib import Path

import pytest

from assembler import assemble
from cpvm import api, cli
from cpvm.machine import engines, snapshot
from cpvm.machine.configure import ConfigurationError
from cpvm.machine.device import device_types
from cpvm.machine.engines import AUTO, ENGINES, REFERENCE

from . import monitor

STORAGE = 64 << 10
LINKED = {"ctca": "link"}  # kinds that need a word behind the type


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    Path("sys.aws").write_bytes(monitor.tape())
    Path("job.txt").write_text("//JOB\nFIRST CARD\nSECOND CARD\n")
    Path("odd").write_bytes(b"\xc1" * 81)
    return tmp_path


def all_words() -> list[str]:
    """One device of each type, as it is without a medium."""
    words = []
    for n, (name, cls) in enumerate(sorted(device_types().items())):
        if cls.kind != "console" or name == "1052":
            words.append(f"{0x200 + 0x10 * n:03X},{name},{LINKED.get(cls.kind, '')}")
    return words


def test_every_type_is_attached_and_saved_and_restored() -> None:
    machine = api.BareMachine(STORAGE, devices=all_words())
    assert {device.type for device in machine.devices.values()} >= {"1052", "3420", "3350", "3505", "1403", "3277"}
    saved = snapshot.save(machine)
    machine.close()
    again = api.BareMachine(STORAGE, devices=all_words())
    snapshot.restore(again, saved)
    assert snapshot.save(again) == saved
    again.close()


def test_every_type_refuses_options_it_does_not_know_and_files_that_are_not_there() -> None:
    machine = api.BareMachine(STORAGE, console=None)
    for name, cls in device_types().items():
        for words in (f"5F0,{name},{LINKED.get(cls.kind, '')},nonsense=1", f"5F0,{name},missing/file.txt"):
            if cls.kind == "ctca" and "missing" in words:
                continue  # a name, not a file
            with pytest.raises(ConfigurationError, match=f"5F0 {name}: ") as caught:
                machine.attach_words(words)
            assert "\n" not in str(caught.value)
    assert machine.room.taken is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "nothing is not a device address"),
        ("1000,3420", "1000 is not a device address: 000 to FFF"),
        ("180", "180: nothing is not a device type; there are 1052 "),
        ("180,Model T", "180: MODEL T is not a device type"),
        ("180,3420,sys.aws,ro,ro", "180 3420: option ro is given twice"),
        ("180,3420,sys.aws,", "180 3420: an empty word is no option"),
        ("180,3420,missing.aws,ro", "180 3420: missing.aws: "),
        ("01C,3505,odd", "01C 3505: odd: 81 bytes are not whole cards of 80"),
        ("01F,1052", "01F 1052: 009 is the console already"),
    ],
)
def test_words_that_are_refused(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigurationError, match=message):
        api.BareMachine(STORAGE).attach_words(words)
    if "1052" not in words:  # which takes the place of the standard console
        assert cli.main(["ipl", "job.txt", "--device", words]) == 2
        err = capsys.readouterr().err
        assert err.startswith(f"cpvm ipl: {message}") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ipl", "180"], "nothing to run"),
        (["--device", "00E,1403,paper"], "nothing to IPL: name a deck, or a reader, tape or disk"),
        (["job.txt", "--device", "00C,3505,job.txt"], "job.txt: the standard reader is not there"),
        (["--device", "180,3420,sys.aws", "--device", "180,3420"], "device 180 is attached already"),
        (["--device", "01F,1052", "--device", "009,3215", "job.txt"], "01F is the console already"),
        (["--core", "job.txt@0", "--ipl", "00C"], "--ipl does not go with --core and --restore"),
        (["job.txt", "--device", "00E,1403,a", "--device", "00F,1403,a"], "00F 1403: a: another device writes"),
        (["job.txt", "--device", "00E,1403,missing/a"], "00E 1403: missing/a: No such file"),
        (["job.txt", "--device", "00E,1403,."], "00E 1403: .: Is a directory"),
        (["job.txt", "--device", "01C,3505,job.txt", "--device", "00F,1403,job.txt"], "another device reads this file"),
        (["job.txt", "--device", "00E,1403,a", "--printer", "b"], "--printer: the standard device 00E is not there"),
        (["job.txt", "--bare", "--punch", "b"], "--punch: the standard device 00D is not there"),
        (["job.txt", "--console", "01E", "--device", "01F,1052"], "--console 01E: the console is 01F, by --device"),
        (["--device", "0C0,3277,model=9", "job.txt"], "0C0 3277: model=9"),
        (["job.txt", "--escape", "%%"], "%% is not one character"),
        (["job.txt", "--ipl", "XYZ"], "XYZ is not a device address"),
        (["--device", "180,3420", "--ipl", "180"], "IPL FAILED: IPL from device 180 failed; CSW"),
        (["--device", "180,3420", "--ipl", "190"], "IPL FAILED: there is no device 190"),
    ],
)
def test_what_cannot_be_ipled(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = cli.main(["ipl", *arguments])
    except SystemExit as ended:
        status = int(str(ended.code))
    err = capsys.readouterr().err
    assert status == 2 and message in err and err.count("\n") == 1, err


def test_a_machine_with_nothing_but_what_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ipl", "--bare", "--device", "180,3420,sys.aws", "--max", "1000"]) == 124
    assert capsys.readouterr().out == ""  # there is no console
    machine = api.BareMachine(STORAGE, devices=["180,3420"], console=None, standard=())
    assert list(machine.devices) == [0x180]
    machine.request()
    machine.type("NOBODY HEARS THIS")
    machine.end_of_input()


def test_a_comma_in_a_file_name() -> None:
    Path("a,b=c.txt").write_text("CARD\n")
    machine = api.BareMachine(STORAGE, devices=[r"01C,3505,./a\,b=c.txt"])
    machine.mount(0x01C, r"./a\,b=c.txt")
    with pytest.raises(ConfigurationError, match="a file name is missing"):
        machine.mount(0x01C, "ascii=1")
    with pytest.raises(ConfigurationError, match="there is no device 01D"):
        machine.dismount(0x01D)


def test_a_console_that_is_taken_away_leaves_the_keyboard() -> None:
    machine = api.BareMachine(STORAGE)
    machine.detach(0x009)
    machine.attach_words("01F,1052")
    assert machine.room.taken == 0x01F
    with pytest.raises(api.DeviceError):
        machine.detach(0x009)


@pytest.mark.parametrize("immediate", [True, False])
@pytest.mark.parametrize("after", [3, 50, 400, 3000, 40_000])
def test_saved_in_the_middle_it_goes_on_as_without(immediate: bool, after: int) -> None:
    """IPL, a job from the reader to the printer; saved after some instructions, restored in another machine."""

    def make(paper: str) -> api.BareMachine:
        devices = ["180,3420,sys.aws,ro", "00C,3505,job.txt", f"00E,3211,{paper}"]
        return api.BareMachine(STORAGE, devices=devices, immediate_io=immediate)

    def begin(machine: api.BareMachine) -> None:
        machine.ipl(0x180)
        assert machine.go() is None
        machine.type("RUN")
        machine.go(after)

    def finish(machine: api.BareMachine) -> tuple[object, ...]:
        began = machine.virtual_time
        assert machine.go(2_000_000) is None
        machine.close()
        return list(machine.gr), machine.storage.read(0, STORAGE), machine.virtual_time - began

    whole, first, second = map(make, ("whole", "first", "second"))
    begin(whole)
    begin(first)
    first.save(Path("saved"))
    first.close()
    second.restore(Path("saved"))
    second.operator.typed.extend(first.operator.typed)  # typed, but not yet read: it is still on the desk
    assert finish(second) == finish(whole)
    assert "SECOND CARD" in Path("whole").read_text()
    assert Path("first").read_text() + Path("second").read_text() == Path("whole").read_text()


def test_a_job_from_a_named_reader_to_a_named_printer_at_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.script").write_text('wait "READY"\ntype "RUN"\nwait "JOB ENDED"\ntype "END"\n')
    devices = ["180,3420,sys.aws,ro", "00C,2540R,job.txt,eof", "00E,1443,list.txt", "00D,3525,punched"]
    arguments = [word for device in devices for word in ("--device", device)]
    assert cli.main(["ipl", *arguments, "--ipl", "180", "--script", "a.script"]) == 1
    assert Path("list.txt").read_text().splitlines() == ["//JOB", "FIRST CARD", "SECOND CARD"]


@pytest.mark.parametrize("engine", [name for name in ENGINES if name in (AUTO, REFERENCE) or engines.available()])
def test_every_engine_gives_the_same(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.script").write_text('wait "READY"\ntype "RUN"\nwait "JOB ENDED"\ntype "END"\n')
    arguments = [
        "job.txt",
        "--ipl",
        "180",
        "--device",
        "180,3420,sys.aws",
        "--script",
        "a.script",
        "--printer",
        "paper",
    ]
    assert cli.main(["ipl", *arguments, "--printer", "paper", "--engine", REFERENCE]) == 1
    first = capsys.readouterr()
    assert cli.main(["ipl", *arguments, "--printer", "paper", "--engine", engine]) == 1
    assert capsys.readouterr() == first


def test_an_engine_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(engines, "available", lambda: False)
    assert cli.main(["ipl", "job.txt", "--engine", "compiled"]) == 2
    told = capsys.readouterr().err
    assert "cpvm ipl: the compiled engine needs llvmlite, which is not installed: pip install" in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_under_a_named_printer(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.script").write_text('wait "READY"\ntype "RUN"\nwait "JOB ENDED"\ntype "END"\n')
    devices = ["180,3420,sys.aws,ro", "00C,3505,job.txt", "00E,1403,/dev/full"]
    arguments = [word for device in devices for word in ("--device", device)]
    assert cli.main(["ipl", *arguments, "--ipl", "180", "--script", "a.script"]) == 2
    assert "cpvm ipl: /dev/full: No space left on device" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_what_cannot_be_written_at_the_end_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    program = (
        "A        CSECT\n         USING *,15\n         LA    1,PUNCH\n         ST    1,72\n         SIO   X'01D'\n"
    )
    program += "         SR    15,15\n         BR    14\nPUNCH    CCW   X'01',PUNCH,X'20',80\n         END\n"
    Path("a.text").write_bytes(b"".join(assemble(program).deck))
    assert cli.main(["ipl", "a.text", "--device", "01D,3525,good"]) == 0
    assert len(Path("good").read_bytes()) == 80
    capsys.readouterr()
    assert cli.main(["ipl", "a.text", "--device", "01D,3525,/dev/full"]) == 2
    err = capsys.readouterr().err.splitlines()
    assert "/dev/full: No space left on device" in err[-1] and "Traceback" not in "".join(err)
