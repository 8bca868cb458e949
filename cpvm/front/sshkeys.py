"""Keys of ssh in a system directory: the system's own, and those that users may log on with.

`ssh/host_ed25519` is the system's private key, made at the first start. `ssh/keys/USERID` are a user's public keys, as
OpenSSH's authorized_keys has them, options included; `cpvm user key` changes these files, and an editor may. They are
looked at whenever somebody comes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = "ssh"
HOST_KEY: Final = "host_ed25519"

MAX_KEYS: Final = 100
"""Keys of one user."""

MAX_FILE: Final = 200_000
"""Bytes of a user's file that are looked at."""

_TYPES: Final = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
_USERID = re.compile(r"[A-Z0-9$#@_:+-]{1,8}")
_SMALLEST_RSA = 2048


class BadKey(Exception):
    """Something is wrong with a key; the text says what."""


@dataclass(frozen=True)
class PublicKey:
    """One line of a file of keys.

    Attributes:
        line: as it stands there.
        fingerprint: SHA256:..., as ssh shows it.
        comment: what is behind the key, often user@computer.
    """

    line: str
    kind: str
    fingerprint: str
    comment: str


def parse(line: str) -> PublicKey:
    """The public key in a line, which may have options before it. Raises BadKey."""
    if "PRIVATE KEY" in line:
        raise BadKey("that is a private key; its public part is in the file that ends in .pub")
    words = line.split()
    at = next((number for number, word in enumerate(words) if word in _TYPES), None)
    if at is None or at + 1 >= len(words):
        raise BadKey("that is no public key of OpenSSH's (ssh-ed25519, ecdsa-sha2-..., ssh-rsa)")
    try:
        blob = base64.b64decode(words[at + 1], validate=True)
        fields = _fields(blob)
    except (binascii.Error, ValueError) as error:
        raise BadKey("the public key is damaged") from error
    if len(fields) < 2 or fields[0].decode("ascii", "replace") != words[at]:
        raise BadKey("the public key is damaged")
    if words[at] == "ssh-rsa" and (len(fields) != 3 or 8 * len(fields[2].lstrip(b"\0")) < _SMALLEST_RSA):
        raise BadKey(f"an RSA key has at least {_SMALLEST_RSA} bits")
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return PublicKey(line.strip(), words[at], f"SHA256:{digest}", " ".join(words[at + 2 :]))


def _fields(blob: bytes) -> list[bytes]:
    """The strings that a key consists of (RFC 4253, 6.6). Raises ValueError."""
    fields = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            raise ValueError("too short")
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return fields


class UserKeys:
    """The files of a system directory."""

    def __init__(self, system: Path) -> None:
        self._folder = system / FOLDER / "keys"

    def _path(self, userid: str) -> Path | None:
        # A userid may have characters that a file name on some host may not.
        return self._folder / userid.replace(":", "=") if _USERID.fullmatch(userid) else None

    def text(self, userid: str) -> str:
        """All keys of a user; nothing if there are none, or they cannot be read."""
        path = self._path(userid)
        if path is None:
            return ""
        try:
            with path.open("rb") as file:
                return file.read(MAX_FILE).decode("utf-8", "replace")
        except OSError:
            return ""

    def keys(self, userid: str) -> list[PublicKey]:
        """The keys of a user that are in order."""
        found = []
        for line in self.text(userid).splitlines():
            try:
                found.append(parse(line))
            except BadKey:
                continue  # a comment, or what an editor has left
        return found

    def users(self) -> list[str]:
        """Userids that have a file."""
        names = (path.name.replace("=", ":") for path in self._folder.glob("*"))
        return sorted(name for name in names if _USERID.fullmatch(name))

    def add(self, userid: str, line: str) -> PublicKey:
        """One more key. Raises BadKey, OSError."""
        key = parse(line)
        present = self.keys(userid)
        if any(other.fingerprint == key.fingerprint for other in present):
            raise BadKey(f"{userid} has that key already")
        if len(present) >= MAX_KEYS:
            raise BadKey(f"{userid} has {MAX_KEYS} keys already")
        text = self.text(userid)
        self._store(userid, text + ("" if not text or text.endswith("\n") else "\n") + key.line + "\n")
        return key

    def remove(self, userid: str, which: str) -> list[PublicKey]:
        """Take the keys away whose fingerprint or comment this is. Raises BadKey, OSError."""
        gone = [key for key in self.keys(userid) if which in (key.fingerprint, key.comment)]
        if not gone:
            raise BadKey(f"{userid} has no key {which}")
        lines = [key.line for key in gone]
        left = [line for line in self.text(userid).splitlines() if line.strip() not in lines]
        self._store(userid, "".join(line + "\n" for line in left))
        return gone

    def forget(self, userid: str) -> None:
        """The user is no more. Raises OSError."""
        if path := self._path(userid):
            path.unlink(missing_ok=True)

    def _store(self, userid: str, text: str) -> None:
        path = self._path(userid)
        if path is None:
            raise BadKey(f"{userid} is no userid")
        self._folder.parent.mkdir(mode=0o700, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        _replace(path, text.encode())


def host_key(system: Path) -> bytes:
    """The system's private key; it is made if there is none. Needs asyncssh.

    Raises:
        BadKey: it is damaged, or others may read it.
        OSError: it cannot be read or written.
    """
    import asyncssh

    path = system / FOLDER / HOST_KEY
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        key = asyncssh.generate_private_key("ssh-ed25519", comment=f"cpvm {system.name}")
        _replace(path, key.export_private_key())
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise BadKey(f"{path} may be read by others: chmod 600 {path}")
    data = path.read_bytes()
    try:
        asyncssh.import_private_key(data)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise BadKey(f"{path} is damaged ({error}); without the file a new key is made") from error
    return data


def _replace(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read; whenever this is broken off, the old one or the new one is there."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
