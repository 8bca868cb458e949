"""The references of devices and DIAGNOSE codes are those of their tables, and know what is added by being there."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from cpvm import api
from cpvm.s370 import plugin

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_devices", REFERENCE / "make_devices.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["devices", "diagnose"])
def test_the_committed_files_are_what_the_tables_give(name: str, maker: ModuleType) -> None:
    made = maker.devices() if name == "devices" else maker.codes()
    assert (REFERENCE / f"{name}.md").read_text(encoding="utf-8") == made, "run docs/reference/make_devices.py"


def test_what_is_added_is_in_them(maker: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "added.py"
    file.write_text(
        '"""Added: things added."""\n'
        "from cpvm.cp.diagnose import diagnose\n"
        "from cpvm.machine.device import ENDED, Device, command, device\n"
        "@diagnose(0x151)\n"
        "def ask(call):\n"
        '    """Rx: a question."""\n'
        '@device("9999", kind="invented")\n'
        "class Added(Device):\n"
        '    """A device that was added."""\n'
        "    @command(0x02)\n"
        "    def read(self, path):\n"
        '        """Read nothing."""\n'
        "        return ENDED\n"
    )
    api.load_plugin(file)
    try:
        assert "| 151 | any | things added | Rx: a question | `cpvm_plugin_added.py` |" in maker.codes()
        text = maker.devices().partition("## 9999 (invented)")[2]
        assert "A device that was added" in text and "| 02 | Read nothing |" in text
    finally:
        plugin.unload("added")
