"""How CP's terminals hold: many 3270s that work, and many that only stand there.

    python bench/terminals.py [--users 500] [--pace 10] [--seconds 60] [--idle 2000] [--system DIR] [--json FILE]

The system runs in a process of its own, the terminals in another one, on the same computer; what each of them costs is
told apart. First come connections that nobody uses, half of them 3270s and half of them telnet's. Then users at 3270s
log on all at once, each with a machine and an A-disk of their own, IPL CMS, do nothing for a while, and then type one
command every PACE seconds, at times of their own. How long a command takes is measured at the terminal, from ENTER to
the `Ready;` that comes, with the CLEAR that the screen may need in between. The system is made in DIR, and kept there,
or in a temporary directory. The exit status is 1 if what is promised does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import crowd, tnclient
from bench.figures import save
from bench.peer import this_machine

COMMANDS = (
    "LISTFILE",
    "LISTFILE * * A (DATE",
    "QUERY DISK",
    "QUERY DISK A",
    "TYPE LETTER MEMO",
    "TYPE SUM ASSEMBLE",
    "STATE PROFILE EXEC A",
    "QUERY BLIP",
    "CP QUERY TIME",
    "TYPE NOTES SCRIPT A 1 5",
)
"""What is typed, at random."""
TOGETHER = 50
"""Connections that are made at a time."""
REST = 10.0
"""Seconds in which logged-on users do nothing."""
SETTLE = 1.0
"""Seconds after connections have been made until memory is measured."""


RESPONSE = 0.150
"""Seconds in which 95 % of the commands are done: the promise, for 500 users at the default pace on two processors."""
CONNECTION_KB = 60
"""Kilobytes that an idle connection may take, with 2,000 of them."""


@dataclass
class Figures:
    """What was found; seconds and kilobytes."""

    machine: dict[str, str]
    users: int
    pace: float
    connection: dict[str, float] = field(default_factory=dict)
    logon: dict[str, float] = field(default_factory=dict)
    idle: dict[str, float] = field(default_factory=dict)
    response: dict[str, float] = field(default_factory=dict)
    by_command: dict[str, dict[str, float]] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    threads: dict[str, float] = field(default_factory=dict)


def at(found: list[float], share: float) -> float:
    """The value below which SHARE of FOUND lies."""
    ordered = sorted(found)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(found: list[float]) -> dict[str, float]:
    """Median, 95 %, 99 % and maximum."""
    return {"p50": at(found, 0.5), "p95": at(found, 0.95), "p99": at(found, 0.99), "max": max(found)}


# Connections that nobody uses

_TN3270E, _KIND = bytes((255, 253, 40)), bytes((255, 253, 24))
"""DO TN3270E, DO TERMINAL-TYPE: it won't."""


async def plain(address: tuple[str, int]) -> asyncio.StreamWriter:
    """A telnet connection as a simple client makes it, which refuses all options."""
    reader, writer = await asyncio.open_connection(*address, limit=1024)
    seen = b""
    while b"ONLINE" not in seen:
        seen += await reader.read(1024)
        if seen.endswith((_TN3270E, _KIND)):
            writer.write(bytes((255, 252, seen[-1])))
    return writer


