"""Write the vector files anew: cases from `cases.py` and `picked.py`, results from Hercules.

    python tests/vectors/make.py [--check]

With --check nothing is written; the differences between Hercules and the engine are shown.
"""

import sys
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from cpvm.machine import Machine
from cpvm.s370.psw import PSW
from vectors import cases, hercules, picked
from vectors.vector import CODE, HERE, PROGRAM_CASE, SIZE, Vector, prepare, run


def collect() -> dict[str, list[Vector]]:
    """All vectors, by file."""
    chapters: dict[str, list[Vector]] = defaultdict(list)
    for row in cases.instructions():
        chapters[cases.chapter(row)] += cases.for_instruction(row)
    for name, vectors in picked.all_picked().items():
        chapters[name] += vectors
    return chapters


def witness(vectors: list[Vector]) -> None:
    """Fill in the results."""
    for start in range(0, len(vectors), hercules.CAPACITY):
        batch = vectors[start : start + hercules.CAPACITY]
        for vector, outcome in zip(batch, hercules.run_batch(batch), strict=True):
            vector.out = outcome.against(vector)
            correct(vector)


def correct(vector: Vector) -> None:
    """Put right what Hercules 3.13 does otherwise than *Principles of Operation* says.

    After an exception of an instruction under EXECUTE the instruction-length code is that of EXECUTE. MONITOR CALL
    stores class and code in the BC mode too.
    """
    if vector.out["kind"] == PROGRAM_CASE and vector.out["psw"][4:8] == "0040":
        psw = PSW.from_bytes(bytes.fromhex(vector.out["psw"]))
        text = vector.code_area()[psw.address - CODE - 4 :]
        base = vector.registers("gr")[text[2] >> 4]
        codes = (
            bytes(17) + text[1:2] + bytes(6) + (base + (int.from_bytes(text[2:4], "big") & 0xFFF)).to_bytes(4, "big")
        )
        vector.out["codes"] = codes.hex()
    if vector.code.startswith("44") and vector.out["kind"] == PROGRAM_CASE:
        psw = PSW.from_bytes(bytes.fromhex(vector.out["psw"]))
        if psw.address == CODE + 4:
            vector.out["psw"] = replace(psw, ilc=2).to_bytes().hex()


def main() -> None:
    """Make or check."""
    chapters = collect()
    everything = [v for vectors in chapters.values() for v in vectors]
    witness(everything)
    if "--check" not in sys.argv:
        for name, vectors in chapters.items():
            (HERE / f"{name}.jsonl").write_text("".join(v.to_json() + "\n" for v in vectors))
    machine = Machine(SIZE)
    prepare(machine)
    wrong: Counter[str] = Counter()
    for vector in everything:
        found = run(machine, vector).against(vector)
        if found != vector.out:
            wrong[vector.code[:2]] += 1
            if wrong[vector.code[:2]] <= 4:
                print(vector.to_json()[:700], "\n  engine ", found, "\n")
    print(len(everything), "vectors;", sum(wrong.values()), "differences", dict(wrong))


if __name__ == "__main__":
    main()
