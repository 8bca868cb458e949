"""What `cpvm put` and `cpvm get` have in common: where the system is, who logs on, and how text is written."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cpvm.front.address import Address, parse_address
from cpvm.front.cpstation import CPStation
from cpvm.front.disks.textcode import PAGES
from cpvm.front.netstation import NetworkStation
from cpvm.front.tlsclient import TLSError, Trust, parse_fingerprint
from cpvm.front.transfersession import GuestSession, SessionError
from cpvm.terminal.indfile import DEFAULT_LIMIT, MAXIMUM_LIMIT, MINIMUM_LIMIT

PASSWORD: Final = "CPVM_PASSWORD"
_CONNECT_SECONDS: Final = 15.0


def add(parser: argparse.ArgumentParser) -> None:
    """Add these options."""
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--to", "--from", dest="address", type=_address, metavar="HOST:PORT", help="a running system (127.0.0.1:3270)"
    )
    place.add_argument("--system", type=Path, metavar="DIR", help="a system that is not running; it runs meanwhile")
    parser.add_argument("--user", required=True, metavar="USERID", help="who logs on")
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help=f"its first line is the password (default: {PASSWORD} in the environment, or you are asked)",
    )
    parser.add_argument("--binary", action="store_true", help="bytes as they are, V records with their lengths")
    parser.add_argument("--text", dest="binary", action="store_false", help="lines of text (default)")
    parser.add_argument("--codepage", dest="page", choices=PAGES, default="037", help="of text (default 037)")
    parser.add_argument(
        "--buffer",
        type=_limit,
        default=DEFAULT_LIMIT,
        metavar="BYTES",
        help=f"of a transmission, {MINIMUM_LIMIT} to {MAXIMUM_LIMIT} (default {DEFAULT_LIMIT})",
    )
    parser.add_argument("--tls", action="store_true", help="connect with TLS")
    parser.add_argument("--tls-ca", type=Path, metavar="FILE", help="the same; trust this certificate or issuer (PEM)")
    parser.add_argument("--tls-fingerprint", type=_fingerprint, metavar="SHA256", help="the same; trust only this one")


def _address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _limit(text: str) -> int:
    if not (text.isdecimal() and MINIMUM_LIMIT <= int(text) <= MAXIMUM_LIMIT):
        raise argparse.ArgumentTypeError(f"{text} is not {MINIMUM_LIMIT} to {MAXIMUM_LIMIT}")
    return int(text)


def _fingerprint(text: str) -> str:
    try:
        return parse_fingerprint(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


@contextmanager
def session(given: argparse.Namespace) -> Iterator[GuestSession]:
    """The user, logged on until the `with` block ends. Raises SessionError."""
    password = _password(given)
    with _display(given) as display:
        guest = GuestSession(display)
        try:
            guest.logon(given.user.upper(), password)
            yield guest
        finally:
            guest.logoff()


@contextmanager
def _display(given: argparse.Namespace) -> Iterator[CPStation]:
    if given.system is None:
        yield _connected(given)
        return
    from cpvm import api, sysgen

    try:
        with api.start(given.system.expanduser()) as system:
            yield system.display()
    except sysgen.SystemDirectoryError as error:
        raise SessionError(f"{error}; --to HOST:PORT is for a system that runs") from None


def _connected(given: argparse.Namespace) -> NetworkStation:
    address = given.address or parse_address("")
    secure = given.tls or given.tls_ca or given.tls_fingerprint
    trust = Trust(given.tls_ca, given.tls_fingerprint or "") if secure else None
    try:
        return NetworkStation(address.host, address.port, trust=trust, timeout=_CONNECT_SECONDS)
    except TLSError as error:
        raise SessionError(str(error)) from None
    except OSError as error:
        raise SessionError(f"no system answers at {address}: {error.strerror or error}") from None


def _password(given: argparse.Namespace) -> str:
    """The password, which is never on the command line, where others could see it."""
    if given.password_file is not None:
        try:
            lines = given.password_file.expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SessionError(f"{given.password_file}: {getattr(error, 'strerror', None) or error}") from None
        if not lines or not lines[0].strip():
            raise SessionError(f"{given.password_file} has no password")
        return str(lines[0].strip())
    if password := os.environ.get(PASSWORD):
        return password
    if not sys.stdin.isatty():
        raise SessionError(f"there is nobody to ask for the password: --password-file FILE, or {PASSWORD}")
    try:
        return getpass.getpass(f"Password for {given.user.upper()}: ")
    except EOFError:
        raise SessionError("no password") from None
