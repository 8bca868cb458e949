"""Run random programs in the machine and in Hercules, and compare all that is architected.

    python tests/fuzz/campaign.py [SECONDS] [SEED]

Half of the time goes to programs that end with their first interruption (`programs.py`), half to scenes, which go on
after interruptions (`scenes.py`). Registers, control registers, PSWs, interruption codes, storage and keys are
compared. A difference is shown with the program that makes it, from which all has been left out that it does not need.
What has been done so far is printed every minute.
"""

import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from vectors import hercules
from vectors.make import correct
from vectors.vector import CODE, SIZE, Vector, prepare, run

from cpvm.machine import Machine
from cpvm.s370.disassemble import listing
from cpvm.s370.psw import EC
from fuzz import comparing
from fuzz.programs import CODE_SIZE, Program, Writer

BATCH = (SIZE - hercules.FIRST) // (hercules.CODE_AT + CODE_SIZE)

PROTECTION, ADDRESSING, DATA, DECIMAL_DIVIDE, SEGMENT, PAGE = 4, 5, 7, 0x0B, 0x10, 0x11
NOTHING = ("NOPR  0", "SVC   255")


def code(out: dict[str, Any]) -> int:
    """Program-interruption code of an outcome, in either mode; 0 for a supervisor call."""
    if not out["kind"]:
        return 0
    psw = bytes.fromhex(out["psw"])
    return int(out["codes"][20:24] or "0", 16) if psw[1] & 8 else psw[3]


def excused(text: bytes, theirs: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Whether a difference is one of which *Principles of Operation* says that Hercules is wrong.

    An access exception comes before a data or decimal-divide exception; Hercules looks at the digits first. After an
    exception of an instruction under EXECUTE the instruction-length code is that of EXECUTE, 2; Hercules gives that of
    the target. A data exception terminates EDIT: what is in the result field then is unpredictable.
    """
    last = text[max(0, int.from_bytes(bytes.fromhex(ours["psw"])[5:], "big") - 6 - CODE) :][:1]
    if code(theirs) == code(ours) == DATA and last in (b"\xde", b"\xdf"):
        return {k: v for k, v in theirs.items() if k != "window"} == {k: v for k, v in ours.items() if k != "window"}
    if code(theirs) in (DATA, DECIMAL_DIVIDE) and code(ours) in (PROTECTION, ADDRESSING, SEGMENT, PAGE):
        return True
    psw = bytes.fromhex(ours["psw"])
    if code(theirs) == 0 or code(theirs) != code(ours) or text[int.from_bytes(psw[5:], "big") - 4 - CODE :][:1] != b"D":
        return False
    if psw[1] & EC:
        return ours == theirs | {"codes": theirs["codes"][:16] + "0004" + theirs["codes"][20:]}
    same = bytes.fromhex(theirs["psw"])
    return ours == theirs | {"psw": (same[:4] + bytes((same[4] & 0x3F | 0x80,)) + same[5:]).hex()}


def differing(machine: Machine, vectors: list[Vector]) -> list[int]:
    """Numbers of the programs that end differently; `out` of each is what Hercules says."""
    found = []
    for n, (vector, outcome) in enumerate(zip(vectors, hercules.run_batch(vectors), strict=True)):
        vector.out = outcome.against(vector)
        correct(vector)
        ours = run(machine, vector).against(vector)
        if ours != vector.out and not excused(bytes.fromhex(vector.code), vector.out, ours):
            found.append(n)
    return found


def smallest(machine: Machine, program: Program) -> Program:
    """The program without the pieces that the difference does not need."""
    kept = list(range(len(program.pieces) - 2))
    try:
        while kept:
            alone = differing(machine, [program.without([n]).assembled() for n in kept])
            together = [program.without([kept[i] for i in alone[: n + 1]]) for n in range(len(alone))]
            still = differing(machine, [variant.assembled() for variant in together]) if together else []
            if not still:
                break
            program = together[still[-1]]
            kept = [kept[i] for i in alone[still[-1] + 1 :]]
    except hercules.WitnessStopped:
        pass  # over one with something left out: then that stays
    return program


def show(machine: Machine, program: Program) -> str:
    """A difference for a reader; gives the mnemonics that are left."""
    vector = program.assembled()
    differing(machine, [vector])
    found = run(machine, vector).against(vector)
    lines = [
        line for line in listing(bytes.fromhex(vector.code)[:-16], CODE) if line[2] not in ("NOPR  0", "SVC   255")
    ]
    for address, text, instruction in lines:
        print(f"  {address:06X} {text.hex().upper():<12} {instruction}")
    for name in sorted(vector.out.keys() | found.keys()):
        if vector.out.get(name) != found.get(name):
            print(f"  {name}: Hercules {vector.out.get(name)}\n  {' ' * len(name)}  machine  {found.get(name)}")
    print(" ", vector.to_json(), flush=True)
    return " ".join(instruction.split()[0] for _, _, instruction in lines)


def compared(machine: Machine, batch: list[Program], name: str) -> list[int]:
    """`differing`, without programs over which Hercules breaks down: X'8000000000000000' divided by -1 kills it."""
    while batch:
        try:
            return differing(machine, [program.assembled() for program in batch])
        except hercules.WitnessStopped as stopped:
            if not 0 <= stopped.record < len(batch):
                raise
            print(f"seed '{name}': {stopped}", flush=True)
            del batch[stopped.record]
    return []


def programs(machine: Machine, seed: str, tally: "Tally") -> None:
    """One batch of programs."""
    writer = Writer(seed)
    batch = [writer.program() for _ in range(BATCH)]
    wrong = compared(machine, batch, seed)
    tally.done("programs", len(batch), Counter("end" if p.vector.out.get("kind") == 0 else "exception" for p in batch))
    for n in wrong:
        if tally.wanted():
            print(f"seed '{seed}', program {n}:")
            tally.causes[show(machine, smallest(machine, batch[n]))] += 1


class Tally:
    """What has been done."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()
        self.began = self.told = time.monotonic()

    def done(self, what: str, n: int, kinds: Counter[str]) -> None:
        """So many more."""
        self.counts[what] += n
        self.kinds += kinds
        if time.monotonic() - self.told > 60:
            self.tell()

    def wanted(self) -> bool:
        """Whether another difference is to be shown: not after the first forty."""
        self.counts["differences"] += 1
        return sum(self.causes.values()) < 40

    def tell(self) -> None:
        """Print it."""
        self.told = time.monotonic()
        print(
            f"{self.told - self.began:.0f} s: {dict(self.counts)} {dict(self.causes)}; {dict(self.kinds)}", flush=True
        )


def main(seconds: float, seed: str) -> int:
    """Go on for so many seconds; the number of differences."""
    machine = Machine(SIZE)
    prepare(machine)
    scenes = comparing.Scenes()
    tally = Tally()
    turn = 0
    while time.monotonic() < tally.began + seconds:
        name = f"{seed} {turn}"
        if turn % 2:
            programs(machine, name, tally)
        else:
            done, kinds, wrong = scenes.batch(name)
            tally.done("scenes", done, kinds)
            for scene in wrong:
                if tally.wanted():
                    print(f"seed '{name}', scene:")
                    tally.causes[scenes.show(scenes.smallest(scene))] += 1
        turn += 1
    tally.tell()
    return tally.counts["differences"]


if __name__ == "__main__":
    given = [*sys.argv[1:], *("60", "1")[len(sys.argv) - 1 :]]
    sys.exit(1 if main(float(given[0]), given[1]) else 0)
