"""One connection to a neighbour: files and messages in both directions at once (DMTNJI).

One thread sends, one receives; the latter never sends, so that neither side can wait for the other for ever. A file is
FILE, any number of DATA, END; the answer ACK says that it is in the neighbour's spool, to stay, NAK that it is not.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from cpvm.cp.network.destination import LOWEST
from cpvm.cp.network.wire import Channel, LinkError
from cpvm.cp.operand import is_userid
from cpvm.cp.session import harmless
from cpvm.cp.spoolfile import SpoolRecord, pack, unpack

if TYPE_CHECKING:
    from cpvm.cp.spool import SpoolFile

PING_SECONDS: Final = 30.0
_CHUNK: Final = 128 * 1024  # bytes of records in a DATA frame, before they are compressed
_AT_ONCE: Final = 50  # keys to forget, in a frame
_MOST_RECORDS: Final = 512 * 1024  # bytes of records in a frame that is taken
_MOST_FILE: Final = 99999  # number of a spool file elsewhere
_MOST_WAITING: Final = 1000  # lines for a neighbour that it has not taken
_KEY: Final = 64  # characters of a file's key


class Kind(IntEnum):
    """Kinds of frames."""

    PENDING = 1  # keys that may be sent again; all others may be forgotten
    FILE = 2
    DATA = 3
    END = 4
    ACK = 5
    NAK = 6
    FORGET = 7
    MESSAGE = 8
    PING = 9


@dataclass(frozen=True)
class Header:
    """What is known of a file that is sent."""

    key: str
    node: str  # destination
    userid: str
    priority: int
    origin_node: str
    origin_user: str
    origin_file: int
    kind: str
    spool_class: str
    copies: int
    dist: str
    name: str
    type: str
    form: str
    records: int
    created: float


@dataclass(frozen=True)
class Message:
    """A line for a user of another node."""

    node: str
    userid: str
    origin_node: str
    origin_user: str
    text: str


class Incoming(Protocol):
    """A file that is being received."""

    def put(self, records: list[SpoolRecord]) -> None:
        """More of it. Raises SpoolError or sqlite3.Error."""

    def end(self) -> str:
        """It is complete: "" if it is in the spool now, to stay, or else why not."""

    def drop(self) -> None:
        """It will not be completed."""


@dataclass
class Outgoing:
    """A file to be sent."""

    file: SpoolFile
    header: Header
    records: Iterator[SpoolRecord]


class Owner(Protocol):
    """The network, as a connection sees it. Called by its threads."""

    def pending(self, node: str) -> list[str]:
        """Keys of files that may be sent again."""

    def only(self, node: str, keys: list[str]) -> None:
        """The neighbour may send these again."""

    def forget(self, node: str, keys: list[str]) -> None:
        """The neighbour will not send these again."""

    def next_out(self, node: str) -> Outgoing | None:
        """A file for the neighbour."""

    def delivered(self, node: str, outgoing: Outgoing) -> None:
        """The neighbour has it."""

    def refused(self, node: str, outgoing: Outgoing, why: str) -> None:
        """The neighbour does not take it now."""

    def begin(self, node: str, header: Header) -> Incoming:
        """The neighbour sends a file."""

    def message(self, message: Message) -> None:
        """A line for a user here or elsewhere."""


class Connection:
    """Serves a channel until it breaks: `run`."""

    def __init__(self, channel: Channel, owner: Owner) -> None:
        self.node = channel.node
        self._channel = channel
        self._owner = owner
        self._outbox: deque[tuple[Kind, bytes]] = deque()
        self._changed = threading.Condition()
        self._look = True  # there may be a file to send
        self._answer: tuple[str, str] | None = None  # key, why not
        self._incoming: tuple[str, _Refusing] | None = None  # key, file
        self._acknowledged: list[str] = []  # keys of files that the neighbour has, and has not been told to forget
        self._closed = False
        self.reason = ""
        """Why it broke."""

    # For other threads

    def wake(self) -> None:
        """There may be a file to send."""
        with self._changed:
            self._look = True
            self._changed.notify_all()

    def post(self, kind: Kind, content: Any) -> None:
        """Send something between the frames of files."""
        with self._changed:
            self._outbox.append((kind, json.dumps(content).encode()))
            self._changed.notify_all()

    def send_message(self, message: Message) -> bool:
        """Send a line; False if too many wait already, since the neighbour does not listen."""
        if len(self._outbox) >= _MOST_WAITING:
            return False
        self.post(Kind.MESSAGE, asdict(message))
        return True

    def close(self, reason: str = "") -> None:
        """End it."""
        with self._changed:
            self._closed = True
            self.reason = self.reason or reason
            self._changed.notify_all()
        self._channel.close()

    # The thread that sends

    def run(self) -> None:
        """Serve the channel; returns when it is broken."""
        receiver = threading.Thread(target=self._receive, name=f"from {self.node}", daemon=True)
        receiver.start()
        try:
            self.post(Kind.PENDING, self._owner.pending(self.node))
            while not self._closed:
                self._empty()
                outgoing = self._next()
                if outgoing is not None:
                    self._file(outgoing)
        except LinkError as error:
            self.close(str(error))
        finally:
            self.close()
            receiver.join()

    def _next(self) -> Outgoing | None:
        """The next file; waits if there is none."""
        with self._changed:
            look, self._look = self._look, False
        if look:
            outgoing = self._owner.next_out(self.node)
            if outgoing is not None:
                with self._changed:
                    self._look = True
                return outgoing
        self._forget()
        with self._changed:
            if not self._changed.wait_for(lambda: self._look or self._outbox or self._closed, PING_SECONDS):
                self._outbox.append((Kind.PING, b""))
        return None

    def _forget(self) -> None:
        """Tell the neighbour which files will not be sent again."""
        keys, self._acknowledged = self._acknowledged, []
        if keys:
            self.post(Kind.FORGET, keys)

    def _empty(self) -> None:
        """Send what waits in the outbox."""
        while self._outbox:
            kind, payload = self._outbox.popleft()
            self._channel.send(kind, payload)

    def _file(self, outgoing: Outgoing) -> None:
        header = outgoing.header
        self._answer = None
        self._channel.send(Kind.FILE, json.dumps(asdict(header)).encode())
        for chunk in _chunks(outgoing.records):
            self._empty()
            self._channel.send(Kind.DATA, zlib.compress(chunk, 1))
        self._channel.send(Kind.END, b"")
        while True:
            self._empty()
            with self._changed:
                there = self._changed.wait_for(
                    lambda: self._answer is not None or self._outbox or self._closed, PING_SECONDS
                )
                if self._closed:
                    return
                if not there:
                    self._outbox.append((Kind.PING, b""))
                answer, self._answer = self._answer, None
            if answer is not None and answer[0] == header.key:
                break
        if answer[1]:
            self._owner.refused(self.node, outgoing, answer[1])
        else:
            self._owner.delivered(self.node, outgoing)
            self._acknowledged.append(header.key)
            if len(self._acknowledged) >= _AT_ONCE:
                self._forget()

    # The thread that receives

    def _receive(self) -> None:
        try:
            while True:
                self._take(*self._channel.receive())
        except (LinkError, ValueError, TypeError, KeyError, zlib.error) as error:
            self.close(str(error) or type(error).__name__)
        except Exception as error:
            self.close(f"{type(error).__name__}: {error}")
        finally:
            self.close()
            if self._incoming is not None:
                self._incoming[1].drop()

    def _take(self, kind: int, payload: bytes) -> None:
        """One frame."""
        match kind:
            case Kind.FILE:
                header = _header(payload)
                self._incoming = (header.key, _Refusing(self._owner.begin(self.node, header)))
            case Kind.DATA | Kind.END:
                self._data(kind, payload)
            case Kind.ACK | Kind.NAK:
                key, why = _strings(payload)
                with self._changed:
                    self._answer = (key, why)
                    self._changed.notify_all()
            case Kind.PENDING:
                self._owner.only(self.node, _strings(payload))
            case Kind.FORGET:
                self._owner.forget(self.node, _strings(payload))
            case Kind.MESSAGE:
                self._owner.message(_message(payload))
            case Kind.PING:
                pass
            case _:
                raise LinkError(f"frame of kind {kind}")

    def _data(self, kind: int, payload: bytes) -> None:
        """Records of a file, or its end."""
        if self._incoming is None:
            raise LinkError("data without a file")
        key, incoming = self._incoming
        if kind == Kind.DATA:
            incoming.put(list(unpack(_expand(payload))))
            return
        self._incoming = None
        why = incoming.end()
        self.post(Kind.NAK if why else Kind.ACK, [key, why])


class _Refusing:
    """A file being received; once it cannot be taken the rest of it is left out, and its end says why."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._why = ""

    def put(self, records: list[SpoolRecord]) -> None:
        if not self._why:
            try:
                self._incoming.put(records)
            except Exception as error:
                self._why = str(error) or type(error).__name__
                self._incoming.drop()

    def end(self) -> str:
        return self._why or self._incoming.end()

    def drop(self) -> None:
        if not self._why:
            self._incoming.drop()


