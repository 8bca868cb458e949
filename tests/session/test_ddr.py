"""DDR with a tape: its format, read and written here by hand; a disk that comes back as it was."""

import struct
from collections.abc import Iterator
from pathlib import Path

from cpvm import api

from .awstape import aws, blocks

BLOCK = 4096


def tracks(reel: Iterator[bytes | None]) -> Iterator[tuple[int, int, list[tuple[bytes, bytes]]]]:
    """Cylinder, head, and records (count field, key and data) of each track."""
    while (block := next(reel)) is not None:
        assert block[:4] == "THR ".encode("cp037")
        assert len(block) == BLOCK
        number, full, last = struct.unpack_from(">HHH", block, 4)
        text = bytearray(block)
        for _ in range(full - 1):
            more = next(reel)
            assert more is not None
            assert len(more) == BLOCK
            text += more
        if last:
            more = next(reel)
            assert more is not None
            assert len(more) == last
            text += more
        cylinder, head = struct.unpack_from(">HH", text, 12)
        assert text[16:24] == struct.pack(">HHBBH", cylinder, head, 0, 0, 8)
        at, found = 32 + 8 * number, []
        for count in (bytes(text[start : start + 8]) for start in range(32, at, 8)):
            size = count[5] + int.from_bytes(count[6:], "big")
            found.append((count, bytes(text[at : at + size])))
            at += size
        yield cylinder, head, found


def test_dump_and_restore(system_directory: Path, media: Path) -> None:
    with api.start(system_directory) as system:
        user = start(system, "made.aws")
        for line in ("DDR", "INPUT 191 3350 CMS191", "OUTPUT 181 3420", "DUMP 0 TO 1"):
            user.type(line)
        assert user.type("").lines[:2] == ("DUMPING CMS191", "END OF DUMP")
        for line in ("INPUT 181 3420", "OUTPUT 195 3350 SCRATCH", "RESTORE 0 TO 9"):
            user.type(line)
        assert user.type("").lines[:2] == ("RESTORING CMS191", "END OF RESTORE")
        assert user.type("").return_code == 0
        assert user.type("ACCESS 195 B").return_code == 0
        assert user.type("COMPARE PROFILE EXEC A PROFILE EXEC B").return_code == 0
    reel = blocks(media / "made.aws")
    header = next(reel)
    assert header is not None
    assert (len(header), header[:4], header[30:36]) == (80, "VHR ".encode("cp037"), "CMS191".encode("cp037"))
    assert struct.unpack_from(">HH", header, 26) == (9, 29)
    found = list(tracks(reel))
    assert [(cylinder, head) for cylinder, head, _ in found] == [(c, h) for c in range(2) for h in range(30)]
    assert all(len(records) == 19 for _, _, records in found)
    assert found[0][2][2][1].startswith("CMS=CMS191".encode("cp037"))


def test_restore_of_what_another_system_dumped(system_directory: Path, media: Path) -> None:
    """Tracks with keys, without records, with an end-of-file record, longer than a block."""
    records = [
        (struct.pack(">HHBBH", 2, 0, 1, 8, 80), b"\xd2" * 8 + b"\x81" * 80),
        (struct.pack(">HHBBH", 2, 0, 2, 0, 0), b""),
        (struct.pack(">HHBBH", 2, 0, 3, 0, 9000), bytes(range(256)) * 35 + b"\xe9" * 40),
    ]
    full = track(2, 0, records)
    empty = track(2, 1, [])
    header = "VHR ".encode("cp037").ljust(26, b"\0") + struct.pack(">HH", 4, 29) + "OTHERS".encode("cp037")
    (media / "other.aws").write_bytes(aws(header.ljust(80, b"\0"), *full, *empty, None, None))
    with api.start(system_directory) as system:
        user = start(system, "other.aws")
        for line in ("DDR", "INPUT 181 3420", "OUTPUT 195 3350 SCRATCH", "RESTORE 2 REORDER 1"):
            user.type(line)
        assert user.type("").lines[:2] == ("RESTORING OTHERS", "END OF RESTORE")
        user.type("INPUT 195 3350")
        shown = user.type("TYPE 1 0 (COUNT").lines
        assert [line[-5:].strip() for line in shown[:3]] == ["80", "0", "9000"]
        assert "CYL 0001 HD 00 REC 01 KEY LENGTH    8" in shown[0]
        lines = user.type("TYPE 1 0 3").lines
        assert lines[1] == "0000  00010203 04050607 08090A0B 0C0D0E0F  *................*"
        assert lines[-2].startswith("2320  E9E9E9E9 E9E9E9E9 ")
        assert user.type("TYPE 1 1").lines[0] == "DMKDDR721E RECORD 0001 01 00 NOT FOUND"
        (media / "bad.aws").write_bytes(aws(b"\xd5" * 80, None))
        operator = system.logon("OPERATOR")
        operator.type("MOUNT 180 bad.aws")
        for line in ("INPUT 181 3420", "OUTPUT 195 3350 SCRATCH", "RESTORE ALL"):
            user.type(line)
        assert user.type("").lines[0] == "DMKDDR709E WRONG INPUT TAPE MOUNTED"


def track(cylinder: int, head: int, records: list[tuple[bytes, bytes]]) -> list[bytes]:
    """The blocks of a track."""
    text = b"\0" + struct.pack(">HH", cylinder, head) + struct.pack(">HHBBH", cylinder, head, 0, 0, 8) + bytes(8)
    text += b"".join(count for count, _ in records) + b"".join(data for _, data in records)
    full, last = divmod(11 + len(text), BLOCK)
    if not full:
        full, last = 1, 0
    whole = "THR ".encode("cp037") + struct.pack(">HHHB", len(records), full, last, 0) + text
    blocks = [whole[at : at + BLOCK].ljust(BLOCK, b"\0") for at in range(0, full * BLOCK, BLOCK)]
    return [*blocks, whole[full * BLOCK :]] if last else blocks


def start(system: api.SystemHandle, reel: str) -> api.User:
    """CMSUSER with CMS, a temporary disk 195, and a tape 181."""
    operator = system.logon("OPERATOR")
    user = system.logon("CMSUSER")
    user.type("IPL CMS")
    user.type("")
    assert "TAPE 180 MOUNTED" in operator.type(f"MOUNT 180 {reel}").text
    operator.type("ATTACH 180 TO CMSUSER AS 181")
    user.expect("TAPE 181 ATTACHED")
    user.type("#CP DEFINE T3350 AS 195 CYL 5")
    operator.logoff()
    return user
