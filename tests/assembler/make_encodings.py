"""Writes `encodings.txt`: every instruction that the GNU assembler knows too, as it encodes it.

    python tests/assembler/make_encodings.py s390x-linux-gnu-as s390x-linux-gnu-objcopy

Run by hand when instructions are added; the tests read the committed file and need no other assembler.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from assembler.instruction import EXTENDED, MachineInstruction, instructions
from cpvm.s370.formats import Format

HERE = Path(__file__).parent


def choices(op: MachineInstruction) -> list[tuple[str, ...]]:
    """For each operand its least value, one in the middle, its greatest, and those with one field at its greatest."""
    out: list[tuple[str, ...]] = []
    for place, (kind, field, length) in enumerate(op.order):
        if kind == 0 and field in op.row.extended:
            out.append(("0", "4", "0" if place else "4"))
        elif kind == 0 and field in op.row.floating:
            out.append(("0", ("4", "0")[place], ("0", "4")[place]))
        elif kind == 0:
            even = field in op.row.even
            out.append(("0", ("8", "10", "12")[place], "14" if even else "15"))
        elif kind == 2:
            out.append(("0", "9", "15" if field == "i3" else "255"))
        elif op.is_rx:
            out.append(("0(0,0)", "1929(3,7)", "4095(15,15)", "0(15,0)", "0(0,15)", "4095(0,0)"))
        elif length in ("l", "l1", "l2"):
            middle = ("291(9,4)", "1110(11,6)")[place]
            top = 256 if length == "l" else 16
            out.append(("0(1,0)", middle, f"4095({top},15)", f"0({top},0)", "0(1,15)", "4095(1,0)"))
        elif length:
            out.append(("0(0,0)", "291(5,6)", "4095(15,15)", "0(15,0)", "0(0,15)", "4095(0,0)"))
        else:
            out.append(("0(0)", "1110(10)", "4095(15)", "0(15)", "4095(0)"))
    return out


def operand_sets(op: MachineInstruction) -> list[str]:
    """All operands least, all in the middle, all greatest, and each field greatest while the others are least."""
    given = choices(op)
    count = len(given)
    picks = [(0,) * count, (1,) * count, (2,) * count]
    for one, values in enumerate(given):
        picks += [tuple(pick if place == one else 0 for place in range(count)) for pick in range(2, len(values))]
    return list(dict.fromkeys(",".join(values[pick] for values, pick in zip(given, row, strict=True)) for row in picks))


def encode(assembler: str, objcopy: str, op: MachineInstruction, operands: str) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        source, thing, raw = (Path(folder) / name for name in ("x.s", "x.o", "x.bin"))
        source.write_text(f" {op.name.lower()} {operands}\n")
        done = subprocess.run(
            [assembler, "-m31", "-march=z900", "-mwarn-areg-zero", "-o", thing, source],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            return None
        subprocess.run([objcopy, "-O", "binary", "-j", ".text", thing, raw], check=True)
        return raw.read_bytes()[: op.length].hex().upper()


def main() -> None:
    assembler, objcopy = sys.argv[1:]
    lines = []
    unknown = []
    for name, op in sorted(instructions().items()):
        sets = [""] if op.row.format is Format.S and not op.order else operand_sets(op)
        for operands in sets:
            code = encode(assembler, objcopy, op, operands)
            if code is None:
                unknown.append(name)
                break
            lines.append(f"{code:<12} {name:<6} {operands}".rstrip())
    (HERE / "encodings.txt").write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"{len(lines)} lines; not known to it: {' '.join(unknown)}; conditions {len(EXTENDED)}")


if __name__ == "__main__":
    main()
