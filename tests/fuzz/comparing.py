"""Scenes in the machine and in Hercules: what differs, and the smallest scene that shows it.

Where *Principles of Operation* says that Hercules is wrong, or leaves it open, a difference is excused.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from vectors.hercules import WitnessStopped

from cpvm.s370.disassemble import listing
from cpvm.s370.interruption import NULLIFYING, ProgramCode
from cpvm.s370.psw import EC, EC_PER
from fuzz import stage, witness
from fuzz.scenes import SceneWriter
from fuzz.stage import CODE, CODES_IN, CSW_IN, Ending, Scene

ILC_IN = CODES_IN + 9
CODE_IN = CODES_IN + 10
ACCESS = (ProgramCode.PROTECTION, ProgramCode.ADDRESSING, ProgramCode.SEGMENT_TRANSLATION, ProgramCode.PAGE_TRANSLATION)
SWAPS, LONG = {0xBA, 0xBB}, {0x0E, 0x0F}
PER_ADDRESS_IN = CODES_IN + 20
EXECUTE, COMPARE, STORE_CONTROL, EDITS = 0x44, 0xD5, 0xB6, (0xDE, 0xDF)
UNIT_CHECK, CHECKS = 0x02, 0x30
MONITOR_IN = range(CODES_IN + 16, CODES_IN + 28)


def code_of(entry: bytes) -> int:
    """Program-interruption code of an entry, without PER."""
    return (entry[CODE_IN + 1] if entry[1] & EC else entry[3]) & 0x7F


def per_of(entry: bytes) -> bool:
    """Whether an entry has a program event."""
    return entry[8:9] == b"P" and bool((entry[CODE_IN + 1] if entry[1] & EC else entry[3]) & ProgramCode.PER)


def byte(text: bytes, at: int) -> int:
    """A byte of the text, 0 outside of it."""
    return text[at] if 0 <= at < len(text) else 0


def event_of(text: bytes, entry: bytes) -> int:
    """Operation code of the instruction that a program event belongs to, 0 if there is none."""
    address = int.from_bytes(entry[PER_ADDRESS_IN : PER_ADDRESS_IN + 4], "big") - CODE
    return byte(text, address) if per_of(entry) else 0


def without_condition(entry: bytes) -> bytes:
    """An entry whose condition code is zero."""
    at = 2 if entry[1] & EC else 4
    return entry[:at] + bytes((entry[at] & 0xCF,)) + entry[at + 1 :]


def kind_of(entry: bytes) -> str:
    """Mode, class and code of an entry, for counting."""
    extended = entry[1] & EC != 0
    letter = chr(entry[8])
    at = {"P": CODE_IN, "E": CODES_IN + 2, "I": 50}.get(letter, 0) if extended else 2
    return f"{'EC' if extended else 'BC'} {letter} {entry[at : at + 2].hex() if letter != 'S' else ''}".rstrip()


def plain(entry: bytes) -> bytes:
    """An entry without what is unpredictable.

    That is the instruction-length code of I/O and external interruptions in the BC mode, and what goes with unit
    check, program check and protection check in a CSW: the vectors of channel programs have that.
    """
    found = bytearray(entry)
    if entry[8:9] in b"EI" and not entry[1] & EC:
        found[4] &= 0x3F
    if entry[CSW_IN + 4] & UNIT_CHECK or entry[CSW_IN + 5] & CHECKS:
        found[CSW_IN + 4] &= UNIT_CHECK
        found[CSW_IN + 5] &= CHECKS
        found[CSW_IN + 6 : CSW_IN + 8] = bytes(2)
    return bytes(found)


def interrupted(text: bytes, entry: bytes) -> int:
    """Operation code of the instruction that a program interruption belongs to, 0 if it is not in the text.

    Of EXECUTE it is that of the instruction executed; targets have register 10 for a base.
    """
    if entry[8:9] != b"P":
        return 0
    length = entry[ILC_IN] if entry[1] & EC else entry[4] >> 5 & 6
    at = int.from_bytes(entry[5:8], "big") - CODE - (0 if code_of(entry) in NULLIFYING else length)
    if byte(text, at) == EXECUTE:
        at = int.from_bytes(text[at + 2 : at + 4], "big") & 0xFFF
    return byte(text, at)


class Excused(Exception):
    """From here on Hercules goes another way, for a reason that is known."""


def corrected(scene: Scene, theirs: bytes, ours: bytes) -> bytes:
    """Hercules's entry of the log, with that put right of which *Principles of Operation* says that it is wrong.

    After an exception of an instruction under EXECUTE the instruction-length code is that of EXECUTE, 2. MONITOR CALL
    stores class and code in the BC mode too. A program event does not change the instruction-length code, and is not
    forgotten when its instruction loads a mask or a PSW without recording. COMPARE AND SWAP alters storage only if it
    stores, STORE CONTROL always does.

    Raises Excused for what cannot be put right: the address to go on at, after EXECUTE of an instruction that meets an
    invalid page; an access exception that comes before a data or decimal-divide exception; the result of EDIT,
    terminated; where a long move or comparison is interrupted, and the condition code then.
    """
    text = scene.code()
    if per_of(ours) and not per_of(theirs) and not (ours[1] & EC and ours[0] & EC_PER):
        raise Excused("events of an instruction that turns recording off, or of a supervisor call")
    if per_of(ours) and not per_of(theirs) and event_of(text, ours) == STORE_CONTROL:
        raise Excused("control registers stored into the area")
    if theirs != ours and event_of(text, theirs) in SWAPS:
        raise Excused("a swap that stores nothing")
    if theirs == ours or theirs[8:9] != b"P" or ours[8:9] != b"P":
        return theirs
    if {event_of(text, ours), event_of(text, theirs)} & LONG:
        raise Excused("a long move or comparison may be interrupted anywhere")
    if interrupted(text, ours) in LONG and without_condition(theirs) == without_condition(ours):
        raise Excused("the condition code of a long move or comparison that is interrupted")
    found = bytearray(theirs)
    code, said = code_of(ours), code_of(theirs)
    address = int.from_bytes(ours[5:8], "big")
    if per_of(ours) and per_of(theirs):
        found[ILC_IN] = ours[ILC_IN]
    if said in ACCESS and code in ACCESS and (said != code or code in NULLIFYING):
        raise Excused("either operand may be looked at first")
    if said in (ProgramCode.DATA, ProgramCode.DECIMAL_DIVIDE) and code in ACCESS:
        raise Excused("access before data")
    if code == said == ProgramCode.MONITOR and not ours[1] & EC:
        found[MONITOR_IN.start : MONITOR_IN.stop] = ours[MONITOR_IN.start : MONITOR_IN.stop]
    if code in NULLIFYING and byte(text, address - CODE) == EXECUTE and theirs[ILC_IN] != ours[ILC_IN]:
        raise Excused("nullified under EXECUTE")
    if byte(text, address - CODE - 4) == EXECUTE:
        if ours[1] & EC:
            found[ILC_IN] = 4
        else:
            found[4] = found[4] & 0x3F | 0x80
    return bytes(found)


def differences(scene: Scene, theirs: Ending, ours: Ending) -> dict[str, tuple[object, object]]:
    """What differs, but for what is excused.

    Reference and change bits are not compared: Hercules puts down references to either half of a page of 4K in the
    first, and attempts that protection stopped.
    """
    log = list(map(plain, theirs.log))
    ours = replace(ours, log=list(map(plain, ours.log)))
    text = scene.code()
    for n, entry in enumerate(log[: len(ours.log)]):
        try:
            log[n] = corrected(scene, entry, ours.log[n])
        except Excused:
            return {}
        if log[n] != ours.log[n]:
            if code_of(ours.log[n]) in ACCESS and interrupted(text, ours.log[n]) == COMPARE:
                return {}  # a byte behind the first that differs: Hercules does not look at it
            break
        if interrupted(text, entry) in EDITS:
            return {}  # EDIT was terminated: what it has stored by then is unpredictable
    keys = [k & 0xF8 | o & 7 for k, o in zip(theirs.keys, ours.keys, strict=True)]
    return Ending(log, theirs.fr, theirs.cr, keys, theirs.windows).differences(ours)


class Scenes:
    """Runs scenes."""

    def __init__(self) -> None:
        self.machine = stage.prepared()

    def differing(self, scenes: Sequence[Scene], seconds: int = 1) -> list[int]:
        """Numbers of those that end differently."""
        ours = [stage.perform(self.machine, scene) for scene in scenes]
        theirs = witness.perform_batch(scenes, seconds)
        return [n for n, (scene, a, b) in enumerate(zip(scenes, theirs, ours, strict=True)) if differences(scene, a, b)]

    def batch(self, seed: str) -> tuple[int, Counter[str], list[Scene]]:
        """Number of scenes run, kinds of interruptions, and those that differ.

        Hercules's timers and devices have threads of their own: a difference that does not come again is theirs.
        """
        writer = SceneWriter(seed)
        scenes, ours = [], []
        kinds: Counter[str] = Counter()
        for n in range(witness.CAPACITY):
            scene = writer.scene()
            try:
                ending = stage.perform(self.machine, scene)
            except Exception as failure:  # whatever it is, it is a difference
                print(f"seed '{seed}', scene {n}: {failure!r}", flush=True)
                continue
            scenes.append(scene)
            ours.append(ending)
        while True:
            try:
                theirs = witness.perform_batch(scenes)
                break
            except WitnessStopped as stopped:
                print(f"seed '{seed}': {stopped}", flush=True)
                if not 0 <= stopped.record < len(scenes):
                    raise
                del scenes[stopped.record], ours[stopped.record]
        for ending in ours:
            kinds.update(map(kind_of, ending.log))
        found = [differences(*one) for one in zip(scenes, theirs, ours, strict=True)]
        suspects = [n for n, differing in enumerate(found) if differing]
        again = self.differing([scenes[n] for n in suspects] * 2) if suspects else []
        wrong = [n for k, n in enumerate(suspects) if k in again]
        kinds["differences not repeated"] += len(suspects) - len(wrong)
        for n in wrong:
            name, (one, two) = next(iter(found[n].items()))
            print(f"seed '{seed}', scene {n}: {name}: Hercules {one}\n  machine {two}", flush=True)
        return len(scenes), kinds, [scenes[n] for n in wrong]

    def smallest(self, scene: Scene) -> Scene:
        """The scene without the pieces that the difference does not need."""
        kept = list(range(len(scene.pieces)))
        try:
            while kept:
                alone = self.differing([scene.without([n]) for n in kept])
                together = [scene.without([kept[i] for i in alone[: n + 1]]) for n in range(len(alone))]
                still = self.differing(together) if together else []
                if not still:
                    break
                scene = together[still[-1]]
                kept = [kept[i] for i in alone[still[-1] + 1 :]]
        except (WitnessStopped, AssertionError):
            pass  # what is left out must be left in: as it is, then
        return scene

    def show(self, scene: Scene) -> str:
        """A difference for a reader; gives the mnemonics that are left."""
        print(scene.psw, "gr", [f"{v:X}" for v in scene.gr], "keys", [f"{k:X}" for k in scene.keys], scene.modes)
        text = [line for line in listing(b"".join(scene.pieces), CODE) if line[2] != "NOPR  0"]
        for address, data, instruction in text:
            print(f"  {address:06X} {data.hex().upper():<12} {instruction}")
        theirs, ours = witness.perform_batch([scene], 1)[0], stage.perform(self.machine, scene)
        for name, (a, b) in differences(scene, theirs, ours).items():
            print(f"  {name}: Hercules {a}\n  {' ' * len(name)}  machine  {b}")
        print("  constants", scene.constants.hex(" ", 8), flush=True)
        return " ".join(instruction.split()[0] for _, _, instruction in text)
