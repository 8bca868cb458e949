"""Disk images: those that Hercules' tools wrote are read, those written here have its layout, damage is told."""

from __future__ import annotations

import random
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from sampledisk import BLOCKS, CYLINDERS, SampleBlocks, SampleDisk, block, track

from cpvm.machine.channel import Channels
from cpvm.machine.device import MediaError
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.media.images import BlockImage, TrackImage, open_base, open_image
from cpvm.machine.media.images.checking import check_image, usage
from cpvm.machine.media.images.compressed import CompressedFile, CompressedTracks, decompress, null_track
from cpvm.machine.media.images.header import CompressedHeader, DeviceHeader
from cpvm.machine.media.images.image import HostFile, trimmed
from cpvm.machine.media.images.plain import first_of_several, member
from cpvm.machine.media.images.writing import CODECS, write_ckd, write_compressed, write_fba
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import GEOMETRY, Track

VECTORS = Path(__file__).parent / "vectors"
SIZE = 4096  # of a 2311's track in a file
HEADS = 10


def tracks_of(disk: TrackImage | BlockImage) -> list[bytes]:
    assert isinstance(disk, TrackImage)
    with disk:
        return [disk.read(cyl, head) for cyl in range(disk.cylinders) for head in range(disk.heads)]


def blocks_of(disk: TrackImage | BlockImage) -> list[bytes]:
    assert isinstance(disk, BlockImage)
    with disk:
        return [disk.read(number) for number in range(disk.blocks)]


def damage(path: Path) -> list[str]:
    with open_base(path, "3310" if "fba" in path.name else None) as disk:
        return [line for line in check_image(disk) if line]


ALL = [track(cyl, head) for cyl in range(CYLINDERS) for head in range(HEADS)]
ALL_BLOCKS = [block(number) for number in range(BLOCKS)]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return write_ckd(tmp_path / "disk.ckd", SampleDisk())[0]


# ---- what others wrote


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("disk-zlib.cckd", "CCKD"),
        ("disk-bzip2.cckd", "CCKD"),
        ("disk-swapped.cckd", "CCKD"),
        ("disk-zlib.cckd64", "CCKD64"),
        ("disk-bzip2.cckd64", "CCKD64"),
    ],
)
def test_what_hercules_compressed(name: str, form: str) -> None:
    disk = open_image(VECTORS / name)
    assert isinstance(disk, TrackImage)
    assert (disk.format, disk.device_type, disk.cylinders, disk.heads) == (form, "2311", CYLINDERS, HEADS)
    assert tracks_of(disk) == ALL
    assert damage(VECTORS / name) == []


def test_blocks_that_hercules_compressed() -> None:
    disk = open_image(VECTORS / "disk-zlib.cfba", device="3310")
    assert isinstance(disk, BlockImage)
    assert (disk.format, disk.device_type, disk.blocks) == ("CFBA", "3310", BLOCKS)
    assert blocks_of(disk) == ALL_BLOCKS
    assert damage(VECTORS / "disk-zlib.cfba") == []


def test_the_kinds_of_codec_differ() -> None:
    """The vectors are not all compressed alike."""
    used = {}
    for name in ("disk-zlib.cckd", "disk-bzip2.cckd", "disk-zlib.cckd64", "disk-bzip2.cckd64"):
        file = CompressedFile(VECTORS / name)
        entries = [entry for n in range(file.number_of_images) if (entry := file.entry(n)) and entry.offset]
        used[name] = {file.file.read(entry.offset, 1)[0] for entry in entries}
        file.file.close()
    assert [1 in kinds for kinds in used.values()] == [True, False, True, False]
    assert [2 in kinds for kinds in used.values()] == [False, True, False, True]


def test_a_big_endian_file_is_turned_round() -> None:
    little, big = CompressedFile(VECTORS / "disk-zlib.cckd"), CompressedFile(VECTORS / "disk-swapped.cckd")
    assert (little.header.big_endian, big.header.big_endian) == (False, True)
    assert little.offsets == big.offsets
    assert little.header.size == big.header.size == CYLINDERS
    little.file.close()
    big.file.close()


