"""A host that lacks something, or sets its clock: what is told, and how it goes on. One process, one system.

    python -m faults.lacking FOLDER

A line of JSON for each question goes to standard output: its name, and what was wrong.
"""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cpvm import api
from cpvm.cp import clock, clockwatch, owed
from cpvm.cp.realunit import hopper, unit
from cpvm.cp.spool import SpoolFile

from .injector import MEMORY, THREAD, WRITE, Fault
from .rig import Rig

NO_THREADS = Fault("no threads", THREAD, errno.EAGAIN)
NO_MEMORY = Fault("no memory", MEMORY, errno.ENOMEM)
FULL = Fault("disk full", WRITE, errno.ENOSPC)
HOUR = 3600.0
QUESTIONS: dict[str, Callable[[Rig], Iterator[str]]] = {}
Question = Callable[[Rig], Iterator[str]]


def question(function: Question) -> Question:
    """A function that gives what was wrong."""
    QUESTIONS[function.__name__] = function
    return function


def unless(right: bool, what: object) -> Iterator[str]:
    """WHAT, unless it is RIGHT."""
    if not right:
        yield str(what)


@question
def no_threads_for_a_printer(rig: Rig) -> Iterator[str]:
    rig.say(rig.user, "CP SPOOL PRINTER CLASS F")
    with rig.faults.during(NO_THREADS):
        said = rig.say(rig.user, "PRINT PROFILE EXEC").text
        yield from unless("PRT FILE" in said, said)
        told = "\n".join(rig.told())
        yield from unless("PRT 00F; THE HOST HAS NO THREADS LEFT" in told, told)
    listing = rig.folder / "listing.txt"
    yield from unless(rig.until(lambda: listing.exists() and listing.stat().st_size > 0), "nothing is printed")


@question
def no_threads_for_work(rig: Rig) -> Iterator[str]:
    """A pool that has no thread at all: what needs one ends with a message, and is not done later."""
    from cpvm.cp.workers import Workers

    done: list[object] = []
    workers = Workers(lambda event: event())
    with rig.faults.during(NO_THREADS):
        workers.do(lambda: done.append("late"), lambda result, error: done.append(error))
    workers.do(lambda: None, lambda result, error: done.append("then"))
    yield from unless(rig.until(lambda: len(done) == 2), done)
    yield from unless(isinstance(done[0], RuntimeError) and done[1] == "then", done)
    workers.stop()


@question
def no_memory_for_a_machine(rig: Rig) -> Iterator[str]:
    with rig.faults.during(NO_MEMORY):
        terminal = rig.running.terminal()
        try:
            terminal.logon("USER02")
            yield "logged on without storage"
        except api.LogonRefused as refused:
            yield from unless("NOT LOGGED ON" in "\n".join(refused.lines), refused.lines)
        said = rig.say(rig.user, "CP DEFINE STORAGE 2M").text
        yield from unless("NO MEMORY" in said or "NOT DEFINED" in said, said)
        yield from unless(rig.say(rig.other, "LISTFILE").return_code == 0, "others do not go on")
    terminal.logon("USER02")
    terminal.logoff()
    rig.say(rig.user, "CP IPL CMS")
    rig.say(rig.user, "")
    yield from unless(rig.say(rig.user, "LISTFILE").return_code == 0, "its machine does not go on")


@contextmanager
def few_files() -> Iterator[None]:
    """No more files can be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, hard))
    held = []
    try:
        with suppress(OSError):
            while True:
                held.append(Path("/dev/null").open())  # noqa: SIM115
        yield
    finally:
        for file in held:
            file.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@question
def too_many_open_files(rig: Rig) -> Iterator[str]:
    """Spool files are not taken for damaged ones because nothing more can be opened."""
    rig.say(rig.user, "CP SPOOL PRINTER CLASS A")
    with few_files():
        said = rig.say(rig.user, "PRINT PROFILE EXEC").text
        yield from unless("PRT FILE" in said, said)
        found = rig.until(lambda: "INT REQ" in "\n".join(rig.log.lines) or "NO FILES" in "\n".join(rig.log.lines))
        yield from unless(found, "the operator is not told")
        yield from unless(rig.done(rig.user, "COPYFILE PROFILE EXEC A MANY FILES A").acknowledged, "no disk")
        yield from unless(rig.done(rig.other, "LISTFILE").acknowledged, "others do not go on")
    rig.say(rig.operator, "START 00E")

    def printed() -> bool:
        rig.settled()
        return not rig.running.system.spool.files("PRT")

    yield from unless(rig.until(printed), [str(file) for file in rig.running.system.spool.files("PRT")])


@question
def a_full_disk_of_the_accounting(rig: Rig) -> Iterator[str]:
    """A session's record is kept in storage until the disk takes it."""
    rows: list[object] = []

    def count() -> int:
        rig.on_cp(lambda: rows.append(rig.running.system.database.query("SELECT count(*) FROM accounting")[0][0]))
        return int(str(rows[-1]))

    before = count()
    with rig.faults.during(FULL, "cp.sqlite"):
        user = rig.running.logon("USER02")
        user.logoff()
        rig.settled()
        yield from unless(count() == before, "it was written")
        yield from unless("ACCOUNTING; THE HOST'S DISK IS FULL" in "\n".join(rig.told()), "the operator is not told")
    yield from unless(rig.until(lambda: count() == before + 1), f"{count()} records after {before}")