async def idle_connections(system: crowd.Crowd, count: int, figures: Figures) -> None:
    """Make COUNT connections, measure and close them."""
    for kind in ("3270", "telnet"):
        before = system.measure()
        began = time.perf_counter()
        made: list[tnclient.Terminal | asyncio.StreamWriter] = []
        for start in range(0, count // 2, TOGETHER):
            number = min(TOGETHER, count // 2 - start)
            connect = tnclient.connect if kind == "3270" else plain
            made += await asyncio.gather(*(connect(system.address) for _ in range(number)))
        took = time.perf_counter() - began
        await asyncio.sleep(SETTLE)
        after = system.measure()
        each = (after.pss - before.pss) / len(made)
        figures.connection[f"{kind} kilobytes"] = each
        figures.connection[f"{kind} kilobytes rss"] = (after.rss - before.rss) / len(made)
        figures.connection[f"{kind} processor"] = (after.processor - before.processor) / len(made)
        print(f"{len(made)} idle {kind} connections: {each:.1f} KB each, made in {took:.1f} s", flush=True)
        if kind == "3270":
            kept = made
    for one in kept + made:
        one.close()
    await asyncio.sleep(SETTLE)


# Users who work


class Work:
    """What users type in a while."""

    def __init__(self, pace: float, seconds: float, seed: int) -> None:
        self._pace = pace
        self._random = random.Random(seed)
        self._end = 0.0
        self._seconds = seconds
        self.took: dict[str, list[float]] = {command: [] for command in COMMANDS}

    async def all(self, terminals: list[tnclient.Terminal]) -> None:
        """Have everybody work."""
        self._end = time.perf_counter() + self._seconds
        await asyncio.gather(*(self._user(terminal, self._random.random()) for terminal in terminals))

    async def _user(self, terminal: tnclient.Terminal, phase: float) -> None:
        due = time.perf_counter() + phase * self._pace
        while due < self._end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            command = self._random.choice(COMMANDS)
            self.took[command].append(await terminal.enter(command, "Ready;", "Ready("))
            due += self._pace


async def working(system: crowd.Crowd, given: argparse.Namespace, figures: Figures) -> None:
    """Log everybody on, let them rest, have them work."""
    terminals = []
    for start in range(0, given.users, TOGETHER):
        number = min(TOGETHER, given.users - start)
        terminals += await asyncio.gather(*(tnclient.connect(system.address) for _ in range(number)))
    before = system.measure()
    began = time.perf_counter()
    took = await asyncio.gather(
        *(tnclient.log_on(terminal, crowd.userid(n)) for n, terminal in enumerate(terminals, 1))
    )
    total = time.perf_counter() - began
    await asyncio.sleep(SETTLE)
    after = system.measure()
    figures.logon = {
        "all": total,
        "processor each": (after.processor - before.processor) / given.users,
        "kilobytes each": (after.pss - before.pss) / given.users,
        **spread(list(took)),
    }
    print(
        f"{given.users} users at once logged on and had CMS in {total:.1f} s; the system used "
        f"{figures.logon['processor each'] * 1000:.1f} ms of processor time and {figures.logon['kilobytes each']:.0f} "
        "KB for each",
        flush=True,
    )
    rested = system.measure()
    await asyncio.sleep(REST)
    after = system.measure()
    figures.idle = {"processor": (after.processor - rested.processor) / REST}
    print(f"while they did nothing: {figures.idle['processor']:.2%} of a processor", flush=True)
    work = Work(given.pace, given.seconds, given.seed)
    before, own, began = system.measure(), time.process_time(), time.perf_counter()
    await work.all(terminals)
    passed, own = time.perf_counter() - began, time.process_time() - own
    after = system.measure()
    every = [seconds for found in work.took.values() for seconds in found]
    figures.response = spread(every) | {"commands": len(every), "a second": len(every) / passed}
    figures.by_command = {command: spread(found) for command, found in work.took.items() if found}
    used = after.processor - before.processor
    figures.processor = {"system": used / passed, "terminals": own / passed, "a command": used / len(every)}
    figures.threads = {name: (spent - before.threads.get(name, 0.0)) / passed for name, spent in after.threads.items()}
    report(figures)
    print(f"MORE... was answered {sum(terminal.cleared for terminal in terminals)} times", flush=True)
    for terminal in terminals:
        terminal.close()


def report(figures: Figures) -> None:
    """Print how it was while users worked."""
    answer, processor = figures.response, figures.processor
    ms = {name: f"{value * 1000:.0f} ms" for name, value in answer.items()}
    print(
        f"{answer['commands']} commands, {answer['a second']:.1f} a second; ENTER to Ready: median {ms['p50']}, "
        f"95 % {ms['p95']}, 99 % {ms['p99']}, longest {ms['max']}"
    )
    print(f"    {'milliseconds':28}{'median':>8}{'95 %':>8}{'longest':>8}")
    for command, found in sorted(figures.by_command.items()):
        print(f"    {command:28}" + "".join(f"{found[name] * 1000:8.0f}" for name in ("p50", "p95", "max")))
    print(
        f"the system used {processor['system']:.0%} of a processor ({processor['a command'] * 1000:.1f} ms a command), "
        f"the terminals {processor['terminals']:.0%}; by thread:"
    )
    print("    " + ", ".join(f"{name} {share:.1%}" for name, share in figures.threads.items() if share > 0.001))


def rows(figures: Figures, idle: int) -> list[tuple[str, str]]:
    """The table of the page; IDLE connections were measured."""
    found: list[tuple[str, str]] = []
    if figures.users:
        answer, processor, logon = figures.response, figures.processor, figures.logon
        times = ", ".join(f"{answer[name] * 1000:.0f}" for name in ("p50", "p95", "p99", "max"))
        found += [
            (
                "users at 3270s, each with CMS; commands",
                f"{figures.users}; {answer['commands']:,.0f}, {answer['a second']:.0f} a second",
            ),
            ("ENTER to `Ready;`: median, 95 %, 99 %, longest", f"{times} ms"),
            (
                "processor that the system used",
                f"{processor['system']:.0%} of one, {processor['a command'] * 1000:.1f} ms a command",
            ),
            ("processor that their terminals used", f"{processor['terminals']:.0%} of one"),
            (
                f"{figures.users} users log on at once and IPL CMS",
                f"{logon['all']:.1f} s; {logon['processor each'] * 1000:.0f} ms of processor time each",
            ),
            ("memory for each of them", f"{logon['kilobytes each'] / 1000:.2f} MB"),
            ("while they do nothing", f"{figures.idle['processor']:.2%} of a processor"),
        ]
    if idle:
        each = [f"{figures.connection[f'{kind} kilobytes']:.1f}" for kind in ("3270", "telnet")]
        found.append((f"memory for each of {idle:,} idle connections: a 3270, telnet", f"{', '.join(each)} KB"))
    return found


def broken(figures: Figures) -> list[str]:
    """What is promised and was not kept."""
    found = [
        f"{what} takes more than {CONNECTION_KB} KB"
        for what in ("3270", "telnet")
        if figures.connection.get(f"{what} kilobytes", 0.0) >= CONNECTION_KB
    ]
    if figures.response.get("p95", 0.0) >= RESPONSE:
        found.append(f"5 % of the commands take more than {RESPONSE * 1000:.0f} ms")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=500, help="who work; default 500")
    parser.add_argument("--pace", type=float, default=10.0, help="seconds between two commands of a user")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they work")
    parser.add_argument("--idle", type=int, default=2000, help="connections that nobody uses; default 2000")
    parser.add_argument("--system", type=Path, metavar="DIR", help="where the system is made and kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, for bench/figures.py")
    given = parser.parse_args()
    crowd.open_files(max(given.users, given.idle) + 200)
    figures = Figures(this_machine(), given.users, given.pace)
    print("; ".join(f"{what} {text}" for what, text in figures.machine.items()), flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.system or Path(temporary) / "system"
        crowd.make(folder, max(given.users, 1))
        with crowd.running(folder) as system:
            if given.idle:
                asyncio.run(idle_connections(system, given.idle, figures))
            if given.users:
                asyncio.run(working(system, given, figures))
    command = f"python bench/terminals.py --users {given.users} --pace {given.pace:g} --idle {given.idle}"
    save(given.json, "terminals", command, rows(figures, given.idle))
    if missed := broken(figures):
        raise SystemExit("; ".join(missed))


if __name__ == "__main__":
    main()