# ---- what is written


def test_layout_of_a_plain_image(plain: Path) -> None:
    data = plain.read_bytes()
    assert len(data) == 512 + CYLINDERS * HEADS * SIZE
    assert data[:20] == b"CKD_P370" + struct.pack("<IIBBH", HEADS, SIZE, 0x11, 0, 0)
    assert not any(data[20:512])
    for number, image in enumerate(ALL):
        assert data[512 + number * SIZE :][:SIZE] == image.ljust(SIZE, b"\0")
    assert tracks_of(open_image(plain)) == ALL
    assert damage(plain) == []


def test_layout_of_a_compressed_image(tmp_path: Path) -> None:
    (path,) = write_compressed(tmp_path / "disk.cckd", SampleDisk())
    data = path.read_bytes()
    assert data[:20] == b"CKD_C370" + struct.pack("<IIBBH", HEADS, SIZE, 0x11, 0, 0)
    version, options, level1, level2, size, used = struct.unpack_from("<3sBiiII", data, 512)
    assert (version, options & 0x82, level1, level2) == (b"\0\3\1", 0, 1, 256)
    assert size == used == len(data)
    assert struct.unpack_from("<IIIiIIBBh", data, 512 + 20) == (0, 0, 0, 0, 0, CYLINDERS, 1, 1, -1)
    (table,) = struct.unpack_from("<I", data, 1024)
    assert table == 1028
    entries = list(struct.iter_unpack("<IHH", data[table : table + 2048]))
    assert entries[0] == entries[5] == entries[255] == (0, 1, 1)  # nothing but record 0
    assert entries[1] == (0, 0, 0)  # an end-of-file record
    at, length, room = entries[2]
    assert length == room
    assert data[at : at + 5] == b"\1" + bytes((0, 0, 0, 2))  # zlib, cylinder, head
    assert zlib.decompress(data[at + 5 : at + length]) == track(0, 2)[5:]


def test_layout_of_a_64_bit_image(tmp_path: Path) -> None:
    (path,) = write_compressed(tmp_path / "disk.cckd64", SampleDisk(), CODECS["none"], wide=True)
    data = path.read_bytes()
    assert data[:8] == b"CKD_C064"
    _, _, level1, level2, cylinders, size, used = struct.unpack_from("<3sBiiIQQ", data, 512)
    assert (level1, level2, cylinders, size, used) == (1, 256, CYLINDERS, len(data), len(data))
    assert data[512 + 72 : 512 + 76] == b"\1\0\xff\xff"  # form of empty tracks, codec, its parameter
    (table,) = struct.unpack_from("<Q", data, 1024)
    at, length, room, pad = struct.unpack_from("<QHHI", data, table + 3 * 16)
    assert (length, room, pad) == (len(track(0, 3)), length, 0)
    assert data[at : at + length] == track(0, 3)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("codec", CODECS)
def test_there_and_back(tmp_path: Path, codec: str, wide: bool) -> None:
    (path,) = write_compressed(tmp_path / "d.cckd", SampleDisk(), CODECS[codec], wide)
    assert damage(path) == []
    disk = open_image(path)
    assert isinstance(disk, CompressedTracks)
    assert usage(disk.chain.files[0])[:1] == (sum(1 for n in range(30) if n % 5 > 1),)
    assert tracks_of(disk) == ALL
    (path,) = write_compressed(tmp_path / "d.cfba", SampleBlocks(), CODECS[codec], wide)
    assert damage(path) == []
    assert blocks_of(open_image(path)) == ALL_BLOCKS


def test_blocks_without_a_header(tmp_path: Path) -> None:
    (path,) = write_fba(tmp_path / "disk.fba", SampleBlocks())
    assert path.read_bytes() == b"".join(ALL_BLOCKS)
    with pytest.raises(MediaError, match="not a disk image"):
        open_image(path)
    assert blocks_of(open_image(path, device="3370")) == ALL_BLOCKS
    labelled = bytearray(path.read_bytes())
    labelled[512:516] = bytes.fromhex("E5D6D3F1")
    path.write_bytes(labelled)
    assert len(blocks_of(open_image(path))) == BLOCKS
    path.write_bytes(labelled[:-1])
    with pytest.raises(MediaError, match="cut off"):
        open_image(path)


