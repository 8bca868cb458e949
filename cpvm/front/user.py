"""`cpvm user`: add and remove users of a system, and give them passwords; also while the system runs."""

from __future__ import annotations

import argparse
import getpass
import sys
from dataclasses import replace
from pathlib import Path

from cpvm.cp.directory import (
    ELSEWHERE,
    NO_TERMINAL,
    UNCHANGED,
    ConsoleEntry,
    Directory,
    LinkEntry,
    MinidiskEntry,
    SpoolEntry,
    UserEntry,
    VolumeEntry,
)
from cpvm.cp.directory_store import DirectoryStore
from cpvm.cp.directory_text import source_of, user_lines
from cpvm.cp.journal import What
from cpvm.cp.minidisk import volume_path
from cpvm.cp.operand import is_userid
from cpvm.cp.password import MAX_LENGTH, hash_password
from cpvm.front.directory import IN_ERROR, DirectoryFailed, changed, checked, opened
from cpvm.front.record import record
from cpvm.front.sshkeys import BadKey, UserKeys, parse
from cpvm.front.status import USAGE
from cpvm.front.users import DEVICE
from cpvm.machine.device import MediaError
from cpvm.machine.media.newfile import temporary_for
from cpvm.machine.media.volume import Volume
from cpvm.machine.media.volumefile import put_in_place

_SEEN = "(default: you are asked); others on this computer may see it here"
_VOLID = 6
_DISK = 10
_SIZES = ((1 << 20), (16 << 20))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser of `cpvm user` its subcommands."""
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    adding = commands.add_parser("add", help="a new user, with a CMS disk of its own")
    adding.add_argument("userid", metavar="USERID")
    adding.add_argument("--password", metavar="PASSWORD", help=f"the first password {_SEEN}")
    adding.add_argument("--disk", type=int, default=_DISK, metavar="N", help=f"cylinders of its 191 (default {_DISK})")
    adding.add_argument("--like", metavar="USERID", help="storage, classes, options and devices as this user has them")
    adding.add_argument("--alias", metavar="NAME", help="another name that may be typed for it")
    removing = commands.add_parser("remove", help="remove a user; what is on its disks stays on their volumes")
    removing.add_argument("userid", metavar="USERID")
    changing = commands.add_parser("password", help="give a user a password")
    changing.add_argument("userid", metavar="USERID")
    changing.add_argument("--password", metavar="PASSWORD", help=f"the password {_SEEN}")
    for command in (adding, changing):
        command.add_argument(
            "--password-file", type=Path, metavar="FILE", help="a file whose first line is the password"
        )
    commands.add_parser("list", help="all users")
    every = [*commands.choices.values(), *_key_arguments(commands.add_parser("key", help="keys to log on by ssh with"))]
    for command in every:
        command.add_argument("--system", type=Path, metavar="DIR", help="the system directory")


def _key_arguments(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Tell the parser of `cpvm user key` its subcommands; returns their parsers."""
    commands = parser.add_subparsers(dest="key", metavar="WHAT", required=True)
    adding = commands.add_parser("add", help="let the owners of these keys log on as a user")
    adding.add_argument("userid", metavar="USERID")
    adding.add_argument("file", metavar="FILE", help="public keys, as ~/.ssh/id_ed25519.pub; - reads them here")
    removing = commands.add_parser("remove", help="let the owner of a key log on no more")
    removing.add_argument("userid", metavar="USERID")
    removing.add_argument("which", metavar="KEY", help="its fingerprint (SHA256:...) or comment, as `list` shows them")
    listing = commands.add_parser("list", help="a user's keys, or everybody's")
    listing.add_argument("userid", metavar="USERID", nargs="?")
    return list(commands.choices.values())


def run(given: argparse.Namespace) -> int:
    """Carry a subcommand out; returns the exit status."""
    try:
        with opened(given.system) as (folder, store):
            match given.what:
                case "add":
                    _add(folder, store, given)
                case "remove":
                    entry = _known(store, given.userid)
                    _remove(folder, store, entry)
                    UserKeys(folder).forget(entry.userid)
                    record(folder, What.DIRECTORY, f"USER {entry.userid} REMOVED")
                case "password":
                    entry = _known(store, given.userid)
                    store.store_password(entry.userid, hash_password(_password(given, entry.userid)))
                    record(folder, What.DIRECTORY, f"PASSWORD OF {entry.userid}")
                case "key":
                    _keys(folder, store, given)
                case _:
                    _list(store)
    except (BadKey, OSError) as error:
        why = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else error
        print(f"cpvm user {given.what}: {why}", file=sys.stderr)
        return USAGE
    except DirectoryFailed as error:
        print(error if error.status == IN_ERROR else f"cpvm user {given.what}: {error}", file=sys.stderr)
        return error.status
    return 0


