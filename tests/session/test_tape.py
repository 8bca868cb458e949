"""TAPE and VMFPLC2 with a tape: what they write, read by another reader; what VM/370 writes, made here by hand."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm import api

from .awstape import aws, blocks

TEXT = ["FIRST LINE", "X" * 79, "", "LAST"]
"""Records of the file of the tests; an empty one is a blank in a CMS file."""


def e(text: str) -> bytes:
    return text.encode("cp037")


@pytest.fixture
def tape_system(system_directory: Path, media: Path) -> Iterator[api.SystemHandle]:
    with api.start(system_directory) as running:
        yield running


def cms(system: api.SystemHandle, userid: str) -> api.User:
    user = system.logon(userid)
    user.type("IPL CMS")
    user.type("")
    return user


def mounted(system: api.SystemHandle, reel: str) -> api.User:
    """CMSUSER, with this reel on his 181."""
    user = cms(system, "CMSUSER")
    operator = cms(system, "OPERATOR")
    assert operator.type(f"MOUNT 180 {reel}").return_code == 0
    assert operator.type("ATTACH 180 TO CMSUSER AS 181").return_code == 0
    user.expect("TAPE 181 ATTACHED")
    return user


def make_file(user: api.User, fn: str = "SAMPLE", options: str = "") -> None:
    for line in TEXT:
        assert user.type(f"EXECIO 1 DISKW {fn} DATA A 0 {options} (STRING {line}").return_code == 0
    user.type(f"FINIS {fn} DATA A")


def test_dumped_files_have_vm370s_format(tape_system: api.SystemHandle, media: Path) -> None:
    (media / "new.aws").write_bytes(b"")
    user = mounted(tape_system, "new.aws")
    make_file(user)
    make_file(user, "FIXED", "F 250")
    response = user.type("TAPE DUMP * DATA A")
    assert response.lines[:3] == (" DUMPING.....", " SAMPLE   DATA     A1", " FIXED    DATA     A1")
    assert user.type("TAPE RUN").return_code == 0
    found = list(blocks(media / "new.aws"))
    assert [None if block is None else len(block) for block in found] == [805, 805, 805, 805, 805, None, None]
    data, name, *fixed, fixed_name, _mark, _end = found
    assert data is not None and name is not None and fixed_name is not None
    records = b"".join(struct.pack(">H", len(line or " ")) + e(line or " ") for line in TEXT)
    assert data == b"\x02" + e("CMS ") + records.ljust(800, b"\0")
    assert name[:5] == b"\x02" + e("CMSN")
    write_pointer, read_pointer, mode, count = struct.unpack_from(">HH2sH", name, 5)
    assert (write_pointer, mode, count) == (5, e("A1"), 4) and read_pointer in (0, 1)
    assert name[5 + 0x0A : 5 + 0x0B] == e("V") and struct.unpack_from(">I", name, 5 + 0x0C)[0] == 79
    assert name[5 + 0x40 : 5 + 0x52] == e("SAMPLE  DATA    A1")
    stream = b"".join(block[5:] for block in fixed if block)
    assert stream == b"".join(e(line.ljust(250)) for line in TEXT).ljust(1600, b"\0")
    assert fixed_name[5 + 0x0A : 5 + 0x0B] == e("F") and struct.unpack_from(">I", fixed_name, 5 + 0x0C)[0] == 250


def name_record(fn: str, ft: str, recfm: str, lrecl: int, count: int) -> bytes:
    fst = struct.pack(">HH2sHH", count + 1, 1, e("B5"), count, 0) + e(recfm) + b"\0" + struct.pack(">IH", lrecl, 1)
    fst += e("81") + bytes.fromhex("03301415")
    names = e(fn.ljust(8) + ft.ljust(8) + "B5")
    return (b"\x02" + e("CMSN") + fst.ljust(0x40, b"\0") + names).ljust(805, b"\0")


def test_tapes_of_vm370_and_of_later_systems_are_read(tape_system: api.SystemHandle, media: Path) -> None:
    old = b"\x02" + e("CMS ") + e("A RECORD OF 40".ljust(40) + "ANOTHER".ljust(40)).ljust(800, b"\0")
    late = (
        b"\x02" + e("CMSV") + (struct.pack(">H", 5) + e("THREE") + struct.pack(">H", 4) + e("FOUR")).ljust(4096, b"\0")
    )
    sparse = b"\x02" + e("CMS0") + b"\xff" * 800
    reel = aws(
        old, name_record("OLD", "DATA", "F", 40, 2), None,
        late, name_record("LATE", "DATA", "V", 5, 2),
        sparse, old, name_record("HOLES", "DATA", "F", 80, 11), None, None,
    )  # fmt: skip
    (media / "vm370.aws").write_bytes(reel)
    user = mounted(tape_system, "vm370.aws")
    response = user.type("TAPE SCAN (EOT")
    assert [line.strip() for line in response.lines if line.startswith(" ")] == [
        "SCANNING....", "OLD      DATA     B5", "END-OF-FILE OR END-OF-TAPE", "LATE     DATA     B5",
        "HOLES    DATA     B5", "END-OF-FILE OR END-OF-TAPE", "END-OF-FILE OR END-OF-TAPE",
    ]  # fmt: skip
    user.type("TAPE REW")
    response = user.type("TAPE LOAD * * A (EOF 2")
    assert response.return_code == 0, response.text
    assert "A RECORD OF 40" in user.type("TYPE OLD DATA").text
    assert [line for line in user.type("TYPE LATE DATA").lines if line in ("THREE", "FOUR")] == ["THREE", "FOUR"]
    listed = user.type("LISTFILE * DATA A (LABEL").text
    assert "OLD      DATA     A5  F    40      2      1   3/30/81 14:15" in listed.replace(" 03/30", "  3/30")
    assert "HOLES    DATA     A5  F    80     11" in listed
    user.type("TAPE REW")
    user.type("ERASE * DATA A")
    assert user.type("TAPE LOAD HOLES DATA A (EOF 2").return_code == 0
    assert user.type("TAPE LOAD OLD DATA").return_code == 28


def test_vmfplc2_writes_and_reads_its_own_format(tape_system: api.SystemHandle, media: Path) -> None:
    (media / "plc.aws").write_bytes(b"")
    user = mounted(tape_system, "plc.aws")
    make_file(user)
    make_file(user, "WIDE", "F 2000")
    assert user.type("VMFPLC2 DUMP * DATA A").return_code == 0
    user.type("TAPE RUN")
    found = [block for block in blocks(media / "plc.aws") if block is not None]
    assert [(len(block), block[1:5].decode("cp037")) for block in found] == [
        (77, "PLCH"), (805, "PLCD"), (77, "PLCH"), (4005, "PLCD"), (4005, "PLCD"),
    ]  # fmt: skip
    assert struct.unpack_from(">II", found[0], 5 + 40) == (1, 0)
    assert struct.unpack_from(">II", found[2], 5 + 40) == (0, 2)
    assert found[2][5:21] == e("WIDE    DATA    ")


def test_what_was_dumped_comes_back(tape_system: api.SystemHandle, media: Path) -> None:
    (media / "both.aws").write_bytes(b"")
    user = mounted(tape_system, "both.aws")
    make_file(user)
    make_file(user, "FIXED", "F 250")
    for command in ("TAPE", "VMFPLC2"):
        user.type("TAPE REW")
        for fn in ("SAMPLE", "FIXED"):  # without WTM the second follows the first at once
            assert user.type(f"{command} DUMP {fn} DATA A (NOPRINT").return_code == 0
        user.type("RENAME * DATA A = KEPT =")
        user.type("TAPE REW")
        assert user.type(f"{command} SCAN FIXED DATA").return_code == 0
        assert user.type(f"{command} LOAD FIXED DATA").return_code == 0
        assert user.type("COMPARE FIXED DATA A FIXED KEPT A").return_code == 0
        user.type("TAPE REW")
        assert user.type(f"{command} LOAD SAMPLE DATA").return_code == 0
        assert user.type("COMPARE SAMPLE DATA A SAMPLE KEPT A").return_code == 0
        user.type("TAPE REW")
        assert user.type(f"{command} SKIP SAMPLE DATA").return_code == 0
        assert " FIXED    DATA     A1" in user.type(f"{command} SCAN").lines
        user.type("ERASE * KEPT A")
    assert user.type("TAPE BSF 9").return_code == 40


def test_a_tape_without_ring_is_not_written_on(tape_system: api.SystemHandle, media: Path) -> None:
    (media / "safe.aws").write_bytes(aws(None, None))
    user = cms(tape_system, "CMSUSER")
    operator = cms(tape_system, "OPERATOR")
    operator.type("MOUNT 180 safe.aws ro")
    operator.type("ATTACH 180 TO CMSUSER AS 181")
    user.expect("TAPE 181 ATTACHED")
    response = user.type("TAPE WTM")
    assert response.return_code == 36 and "DMSTPE043E 'TAP1' IS FILE PROTECTED." in response.lines


def test_tappds_makes_files_of_members(tape_system: api.SystemHandle, media: Path) -> None:
    def punched(line: str) -> bytes:
        return e(" " + line.ljust(80))

    (media / "os.aws").write_bytes(
        aws(
            e("VOL1OSTAPE".ljust(80)),
            e("HDR1A.PDS".ljust(80)),
            None,
            punched("MEMBER NAME  ALPHA") + punched("ALPHA    CSECT") + punched("         END"),
            punched("MEMBER NAME  BETA") + punched("SECOND MEMBER"),
            None,
            e("./ ADD NAME=GAMMA,LIST=ALL".ljust(80)) + e("THIRD".ljust(80)) + e("./ ENDUP".ljust(80)),
            None,
            None,
        )
    )
    user = mounted(tape_system, "os.aws")
    response = user.type("TAPPDS * ASSEMBLE A")
    assert response.return_code == 0, response.text
    assert any(line.startswith("VOL1OSTAPE") for line in response.lines)
    assert "DMSTPP703I FILE 'ALPHA ASSEMBLE A1' COPIED." in response.lines
    assert "ALPHA    CSECT" in user.type("TYPE ALPHA ASSEMBLE").lines
    assert "SECOND MEMBER" in user.type("TYPE BETA ASSEMBLE").lines
    assert user.type("TAPPDS * COPY A (UPDATE COL1").return_code == 0
    assert "THIRD" in user.type("TYPE GAMMA COPY").lines
    assert user.type("TAPPDS ALL DATA A (NOPDS").return_code == 40
