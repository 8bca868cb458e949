"""Kills two systems that print, read cards and send each other files, again and again; then counts what has become of
everything that was acknowledged.

    python tests/cp/killspool.py 200 [SEED]

Each file must be where it belongs exactly once and whole; one whose acknowledgement the kill swallowed may be missing.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cp.helper import DIRECTORY
from cpvm.cp import password
from cpvm.cp.network import link
from cpvm.cp.realunit import hopper
from cpvm.cp.registry import discover
from cpvm.cp.system import System
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

ACKS, SETTLED, STOP = "acknowledged", "settled", "stop"
LONGEST = 200
MOST_SHOWN = 20
PATIENCE = 60.0  # seconds without any progress after which it must all have been printed and sent
QUEUES = ("RDR", "PRT", "PUN")
TYPES = ("print", "send", "keep")


# ---- the victims


def produce(folder: Path, seed: int, settle: bool) -> None:
    """Run a system that makes files without end, or, to SETTLE, until nothing is left to print, read or send."""
    password._COST = 1 << 4
    link.FIRST_RETRY, link.LAST_RETRY, hopper.LOOK_SECONDS = 0.005, 0.02, 0.01
    system = System(folder, engine="reference")
    system.start()
    acks = os.open(folder / ACKS, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(1, b"up\n")
    chance, number = random.Random(seed), 0
    other = "BETA" if system.configuration.node == "ALPHA" else "ALPHA"
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.01)
        if settle:
            with system.lock:
                left = system.spool.files("PRT") + system.spool.files("RDR", "NET")
            if not left and not list((folder / "reader").glob("*.txt")):
                (folder / SETTLED).touch()
            if (folder / STOP).exists():
                system.shutdown()
                return
            continue
        number += 1
        kind = chance.choice(TYPES)
        identity = f"{system.configuration.node}-{seed}-{number}"
        lines = chance.randrange(1, LONGEST) if number % 20 else 5000
        with system.lock:
            writer = system.spool.open()
        for line in range(lines):
            with system.lock:
                writer.put(0x09, to_ebcdic(f"{identity} {line} OF {lines}"))
        with system.lock:
            queue, owner, tag = {
                "print": ("PRT", "CMSUSER", ""),
                "send": ("RDR", "NET", f"{other} USER01"),
                "keep": ("RDR", "CMSUSER", ""),
            }[kind]
            writer.close(
                queue=queue,
                owner=owner,
                origin="CMSUSER",
                kind="PRT",
                spool_class="A",
                copies=1,
                hold=False,
                dist="",
                name=identity[:24],
                tag=tag,
            )
        os.write(acks, f"{kind} {identity}\n".encode())


def nursery() -> None:
    """Fork a victim for each line of standard input, which saves each of them the time to start Python."""
    discover("cpvm.cp.commands")
    discover("cpvm.machine.devices")
    for command in sys.stdin:
        word, *rest = command.split()
        if word == "start":
            folder, seed, settle = rest
            reader, writer = os.pipe()
            child = os.fork()
            if not child:
                os.dup2(writer, 1)
                status = 1
                try:
                    produce(Path(folder), int(seed), settle == "True")
                    status = 0
                finally:
                    os._exit(status)
            os.close(writer)
            with os.fdopen(reader, "rb") as pipe:
                up = pipe.readline()
            print(child if up else 0, flush=True)
        else:
            child = int(rest[0])
            if word == "kill":
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), flush=True)


# ---- the campaign


class Nursery:
    """The process that forks victims."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def ask(self, line: str) -> int:
        """Have a command carried out."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@dataclass
class Report:
    """What came of it."""

    kills: int = 0
    acknowledged: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def make_systems(place: Path) -> tuple[Path, Path]:
    """ALPHA, which calls BETA."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folders = (place / "alpha", place / "beta")
    for folder, statements in zip(
        folders,
        (
            f"NODE ALPHA\nLINK BETA 127.0.0.1:{port} KEY K\n",
            f"NODE BETA\nNETWORK LISTEN 127.0.0.1:{port}\nLINK ALPHA * KEY K\n",
        ),
        strict=True,
    ):
        System.create(folder, DIRECTORY)
        (folder / "system.config").write_text(statements)
        (folder / "devices").write_text("00F 1403 spool folder=printer nosep\n00C 2540R spool folder=reader\n")
        (folder / "reader").mkdir()
    return folders


