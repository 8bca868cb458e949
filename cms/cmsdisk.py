"""The CMS file system on a host: makes and reads minidisks in the 800-byte CDF format.

Blocks are 800-byte records numbered 1, 2, ... along the tracks of a count-key-data disk. Blocks 1 and 2 are for
IPL, 3 is the label, 4 the master file directory (MFD), which names the blocks of file status tables (FSTs, 20 a
block) and holds the first part of the allocation bitmap. A file's FST names its first chain link, which names the
first 60 data blocks and up to 40 further chain links of 400 data blocks each.

Source: VM/370 Data Areas and Control Block Logic (SY20-0884), MFD, FST and ADT.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cms.cmsblocks import BLOCK, PAIRED, CMSDiskError, TrackBlocks, blocks_per_cylinder, paired_records
from cpvm.s370.ckd import GEOMETRY, Record, encode_track
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

__all__ = ["BLOCK", "DEVICE_CODES", "CMSDisk", "CMSDiskError", "CMSFile", "text_records"]

LABEL_BLOCK = 3
MFD_BLOCK = 4
FST_SIZE = 40
FSTS_PER_BLOCK = 20
MAX_BLOCKS = 65_531  # block numbers are halfwords and X'FFFD', X'FFFF' are marks in the MFD
MAX_RECORDS = 65_535
MAX_DATA_BLOCKS = 60 + 40 * 400
MAX_HYPERBLOCKS = 170  # 182 halfwords less ten bitmap blocks and the two marks
BITMAP_IN_MFD = 215
DEVICE_CODES = {
    **{"2305-1": 0x06, "2305-2": 0x07, "2311": 0x01, "2314": 0x08, "3330": 0x09, "3330-11": 0x0D},
    **{"3340": 0x0A, "3340-70": 0x0A, "3350": 0x0B, "3375": 0x0C},
    **dict.fromkeys(("3380", "3380-D", "3380-J", "3380-E", "3380-K"), 0x0E),
    **dict.fromkeys(("3390", "3390-2", "3390-3", "3390-9"), 0x0F),
}
"""The device type in the MFD: OS's code for it, the last byte of UCBTYP (OS/VS2 System Data Areas, SY28-0606, UCB)."""

_MFD_TOTALS = struct.Struct(">5i")
_FST = struct.Struct(">8s8s4BHH2sHHcBiH2s")


