"""Reels in host files: the formats byte by byte, damage, and what is done about it."""

from __future__ import annotations

import bz2
import random
import zlib
from pathlib import Path

import pytest

from cpvm.machine.device import MediaError
from cpvm.machine.media.tape.open import FORMATS, open_tape
from cpvm.machine.media.tape.store import Block, TapeStore

FILES = Path(__file__).parent / "tapes"
ENDINGS = [*FORMATS, "bzip2.het"]


def write(path: Path, *blocks: bytes) -> TapeStore:
    """A reel with these blocks, an empty one being a tape mark."""
    store, at = open_tape(path, bzip2="bzip2" in path.name), 0
    for block in blocks:
        at = (store.write(at, block) if block else store.mark(at)).end
    return store


def forward(store: TapeStore) -> list[bytes]:
    blocks, at = [], 0
    while (block := store.forward(at)) is not None:
        assert not block.fault, block
        blocks.append(block.data)
        at = block.end
    return blocks


def backward(store: TapeStore, at: int) -> list[bytes]:
    blocks = []
    while (block := store.backward(at)) is not None:
        assert not block.fault, block
        blocks.append(block.data)
        at = block.start
    return blocks


def end(store: TapeStore) -> int:
    at = 0
    while (block := store.forward(at, False)) is not None:
        at = block.end
    return at


def segment(data: bytes, before: int, flags: int, more: int = 0) -> bytes:
    return len(data).to_bytes(2, "little") + before.to_bytes(2, "little") + bytes((flags, more)) + data


# ---- the formats


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("a.aws", "0300 0000 A0 00 C1C2C3  0000 0300 40 00  0100 0000 A0 00 C4"),
        ("a.tap", "03000000 C1C2C3 00 03000000  00000000  01000000 C4 00 01000000"),
        ("a.e11", "03000000 C1C2C3 03000000  00000000  01000000 C4 01000000"),
        ("a.het", "0300 0000 A0 00 C1C2C3  0000 0300 40 00  0100 0000 A0 00 C4"),
        ("no.ending", "0300 0000 A0 00 C1C2C3  0000 0300 40 00  0100 0000 A0 00 C4"),
    ],
)
def test_bytes(name: str, image: str, tmp_path: Path) -> None:
    write(tmp_path / name, b"\xc1\xc2\xc3", b"", b"\xc4").close()
    assert (tmp_path / name).read_bytes() == bytes.fromhex(image)


@pytest.mark.parametrize(("name", "flag"), [("a.het", 0x01), ("bzip2.het", 0x02)])
def test_het_compresses_what_gets_shorter(name: str, flag: int, tmp_path: Path) -> None:
    long = b"SYSTEM/370" * 100
    write(tmp_path / name, b"AB", long).close()
    image = (tmp_path / name).read_bytes()
    assert image[:8] == segment(b"AB", 0, 0xA0)
    stored = image[14:]
    assert image[8:14] == len(stored).to_bytes(2, "little") + b"\2\0" + bytes((0xA0 | flag, 0))
    assert (zlib if flag == 1 else bz2).decompress(stored) == long


@pytest.mark.parametrize(
    "name", ["aws.aws", "het.het", "bzip2.het", "chunks.het", "tap.tap", "e11.e11", "strict.aws", "oma.tdf"]
)
def test_the_tapes_of_others(name: str) -> None:
    """The same tape in every format. The files went through Hercules' hetupd, both ways."""
    store = open_tape(FILES / name, read_only=True)
    blocks = forward(store)
    assert blocks == [b"\xc1" * 80, bytes(range(256)) * 20, b"", b"\xe7", b"", b""]
    assert backward(store, end(store)) == blocks[::-1]
    fresh = open_tape(FILES / name, read_only=True)
    assert backward(fresh, end(store)) == blocks[::-1], "by one who has not seen what is before"
    assert store.backward(0) is None
    with pytest.raises(MediaError):
        store.write(0, b"X")


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_is_read(ending: str, tmp_path: Path) -> None:
    chance = random.Random(7)
    blocks = [chance.randbytes(chance.choice((0, 1, 2, 79, 4096, 65535))) for _ in range(60)]
    blocks += [bytes([n]) * 65535 for n in range(9)]
    path = tmp_path / f"a.{ending}"
    write(path, *blocks).close()
    store = open_tape(path)
    assert forward(store) == blocks
    assert backward(store, end(store)) == blocks[::-1]


