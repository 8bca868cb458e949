"""A file that comes through a link, on its way into the spool (DMTAXS)."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Final

from cpvm.cp.journal import What
from cpvm.cp.network.connection import Header
from cpvm.cp.network.destination import SYSTEM, Destination
from cpvm.cp.network.transmission import Origin
from cpvm.cp.spool import SpoolError, SpoolFile, SpoolRecord

if TYPE_CHECKING:
    from cpvm.cp.network.service import Network
    from cpvm.cp.system import System

_KINDS: Final = ("PRT", "PUN", "CON", "RDR")


class Known:
    """A file that is in the spool already: its acknowledgement was lost. It is taken no notice of."""

    def put(self, records: list[SpoolRecord]) -> None:
        """Nothing."""

    def end(self) -> str:
        """It is in the spool."""
        return ""

    def drop(self) -> None:
        """Nothing."""


class Arrival:
    """A file that is new. Called by the thread that receives; what touches the spool has the system lock."""

    def __init__(self, system: System, network: Network, node: str, header: Header) -> None:
        self._system = system
        self._network = network
        self._node = node
        self._header = header
        with system.lock:
            self._writer = system.spool.open(insist=True)  # what does not fit is refused while it comes
        self._open = True

    def put(self, records: list[SpoolRecord]) -> None:
        """More of it. Raises SpoolError or sqlite3.Error if the spool is full."""
        with self._system.lock:
            for record in records:
                self._writer.put(record.opcode, record.data)

    def drop(self) -> None:
        """It will not be completed."""
        with self._system.lock:
            if self._open:
                self._open = False
                self._writer.discard()

    def end(self) -> str:
        """Commit it, together with its key."""
        header, network = self._header, self._network
        origin = Origin(header.origin_node, header.origin_user, header.origin_file)
        destination = Destination(header.node, header.userid, header.priority)
        try:
            with self._system.lock:
                owner, queue, hold = self._place(destination)
                created = network.stamp()
                tag = f"{origin.node} {origin.userid}" if destination.node == network.node else destination.tag()

                def note(db: Any) -> None:
                    made = (self._writer.spoolid, created)
                    network.transmissions.note_received(db, self._node, header.key, made, origin)

                file = self._writer.close(
                    queue=queue,
                    owner=owner,
                    origin=network.userid,
                    kind=header.kind if header.kind in _KINDS else "PUN",
                    spool_class=header.spool_class[:1] or "A",
                    copies=min(max(header.copies, 1), 99),
                    hold=hold,
                    dist=header.dist[:8],
                    name=header.name[:24],
                    filetype=header.type[:8],
                    tag=tag,
                    form=header.form[:8],
                    created=created,
                    also=note,
                )
                self._open = False
        except (SpoolError, sqlite3.Error) as error:
            self.drop()
            return str(error)
        self._tell(file, destination, origin, lost=hold)
        return ""

    def _place(self, destination: Destination) -> tuple[str, str, bool]:
        """Whose file it becomes, in which queue, and whether nobody can have it for now."""
        userid = self._network.userid
        if destination.node != self._network.node:
            return userid, "RDR", False
        if destination.userid == SYSTEM:
            return userid, "PUN" if self._header.kind == "PUN" else "PRT", False
        user = self._system.directory.meant(destination.userid)
        if user in self._system.directory.users:
            return user, "RDR", False
        return userid, "RDR", True

    def _tell(self, file: SpoolFile, destination: Destination, origin: Origin, *, lost: bool) -> None:
        network = self._network
        receiver = f"{destination.node}({destination.userid})"
        about = f"{file.owner} {file.spoolid:04} FROM {origin.node}({origin.userid}) FOR {receiver}"
        self._system.post(lambda: self._system.journal.write(What.TRANSFER, place=f"LINK {self._node}", about=about))
        if lost:
            self._system.post(lambda: network.no_such_user(file, destination, origin))
        elif destination.node == network.node:
            self._system.post(lambda: network.arrived(file, origin))
        else:
            self._system.post(network.kick)
