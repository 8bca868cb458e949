"""Plugins: what they define, what is refused, and what becomes of their mistakes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assembler import assemble
from cpvm import api, cli
from cpvm.front import plugins
from cpvm.machine.configure import ConfigurationError
from cpvm.machine.device import device_types
from cpvm.s370 import plugin
from cpvm.s370.disassemble import disassemble
from cpvm.s370.insn import by_mnemonic

HEAD = """\
from cpvm.machine.device import ENDED, Device, command, device
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn

"""
DEVICE = """\
@device("9999", kind="invented")
class Invented(Device):
    STATE = ("value",)
    def __init__(self):
        super().__init__()
        self.value = 0
    @classmethod
    def configure(cls, type, path, options, room):
        return cls()
    @command(0x02)
    def read(self, path):
        path.send(b"OK")
        return ENDED
"""
INSTRUCTION = """\
@insn(0x52, "TWICE", Format.RX, align=4)
def twice(m, r1, a2):
    "Twice: the double of a fullword."
    m.set_gr(r1, m.fetch4(a2) * 2)
"""
ADDRESS = 0x0F0


@pytest.fixture(autouse=True)
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[plugin.Fault]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", None)
    found: list[plugin.Fault] = []
    plugin.listeners.append(found.append)
    yield found
    plugin.listeners.remove(found.append)
    for name in plugin.loaded():
        plugin.unload(name)
    plugin._times.clear()


def write(text: str, name: str = "mine.py") -> str:
    Path(name).write_text(HEAD + text)
    return name


def load(text: str) -> plugin.Plugin:
    return api.load_plugin(write(text))


def machine_with(text: str) -> api.BareMachine:
    load(text)
    machine = api.BareMachine(64 << 10)
    machine.attach_words("0F0,9999")
    return machine


def start(machine: api.BareMachine, command: int = 0x02) -> tuple[int, bytes, bytes]:
    """Start a command with 2 bytes at 600: condition code, CSW, and then the sense bytes."""
    machine.storage.write(0x48, bytes.fromhex("00000500"))
    machine.storage.write(0x500, bytes((command,)) + bytes.fromhex("000600 20000002"))
    machine.storage.write(0x40, bytes(8))
    cc = machine.io.sio(ADDRESS)
    if cc == 0:
        machine.io.tio(ADDRESS)
    csw = machine.storage.read(0x40, 8)
    machine.storage.write(0x500, bytes.fromhex("04000700 20000001"))
    machine.storage.write(0x700, b"\0")
    assert machine.io.sio(ADDRESS) == 0 and machine.io.tio(ADDRESS) == 1
    return cc, csw, machine.storage.read(0x700, 1)


def test_a_device_an_instruction_and_their_end() -> None:
    loaded = load(DEVICE + INSTRUCTION)
    assert loaded.name == "mine" and loaded.defined == ["device type 9999", "instruction TWICE"]
    assert device_types()["9999"].kind == "invented"
    row = by_mnemonic("TWICE")
    assert row is not None and row.title == "Twice: the double of a fullword"
    assert disassemble(bytes.fromhex("5210F008")) == "TWICE 1,8(,15)"
    program = "A        CSECT\n         USING *,15\n         TWICE 15,=F'21'\n         BR    14\n         END\n"
    assert api.run_deck(assemble(program).deck).machine.gr[15] == 42
    plugin.unload("mine")
    assert "9999" not in device_types() and by_mnemonic("TWICE") is None and not plugin.loaded()
    assert "TWICE" in "".join(line for line in assemble(program).listing if "UNDEFINED" in line or "TWICE" in line)
    assert assemble(program).return_code >= 8


def test_loaded_anew_it_is_what_the_file_says_now() -> None:
    load(INSTRUCTION)
    program = "A        CSECT\n         USING *,15\n         TWICE 15,=F'21'\n         BR    14\n         END\n"
    assert api.run_deck(assemble(program).deck).machine.gr[15] == 42
    load(INSTRUCTION.replace("* 2", "* 3"))
    assert api.run_deck(assemble(program).deck).machine.gr[15] == 63


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = unknown\n", "mine.py: line 6: NameError: name 'unknown' is not defined"),
        ("def f(:\n", "mine.py: line 5: "),
        ("raise SystemExit(3)\n", "mine.py: line 5: SystemExit: 3"),
        ("", "mine.py: it defines no device, instruction, DIAGNOSE code or command"),
        (DEVICE.replace("9999", "3420"), "mine.py: line 5: device type 3420 is defined twice"),
        (DEVICE.replace("9999", "8888") + DEVICE.replace("9999", "8888"), "device type 8888 is defined twice"),
        (INSTRUCTION.replace("0x52", "0x5A"), "mine.py: line 5: X'5A' TWICE is defined twice"),
        (INSTRUCTION.replace("TWICE", "AR"), "mine.py: line 5: X'52' AR is defined twice"),
        (INSTRUCTION.replace("0x52", "0xB2"), "mine.py: line 5: X'B2' TWICE is defined twice"),
        (INSTRUCTION.replace("0x52", "0x5A01"), "mine.py: line 5: X'5A01' TWICE is defined twice"),
        (
            INSTRUCTION.replace("0x52", "0xE6"),
            "line 5: ValueError: X'E6' TWICE: no operation code of format RX",
        ),
        (INSTRUCTION.replace("0x52", "0x520000"), "ValueError: X'520000' TWICE: no operation code"),
        (INSTRUCTION.replace("TWICE", "twice"), "ValueError: twice: a mnemonic is one to eight capital letters"),
        (DEVICE.replace("9999", "x9"), "mine.py: line 5: device type 'x9' is not capital letters and digits"),
        (DEVICE.replace("0x02", "0x08"), "mine.py: line 14: ValueError: X'08' is no command code"),
        (INSTRUCTION.replace("r1, a2", "r1, a9"), "mine.py: line 5: ValueError: TWICE: operands ('r1', 'a9')"),
        (
            "from cpvm.cp.diagnose import diagnose\n@diagnose(0x24)\ndef mine(call): pass\n",
            "mine.py: line 6: DIAGNOSE X'24' is defined twice",
        ),
        (
            "from cpvm.cp.command import command\n"
            "@command('QUERY', module='DMKUSR', minimum=1, classes='', syntax='')\ndef mine(request, operands): pass\n",
            "mine.py: line 6: CP commands: QUERY is defined twice",
        ),
    ],
)
def test_what_cannot_be_loaded_leaves_nothing_behind(
    text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    types, rows = set(device_types()), by_mnemonic("TWICE")
    with pytest.raises(api.PluginError) as caught:
        load(text)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert set(device_types()) == types and by_mnemonic("TWICE") is rows is None
    assert not plugin.loaded() and "cpvm_plugin_mine" not in sys.modules
    for command in ("ipl", "asm", "run", "start"):
        operand = [] if command == "start" else ["any"]
        assert cli.main([command, *operand, "--plugin", "mine.py"]) == 2
        assert capsys.readouterr().err.startswith(f"cpvm {command}: mine.py: ")


def test_files_that_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder").mkdir()
    Path("binary").write_bytes(b"\x00\xff")
    for file in ("missing.py", "folder", "binary"):
        with pytest.raises(api.PluginError, match=file):
            api.load_plugin(file)
    load(DEVICE)
    Path("folder/mine.py").write_text(HEAD + INSTRUCTION)
    with pytest.raises(api.PluginError, match="a plugin mine is loaded already, from "):
        api.load_plugin("folder/mine.py")


@pytest.mark.parametrize(
    "wrong",
    [
        "        1 // 0\n",
        "        path.count.no_such_thing()\n",
        "        return None\n",
        "        return 'ENDED'\n",
        "        return 4711\n",
        "        self.sense = 'no bytes'\n",
        "        self.sense = b''\n",
        "        self.takes('long')\n",
        "        return self.later(None)\n",
        "        raise RecursionError\n",
    ],
)
@pytest.mark.parametrize("sends", [True, False])
def test_a_command_that_is_wrong_is_an_equipment_check(wrong: str, sends: bool, faults: list[plugin.Fault]) -> None:
    sent = '        path.send(b"OK")\n'
    machine = machine_with(DEVICE.replace(sent, (sent if sends else "") + wrong))
    machine.io.immediate = False
    cc, csw, sense = start(machine)
    assert csw[4] & 0x02 and sense == b"\x10"
    assert (cc, csw[4]) == ((0, 0x0E) if sends else (1, 0x02))
    assert len(faults) == 1 and str(faults[0]).startswith("plugin mine failed in perform of device 9999 at 0F0: ")


def test_text_is_no_data(faults: list[plugin.Fault]) -> None:
    cc, csw, sense = start(machine_with(DEVICE.replace('b"OK"', '"OK"')))
    assert (cc, csw[4], sense) == (0, 0x0E, b"\x10") and len(faults) == 1


@pytest.mark.parametrize("method", ["begin", "end", "halt", "reset", "close", "is_immediate"])
def test_methods_for_the_channel_that_are_wrong(method: str, faults: list[plugin.Fault]) -> None:
    device = DEVICE
    if method == "is_immediate":  # only a command that moves no data has the channel ask
        device = device.replace('        path.send(b"OK")\n', "")
    machine = machine_with(device + f"    def {method}(self, *arguments):\n        raise OSError('host')\n")
    cc, csw, _ = start(machine)
    assert cc == 0 and csw[4] & 0xFD == 0x0C
    assert bool(csw[4] & 0x02) == (method == "end")
    machine.reset()
    machine.close()
    assert faults and all(f"{method} of device 9999" in str(fault) for fault in faults)


def test_a_device_that_cannot_be_made_or_operated(faults: list[plugin.Fault]) -> None:
    machine = machine_with(DEVICE + "    def press(self, key):\n        raise KeyError(key)\n")
    with pytest.raises(ConfigurationError, match="plugin mine failed: KeyError: 'x'"):
        machine.press(ADDRESS, "x")
    machine = machine_with(DEVICE + "    def mount(self, path, options, room):\n        return room.input(path)\n")
    with pytest.raises(ConfigurationError, match="missing: No such file"):
        machine.mount(ADDRESS, "missing")
    load(DEVICE.replace("return cls()", "return options['x']"))
    with pytest.raises(ConfigurationError, match="0F1 9999: plugin mine failed: KeyError: 'x'"):
        machine.attach_words("0F1,9999")
    assert len(faults) == 2


def test_what_happens_again_and_again_is_not_told_each_time(faults: list[plugin.Fault]) -> None:
    machine = machine_with(DEVICE.replace('path.send(b"OK")', "1 // 0"))
    for _ in range(100):
        start(machine)
    assert [fault.times for fault in faults] == [1, 10, 100]
    assert str(faults[2]).endswith(", 100 times")


def test_an_instruction_that_raises_is_an_operation_exception(faults: list[plugin.Fault]) -> None:
    load(INSTRUCTION.replace("m.fetch4(a2) * 2", "1 // 0"))
    machine = api.BareMachine(64 << 10)
    machine.load(bytes.fromhex("52100604"), at=0x600)
    machine.load(bytes.fromhex("000200000000002A"), at=0x68)
    machine.psw = api.PSW(address=0x600)
    stop = machine.run(10)
    assert (stop.reason, stop.detail) == (api.StopReason.DISABLED_WAIT, 0x2A)
    assert machine.storage.read(0x28, 8).hex() == "0000000180000604"
    assert str(faults[0]).startswith("plugin mine failed in instruction TWICE: ZeroDivisionError")
    assert faults[0].subject is machine


def test_program_interruptions_of_an_instruction_are_the_programs(faults: list[plugin.Fault]) -> None:
    load(INSTRUCTION)
    machine = api.BareMachine(64 << 10)
    machine.load(bytes.fromhex("52100602"), at=0x600)  # not on a fullword
    machine.load(bytes.fromhex("000200000000002A"), at=0x68)
    machine.psw = api.PSW(address=0x600)
    machine.run(10)
    assert machine.storage.read(0x28, 8).hex() == "0000000680000604" and not faults


def test_a_diagnose_code_that_raises_or_needs_cp(faults: list[plugin.Fault]) -> None:
    load("from cpvm.cp.diagnose import diagnose\n@diagnose(0x151)\ndef mine(call): 1 // call.x\n"
         "@diagnose(0x152)\ndef other(call): call.set_x(call.vm.userid)\n")  # fmt: skip
    machine = api.BareMachine(64 << 10)
    machine.load(bytes.fromhex("000200000000002A"), at=0x68)
    for code, expected in ((0x151, 6), (0x152, 6), (0x024, 6), (0x1FC, 6)):
        machine.load(bytes.fromhex(f"8312{code:04X}"), at=0x600)
        machine.psw = api.PSW(address=0x600)
        machine.run(10)
        assert machine.storage.read(0x28, 4) == expected.to_bytes(4, "big")
    assert [fault.where for fault in faults] == ["DIAGNOSE X'151'"]


def test_a_saved_machine_names_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    machine = machine_with(DEVICE)
    machine.device(ADDRESS).value = [1, "two", b"three", {"four": None}]  # type: ignore[union-attr]
    machine.save(Path("saved"))
    other = api.BareMachine(64 << 10, devices=["0F0,9999"])
    other.restore(Path("saved"))
    assert other.device(ADDRESS).value == [1, "two", b"three", {"four": None}]  # type: ignore[union-attr]
    machine.device(ADDRESS).value = object()  # type: ignore[union-attr]
    with pytest.raises(api.DeviceError, match="device 9999: value cannot be saved"):
        machine.save(Path("again"))
    plugin.unload("mine")
    with pytest.raises(api.SnapshotError, match="needs what is not loaded: plugin mine"):
        other.restore(Path("saved"))
    assert cli.main(["ipl", "--restore", "saved"]) == 2
    assert "saved: needs what is not loaded: --plugin mine" in capsys.readouterr().err


def test_an_instruction_is_needed_by_any_program_and_a_device_by_its_machine() -> None:
    load(DEVICE)
    machine = api.BareMachine(64 << 10)
    machine.save(Path("without"))
    load(INSTRUCTION)
    machine.save(Path("with"))
    plugin.unload("mine")
    machine.restore(Path("without"))
    with pytest.raises(api.SnapshotError, match="plugin mine"):
        machine.restore(Path("with"))


def test_plugins_of_installed_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (("goodplugin", DEVICE), ("badplugin", "1 // 0\n")):
        (tmp_path / f"{name}.py").write_text(HEAD + text)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{name}-entry = {name}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(plugins, "_tried", set())
    assert cli.main(["ipl", "--list-devices"]) == 0
    out, err = capsys.readouterr()
    assert "invented: 9999" in out
    assert err == (
        "cpvm ipl: plugin badplugin-entry (badplugin): ZeroDivisionError: integer division or modulo by zero; "
        "going on without it\n"
    )
    assert plugin.loaded()["goodplugin-entry"].defined == ["device type 9999"]
    assert plugins.load_installed() == []
    del sys.modules["goodplugin"]
