"""REWIND: a tape at its load point again."""

from __future__ import annotations

import struct
from pathlib import Path

from cpvm.cp.system import System

from .calling import Guest
from .helper import DIRECTORY, Site


def test_rewind(tmp_path: Path) -> None:
    blocks, before, reel = (b"first block", b"second"), 0, b""
    for block in blocks:
        reel += struct.pack("<HHH", len(block), before, 0xA0) + block
        before = len(block)
    System.create(tmp_path, DIRECTORY)
    (tmp_path / "reel.aws").write_bytes(reel)
    (tmp_path / "devices").write_text("580 3420 reel.aws\n581 3420\n", encoding="utf-8")
    site = Site(tmp_path)
    try:
        maint = site.logon("MAINT", "CPCMS")
        guest = Guest(site, site.logon("CMSUSER"))
        for raddr, vaddr in ((580, 181), (581, 182)):
            maint.type(f"ATTACH {raddr} TO CMSUSER AS {vaddr}")
        guest.put(0x1000, bytes.fromhex("02002000 20000040"))
        seen = []
        for rewound in (False, False, True):
            if rewound:
                assert guest.terminal.type("REWIND 181") == ["REWIND COMPLETE"]
            assert guest.call(0x20, 4, 6, r4=0x181, r6=0x1000) == 0
            seen.append(guest.machine.storage.read(0x2000, 6))
        assert seen == [b"first ", b"second", b"first "]
        assert (guest.call(0x24, 4, 6, r4=0x181), guest.get(6), guest.get(7)) == (0, 0x08100000, 0x08100000)
        assert (guest.call(0x18, 4, 5, r4=0x181, r5=0x1000, r15=1), guest.get(15)) == (1, 2)
        assert guest.terminal.type("REW 182") == ["DMKCPB046E TAPE 182 NOT READY"]
        assert guest.terminal.type("REW 191") == ["DMKCPB006E INVALID DEVICE TYPE - 191"]
        assert guest.terminal.type("REW 777") == ["DMKCPB040E DEVICE 777 DOES NOT EXIST"]
    finally:
        site.system.shutdown()
