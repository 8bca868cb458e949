"""Functions of the Inter-User Communication Vehicle that concern messages: SEND, RECEIVE, REPLY, and what goes with it.

Each gets the machine's side, the parameter list (which it changes) and the machine's PSW key, and returns the condition
code: 0, 1 with a return code in the list, 2 no message found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cpvm.cp.iucvblok import (
    ADDRESS_1,
    ADDRESS_2,
    AUDIT,
    CODE,
    DATA,
    IDENTIFIER,
    LENGTH_1,
    LENGTH_2,
    SOURCE_CLASS,
    TAG,
    TARGET_CLASS,
    Audit,
    Code,
    Flag,
    Function,
    List,
    Message,
)
from cpvm.cp.iucvdata import DataError, areas, fetch, store
from cpvm.cp.iucvpath import Path, matching

if TYPE_CHECKING:
    from cpvm.cp.iucv import IUCV

NOT_FOUND = 2
_LISTED = Flag.QUIESCE  # the bit that means a list of areas with SEND, RECEIVE, REPLY
_PARAMETER_DATA = 8


def _refuse(asked: List, code: Code) -> int:
    asked.data[CODE] = code
    return 1


def send(side: IUCV, asked: List, key: int) -> int:
    """SEND: data in storage, a list of areas, or 8 bytes in the list; one way, or with room for a reply."""
    path = side.paths.get(asked.path)
    peer = path.peer if path is not None else None
    if path is None or peer is None or not path.complete:
        return _refuse(asked, Code.PATH)
    flags, machine = asked.flags, side.vm.machine
    if peer.quiesced:
        return _refuse(asked, Code.QUIESCED)
    if path.outstanding >= peer.limit:
        return _refuse(asked, Code.LIMIT)
    if flags & Flag.PRIORITY and not path.priority:
        return _refuse(asked, Code.NO_PRIORITY)
    if flags & Flag.DATA and not path.parameter_data:
        return _refuse(asked, Code.NO_PARAMETER_DATA)
    answer = asked.word(ADDRESS_2), asked.word(LENGTH_2)
    try:
        if flags & Flag.DATA:
            data = bytes(asked.data[DATA : DATA + _PARAMETER_DATA])
        else:
            where = areas(machine, asked.word(ADDRESS_1), asked.word(LENGTH_1), key, listed=bool(flags & _LISTED))
            if side.copied + sum(length for _, length in where) > machine.storage.size:
                return _refuse(asked, Code.LIMIT)
            data = fetch(machine, where, key)
        if not flags & Flag.ONE_WAY:
            areas(machine, *answer, key, listed=bool(flags & Flag.ANSWER_LIST))
    except DataError as error:
        return _refuse(asked, error.code)
    message = Message(
        path, side.vm.system.next_message(), flags, asked.word(TARGET_CLASS), asked.word(SOURCE_CLASS), asked.word(TAG),
        data, answer, key,
    )  # fmt: skip
    asked.put(IDENTIFIER, message.identifier)
    asked.data[CODE] = Code.NORMAL
    path.sent.append(message)
    peer.deliver(message)
    return 0


def _candidates(side: IUCV, asked: List) -> list[Path] | None:
    """The paths that a search is about; None if there is no such path."""
    if asked.flags & (Flag.BY_PATH | Flag.BY_IDENTIFIER | Flag.BY_CLASS):
        path = side.paths.get(asked.path)
        return None if path is None else [path]
    return list(side.paths.values())


def _incoming(side: IUCV, asked: List) -> tuple[Path, Message] | int:
    """The message for this side that is asked for, or the condition code."""
    paths = _candidates(side, asked)
    if paths is None:
        return _refuse(asked, Code.PATH)
    for priority in (Flag.PRIORITY, 0):
        for path in paths:
            queue = [message for message in path.incoming if message.flags & Flag.PRIORITY == priority]
            found = matching(asked, queue, lambda message: message.target_class, TARGET_CLASS)
            if found is not None:
                return path, found
    if asked.flags & Flag.BY_IDENTIFIER:
        wanted = asked.word(IDENTIFIER)
        if any(wanted in path.purged for path in paths):
            return _refuse(asked, Code.PURGED)
        if any(message.identifier == wanted for path in paths for message in path.incoming):
            return _refuse(asked, Code.CLASS)
    return NOT_FOUND


def receive(side: IUCV, asked: List, key: int) -> int:
    """RECEIVE: what does not fit stays for the next one, with return code 5."""
    found = _incoming(side, asked)
    if isinstance(found, int):
        return found
    path, message = found
    where, room = asked.word(ADDRESS_1), asked.word(LENGTH_1)
    if not message.flags & Flag.DATA:
        try:
            listed = bool(asked.flags & _LISTED)
            into = areas(side.vm.machine, where, room, key, listed=listed)
            where = store(side.vm.machine, into, key, message.data[:room])
        except DataError as error:
            return _refuse(asked, error.code)
        if len(message.data) > room:
            message.data = message.data[room:]
            asked.data[:] = path.taken(message, where, len(message.data)).data
            return _refuse(asked, Code.SHORT)
        room -= len(message.data)
    asked.data[:] = path.taken(message, where, room).data
    asked.data[CODE] = Code.NORMAL
    message.data = b""
    path.incoming.remove(message)
    message.received = True
    if message.two_way:
        path.received.append(message)
        side.settle()
    else:
        path.finish(message)
        side.settle()
    return 0


def reply(side: IUCV, asked: List, key: int) -> int:
    """REPLY: to a message, received or not; the answer goes to the sender's storage, or is 8 bytes in the lists."""
    path = side.paths.get(asked.path)
    if path is None:
        return _refuse(asked, Code.PATH)
    wanted = asked.word(IDENTIFIER)
    message = next((one for one in [*path.received, *path.incoming] if one.identifier == wanted), None)
    if message is None:
        return _refuse(asked, Code.PURGED) if wanted in path.purged else NOT_FOUND
    if message.target_class != asked.word(TARGET_CLASS) or not message.two_way:
        return _refuse(asked, Code.CLASS)
    sender = path.peer.owner if path.peer is not None else None
    code, left = Code.NORMAL, 0
    if asked.flags & Flag.DATA:
        if not path.parameter_data:
            return _refuse(asked, Code.NO_PARAMETER_DATA)
        message.reply = bytes(asked.data[DATA : DATA + _PARAMETER_DATA])
    else:
        try:
            listed = bool(asked.flags & _LISTED)
            machine = side.vm.machine
            where = areas(machine, asked.word(ADDRESS_2), asked.word(LENGTH_2), key, listed=listed)
            if sum(length for _, length in where) > machine.storage.size:
                return _refuse(asked, Code.LIMIT)
            data = fetch(machine, where, key)
        except DataError as error:
            return _refuse(asked, error.code)
        left = message.answer[1] - len(data)
        if left < 0:
            code, left = Code.SHORT, -left
            message.audit |= Audit.TRUNCATED_REPLY
        _answer(message, sender, data)
    message.left = left
    asked.put(LENGTH_2, left)
    asked.data[CODE] = code
    path.finish(message)
    side.settle()
    return 1 if code else 0


