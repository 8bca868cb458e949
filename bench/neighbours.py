"""Whether others get their share, and an answer, beside machines that ask CP for something without end.

    python bench/neighbours.py [--seconds 5] [--lines 40] [--number 3] [--processors N] [--json FILE] [KIND ...]

NUMBER machines of class G users do one KIND of thing and nothing else, as fast as they can: commands of CP by
DIAGNOSE, channel programs, messages between machines, long commands that are typed. Beside them one machine computes,
and somebody types trivial CMS commands. What the one that computes gets is told as a part of the processor time that
CP has charged to all these machines; its share is one of NUMBER + 1 equal ones. The time is that from the line to
`Ready;`.
All kinds are measured, one after the other, each in a system of its own, unless some are named. The exit status is 1 if
what is promised does not hold.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from engine import COUNT_AT, image
from threads import FOR_EVER, WARM, on_cp

from assembler import assemble
from assembler.linkage import link
from bench import crowd, figures
from bench.shares import LINES, used
from cpvm import api
from cpvm.cp.processors import available
from cpvm.s370.psw import PSW

MACROS = Path(__file__).parent / "maclib"
PART = 0.8
"""Part of its share that the one that computes gets at least: the promise."""
ANSWER = 0.100
"""Seconds in which 95 % of the commands are done."""
PACE = 0.03
STORAGE = 1 << 20
VICTIM, TYPIST = crowd.userid(1), crowd.userid(2)


def commands(*lines: str) -> str:
    """A program that gives these CP commands for ever, by DIAGNOSE X'08', with the response to a buffer."""
    calls = [
        f"""\
         LA    R2,C{number}
         LA    R3,BUFFER
         LA    R4,L'C{number}
         O     R4,=X'40000000'
         LA    R5,2048
         DC    X'83240008'"""
        for number in range(len(lines))
    ]
    texts = [f"C{number}       DC    C'{line}'" for number, line in enumerate(lines)]
    return "\n".join(
        (
            *("X        BENCH", "LOOP     EQU   *", *calls),
            *("         B     LOOP", "         LTORG", *texts),
            *("BUFFER   DS    CL2048", "         END"),
        )
    )


def channel_program(device: str, *ccws: str) -> str:
    """A program that executes a channel program for ever, and waits for its end each time."""
    lines = (f"{'CHAIN' if not number else '':9}CCW   {ccw}" for number, ccw in enumerate(ccws))
    return "\n".join(
        (
            *("X        BENCH", "         MVC   X'78'(8),IONEW", "LOOP     EQU   *"),
            *(f"         PERFORM CHAIN,X'{device}',WAIT", "         B     LOOP", "         ENDED", *lines),
            *("HERE     DC    3H'0'", "ID       DC    X'0000000004'", "BUFFER   DS    0D,CL800", "         END"),
        )
    )


def record(operation: str) -> str:
    """Seek, search, and then this with a record of 800 bytes of the A-disk."""
    search = "X'31',ID,X'40',5"
    return channel_program("191", "X'07',HERE,X'40',6", search, "X'08',*-8,0,1", f"X'{operation}',BUFFER,X'20',800")


LINE = "X'09',BUFFER,X'60',132"
IUCV = """\
X        BENCH
         LA    R2,BUFFER
         ST    R2,LIST+X'1C'
         LA    R0,12               DECLARE BUFFER
         DC    X'B2F0',S(LIST)
LOOP     LA    R0,16               SET MASK
         DC    X'B2F0',S(LIST)
         B     LOOP
LIST     DC    5D'0'
BUFFER   DC    5D'0'
         END
"""
SUPERVISOR = """\
X        BENCH
         MVC   X'60'(8),NEW
LOOP     SVC   1
         B     LOOP
BACK     LPSW  X'20'
NEW      DC    0D'0',A(0,BACK)
         END
