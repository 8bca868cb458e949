"""What DISK DUMP punches and COPYFILE packs, taken apart by readers that know the formats alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cdf_reader import Disk, Found, full, half, read_disk

from cpvm import api, sysgen
from cpvm.cp.system import System
from cpvm.front import users
from cpvm.machine.media.volume import Volume

CARDS_OF_A_BLOCK, DATA_OF_A_CARD = 16, 50


def dumped(cards: list[bytes]) -> tuple[str, bytes, bytes]:
    """Name, directory entry and contents of the file in a DISK DUMP deck."""
    assert all(card[:4] == b"\x02\xc3\xd4\xe2" for card in cards)
    assert [int(card[75:80].decode("cp037")) for card in cards] == list(range(1, len(cards) + 1))
    assert [card[4] for card in cards] == [0x40] * (len(cards) - 1) + [0xD5]
    names = {card[57:75] for card in cards}
    assert len(names) == 1
    assert (len(cards) - 1) % CARDS_OF_A_BLOCK == 0
    data = b"".join(card[5 : 5 + DATA_OF_A_CARD] for card in cards[:-1])
    name, last = names.pop(), cards[-1]
    # The card of the end has the directory entry from byte 20 on, then bytes 16 to 19.
    return " ".join(name.decode("cp037").split()), name[:16] + last[25:29] + last[5:25], data


def unpacked(records: list[bytes], fill: int = 0x40) -> Iterator[bytes]:
    """The records of a packed file."""
    stream = iter(b"".join(records))

    def take(count: int) -> bytes:
        return bytes(next(stream) for _ in range(count))

    head = take(16)
    assert head[:7] == b"\xff" + "PACKED".encode("cp037")
    for _ in range(full(head, 12)):
        length = full(head, 8) if head[7:8] == b"\xc6" else half(take(2), 0)
        record = b""
        while len(record) < length:
            (control,) = take(1)
            if control & 0x80:
                count, byte = take(2)
                assert count >= 4
                record += bytes((byte,)) * count
            elif control & 0x40:
                record += bytes((fill,)) * ((control & 63) + 1)
            else:
                record += take((control & 63) + 1)
        assert len(record) == length
        yield record


def disk_of(folder: Path) -> Disk:
    place = next(place for place in users.places() if (place.userid, place.vaddr) == ("CMSUSER", "191"))
    volume = Volume.open(System.volume_path(folder, users.VOLUME))
    try:
        return read_disk(volume.minidisk(place.start, place.cylinders, read_only=True).read)
    finally:
        volume.close()


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    """A disk with files, their decks and their packed copies."""
    folder = sysgen.prepare(tmp_path_factory.mktemp("files") / "system")
    with api.start(folder) as system:
        user = system.logon("CMSUSER")
        for line in ("IPL CMS", "", "SPOOL PUNCH TO *"):
            user.type(line)
        for line in (
            "COPYFILE PROFILE EXEC A FIXED FILE A ( RECFM F LRECL 333",
            "COPYFILE SORT MODULE S ANY FILE A1 ( OLDDATE",
            "DISK DUMP FIXED FILE A",
            "READCARD DECK1 CARDS A",
            "DISK DUMP ANY FILE A",
            "READCARD DECK2 CARDS A",
            "COPYFILE FIXED FILE A = PACKED = ( PACK",
            "COPYFILE ANY FILE A = PACKED = ( PACK FILL 00",
        ):
            response = user.type(line)
            assert response.return_code == 0, (line, response.text)
    found = disk_of(folder)
    assert found.problems == []
    return found


def stream(file: Found) -> bytes:
    """A file's contents as they are on a disk."""
    prefix = file.recfm == "V"
    return b"".join((len(record).to_bytes(2, "big") if prefix else b"") + record for record in file.records)


@pytest.mark.parametrize(("deck", "name"), [("DECK1", "FIXED"), ("DECK2", "ANY")])
def test_a_deck_has_the_blocks_of_the_file_and_its_directory_entry(disk: Disk, deck: str, name: str) -> None:
    file = disk.files[name, "FILE"]
    fileid, fst, data = dumped(disk.files[deck, "CARDS"].records)
    assert fileid == f"{name} FILE A1"
    assert fst[:16].decode("cp037") == f"{name:8}FILE    "
    assert fst[0x10:0x14] == file.fst[0x10:0x14]
    assert fst[0x26:0x28] == file.fst[0x26:0x28]
    assert (fst[0x1E:0x1F].decode("cp037"), full(fst, 0x20), half(fst, 0x1A)) == (
        file.recfm,
        file.lrecl,
        len(file.records),
    )
    assert data == stream(file).ljust(len(data), b"\0")
    assert len(data) - len(stream(file)) < 800


@pytest.mark.parametrize(("name", "fill"), [("FIXED", 0x40), ("ANY", 0)])
def test_packed_records_are_the_records(disk: Disk, name: str, fill: int) -> None:
    packed = disk.files[name, "PACKED"]
    assert (packed.recfm, packed.lrecl) == ("F", 800)
    assert list(unpacked(packed.records, fill)) == disk.files[name, "FILE"].records
    assert 800 * len(packed.records) < len(stream(disk.files[name, "FILE"])) + 800
