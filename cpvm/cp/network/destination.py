"""Where a file goes: its tag, `node [userid [priority]]` (GC20-1820, *CP Command Reference*, TAG)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cpvm.cp.operand import is_userid

SYSTEM: Final = "SYSTEM"
"""In place of a userid: the node's printer or punch."""
LOWEST: Final = 99


@dataclass(frozen=True)
class Destination:
    """A node, a userid there, and how urgent it is, 0 (first) to 99."""

    node: str
    userid: str = SYSTEM
    priority: int = 50

    def tag(self) -> str:
        """As a tag."""
        return f"{self.node} {self.userid} {self.priority}"


def read_tag(tag: str) -> Destination | None:
    """The destination in a tag; None if it names none."""
    words = tag.upper().split()
    if not words or not is_userid(words[0]):
        return None
    userid = words[1] if len(words) > 1 else SYSTEM
    if not is_userid(userid):
        return None
    priority = int(words[2]) if len(words) > 2 and words[2].isdecimal() and len(words[2]) <= 2 else 50
    return Destination(words[0], userid, priority)