@question
def an_open_punch_at_logoff(rig: Rig) -> Iterator[str]:
    """What was punched is closed when the disk takes it, though its user has gone."""
    user = rig.cms("USER02")
    rig.say(user, "CP SPOOL PUNCH CONT TO USER02")
    rig.say(user, "PUNCH PROFILE EXEC")
    known = rig.reader_of("USER02")
    with rig.faults.during(FULL, "cp.sqlite"):
        said = user.logoff().text
        yield from unless("DMKVSP428E" in said, said)
        yield from unless(rig.reader_of("USER02") == known, "it was closed")
    yield from unless(rig.until(lambda: len(rig.reader_of("USER02")) == len(known) + 1), "it is not closed")


@question
def a_host_half_that_is_killed(rig: Rig) -> Iterator[str]:
    """Processes of host halves that the host ends between two assemblies are made anew."""
    for record in ("SEVEN    CSECT", "         END"):
        rig.say(rig.user, f"EXECIO 1 DISKW SEVEN ASSEMBLE A 0 F 80 (STRING {record}")
    for _ in range(2):
        done = rig.done(rig.user, "ASSEMBLE SEVEN")
        yield from unless(done.acknowledged, done.said)
        children = [path for path in Path(f"/proc/{os.getpid()}/task").glob("*/children") if path.read_text().strip()]
        for number in {number for path in children for number in path.read_text().split()}:
            if b"halfprocess" in Path(f"/proc/{number}/cmdline").read_bytes():
                os.kill(int(number), signal.SIGKILL)
                os.waitid(os.P_PID, int(number), os.WEXITED | os.WNOWAIT)


@question
def a_processor_that_fails(rig: Rig) -> Iterator[str]:
    """An error where a processor looks for its next machine is told, and does not end the processor."""
    scheduler = rig.running.system.scheduler
    whole, left = scheduler.next, [3]

    def fails() -> object:
        if left[0]:
            left[0] -= 1
            raise ValueError("a worker fails")
        return whole()

    scheduler.next = fails  # type: ignore[assignment,method-assign]
    try:
        yield from unless(rig.done(rig.user, "LISTFILE").acknowledged, "its user does not go on")
        yield from unless(rig.done(rig.other, "LISTFILE").acknowledged, "others do not go on")
    finally:
        scheduler.next = whole  # type: ignore[method-assign]
    told = "\n".join(rig.told())
    yield from unless(left == [0] and "CONTROL PROGRAM ERROR IN DISPATCHER: ValueError" in told, told)
    yield from unless(all(thread.is_alive() for thread in rig.running.system.processors.threads), "a thread has ended")
    rig.operator.type("QUERY TIME")  # what was meant for the operator has been shown
    rig.wrong.clear()


@question
def a_printer_whose_thread_fails(rig: Rig) -> Iterator[str]:
    """Whatever an outlet raises, the operator is told, and START goes on."""
    real = rig.running.system.units.at(0xE)
    assert isinstance(real, unit.OutputUnit)
    begin = real._outlet.begin

    def fails(file: SpoolFile, copy: int) -> None:
        real._outlet.begin = begin  # type: ignore[method-assign]
        raise KeyError("a worker fails")

    real._outlet.begin = fails  # type: ignore[method-assign]
    rig.say(rig.user, "CP SPOOL PRINTER CLASS A")
    rig.say(rig.user, "PRINT PROFILE EXEC")
    found = rig.until(lambda: "INT REQ; 'a worker fails'" in "\n".join(rig.log.lines))
    yield from unless(found, "the operator is not told")
    rig.say(rig.operator, "START 00E")

    def printed() -> bool:
        rig.settled()
        return not rig.running.system.spool.files("PRT")

    yield from unless(rig.until(printed), "it is not printed")