def test_a_file_appears_whole_and_replaces_nothing(tmp_path: Path, plain: Path) -> None:
    with pytest.raises(MediaError, match="exists already"):
        write_compressed(plain, SampleDisk())

    class Broken(SampleDisk):
        def read(self, cyl: int, head: int) -> bytes:
            if (cyl, head) == (2, 9):
                raise MediaError("the end is missing")
            return super().read(cyl, head)

    before = plain.read_bytes()
    for write in (write_ckd, write_compressed):
        with pytest.raises(MediaError, match="missing"):
            write(plain, Broken(), force=True)
    assert plain.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["disk.ckd"]


# ---- volumes of several files


def test_several_files(tmp_path: Path) -> None:
    paths = write_ckd(tmp_path / "pack.a.ckd", SampleDisk(), largest=512 + 2 * HEADS * SIZE)
    assert [path.name for path in paths] == ["pack_1.a.ckd", "pack_2.a.ckd"]
    assert [path.read_bytes()[17:20] for path in paths] == [b"\1\1\0", b"\2\0\0"]  # number, last cylinder
    assert [path.stat().st_size for path in paths] == [512 + 2 * HEADS * SIZE, 512 + HEADS * SIZE]
    assert tracks_of(open_image(paths[0])) == ALL
    assert tracks_of(open_image(tmp_path / "pack.a.ckd")) == ALL
    with open_image(paths[0]) as disk:
        assert disk.files == paths
    with pytest.raises(MediaError, match="is file 2 of a volume, not file 1"):
        open_image(paths[1])
    shutil.copy(paths[0], paths[1])
    with pytest.raises(MediaError, match="is file 1 of a volume, not file 2"):
        open_image(paths[0])
    paths[1].unlink()
    with pytest.raises(MediaError, match="pack_2"):
        open_image(paths[0])


def test_names_of_several_files() -> None:
    assert first_of_several(Path("x/mvsres.ckd")) == Path("x/mvsres_1.ckd")
    assert first_of_several(Path("x.y/mvsres")) == Path("x.y/mvsres_1")
    assert first_of_several(Path("mvsres_1.ckd")) == Path("mvsres_1.ckd")
    assert member(Path("mvsres_1.ckd"), 9) == Path("mvsres_9.ckd")
    assert member(Path("mvsres_1"), 10) == Path("mvsres_A")


# ---- shadow files


def shadow(base: Path, path: Path, number: int, image: bytes) -> Path:
    """A shadow file that has one track, made by hand."""
    header = base.read_bytes()[:1024]
    absent = b"\xff" * 8
    entries = [absent] * 256
    entries[number] = struct.pack("<IHH", 1028 + 2048, len(image), len(image))
    body = struct.pack("<I", 1028) + b"".join(entries) + image
    path.write_bytes(b"CKD_S370" + header[8:] + body)
    return path


def test_shadow_files(tmp_path: Path) -> None:
    (base,) = write_compressed(tmp_path / "disk.cckd", SampleDisk())
    new = null_track(0, 7, 1)[:13] + b"SHADOW!!" + b"\xff" * 8
    first = shadow(base, tmp_path / "disk_1.cckd", 7, new)
    newer = new.replace(b"!!", b"??")
    second = shadow(base, tmp_path / "disk_2.cckd", 7, newer)
    for shadows, expected in (((first,), new), ((first, second), newer)):
        disk = open_image(base, shadows=shadows)
        assert disk.files == [base, *shadows]
        assert tracks_of(disk) == [*ALL[:7], expected, *ALL[8:]]
    with pytest.raises(MediaError, match="is a shadow file"):
        open_image(first)
    with pytest.raises(MediaError, match="is not a shadow file"):
        open_image(base, shadows=[base])
    with pytest.raises(MediaError, match="no shadow files"):
        open_image(write_ckd(tmp_path / "p.ckd", SampleDisk())[0], shadows=[first])
    (other,) = write_compressed(tmp_path / "other.cfba", SampleBlocks())
    with pytest.raises(MediaError, match="is not a shadow file"):
        open_image(other, shadows=[first])


