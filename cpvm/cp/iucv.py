"""The Inter-User Communication Vehicle: paths between virtual machines, and to services of CP (VM/SP's DMKIUA).

A program asks with the instruction X'B2F0', whose operand is a parameter list of 40 bytes; general register 0 holds the
function. Addresses are real. What happens is told by an interruption X'4000'.
Source: SC19-6203, *VM/SP System Programmer's Guide*, "Inter-User Communications Vehicle".
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from cpvm.cp import iucvservice
from cpvm.cp.area import within
from cpvm.cp.externals import ExternalSource
from cpvm.cp.iucvblok import (
    ADDRESS_1,
    CODE,
    CONTROL_CODE,
    FLAGS,
    LENGTH,
    LIMIT,
    PARTNER,
    USER_DATA,
    Code,
    Flag,
    Function,
    List,
    Message,
    Type,
)
from cpvm.cp.iucvmessage import MESSAGE_FUNCTIONS
from cpvm.cp.iucvpath import Path
from cpvm.machine import ProgramCheck
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic
from cpvm.s370.interruption import ProgramCode

if TYPE_CHECKING:
    from cpvm.cp.iucvpath import Side
    from cpvm.cp.vmblok import VMBLOK

EXTERNAL_CODE = 0x4000
DEFAULT_LIMIT = 10
MOST_LIMIT = 255
ENABLED = 0xF8
_MESSAGE, _PRIORITY_MESSAGE, _REPLY, _PRIORITY_REPLY, _CONTROL = 0x80, 0x40, 0x20, 0x10, 0x08
_CONTROL_BITS = {Type.PENDING: 0x80, Type.COMPLETE: 0x40, Type.SEVERED: 0x20, Type.QUIESCED: 0x10, Type.RESUMED: 0x08}
_WITHOUT_BUFFER = (Function.QUERY, Function.DECLARE_BUFFER)
_MOST_EVENTS = 1000


class IUCV(ExternalSource):
    """What one virtual machine has to do with it."""

    code = EXTERNAL_CODE

    def __init__(self, vm: VMBLOK) -> None:
        super().__init__(vm)
        self.buffer: int | None = None
        self.mask = ENABLED
        self.control_mask = ENABLED
        self.paths: dict[int, Path] = {}
        self._events: deque[tuple[Type, List]] = deque()
        self._testing: int | None = None  # the generation of a machine that waits in TEST MESSAGE

    @property
    def name(self) -> str:
        """The userid."""
        return self.vm.userid

    # The instruction

    def instruction(self, function_code: int, address: int) -> None:
        """Carry out the function in general register 0; the parameter list is at a real address.

        Raises ProgramCheck: operation if no buffer is declared, specification for a wrong function or alignment,
        addressing, protection.
        """
        machine = self.vm.machine
        if function_code > max(Function) or address & 7:
            raise ProgramCheck(ProgramCode.SPECIFICATION)
        function = Function(function_code)
        if function is Function.QUERY:
            machine.gr[0], machine.gr[1] = LENGTH, self.vm.entry.connections
            machine.cc = 0
            return
        if self.buffer is None and function not in _WITHOUT_BUFFER:
            raise ProgramCheck(ProgramCode.OPERATION)
        asked = List(self.vm.host.parameter_list(address, LENGTH))
        if function is Function.DECLARE_BUFFER:
            buffer = asked.word(ADDRESS_1)
            if buffer & 7:
                raise ProgramCheck(ProgramCode.SPECIFICATION)
            self.vm.host.parameter_list(buffer, LENGTH)
        generation, key = self.vm.generation, machine.psw.key

        def perform() -> None:
            if self.vm.generation == generation:
                machine.cc = self._perform(function, asked, key)
                machine.storage.write(address, bytes(asked.data))

        self.vm.defer(perform)

    def _perform(self, function: Function, asked: List, key: int) -> int:
        """Do it, all machines being at rest; changes the parameter list, returns the condition code."""
        if function in MESSAGE_FUNCTIONS:
            return MESSAGE_FUNCTIONS[function](self, asked, key)
        match function:
            case Function.DECLARE_BUFFER:
                code = Code.DECLARED if self.buffer is not None else Code.NORMAL
                if self.buffer is None:
                    self.buffer = asked.word(ADDRESS_1)
            case Function.RETRIEVE_BUFFER:
                self.end()
                return 0
            case Function.SET_MASK | Function.SET_CONTROL_MASK:
                if function is Function.SET_MASK:
                    self.mask = asked.data[0]
                else:
                    self.control_mask = asked.data[0]
                self.settle()
                return 0
            case Function.TEST_MESSAGE:
                return self._test()
            case Function.CONNECT:
                code = self._connect(asked)
            case Function.ACCEPT:
                code = self._accept(asked)
            case _:
                code = self._path_function(function, asked)
        asked.data[CODE] = code
        return 1 if code else 0

    @property
    def copied(self) -> int:
        """Bytes of this machine's messages that CP keeps until they are received: no more than it has storage."""
        return sum(len(message.data) for path in self.paths.values() for message in path.sent)

    # Paths

    def free_number(self) -> int | None:
        """A number for another path; None if there may be no more."""
        most = self.vm.entry.connections
        return next((number for number in range(most) if number not in self.paths), None)

    def _connect(self, asked: List) -> Code:
        limit = asked.half(LIMIT)
        target = from_ebcdic(bytes(asked.data[PARTNER : PARTNER + 8])).rstrip()
        number = self.free_number()
        if limit > MOST_LIMIT:
            return Code.LIMIT_TOO_LARGE
        if number is None:
            return Code.TOO_MANY
        mine = Path(self, number, limit or DEFAULT_LIMIT)
        mine.parameter_data = bool(asked.flags & Flag.DATA)
        mine.priority = bool(asked.flags & Flag.PRIORITY)
        mine.quiesced = bool(asked.flags & Flag.QUIESCE)
        if target.startswith("*"):
            if asked.half(CONTROL_CODE):
                return Code.CONTROL_CODE
            service = iucvservice.find(self.vm.system, target)
            if service is None:
                return Code.NO_SERVICE
            code = service.connected(mine)
        else:
            code = self._offer(mine, target, asked)
        if code == Code.NORMAL:
            self.paths[number] = mine
            asked.put(0, number, 2)
            asked.put(LIMIT, mine.limit, 2)
            self.settle()
        return code

    def _offer(self, mine: Path, target: str, asked: List) -> Code:
        """Tell another machine of the connection."""
        vm = self.vm.system.users.get(target)
        if vm is None:
            return Code.NOT_LOGGED_ON
        if vm.iucv.buffer is None:
            return Code.NO_BUFFER
        if not self._authorized(vm):
            return Code.NOT_AUTHORIZED
        self.paths[mine.number] = mine  # so that a connection to oneself gets another number
        number = vm.iucv.free_number()
        del self.paths[mine.number]
        if number is None:
            return Code.TARGET_TOO_MANY
        theirs = Path(vm.iucv, number, mine.limit)
        theirs.pending = True
        theirs.parameter_data, theirs.priority = mine.parameter_data, mine.priority
        theirs.peer, mine.peer = mine, theirs
        vm.iucv.paths[number] = theirs
        event = List()
        event.put(0, number, 2)
        event.data[FLAGS] = asked.flags & (Flag.DATA | Flag.QUIESCE | Flag.PRIORITY)
        event.put(LIMIT, mine.limit, 2)
        event.put_bytes(PARTNER, to_ebcdic(f"{self.name:<8}"))
        event.put_bytes(USER_DATA, bytes(asked.data[USER_DATA : USER_DATA + 16]))
        vm.iucv.control(Type.PENDING, event)
        return Code.NORMAL

    def _authorized(self, target: VMBLOK) -> bool:
        """The directory lets this user connect to that one: IUCV ANY or the userid here, IUCV ALLOW there."""
        mine = self.vm.entry.iucv
        return target is self.vm or "ANY" in mine or target.userid in mine or "ALLOW" in target.entry.iucv

    def _accept(self, asked: List) -> Code:
        path = self.paths.get(asked.path)
        if path is None or not path.pending:
            return Code.PATH
        if asked.half(LIMIT) > MOST_LIMIT:
            return Code.LIMIT_TOO_LARGE
        peer = path.peer
        if peer is None:
            return Code.SEVERED
        path.limit = asked.half(LIMIT) or path.limit
        path.quiesced = bool(asked.flags & Flag.QUIESCE)
        for side in (path, peer):
            side.pending, side.complete = False, True
            side.parameter_data = side.parameter_data and bool(asked.flags & Flag.DATA)
            side.priority = side.priority and bool(asked.flags & Flag.PRIORITY)
        asked.put(LIMIT, path.limit, 2)
        event = List()
        event.put(0, peer.number, 2)
        event.data[FLAGS] = asked.flags & (Flag.DATA | Flag.QUIESCE | Flag.PRIORITY)
        event.put(LIMIT, peer.limit, 2)
        event.put_bytes(USER_DATA, bytes(asked.data[USER_DATA : USER_DATA + 16]))
        peer.owner.control(Type.COMPLETE, event)
        return Code.NORMAL

    def _path_function(self, function: Function, asked: List) -> Code:
        """SEVER, QUIESCE, RESUME: one path, or all."""
        if asked.flags & Flag.DATA:
            paths = list(self.paths.values())
        elif asked.path in self.paths:
            paths = [self.paths[asked.path]]
        else:
            return Code.PATH
        data = bytes(asked.data[USER_DATA : USER_DATA + 16])
        for path in paths:
            if function is Function.SEVER:
                self._sever(path, data)
            elif path.complete:
                path.quiesced = function is Function.QUIESCE
                self._tell(path, Type.QUIESCED if path.quiesced else Type.RESUMED, data)
        return Code.NORMAL

    def _sever(self, path: Path, data: bytes = bytes(16)) -> None:
        self.paths.pop(path.number, None)
        self._events = deque((kind, event) for kind, event in self._events if event.path != path.number)
        self._tell(path, Type.SEVERED, data)
        if path.peer is not None:
            path.peer.cut()
            path.peer.peer, path.peer.complete = None, False
        path.cut()
        self.settle()

    @staticmethod
    def _tell(path: Path, kind: Type, data: bytes) -> None:
        if path.peer is not None:
            event = List()
            event.put(0, path.peer.number, 2)
            event.put_bytes(USER_DATA, data)
            path.peer.owner.control(kind, event)

    def end(self) -> None:
        """RETRIEVE BUFFER, reset, LOGOFF: all paths are severed."""
        for path in list(self.paths.values()):
            self._sever(path)
        self.buffer = None
        self.mask = self.control_mask = ENABLED
        self._events.clear()
        self._testing = None
        self.settle()

    # Interruptions

    def control(self, kind: Type, event: List) -> None:
        """Something has happened to a path."""
        event.data[CODE] = kind
        if len(self._events) < _MOST_EVENTS:
            self._events.append((kind, event))
        self.settle()

    def _test(self) -> int:
        """TEST MESSAGE: condition code 1 messages, 2 replies, or wait until there are any."""
        if any(path.replies for path in self.paths.values()):
            return 2
        if any(path.incoming for path in self.paths.values()):
            return 1
        if self._testing is None:
            self._testing = self.vm.generation
            self.vm.hold()
        return 0

    def _request(self) -> None:
        if self._testing is not None and (code := self._pending_code()):
            self._testing = None
            self.vm.machine.cc = code
            self.vm.release()
        super()._request()

    def _waiting(self) -> bool:
        """Whether there is something to tell that the masks allow."""
        return self.buffer is not None and self._next(take=False) is not None

    def _pending_code(self) -> int:
        if any(path.replies for path in self.paths.values()):
            return 2
        return 1 if any(path.incoming for path in self.paths.values()) else 0

    def _present(self) -> None:
        told = self._next(take=True)
        machine = self.vm.machine
        if told is not None and self.buffer is not None and within(machine, self.buffer, LENGTH):
            machine.storage.write(self.buffer, bytes(told.data))  # else it was in a segment that is gone
        self._request()

    def _next(self, *, take: bool) -> List | None:
        """What to tell next; with TAKE it is told."""
        if self.mask & _CONTROL:
            for number, (kind, event) in enumerate(self._events):
                if self.control_mask & _CONTROL_BITS[kind]:
                    if take:
                        del self._events[number]
                    return event
        found = self._reply(_PRIORITY_REPLY, Flag.PRIORITY) or self._reply(_REPLY, 0)
        if found is not None:
            path, message = found
            if take:
                path.replies.remove(message)
            return path.ending(message)
        found = self._message(_PRIORITY_MESSAGE, Flag.PRIORITY) or self._message(_MESSAGE, 0)
        if found is not None:
            path, message = found
            message.presented = message.presented or take
            return path.describe(message)
        return None

    def _reply(self, bit: int, priority: int) -> tuple[Path, Message] | None:
        for path in self.paths.values() if self.mask & bit else ():
            for message in path.replies:
                if message.flags & Flag.PRIORITY == priority:
                    return path, message
        return None

    def _message(self, bit: int, priority: int) -> tuple[Path, Message] | None:
        for path in self.paths.values() if self.mask & bit else ():
            for message in path.incoming:
                if not message.presented and message.flags & Flag.PRIORITY == priority:
                    return path, message
        return None


if TYPE_CHECKING:

    def _is_a_side(vm: VMBLOK) -> Side:
        return IUCV(vm)