@dataclass(frozen=True)
class CMSFile:
    """One file: EBCDIC records with their format (F or V), logical record length in bytes and time of writing."""

    fn: str
    ft: str
    fm: str
    recfm: str
    lrecl: int
    records: tuple[bytes, ...] = field(repr=False)
    written: datetime

    @property
    def text(self) -> str:
        """The records as lines, trailing blanks removed."""
        return "".join(from_ebcdic(record).rstrip() + "\n" for record in self.records)

    @property
    def data_blocks(self) -> int:
        """Number of data blocks the records fill."""
        size = sum(map(len, self.records)) + (2 * len(self.records) if self.recfm == "V" else 0)
        return -(-size // BLOCK)

    def data(self) -> bytes:
        """The records as they run through the data blocks."""
        if self.recfm == "F":
            return b"".join(self.records)
        return b"".join(len(record).to_bytes(2, "big") + record for record in self.records)


def text_records(text: str, lrecl: int | None = None) -> list[bytes]:
    """EBCDIC records from lines of text, padded with blanks to `lrecl` bytes if given.

    Raises CMSDiskError for a line longer than `lrecl`.
    """
    records = []
    for number, line in enumerate(text.splitlines(), 1):
        data = to_ebcdic(line.expandtabs()) or to_ebcdic(" ")
        if lrecl is not None:
            if len(data) > lrecl:
                raise CMSDiskError(f"line {number} is longer than {lrecl} characters")
            data = data.ljust(lrecl, b"\x40")
        records.append(data)
    return records


def _blocks(file: CMSFile | None) -> int:
    """Number of blocks that a file takes, chain links included."""
    return 0 if file is None else file.data_blocks + 1 + max(0, -(-(file.data_blocks - 60) // 400))


def _name(value: str) -> str:
    name = value.upper()
    if not 1 <= len(name) <= 8 or not all(c.isalnum() or c in "$#@+-_:" for c in name):
        raise CMSDiskError(f"invalid file name or type '{value}'")
    return name


def _bcd(value: int) -> int:
    return value // 10 << 4 | value % 10


def _unbcd(value: int) -> int:
    return (value >> 4) * 10 + (value & 15)


class CMSDisk:
    """One CMS minidisk in memory.

    `cylinders` is the size of the minidisk; the last `reserved` of them are kept out of the file system and may be
    filled by `raw_track` (a nucleus image). `label` has up to six characters. Files without a time of their own get
    `now`, local time.
    """

    def __init__(
        self, cylinders: int, label: str, device: str = "3350", *, reserved: int = 0, now: datetime | None = None
    ) -> None:
        geometry = GEOMETRY.get(device)
        if geometry is None:
            raise CMSDiskError(f"device type {device} cannot hold a CMS disk")
        self.device = geometry.name
        self.heads = geometry.heads
        self.per_track = geometry.records_per_track(BLOCK)
        self._per_cylinder = blocks_per_cylinder(geometry)
        if not 0 <= reserved < cylinders <= geometry.cylinders:
            raise CMSDiskError(f"a {device} disk of {cylinders} cylinders ({reserved} reserved) cannot be")
        if not 1 <= len(label) <= 6:
            raise CMSDiskError(f"a label has 1 to 6 characters: '{label}'")
        self.cylinders = cylinders
        self.file_cylinders = cylinders - reserved
        self.label = label.upper()
        self.now = now or datetime.now()
        self.total = min(self.file_cylinders * self._per_cylinder, MAX_BLOCKS)
        self._files: dict[tuple[str, str], CMSFile] = {}
        self._allocated = 0
        self._ipl: list[bytes] = []
        self._raw: dict[tuple[int, int], list[bytes]] = {}

    # -- files -------------------------------------------------------------------------------------------------

    @property
    def files(self) -> Mapping[tuple[str, str], CMSFile]:
        """The files by (filename, filetype)."""
        return self._files

    def write(  # noqa: PLR0917
        self,
        fn: str,
        ft: str,
        fm: str,
        records: Iterable[bytes],
        recfm: str = "F",
        lrecl: int | None = None,
        written: datetime | None = None,
    ) -> None:
        """Put a file on the disk, in the place of one of the same name.

        F records are padded with blanks to `lrecl` (default: the longest). Raises CMSDiskError if it does not fit
        (the old one is gone then).
        """
        key = _name(fn), _name(ft)
        items = list(records)
        longest = max((len(item) for item in items), default=0)
        width = lrecl or longest
        if not 1 <= len(items) <= MAX_RECORDS or not 1 <= longest <= width or recfm not in {"F", "V"}:
            raise CMSDiskError(f"{fn} {ft}: {len(items)} records of {longest} bytes, format {recfm} {width}")
        if recfm == "V" and (min(map(len, items)) < 1 or width > MAX_RECORDS):
            raise CMSDiskError(f"{fn} {ft}: a variable record has 1 to {MAX_RECORDS} bytes")
        mode = (fm.upper() + "1")[:2]
        if not (mode[0].isalpha() and mode[1] in "0123456"):
            raise CMSDiskError(f"invalid file mode '{fm}'")
        if recfm == "F":
            items = [item.ljust(width, b"\x40") for item in items]
        else:
            width = longest
        file = CMSFile(*key, mode, recfm, width, tuple(items), written or self.now)
        if file.data_blocks > MAX_DATA_BLOCKS:
            raise CMSDiskError(f"{fn} {ft} is larger than {MAX_DATA_BLOCKS} blocks")
        before = self._files.pop(key, None)
        self._allocated -= _blocks(before)
        self._files[key] = file
        self._allocated += _blocks(file)
        if self.used > self.total or len(self._files) > MAX_HYPERBLOCKS * FSTS_PER_BLOCK:
            self.erase(fn, ft)
            raise CMSDiskError(f"{fn} {ft} does not fit on disk {self.label} of {self.file_cylinders} cylinders")

    def write_text(self, fn: str, ft: str, fm: str, text: str, *, recfm: str = "F", lrecl: int = 80) -> None:
        """Put lines of text on the disk: F records of `lrecl` bytes, or V records without trailing blanks."""
        if recfm == "F":
            self.write(fn, ft, fm, text_records(text, lrecl), "F", lrecl)
        else:
            self.write(fn, ft, fm, [line.rstrip(b"\x40") or b"\x40" for line in text_records(text)], "V")

    def read(self, fn: str, ft: str) -> CMSFile:
        """One file; raises CMSDiskError if it is not there."""
        try:
            return self._files[fn.upper(), ft.upper()]
        except KeyError:
            raise CMSDiskError(f"file {fn} {ft} not found on {self.label}") from None

    def erase(self, fn: str, ft: str) -> None:
        """Take one file off the disk; raises CMSDiskError if it is not there."""
        self._allocated -= _blocks(self.read(fn, ft))
        del self._files[fn.upper(), ft.upper()]

    @property
    def used(self) -> int:
        """Blocks in use, those of the directory included."""
        return 4 + self._hyperblocks() + self._bitmap_blocks() + self._allocated

    def _hyperblocks(self) -> int:
        return max(1, -(-len(self._files) // FSTS_PER_BLOCK))

    def _bitmap_blocks(self) -> int:
        return max(0, -(-(-(-self.total // 8) - BITMAP_IN_MFD) // BLOCK))

    # -- IPL text and reserved cylinders -----------------------------------------------------------------------

    def ipl(self, records: Sequence[bytes]) -> None:
        """Contents of blocks 1 and 2; the first begins with the IPL PSW and two CCWs. At most 800 bytes each."""
        if len(records) > 2 or any(len(record) > BLOCK for record in records):
            raise CMSDiskError("IPL text is at most two records of 800 bytes")
        self._ipl = [bytes(record) for record in records]

    def raw_track(self, cyl: int, head: int, records: Sequence[bytes]) -> None:
        """Contents of one track of the reserved cylinders: records 1, 2, ... of any length that fit on it."""
        if not (self.file_cylinders <= cyl < self.cylinders and 0 <= head < self.heads):
            raise CMSDiskError(f"track {cyl}/{head} is not in the reserved cylinders")
        self._raw[cyl, head] = [bytes(record) for record in records]

    # -- the disk ----------------------------------------------------------------------------------------------

    def blocks(self) -> dict[int, bytes]:
        """All blocks in use by number, each 800 bytes: the files laid out one after another, then the directory."""
        out: dict[int, bytes] = {number: b"" for number in (1, 2)}
        out |= dict(enumerate(self._ipl, 1))
        out[LABEL_BLOCK] = to_ebcdic("CMS=" + self.label.ljust(6))
        out[MFD_BLOCK] = b""
        next_block = MFD_BLOCK + 1

        def place(data: bytes) -> int:
            nonlocal next_block
            out[next_block] = data
            next_block += 1
            return next_block - 1

        def halfwords(numbers: Sequence[int]) -> bytes:
            return struct.pack(f">{len(numbers)}H", *numbers)

        hyperblocks = [place(b"") for _ in range(self._hyperblocks())]
        bitmaps = [place(b"") for _ in range(self._bitmap_blocks())]
        fsts = []
        for file in self._files.values():
            data = file.data()
            numbers = [place(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]
            links = [place(halfwords(numbers[at : at + 400])) for at in range(60, len(numbers), 400)]
            first = place(halfwords(links + [0] * (40 - len(links)) + numbers[:60]))
            fsts.append(self._fst(file, first, len(numbers)))
        for at, number in enumerate(hyperblocks):
            out[number] = b"".join(fsts[at * FSTS_PER_BLOCK : (at + 1) * FSTS_PER_BLOCK])
        self._directory(out, hyperblocks, bitmaps)
        return {number: data.ljust(BLOCK, b"\0") for number, data in out.items()}

    def _fst(self, file: CMSFile, first_chain_link: int, data_blocks: int) -> bytes:
        when = file.written
        count = len(file.records)
        return _FST.pack(
            to_ebcdic(file.fn.ljust(8)),
            to_ebcdic(file.ft.ljust(8)),
            *map(_bcd, (when.month, when.day, when.hour, when.minute)),
            (count + 1) & 0xFFFF,
            1,
            to_ebcdic(file.fm),
            count,
            first_chain_link,
            to_ebcdic(file.recfm),
            0,
            file.lrecl,
            data_blocks,
            to_ebcdic(f"{when.year % 100:02}"),
        )

    def _directory(self, out: dict[int, bytes], hyperblocks: list[int], bitmaps: list[int]) -> None:
        """The MFD and the bitmap, once every block has its number."""
        bitmap = bytearray(BITMAP_IN_MFD + len(bitmaps) * BLOCK)
        for number in out:
            bitmap[(number - 1) // 8] |= 0x80 >> (number - 1) % 8
        for at, number in enumerate(bitmaps):
            start = BITMAP_IN_MFD + at * BLOCK
            out[number] = bytes(bitmap[start : start + BLOCK])
        marks = [*hyperblocks, 0xFFFD, *bitmaps] if bitmaps else [*hyperblocks, 0xFFFF]
        mfd = bytearray(BLOCK)
        mfd[0 : 2 * len(marks)] = struct.pack(f">{len(marks)}H", *marks)
        last = (max(out) - 1) // 8
        _MFD_TOTALS.pack_into(mfd, 0x16C, self.total, len(out), self.total - len(out), last, self.file_cylinders)
        mfd[0x180 : 0x180 + BITMAP_IN_MFD] = bitmap[:BITMAP_IN_MFD]
        mfd[0x257] = DEVICE_CODES[self.device]
        out[MFD_BLOCK] = bytes(mfd)

    def tracks(self) -> Iterator[tuple[int, int, bytes]]:
        """(cylinder, head, track image) of every track, formatted with 800-byte records."""
        blocks = self.blocks()
        empty = bytes(BLOCK)
        for cyl in range(self.cylinders):
            for head in range(self.heads):
                if cyl < self.file_cylinders and self.device in PAIRED:
                    yield cyl, head, encode_track(cyl, head, paired_records(cyl, head, self.heads, blocks))
                    continue
                if cyl >= self.file_cylinders:
                    datas: Sequence[bytes] = self._raw.get((cyl, head), ())
                else:
                    base = (cyl * self.heads + head) * self.per_track
                    datas = [blocks.get(base + record, empty) for record in range(1, self.per_track + 1)]
                records = [Record(cyl, head, number, b"", data) for number, data in enumerate(datas, 1)]
                yield cyl, head, encode_track(cyl, head, records)

    # -- reading -----------------------------------------------------------------------------------------------

    @classmethod
    def load(cls, track: Callable[[int, int], bytes], cylinders: int, device: str = "3350") -> CMSDisk:
        """A disk from its track images (cylinder, head). Raises CMSDiskError if it is no CMS disk or is damaged."""
        disk = cls(cylinders, "LABEL", device)
        blocks = TrackBlocks(track, cylinders, GEOMETRY[device])
        block = blocks.read
        label = block(LABEL_BLOCK)
        if from_ebcdic(label[:4]) != "CMS=":
            raise CMSDiskError("the label is not that of an 800-byte CMS disk")
        disk.label = from_ebcdic(label[4:10]).rstrip()
        disk._ipl = [block(1), block(2)]
        mfd = block(MFD_BLOCK)
        disk.total, _, _, _, disk.file_cylinders = _MFD_TOTALS.unpack_from(mfd, 0x16C)
        for number in struct.unpack(">182H", mfd[:364]):
            if number in {0, 0xFFFF, 0xFFFD}:
                break
            hyperblock = block(number)
            for at in range(0, BLOCK, FST_SIZE):
                if any(hyperblock[at : at + 8]):
                    file = _read_file(hyperblock[at : at + FST_SIZE], blocks)
                    disk._files[file.fn, file.ft] = file
                    disk._allocated += _blocks(file)
        return disk


def _read_file(fst: bytes, blocks: TrackBlocks) -> CMSFile:
    """The file that an FST describes."""
    block = blocks.read
    fields = _FST.unpack(fst)
    fn, ft, fm = (from_ebcdic(fields[at]).rstrip() for at in (0, 1, 8))
    count, recfm, lrecl = fields[9], from_ebcdic(fields[11]), fields[13]
    if recfm not in {"F", "V"} or not 1 <= lrecl <= MAX_RECORDS:
        raise CMSDiskError(f"file {fn} {ft} is damaged: records of format {recfm} {lrecl} cannot be")
    first = struct.unpack(">100H", blocks.first_link(fields[10]))
    numbers = list(first[40:])
    for link in first[:40]:
        numbers += struct.unpack(">400H", block(link)) if link else [0] * 400

    def stream(at: int, length: int) -> bytes:
        out = b""
        while length:
            index, offset = divmod(at, BLOCK)
            if index >= len(numbers):
                raise CMSDiskError(f"file {fn} {ft} runs beyond its blocks")
            data = block(numbers[index]) if numbers[index] else bytes(BLOCK)
            part = data[offset : offset + length]
            out, at, length = out + part, at + len(part), length - len(part)
        return out

    records, at = [], 0
    for _ in range(count):
        length = lrecl
        if recfm == "V":
            length = int.from_bytes(stream(at, 2), "big")
            at += 2
        records.append(stream(at, length))
        at += length
    month, day, hour, minute = map(_unbcd, fields[2:6])
    year = int(digits) if (digits := from_ebcdic(fields[15])).isdigit() else 0
    try:
        written = datetime(1900 + year + (100 if year < 70 else 0), month, day, hour, minute)
    except ValueError:
        written = datetime(1970, 1, 1)
    return CMSFile(fn, ft, fm, recfm, lrecl, tuple(records), written)
