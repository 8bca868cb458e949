"""The file system's macros in a program, and the return code of each mistake, on disks of both formats."""

from __future__ import annotations

import pytest
from bare_cms import BareCMS
from programs import continued
from test_disk_types import Tracks, TypedHost

from cpvm.machine.devices.dasd import Dasd

CALLS = {
    "new": ("FSOPEN 'NEW FILE B1',FSCB=FILE", 28),
    "write": ("FSWRITE FSCB=FILE,BUFFER=DATA,BSIZE=80", 0),
    "write 2 and 3": ("FSWRITE FSCB=FILE,BUFFER=DATA,BSIZE=160,NOREC=2", 0),
    "read while open for writing": ("FSREAD FSCB=FILE,BUFFER=BUF,BSIZE=80,NOREC=1", 9),
    "close": ("FSCLOSE FSCB=FILE", 0),
    "close again": ("FSCLOSE FSCB=FILE", 6),
    "state": ("FSSTATE 'NEW FILE B1'", 0),
    "state of none": ("FSSTATE 'NO FILE B1'", 28),
    "state of no disk": ("FSSTATE 'NEW FILE Q1'", 36),
    "state of a bad name": ("FSSTATE 'N(W FILE B1'", 20),
    "open": ("FSOPEN 'NEW FILE B1',FSCB=FILE", 0),
    "read": ("FSREAD FSCB=FILE,BUFFER=BUF,BSIZE=80,RECNO=2", 0),
    "short buffer": ("FSREAD FSCB=FILE,BUFFER=BUF,BSIZE=79,RECNO=1", 8),
    "write while open for reading": ("FSWRITE FSCB=FILE,BUFFER=DATA,BSIZE=80,RECNO=0", 9),
    "point": ("FSPOINT FSCB=FILE,RDPNT=3", 0),
    "read the third": ("FSREAD FSCB=FILE,BUFFER=BUF,BSIZE=80,RECNO=0", 0),
    "end of file": ("FSREAD FSCB=FILE,BUFFER=BUF,BSIZE=80", 12),
    "no buffer": ("FSREAD FSCB=FILE,BUFFER=0,BSIZE=80,RECNO=1", 2),
    "no records": ("FSREAD FSCB=FILE,BUFFER=BUF,BSIZE=80,NOREC=0", 5),
    "read and close": ("FSCLOSE FSCB=FILE", 0),
    "point of none": ("FSPOINT 'NO FILE B1',RDPNT=1", 1),
    "read of none": ("FSREAD 'NO FILE B1',BUFFER=BUF,BSIZE=80", 1),
    "read of a bad name": ("FSREAD 'N(W FILE B1',BUFFER=BUF,BSIZE=80", 14),
    "read of a bad type": ("FSREAD 'NEW F=LE B1',BUFFER=BUF,BSIZE=80", 15),
    "write to no disk": ("FSWRITE 'NEW FILE Q1',BUFFER=DATA,BSIZE=80", 4),
    "write to mode 9": ("FSWRITE 'NEW FILE B9',BUFFER=DATA,BSIZE=80", 5),
    "write to a read-only disk": ("FSWRITE 'NEW FILE S1',BUFFER=DATA,BSIZE=80", 12),
    "write nothing": ("FSWRITE 'NEW FILE B1',BUFFER=DATA,BSIZE=0", 8),
    "write from nowhere": ("FSWRITE 'NEW FILE B1',BUFFER=0,BSIZE=80", 2),
    "write another format": ("FSWRITE 'NEW FILE B1',BUFFER=DATA,BSIZE=80,RECFM=V", 16),
    "write another length": ("FSWRITE 'NEW FILE B1',BUFFER=DATA,BSIZE=81", 15),
    "write no format": ("FSWRITE 'NEW FILE B1',BUFFER=DATA,BSIZE=80,RECFM=X", 11),
    "write one and a half": ("FSWRITE 'NEW FILE B1',BUFFER=DATA,BSIZE=81,NOREC=2", 14),
    "write a bad name": ("FSWRITE 'N(W FILE B1',BUFFER=DATA,BSIZE=80", 20),
    "write a bad type": ("FSWRITE 'NEW F=LE B1',BUFFER=DATA,BSIZE=80", 21),
    "write a variable one": ("FSWRITE 'VAR FILE B1',BUFFER=DATA,BSIZE=33,RECFM=V", 0),
    "skip a variable one": ("FSWRITE 'VAR FILE B1',BUFFER=DATA,BSIZE=33,RECFM=V,RECNO=3", 7),
    "several variable ones": ("FSWRITE 'VAR FILE B1',BUFFER=DATA,BSIZE=33,RECFM=V,NOREC=3", 18),
    "a long variable one": ("FSWRITE 'VAR FILE B1',BUFFER=DATA,BSIZE=(7),RECFM=V", 17),
    "an empty variable one": ("FSWRITE 'VAR FILE B1',BUFFER=DATA,BSIZE=0,RECFM=V", 0),
    "one behind it": ("FSWRITE 'VAR FILE B1',BUFFER=DATA,BSIZE=7,RECFM=V", 0),
    "close it": ("FSCLOSE 'VAR FILE B1'", 0),
    "read the empty one": ("FSREAD 'VAR FILE B1',BUFFER=BUF,BSIZE=80,RECNO=2", 0),
    "read what is behind it": ("FSREAD 'VAR FILE B1',BUFFER=BUF,BSIZE=80", 0),
    "read no more": ("FSREAD 'VAR FILE B1',BUFFER=BUF,BSIZE=80", 12),
    "close it for more": ("FSCLOSE 'VAR FILE B1'", 0),
    "only an empty one": ("FSWRITE 'NULL FILE B1',BUFFER=DATA,BSIZE=0,RECFM=V", 0),
    "close the empty file": ("FSCLOSE 'NULL FILE B1'", 0),
    "read the empty file": ("FSREAD 'NULL FILE B1',BUFFER=BUF,BSIZE=80", 0),
    "erase the empty file": ("FSERASE 'NULL FILE B1'", 0),
    "read several": ("FSREAD 'VAR FILE B1',BUFFER=BUF,BSIZE=80,NOREC=2", 11),
    "close it again": ("FSCLOSE 'VAR FILE B1'", 0),
    "long forms": ("FSREAD 'NEW FILE B1',BUFFER=BUF,BSIZE=160,RECNO=2,NOREC=2,FORM=E", 0),
    "point there": ("FSPOINT 'NEW FILE B1',RDPNT=2,FORM=E", 0),
    "read there": ("FSREAD FSCB=LONG,BUFFER=BUF,BSIZE=80", 0),
    "point behind": ("FSPOINT 'NEW FILE B1',RDPNT=-1,FORM=E", 0),
    "end there": ("FSREAD FSCB=LONG,BUFFER=BUF,BSIZE=80", 12),
    "close that": ("FSCLOSE FSCB=LONG", 0),
    "erase": ("FSERASE 'NEW FILE B1'", 0),
    "erase again": ("FSERASE 'NEW FILE B1'", 28),
    "erase on a read-only disk": ("FSERASE 'TYPE MODULE S2'", 36),
    "erase the other": ("FSERASE 'VAR FILE B1'", 0),
}


