"""The keys that a user may log on with, as a file in OpenSSH's format has them, with its options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import asyncssh
from asyncssh.auth_keys import SSHAuthorizedKeys

_OLD: Final = (b"ssh-dss",)


class KeyRing(SSHAuthorizedKeys):
    """The keys in a text. Lines that are not understood are passed over; certificates let nobody in.

    Args:
        text: the lines.
        found: called with the fingerprint of a key that is among them; the client has still to sign with it.
    """

    def __init__(self, text: str, found: Callable[[str], None]) -> None:
        super().__init__("\n".join(line for line in text.splitlines() if _understood(line)))
        self._found = found

    def validate(
        self,
        key: asyncssh.SSHKey,
        client_host: str,
        client_addr: str,
        cert_principals: Sequence[str] | None = None,
        ca: bool = False,
    ) -> Any:
        """The options of a key, None if it is not here."""
        if ca or key.algorithm in _OLD:
            return None
        options = super().validate(key, client_host, client_addr)
        if options is not None:
            self._found(key.get_fingerprint())
        return options

    def validate_x509(self, cert: Any, client_host: str, client_addr: str) -> Any:
        """There are none."""
        return None, None


def _understood(line: str) -> bool:
    try:
        SSHAuthorizedKeys(line)
    except ValueError:
        return False
    return True
