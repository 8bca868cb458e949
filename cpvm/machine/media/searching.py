"""The search commands of CKD drives, and the file scan of the 2311 and 2314.

Sources: GA26-1617 (3830 Storage Control), GA26-3599 (2314), A26-5988 (2841), "File Scan".
"""

from __future__ import annotations

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, command
from cpvm.machine.media.control import Controlled
from cpvm.machine.media.drive import (
    CHECKED,
    COUNT,
    DATA,
    END_OF_FILE,
    FOUND,
    HOME,
    ID_EQUAL,
    KEY,
    KEY_EQUAL,
    MULTI_TRACK,
    NOWHERE,
    TrackCondition,
)
from cpvm.machine.media.model import INCOMPLETE, NO_RECORD_FOUND, TRACK_CONDITION
from cpvm.s370.ccw import Sense
from cpvm.s370.ckd import Record

EQUAL, HIGH = 0x20, 0x40  # bits of search commands: what satisfies them
_IGNORED = 0xFF  # a byte of a scan's argument that is compared with nothing
# Continue scan: what is decided already is not compared any more
_SATISFIED, _UNSATISFIED = (0x35, 0x75), (0x55,)


class Searching(Controlled):
    """A drive that searches."""

    def _compare(self, path: DataPath, actual: bytes) -> tuple[int, bool]:
        """Compare the program's bytes with those of the track, as many as both have.

        Returns:
            the unit status, and whether the whole field was equal.
        """
        return self._compared(path, path.take(len(actual), exact=True), actual)

    @staticmethod
    def _compared(path: DataPath, wanted: bytes, actual: bytes) -> tuple[int, bool]:
        if path.failed:
            return ENDED, False
        code = path.command
        length = len(wanted)
        if wanted == actual:
            return (FOUND if code & EQUAL else ENDED), True
        part = actual if length == len(actual) else actual[:length]
        found = (code & HIGH and part > wanted) or (code & EQUAL and part == wanted)
        return (FOUND if found else ENDED), False

    @command(0x39, 0xB9)
    def search_home_address(self, path: DataPath) -> int:
        """Search Home Address Equal: four bytes, cylinder and head; with multi-track, of the next track."""
        if path.command & MULTI_TRACK:
            if self._switch():
                return CHECKED
        elif self.index_passed and not self.at:  # it came to the home address before
            return self._fail(0, NO_RECORD_FOUND)
        self._orient(0)
        self.index_passed = True
        place = (self._track.cyl << 16 | self._track.head).to_bytes(4, "big")
        status, equal = self._compare(path, place)
        if equal:
            self.prior = HOME
        return status

    @command(0x31, 0x51, 0x71, 0xB1, 0xD1, 0xF1)
    def search_id(self, path: DataPath) -> int:
        """Search ID Equal, High, Equal or High: five bytes."""
        code = path.command
        record = self._pass(code & MULTI_TRACK, skip_r0=False)
        if record is None:
            return CHECKED
        identifier = record.id
        wanted = path.take(len(identifier), exact=True)
        status, equal = self._compared(path, wanted, identifier)
        if code & 0x7F == 0x31:
            alone = not self._timed or not code & MULTI_TRACK
            if not equal and status == ENDED and alone and not path.failed and path.returns(len(identifier)):
                return self._search_on(wanted)
            if equal:
                self.prior = ID_EQUAL
        return status

    def _search_on(self, wanted: bytes) -> int:
        """Do at once what the program would do record by record: search to the end of the track for this identifier."""
        if self._timed:
            self._turn(0)  # to the first record, perhaps through index; the others lie behind it
        here = self._under_head()
        found = here.find(wanted, self.at)
        if found < 0:
            self.at = len(here.track.records) + 1
            return ENDED
        self.at = found + 1
        self.prior = ID_EQUAL
        return FOUND

    @command(0x29, 0x49, 0x69, 0xA9, 0xC9, 0xE9)
    def search_key(self, path: DataPath) -> int:
        """Search Key Equal, High, Equal or High: the key of the record whose count was passed last, else of the next.

        Records without key are passed over; but if the count of one was passed last, it does not satisfy the search.
        """
        code = path.command
        oriented = self.left == COUNT
        record = self._record() if oriented else self._pass(code & MULTI_TRACK)
        if oriented and record is not None and not record.key:
            path.take(0)
            self.left = KEY
            return ENDED
        while record is not None and not record.key:
            record = self._pass(code & MULTI_TRACK)
        if record is None:
            return CHECKED
        if not self._spaced_right(record):
            return self._unreadable()
        self.left = KEY
        status, equal = self._compare(path, record.key)
        if equal and code & 0x7F == 0x29:
            self.prior = KEY_EQUAL
        return status

    # ---- file scan

    @command(0x2D, 0x4D, 0x6D, 0xAD, 0xCD, 0xED)
    def scan(self, path: DataPath) -> int:
        """Search Key and Data Equal, High, Equal or High: bytes of X'FF' in the argument are compared with nothing."""
        record = self._record() if self.left == COUNT else self._pass(path.command & MULTI_TRACK)
        return self._scan(path, record, path.command & (EQUAL | HIGH))

    @command(0x25, 0x45, 0x65, 0x35, 0x75, 0x55, 0xA5, 0xC5, 0xE5, 0xB5, 0xF5, 0xD5)
    def continue_scan(self, path: DataPath) -> int:
        """Continue Scan: of the rest of an overflow record, in the next record's data.

        The codes are those of sense byte 5 after Overflow Incomplete: equal so far, or already decided.
        """
        code = path.command & 0x7F
        record = self._pass(path.command & MULTI_TRACK)
        if code in _SATISFIED:
            return self._scan(path, record, EQUAL | HIGH, 1)
        if code in _UNSATISFIED:
            return self._scan(path, record, EQUAL, -1)
        return self._scan(path, record, code & (EQUAL | HIGH), 0, keyed=False)

    def _scan(self, path: DataPath, record: Record | None, wanted: int, decided: int = 0, keyed: bool = True) -> int:
        """Compare key and data of a record, with all its segments. `decided`: 1 the record is high, -1 low."""
        if record is None:
            return CHECKED
        if not record.data and not record.overflows:
            self._done(DATA)
            path.take(0)
            return END_OF_FILE
        area = record.key + record.data if keyed else record.data
        while True:
            argument = path.take(len(area), exact=True)
            if path.failed:
                return ENDED
            if not decided:
                pairs = ((a > b) - (a < b) for a, b in zip(area, argument, strict=False) if b != _IGNORED)
                decided = next((sign for sign in pairs if sign), 0)
            if not record.overflows:
                break
            restart = 0x75 if decided > 0 and wanted & HIGH else 0x55 if decided else 0x05 | wanted
            following = self._next_segment(restart)
            if following is None:
                return CHECKED
            record = following
            area = record.data
        self._done(DATA)
        satisfied = wanted & HIGH if decided > 0 else wanted & EQUAL if not decided else 0
        return FOUND if satisfied else ENDED

    # ---- records

    def _next_segment(self, restart: int) -> Record | None:
        """The next segment of an overflow record: record 1 of the next track; None if there is none (sense is set)."""
        if self._switch(restart):
            return None
        try:
            track = self._usable()
        except TrackCondition:
            self._fail(TRACK_CONDITION, INCOMPLETE, 0, restart)
            return None
        if not track.records:
            self._fail(0, NO_RECORD_FOUND | INCOMPLETE, 0, restart)
            return None
        self.at = 2
        return track.records[0]

    def _spaced_right(self, record: Record) -> bool:
        """Whether the lengths that Space Count gave, if it did, are those of the record."""
        return self.spaced < 0 or self.spaced == len(record.key) << 16 | len(record.data)

    def _unreadable(self) -> int:
        """A field is read with a wrong length: its check bytes are not where they should be."""
        self.left = NOWHERE
        return self._fail(Sense.DATA_CHECK)
