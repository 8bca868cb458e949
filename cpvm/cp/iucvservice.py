"""Services of CP that machines connect to by IUCV: *MSG and *MSGALL, which hand over messages of other users.

With *MSG a machine gets the messages for which it has said SET MSG IUCV (SET WNG IUCV, SET SMSG IUCV), and its terminal
does not; with *MSGALL it gets a copy of all. Each is one-way: CL8 userid of the sender, and the text; the target class
says what it is. Source: SC19-6203, *VM/SP System Programmer's Guide*, "The Message System Service".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpvm.cp.iucvblok import FLAGS, LIMIT, Code, Flag, List, Message, Type
from cpvm.cp.iucvpath import Path
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.system import System
    from cpvm.cp.vmblok import VMBLOK

CLASSES = {"MSG": 1, "WNG": 2, "SMSG": 4}
_SERVICES = ("*MSG", "*MSGALL")
_LIMIT = 255


class Service:
    """The other side of one path."""

    def __init__(self, system: System, name: str) -> None:
        self.system = system
        self.name = name
        self._path: Path | None = None

    def connected(self, path: Path) -> Code:
        """A machine connects: it is accepted at once."""
        mine = Path(self, 0, _LIMIT)
        mine.peer, path.peer = path, mine
        mine.complete = path.complete = True
        path.limit = _LIMIT
        mine.parameter_data = path.parameter_data
        mine.quiesced = True  # nothing can be sent to it
        self._path = mine
        event = List()
        event.put(0, path.number, 2)
        event.data[FLAGS] = Flag.DATA if path.parameter_data else 0
        event.put(LIMIT, path.limit, 2)
        path.owner.control(Type.COMPLETE, event)
        return Code.NORMAL

    def send(self, sender: str, text: str, message_class: int) -> bool:
        """Send a message; False if the machine does not want more."""
        path = self._path
        if path is None or path.peer is None or path.peer.quiesced or len(path.sent) >= _LIMIT:
            return False
        data = to_ebcdic(f"{sender:<8}{text}")
        number = self.system.next_message()
        message = Message(path, number, Flag.ONE_WAY, message_class, 0, 0, data, (0, 0), 0)
        path.sent.append(message)
        path.peer.deliver(message)
        return True

    def settle(self) -> None:
        """Messages that the machine has received are done with."""
        if self._path is not None:
            self._path.replies.clear()

    def control(self, kind: Type, event: List) -> None:
        """The machine has severed or quiesced the path; `Path.peer` knows."""


def find(system: System, name: str) -> Service | None:
    """A service by its name."""
    return Service(system, name) if name in _SERVICES else None


def hand_over(vm: VMBLOK, kind: str, sender: str, text: str) -> bool:
    """Give a message of a KIND (MSG, WNG, SMSG) to VM's program; True if its terminal is not to show it."""
    taken = False
    for path in list(vm.iucv.paths.values()):
        service = path.peer.owner if path.peer is not None else None
        if isinstance(service, Service):
            wanted = service.name == "*MSGALL" or kind in vm.by_iucv
            given = wanted and service.send(sender, text, CLASSES[kind])
            taken = taken or (given and service.name == "*MSG")
    return taken
