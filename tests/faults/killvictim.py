"""The system that is killed: it starts, tells what it finds of everything that it keeps, and then lets users in.

    python tests/faults/killvictim.py run FOLDER
    python tests/faults/killvictim.py rebuild FOLDER BUILT     makes its CMS anew first

On standard output: a line of JSON with `found` (key and value of everything), `damage` (lines of text), `hashes`
(users and their passwords' hashes), `files` (numbers of spool files by their names) and `port`.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import sys
import threading
from pathlib import Path

from killsystem import (
    BARE_AT,
    BARE_LINE,
    BARE_RECORD,
    CHANGED,
    CHEAP,
    FOLDER,
    MEMBERS,
    OWN,
    SETS,
    TAPE,
    VOLUME,
    told,
)  # fmt: skip
from session.awstape import blocks

from cms.cmsdisk import CMSDisk
from cpvm import api
from cpvm.cp import journal, password
from cpvm.cp.savedsys import PAGE
from cpvm.cp.system import System
from cpvm.front import systemdisk
from cpvm.front.disks import checks, cmsfiles
from cpvm.front.disks.edf import EDFDisk
from cpvm.front.disks.place import DiskError, Options
from cpvm.machine.device import MediaError
from cpvm.machine.media.images import TrackImage
from cpvm.s370.ckd import decode_track
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

_QUEUES = ("RDR", "PRT", "PUN")


class Inspection:
    """Everything that a system keeps, in words."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.found: dict[str, str] = {}
        self.damage: list[str] = []
        self.files: dict[str, int] = {}
        self._disks()
        self._bare()
        self._spool()
        self._printed()
        self._directory()
        self._saved()
        self._tape()
        self._temporary()
        self._folder()
        self._accounting()

    # ---- disks

    def _volume(self, volid: str) -> TrackImage:
        if volid not in self.system.minidisks._volumes:
            raise MediaError(f"there is no {volid}")
        return self.system.minidisks._volumes[volid]

    def _disks(self) -> None:
        for userid, entry in self.system.directory.users.items():
            disk = entry.minidisk(0x191)
            if disk is None:
                continue
            options = Options(cylinders=(disk.start, disk.cylinders))
            if userid.startswith("H"):
                self.found[f"user {userid}"] = "whole"
            try:
                whole = self._volume(disk.volid)
                self.damage += [f"{userid} 191: {text}" for text in checks._minidisk(whole, options)]
                if userid in CHANGED:
                    self._files(userid, cmsfiles.look(whole, options))
            except (DiskError, MediaError) as error:
                self.damage.append(f"{userid} 191: {error}")
        system = self.system.directory.users["MAINT"].minidisk(0x190)
        assert system is not None
        options = Options(cylinders=(system.start, system.cylinders))
        self.damage += [f"MAINT 190: {text}" for text in checks._minidisk(self._volume(system.volid), options)]

    def _files(self, userid: str, disk: CMSDisk | EDFDisk) -> None:
        for (fn, ft), file in disk.files.items():
            if ft == "DATA" and not fn.startswith("SRC"):
                self.found[f"file {userid} {fn}"] = told([from_ebcdic(record) for record in file.records])

    def _bare(self) -> None:
        cyl, heads = BARE_AT
        disk = self.system.directory.users["BARE"].minidisk(0x191)
        assert disk is not None
        records = [decode_track(self._volume(VOLUME).read(disk.start + cyl, head))[0].data for head in heads]
        text = from_ebcdic(records[0][:BARE_LINE])
        if text.strip("\0"):
            whole = all(record == records[0][:BARE_LINE] * (BARE_RECORD // BARE_LINE) for record in records)
            self.found["bare"] = text.rstrip() if whole else f"torn: {[record[:16] for record in records]}"

    # ---- the spool

    def _spool(self) -> None:
        spool = self.system.spool
        for queue in _QUEUES:
            for file in spool.files(queue):
                if not file.name:
                    continue  # CP has closed it as its user was logged off by SHUTDOWN
                self.files[file.name] = file.spoolid
                texts = [from_ebcdic(record.data).rstrip() for record in spool.records(file.spoolid)]
                state = f"{file.queue} {file.owner} {file.spool_class}"
                self._output(file.name, file.type, texts, "printing" if queue == "PRT" else state)
        orphans = "SELECT count(*) FROM spool_data WHERE spoolid NOT IN (SELECT spoolid FROM spool_file)"
        if self.system.database.query(orphans) != [(0,)]:
            self.damage.append("pieces of spool files that are no files")

    def _output(self, name: str, filetype: str, texts: list[str], state: str) -> None:
        source = [text for text in texts if text.startswith("SOURCE")]
        if told(source) != filetype[1:]:
            state += f", torn: {told(source)}, not {filetype}"
        if f"spool {name}" in self.found:
            state = f"{self.found[f'spool {name}']} and {state}"
        self.found[f"spool {name}"] = state

    def _printed(self) -> None:
        """What is on paper already; the file may still be in the spool for a moment, or be printed again whole."""
        printing = {key for key in self.found if self.found[key] == "printing"}
        for path in (self.system.folder / "printer").glob("*-K*.txt"):
            text = path.read_text()
            words = re.search(r"IDENTITY (\S+) (\S+)\s*\Z", text)
            if words is None:
                self.damage.append(f"{path.name} has no end")
            elif f"spool {words[1]}" in printing:
                printing.remove(f"spool {words[1]}")
            else:
                self._output(words[1], words[2], [line.strip() for line in text.splitlines()], "printing")

    # ---- CP's own

    def _directory(self) -> None:
        there = [which for which in SETS for number in range(MEMBERS) if f"{which}{number:02d}" in self._userids()]
        self.found["directory"] = there[0] if there == there[:1] * MEMBERS else f"torn: {there}"

    def _userids(self) -> set[str]:
        return set(self.system.directory.users)

    def _saved(self) -> None:
        for saved in self.system.saved:
            path = self.system.saved.path(saved)
            if saved.file and (not path.exists() or path.stat().st_size != saved.pages * PAGE):
                self.damage.append(f"saved system {saved.name}: {path.name} is not there, or not all of it")
            elif saved.name in ("KSYS", "KSEG") and saved.file:
                data = path.read_bytes()
                numbers = {data[at : at + 4].hex() for at in range(0, len(data), PAGE)}
                self.found[f"saved {saved.name}"] = f"torn: {numbers}" if len(numbers) > 1 else numbers.pop()
        files = {saved.file for saved in self.system.saved}
        left = [path.name for path in (self.system.folder / "saved").iterdir() if path.name not in files]
        self.damage += [f"saved/{name} belongs to nothing" for name in left]

    def _tape(self) -> None:
        dumped, data = "", b""
        for block in blocks(self.system.folder / TAPE):
            if block is None:
                continue
            if block[1:5] != to_ebcdic("CMSN"):
                data += block[5:]
                continue
            records = []
            while length := int.from_bytes(data[:2], "big"):
                records.append(from_ebcdic(data[2 : 2 + length]))
                data = data[2 + length :]
            source = from_ebcdic(block[0x45:0x4D]).rstrip().removeprefix("SRC")
            dumped += source if told(records) == source else f"({told(records)}, not {source})"
            data = b""
        self.found["tape"] = dumped

    def _temporary(self) -> None:
        for volid, _, used in self.system.minidisks.temporary.usage():
            volume = self.system.minidisks.temporary._volumes[volid]
            if used or volume.changed() != [0]:
                self.damage.append(f"{volid} is not empty: {volume.changed()[:9]}")

    def _folder(self) -> None:
        for path in (self.system.folder / FOLDER).iterdir():
            if path.name.startswith("f"):
                self.found[f"file FOLDER {path.stem.upper()}"] = told(path.read_text().splitlines())
            elif path.name not in (".cpvm-files", ".cpvm-lock") and path.suffix != ".cmsut1":
                self.damage.append(f"{path.name} was left in the folder")

    def _accounting(self) -> None:
        rows = self.system.database.query("SELECT count(*) FROM accounting WHERE userid = 'COMER'")
        self.found["sessions"] = str(rows[0][0])
        entries = list(journal.read(self.system.folder))
        if None in entries:
            self.damage.append("a line of the journal cannot be read")
        came = [entry for entry in entries if entry is not None and (entry.what, entry.user) == ("LOGON", "COMER")]
        self.found["journal COMER"] = str(sum(entry.times for entry in came))


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(3)


def main() -> None:
    """Run until killed, or SHUTDOWN."""
    how, folder = sys.argv[1], Path(sys.argv[2])
    password._COST = CHEAP
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if how == "rebuild":
        with Path(sys.argv[3]).open("rb") as file:
            built = pickle.load(file)
        systemdisk.build = lambda *arguments: built
    handle = api.start(folder, rebuild_cms=how == "rebuild")
    with handle.system.lock:
        seen = Inspection(handle.system)
        hashes = {user: handle.system.directory.password_hash(user) for user in OWN}
    port = handle.listen()[1]
    told = {"found": seen.found, "damage": seen.damage, "hashes": hashes, "files": seen.files, "port": port}
    print(json.dumps(told), flush=True)
    handle.system.wait()
    handle.stop()


if __name__ == "__main__":
    main()