def _answer(message: Message, sender: object, data: bytes) -> None:
    """Put the reply into the sender's storage; what is wrong there, only the sender is told."""
    vm = getattr(sender, "vm", None)
    if vm is None:
        return  # a service of CP, which awaits no data
    address, length = message.answer
    try:
        listed = bool(message.flags & Flag.ANSWER_LIST)
        store(vm.machine, areas(vm.machine, address, length, message.key, listed=listed), message.key, data[:length])
    except DataError as error:
        message.audit |= Audit.ANSWER_PROTECTION if error.code == Code.PROTECTION else Audit.ANSWER_ADDRESSING


def reject(side: IUCV, asked: List, key: int) -> int:
    """REJECT: the sender is told that nobody wants the message."""
    path = side.paths.get(asked.path)
    waiting = [] if path is None else path.received
    message = matching(asked, waiting, lambda one: one.target_class, TARGET_CLASS)
    if path is None or message is None or not asked.flags & Flag.BY_IDENTIFIER:
        found = _incoming(side, asked)
        if isinstance(found, int):
            return found
        path, message = found
    message.audit |= Audit.REJECTED
    asked.put(IDENTIFIER, message.identifier)
    asked.put(TARGET_CLASS, message.target_class)
    asked.put(0, path.number, 2)
    asked.data[CODE] = Code.NORMAL
    path.finish(message)
    side.settle()
    return 0


def purge(side: IUCV, asked: List, key: int) -> int:
    """PURGE: take back a message that was sent, whatever has become of it."""
    paths = _candidates(side, asked)
    if paths is None:
        return _refuse(asked, Code.PATH)
    for path in paths:
        message = matching(asked, [*path.sent, *path.replies], lambda one: one.source_class, SOURCE_CLASS)
        if message is None:
            continue
        if path.peer is not None:
            path.peer.purge(message)
            path.peer.owner.settle()
        for queue in (path.sent, path.replies):
            if message in queue:
                queue.remove(message)
        told = path.ending(message)
        for at in (0, IDENTIFIER, AUDIT, SOURCE_CLASS, TAG):
            asked.put(at, told.word(at))
        asked.data[CODE] = Code.NORMAL
        side.settle()
        return 0
    return NOT_FOUND


def describe(side: IUCV, asked: List, key: int) -> int:
    """DESCRIBE: the next message that no interruption has told of."""
    for priority in (Flag.PRIORITY, 0):
        for path in side.paths.values():
            for message in path.incoming:
                if not message.presented and message.flags & Flag.PRIORITY == priority:
                    message.presented = True
                    asked.data[:] = path.describe(message).data
                    side.settle()
                    return 0
    return NOT_FOUND


def test_completion(side: IUCV, asked: List, key: int) -> int:
    """TEST COMPLETION: a message of one's own that has ended, and that no interruption has told of."""
    paths = _candidates(side, asked)
    if paths is None:
        return _refuse(asked, Code.PATH)
    for path in paths:
        message = matching(asked, path.replies, lambda one: one.source_class, SOURCE_CLASS)
        if message is not None:
            path.replies.remove(message)
            asked.data[:] = path.ending(message).data
            side.settle()
            return 0
    return NOT_FOUND


MESSAGE_FUNCTIONS: dict[Function, Callable[[IUCV, List, int], int]] = {
    Function.SEND: send,
    Function.RECEIVE: receive,
    Function.REPLY: reply,
    Function.REJECT: reject,
    Function.PURGE: purge,
    Function.DESCRIBE: describe,
    Function.TEST_COMPLETION: test_completion,
}