@pytest.mark.parametrize("ending", ENDINGS)
def test_writing_in_the_middle_ends_the_tape_there(ending: str, tmp_path: Path) -> None:
    store = write(tmp_path / f"a.{ending}", b"A" * 100, b"B" * 5000, b"", b"C" * 33, b"")
    first = store.forward(0)
    assert first is not None
    behind = store.write(first.end, b"NEW").end
    assert forward(store) == [b"A" * 100, b"NEW"]
    assert store.tail(behind) == 0
    assert backward(store, behind) == [b"NEW", b"A" * 100]
    mark = store.mark(first.end)
    assert forward(store) == [b"A" * 100, b""]
    assert backward(store, mark.end) == [b"", b"A" * 100]
    store.cut(first.end)
    assert forward(store) == [b"A" * 100]
    store.cut(0)
    assert forward(store) == []
    assert store.write(0, b"AGAIN").start == 0
    assert forward(store) == [b"AGAIN"]


def test_positions_by_chance(tmp_path: Path) -> None:
    """Against a list of blocks: forward, backward and writes from any place, by two users of a file in turn."""
    for ending in ENDINGS:
        chance = random.Random(ending)
        path = tmp_path / f"r.{ending}"
        store = open_tape(path)
        model: list[bytes] = []
        places = [0]
        here = 0
        for step in range(400):
            what = chance.choice("fffbbbwwmr")
            if what == "f":
                block = store.forward(places[here])
                assert (block.data if block else None) == (model[here] if here < len(model) else None)
                here += block is not None
            elif what == "b":
                block = store.backward(places[here])
                assert (block.data if block else None) == (model[here - 1] if here else None)
                here -= block is not None
            elif what == "r":
                store.close()
                store = open_tape(path)
                here = chance.randint(0, len(model))
            else:
                data = b"" if what == "m" else bytes([step % 256]) * chance.choice((1, 5, 300, 5001))
                written = store.write(places[here], data) if data else store.mark(places[here])
                model[here:] = [data]
                places[here + 1 :] = [written.end]
                here += 1
        assert forward(store) == model


# ---- which format


def test_what_a_file_holds_tells_its_format(tmp_path: Path) -> None:
    for ending in FORMATS:
        store = write(tmp_path / f"a.{ending}", b"E" * 4000, b"ODD", b"")
        store.close()
        (tmp_path / f"a.{ending}").rename(tmp_path / f"{ending}.tape")
        assert open_tape(tmp_path / f"{ending}.tape", read_only=True).FORMAT == store.FORMAT
    write(tmp_path / "even.e11", b"EVEN", b"").close()
    assert open_tape(tmp_path / "even.e11", read_only=True).FORMAT == "SIMH", "no block tells them apart"
    write(tmp_path / "plain.het", b"AB", b"").close()
    assert open_tape(tmp_path / "plain.het").FORMAT == "HET", "by its name: nothing is compressed yet"


def test_a_simh_tape_that_looks_like_awstape(tmp_path: Path) -> None:
    """A tape mark and a block of 64 bytes: the first six bytes are those of a tape mark of AWSTAPE, too."""
    write(tmp_path / "a.tap", b"", b"X" * 64, b"").close()
    (tmp_path / "a.tap").rename(tmp_path / "a")
    store = open_tape(tmp_path / "a")
    assert (store.FORMAT, forward(store)) == ("SIMH", [b"", b"X" * 64, b""])
    write(tmp_path / "b.aws", b"", b"X" * 64, b"").close()
    (tmp_path / "b.aws").rename(tmp_path / "b")
    assert open_tape(tmp_path / "b").FORMAT == "AWSTAPE"


