"""Passwords: kept only as salted scrypt hashes.

VM/370 kept them in clear in the directory; here nobody, the operator included, can read one.
"""

from __future__ import annotations

import hashlib
import hmac
import os

_COST = 1 << 14  # scrypt N; 16 MB and some 40 ms a trial
_BLOCK = 8
_SALT_BYTES = 16
MAX_LENGTH = 8


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
        password.upper().encode("utf-8", "surrogatepass"),
        salt=salt,
        n=cost,
        r=block,
        p=1,
        dklen=32,
        maxmem=256 * cost * block,
    )
