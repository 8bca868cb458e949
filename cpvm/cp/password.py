"""Passwords: kept only as salted scrypt hashes.

VM/370 kept them in clear in the directory; here nobody, the operator included, can read one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Callable

_COST = 1 << 14  # scrypt N; 16 MB and some 40 ms a trial
_BLOCK = 8
_SALT_BYTES = 16
MAX_LENGTH = 8


class Guard:
    """Closes a userid for a time after so many wrong passwords in a row, wherever they came from.

    By default that is how a userid is closed to remote terminals: for a minute after five.
    """

    LIMIT = 5
    SECONDS = 60.0

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        *,
        limit: int = LIMIT,
        seconds: float = SECONDS,
        forget: bool = False,
    ) -> None:
        """With FORGET wrong passwords count no more after that time, however few they were."""
        self._now = now
        self._forget = forget
        self._limit = limit
        self._seconds = seconds
        self._wrong: dict[str, tuple[int, float]] = {}

    def wrong(self, userid: str) -> None:
        """A wrong password was given for USERID (who is in the directory)."""
        count, last = self._wrong.get(userid, (0, 0.0))
        count = 0 if self._forget and self._now() - last >= self._seconds else count
        self._wrong[userid] = (count + 1, self._now())

    def right(self, userid: str) -> None:
        """The right one was given."""
        self._wrong.pop(userid, None)

    def closed(self, userid: str) -> bool:
        """True if no password is looked at now."""
        count, last = self._wrong.get(userid, (0, 0.0))
        return count >= self._limit and self._now() - last < self._seconds


def hash_password(password: str) -> str:
    """A salted hash of PASSWORD (case does not count), as printable text."""
    salt = os.urandom(_SALT_BYTES)
    return f"scrypt${_COST}${_BLOCK}${salt.hex()}${_digest(password, salt, _COST, _BLOCK).hex()}"


def check_password(password: str, hashed: str) -> bool:
    """True if PASSWORD is the one that HASHED was made of. False also for a hash that cannot be read."""
    try:
        scheme, cost, block, salt, digest = hashed.split("$")
        expected = bytes.fromhex(digest)
        actual = _digest(password, bytes.fromhex(salt), int(cost), int(block))
    except ValueError:
        return False
    return scheme == "scrypt" and hmac.compare_digest(actual, expected)


def _digest(password: str, salt: bytes, cost: int, block: int) -> bytes:
    return hashlib.scrypt(
        password.upper().encode(), salt=salt, n=cost, r=block, p=1, dklen=32, maxmem=256 * cost * block
    )