@pytest.mark.parametrize(
    "image", [b"VOL1 this is a text file\n" * 20, b"\x7fELF" + bytes(200), b"\xff" * 3, b"\1\0\0\0"]
)
def test_no_tape(image: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(image)
    with pytest.raises(MediaError, match="no tape in a format known here"):
        open_tape(tmp_path / "a")
    assert open_tape(tmp_path / "a", format="aws").FORMAT == "AWSTAPE", "unless one says so"


@pytest.mark.parametrize(("name", "message"), [("a\0b", "cannot have X'00'"), ("x" * 300, "File name too long")])
def test_names_that_no_file_can_have(name: str, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        open_tape(name)


# ---- damage


def test_awstape_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.aws"
    good = segment(b"GOOD", 0, 0xA0)
    cases = [
        (segment(b"X", 4, 0x20), "no header of a block"),
        (segment(b"X", 4, 0x60), "a tape mark with data"),
        (segment(b"X", 4, 0x80) + segment(b"", 1, 0x40), "no header of a block"),
        (segment(b"X", 4, 0x81) + segment(b"", 1, 0x20), "segments that do not belong together"),
        (segment(b"", 4, 0xA0), "a block of no bytes"),
        (segment(b"", 4, 0x80) + segment(b"", 0, 0x00) * 2000, "a block of more than 1024 segments"),
        (
            segment(bytes(65535), 4, 0x80) + segment(bytes(65535), 65535, 0x00) * 17,
            "a block of more than 1048576 bytes",
        ),
        (segment(b"junk", 4, 0xA1), "compressed data that cannot be expanded"),
        (segment(b"junk", 4, 0xA2), "compressed data that cannot be expanded"),
        (segment(b"junk", 4, 0xA3), "compressed in an unknown way"),
        (segment(zlib.compress(b"WHOLE")[:-6], 4, 0xA1), "compressed data that are not whole"),
        (segment(zlib.compress(bytes(2 << 20)), 4, 0xA1), "compressed data that are not whole"),
        (segment(bz2.compress(bytes(2 << 20)), 4, 0xA2), "compressed data that are not whole"),
    ]
    for image, fault in cases:
        path.write_bytes(good + image + segment(b"NEXT", 1, 0xA0))
        store = open_tape(path, read_only=True, format="aws")
        block = store.forward(len(good))
        assert block is not None
        assert block.fault == fault
        assert block.end in (len(good), len(good) + len(image))
        if block.end > block.start:
            following = store.forward(block.end)
            assert following is not None
            assert following.data == b"NEXT"
            back = store.backward(block.end)
            assert back is not None
            assert (back.start, back.fault) == (len(good), fault)
        assert backward(store, len(good)) == [b"GOOD"]


def test_zlib_as_another_maker_says_it(tmp_path: Path) -> None:
    (tmp_path / "a.aws").write_bytes(segment(zlib.compress(b"BUS-TECH" * 9), 0, 0xA0, 0x80))
    assert forward(open_tape(tmp_path / "a.aws")) == [b"BUS-TECH" * 9]


def test_simh_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.tap"
    good = bytes.fromhex("02000000 C1C2 02000000")
    cases = [
        ("02000000 C1C2 03000000", "two lengths of a block that differ"),
        ("02000080 C1C2 02000080", "recorded as read with an error"),
        ("00000080 00000080", "a block of no bytes"),
        ("02000070 C1C2 02000070", "no length of a block"),
        ("FFFFFF00 0000 FFFFFF00", "no length of a block"),
    ]
    for image, fault in cases:
        path.write_bytes(good + bytes.fromhex(image) + good)
        store = open_tape(path, read_only=True, format="tap")
        block = store.forward(len(good))
        assert block is not None
        assert block.fault == fault
        assert backward(store, len(good)) == [b"\xc1\xc2"]


def test_gaps_and_the_end_of_medium(tmp_path: Path) -> None:
    gap, good = b"\xfe\xff\xff\xff", bytes.fromhex("02000000 C1C2 02000000")
    image = good + gap * 30000 + good + gap + bytes(4) + gap * 2 + b"\xff" * 4 + good
    (tmp_path / "a.tap").write_bytes(image)
    store = open_tape(tmp_path / "a.tap")
    assert forward(store) == [b"\xc1\xc2", b"\xc1\xc2", b""]
    assert backward(store, end(store)) == [b"", b"\xc1\xc2", b"\xc1\xc2"]
    store.write(end(store), b"XY")
    assert forward(store) == [b"\xc1\xc2", b"\xc1\xc2", b"", b"XY"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_links_backward_that_are_wrong(ending: str, tmp_path: Path) -> None:
    """Files of others have links that lead nowhere; then all is looked through from the load point."""
    path = tmp_path / f"a.{ending}"
    write(path, b"ABC" * 9, b"", b"DEF" * 300, b"").close()
    image = bytearray(path.read_bytes())
    store = open_tape(path)
    at, blocks = 0, forward(store)
    if ending.endswith(("aws", "het")):
        while (block := store.forward(at, False)) is not None:
            if block.start:
                image[block.start + 2 : block.start + 4] = b"\x09\x00"
            at = block.end
    store.close()
    path.write_bytes(image)
    fresh = open_tape(path)
    assert backward(fresh, len(image)) == blocks[::-1]
    assert fresh.backward(3) == Block(3, 3, fault="no block ends here")


@pytest.mark.parametrize("ending", ENDINGS)
def test_any_bytes_at_all(ending: str, tmp_path: Path) -> None:
    """Whatever a file holds: no exception, no endless loop, and every block within the file."""
    chance = random.Random(ending)
    path = tmp_path / f"a.{ending}"
    write(path, *[bytes([n]) * 700 for n in range(5)], b"", b"XYZ", b"").close()
    image = path.read_bytes()
    for _ in range(150):
        broken = bytearray(image)
        for _ in range(chance.randint(1, 20)):
            broken[chance.randrange(len(broken))] = chance.choice((0, 0xFF, 0x80, 0x40, 0xA0, chance.randrange(256)))
        path.write_bytes(broken[: chance.randint(0, len(broken))])
        store = open_tape(path, format=ending[-3:])
        at = 0
        while (block := store.forward(at)) is not None and block.end > block.start:
            assert at <= block.start < block.end <= len(broken)
            at = block.end
        for place in (at, len(broken), chance.randrange(len(broken))):
            here = place
            for _ in range(60):
                block = store.backward(here)
                if block is None or block.start == here:
                    break
                here = block.start
        store.write(chance.randint(0, path.stat().st_size), b"ON")
        store.close()


def test_a_host_that_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = write(tmp_path / "a.aws", b"FIRST")

    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(file, name)

        def write(self, data: bytes) -> int:
            file.write(data[:3])
            raise OSError(28, "No space left on device")

    file = store._file  # type: ignore[attr-defined]
    store._file = Full()  # type: ignore[attr-defined]
    with pytest.raises(MediaError, match=r"a\.aws: No space left on device"):
        store.write(11, b"SECOND")
    store._file = file  # type: ignore[attr-defined]
    assert (tmp_path / "a.aws").read_bytes() == segment(b"FIRST", 0, 0xA0), "as before the write"
    assert forward(store) == [b"FIRST"]


def test_a_large_tape_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.aws"
    with path.open("wb") as file:
        file.write(segment(b"A", 0, 0xA0))
        before = 1
        for _ in range(100):
            file.write(b"\xff\xff" + before.to_bytes(2, "little") + b"\xa0\0")
            file.seek(65535, 1)
            before = 65535
        file.write(segment(b"", before, 0x40))
    store = open_tape(path, read_only=True)
    assert end(store) == path.stat().st_size
    last = store.backward(path.stat().st_size - 6, False)
    assert last is not None
    assert (last.length, last.data) == (65535, b"")
