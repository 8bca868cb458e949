"""What users cost who do nothing, and how soon everybody is there in the morning.

    python bench/idle.py [--users 1000] [--together 200] [--seconds 60] [--system DIR] [--json FILE]

The system runs in a process of its own, the terminals, 3270s, in another one on the same computer. First TOGETHER users
log on at once, each with a machine and an A-disk of their own, and IPL CMS; the time is that from the first line typed
to the last `Ready;`, and somebody who was there before types commands meanwhile. Then the others log on as well, up to
USERS, and do nothing: memory is what the process has more than before the first came, for each; processor time is that
of all its threads in SECONDS. Last, one of them types commands among all who do nothing. The system is made in DIR, and
kept there, or in a temporary directory. The exit status is 1 if what is promised does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import crowd, figures, tnclient
from bench.terminals import at
from cpvm.cp.processors import available

READY_SECONDS = 20.0
"""In which users who log on at once all have their `Ready;`: the promise, for 200 on two processors."""
KEPT_WAITING = 0.25
"""Seconds in which 95 % of the commands are done of somebody who is at work meanwhile."""
MEGABYTES = 3.0
"""That a user who does nothing may take, with 1,000 of them."""
PROCESSOR = 0.02
"""Part of one processor that all of them may take together."""
SETTLE = 2.0
"""Seconds until what logging on has begun is done."""
COMMANDS = ("LISTFILE", "QUERY DISK A", "STATE PROFILE EXEC A", "CP QUERY TIME")
ROUNDS = 25
PAUSE = 0.1
"""Seconds between two commands of who is at work while the others come."""


async def at_work(terminal: tnclient.Terminal, others: asyncio.Future[object]) -> list[float]:
    """The seconds that commands take, one after the other, until the OTHERS are there."""
    took: list[float] = []
    while not others.done():
        took.append(await terminal.enter(COMMANDS[len(took) % len(COMMANDS)], "Ready;", "Ready("))
        await asyncio.sleep(PAUSE)
    return took


async def log_on(system: crowd.Crowd, first: int, last: int) -> tuple[list[tnclient.Terminal], list[float], float]:
    """Users FIRST to LAST log on at once: their terminals, the seconds that each waited, and that all took."""
    terminals = list(await asyncio.gather(*(tnclient.connect(system.address) for _ in range(first, last + 1))))
    began = time.perf_counter()
    numbered = enumerate(terminals, first)
    took = await asyncio.gather(*(tnclient.log_on(terminal, crowd.userid(n)) for n, terminal in numbered))
    return terminals, list(took), time.perf_counter() - began


async def measure(system: crowd.Crowd, given: argparse.Namespace) -> tuple[list[tuple[str, str]], list[str]]:
    """The figures, and what is promised and was not kept."""
    rows: list[tuple[str, str]] = []
    missed: list[str] = []

    def found(what: str, measured: str) -> None:
        rows.append((what, measured))
        print(f"{what}: {measured}", flush=True)

    worker = (await log_on(system, given.users + 1, given.users + 1))[0][0]
    empty = system.measure()
    coming = asyncio.ensure_future(log_on(system, 1, given.together))
    kept_waiting = await at_work(worker, coming)
    terminals, took, all_of_them = await coming
    after = system.measure()
    each = (after.processor - empty.processor) / given.together
    found(f"{given.together} users log on at once: until the last has `Ready;`", f"{all_of_them:.1f} s")
    found("half of them wait no longer than, 95 %", f"{at(took, 0.5):.1f} s, {at(took, 0.95):.1f} s")
    found("processor time of the system for each", f"{each * 1000:.0f} ms")
    found(
        "a command of one who was there before, meanwhile: median, 95 %, longest",
        ", ".join(
            f"{value * 1000:.0f} ms" for value in (at(kept_waiting, 0.5), at(kept_waiting, 0.95), max(kept_waiting))
        ),
    )
    if at(kept_waiting, 0.95) >= KEPT_WAITING:
        missed.append(f"who is at work waits longer than {KEPT_WAITING * 1000:.0f} ms while they come")
    if all_of_them >= READY_SECONDS:
        missed.append(f"{given.together} users have waited longer than {READY_SECONDS:.0f} s")
    for first in range(given.together + 1, given.users + 1, given.together):
        terminals += (await log_on(system, first, min(first + given.together - 1, given.users)))[0]
    await asyncio.sleep(SETTLE)
    before, began = system.measure(), time.perf_counter()
    await asyncio.sleep(given.seconds)
    passed, after = time.perf_counter() - began, system.measure()
    megabytes = (before.pss - empty.pss) / 1024 / len(terminals)
    part = (after.processor - before.processor) / passed
    found(f"{len(terminals)} users do nothing: memory of the system for each", f"{megabytes:.2f} MB")
    found(f"processor, for all of them together, in {passed:.0f} s", f"{part:.2%} of one")
    threads = {name: (spent - before.threads.get(name, 0.0)) / passed for name, spent in after.threads.items()}
    busiest = sorted(threads.items(), key=lambda item: -item[1])[:3]
    print("    by thread: " + ", ".join(f"{name} {share:.2%}" for name, share in busiest), flush=True)
    if megabytes >= MEGABYTES:
        missed.append(f"a user takes more than {MEGABYTES:.0f} MB")
    if part >= PROCESSOR:
        missed.append(f"users who do nothing take more than {PROCESSOR:.0%} of a processor")
    answers = [
        await terminals[number].enter(command, "Ready;", "Ready(") for number in range(ROUNDS) for command in COMMANDS
    ]
    found(
        "a command of one among them, ENTER to `Ready;`: median, 95 %",
        f"{at(answers, 0.5) * 1000:.0f} ms, {at(answers, 0.95) * 1000:.0f} ms",
    )
    for terminal in (worker, *terminals):
        terminal.close()
    return rows, missed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1000, help="who do nothing; default 1000")
    parser.add_argument("--together", type=int, default=200, help="who log on at once; default 200")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they do nothing; default 60")
    parser.add_argument("--system", type=Path, metavar="DIR", help="where the system is made and kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, for bench/figures.py")
    given = parser.parse_args()
    if not 0 < given.together <= given.users:
        raise SystemExit("--together must be from 1 to --users")
    crowd.open_files(given.users + 200)
    print(f"{available()} processors", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.system or Path(temporary) / "system"
        crowd.make(folder, given.users + 1)
        with crowd.running(folder) as system:
            rows, missed = asyncio.run(measure(system, given))
    command = f"python bench/idle.py --users {given.users} --together {given.together} --seconds {given.seconds:g}"
    figures.save(given.json, "idle", command, rows)
    if missed:
        raise SystemExit("; ".join(missed))


if __name__ == "__main__":
    main()
