"""The Virtual Machine Communication Facility: messages from one virtual machine to another (DMKVMC).

Data stay in the source's storage until the sink takes them; so everything but the interruptions themselves is done
while all machines are at rest.
Source: GC20-1807, *VM/370 System Programmer's Guide*, "Virtual Machine Communication Facility".
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from cpvm.cp.area import overlap, permitted, within
from cpvm.cp.externals import ExternalSource
from cpvm.cp.vmcfblok import HEADER_LENGTH, Arrival, Code, Function, Option, Parameters, Status, VMCFMessage
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

EXTERNAL_CODE = 0x4001
MOST_MESSAGES = 50
"""Messages that a machine may have under way; also special messages that may wait for one."""
SENDS = (Function.SEND, Function.SEND_RECEIVE, Function.SENDX)


class VMCF(ExternalSource):
    """What one virtual machine has to do with the facility."""

    code = EXTERNAL_CODE

    def __init__(self, vm: VMBLOK) -> None:
        super().__init__(vm)
        self.authorized = False
        self.specific = ""  # the only user to communicate with, "": all
        self.priority = False
        self.quiesced = False
        self.buffer = 0
        self.length = 0
        self.incoming: list[VMCFMessage] = []  # not done with, for this machine
        self.outgoing: list[VMCFMessage] = []  # not done with, and those whose response has not been presented
        self._arrivals: deque[Arrival] = deque()

    # DIAGNOSE X'68'

    def perform(self, asked: Parameters, key: int) -> Code:
        """Do what a parameter list asks for, on behalf of this machine; KEY is its PSW key."""
        try:
            function = Function(asked.function)
        except ValueError:
            return Code.FUNCTION
        if function is Function.AUTHORIZE:
            return self._authorize(asked, key)
        if not self.authorized:
            return Code.NOT_AUTHORIZED
        match function:
            case Function.UNAUTHORIZE:
                self.end()
            case Function.QUIESCE | Function.RESUME:
                self.quiesced = function is Function.QUIESCE
            case Function.CANCEL:
                return self._cancel(asked)
            case Function.RECEIVE | Function.REPLY | Function.REJECT:
                return self._answer(function, asked, key)
            case _:
                return self._send(asked, key)
        return Code.NORMAL

    def _authorize(self, asked: Parameters, key: int) -> Code:
        machine = self.vm.machine
        if (
            asked.length_a < HEADER_LENGTH
            or asked.address_a & 7
            or not within(machine, asked.address_a, asked.length_a)
        ):
            return Code.BUFFER
        if not permitted(machine, asked.address_a, asked.length_a, key, store=True):
            return Code.PROTECTION
        self.buffer, self.length = asked.address_a, asked.length_a
        self.specific = asked.user if asked.options & Option.SPECIFIC else ""
        self.priority = bool(asked.options & Option.PRIORITY)
        if asked.options & Option.SPECIAL_MESSAGES:
            self.vm.smsg = True
        self.authorized = True
        for message in list(self.incoming):
            if self.specific not in ("", message.source_name):
                self._refuse(message)
        return Code.NORMAL

    def end(self) -> None:
        """UNAUTHORIZE, reset, LOGOFF: who waits for this machine is told that it is not available any more."""
        for message in list(self.incoming):
            self._refuse(message)
        for message in self.outgoing:
            message.done = True
            if message in message.sink.incoming:
                message.sink.incoming.remove(message)
                message.sink.forget(message)
        self.outgoing.clear()
        self._arrivals.clear()
        self.authorized = self.quiesced = self.priority = False
        self.settle()

    def _refuse(self, message: VMCFMessage) -> None:
        self.forget(message)
        self._finish(message, Arrival(message, Status.FINAL, Code.NOT_AVAILABLE))

    def _send(self, asked: Parameters, key: int) -> Code:
        function = Function(asked.function)
        sink = self._sink(asked.user)
        if sink is None or self.specific not in ("", asked.user):
            return Code.NOT_AVAILABLE
        if sink.quiesced:
            return Code.QUIESCED
        if asked.options & Option.PRIORITY and not sink.priority:
            return Code.NO_PRIORITY
        message = VMCFMessage(self, sink, asked, key)
        if function in SENDS:
            code = self._check_send(message)
            if code:
                return code
            if function is Function.SENDX:
                message.data = self.vm.machine.storage.read(asked.address_a, asked.length_a) if asked.length_a else b""
            self.outgoing.append(message)
        elif sink.waiting(message) >= MOST_MESSAGES:
            return Code.TOO_MANY
        sink.take(message)
        return Code.NORMAL

    def _check_send(self, message: VMCFMessage) -> Code:
        asked, machine = message.parameters, self.vm.machine
        areas = [(asked.address_a, asked.length_a, False)]
        if asked.function == Function.SEND_RECEIVE:
            areas.append((asked.address_b, asked.length_b, True))
        if not all(within(machine, address, length) for address, length, _ in areas):
            return Code.BUFFER
        if not all(permitted(machine, address, length, message.key, store=store) for address, length, store in areas):
            return Code.PROTECTION
        if asked.function == Function.SENDX and asked.length_a + HEADER_LENGTH > message.sink.length:
            return Code.TOO_LARGE
        copied = sum(len(other.data) for other in self.outgoing)
        if len(self.outgoing) >= MOST_MESSAGES or (
            asked.function == Function.SENDX and copied + asked.length_a > machine.storage.size
        ):  # what CP keeps for a machine is no more than the machine itself has
            return Code.TOO_MANY
        if any(
            other.sink is message.sink and other.parameters.identifier == asked.identifier for other in self.outgoing
        ):
            return Code.DUPLICATE
        return Code.NORMAL

    def _sink(self, user: str) -> VMCF | None:
        """The facility of a user who can be sent to."""
        vm = self.vm.system.users.get(user)
        if vm is None or not vm.vmcf.authorized or vm.vmcf.specific not in ("", self.vm.userid):
            return None
        return vm.vmcf

    def special(self, sender: str, text: str, clock: int) -> Code:
        """SMSG: CP sends TEXT to this machine on behalf of SENDER; CLOCK makes the message's identifier."""
        data = to_ebcdic(text)
        if not self.authorized:
            return Code.NOT_AUTHORIZED
        if len(data) + HEADER_LENGTH > self.length:
            return Code.TOO_LARGE
        use = to_ebcdic(f"{sender:<8}")
        asked = Parameters(0, Function.SENDX, clock & 0xFFFFFFFF, self.vm.userid, 0, len(data), 0, 0, use)
        message = VMCFMessage(None, self, asked, 0, data)
        if self.waiting(message) >= MOST_MESSAGES:
            return Code.TOO_MANY
        self.take(message)
        return Code.NORMAL

    def _cancel(self, asked: Parameters) -> Code:
        message = self._find(self.outgoing, asked.identifier, sink=asked.user)
        if message is None:
            strange = self._find(self.incoming, asked.identifier, source=asked.user)
            return Code.NOT_FOUND if strange is None else Code.PROTOCOL
        if message.done or message not in message.sink.incoming:
            return Code.TOO_LATE
        self.outgoing.remove(message)
        message.sink.incoming.remove(message)
        message.sink.forget(message)
        return Code.REPLY_CANCELLED if message.received else Code.NORMAL

    @staticmethod
    def _find(messages: list[VMCFMessage], identifier: int, *, source: str = "", sink: str = "") -> VMCFMessage | None:
        for message in messages:
            if message.parameters.identifier == identifier and (
                (source and message.source_name == source) or (sink and message.sink.vm.userid == sink)
            ):
                return message
        return None

    # The sink's answers

    def _answer(self, function: Function, asked: Parameters, key: int) -> Code:
        message = self._find(self.incoming, asked.identifier, source=asked.user)
        if message is None:
            return Code.NOT_FOUND
        if not message.presented:
            return Code.NOT_YET
        if function is Function.REJECT:
            self._finish(message, Arrival(message, Status.FINAL | Status.REJECTED, use=asked.use))
            return Code.NORMAL
        reply = function is Function.REPLY
        two_way = message.parameters.function == Function.SEND_RECEIVE
        if (reply and not two_way) or (not reply and message.received):
            return Code.PROTOCOL
        code, left = self._move(message, asked, key, reply=reply)
        if code in (Code.BUFFER, Code.PROTECTION, Code.OVERLAP):
            return code  # the sink's own mistake: it may do better
        error = (
            Code.NORMAL if code == Code.NORMAL else code if code == Code.LENGTH else self._source_error(message, reply)
        )
        if reply:
            rest = 0 if message.received else None
            self._finish(message, Arrival(message, Status.FINAL, error, rest, left, asked.use))
        elif two_way and error == Code.NORMAL:
            message.received = True
        else:
            self._finish(message, Arrival(message, Status.FINAL, error, left, None, asked.use))
        return code

    @staticmethod
    def _source_error(message: VMCFMessage, reply: bool) -> Code:
        """Why the source's area cannot be used any more."""
        source, sent = message.source, message.parameters
        address, length = (sent.address_b, sent.length_b) if reply else (sent.address_a, sent.length_a)
        inside = source is not None and within(source.vm.machine, address, length)
        return Code.PROTECTION if inside else Code.BUFFER

    def _move(self, message: VMCFMessage, asked: Parameters, key: int, *, reply: bool) -> tuple[Code, int]:
        """Copy the data of RECEIVE or REPLY; the code, and what is left of the source's area."""
        source, sent, mine = message.source, message.parameters, self.vm.machine
        assert source is not None, "special messages are not received"
        theirs = source.vm.machine
        address, length = (sent.address_b, sent.length_b) if reply else (sent.address_a, sent.length_a)
        if not within(mine, asked.address_a, asked.length_a):
            return Code.BUFFER, length
        if not permitted(mine, asked.address_a, asked.length_a, key, store=not reply):
            return Code.PROTECTION, length
        count = min(length, asked.length_a)
        if mine is theirs and overlap(address, count, asked.address_a, count):
            return Code.OVERLAP, length
        if not within(theirs, address, length) or not permitted(theirs, address, length, message.key, store=reply):
            return Code.TRANSFER, length
        if count:
            if reply:
                theirs.storage.write(address, mine.storage.read(asked.address_a, count))
            else:
                mine.storage.write(asked.address_a, theirs.storage.read(address, count))
        wrong = asked.length_a > length if reply else asked.length_a < length
        return Code.LENGTH if wrong else Code.NORMAL, length - count

    def _finish(self, message: VMCFMessage, response: Arrival) -> None:
        """The message is done with on this side; its source is told."""
        message.done = True
        message.data = b""
        if message in self.incoming:
            self.incoming.remove(message)
        if message.source is not None and message in message.source.outgoing:
            message.source.queue(response)

    # Interruptions

    def waiting(self, like: VMCFMessage) -> int:
        """How many interruptions for messages of the same kind from the same source are due."""
        return sum(
            other.message.source is like.source and other.message.parameters.function == like.parameters.function
            for other in self._arrivals
        )

    def take(self, message: VMCFMessage) -> None:
        """A message for this machine."""
        final = message.parameters.function == Function.IDENTIFY
        if not final:
            self.incoming.append(message)
        self.queue(Arrival(message, Status.FINAL if final else Status.NONE))

    def queue(self, arrival: Arrival) -> None:
        """An interruption is due; those of priority messages come before the others."""
        if arrival.message.parameters.options & Option.PRIORITY:
            arrival.status |= Status.PRIORITY
            ahead = sum(1 for other in self._arrivals if other.status & Status.PRIORITY)
            self._arrivals.insert(ahead, arrival)
        else:
            self._arrivals.append(arrival)
        self.settle()

    def forget(self, message: VMCFMessage) -> None:
        """Take back the interruptions for a message that is none any more."""
        for arrival in [other for other in self._arrivals if other.message is message]:
            self._arrivals.remove(arrival)
        self.settle()

    def _waiting(self) -> bool:
        return bool(self._arrivals)

    def _present(self) -> None:
        """The machine is being interrupted: the header goes to its buffer. Other machines may be running."""
        if not self._arrivals:
            return
        arrival = self._arrivals.popleft()
        message, machine = arrival.message, self.vm.machine
        there = within(machine, self.buffer, self.length)  # else the buffer was in a segment that is gone
        response = arrival.status & Status.FINAL and message.parameters.function != Function.IDENTIFY
        if response:
            self.outgoing.remove(message)
        else:
            message.presented = True
            if message.parameters.function == Function.SENDX:
                self.incoming.remove(message)
                fits = HEADER_LENGTH + len(message.data) <= self.length  # else AUTHORIZE has made the buffer smaller
                arrival.error = Code.BUFFER if not there else Code.NORMAL if fits else Code.TOO_LARGE
                fits = fits and there
                if fits:
                    machine.storage.write(self.buffer + HEADER_LENGTH, message.data)
                self._finish(message, Arrival(message, Status.FINAL, arrival.error, 0 if fits else None))
        if there:
            machine.storage.write(self.buffer, arrival.header())
        self._request()
