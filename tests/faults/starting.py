"""Starts, and commands of the host, on a disk that fails: a line that says why, no traceback, and nothing half done.

    python -m faults.starting FOLDER

FOLDER has a system that never ran. A line of JSON for each case goes to standard output.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from cpvm import api, cli

from .injector import FAULTS, Fault, Faults
from .lacking import NO_MEMORY, NO_THREADS

BY_NAME = {fault.name: fault for fault in FAULTS}
STARTS: tuple[tuple[str, str], ...] = (
    ("disk full", "/system"),
    ("disk full", ".volume"),
    ("disk full after a short write", "cp.sqlite"),
    ("read-only", "/system"),
    ("read-only", ".volume"),
    ("write error", "cp.sqlite"),
    ("sync error", "/system"),
    ("close error", "/system"),
    ("read error", "/system"),
    ("read error", ".volume"),
    ("too many open files", "/system"),
    ("too many open files", ".volume"),
)
COMMANDS = {
    "disk init": (["disk", "init", "{out}", "3350", "WORK01"], "out.volume"),
    "disk import": (["disk", "import", "{volume}", "{out}"], "out.volume"),
    "disk cp from a minidisk": (
        ["disk", "cp", "--system", "{system}", "CMSUSER 191:PROFILE EXEC", "{out}"],
        "out.volume",
    ),
    "disk cp to a minidisk": (["disk", "cp", "--system", "{system}", "{file}", "CMSUSER 191:NEW DATA"], "CPVM01"),
    "read, its inbox": (["read", "--to", "CMSUSER", "--system", "{system}", "{file}"], "inbox/"),
    "read, the spool": (["read", "--to", "CMSUSER", "--system", "{system}", "{file}"], "cp.sqlite"),
    "user remove": (["user", "remove", "USER02", "--system", "{system}"], "cp.sqlite"),
}
"""Commands, and the file that the host does not take."""

KINDS = ("disk full", "disk full after a short write", "read-only", "write error", "sync error")
LACKS = (NO_THREADS, NO_MEMORY)
CASES = (
    *(f"start: {name}, {path}" for name, path in STARTS),
    *(f"start: {fault.name}" for fault in LACKS),
    *(f"{name}: {kind}" for name in COMMANDS for kind in KINDS),
)


def start(faults: Faults, folder: Path, fault: Fault, path: str) -> Iterator[str]:
    """Start the system under a fault, then without it."""
    faults.begin(fault, path)
    try:
        system = api.start(folder)
    except api.SystemDirectoryError as error:
        faults.end()
        if not str(error).startswith(("/", "the system in /")) or "connect" in str(error):
            yield f"not a good reason: {error}"
    except BaseException:
        faults.end()
        yield traceback.format_exc()
    else:
        hits = faults.hits
        faults.end()
        told = "\n".join(system.system.log.lines)
        if hits and "DMKCPI954E" not in told and "910W" not in told:
            yield f"the operator is not told: {told}"
        system.stop()
    with api.start(folder) as system:
        user = system.logon("CMSUSER")
        user.type("IPL CMS")
        user.type("")
        if user.type("LISTFILE").return_code != 0:
            yield f"it does not work afterwards: {user.transcript}"


def command(faults: Faults, folder: Path, name: str, fault: Fault) -> Iterator[str]:
    """A command of the host under a fault, then without it."""
    words, harmed = COMMANDS[name]
    out = folder.with_name("out.volume")
    volume = next((folder / "volumes").glob("CPVM01*"))
    file = folder.with_name("file.data")
    file.write_text("A LINE\n")
    line = [word.format(out=out, volume=volume, system=folder, file=file) for word in words]
    said = io.StringIO()
    faults.begin(fault, harmed)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = cli.main(line)
    except SystemExit as ended:
        status = int(str(ended.code or 0))
    except BaseException:
        faults.end()
        yield traceback.format_exc()
        return
    hits = faults.hits
    faults.end()
    if hits and status == 0 and not out.exists() and harmed == "out.volume":
        yield f"it says that it is done: {said.getvalue()}"
    if hits and status and (not said.getvalue().startswith("cpvm") or said.getvalue().count("\n") > 2):
        yield f"not a good message: {said.getvalue()}"
    if status and out.exists() and harmed == "out.volume":
        yield f"a part of the file was left: {out.stat().st_size} bytes"
    for left in folder.parent.glob("*out.volume*"):
        if left != out:
            yield f"left behind: {left.name}"
        left.unlink()
    if status:
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                status = cli.main(line)
        except SystemExit as ended:
            status = int(str(ended.code or 0))
        if status:
            yield f"it does not work afterwards: {said.getvalue()}"
    out.unlink(missing_ok=True)


def main() -> None:
    """All of them."""
    first = Path(sys.argv[1])
    faults = Faults()
    folder = first.parent / "starting" / "system"

    def told(case: str, wrong: Iterator[str]) -> None:
        shutil.rmtree(folder.parent, ignore_errors=True)
        shutil.copytree(first, folder)
        print(json.dumps({"case": case, "wrong": list(wrong)}), flush=True)

    for name, path in STARTS:
        told(f"start: {name}, {path}", start(faults, folder, BY_NAME[name], path))
    for fault in LACKS:
        told(f"start: {fault.name}", start(faults, folder, fault, ""))
    for name in COMMANDS:
        for kind in KINDS:
            told(f"{name}: {kind}", command(faults, folder, name, BY_NAME[kind]))


if __name__ == "__main__":
    main()
