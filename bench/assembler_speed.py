"""How fast the assembler is, and what it takes of memory, with the GNU assembler on the same instructions beside it.

    python bench/assembler_speed.py [STATEMENTS]
    python bench/assembler_speed.py scale

Times are processor seconds of this process.  Where `s390x-linux-gnu-as` is installed, it assembles the same instruction
stream (in its own syntax) and the ratio of the times is printed.  `scale` measures 100,000, 300,000 and 1,000,000
statements of each kind, each in a process of its own: time and memory for a statement stay as they are.
"""

from __future__ import annotations

import gc
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from assembler import Assembly, assemble

OTHER = "s390x-linux-gnu-as"
INSTRUCTIONS = (
    ("L", "{r},{d}(,3)"),
    ("LA", "{r},{d}({r},4)"),
    ("ST", "{r},{d}(,5)"),
    ("AR", "{r},{q}"),
    ("MVC", "{d}(8,3),16(4)"),
    ("CLI", "{d}(6),64"),
    ("STM", "14,12,{d}(13)"),
    ("SLL", "{r},4"),
)


def plain(count: int) -> list[str]:
    """Instructions with labels and explicit addresses, as both assemblers can read them."""
    lines = []
    for number in range(count):
        name, shape = INSTRUCTIONS[number % len(INSTRUCTIONS)]
        operands = shape.format(r=number % 12 + 1, q=number % 7, d=number * 4 % 4096)
        lines.append(f"L{number:07d} {name:<5} {operands}")
    return lines


BLOCK = (
    "L{n:07d} L     {r},TABLE+{k}(3)",
    "         A     {r},=F'{k}'",
    "         ST    {r},SAVE+{w}",
    "         MVC   BUFFER(8),TABLE+{k}",
    "         CLI   FLAG,X'40'",
    "         BNE   *+8",
    "         AR    {r},{k}/8",
    "C{n:07d} DC    F'{n}'",
)


def based(count: int) -> list[str]:
    """Instructions with symbols, base registers and literals, and constants, as programs have them."""
    body = []
    for number in range(count // len(BLOCK)):
        if number % 100 == 0:
            body.append("         USING *,11")
        values = {"n": number, "r": number % 7 + 2, "k": number % 16 * 4, "w": number % 20 * 4}
        body += [line.format(**values) for line in BLOCK]
    data = ["TABLE    DS    XL80", "SAVE     DS    XL80", "BUFFER   DS    XL8", "FLAG     DS    X"]
    return ["         USING DATA,12", "         USING POOL,10", *body, "POOL     LTORG", "DATA     DSECT", *data]


MACRO = """         MACRO
&L       LOOP  &N,&TIMES=8
         LCLA  &I
.TOP     ANOP
&I       SETA  &I+1
&L.&I    DC    AL1(&I,&TIMES),C'&N'
         AIF   (&I LT &TIMES).TOP
         MEND"""


def generating(count: int) -> list[str]:
    """Macro instructions that generate `count` statements, each from a turn of a loop with SETA and AIF."""
    return [*MACRO.splitlines(), *(f"A{number:06d} LOOP  X{number}" for number in range(count // 8))]


def timed(body: list[str]) -> tuple[float, Assembly]:
    gc.collect()
    began = time.process_time()
    done = assemble(["T        CSECT", *body, "         END"])
    return time.process_time() - began, done


def other(body: list[str]) -> float | None:
    """Processor seconds of the GNU assembler, None if it is not there."""
    program = shutil.which(OTHER)
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "x.s"
        text = "".join(f"{line[:8]}: {line[9:].lower()}\n" for line in body)
        source.write_text(text, encoding="ascii")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([program, "-m31", "-o", source.with_suffix(".o"), source], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


KINDS: dict[str, Callable[[int], list[str]]] = {"explicit": plain, "symbols": based, "macros": generating}


def measured(kind: str, count: int) -> tuple[float, float, int]:
    """Statements a second, bytes a statement, and statements, of one assembly in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "one", kind, str(count)], check=True, capture_output=True, text=True
    )
    rate, size, statements = done.stdout.split()
    return float(rate), float(size), int(statements)


def one(kind: str, count: int) -> None:
    timed(plain(1000))
    body = KINDS[kind](count)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, done = timed(body)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024
    assert done.return_code < 8, done.messages[:3]
    print(len(done.statements) / seconds, grown / len(done.statements), len(done.statements))


def scale() -> None:
    """Prints, for each kind of source and each size, speed and memory."""
    print("source     statements   statements/s   microseconds   bytes/statement")
    for kind in KINDS:
        for count in (100_000, 300_000, 1_000_000):
            rate, size, statements = measured(kind, count)
            print(f"{kind:<10} {statements:>10,} {rate:>14,.0f} {1e6 / rate:>14.1f} {size:>17,.0f}", flush=True)


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        one(sys.argv[2], int(sys.argv[3]))
        return
    if sys.argv[1:] == ["scale"]:
        scale()
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60_000
    timed(plain(1000))
    body = plain(count)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, done = timed(body)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024
    print(f"plain, explicit addresses   {len(done.statements) / seconds:>9,.0f} statements/s")
    print(f"memory                      {grown / len(done.statements):>9,.0f} bytes/statement")
    theirs = other(body)
    if theirs:
        print(f"{OTHER:<27} {count / theirs:>9,.0f} statements/s; it takes 1/{seconds / theirs:.1f} of the time")
    del done
    for amount in (count // 4, count):
        seconds, done = timed(based(amount))
        print(f"plain, symbols, {amount:>9,}   {len(done.statements) / seconds:>9,.0f} statements/s")
    seconds, done = timed(generating(count))
    made = sum(st.level > 0 for st in done.statements)
    print(f"generated by macros         {made / seconds:>9,.0f} statements/s")


if __name__ == "__main__":
    main()