def source() -> str:
    """A program that makes all the calls and types each return code."""
    body = "         LA    7,1\n         SLL   7,16\n"
    for call, _ in CALLS.values():
        name, operands = call.split(" ", 1)
        text = f"         {name:<8}{operands}"
        if len(text) > 71:
            cut = text.rindex(",", 0, 71) + 1
            text = continued(text[:cut], text[cut:]).rstrip("\n")
        body += text + "\n         BAL   11,TELL\n"
    return BEGIN + body + END


BEGIN = """\
PROG     CSECT
         BALR  12,0
         USING *,12,9
         LA    9,2048(,12)
         LA    9,2048(,9)
         LR    10,14
"""
END = """\
         SR    15,15
         BR    10
TELL     LR    5,15
         LINEDIT TEXT='......',SUB=(DEC,(5)),DOT=NO
         BR    11
         LTORG
DATA     DC    240C'X'
BUF      DS    CL240
FILE     FSCB  'NEW FILE B1'
LONG     FSCB  'NEW FILE B1',FORM=E
         END
"""


@pytest.mark.parametrize("size", [800, 512])
def test_return_codes(size: int) -> None:
    cms = BareCMS(programs={"CODES": source()})
    cms.host.__class__ = TypedHost
    cms.machine.attach(0x192, Dasd("3350", Tracks("3350"), cylinders=3))
    cms.ipl()
    cms.type(f"FORMAT 192 B 1 (BLKSIZE {size}", "YES")
    assert cms.type("MACROS")[-1].startswith("Ready;")
    cms.type("LOAD CODES")
    lines = cms.type("START")
    codes = [line.strip() for line in lines[1:-1]]
    assert dict(zip(CALLS, codes, strict=True)) == {name: str(code) for name, (_, code) in CALLS.items()}
    assert lines[-1].startswith("Ready;")