def campaign(place: Path, kills: int, seed: int = 1, longest: float = 0.25) -> Report:
    """Kill one of the two at a time, KILLS times."""
    password._COST = 1 << 4
    folders = make_systems(place)
    chance, report, decks = random.Random(seed), Report(), 0
    with Nursery() as nursery:
        victims = {folder: nursery.ask(f"start {folder} {index} False") for index, folder in enumerate(folders)}
        while report.kills < kills:
            for _ in range(chance.randrange(3)):
                decks += 1
                folder = chance.choice(folders)
                lines = chance.randrange(1, LONGEST)
                text = "".join(f"DECK-{decks} {line} OF {lines}\n" for line in range(lines))
                part = folder / "reader" / f"{decks}.part"
                part.write_text("ID CMSUSER NAME DECK\n" + text)
                part.replace(part.with_suffix(".txt"))
                report.acknowledged[f"{folder.name} DECK-{decks}"] += 1
            time.sleep(chance.random() * longest)
            folder = chance.choice(folders)
            nursery.ask(f"kill {victims[folder]}")
            report.kills += 1
            victims[folder] = nursery.ask(f"start {folder} {1000 + report.kills} False")
            if not victims[folder]:
                report.wrong.append(f"{folder.name} did not start after kill {report.kills}")
                return report
        for folder in folders:
            nursery.ask(f"kill {victims[folder]}")
            report.kills += 1
        settling = [nursery.ask(f"start {folder} 0 True") for folder in folders]
        sizes, until = 0, time.monotonic() + PATIENCE
        while time.monotonic() < until and not all((folder / SETTLED).exists() for folder in folders):
            time.sleep(0.01)
            logs = sum((folder / "operator.log").stat().st_size for folder in folders)  # grows with each file
            if logs != sizes:
                sizes, until = logs, time.monotonic() + PATIENCE
        for folder in folders:
            if not (folder / SETTLED).exists():
                report.wrong.append(f"{folder.name} still has something to print or to send")
            (folder / STOP).touch()
        for child in settling:
            if nursery.ask(f"wait {child}"):
                report.wrong.append("a system did not end in good order")
    count(folders, report)
    return report


def count(folders: tuple[Path, Path], report: Report) -> None:
    """Compare what is there with what was acknowledged."""
    alpha, beta = folders
    for folder, other in ((alpha, beta), (beta, alpha)):
        for line in (folder / ACKS).read_text().splitlines():
            kind, identity = line.split()
            where = {
                "print": f"{folder.name} printer",
                "send": f"{other.name} USER01",
                "keep": f"{folder.name} CMSUSER",
            }
            report.acknowledged[f"{where[kind]} {identity}"] += 1
        for path in (folder / "printer").glob("*.txt"):
            _whole(report, f"{folder.name} printer", path.read_text().split("\n"))
        system = System(folder, engine="reference")
        for queue in QUEUES:
            for file in system.spool.files(queue):
                records = [from_ebcdic(record.data) for record in system.spool.records(file.spoolid)]
                if len(records) != file.records:
                    report.wrong.append(f"{folder.name} FILE {file.spoolid} has {len(records)} of {file.records}")
                place = folder.name if records[0].startswith("DECK") else f"{folder.name} {file.owner}"
                _whole(report, place, records)
        orphans = "SELECT count(*) FROM spool_data WHERE spoolid NOT IN (SELECT spoolid FROM spool_file)"
        if system.database.query(orphans) != [(0,)]:
            report.wrong.append(f"{folder.name}: pieces of files that are no files")
        system.shutdown()
    for key, times in report.found.items():
        if times != 1:
            report.wrong.append(f"{key} is there {times} times")
    report.wrong += [f"{key} is lost" for key in report.acknowledged if key not in report.found]


def _whole(report: Report, where: str, lines: list[str]) -> None:
    """Count a file; it has all its lines in order."""
    found = [match for line in lines if (match := re.match(r"(\S+) (\d+) OF (\d+)", line))]
    identity, length = found[0][1], int(found[0][3])
    if [(match[1], int(match[2])) for match in found] != [(identity, line) for line in range(length)]:
        report.wrong.append(f"{where} {identity} is not whole")
    report.found[f"{where} {identity}"] += 1


def main() -> int:
    """Report the counts."""
    if sys.argv[1:] == ["nursery"]:
        nursery()
        return 0
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as place:
        report = campaign(Path(place), kills, seed)
    kinds = Counter("decks" if "DECK" in key else key.split()[1] for key in report.acknowledged)
    print(f"{report.kills} kills, {sum(report.acknowledged.values())} files acknowledged, {len(report.found)} found")
    print(", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    print("\n".join(report.wrong[:MOST_SHOWN]) or "nothing lost, nothing twice, nothing in pieces")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