def _keys(folder: Path, store: DirectoryStore, given: argparse.Namespace) -> None:
    """`cpvm user key`."""
    keys = UserKeys(folder)
    if given.key == "list":
        for userid in [_known(store, given.userid).userid] if given.userid else keys.users():
            for key in keys.keys(userid):
                print(f"{userid:<8} {key.fingerprint} {key.kind} {key.comment}".rstrip())
        return
    userid = _known(store, given.userid).userid
    if given.key == "remove":
        for key in keys.remove(userid, given.which):
            record(folder, What.KEY, f"{key.fingerprint} OF {userid} REMOVED")
            print(f"{key.fingerprint} is no more a key of {userid}")
        return
    text = sys.stdin.read() if given.file == "-" else Path(given.file).read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise BadKey(f"{given.file} has no key")
    for parsed in [parse(line) for line in lines]:
        key = keys.add(userid, parsed.line)
        record(folder, What.KEY, f"{key.fingerprint} OF {userid} ADDED")
        print(f"{key.fingerprint} logs on as {userid}")


def _known(store: DirectoryStore, userid: str) -> UserEntry:
    entry = store.users.get(store.meant(userid.upper()))
    if entry is None:
        raise DirectoryFailed(f"{userid.upper()} is not in the directory")
    return entry


def _password(given: argparse.Namespace, userid: str) -> str:
    password = given.password if given.password is not None else _asked(given, userid)
    if not 1 <= len(password) <= MAX_LENGTH or any(char.isspace() for char in password):
        raise DirectoryFailed(f"a password has 1 to {MAX_LENGTH} characters, no blanks")
    if password.upper() in (*NO_TERMINAL, *ELSEWHERE, UNCHANGED):
        raise DirectoryFailed(f"{password} is no password")
    return password


def _asked(given: argparse.Namespace, userid: str) -> str:
    """The password from the file named, or from who sits there."""
    if given.password_file is None:
        try:
            return getpass.getpass(f"Password for {userid}: ")
        except EOFError:
            raise DirectoryFailed("there is nobody to ask for the password: --password-file FILE") from None
    try:
        lines = given.password_file.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise DirectoryFailed(f"{given.password_file}: {why}") from None
    return str(lines[0].strip()) if lines else ""


def _list(store: DirectoryStore) -> None:
    for entry in store.users.values():
        disks = [device for device in entry.devices if isinstance(device, MinidiskEntry)]
        size = ", ".join(f"{disk.vaddr:03X} {disk.cylinders} cyl" for disk in disks)
        note = "" if store.may_log_on(entry.userid) else "  nobody logs on"
        names = f"{entry.userid:<8} {' '.join(entry.aliases):<16}"
        print(f"{names} {entry.classes:<8} {entry.storage >> 10:>6}K {size}{note}".rstrip())


def _add(folder: Path, store: DirectoryStore, given: argparse.Namespace) -> None:
    userid = given.userid.upper()
    if not is_userid(userid):
        raise DirectoryFailed(f"{userid} is no userid: 1 to 8 letters, digits, $ # @ and _ : + -")
    if userid in store.users:
        raise DirectoryFailed(f"{userid} is in the directory already")
    if given.disk < 0:
        raise DirectoryFailed(f"{given.disk} is no number of cylinders")
    password = _password(given, userid).upper()
    volume = None
    if given.disk:
        volume = VolumeEntry(_free_name(store, folder, userid), DEVICE, given.disk + 1)
        checked(_with_user(store, userid, password, given, volume), store, f"user {userid}")  # before the disk is made
        _make_disk(folder, volume, userid)

    def made() -> Directory:
        if userid in store.users:
            raise DirectoryFailed(f"{userid} is in the directory already")
        return checked(_with_user(store, userid, password, given, volume), store, f"user {userid}")

    try:
        changed(folder, store, made)
    except DirectoryFailed:
        if volume is not None:
            volume_path(folder, volume.volid).unlink(missing_ok=True)
        raise
    record(folder, What.DIRECTORY, f"USER {userid} ADDED")
    print(f"{userid} is in the directory" + (f", with a disk 191 of {given.disk} cylinders" if given.disk else ""))