def steps(rig: Rig) -> int:
    """How many times the operator was told that the clock was set."""
    return sum("THE HOST'S CLOCK WAS SET" in line for line in list(rig.log.lines))


@question
def a_clock_comparator(rig: Rig) -> Iterator[str]:
    """A machine that waits for a time of day goes on when the host's clock is set to it."""
    user = rig.running.logon("USER02")
    when = f"{clock.tod() + int(HOUR * 1e6) * 4096:016X}"
    lines = ("200 B7000220 B2060228 82000230", "220 00000800", f"228 {when[:8]} {when[8:]}", "230 01020000 00000000")
    for line in (*lines, "58 00020000 00000EEE"):
        rig.say(user, f"STORE S{line}")
    user.send("BEGIN 200")
    vm = rig.running.system.users["USER02"]
    yield from unless(rig.until(lambda: vm.waiting), "its machine does not wait")
    rig.faults.clocks(real=2 * HOUR)
    yield from unless(rig.until(lambda: steps(rig) == 1), "the operator is not told")
    try:
        yield from unless(bool(user.expect(r"DMKDSP450W.*00000EEE", 20.0)), "no interruption")
    except api.TerminalError as error:
        yield str(error)
    rig.faults.clocks()
    yield from unless(rig.until(lambda: steps(rig) == 2), "the operator is not told")
    rig.say(rig.operator, "FORCE USER02")


@question
def clocks_that_are_set(rig: Rig) -> Iterator[str]:
    """TOD clocks never go back; connect times, SLEEP and the lock-out of passwords do not depend on the time of day."""
    last, before = clock.tod(), 0.0
    for ahead in (HOUR, 0.0, -48 * HOUR, 24 * 365 * HOUR, 0.0, -0.5, 5.0, 0.0):
        known = steps(rig)
        rig.faults.clocks(real=ahead)
        big, before = abs(ahead - before) > clockwatch.STEP_SECONDS, ahead
        yield from unless(not big or rig.until(lambda known=known: steps(rig) > known), "the operator is not told")  # type: ignore[misc]
        began = time.monotonic()
        for _ in range(3):
            now = clock.tod()
            yield from unless(now > last, f"the TOD clock goes back {last - now} at {ahead}")
            last = now
        said = rig.say(rig.user, "CP QUERY TIME").text
        found = re.search(r"CONNECT= (-?\d+):(\d\d):(\d\d)", said)
        yield from unless(found is not None and found[1] == "00", said)
        if abs(ahead) >= 48 * HOUR:
            yield from unless(rig.done(rig.user, "CP SLEEP 1 SEC").acknowledged, "SLEEP")
        yield from unless(time.monotonic() - began < 10, f"SLEEP took {time.monotonic() - began} at {ahead}")
        yield from unless(rig.done(rig.user, "COPYFILE PROFILE EXEC A TIME EXEC A (REPLACE").acknowledged, "COPYFILE")
        user = rig.running.logon("USER02")
        user.logoff()
    told = "\n".join(rig.told())
    yield from unless("CLOCK WAS SET FORWARD BY 01:00:00" in told, told)
    yield from unless("CLOCK WAS SET BACK BY 49:00:00" in told or "CLOCK WAS SET BACK BY 48:00:00" in told, told)


@question
def a_clock_that_leaps(rig: Rig) -> Iterator[str]:
    """All that waits for a while is due at once: the host was asleep, say."""
    rig.user.send("CP SLEEP 30 MIN")
    yield from unless(rig.until(lambda: rig.user.read_state.name == "SLEEPING"), "SLEEP")
    rig.faults.clocks(real=HOUR, steady=HOUR)
    rig.settled()
    try:
        rig.user.wait(20.0)
    except api.TerminalError as error:
        yield str(error)
    yield from unless(rig.done(rig.other, "LISTFILE").acknowledged, "others do not go on")


def main() -> None:
    """Ask all questions."""
    clockwatch.WATCH_SECONDS = 0.05  # type: ignore[misc]
    owed.RETRY_SECONDS = unit.SPOOL_SECONDS = hopper.RETRY_SECONDS = 0.05  # type: ignore[misc]
    rig = Rig(Path(sys.argv[1]))
    for name, ask in QUESTIONS.items():
        rig.told()
        rig.wrong.clear()
        wrong = [*ask(rig)]
        rig.told()
        print(json.dumps({"question": name, "wrong": wrong + rig.wrong}), flush=True)
    rig.end()


if __name__ == "__main__":
    main()
