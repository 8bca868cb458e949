"""Channel-to-channel adapters: random programs of both sides, machines in two threads."""

from __future__ import annotations

import queue
import random
import threading
from contextlib import suppress

from ctcabench import (
    AT,
    ATTENTION,
    BACKWARD,
    BASIC,
    CONTROL,
    END_OF_FILE,
    ENDED,
    EXTENDED,
    HELLO,
    NOP,
    PREPARE,
    READ,
    SENSE,
    SENSE_BYTE,
    WRITE,
    pair,
)
from linebench import CC, CD, DATA, SLI, Line

from cpvm.machine.devices.ctca import AVAILABLE


def test_random_programs_of_both_sides() -> None:
    rng = random.Random(7)
    commands = (
        WRITE,
        READ,
        CONTROL,
        SENSE_BYTE,
        NOP,
        BACKWARD,
        END_OF_FILE,
        SENSE,
        EXTENDED,
        BASIC,
        PREPARE,
        0x08,
        0xE4,
    )
    outcomes = set()
    for number in range(400):
        x, y = pair(rng.choice(("CTCA,link", "3088,link", "3088,link,extended")), immediate=number % 2 > 0)
        for _ in range(12):
            line = rng.choice((x, y))
            program = [
                (
                    rng.choice(commands) if rng.random() < 0.9 else rng.randrange(256),
                    rng.randint(1, 20),
                    rng.choice((0, 0, CC, CC | SLI, CD, SLI)),
                    rng.choice((DATA, AT, 0x800, 0xFFF8)),
                )
                for _ in range(rng.randint(1, 5))
            ]
            line.start(*program)
            action = rng.randrange(8)
            if action == 0:
                line.io.hio(0x1F)
            elif action == 1:
                line.io.load(line.io.save())
            elif action == 2 and number % 5 == 0:
                line.io.reset()
            elif action == 3:
                line.io.clrio(0x1F)
            for other in (x, y):
                for _ in range(4):
                    other.io.advance()
                    other.io.elapse(20)
                outcomes.update(other.interruptions())
                waits = other.device.state != AVAILABLE and not other.device.split
                assert waits == (other.io.program_of(0x1F) is not None)  # adapter and channel agree
    assert {ENDED, ATTENTION, "0400 0000"} <= outcomes
    assert len(outcomes) > 40


class Threaded:
    """A machine in a thread of its own, which runs the programs that it is given and takes its interruptions."""

    def __init__(self, line: Line, programs: list[list[tuple[int, ...]]]) -> None:
        self.line = line
        self.programs = programs
        self.told: list[str] = []
        self.events: queue.SimpleQueue[str] = queue.SimpleQueue()
        line.device.wake = lambda: self.events.put("wake")
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._guarded)

    def _guarded(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self.error = error

    def _run(self) -> None:
        for program in self.programs:
            while (code := self.line.start(*program)) == 1 and self.line.status()[:2] in ("90", "10", "84"):
                self._settle(0.001)
            assert code == 0, self.line.status()
            while not any(status[:2] in ("0C", "0D", "0E") for status in self._settle()):
                self._wait()

    def _wait(self) -> None:
        self.events.get(timeout=30)
        self.line.device.poll()

    def _settle(self, patience: float = 0) -> list[str]:
        if patience:
            with suppress(queue.Empty):
                self.events.get(timeout=patience)
        self.line.device.poll()
        told = self.line.interruptions()
        self.told += told
        return told


def test_machines_in_two_threads_pass_records() -> None:
    x, y = pair()
    count = 150
    writer = Threaded(
        x,
        [
            [
                (WRITE, 11),
            ]
            for _ in range(count)
        ],
    )
    reader = Threaded(y, [[(READ, 11, 0, AT)] for _ in range(count)])
    for machine in (writer, reader):
        machine.thread.start()
    for machine in (writer, reader):
        machine.thread.join(60)
        assert not machine.thread.is_alive()
        assert machine.error is None, machine.error
        assert [status for status in machine.told if status.startswith("0C")] == [ENDED] * count
    assert y.data(11, AT) == HELLO


def test_a_reader_in_another_thread_goes_on_waiting_if_the_writer_is_halted() -> None:
    x, y = pair()
    woken: list[str] = []
    x.device.wake = lambda: woken.append("x")
    y.device.wake = lambda: woken.append("y")
    assert x.run((WRITE, 11)) == "waits"
    y.device.poll()
    assert y.interruptions() == [ATTENTION]
    assert y.run((READ, 11, 0, AT)) == "waits"  # until the other thread delivers
    assert woken == ["y", "x"]
    assert x.io.hio(0x1F) == 1
    x.device.poll()
    assert x.interruptions() == ["0C00 000B", ATTENTION]  # a read waits now
    assert x.run((WRITE, 11)) == ENDED
    y.device.poll()
    assert y.interruptions() == [ENDED]
    assert y.data(11, AT) == HELLO


def test_what_was_halted_is_not_ended_later() -> None:
    x, y = pair()
    y.device.wake = lambda: None
    assert y.run((READ, 11, 0, AT)) == "waits"
    x.interruptions()
    assert x.run((WRITE, 11)) == ENDED
    assert y.io.hio(0x1F) == 1  # before its thread has taken in the data
    y.interruptions()
    assert y.run((READ, 5, 0, AT)) == "waits"
    y.device.poll()
    assert not y.interruptions()
