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


def operand_sets(op: MachineInstruction) -> list[str]:
    """Operands with the extremes of every field, and one set in the middle."""
    out = []
    for pick in range(3):
        parts = []
        for place, (kind, field, length) in enumerate(op.order):
            if kind == 0:
                if field in op.row.extended:
                    parts.append(("0", "4", "0" if place else "4")[pick])
                    continue
                if field in op.row.floating:
                    parts.append(("0", "40"[place], "04"[place])[pick])
                else:
                    parts.append(("0", ("8", "10", "12")[place], "14")[pick])
            elif kind == 2:
                parts.append(("0", "9", "15" if field == "i3" else "255")[pick])
            elif op.is_rx:
                parts.append(("0(0,0)", "1929(3,7)", "4095(15,15)")[pick])
            elif length in ("l", "l1", "l2"):
                middle = ("291(9,4)", "1110(11,6)")[place]
                parts.append(("0(1,0)", middle, f"4095({256 if length == 'l' else 16},15)")[pick])
            elif length:
                parts.append(("0(0,0)", "291(5,6)", "4095(15,15)")[pick])
            else:
                parts.append(("0(0)", "1110(10)", "4095(15)")[pick])
        text = ",".join(parts)
        if text not in out:
            out.append(text)
    return out


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
