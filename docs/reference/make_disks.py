"""Write `disks.md`, the reference of the disk types, from the tables of the package.

    python docs/reference/make_disks.py

A test compares the committed file with what this gives.
"""

from collections.abc import Iterator
from pathlib import Path

from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.devices.fba import FixedBlockDisk
from cpvm.machine.media.model import OPTIONAL, model_of
from cpvm.s370.ckd import GEOMETRY, Geometry
from cpvm.s370.fba import FIXED_BLOCK

HERE = Path(__file__).parent
HEAD = """# Disks

The disk types that a machine can have, from the tables in `cpvm/s370/ckd.py`, `cpvm/s370/fba.py` and
`cpvm/machine/media/model.py`, where the manuals are named too. How to make disks and attach them is in
[disks](../howto/disks.md).

This file is written by `docs/reference/make_disks.py`; do not edit it.
"""
CKD = """
## Count-key-data

*Cylinders* are the primary ones, and the alternate ones behind them; *largest* is the record that fills a track, in
bytes; *sectors* are rotational positions. Times are in milliseconds: a revolution; the arm to the next cylinder, on
average, over all. They count without `--immediate`.

| Type | | Cylinders | Heads | Largest | 800-byte records | Sectors | Sense bytes | Revolution | Arm |
|---|---|---:|---:|---:|---:|---:|---:|---:|---|
"""
COMMANDS = """
Commands (hexadecimal) that all have, multi-track ones included: {}.
Besides, some have

| Commands | Types |
|---|---|
"""
ABSENT = """
Define Extent, Locate Record, Read Track and what else needs them came with the 3990 and a feature of the 3880; these
drives do not have them. Diagnostic commands are rejected. The 3340 has rotational position sensing. A 3344 is one of
the four volumes of a spindle, and a 3340-70 for programs.
"""
MANNERS = """
## Where programs notice a control unit

- A command that a type does not have is refused at selection: unit check alone, condition code 1 of SIO.
- Write Data needs Search ID Equal or Search Key Equal before it, Write Key and Data Search ID Equal, on the whole
  field. Write Count, Key and Data and Erase need one of these (a read or a write of the record found may be between),
  Write R0, or another Write Count, Key and Data; Write R0 needs Search Home Address Equal or Write Home Address.
- Two index points without a read of data or home address, a write or a control command between them: No Record Found.
- A control command between a search and a read loses the place: the read is that of the next record.
- Records without a key are passed over by Search Key, unless the command before read or found their count.
- Set File Mask may be given once in a program. Writes that it forbids are command rejects, seeks and switches of heads
  are File Protected.
- A defective track (home address flag X'02') gives Track Condition Check on the 2305 to 3350, and so does a switch of
  heads on an alternate track (X'01'). The 3880 goes to the alternate track, and on from it, by itself.
- Overflow records go on with record 1 of the next track. In images a segment has the topmost bit of its cylinder number
  on, as in Hercules; a program that writes a cylinder number of X'8000' to X'FEFF' makes one.
- Home addresses are those of their tracks; others are command rejects.
- A channel program begins at index in the reckoning of records; the time to get there counts in virtual time.
- A fixed-block write that gives fewer bytes than Locate has named blocks writes zeros for the rest.

`tests/machine/devices/test_dasd_vectors.py` names where Hercules does otherwise.
"""
FBA = """
## Fixed-block

Blocks have 512 bytes. All types have the commands {}.

| Type | Blocks | on a track | on a cylinder | Control unit | Revolution | Arm |
|---|---:|---:|---:|---|---:|---|
"""


def _types() -> dict[str, list[str]]:
    """Other names of each type."""
    names: dict[str, list[str]] = {g.name: [] for g in GEOMETRY.values()}
    for name, geometry in GEOMETRY.items():
        if name != geometry.name:
            names[geometry.name].append(name)
    return names


def _times(low: float, average: float, high: float) -> str:
    return ", ".join(f"{time:g}" for time in (low, average, high)) if high else "none"


def _count_key_data() -> Iterator[str]:
    for name, aliases in _types().items():
        g: Geometry = GEOMETRY[name]
        model = model_of(g)
        cylinders = f"{g.cylinders} + {g.alternates}"
        numbers = f"{g.heads} | {g.largest} | {g.records_per_track(800)} | {g.sectors or ''} | {model.sense_length}"
        times = f"{model.rotation / 1000:g} | {_times(*(time / 1000 for time in model.seek))}"
        yield f"| {name} | {', '.join(aliases)} | {cylinders} | {numbers} | {times} |\n"


def _codes(codes: set[int]) -> str:
    return " ".join(f"{code:02X}" for code in sorted(codes))


def _optional() -> Iterator[str]:
    holders: dict[str, set[int]] = {}
    for code in OPTIONAL:
        types = {g.name for g in GEOMETRY.values() if code in model_of(g).commands}
        families = sorted({name[:4] for name in types})
        holders.setdefault(", ".join(families), set()).add(code)
    for types_text, codes in sorted(holders.items(), key=lambda item: min(item[1])):
        yield f"| {_codes(codes)} | {types_text} |\n"


def _fixed_block() -> Iterator[str]:
    for name, f in FIXED_BLOCK.items():
        if name == f.name:
            numbers = f"{f.blocks} | {f.per_track} | {f.per_cylinder} | {f.unit:X}"
            yield f"| {name} | {numbers} | {f.rotation:g} | {_times(*f.seek)} |\n"


def text() -> str:
    """The whole page."""
    common = _codes(set(Dasd._commands) - OPTIONAL)
    blocks = _codes(set(FixedBlockDisk._commands))
    ckd = [CKD, *_count_key_data(), COMMANDS.format(common), *_optional(), ABSENT, MANNERS]
    return "".join([HEAD, *ckd, FBA.format(blocks), *_fixed_block()])


if __name__ == "__main__":
    (HERE / "disks.md").write_text(text(), encoding="utf-8")