# ---- types


def test_the_device_type_is_checked(plain: Path) -> None:
    with pytest.raises(MediaError, match="is a 2311 disk, not a 3350"):
        open_image(plain, device="3350")
    open_image(plain, device="2311").close()


@pytest.mark.parametrize("name", sorted({geometry.name for geometry in GEOMETRY.values()}))
def test_every_type_of_device(tmp_path: Path, name: str) -> None:
    class Other(SampleDisk):
        geometry = GEOMETRY[name]
        cylinders = 1

        def read(self, cyl: int, head: int) -> bytes:
            return Track.empty(cyl, head).to_bytes()

    for path in (*write_ckd(tmp_path / "d.ckd", Other()), *write_compressed(tmp_path / "d.cckd", Other())):
        with open_image(path) as disk:
            assert (disk.device_type[:4], disk.cylinders) == (name[:4], 1)
            assert disk.read(0, GEOMETRY[name].heads - 1) == Track.empty(0, GEOMETRY[name].heads - 1).to_bytes()
            with pytest.raises(MediaError):
                disk.read(1, 0)
            with pytest.raises(MediaError, match="read-only"):
                disk.write(0, 0, b"")


def test_more_cylinders_choose_a_larger_model(tmp_path: Path) -> None:
    path = tmp_path / "d.cckd"
    header = DeviceHeader(b"CKD_C370", 19, 13312, 0x30)
    for cylinders, model in ((404, "3330"), (411, "3330"), (412, "3330-11"), (815, "3330-11")):
        tables = -(-cylinders * 19 // 256)
        compressed = CompressedHeader(False, tables, cylinders, 1, 1, file_size=1024 + 4 * tables)
        path.write_bytes(header.to_bytes() + compressed.to_bytes() + bytes(4 * tables))
        with open_image(path) as disk:
            assert disk.device_type == model
    compressed = CompressedHeader(False, 61, 816, 1, 1)
    path.write_bytes(header.to_bytes() + compressed.to_bytes() + bytes(4 * 61))
    with pytest.raises(MediaError, match="no 3330 has 816 cylinders"):
        open_image(path)


# ---- damage


def test_what_is_no_image(tmp_path: Path) -> None:
    for content in (
        b"",
        b"text\n",
        b"CKD_P370",
        b"CKD_C370" + bytes(600),
        bytes(512 * 7),
        b"CKD_P370" + b"\xff" * 9000,
    ):
        path = tmp_path / "f"
        path.write_bytes(content)
        with pytest.raises(MediaError):
            open_image(path)
    with pytest.raises(MediaError, match="No such file"):
        open_image(tmp_path / "none")
    with pytest.raises(MediaError, match="Is a directory"):
        open_image(tmp_path, overlay=tmp_path / "o")


@pytest.mark.parametrize("name", ["disk-zlib.cckd", "disk-bzip2.cckd64", "disk-zlib.cfba", "disk.ckd"])
def test_random_damage_is_an_error_and_no_more(tmp_path: Path, plain: Path, name: str) -> None:
    good = (plain if name == "disk.ckd" else VECTORS / name).read_bytes()
    path = tmp_path / f"bad-{name}"
    generator = random.Random(name)
    found = 0
    for _ in range(150):
        data = bytearray(good)
        for _ in range(generator.choice((1, 1, 4))):
            # The headers and the first table are a small part of the file, and most worth damage.
            at = generator.randrange(generator.choice((32, 600, 1100, len(data))))
            data[at] = generator.choice((0, 255, data[at] ^ 1 << generator.randrange(8)))
        if generator.random() < 0.2:
            del data[generator.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            found += bool(damage(path))
        except MediaError as error:
            assert "\n" not in str(error)
            found += 1
    assert found > 25


def test_bombs_do_not_go_off() -> None:
    bomb = zlib.compress(bytes(1 << 24))
    with pytest.raises(ValueError, match="longer than 4096 bytes"):
        decompress(1, bomb, 4096)
    with pytest.raises(ValueError, match="cut off"):
        decompress(1, zlib.compress(bytes(4000))[:-6], 4096)
    with pytest.raises(ValueError, match="unknown"):
        decompress(3, b"", 4096)


def test_what_a_check_finds(tmp_path: Path, plain: Path) -> None:
    (path,) = write_compressed(tmp_path / "d.cckd", SampleDisk(), CODECS["none"])
    good = path.read_bytes()
    entry = 1028 + 8 * 2

    def with_bytes(at: int, new: bytes) -> list[str]:
        path.write_bytes(good[:at] + new + good[at + len(new) :])
        return damage(path)

    at, length, _ = struct.unpack_from("<IHH", good, entry)
    assert with_bytes(at + 2, b"\x07") == [f"{path}: what is stored for track 0/2 belongs elsewhere"]
    assert with_bytes(at, b"\x03") == [f"{path}: track 0/2: compression 3 is unknown"]
    assert any("overlap" in line for line in with_bytes(entry, struct.pack("<I", at + 1)))
    assert any("beyond the end" in line for line in with_bytes(entry, struct.pack("<I", len(good) - 1)))
    assert any("belong to nothing" in line for line in with_bytes(entry, struct.pack("<IHH", 0, 0, 0)))
    assert any("not closed" in line for line in with_bytes(512 + 3, b"\x80"))
    assert any("free space" in line for line in with_bytes(512 + 24, struct.pack("<I", 77)))
    assert any("free spaces" in line for line in with_bytes(512 + 32, struct.pack("<i", -1)))
    assert any("cut off" in line for line in with_bytes(at + 5 + 8 + 8 + 6, b"\xff\xff"))
    data = bytearray(plain.read_bytes())
    data[512 + SIZE + 2] = 1  # a home address
    plain.write_bytes(data)
    assert damage(plain) == ["track 0/1: its home address is that of track 1/1"]
    assert length > 3600


def test_a_device_on_a_damaged_image(tmp_path: Path, plain: Path) -> None:
    """The guest sees unit checks, whatever the file holds."""
    good = plain.read_bytes()
    generator = random.Random(4)
    outcomes = set()
    for _ in range(60):
        data = bytearray(good)
        for _ in range(20):
            data[generator.randrange(512, 512 + 3 * SIZE)] = generator.randrange(256)
        plain.write_bytes(data)
        with open_image(plain) as disk:
            assert isinstance(disk, TrackImage)
            storage = Storage(65536)
            io = Channels(storage)
            io.attach(0x190, Dasd("2311", disk, CYLINDERS, read_only=True))
            program = [CCW(7, 0x1000, 0x60, 6), CCW(0x1E, 0x2000, 0x60, 4000), CCW(0x86, 0x4000, 0x60, 4000)] * 3
            for head in range(3):
                storage.write(0x1000, bytes((0, 0, 0, 0, 0, head)))
                storage.write(0x800, b"".join(ccw.to_bytes() for ccw in program) + CCW(3, 0, 0x20, 1).to_bytes())
                status = io.execute(0x190, 0x800)
                outcomes.add((status.cc, status.csw.unit & 2))
    assert (1, 2) in outcomes or (0, 2) in outcomes


def test_a_file_that_shrinks_while_it_is_open(plain: Path) -> None:
    file = HostFile(plain)
    with pytest.raises(MediaError, match="cut off"):
        file.read(file.size - 10, 11)
    plain.write_bytes(b"")
    with pytest.raises(MediaError, match="cut off"):
        file.read(0, 8)
    file.close()


def test_what_follows_the_end_of_a_track_is_not_read() -> None:
    assert trimmed(track(0, 3) + b"old contents") == track(0, 3)
    assert trimmed(track(0, 3)[:-1]) == track(0, 3)[:-1]
