"""Plugins under CP: their commands, DIAGNOSE codes, devices, instructions; what they do wrong stops nobody."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp import help
from cpvm.cp.command import command
from cpvm.cp.diagnose import diagnose
from cpvm.front.plugins import load_file
from cpvm.machine.device import ENDED, Device, device
from cpvm.machine.device import command as ccw
from cpvm.s370 import plugin
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn

from .helper import FakeTerminal, Site

PROGRAM_NEW = 0x68


@pytest.fixture(autouse=True)
def invented() -> Iterator[None]:
    """A plugin, half of it wrong."""
    with plugin.loading("mine", "here"):

        @command("DICE", module="DMKUSR", minimum=3, classes="", syntax="DICe [sides]")
        def dice(request, operands):  # type: ignore[no-untyped-def]
            """Throw a die."""
            request.write(f"DIE SHOWS {int(operands.take() or 6)}")

        @diagnose(0x151)
        def reciprocal(call):  # type: ignore[no-untyped-def]
            """The reciprocal of Rx."""
            call.set_y(1 // call.x)

        @diagnose(0x152)
        def user(call):  # type: ignore[no-untyped-def]
            """The length of the userid."""
            call.set_y(len(call.vm.userid))

        @insn(0x52, "THIRD", Format.RX)
        def third(m, r1, a2):  # type: ignore[no-untyped-def]
            """Third: the address divided by the register."""
            m.set_gr(r1, a2 // m.gr(r1))

        @device("9999", kind="invented")
        class Invented(Device):
            """A device that reads once."""

            STATE = ("left",)

            def __init__(self) -> None:
                super().__init__()
                self.left = [b"\x01\x02"]

            @classmethod
            def configure(cls, type, path, options, room):  # type: ignore[no-untyped-def]
                """Nothing."""
                return cls()

            @ccw(0x02)
            def read(self, path):  # type: ignore[no-untyped-def]
                """Read what is left."""
                path.send(self.left.pop())
                return ENDED

        @device("9998", kind="invented")
        class Greedy(Device):
            """A device that wants a file of the host's."""

            @classmethod
            def configure(cls, type, path, options, room):  # type: ignore[no-untyped-def]
                """Nothing."""
                room.input("/etc/passwd")
                return cls()

    yield
    plugin.unload("mine")


@pytest.fixture
def terminal(site: Site) -> FakeTerminal:
    return site.logon("CMSUSER")


def run(site: Site, terminal: FakeTerminal, code: str) -> list[str]:
    """Have the machine execute this and then a disabled wait; a program interruption is one, too."""
    machine = site.system.users["CMSUSER"].machine
    site.on_cp(lambda: machine.storage.write(0x200, bytes.fromhex(code + "82000280")))
    site.on_cp(lambda: machine.storage.write(0x280, bytes.fromhex("00020000000000CC")))
    site.on_cp(lambda: machine.storage.write(PROGRAM_NEW, bytes.fromhex("00020000000000EE")))
    terminal.type("STORE PSW 00000000 00000000")
    return terminal.type("BEGIN 200")


def log(site: Site) -> str:
    return (Path(site.folder) / "operator.log").read_text()


def test_a_command(site: Site, terminal: FakeTerminal) -> None:
    assert "DIE SHOWS 6" in terminal.type("DICE")
    assert "DIE SHOWS 20" in terminal.type("DIC 20")
    lines = terminal.type("DICE TWENTY")
    assert lines[0] == "DMKCFM908E COMMAND FAILED; ERROR IN PLUGIN mine, TOLD TO THE OPERATOR"
    assert "IN PLUGIN mine, command DICE by CMSUSER: ValueError" in log(site)
    assert "DIE SHOWS 6" in terminal.type("DICE")


def test_help_files_do_not_depend_on_plugins() -> None:
    assert "DICE" not in help.pages() and "QUERY" in help.pages()


def test_the_command_of_the_howto(site: Site, terminal: FakeTerminal, tmp_path: Path) -> None:
    plugin.unload("mine")
    page = Path(__file__).parents[2] / "docs" / "howto" / "add-a-device.md"
    block = re.search(r"^```python dice.py\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert block is not None
    (tmp_path / "dice.py").write_text(block[1])
    load_file(tmp_path / "dice.py")
    try:
        assert "DIE SHOWS 20" in terminal.type("DICE 20")
        assert terminal.type("DICE 1 2")[0] == "DMKUSR002E INVALID OPERAND - 2"
    finally:
        plugin.unload("dice")


def test_a_diagnose_code(site: Site, terminal: FakeTerminal) -> None:
    machine = site.system.users["CMSUSER"].machine
    assert "0000CC" in run(site, terminal, "83120152")[-2]
    assert machine.gr[2] == len("CMSUSER")
    site.on_cp(lambda: machine.gr.__setitem__(1, 0))
    lines = run(site, terminal, "83120151")
    assert any("PLUGIN mine FAILED; DIAGNOSE X'151'; TOLD TO THE OPERATOR" in line for line in lines)
    assert "0000EE" in lines[-2] and machine.storage.read(0x28, 4).hex() == "00000006"
    assert "IN PLUGIN mine, DIAGNOSE X'151' OF CMSUSER: ZeroDivisionError" in log(site)


def test_an_instruction(site: Site, terminal: FakeTerminal) -> None:
    machine = site.system.users["CMSUSER"].machine
    site.on_cp(lambda: machine.gr.__setitem__(3, 4))
    assert "0000CC" in run(site, terminal, "5230000C")[-2] and machine.gr[3] == 3
    site.on_cp(lambda: machine.gr.__setitem__(3, 0))
    lines = run(site, terminal, "5230000C")
    assert any("PLUGIN mine FAILED; instruction THIRD" in line for line in lines)
    assert "0000EE" in lines[-2] and machine.storage.read(0x28, 4).hex() == "00000001"


def test_a_device(site: Site, terminal: FakeTerminal) -> None:
    machine = site.system.users["CMSUSER"].machine
    assert "DEV  0F0 DEFINED" in terminal.type("DEFINE 9999 AS 0F0")
    assert "DEV  0F0 9999" in terminal.type("QUERY VIRTUAL ALL")
    assert "DMKDEF092E" in terminal.type("DEFINE 9999 0F0")[0]
    sio = "41100270 50100048 9C0000F0 9D0000F0 4770020C"  # LA 1,CCW; ST 1,72; SIO; TIO until it has ended
    site.on_cp(lambda: machine.storage.write(0x270, bytes.fromhex("0200030000000002")))
    assert "0000CC" in run(site, terminal, sio)[-2]
    assert machine.storage.read(0x300, 2) == b"\x01\x02"
    lines = run(site, terminal, sio)
    assert any("PLUGIN mine FAILED; perform of device 9999 at 0F0; TOLD TO" in line for line in lines)
    assert machine.storage.read(0x44, 1) == b"\x02"
    assert "DEV  0F0 DETACHED" in terminal.type("DETACH 0F0")
    assert "0F0" not in "".join(terminal.type("QUERY VIRTUAL ALL"))


def test_a_guests_device_has_nothing_of_the_hosts(site: Site, terminal: FakeTerminal) -> None:
    lines = terminal.type("DEFINE 9998 0F0")
    assert lines[0] == "DMKDEF906E 9998 CANNOT BE DEFINED; a virtual machine has no files of the host's"
    assert "DMKDEF" in terminal.type("DEFINE 9997 0F0")[0]
