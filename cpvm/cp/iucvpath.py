"""One side of a path of the Inter-User Communication Vehicle, and the messages on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cpvm.cp.iucvblok import (
    ADDRESS_1,
    AUDIT,
    CODE,
    DATA,
    FLAGS,
    IDENTIFIER,
    LENGTH_1,
    LENGTH_2,
    SOURCE_CLASS,
    TAG,
    TARGET_CLASS,
    Audit,
    Flag,
    List,
    Message,
    Type,
)

if TYPE_CHECKING:
    from collections.abc import Callable


MOST_PURGED = 255
"""Of so many purged messages a path knows that they were: no more can be under way on it at the same time."""


class Side(Protocol):
    """Whoever has a path: a virtual machine, or a service of CP."""

    @property
    def name(self) -> str:
        """The userid, or the name of the service."""

    def settle(self) -> None:
        """There may be something to interrupt for."""

    def control(self, kind: Type, event: List) -> None:
        """Something has happened to a path."""


class Path:
    """One side. `peer` is the other one, None once that has severed the path."""

    def __init__(self, owner: Side, number: int, limit: int) -> None:
        self.owner = owner
        self.number = number
        self.limit = limit
        self.peer: Path | None = None
        self.pending = False  # the other side has connected, and waits for this one to accept
        self.complete = False  # both sides have agreed
        self.parameter_data = False
        self.priority = False
        self.quiesced = False  # this side wants no messages
        self.incoming: list[Message] = []  # not received
        self.received: list[Message] = []  # awaiting this side's reply
        self.sent: list[Message] = []  # this side's, not complete
        self.replies: list[Message] = []  # this side's, complete, not yet told
        self.purged: dict[int, None] = {}  # the last messages for this side that were purged after it had received them

    @property
    def outstanding(self) -> int:
        """How many of this side's messages have not come to their end, of which it must have been told."""
        return len(self.sent) + len(self.replies)

    # Messages for this side

    def deliver(self, message: Message) -> None:
        """A message from the other side."""
        self.incoming.append(message)
        self.incoming.sort(key=lambda one: not one.flags & Flag.PRIORITY)  # stable: first come, first served
        self.owner.settle()

    def finish(self, message: Message) -> None:
        """This side is done with a message: the sender is told."""
        for queue in (self.incoming, self.received):
            if message in queue:
                queue.remove(message)
        message.sender.completed(message)

    def completed(self, message: Message) -> None:
        """The other side is done with this side's message."""
        if message in self.sent:
            self.sent.remove(message)
            message.data = b""  # nobody receives it any more
            self.replies.append(message)
            self.replies.sort(key=lambda one: not one.flags & Flag.PRIORITY)
            self.owner.settle()

    def purge(self, message: Message) -> None:
        """The sender takes its message back."""
        if message in self.received:
            self.purged[message.identifier] = None
            if len(self.purged) > MOST_PURGED:
                del self.purged[next(iter(self.purged))]
        for queue in (self.incoming, self.received):
            if message in queue:
                queue.remove(message)

    def cut(self) -> None:
        """This side is gone: nothing that it has matters any more."""
        for message in [*self.incoming, *self.received]:
            message.audit |= Audit.SEVERED
        self.incoming.clear()
        self.received.clear()
        self.sent.clear()
        self.replies.clear()

    # What programs are told

    def describe(self, message: Message) -> List:
        """A message for this side, as an interruption and DESCRIBE tell of it."""
        told = List()
        told.put(0, self.number, 2)
        told.data[FLAGS] = message.flags & (Flag.DATA | Flag.PRIORITY | Flag.ONE_WAY)
        told.data[CODE] = Type.PRIORITY_MESSAGE if message.flags & Flag.PRIORITY else Type.MESSAGE
        told.put(IDENTIFIER, message.identifier)
        told.put(TARGET_CLASS, message.target_class)
        if message.flags & Flag.DATA:
            told.put_bytes(DATA, message.data[:8].ljust(8, b"\0"))
        else:
            told.put(LENGTH_1, len(message.data))
        told.put(LENGTH_2, message.answer[1] if message.two_way else 0)
        return told

    def ending(self, message: Message) -> List:
        """The end of this side's message, as an interruption and TEST COMPLETION tell of it."""
        told = List()
        told.put(0, self.number, 2)
        told.data[FLAGS] = message.flags & (Flag.PRIORITY | Flag.ONE_WAY) | (
            Flag.DATA if message.reply is not None else 0
        )
        told.data[CODE] = Type.PRIORITY_REPLY if message.flags & Flag.PRIORITY else Type.REPLY
        told.put(IDENTIFIER, message.identifier)
        told.put(AUDIT, message.audit << 16)
        if message.reply is not None:
            told.put_bytes(DATA, message.reply[:8].ljust(8, b"\0"))
        told.put(SOURCE_CLASS, message.source_class)
        told.put(TAG, message.tag)
        told.put(LENGTH_2, message.left)
        return told

    def taken(self, message: Message, where: int, room: int) -> List:
        """What RECEIVE tells: where the buffer goes on, and how much is left of it."""
        told = self.describe(message)
        if not message.flags & Flag.DATA:
            told.put(ADDRESS_1, where)
            told.put(LENGTH_1, room)
        return told


def matching(asked: List, messages: list[Message], class_of: Callable[[Message], int], at: int) -> Message | None:
    """The first message that fits what the flags of a parameter list ask for; the class stands at AT."""
    for message in messages:
        if asked.flags & Flag.BY_IDENTIFIER and message.identifier != asked.word(IDENTIFIER):
            continue
        if asked.flags & Flag.BY_CLASS and class_of(message) != asked.word(at):
            continue
        return message
    return None
