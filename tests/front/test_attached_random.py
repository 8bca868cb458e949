"""Random words for devices, random operations of the panel: one clear line each, never another exception."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from cpvm import api
from cpvm.front.operate.panel import OPERATIONS, Panel
from cpvm.front.operate.statements import STATEMENTS, ScriptError, parse
from cpvm.front.operate.words import PanelError
from cpvm.machine.configure import ConfigurationError
from cpvm.machine.device import DeviceError, MediaError, device_types

FILES = {
    "empty": b"",
    "text": b"A CARD\n" * 5,
    "binary": bytes(range(256)) * 7,
    "long": b"x" * 300,
    "ckd": b"CKD_P370" + bytes(600),
    "cckd": b"CKD_C370" + bytes(600),
    "het": b"\x10\0\0\0\xa1\0" + b"x" * 16,
}
OTHERS = ["folder", "missing", "folder/x", "\0", "", "a\udc80", "/dev/null", "x" * 5000, "new", "new.aws", "new.het"]
OPTIONS = [
    *("ro", "rw", "eof", "intrq", "ascii", "ebcdic", "binary", "trunc", "autopad", "multifile", "file2=text"),
    *("file3=missing", "file2=folder", "model=2", "model=x", "extended", "feet=1", "feet=-1", "density=1600"),
    *("format=aws", "format=zip", "bzip2", "overlay=ov", "overlay=folder", "overlay=", "shadow=x", "shadow=folder"),
    *("crlf", "pdf", "append", "fcb=6", "fcb=x", "lpp=66", "p2=pp", "rp3=q", "pfr=text", "pfr=binary"),
    *("a=b", "=", "ro=x", "", "=x", "name=\0", "two\nlines"),
]
OPERANDS = [
    *("0F0", "0F0", "0F0", "009", "start", "stop", "eof", "rewind", "request", "cancel", "enter", "tab", "pf1"),
    *('"text"', '""', "1000", "FFFFFF", "-1", "zz", "'", "C1C2", "text,ro", "binary,binary", "new.aws,ro"),
    *("folder", "missing", "het", "cckd", "empty"),
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    for name, contents in FILES.items():
        Path(name).write_bytes(contents)


def words(rng: random.Random) -> str:
    address = rng.choice(["0F0", "0F0", "0F0", "FFFF", "XYZ", ""])
    parts = [address, rng.choice(sorted(device_types())), rng.choice([*FILES, *OTHERS])]
    return ",".join(parts + [rng.choice(OPTIONS) for _ in range(rng.choice([0, 0, 1, 2]))])


@pytest.mark.parametrize("seed", range(6))
def test_devices_and_operations(seed: int) -> None:
    rng = random.Random(seed)
    attached = refused = 0
    for _ in range(40):
        machine = api.BareMachine(64 << 10, console=None, standard=())
        try:
            machine.attach_words(words(rng))
            attached += 1
        except (ConfigurationError, DeviceError) as error:
            assert "\n" not in str(error)
            refused += 1
        panel = Panel(machine, lambda line: None)
        for _ in range(5):
            line = " ".join([rng.choice(list(OPERATIONS)), *(rng.choice(OPERANDS) for _ in range(rng.randrange(4)))])
            try:
                panel.perform(line)
            except PanelError as error:
                assert "\n" not in str(error)
        machine.io.sio(0x0F0)
        with suppress(api.IPLError):
            machine.ipl(0x0F0)
        try:
            machine.close()
        except MediaError as error:
            assert "\n" not in str(error)
        for name, contents in FILES.items():
            Path(name).write_bytes(contents)
        for new in Path().glob("new*"):
            new.unlink()
    assert attached and refused


def test_lines_of_scripts() -> None:
    rng = random.Random(1)
    understood = 0
    for _ in range(2000):
        parts = [rng.choice(['"a"', "idle", "end", "0C0", "5", "seconds", "instructions", '"', "enter", "x"])]
        parts = [rng.choice([*STATEMENTS, *OPERATIONS]), *parts * rng.randrange(4)]
        try:
            parse(" ".join(parts), "s")
            understood += 1
        except ScriptError as error:
            assert str(error).startswith("s:1: ") and "\n" not in str(error)
    assert 100 < understood < 1900
