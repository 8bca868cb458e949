"""`cpvm directory`: the users and their machines of a system, as source statements; also while the system runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cpvm.cp.database import Database, DatabaseError
from cpvm.cp.direct import InstallError, check, install
from cpvm.cp.directory import Directory, MinidiskEntry
from cpvm.cp.directory_source import DirectoryError
from cpvm.cp.directory_store import SCHEMA, ChangedError, DirectoryStore
from cpvm.cp.directory_text import source_of
from cpvm.cp.journal import What
from cpvm.cp.savedsys import SCHEMA as SAVED
from cpvm.cp.statements import statements
from cpvm.cp.system import DATABASE
from cpvm.front.locations import default_directory
from cpvm.front.record import record
from cpvm.front.status import USAGE

IN_ERROR = 1
"""Exit status: the source has errors, and nothing was changed."""

TRIES = 100
"""How often a change is made anew because somebody else has changed the directory meanwhile."""

_HELP = """\
`show` writes the directory as source statements, `install` puts a source in its place: at once and as a whole, or, if
it has an error, not at all. A system that runs goes on; users who are logged on keep what they have. The password * is
the one that the user, or the minidisk, has already. Volumes that the source does not name stay.

statements:
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser of `cpvm directory` its subcommands."""
    parser.epilog = _HELP + "\n".join(f"  {entry.form.replace(' | ', chr(10) + '  ')}" for entry in statements())
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, title in (("check", "look for errors in a source"), ("install", "make a source the directory")):
        command = commands.add_parser(name, help=title, description=title)
        command.add_argument("file", metavar="FILE", help="the source, UTF-8 text; - for standard input")
    forget = commands.add_parser("forget", help="forget a volume that no minidisk lies on; its file stays")
    forget.add_argument("volid", metavar="VOLID")
    show = commands.add_parser("show", help="write the directory as source statements")
    show.add_argument("file", metavar="FILE", nargs="?", default="-", help="where to (default: standard output)")
    for command in commands.choices.values():
        command.add_argument("--system", type=Path, metavar="DIR", help="the system directory")


class DirectoryFailed(Exception):
    """It cannot be done; the text says why, the status is that of the process."""

    def __init__(self, text: str, status: int = USAGE) -> None:
        super().__init__(text)
        self.status = status


@contextmanager
def opened(system: Path | None) -> Iterator[tuple[Path, DirectoryStore]]:
    """The folder and the directory of a system, which may be running. Raises DirectoryFailed."""
    folder = (system or default_directory()).expanduser().absolute()
    try:
        database = Database(folder / DATABASE, (SCHEMA, SAVED))
    except DatabaseError as error:
        raise DirectoryFailed(str(error)) from error
    try:
        yield folder, DirectoryStore(database)
    finally:
        database.close()


def checked(source: str, store: DirectoryStore, name: str) -> Directory:
    """A source without errors. Raises DirectoryFailed."""
    try:
        return check(source, store.present())
    except DirectoryError as error:
        raise DirectoryFailed("\n".join(f"{name}: {text}" for text in error.errors), IN_ERROR) from error


def installed(folder: Path, store: DirectoryStore, directory: Directory) -> None:
    """Put a directory in the place of the old one. Raises DirectoryFailed."""
    try:
        install(folder, store, directory)
    except InstallError as error:
        raise DirectoryFailed(str(error)) from error


def changed(folder: Path, store: DirectoryStore, made: Callable[[], Directory]) -> None:
    """Change the directory as it is: MADE makes the new one of it, again if somebody else was faster.

    Raises DirectoryFailed, and what MADE raises.
    """
    for _ in range(TRIES):
        seen = store.seen
        directory = made()
        try:
            install(folder, store, directory, seen=seen)
        except ChangedError:
            continue
        except InstallError as error:
            raise DirectoryFailed(str(error)) from error
        return
    raise DirectoryFailed("others change the directory all the time; try it again")


def run(given: argparse.Namespace) -> int:
    """Carry a subcommand out; returns the exit status."""
    try:
        with opened(given.system) as (folder, store):
            if given.what == "show":
                _show(source_of(store), given.file)
                return 0
            if given.what == "forget":
                _forget(store, given.volid.upper())
                record(folder, What.DIRECTORY, f"VOLUME {given.volid.upper()[:6]} FORGOTTEN")
                return 0
            directory = checked(_read(given.file), store, given.file)
            users = len(directory.users)
            if given.what == "install":
                before = set(store.users)
                installed(folder, store, directory)
                record(folder, What.DIRECTORY, "REPLACED")
                print(f"the directory has {users} users{_difference(before, set(directory.users))}")
            else:
                print(f"{given.file}: no errors, {users} users")
    except DirectoryFailed as error:
        print(error if error.status == IN_ERROR else f"cpvm directory {given.what}: {error}", file=sys.stderr)
        return error.status
    except (OSError, UnicodeDecodeError) as error:
        print(f"cpvm directory {given.what}: {error}", file=sys.stderr)
        return USAGE
    return 0


def _forget(store: DirectoryStore, volid: str) -> None:
    if volid not in store.volumes:
        raise DirectoryFailed(f"there is no volume {volid}")
    for entry in store.users.values():
        for device in entry.devices:
            if isinstance(device, MinidiskEntry) and device.volid == volid:
                raise DirectoryFailed(f"{entry.userid}'s {device.vaddr:03X} is on {volid}")
    store.remove_volume(volid)


def _difference(before: set[str], after: set[str]) -> str:
    """Who has come and who has gone."""
    changes = (("new", after - before), ("gone", before - after))
    return "".join(f"; {word}: {', '.join(sorted(users))}" for word, users in changes if users)


def _read(name: str) -> str:
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")


def _show(source: str, name: str) -> None:
    if name == "-":
        print(source, end="")
    else:
        Path(name).write_text(source, encoding="utf-8")
