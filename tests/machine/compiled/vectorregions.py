"""Vectors on a machine that has made a region of each one's code."""

from collections import Counter, defaultdict

from everyengine import WarmMachine, engine_of
from vectors.vector import CLEARED, CLEARED_SIZE, CODE, SIZE, TABLES, Vector, instructions_in, prepare, run

from cpvm.machine import Stop
from cpvm.machine.compiled import state
from cpvm.machine.compiled.regions.plan import Plan, Untranslatable
from cpvm.machine.compiled.regions.translate import translate
from cpvm.machine.compiled.shelf import Kept
from cpvm.machine.engines import TRANSLATED
from cpvm.s370.insn import identify

BLOCKS = [0, *range(CLEARED >> 11, CLEARED + CLEARED_SIZE >> 11), TABLES >> 11]


def plan_of(vector: Vector) -> Plan:
    """The instructions one after the other up to the first supervisor call, as if all were executed in turn."""
    text: dict[int, bytes] = {}
    code = bytes.fromhex(vector.code)
    at = 0
    while at + 2 <= len(code):
        row = identify(code[at:])
        if row is None or at + row.length > len(code) or row.mnemonic == "SVC":
            break
        text[CODE + vector.ia + at] = code[at : at + row.length]
        at += row.length
    after = {a: {a + len(instruction): 1} for a, instruction in text.items()}
    return Plan(text, after, (CODE + vector.ia,))


class VectorRegions(WarmMachine):
    """Runs vectors, those with the same code one after the other."""

    def __init__(self) -> None:
        super().__init__(SIZE, BLOCKS, TRANSLATED)
        self._kept: Kept | None = None
        engine_of(self).tuning.hot = 1 << 60
        prepare(self)

    def run(self, max_instructions: int) -> Stop:
        engine = engine_of(self)
        if self._kept is not None and not engine.links:
            self.warm()
            engine._link(self._kept)
        return super().run(max_instructions)

    def code(self, vector: Vector) -> bool:
        """Translate the code of this vector, and those that come next; False if there is nothing to be translated."""
        engine = engine_of(self)
        for region in list(engine.links):
            engine.links.unlink(region)
        engine._changes.clear()
        engine._poor.clear()
        self._kept = None
        try:
            self._kept = Kept(translate(plan_of(vector), engine._library.wait()))
        except Untranslatable:
            return False
        return True

    def wrong(self, vector: Vector) -> str:
        """What is wrong with the outcome; nothing if it is right."""
        found = run(self, vector).against(vector)
        return "" if found == vector.out else f"{vector.code}\n  expected {vector.out}\n  found    {found}"

    @property
    def entered(self) -> int:
        """How often regions were entered."""
        count: int = engine_of(self)._words[state.ENTERED >> 3]
        return count


def by_code(vectors: list[Vector]) -> dict[tuple[str, int], list[Vector]]:
    """Vectors by code and its place."""
    found: dict[tuple[str, int], list[Vector]] = defaultdict(list)
    for vector in vectors:
        found[vector.code, vector.ia].append(vector)
    return found


def picked(vectors: list[Vector], number: int) -> list[list[Vector]]:
    """So many codes of each instruction, with as many vectors as can be."""
    seen: Counter[str] = Counter()
    groups = []
    for group in sorted(by_code(vectors).values(), key=len, reverse=True):
        rows = {row.mnemonic for row in instructions_in(group[0])}
        if any(seen[name] < number for name in rows):
            seen.update(rows)
            groups.append(group)
    return groups
