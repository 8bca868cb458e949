"""Write `devices.md` and `diagnose.md`, the references of the devices and the DIAGNOSE codes, from their tables.

    python docs/reference/make_devices.py

A test compares the committed files with what this gives.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from cpvm.cp import diagnose
from cpvm.machine.device import Device, device_types

HERE = Path(__file__).parent
MOST = 16  # command codes listed
DEVICES = """# Devices

All device types, from the table of devices: `cpvm ipl --device ADDR,TYPE[,FILE][,OPTION]...`. What goes behind the
type is told first, then the commands; sources are in the file of the device. `cpvm ipl --list-devices` shows those of
plugins, too.

This file is written by `docs/reference/make_devices.py`; do not edit it.
"""
CODES = """# DIAGNOSE codes

What a program in a virtual machine can ask of CP, from the table of codes. Registers and condition codes are in the
file that the last column names. Codes X'100' to X'1FC' are not IBM's. A code for which a user has not one of the
classes is a privileged-operation exception, any other code a specification exception.

This file is written by `docs/reference/make_devices.py`; do not edit it.
"""


def _title(thing: object) -> str:
    return _line((inspect.getdoc(thing) or "").split("\n\n")[0]).rstrip(".")


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _commands(cls: type[Device]) -> Iterator[str]:
    """A row for each command method, by its lowest code."""
    codes: dict[object, list[int]] = {}
    for code, method in cls._commands.items():
        codes.setdefault(method, []).append(code)
    for method, found in sorted(codes.items(), key=lambda item: min(item[1])):
        listed = " ".join(f"{code:02X}" for code in sorted(found)[:MOST])
        if len(found) > MOST:
            listed += f" and {len(found) - MOST} more"
        yield f"| {listed} | {_title(method)} |"


def devices() -> str:
    """The whole of `devices.md`."""
    classes: dict[type[Device], list[str]] = {}
    for name, cls in device_types().items():
        classes.setdefault(cls, []).append(name)
    parts = [DEVICES]
    for cls, names in sorted(classes.items(), key=lambda item: (item[0].kind, sorted(item[1]))):
        parts.append(f"## {', '.join(sorted(names))} ({cls.kind})\n")
        parts.append(f"{_title(cls)}. File: `{cls.__module__.replace('.', '/')}.py`.\n")
        parts.append(f"{_line((inspect.getdoc(cls.configure) or '').partition('Raises')[0])}\n")
        parts += ["| Code | Command |", "|---|---|", *_commands(cls), ""]
    return "\n".join(parts)


def codes() -> str:
    """The whole of `diagnose.md`."""
    rows = [CODES, "| Code | Classes | Service | Operands | File |", "|---|---|---|---|---|"]
    for service in diagnose.services():
        module = sys.modules[service.body.__module__]
        subject = _title(module).partition(": ")[2] or module.__name__
        file = module.__name__.rpartition(".")[2]
        rows.append(
            f"| {service.code:03X} | {service.classes or 'any'} | {subject} | {_title(service.body)} | `{file}.py` |"
        )
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    (HERE / "devices.md").write_text(devices(), encoding="utf-8")
    (HERE / "diagnose.md").write_text(codes(), encoding="utf-8")
