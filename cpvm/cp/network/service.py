"""The networking userid, whose reader files go to other systems (DMTAXS, DMTREX, DMTMGX).

A file for another node is spooled to that userid with a tag that says where it goes. It stays in the spool until the
neighbour has acknowledged it, and is then the neighbour's, who sends it on if it is for somebody farther away.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cpvm.cp import clock
from cpvm.cp.journal import What
from cpvm.cp.network.arrival import Arrival, Known
from cpvm.cp.network.connection import Connection, Header, Incoming, Message, Outgoing
from cpvm.cp.network.destination import SYSTEM, Destination, read_tag
from cpvm.cp.network.link import LinkState
from cpvm.cp.network.messages import (
    CANNOT_LISTEN,
    ENQUEUED,
    NO_SUCH_NODE,
    NO_SUCH_USER,
    NOT_TAKEN,
    SENT,
    SPOOLED,
)
from cpvm.cp.network.strangers import Strangers
from cpvm.cp.network.transmission import Origin, Transmissions
from cpvm.cp.network.wire import LinkError, answer
from cpvm.cp.session import harmless
from cpvm.cp.spoolfile import SpoolFile, SpoolRecord, read_records
from cpvm.cp.sysconfig import ANY

if TYPE_CHECKING:
    from cpvm.cp.system import System

REFUSED_SECONDS = 60.0  # until a file that a neighbour could not take is offered again
_TEXT: Final = 240  # characters of a message
_PASSING: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED, errno.EINTR))
_BREATH: Final = 0.2  # seconds until somebody is let in again after one of these


class Network:
    """All links, and the routing of files and messages. Its owner's methods are for CP's thread, unless they say so."""

    def __init__(self, system: System) -> None:
        configuration = system.configuration
        self._system = system
        self.node = configuration.node
        self.userid = configuration.user
        self.transmissions = Transmissions(system.database)
        self.links = {link.node: LinkState(link, self.node, self, self._tell) for link in configuration.links.values()}
        self._routes = configuration.routes
        self._listen = configuration.listen
        self._listener: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self._strangers = Strangers(self._tell)
        self._sending: dict[str, int] = {}
        self._refused: dict[int, float] = {}
        self._waiting: dict[str, list[int]] = {}  # by neighbour: spoolids, the most urgent last; made again if missing
        self._announced: set[tuple[int, float]] = set()
        self._last_stamp = 0.0
        self._running = False

    @property
    def active(self) -> bool:
        """True if this system has a network at all, or somebody has spooled a file to it."""
        return self._running

    @property
    def address(self) -> tuple[str, int] | None:
        """Where it listens."""
        if self._listener is None:
            return None
        name = self._listener.getsockname()
        return str(name[0]), int(name[1])

    def start(self) -> None:
        """The system is up: listen, call neighbours, look what is to be sent."""
        self._running = True
        self.transmissions.sweep()
        self._announced = {(file.spoolid, file.created) for file in self._queue()}
        if self._listen is not None:
            self._open_listener(*self._listen)
        for link in self.links.values():
            link.open()
        self.kick()

    def _open_listener(self, host: str, port: int) -> None:
        try:
            self._listener = socket.create_server(
                (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
            )
        except OSError as error:
            self._system.log.write(CANNOT_LISTEN.full(f"{host}:{port}", str(error.strerror or error).upper()))
            return
        thread = threading.Thread(target=self._accept, args=(self._listener,), name="network", daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """CP stops: what has not been acknowledged stays in the spool."""
        self._running = False
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self._strangers.close()
        for link in self.links.values():
            link.close()
        for thread in self._threads:
            thread.join()

    # Neighbours that call; on threads of their own

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, address = listener.accept()
            except OSError as error:
                if not self._running or error.errno not in _PASSING:
                    return
                time.sleep(_BREATH)  # the host has no more for us at the moment
                continue
            self._strangers.come(connection, str(address[0]))
            try:
                threading.Thread(target=self._called, args=(connection,), name="caller", daemon=True).start()
            except RuntimeError:  # the host has no more threads
                self._strangers.known(connection)
                connection.close()

    def _called(self, connection: socket.socket) -> None:
        try:
            channel = answer(connection, self.node, self._secret)
        except LinkError as error:
            if self._strangers.known(connection):
                self._strangers.refused(str(error))
            with contextlib.suppress(OSError):
                connection.close()
            return
        if not self._strangers.known(connection):
            channel.close()
            return
        thread = threading.current_thread()
        self._threads.append(thread)
        try:
            self.links[channel.node].serve(Connection(channel, self))
        finally:
            self._threads.remove(thread)

    def _secret(self, node: str) -> str | None:
        """The key of a neighbour that may call. Of two that call each other, the one whose name comes first does it."""
        link = self.links.get(node)
        if link is None or not link.started or (link.link.calls and self.node < node):
            return None
        return link.link.key

    # Routing

    def route(self, node: str) -> LinkState | None:
        """The link on which files for NODE go."""
        direct = self.links.get(node)
        return direct or self.links.get(self._routes.get(node, "")) or self.links.get(self._routes.get(ANY, ""))

    def kick(self) -> None:
        """There may be new files to be sent."""
        if not self._running:
            return
        self._waiting.clear()
        for file in self._queue():
            if file.held:
                continue
            destination = read_tag(file.tag)
            if destination is None or (destination.node != self.node and self.route(destination.node) is None):
                self._reject(file)
            elif destination.node == self.node:
                self._deliver(file, destination)
            else:
                self._announce(file, destination)
        for link in self.links.values():
            link.wake()

    def _queue(self) -> list[SpoolFile]:
        return self._system.spool.files("RDR", self.userid)

    def _announce(self, file: SpoolFile, destination: Destination) -> None:
        """Tell whose file it is that it waits for a link; once."""
        if (file.spoolid, file.created) in self._announced:
            return
        self._announced.add((file.spoolid, file.created))
        link = self.route(destination.node)
        if link is not None and self.transmissions.origin(file) is None:
            self.notify(self._origin(file), ENQUEUED.full(file.spoolid, link.node))

    def _reject(self, file: SpoolFile) -> None:
        """There is no such node: the file is held, and can be had back with TRANSFER."""
        self._system.spool.update(replace(file, hold=True))
        origin = self._origin(file)
        self.notify(origin, NO_SUCH_NODE.full(origin.spoolid))

    def _deliver(self, file: SpoolFile, destination: Destination) -> None:
        """A file for this node."""
        system, origin = self._system, self._origin(file)
        if destination.userid == SYSTEM:
            system.spool.move(file, self.userid, "PUN" if file.kind == "PUN" else "PRT")
            return
        user = system.directory.meant(destination.userid)
        if user not in system.directory.users:
            system.spool.update(replace(file, hold=True))
            self.no_such_user(file, destination, origin)
            return
        moved = replace(file, owner=user, tag=f"{origin.node} {origin.userid}", position=system.spool.next_position())
        system.spool.update(moved)
        self.arrived(moved, origin)

    def _origin(self, file: SpoolFile) -> Origin:
        return self.transmissions.origin(file) or Origin(self.node, file.origin, file.spoolid)

    # Files that leave and come; called by connections, on their threads

    def pending(self, node: str) -> list[str]:
        """Keys of files that may be sent again: a connection begins."""
        with self._system.lock:
            self._waiting.pop(node, None)
            return self.transmissions.pending()

    def only(self, node: str, keys: list[str]) -> None:
        """The neighbour may send these again."""
        with self._system.lock:
            self.transmissions.only(node, keys)

    def forget(self, node: str, keys: list[str]) -> None:
        """The neighbour will not send these again."""
        with self._system.lock:
            self.transmissions.forget(node, keys)

    def next_out(self, node: str) -> Outgoing | None:
        """The most urgent file for a neighbour."""
        with self._system.lock:
            self._sending.pop(node, None)
            if node not in self._waiting:
                self._waiting[node] = self._in_order(node)
            waiting = self._waiting[node]
            while waiting:
                file = self._system.spool.file(waiting.pop())
                destination = self._destination(file, node) if file is not None else None
                if file is not None and destination is not None:
                    self._sending[node] = file.spoolid
                    return Outgoing(file, self._header(file, destination), self._records(file))
            return None

    def _in_order(self, node: str) -> list[int]:
        """The files for a neighbour, the most urgent last."""
        found = [(file, self._destination(file, node)) for file in self._queue()]
        wanted = [(there.priority, at, file.spoolid) for at, (file, there) in enumerate(found) if there is not None]
        self.transmissions.give_keys(file for file, there in found if there is not None)
        return [spoolid for _, _, spoolid in sorted(wanted, reverse=True)]

    def _destination(self, file: SpoolFile, node: str) -> Destination | None:
        """Where a file goes, if it can go to this neighbour now."""
        if (file.owner, file.queue) != (self.userid, "RDR") or file.held:
            return None
        destination = read_tag(file.tag)
        if destination is None or destination.node == self.node:
            return None
        link = self.route(destination.node)
        if link is None or link.node != node or self._refused.get(file.spoolid, 0.0) > time.monotonic():
            return None
        return destination

    def _header(self, file: SpoolFile, destination: Destination) -> Header:
        origin = self._origin(file)
        return Header(
            key=self.transmissions.key_of(file),
            node=destination.node,
            userid=destination.userid,
            priority=destination.priority,
            origin_node=origin.node,
            origin_user=origin.userid,
            origin_file=origin.spoolid,
            kind=file.kind,
            spool_class=file.spool_class,
            copies=file.copies,
            dist=file.dist,
            name=file.name,
            type=file.type,
            form=file.form,
            records=file.records,
            created=file.created,
        )

    def _records(self, file: SpoolFile) -> Iterator[SpoolRecord]:
        path = f"{self._system.database_path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as connection:
            yield from read_records(lambda text, *fill: connection.execute(text, fill).fetchall(), file.spoolid)

    def delivered(self, node: str, outgoing: Outgoing) -> None:
        """The neighbour has it: it leaves our spool."""
        file = outgoing.file
        with self._system.lock:
            origin = self._origin(file)
            self.transmissions.sent(file)
            self._sending.pop(node, None)
        header = outgoing.header
        receiver = header.node if header.userid == SYSTEM else f"{header.node}({header.userid})"
        text = SENT.full(origin.spoolid, node, receiver)
        about = f"{origin.spoolid:04} TO {receiver}"
        self._system.post(lambda: self._system.journal.write(What.TRANSFER, place=f"LINK {node}", about=about))
        self._system.post(lambda: self.notify(origin, text))

    def refused(self, node: str, outgoing: Outgoing, why: str) -> None:
        """The neighbour does not take it now; it is offered again later."""
        with self._system.lock:
            self._sending.pop(node, None)
            self._refused[outgoing.file.spoolid] = time.monotonic() + REFUSED_SECONDS
            self._system.timers.after(REFUSED_SECONDS, self.kick)
        self._tell(NOT_TAKEN.full(outgoing.file.spoolid, node, why.upper()))

    def begin(self, node: str, header: Header) -> Incoming:
        """The neighbour sends a file."""
        with self._system.lock:
            known = self.transmissions.was_received(node, header.key)
        return Known() if known else Arrival(self._system, self, node, header)

    def stamp(self) -> float:
        """The time, another one for each file."""
        self._last_stamp = max(time.time(), self._last_stamp + 1e-6)
        return self._last_stamp

    def sending(self, spoolid: int) -> bool:
        """True if a link is in the middle of this file."""
        return spoolid in self._sending.values()

    # Telling people

    def arrived(self, file: SpoolFile, origin: Origin) -> None:
        """A file has come for a user here, or for the printer."""
        when = (clock.mmddyy(file.created), clock.hhmmss(file.created))
        text = SPOOLED.full(file.owner, origin.node, origin.userid, *when)
        self._system.log.write(text)
        if file.queue == "RDR":
            self._system.file_arrived(file)
            self._show(file.owner, text)
        self.notify(origin, text)

    def no_such_user(self, file: SpoolFile, destination: Destination, origin: Origin) -> None:
        """A file has come for somebody who is not in the directory: it is held."""
        text = NO_SUCH_USER.full(origin.spoolid, destination.userid, self.node)
        self._system.log.write(f"{text} AS {self.userid} {file.spoolid:04}")
        self.notify(origin, text)

    def notify(self, origin: Origin, text: str) -> None:
        """Tell whose file it is, wherever that is; if nobody can be told it is not told."""
        if origin.node == self.node:
            self._show(origin.userid, text)
        else:
            self._forward(Message(origin.node, origin.userid, self.node, self.userid, text[:_TEXT]))

    def message(self, message: Message) -> None:
        """A line has come through a link; on its thread."""
        self._system.post(lambda: self._pass_on(message))

    def _pass_on(self, message: Message) -> None:
        text = harmless(message.text[:_TEXT])
        message = replace(message, origin_node=message.origin_node[:8], origin_user=message.origin_user[:8])
        if message.node != self.node:
            self._forward(replace(message, text=text))
        elif message.origin_user == self.userid:
            self._show(message.userid, f"{message.origin_node}: {text}")
        else:
            self._show(message.userid, text, sender=f"{message.origin_node}({message.origin_user})")

    def send(self, message: Message) -> bool:
        """MSG: a line for a user of some node; False if it cannot go."""
        if message.node == self.node:
            self._pass_on(message)
            return True
        return self._forward(message)

    def _forward(self, message: Message) -> bool:
        link = self.route(message.node)
        return link is not None and link.send_message(message)

    def _show(self, userid: str, text: str, *, sender: str = "") -> None:
        vm = self._system.users.get(userid)
        if vm is not None and vm.msg:
            vm.console.write_cp(clock.hhmmss(time.time()))
            vm.console.write_cp(f"MSG FROM {sender or self.userid:<8}: {text}")

    def _tell(self, text: str) -> None:
        """Tell the operator; on any thread."""
        self._system.post(lambda: self._system.log.write(text))