def _with_user(
    store: DirectoryStore, userid: str, password: str, given: argparse.Namespace, volume: VolumeEntry | None
) -> str:
    """The source of the directory with one more user, whose disk is on a volume of its own. Raises DirectoryFailed."""
    entry = _model(store, userid, given)
    lines = []
    if volume is not None:
        disk = MinidiskEntry(0x191, DEVICE, 1, given.disk, volume.volid, "MR")
        entry = replace(entry, devices=tuple(sorted((*entry.devices, disk), key=lambda device: device.vaddr)))
        lines.append(f"VOLUME {volume.volid} {volume.devtype} {volume.cylinders}")
    return "\n".join([*lines, source_of(store) + "*", *user_lines(entry, password)]) + "\n"


def _model(store: DirectoryStore, userid: str, given: argparse.Namespace) -> UserEntry:
    aliases = (given.alias.upper(),) if given.alias else ()
    if given.like:
        like = _known(store, given.like)
        devices = tuple(device for device in like.devices if not isinstance(device, MinidiskEntry))
        return replace(like, userid=userid, distribution=userid, aliases=aliases, devices=devices)
    devices = (
        *(ConsoleEntry(0x009, "3215"), SpoolEntry(0x00C, "2540R", "*"), SpoolEntry(0x00D, "2540P")),
        SpoolEntry(0x00E, "1403"),
    )
    maint = store.users.get("MAINT")
    if maint is not None and maint.minidisk(0x190) is not None:
        devices += (LinkEntry(0x190, "MAINT", 0x190, "RR"),)
    return UserEntry(userid, *_SIZES, "G", account="1", distribution=userid, devices=devices, aliases=aliases)


def _free_name(store: DirectoryStore, folder: Path, userid: str) -> str:
    """A name for a volume: the beginning of the userid, with a number if it is taken."""
    letters = "".join(char for char in userid if char.isascii() and char.isalnum()) or "USER"
    for number in range(1000):
        name = letters[:_VOLID] if not number else f"{letters[: _VOLID - len(str(number))]}{number}"
        if name not in store.volumes and not volume_path(folder, name).exists():
            return name
    raise DirectoryFailed(f"there are too many volumes with names like {letters}")


def _make_disk(folder: Path, entry: VolumeEntry, userid: str) -> None:
    """Make the volume, with a formatted CMS disk on it, before the directory has it: at once or not at all."""
    from cms.build import empty_disk  # brings the assembler, which nothing else here needs
    from cpvm.front.firstfiles import PROFILE

    path = volume_path(folder, entry.volid)
    try:
        new = temporary_for(path)
        volume = Volume.create(new, entry.devtype, entry.volid, cylinders=entry.cylinders)
        try:
            disk = volume.minidisk(1, entry.cylinders - 1)
            tracks = empty_disk(entry.cylinders - 1, f"{userid[:3]}191", {("PROFILE", "EXEC"): PROFILE}).tracks()
            with volume.deferred():
                for cyl, head, image in tracks:
                    disk.write(cyl, head, image)
        finally:
            volume.close()
        put_in_place(new, path)
        new.unlink(missing_ok=True)
    except (MediaError, OSError, ValueError) as error:
        raise DirectoryFailed(f"the disk cannot be made: {error}") from error


def _remove(folder: Path, store: DirectoryStore, entry: UserEntry) -> None:
    def made() -> Directory:
        lines = source_of(store).splitlines()
        starts = [number for number, line in enumerate(lines) if line.split()[:2] == ["USER", entry.userid]]
        if not starts:
            raise DirectoryFailed(f"{entry.userid} is not in the directory")
        start = starts[0]
        end = next((number for number in range(start + 1, len(lines)) if lines[number] == "*"), len(lines))
        return checked("\n".join([*lines[:start], *lines[end:]]) + "\n", store, f"without {entry.userid}")

    changed(folder, store, made)
