"""Whether machines get what SET SHARE says, and whether who types is served beside those that compute.

    python bench/shares.py [--engine auto] [--seconds 10] [--lines 200] [--json FILE] [PROGRAM]

A program of `bench/programs` runs for ever in some machines. One processor: two machines with the shares 3:1; one that
is limited hard to a tenth. Then ten machines compute, on one processor and on all, and somebody types trivial CMS
commands; the time is that from the line to `Ready;`. Parts are of the processor time that all machines got: what other
processes leave to this one is not cpvm's to share. VM/370's own settings follow: SET FAVORED, and SET PRIORITY. The
exit status is 1 if what is promised does not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from engine import COUNT_AT, PROGRAMS, image
from threads import FOR_EVER, WARM, Bench, make, on_cp

from bench import figures
from cpvm import api
from cpvm.cp.accounting import Usage
from cpvm.cp.processors import available

LINES = ("STATE PROFILE EXEC", "QUERY DISK A", "SET BLIP OFF", "")
PACE = 0.05
RATIO, WITHIN = 3.0, 0.05
"""Two users with the shares 300 and 100: the promise."""
LIMITED, POINTS = 0.10, 0.02
"""One who is limited hard to a tenth."""
ANSWER = 0.100
"""Seconds in which 95 % of trivial commands are done beside ten machines that compute."""


def used(system: api.SystemHandle, userid: str) -> int:
    """Nanoseconds of processor time so far."""
    usage: Usage = system.system.users[userid].usage
    return usage.virtual_ns + usage.overhead_ns


def parts(system: api.SystemHandle, userids: list[str], seconds: float) -> tuple[list[int], int]:
    """Processor time of each, and real time, in nanoseconds, over so many seconds."""
    before = [used(system, userid) for userid in userids]
    began = time.perf_counter_ns()
    time.sleep(seconds)
    passed = time.perf_counter_ns() - began
    return [used(system, userid) - old for userid, old in zip(userids, before, strict=True)], passed


class Found:
    """The figures, and what is promised and was not kept."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []
        self.missed: list[str] = []

    def __call__(self, what: str, measured: str, promised: bool = True) -> None:
        """One figure; PROMISED: it is as promised, or nothing is."""
        self.rows.append((what, measured))
        print(f"{what}: {measured}", flush=True)
        if not promised:
            self.missed.append(f"{what}: {measured}")


def proportions(folder: Path, data: bytes, given: argparse.Namespace, found: Found) -> None:
    """The first two figures, and VM/370's own settings."""
    with api.start(folder, engine=given.engine, processors=1) as system:
        bench = Bench(system, data, given.seconds)
        bench.compute("USER01")
        bench.compute("USER02")
        operator = system.logon("OPERATOR")

        def two(what: str, wanted: float, *commands: str) -> None:
            for command in commands:
                operator.type(command)
            time.sleep(WARM)
            (first, second), _ = parts(system, ["USER01", "USER02"], given.seconds)
            ratio = first / second
            measured = f"{ratio:.3f} to 1 ({first / 1e9:.2f} s and {second / 1e9:.2f} s)"
            found(what, measured, abs(ratio / wanted - 1) <= WITHIN)

        two("shares 300 and 100", RATIO, "SET SHARE USER01 RELATIVE 300")
        two(
            "PRIORITY 20 and 62",
            3.0,
            "SET SHARE USER01 RELATIVE 100",
            "SET PRIORITY USER01 20",
            "SET PRIORITY USER02 62",
        )
        two("FAVORED 60 beside a normal one", 1.5, "SET PRIORITY USER01 64", "SET FAVORED USER01 60")
        operator.type("SET FAVORED USER01 OFF")
        system.system.post(system.system.users["USER02"].enter_cp)
        operator.type("SET SHARE USER01 RELATIVE 100 ABSOLUTE 10% LIMITHARD")
        time.sleep(WARM)
        (limited,), passed = parts(system, ["USER01"], given.seconds)
        part = limited / passed
        found("LIMITHARD 10%, nobody else", f"{part:.1%} of one processor", abs(part - LIMITED) <= POINTS)


def typing(folder: Path, data: bytes, given: argparse.Namespace, processors: int, found: Found) -> None:
    """The third."""
    with api.start(folder, engine=given.engine, processors=processors) as system:
        bench = Bench(system, data, given.seconds)
        for number in range(1, 11):
            bench.compute(f"IDLE{number:02}")
        typist = system.logon("CMSUSER")
        typist.type("IPL CMS")
        typist.type("")
        took = []
        for number in range(given.lines):
            time.sleep(PACE)
            began = time.perf_counter()
            typist.type(LINES[number % len(LINES)])
            took.append(time.perf_counter() - began)
        took.sort()
        on_cp(system, lambda: None)
        at = {part: took[min(len(took) - 1, int(len(took) * part))] for part in (0.5, 0.95, 0.99)}
        measured = ", ".join(f"{seconds * 1000:.1f}" for seconds in at.values())
        found(
            f"trivial commands beside ten that compute, {processors} processors: median, 95 %, 99 %",
            f"{measured} ms",
            at[0.95] < ANSWER,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", default="dhry", choices=PROGRAMS)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--lines", type=int, default=200, help="lines typed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, for bench/figures.py")
    given = parser.parse_args()
    data = bytearray(image(given.program))
    data[COUNT_AT : COUNT_AT + 4] = FOR_EVER
    found = Found()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "system"
        make(folder, 10)
        proportions(folder, bytes(data), given, found)
        for processors in sorted({1, available()}):
            typing(folder, bytes(data), given, processors, found)
    figures.save(given.json, "shares", "python bench/shares.py", found.rows)
    if found.missed:
        raise SystemExit("not as promised: " + "; ".join(found.missed))


if __name__ == "__main__":
    main()