"""
PROGRAMS = {
    "SVC, LPSW": SUPERVISOR,
    "QUERY TIME": commands("QUERY TIME"),
    "QUERY NAMES": commands("QUERY NAMES"),
    "QUERY FILES": commands("QUERY FILES"),
    "SMSG to itself": commands("SMSG * HELLO"),
    "MSG to another user": commands(f"MSG {TYPIST} HELLO"),
    "SPOOL, CLOSE": commands("SPOOL PRT CLASS A", "CLOSE PRT"),
    "LINK, DETACH": commands("LINK MAINT 190 333 RR", "DETACH 333"),
    "T-disks": commands("DEFINE T3350 AS 444 CYL 1", "DETACH 444"),
    "VMDUMP, PURGE": commands("VMDUMP 0-END", "PURGE READER ALL"),
    "DISPLAY": commands("DISPLAY 0-END"),
    "IUCV": IUCV,
    "reads from a disk": record("06"),
    "writes to a disk": record("05"),
    "prints": channel_program("00E", *[LINE] * 500, "X'03',0,X'20',1"),
    "punches": channel_program("00D", *["X'01',BUFFER,X'60',80"] * 500, "X'03',0,X'20',1"),
    "writes to its console": channel_program("009", "X'09',BUFFER,X'20',60"),
    "endless channel program": channel_program("00E", "X'03',0,X'60',1", "X'08',CHAIN,0,1"),
}
TYPED = {"types DISPLAY 0-END": "DISPLAY 0-END"}
FILES = {
    ("FOREVER", "EXEC"): "&CONTROL OFF\n-TOP\nSTATE PROFILE EXEC A\n&GOTO -TOP\n",
    ("FOREVER", "ASSEMBLE"): "         ACTR  2000000000\n.TOP     ANOP\n         AGO   .TOP\n         END\n",
}
CMS = {"EXEC without end": "FOREVER", "assembly without end": "ASSEMBLE FOREVER"}
KINDS = (*PROGRAMS, *TYPED, *CMS)


def built(text: str) -> bytes:
    """A program as it stands in storage."""
    done = assemble(text, library=MACROS)
    if done.return_code:
        raise SystemExit(f"{done.messages[0]}\n{text}")
    return bytes(link([done.deck], 0).data)


class Bench:
    """A system, and its machines."""

    def __init__(self, system: api.SystemHandle) -> None:
        self._system = system

    def _change(self, userid: str, change: Callable[[api.Machine], object]) -> None:
        machine = self._system.system.users[userid].machine
        on_cp(self._system, lambda: change(machine))

    def run(self, userid: str, data: bytes) -> None:
        """Have a program run in the machine of a user, who logs on."""

        def load(machine: api.Machine) -> None:
            machine.storage.write(0, data)
            machine.psw = PSW.from_bytes(data[:8])

        user = self._system.logon(userid)
        self._change(userid, load)
        user.send("BEGIN")

    def cms(self, userid: str) -> api.User:
        """A user with CMS."""
        user = self._system.logon(userid)
        user.type("IPL CMS")
        user.type("")
        return user

    def hostile(self, userid: str, kind: str) -> None:
        """Have a user begin."""
        if kind in PROGRAMS:
            self.run(userid, built(PROGRAMS[kind]))
        elif kind in TYPED:
            user = self._system.logon(userid)
            self._change(userid, lambda machine: machine.storage.write(0, os.urandom(STORAGE)))
            for _ in range(10):
                user.send(TYPED[kind])
        else:
            self.cms(userid).send(CMS[kind])

    def answers(self, typist: api.User, number: int) -> list[float]:
        """Seconds from line to answer, of so many lines."""
        found = []
        for line in range(number):
            time.sleep(PACE)
            began = time.perf_counter()
            typist.type(LINES[line % len(LINES)], 120)
            found.append(time.perf_counter() - began)
        return sorted(found)


def measure(folder: Path, kind: str, given: argparse.Namespace) -> tuple[float, float, list[float]]:
    """The part of the one that computes, what it has of one processor, and seconds to the answer."""
    with api.start(folder, processors=given.processors) as system:
        bench = Bench(system)
        data = bytearray(image("dhry"))
        data[COUNT_AT : COUNT_AT + 4] = FOR_EVER
        typist = bench.cms(TYPIST)
        bench.answers(typist, len(LINES))
        bench.run(VICTIM, bytes(data))
        time.sleep(WARM)
        hostile = [crowd.userid(number) for number in range(3, 3 + given.number)]
        for userid in hostile:
            bench.hostile(userid, kind)
        time.sleep(WARM)
        everybody = [VICTIM, *hostile]
        before, began = [used(system, userid) for userid in everybody], time.perf_counter()
        time.sleep(given.seconds)
        passed = time.perf_counter() - began
        spent = [(used(system, userid) - old) / 1e9 for userid, old in zip(everybody, before, strict=True)]
        return spent[0] / sum(spent), spent[0] / passed, bench.answers(typist, given.lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of: {'; '.join(KINDS)}")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--lines", type=int, default=40, help="lines typed; default 40")
    parser.add_argument("--number", type=int, default=3, help="machines that ask without end; default 3")
    parser.add_argument("--processors", type=int, default=available(), help="default all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, for bench/figures.py")
    given = parser.parse_args()
    if unknown := set(given.kinds) - set(KINDS):
        raise SystemExit(f"no such kind: {'; '.join(sorted(unknown))}")
    crowd.FILES |= FILES
    share = 1 / (given.number + 1)
    rows, missed = [], []
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / "made"
        crowd.make(made, given.number + 2)
        for kind in given.kinds or KINDS:
            folder = Path(temporary) / "system"
            shutil.copytree(made, folder)
            part, processor, answers = measure(folder, kind, given)
            shutil.rmtree(folder)
            half, most = answers[len(answers) // 2], answers[int(len(answers) * 0.95)]
            rows.append((kind, f"{part:.0%}", f"{processor:.0%}", f"{half * 1000:.0f} ms", f"{most * 1000:.0f} ms"))
            print(
                f"{kind:24} computes: {part:4.0%} of the machines' time, {processor:4.0%} of a processor; "
                f"`Ready;` after {half * 1000:.0f} ms, 95 % {most * 1000:.0f} ms",
                flush=True,
            )
            if part < PART * share:
                missed.append(f"{kind}: less than {PART:.0%} of its share")
            if most >= ANSWER:
                missed.append(f"{kind}: 5 % of the commands take more than {ANSWER * 1000:.0f} ms")
    heads = (f"{given.number} machines each", "who computes gets", "of one processor", "`Ready;`: median", "95 %")
    command = f"python bench/neighbours.py --number {given.number} --processors {given.processors}"
    figures.save(given.json, "neighbours", command, rows, heads)
    if missed:
        raise SystemExit("\n".join(missed))


if __name__ == "__main__":
    main()
