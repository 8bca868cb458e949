"""A stand-alone monitor for tests: it is IPLed from a tape, takes commands from its console, and runs jobs.

It types READY, waits for attention and reads a command. RUN reads cards from 00C and prints them on 00E until end of
file; END is a disabled wait with code 1; other commands are WHAT?.
"""

from functools import cache

from assembler import assemble

ORIGIN = 0x1000
SOURCE = """\
MONITOR  START X'1000'
         BALR  12,0
         USING *,12
         MVC   X'78'(8),IONEW
READY    LA    1,HELLO
         BAL   10,CONSOLE
IDLE     LPSW  WAIT                 UNTIL AN INTERRUPTION
IO       TM    X'44',X'80'          ATTENTION?
         BZ    IDLE
         MVC   LINE,LINE-1
         LA    1,READ
         BAL   10,CONSOLE
         CLC   LINE(3),=C'RUN'
         BE    RUN
         CLC   LINE(3),=C'END'
         BE    END
         LA    1,WHAT
         BAL   10,CONSOLE
         B     READY
END      LPSW  STOP
RUN      LA    1,CARD
         LA    2,X'00C'
         BAL   10,DOIO
         TM    X'44',X'02'          NO CARDS?
         BO    EMPTY
         TM    X'44',X'01'          END OF FILE?
         BO    DONE
         LA    1,PRINT
         LA    2,X'00E'
         BAL   10,DOIO
         B     RUN
DONE     LA    1,ENDED
         BAL   10,CONSOLE
         B     READY
EMPTY    LA    1,NOCARDS
         BAL   10,CONSOLE
         B     READY
CONSOLE  LA    2,X'009'
DOIO     ST    1,72
         SIO   0(2)
         BC    2,DOIO
         BC    4,STORED
BUSY     TIO   0(2)
         BC    2,BUSY
         BC    8,0(10)
STORED   TM    X'44',X'06'          DEVICE END OR UNIT CHECK?
         BNZ   0(10)
         B     BUSY
HELLO    CCW   X'09',=C'READY',X'20',5
WHAT     CCW   X'09',=C'WHAT?',X'20',5
ENDED    CCW   X'09',=C'JOB ENDED',X'20',9
NOCARDS  CCW   X'09',=C'NO CARDS',X'20',8
READ     CCW   X'0A',LINE,X'20',80
CARD     CCW   X'02',BUFFER,X'20',80
PRINT    CCW   X'09',BUFFER,X'20',80
WAIT     DC    0D'0',X'FE02000000000000'
IONEW    DC    0D'0',X'00000000',A(IO)
STOP     DC    0D'0',X'0002000000000001'
         DC    C' '
LINE     DC    CL80' '
BUFFER   DC    CL80' '
         LTORG
         END   MONITOR
"""


def ipl_records(program: bytes, origin: int = ORIGIN) -> list[bytes]:
    """What an IPL reads: a record with PSW and CCWs, and the program, which begins at its origin."""
    psw = bytes(4) + origin.to_bytes(4, "big")
    ccw = b"\x02" + origin.to_bytes(3, "big") + b"\x20\0" + len(program).to_bytes(2, "big")
    return [psw + ccw + bytes(8), program]


def aws(records: list[bytes]) -> bytes:
    """A tape with these records and two tape marks in the AWSTAPE format."""
    out, before = b"", 0
    for record in [*records, b"", b""]:
        flag = b"\xa0\0" if record else b"\x40\0"
        out += len(record).to_bytes(2, "little") + before.to_bytes(2, "little") + flag + record
        before = len(record)
    return out


@cache
def program(console: int = 0x009) -> bytes:
    """The monitor, with its console at this address."""
    source = SOURCE.replace("X'009'", f"X'{console:03X}'")
    return bytes(assemble(source).image(ORIGIN).data)


def tape(console: int = 0x009) -> bytes:
    """A tape to IPL the monitor from."""
    return aws(ipl_records(program(console)))
