"""The whole state of a machine as one file, and back.

A snapshot is a ZIP archive with two members: `machine.json`, which says what is in registers, PSW, timers, pending
interruptions, channels and devices, and where the blocks of storage belong that are not all zeros; and `storage`,
those blocks one behind the other. It does not depend on the host. What is behind the devices (cards, paper, disks) is
not part of a machine: whoever restores it attaches devices of the same types at the same addresses first.

Saving purges the TLB, as it may be at any time, and looks for loops of interruptions anew, so that the machine that was
saved and the one that is restored go on alike. The TOD clock keeps its distance from the host's.
"""

import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpvm.machine.device import DeviceError
from cpvm.machine.pending import TYPES
from cpvm.machine.storage import BLOCK
from cpvm.s370 import plugin

if TYPE_CHECKING:
    from cpvm.machine.machine import Machine

FORMAT, VERSION = "cpvm machine", 1
STATE, STORAGE = "machine.json", "storage"
_DATE = (1980, 1, 1, 0, 0, 0)  # members have no date of their own: one state, one file
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError),
    *(KeyError, TypeError, ValueError, IndexError, AttributeError),
)
"""What reading a damaged archive may raise, and what may be wrong with its contents."""


class SnapshotError(Exception):
    """A file is no snapshot, damaged, of a later version, or of a machine that is configured otherwise."""


@dataclass(frozen=True)
class Configuration:
    """What a machine must be to take up a snapshot."""

    storage: int
    """Bytes."""
    devices: Mapping[int, str]
    """I/O address -> device type."""
    plugins: Sequence[str] = ()
    """Names of the plugins without which it is another machine."""

    @property
    def missing(self) -> Sequence[str]:
        """Those of them that are not loaded."""
        return [name for name in self.plugins if name not in plugin.loaded()]


