"""The CMS segment: shared where the control program has it, else read from the system disk and moved."""

from __future__ import annotations

import struct

import pytest
from bare_cms import BareCMS, system_disk

from assembler import linkage
from assembler.assembly import assemble
from cms import segment_image

ASEGMENT = 0x5F0


@pytest.mark.parametrize("storage", [320 << 10, 1 << 20, 16 << 20])
def test_without_a_segment_of_cp_it_is_moved(storage: int) -> None:
    """EXEC runs, and every address in the segment has moved as far as the segment has."""
    cms = BareCMS({("HELLO", "EXEC"): "&TYPE HELLO &1\n&EXIT 7\n"}, storage=storage)
    cms.ipl()
    place = int.from_bytes(cms.machine.storage.read(ASEGMENT, 4), "big")
    image = system_disk().nucleus.segment.image
    assert 0x20000 < place < storage
    moved = bytearray(cms.machine.storage.read(place, len(image.data)))
    for at in image.relocations:
        address = int.from_bytes(moved[at : at + 3], "big") - place + segment_image.ORIGIN
        moved[at : at + 3] = address.to_bytes(3, "big")
    assert bytes(moved) == image.data
    lines = cms.type("EXEC HELLO WORLD")
    assert lines[0] == "HELLO WORLD"
    assert lines[1].startswith("Ready(00007);")


def test_a_segment_of_another_level_is_not_used() -> None:
    """The level at X'F00008' tells; here it is the file's."""
    cms = BareCMS({("HELLO", "EXEC"): "&TYPE HELLO\n"}, {"OS": "OS       CSECT\n         SVC   11\n         END\n"})
    image = system_disk().nucleus.image
    level = image.address("NUCLEVEL")
    cms.machine.ipl(0x190)
    cms.machine.address_stop = 0x10000
    cms.machine.run(1_000_000)
    cms.machine.storage.write(level, b"\1" * 8)
    cms.machine.address_stop = None
    cms.run()
    assert "DMSINS100W CMSSEG system name 'CMSSEG' not available." in cms.type("")
    assert "Unknown CP/CMS command" in cms.type("EXEC HELLO")
    cms.type("LOAD OS")
    assert cms.type("START")[1:] == ["DMSITS098S CMS OS SIMULATION NOT AVAILABLE.", "CMS"]
    assert cms.type("STATE HELLO EXEC")[-1].startswith("Ready;")


def test_relocations_of_an_image() -> None:
    """Addresses within the image move, those of given symbols and differences do not; of a fullword its last three
    bytes."""
    source = [
        "A        CSECT",
        "         DC    A(B),V(OUTSIDE),A(B-A),AL3(A+1)",
        "         DC    V(C)",
        "B        DC    A(OUTSIDE)",
        "         EXTRN OUTSIDE",
        "         END",
    ]
    decks = [assemble("\n".join(source)).deck, assemble("C        CSECT\n         DC    A(C)\n         END").deck]
    image = linkage.link(decks, 0x1000, symbols={"OUTSIDE": 0xABCDE, "C": 0x77777})
    assert image.undefined == []
    assert struct.unpack(">III", image.data[:12]) == (image.address("A") + 20, 0xABCDE, 20)
    section = image.address("C") - 0x1000
    assert image.relocations == [1, 12, 17, section + 1]


def test_records_and_text() -> None:
    segment = system_disk().nucleus.segment
    records = segment.records()
    assert segment_image.text_of(records) == segment.image.data
    with pytest.raises(segment_image.SegmentError):
        segment_image.text_of([])
    with pytest.raises(segment_image.SegmentError):
        segment_image.text_of([records[0], records[1][:-1]])
