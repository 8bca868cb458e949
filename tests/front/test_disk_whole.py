"""`cpvm disk`: OS data sets, whole disks, damage."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from cpvm.front.disk import run
from cpvm.machine.media.images import TrackImage, open_image
from cpvm.s370.ckd import GEOMETRY, Record, Track, decode_track, encode_track

from .diskshell import Shell, contents, parsed
from .osdisk import MEMBERS, SPANNED, TEXT, VARIABLE

# ---- OS data sets


def test_data_sets_are_listed(disk: Shell, mvs: Path) -> None:
    lines = disk("list", mvs).lines
    assert lines[0] == "OSTEST  3350, 10 cylinders, volume label in record 3, VTOC at 0/1"
    assert [line.split() for line in lines[2:]] == [
        ["TEST.PDS", "PO", "FB", "80", "160", "5", "1", "1976.032"],
        ["TEST.SCATTERED", "PS", "F", "80", "80", "7", "4", "1976.032"],
        ["TEST.SPANNED", "PS", "VBS", "6000", "2000", "2", "1", "1976.032"],
        ["TEST.TEXT", "PS", "FB", "80", "800", "2", "1", "1976.032"],
        ["TEST.VARIABLE", "PS", "VB", "1004", "5000", "1", "1", "1976.032"],
        ["5", "data", "sets"],
    ]
    assert disk("list", mvs, "test.pds").lines[1:] == [
        "MEMBER   TTR",
        "ALPHA    000101",
        "BETA     000105",
        "OMEGA    00020E alias",
        "3 members",
    ]
    assert "is not partitioned" in disk("list", mvs, "TEST.TEXT", status=2).err
    assert "there is no data set NIX" in disk("list", mvs, "NIX", status=2).err
    assert disk("check", mvs).status == 0


def test_data_sets_are_copied_out(disk: Shell, mvs: Path) -> None:
    expected = {
        "TEST.TEXT": TEXT,
        "TEST.SCATTERED": TEXT,
        "TEST.VARIABLE": VARIABLE,
        "TEST.SPANNED": SPANNED,
        "TEST.PDS(ALPHA)": MEMBERS["ALPHA"],
        "TEST.PDS(BETA)": MEMBERS["BETA"],
        "TEST.PDS(OMEGA)": [],
    }
    for name, lines in expected.items():
        disk("cp", f"{mvs}:{name}", "out", "--force")
        assert Path("out").read_text() == "".join(f"{line.rstrip()}\n" for line in lines), name
    Path("pds").mkdir()
    disk("cp", f"{mvs}:test.pds(*)", "pds")
    assert sorted(path.name for path in Path("pds").iterdir()) == ["alpha", "beta", "omega"]
    disk("init", "cms.volume", "3350", "CMS", 2, "--cms")
    disk("cp", f"{mvs}:TEST.PDS(BETA)", "cms.volume:BETA ASSEMBLE")
    assert disk("list", "cms.volume").lines[2].startswith("BETA     ASSEMBLE A1 F         80       55")
    assert "say which member" in disk("cp", f"{mvs}:TEST.PDS", "x", status=2).err
    assert "has no member NO" in disk("cp", f"{mvs}:TEST.PDS(NO)", "x", status=2).err
    assert "is not a CMS disk" in disk("cp", "out", f"{mvs}:A B", status=2).err


def test_damaged_tables_of_contents(disk: Shell, mvs: Path) -> None:
    """Random bytes in VTOC, directory and blocks: a message, and never anything else."""
    good = mvs.read_bytes()
    chance = random.Random(3)
    size = GEOMETRY["3350"].image_size
    statuses = set()
    looks = [parsed("list", mvs), parsed("check", mvs), parsed("list", mvs, "TEST.PDS")]
    for name in ("TEST.PDS(BETA)", "TEST.SPANNED", "TEST.VARIABLE", "TEST.SCATTERED"):
        looks.append(parsed("cp", "--force", f"{mvs}:{name}", "out"))
    for _ in range(100):
        data = bytearray(good)
        start, length = chance.choice(((1, 1200), (1, 3000), (100, 320), (80, 300), (90, 8000), (0, 300)))
        for _ in range(chance.choice((1, 3, 30))):
            data[512 + start * size + chance.randrange(length)] = chance.choice((0, 1, 255, chance.randrange(256)))
        mvs.write_bytes(data)
        statuses |= {run(look) for look in looks}
    assert statuses == {0, 1, 2}


# ---- whole disks


@pytest.mark.parametrize("form", ["ckd", "cckd", "cckd64", "volume"])
def test_whole_disks_go_every_way(disk: Shell, mvs: Path, form: str) -> None:
    before = contents(mvs)
    for number, compression in enumerate(("zlib", "bzip2", "none")):
        name = f"copy{number}"
        disk("cp", mvs, name, "--format", form, "--compression", compression)
        assert contents(name) == before
        disk("export", name, f"back{number}.ckd")
        assert Path(f"back{number}.ckd").read_bytes() == mvs.read_bytes()
    disk("import", mvs, "v")
    assert contents("v") == before
    assert disk("info", "v").lines[1] == "format:     volume"
    assert "exists already" in disk("import", mvs, "v", status=2).err
    assert "to itself" in disk("cp", "--force", mvs, mvs, "--format", "ckd", status=2).err


def test_an_export_has_the_changes(disk: Shell, cms: Path) -> None:
    Path("a").write_text("A\n")
    disk("cp", "a", "cms.ckd:A A")
    disk("export", cms, "new.cckd")
    assert disk("list", "new.cckd").lines[-1].startswith("1 files;")
    assert contents("new.cckd") == contents(cms)
    Path("cms.ckd.overlay").unlink()
    assert disk("list", cms).lines[-1].startswith("0 files;")


def test_clones(disk: Shell, mvs: Path) -> None:
    disk("init", "cms.volume", "3350", "CMS", 2, "--cms")
    Path("a").write_text("A\n")
    disk("cp", "a", "cms.volume:A ONE")
    told = disk("cp", "--linked", "cms.volume", "clone.volume").lines
    assert told == ["clone.volume and cms.volume: clones of cms.volume.base1, which must stay as it is"]
    disk("cp", "a", "cms.volume:A TWO")
    disk("cp", "a", "clone.volume:A THREE")
    assert disk("list", "cms.volume").lines[-1].startswith("2 files;")
    assert [line.split()[1] for line in disk("list", "clone.volume").lines[2:-1]] == ["ONE", "THREE"]
    assert disk("cp", "--linked", mvs, "mvs.volume").lines == [
        f"mvs.volume: a clone of {mvs}, which must stay as it is"
    ]
    disk("cp", "--linked", "mvs.volume", "again.volume")
    assert not list(Path().glob("mvs.volume.base*")), "a clone without changes needs no base of its own"
    assert contents("again.volume") == contents(mvs)
    assert "exists already" in disk("cp", "--linked", mvs, "again.volume", status=2).err
    info = disk("info", "mvs.volume").out
    assert f"base:       {mvs}" in info and "0 tracks are not those of the base" in info
    frozen = disk("cp", "a", "cms.volume.base1:X Y", status=2)
    assert "not written any more" in frozen.err
    disk("export", "cms.volume", "cms.ckd")
    disk("cp", "a", "cms.ckd:A FOUR")
    assert disk("cp", "--linked", "cms.ckd", "fourth").lines[0].startswith("fourth and cms.ckd.overlay: clones of")
    disk("cp", "a", "cms.ckd:A FIVE")
    assert [disk("list", name).lines[-1][:1] for name in ("cms.ckd", "fourth")] == ["4", "3"]
    assert disk("cp", "--linked", "cms.volume.base1", "third").lines[0].startswith("third: a clone of cms.volume.base1")


def test_a_base_that_moved(disk: Shell, mvs: Path) -> None:
    disk("cp", "--linked", mvs, "v.volume")
    mvs.rename("moved.ckd")
    assert "cpvm disk check v.volume --base FILE" in disk("list", "v.volume", status=2).err
    disk("init", "other.ckd", "3350", "OTHER", 10)
    assert "is not the image that" in disk("check", "v.volume", "--base", "other.ckd", status=2).err
    assert disk("check", "v.volume", "--base", "moved.ckd").lines == ["v.volume: no errors found"]
    assert disk("list", "v.volume").lines[-1] == "5 data sets"
    disk("cp", "--linked", "v.volume", "w.volume")
    assert "has no base" in disk("check", "moved.ckd", "--base", "x", status=2).err


# ---- looking


def test_a_dump(disk: Shell, mvs: Path) -> None:
    assert disk("dump", mvs, "0/0/1").lines == [
        "track 0/0: home address 0000000000, 3 records",
        "  record 1: count 0000000001040018, key 4, data 24",
        "  K 0000  C9D7D3F1                                                                 *IPL1*",
        "    0000  00060000 0000000F 03000000 20000001 00000000 00000000                    *........................*",
    ]
    lines = disk("dump", mvs, "1/0", "3/10").lines
    assert "  record 1: count 000100000100" not in lines[1]
    assert any(line.endswith("end of file") for line in lines)
    assert disk("dump", mvs, "3/10/1").lines[1] == "  record 1: count 0003000A01080100, key 8, data 256"
    assert disk("dump", mvs, "2").lines[0].startswith("track 2/0: ")
    for wrong in ("10", "0/30", "x", "0/0/9", "-1"):
        disk("dump", mvs, wrong, status=2)


def test_a_dump_of_damage(disk: Shell, tmp_path: Path) -> None:
    disk("init", "d.volume", "3350", "BAD", 2)
    with open_image("d.volume", False) as volume:
        assert isinstance(volume, TrackImage)
        volume.write(0, 5, encode_track(0, 5, [Record(0, 5, 1, b"", b"cut off")])[:-9])
    assert disk("dump", "d.volume", "0/5").lines[0].startswith("track 0/5 is damaged: ")
    assert "1 damaged" in disk("info", "d.volume").out
    assert disk("check", "d.volume", status=1).lines[-1] == "d.volume: 1 error found"


def test_what_a_check_of_a_cms_disk_finds(disk: Shell) -> None:
    disk("init", "c.volume", "3350", "CMS", 2, "--cms")
    for name in ("one", "two"):
        Path(name).write_text("".join(f"{name} {n}\n" for n in range(700)))
        disk("cp", name, f"c.volume:{name} data")
    good = contents("c.volume")
    per_track = 19

    def damaged(block: int, at: int, new: bytes) -> list[str]:
        track, record = divmod(block - 1, per_track)
        with open_image("c.volume", False) as volume:
            assert isinstance(volume, TrackImage)
            for number, image in enumerate(good):
                volume.write(number // 30, number % 30, image)
            changed = Track.from_bytes(good[track])
            old = changed.records[record].data
            changed.records[record].data = old[:at] + new + old[at + len(new) :]
            volume.write(track // 30, track % 30, changed.to_bytes())
        return disk("check", "c.volume", status=1).lines

    mfd = decode_track(good[0])[3].data
    hyperblock = struct.unpack(">H", mfd[:2])[0]
    fst = decode_track(good[(hyperblock - 1) // per_track])[(hyperblock - 1) % per_track].data
    chains = [fst[at + 28] << 8 | fst[at + 29] for at in (0, 40)]
    assert any("marked as free" in line for line in damaged(4, 0x180, b"\0"))
    assert any("belong to nothing" in line for line in damaged(4, 0x180 + 100, b"\xff"))
    assert any("belongs to both" in line for line in damaged(hyperblock, 28, struct.pack(">H", chains[1])))
    assert any("is not on the disk" in line for line in damaged(chains[0], 80, b"\xff\xff"))
    assert any("cannot have" in line for line in damaged(hyperblock, 36, b"\xff\xff"))
    assert any("cannot be" in line for line in damaged(hyperblock, 32, b"\xff\xff"))
    assert any("blocks are in use" in line for line in damaged(4, 0x16C + 4, b"\0\0\0\1"))
    assert any("there are -1 blocks" in line for line in damaged(4, 0x16C, b"\xff\xff\xff\xff"))


def test_random_damage_to_a_cms_disk(disk: Shell) -> None:
    disk("init", "c.ckd", "3350", "CMS", 1, "--cms")
    Path("a").write_text("".join(f"LINE {n}\n" for n in range(900)))
    disk("cp", "a", "c.ckd:A ONE")
    disk("export", "c.ckd", "d.ckd")
    good = Path("d.ckd").read_bytes()
    chance = random.Random(5)
    statuses = set()
    looks = [parsed(word, "d.ckd") for word in ("list", "check", "info")]
    looks.append(parsed("cp", "--force", "d.ckd:A ONE", "out"))
    for _ in range(60):
        data = bytearray(good)
        for _ in range(chance.choice((1, 10, 100))):
            data[512 + chance.randrange(chance.choice((9 * 808, 5 * 19456)))] = chance.choice(
                (0, 255, chance.randrange(256))
            )
        Path("d.ckd").write_bytes(data)
        statuses |= {run(look) for look in looks}
    assert statuses == {0, 1, 2}
