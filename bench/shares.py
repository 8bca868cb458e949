"""Whether machines get what SET SHARE says, and whether who types is served beside those that compute.

    python bench/shares.py [--engine auto] [--seconds 10] [--lines 200] [PROGRAM]

A program of `bench/programs` runs for ever in some machines. One processor: two machines with the shares 3:1; one that
is limited hard to a tenth. Then ten machines compute, on one processor and on all, and somebody types trivial CMS
commands; the time is that from the line to `Ready;`. Parts are of the processor time that all machines got: what other
processes leave to this one is not cpvm's to share.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from engine import COUNT_AT, PROGRAMS, image
from threads import FOR_EVER, WARM, Bench, latencies, make, on_cp

from cpvm import api
from cpvm.cp.accounting import Usage
from cpvm.cp.processors import available

LINES = ("STATE PROFILE EXEC", "QUERY DISK A", "SET BLIP OFF", "")
PACE = 0.05


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


def set_share(system: api.SystemHandle, userid: str, said: str) -> None:
    """SET SHARE, by the operator."""
    operator = system.logon("OPERATOR")
    operator.type(f"SET SHARE {userid} {said}")
    operator.logoff()


def proportions(folder: Path, data: bytes, given: argparse.Namespace) -> None:
    """The first two figures."""
    with api.start(folder, engine=given.engine, processors=1) as system:
        bench = Bench(system, data, given.seconds)
        bench.compute("USER01")
        bench.compute("USER02")
        set_share(system, "USER01", "RELATIVE 300")
        time.sleep(WARM)
        (three, one), _ = parts(system, ["USER01", "USER02"], given.seconds)
        print(f"shares 300 and 100: {three / one:.3f} to 1 ({three / 1e9:.2f} s and {one / 1e9:.2f} s)")
        system.system.post(system.system.users["USER02"].enter_cp)
        set_share(system, "USER01", "RELATIVE 100 ABSOLUTE 10% LIMITHARD")
        time.sleep(WARM)
        (limited,), passed = parts(system, ["USER01"], given.seconds)
        print(f"LIMITHARD 10%, nobody else: {limited / passed:.1%} of one processor")


def typing(folder: Path, data: bytes, given: argparse.Namespace, processors: int) -> None:
    """The third."""
    with api.start(folder, engine=given.engine, processors=processors) as system:
        bench = Bench(system, data, given.seconds)
        for number in range(1, 11):
            bench.compute(f"IDLE{number:02}")
        typist = system.logon("CMSUSER")
        typist.type("IPL CMS")
        typist.type("")
        found = []
        for number in range(given.lines):
            time.sleep(PACE)
            began = time.perf_counter()
            typist.type(LINES[number % len(LINES)])
            found.append(time.perf_counter() - began)
        found.sort()
        on_cp(system, lambda: None)
        latencies(f"trivial commands beside ten, {processors} processors", found)
        print(f"{'':44}  p95 {found[int(len(found) * 0.95)] * 1000:.1f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", default="dhry", choices=PROGRAMS)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--lines", type=int, default=200, help="lines typed")
    given = parser.parse_args()
    data = bytearray(image(given.program))
    data[COUNT_AT : COUNT_AT + 4] = FOR_EVER
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "system"
        make(folder, 10)
        proportions(folder, bytes(data), given)
        for processors in sorted({1, available()}):
            typing(folder, bytes(data), given, processors)


if __name__ == "__main__":
    main()
