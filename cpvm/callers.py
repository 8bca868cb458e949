"""Who has to make room when all places are taken: callers whom nobody knows yet, where most of them come from.

Used by the links to other systems and by all listeners for terminals; neither side of the house knows the other.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeVar

_NETWORK: Final = 64
"""Bits of an IPv6 address that one customer of a network has in common (RFC 6177)."""

T = TypeVar("T")


def place_of(address: str) -> str:
    """What all addresses of one caller have in common: an IPv4 address, the first 64 bits of an IPv6 address.

    Anything else, such as no address, is a place of its own.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, _NETWORK), strict=False))


def who_makes_room(strangers: Iterable[tuple[T, str]]) -> T | None:
    """The first of the place where most come from; None if there is nobody.

    Args:
        strangers: who may have to go, in order of arrival, each with its place (see `place_of`).
    """
    there = list(strangers)
    count = Counter(place for _, place in there)
    most = max(count.values(), default=0)
    return next((who for who, place in there if count[place] == most), None)