def _chunks(records: Iterator[SpoolRecord]) -> Iterator[bytes]:
    chunk = bytearray()
    for record in records:
        chunk += pack(record.opcode, record.data)
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


def _expand(payload: bytes) -> bytes:
    expander = zlib.decompressobj()
    data = expander.decompress(payload, _MOST_RECORDS)
    if expander.unconsumed_tail:
        raise LinkError("too many records in a frame")
    return data


_TYPES: Final[dict[str, tuple[type, ...]]] = {"str": (str,), "int": (int,), "float": (int, float)}


def _typed(cls: type[Header | Message], payload: bytes) -> dict[str, Any]:
    """The fields of a dataclass in JSON, each of its type. Raises LinkError."""
    said = json.loads(payload)
    if not isinstance(said, dict):
        raise LinkError("no object")
    for field in fields(cls):
        value = said.get(field.name)
        if not isinstance(value, _TYPES[str(field.type)]) or isinstance(value, bool):
            raise LinkError(f"{field.name} is missing or wrong")
    return {field.name: said[field.name] for field in fields(cls)}


def _header(payload: bytes) -> Header:
    """A file's header, with nothing in it that cannot be. Raises LinkError."""
    header = Header(**_typed(Header, payload))
    names = (header.node, header.userid, header.origin_node, header.origin_user)
    if not all(is_userid(name) for name in names):
        raise LinkError("a file has wrong names")
    if not (0 <= header.priority <= LOWEST and 0 <= header.origin_file <= _MOST_FILE and 0 < len(header.key) <= _KEY):
        raise LinkError("a file has wrong numbers")
    texts: dict[str, Any] = {
        name: harmless(getattr(header, name)) for name in ("kind", "spool_class", "dist", "name", "type", "form")
    }
    return replace(header, **texts)


def _message(payload: bytes) -> Message:
    return Message(**_typed(Message, payload))


def _strings(payload: bytes) -> list[str]:
    said = json.loads(payload)
    if not isinstance(said, list) or not all(isinstance(item, str) for item in said):
        raise LinkError("no list of words")
    return said