def _plain(value: object) -> object:
    """Bytes as JSON can have them."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def _revive(value: dict[str, Any]) -> object:
    return bytes.fromhex(value["bytes"]) if value.keys() == {"bytes"} else value


def _processor(machine: "Machine") -> dict[str, object]:
    cpu = machine.cpu
    return {
        "psw": list(cpu.psw().words()),
        "early_ilc": cpu.early_ilc if cpu.unassigned else 0,  # else it tells nothing
        "general": list(cpu.general),
        "floating": list(cpu.floating),
        "control": list(cpu.control),
        "prefix": cpu.prefix_register,
        "failing_address": cpu.translator.failing_address,
        "signals": machine.interruptions.signals,
        "others": list(machine.interruptions.others),
        "restarting": machine.interruptions.restarting,
        "machine_checks": [machine.interruptions.checks.pending, machine.interruptions.checks.address],
        "timers": cpu.timers.save(),
        "address_stop": machine.address_stop,
    }


def _plugins(machine: "Machine") -> list[str]:
    """The plugins of its devices, and those that define instructions or DIAGNOSE codes: any program may use them."""
    devices = {plugin.owner(type(device)) for device in machine.devices.values()} - {None}
    return sorted({str(name) for name in devices} | {one.name for one in plugin.loaded().values() if one.machine})


def _runs(blocks: list[int]) -> list[list[int]]:
    """Block numbers in ascending order as [first, count]."""
    runs: list[list[int]] = []
    for block in blocks:
        if runs and sum(runs[-1]) == block:
            runs[-1][1] += 1
        else:
            runs.append([block, 1])
    return runs


def save(machine: "Machine") -> bytes:
    """The state of a machine that is not running."""
    machine.cpu.purge_tlb()
    machine.cpu.interpreter.forget_loops()
    storage = machine.storage
    zeros = bytes(BLOCK)
    used = [n for n in range(storage.size // BLOCK) if storage.data[n * BLOCK : (n + 1) * BLOCK] != zeros]
    runs = _runs(used)
    state = {
        "format": FORMAT,
        "version": VERSION,
        "storage": storage.size,
        "plugins": _plugins(machine),
        "blocks": runs,
        "keys": bytes(storage.keys[: storage.size // BLOCK]),
        "processor": _processor(machine),
        "polls": machine.io.agenda.polls,
        "channels": {f"{number:X}": kind for number, kind in machine.io.types.items()},
        "io": {f"{address:03X}": entry for address, entry in machine.io.save().items()},
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        text = json.dumps(_plain(state), indent=1, sort_keys=True)
        archive.writestr(zipfile.ZipInfo(STATE, _DATE), text, zipfile.ZIP_DEFLATED)
        data = b"".join(storage.read(first * BLOCK, count * BLOCK) for first, count in runs)
        archive.writestr(zipfile.ZipInfo(STORAGE, _DATE), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _open(data: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            state = json.loads(archive.read(STATE), object_hook=_revive)
            if state["format"] != FORMAT or not isinstance(state["version"], int):
                raise SnapshotError("this is not the state of a machine")
            if state["version"] > VERSION:
                raise SnapshotError(f"this state is of version {state['version']}, the latest known is {VERSION}")
            return state, archive.read(STORAGE)
    except _DAMAGED as error:
        raise SnapshotError(f"this is not the state of a machine: {error}") from None


def configuration(data: bytes) -> Configuration:
    """What a machine must be to take up this state. Raises SnapshotError."""
    state, _ = _open(data)
    try:
        devices = {int(address, 16): str(entry["device"]["type"]) for address, entry in state["io"].items()}
        plugins = [str(name) for name in state.get("plugins", ())]
        return Configuration(int(state["storage"]), devices, plugins)
    except _DAMAGED as error:
        raise SnapshotError(f"the state of a machine is damaged: {error}") from None


def restore(machine: "Machine", data: bytes) -> None:
    """Put a machine into a state that `save` gave.

    Raises SnapshotError; the machine is left as it was if its storage or its devices are not those of the state, and
    reset and clear if the state turns out to be damaged.
    """
    needed = configuration(data)
    state, content = _open(data)
    if needed.missing:
        raise SnapshotError(f"the saved machine needs what is not loaded: plugin {', '.join(needed.missing)}")
    if needed.storage != machine.storage.size:
        raise SnapshotError(f"the saved machine has {needed.storage} bytes of storage, not {machine.storage.size}")
    there = {address: device.type for address, device in machine.devices.items()}
    if needed.devices != there:
        raise SnapshotError(f"the saved machine has other devices: {_list(needed.devices)}, not {_list(there)}")
    try:
        _restore_processor(machine, state["processor"])
        _restore_storage(machine, state["blocks"], state["keys"], content)
        machine.io.agenda.polls = int(state.get("polls", 0))
        if "channels" in state:
            types = {int(number, 16): int(kind) for number, kind in state["channels"].items()}
            if not set(types.values()) <= TYPES:
                raise ValueError("it has a channel of no type")
            machine.io.types = types
        machine.io.load({int(address, 16): entry for address, entry in state["io"].items()})
    except (*_DAMAGED, DeviceError, OverflowError) as error:
        machine.clear()
        raise SnapshotError(f"the state of a machine is damaged: {error}") from None


def _list(devices: Mapping[int, str]) -> str:
    return ", ".join(f"{address:03X} {kind}" for address, kind in sorted(devices.items())) or "none"


def _restore_processor(machine: "Machine", saved: Mapping[str, Any]) -> None:
    machine.reset()
    cpu = machine.cpu
    for registers, values in ((machine.gr, saved["general"]), (machine.fr, saved["floating"])):
        for r, v in enumerate(values):
            registers[r] = v
    for r, v in enumerate(saved["control"]):
        machine.set_cr(r, v)
    cpu.prefix_register = machine.io.prefix = int(saved["prefix"])
    cpu.load_psw(*saved["psw"])
    cpu.early_ilc = int(saved["early_ilc"])
    cpu.translator.failing_address = int(saved["failing_address"])
    cpu.timers.load(saved["timers"])
    machine.interruptions.signals = int(saved["signals"])
    machine.interruptions.others[:] = saved["others"]
    if saved.get("restarting", False):  # older states have neither this nor machine checks
        machine.interruptions.request_restart()
    pending, address = saved.get("machine_checks", (0, None))
    if pending:
        machine.machine_check(pending, address)
    machine.address_stop = saved["address_stop"]


def _restore_storage(machine: "Machine", runs: list[list[int]], keys: bytes, content: bytes) -> None:
    storage = machine.storage
    if len(keys) != storage.size // BLOCK or sum(count for _, count in runs) * BLOCK != len(content):
        raise ValueError("its storage is incomplete")
    storage.clear()
    at = 0
    for first, count in runs:
        if not 0 <= first <= first + count <= len(keys):
            raise ValueError("its storage is too large")
        storage.write(first * BLOCK, content[at : at + count * BLOCK])
        at += count * BLOCK
    storage.keys[: len(keys)] = keys
    machine.cpu.purge_tlb()


def write(machine: "Machine", path: Path) -> None:
    """Save a machine to a file; a file that is there already is replaced when all is written. Raises OSError."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(save(machine))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def read(machine: "Machine", path: Path) -> None:
    """Restore a machine from a file. Raises OSError, SnapshotError."""
    restore(machine, path.read_bytes())
