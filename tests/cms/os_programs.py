"""Programs that use the services of OS simulation, one idea each; their output is in `test_os_services`."""

from __future__ import annotations

from programs import continued


def program(name: str, body: str, data: str = "") -> str:
    """A program with a save area, base register 12 and return code 0, or that in register 15 from label EXIT on."""
    return (
        f"{name:<9}CSECT\n         SAVE  (14,12)\n         BALR  12,0\n         USING *,12\n"
        "         ST    13,SAVEAREA+4\n         LA    13,SAVEAREA\n"
        f"{body}         SR    15,15\n"
        "EXIT     L     13,SAVEAREA+4\n         RETURN (14,12),RC=(15)\nSAVEAREA DS    18F\n"
        f"{data}         LTORG\n         END\n"
    )


def number(name: str, register: int | str) -> str:
    """Type a word and the number in a register."""
    return f"         LINEDIT TEXT='{name} ........',SUB=(DEC,({register})),DOT=NO\n"


def rc(name: str) -> str:
    """Type register 15."""
    return f"         LR    5,15\n{number(name, 5)}"


COPY = """         OPEN  (IN,(INPUT),OUT,(OUTPUT))
         TM    IN+48,X'10'
         BZ    BAD
LOOP     GET   IN,REC
         PUT   OUT,REC
         B     LOOP
DONE     CLOSE (IN,,OUT)
         B     OK
BAD      LA    15,99
         B     EXIT
OK       DS    0H
"""

PROGRAMS = {
    "COPY": program(
        "COPY",
        COPY,
        "REC      DS    CL80\nIN       DCB   DDNAME=IN,MACRF=GM,EODAD=DONE\n"
        "OUT      DCB   DDNAME=OUT,MACRF=PM,RECFM=F,LRECL=80\n",
    ),
    "COPYV": program(
        "COPYV",
        "         OPEN  (IN,,OUT,OUTPUT)\nLOOP     GET   IN\n         LR    5,1\n         LH    6,0(,5)\n"
        "         BCTR  6,0\n         PUT   OUT\n         EX    6,MOVE\n         B     LOOP\n"
        "MOVE     MVC   0(0,1),0(5)\nDONE     CLOSE (IN,,OUT)\n",
        "IN       DCB   DDNAME=IN,MACRF=GL,EODAD=DONE,RECFM=VB\nOUT      DCB   DDNAME=OUT,MACRF=PL,RECFM=VB\n",
    ),
    "UPDATE": program(
        "UPDATE",
        "         OPEN  (FILE,(UPDAT))\nLOOP     GET   FILE\n         CLC   0(3,1),=C'two'\n         BNE   LOOP\n"
        "         MVC   0(3,1),=C'TWO'\n         PUTX  FILE\n         B     LOOP\nDONE     CLOSE (FILE)\n",
        "FILE     DCB   DDNAME=IN,MACRF=(GL,PL),EODAD=DONE\n",
    ),
    "BLOCKS": program(
        "BLOCKS",
        "         OPEN  (IN,(INPUT))\nLOOP     READ  D1,SF,IN,AREA,'S'\n         CHECK D1\n         NOTE  IN\n"
        "         ST    1,PLACE\n         LH    5,IN+62\n         L     6,D1+16\n         SH    5,14(,6)\n"
        + number("BYTES", 5)
        + "         B     LOOP\nDONE     POINT IN,PLACE\n         READ  D1,SF,MF=E\n         CHECK D1\n"
        "         WRTERM AREA,20\n         POINT IN,=X'00000100'\n         READ  D1,SF,MF=E\n         CHECK D1\n"
        "         WRTERM AREA,20\n         BSP   IN\n         READ  D1,SF,MF=E\n         CHECK D1\n"
        "         WRTERM AREA,20\n         CLOSE (IN)\n",
        "PLACE    DS    F\nAREA     DS    CL800\n"
        + continued("IN       DCB   DDNAME=IN,MACRF=RP,EODAD=DONE,RECFM=FB,LRECL=80,", "BLKSIZE=240"),
    ),
    "MEMBERS": program(
        "MEMBERS",
        "         OPEN  (LIB,(INPUT))\n         BLDL  LIB,LIST\n"
        + rc("BLDL")
        + "         FIND  LIB,=CL8'SECOND',D\n"
        + rc("FIND")
        + "LOOP     READ  D1,SF,LIB,AREA,'S'\n         CHECK D1\n         WRTERM AREA,20\n         B     LOOP\n"
        "DONE     FIND  LIB,LIST+12,C\n         READ  D1,SF,MF=E\n         CHECK D1\n         READ  D1,SF,MF=E\n"
        "         CHECK D1\n         WRTERM AREA,20\n         FIND  LIB,=CL8'NOSUCH',D\n"
        + rc("FIND")
        + "         CLOSE LIB\n",
        "LIST     DC    H'2,14',CL8'FIRST',XL6'00',CL8'THIRD',XL6'00'\nAREA     DS    CL80\n"
        "LIB      DCB   DDNAME=LIB,DSORG=PO,MACRF=R,EODAD=DONE\n",
    ),
    "STOWS": program(
        "STOWS",
        "         OPEN  (LIB,(OUTPUT))\n         WRITE D1,SF,LIB,AREA,'S'\n         CHECK D1\n"
        "         STOW  LIB,ONE,A\n"
        + rc("ADD")
        + "         WRITE D1,SF,MF=E\n         CHECK D1\n         STOW  LIB,ONE,A\n"
        + rc("AGAIN")
        + "         STOW  LIB,TWO,R\n"
        + rc("REPLACE")
        + "         STOW  LIB,NAMES,C\n"
        + rc("CHANGE")
        + "         STOW  LIB,TWO,D\n"
        + rc("DELETE")
        + "         STOW  LIB,TWO,D\n"
        + rc("DELETE")
        + "         CLOSE LIB\n",
        "ONE      DC    CL8'ONE',XL4'00'\nTWO      DC    CL8'TWO',XL4'00'\nNAMES    DC    CL8'ONE',CL8'UNO'\n"
        "AREA     DC    CL80' A MEMBER'\nLIB      DCB   DDNAME=LIB,DSORG=PO,MACRF=W\n",
    ),
    "DIRECT": program(
        "DIRECT",
        "         OPEN  (FILE,(UPDAT))\n         READ  D1,DI,FILE,AREA,'S',0,TWO\n         CHECK D1\n"
        "         WRTERM AREA,20\n         MVC   AREA(8),=C'CHANGED '\n         WRITE D2,DI,FILE,AREA,'S',0,ONE\n"
        "         CHECK D2\n         READ  D1,DI,MF=E\n         CHECK D1\n         WRTERM AREA,20\n"
        "         MVC   TWO,=AL3(99)\n         READ  D1,DI,MF=E\n         CHECK D1\n         B     EXIT\n"
        "ERROR    WRTERM 'SYNAD'\n         CLOSE FILE\n",
        "ONE      DC    AL3(0)\nTWO      DC    AL3(2)\nAREA     DS    CL80\n"
        + continued("FILE     DCB   DDNAME=IN,DSORG=DA,MACRF=(RIC,WIC),OPTCD=R,RECFM=F,", "BLKSIZE=80,SYNAD=ERROR"),
    ),
    "EXITED": program(
        "EXITED",
        "         OPEN  (IN,(INPUT))\n         GET   IN\n         WRTERM (1),10\n         CLOSE IN\n         B     OK\n"
        "         USING XIT,15\nXIT      MVC   62(2,1),=H'80'\n         MVC   82(2,1),=H'80'\n"
        "         OI    36(1),X'80'\n         BR    14\n         DROP  15\nOK       DS    0H\n",
        "IN       DCB   DDNAME=IN,MACRF=GL,EXLST=LIST\nLIST     DC    X'85',AL3(XIT)\n",
    ),
    "NOEODAD": program(
        "NOEODAD",
        "         OPEN  (IN)\nLOOP     GET   IN\n         B     LOOP\n",
        "IN       DCB   DDNAME=IN,MACRF=GL\n",
    ),
    "ISAM": program("ISAM", "         OPEN  (IN)\n", "IN       DCB   DDNAME=IN,DSORG=IS,MACRF=GL\n"),
    "ODDBLOCK": program(
        "ODDBLOCK", "         OPEN  (IN)\n", "IN       DCB   DDNAME=IN,MACRF=GL,RECFM=VB,LRECL=84,BLKSIZE=80\n"
    ),
    "LINKS": program(
        "LINKS",
        "         LINK  EP=CALLEE,PARAM=(W)\n"
        + rc("LINK")
        + "         L     5,W\n"
        + number("W", 5)
        + "         LOAD  EP=CALLEE\n         LR    15,0\n         LA    1,=A(W)\n         BALR  14,15\n"
        "         L     5,W\n"
        + number("W", 5)
        + "         DELETE EP=CALLEE\n"
        + rc("DELETE")
        + "         DELETE EP=NOTHERE\n"
        + rc("DELETE")
        + "         IDENTIFY EP=MYNAME,ENTRY=LOCAL\n"
        + rc("IDENTIFY")
        + "         IDENTIFY EP=MYNAME,ENTRY=LOCAL\n"
        + rc("IDENTIFY")
        + "         LINK  EP=MYNAME\n"
        + rc("LINK")
        + "         ATTACH EP=CALLEE,ECB=ECB,PARAM=(W)\n         WAIT  ECB=ECB\n         L     5,ECB\n"
        "         N     5,=X'00FFFFFF'\n"
        + number("ECB", 5)
        + "         BLDL  0,LIST\n"
        + rc("BLDL")
        + "         XCTL  EP=LAST\nLOCAL    LA    15,77\n         BR    14\n",
        "W        DC    F'1'\nECB      DC    F'0'\nLIST     DC    H'1,14',CL8'LAST',XL6'00'\n",
    ),
    "CALLEE": "CALLEE   CSECT\n         SAVE  (14,12)\n         L     2,0(,1)\n         LA    2,0(,2)\n"
    "         L     3,0(,2)\n         LA    3,10(,3)\n         ST    3,0(,2)\n         RETURN (14,12),RC=4\n"
    "         END\n",
    "LAST": "LAST     CSECT\n         BALR  11,0\n         USING *,11\n         WRTERM 'LAST'\n"
    "         L     13,4(,13)\n"
    "         RETURN (14,12),RC=12\n         END\n",
    "NOWHERE": program("NOWHERE", "         LOAD  EP=SUCHMDSU\n"),
    "SPIED": program(
        "SPIED",
        "         SPIE  XIT,((1,15))\n         LR    5,1\n"
        + number("OLD", 5)
        + "         SR    3,3\n         DR    2,3\n         WRTERM 'BEHIND'\n         B     OUT\n"
        "         USING XIT,15\n"
        "XIT      MVC   9(3,1),=AL3(FIXED)\n         BR    14\n         DROP  15\n"
        "FIXED    WRTERM 'FIXED'\n         SPIE\nOUT      DR    2,3\n",
    ),
    "STAED": program(
        "STAED",
        "         STAE  XIT,PARAM=W\n"
        + rc("STAE")
        + "         ABEND 100\nRETRY    L     6,4(,1)\n         N     6,=X'00FFFFFF'\n"
        + number("CODE", 6)
        + "         STAE  XIT2\n         STAE  0\n"
        + rc("CANCEL")
        + "         STAE  0\n"
        + rc("CANCEL")
        + "         STAE  XIT2\n         SR    3,3\n         DR    2,3\n         USING XIT,15\n"
        "XIT      L     0,=A(RETRY)\n         LA    15,4\n         BR    14\n         DROP  15\n"
        "XIT2     LR    10,14\n         BALR  11,0\n         USING *,11\n         WTO   'IN THE EXIT'\n"
        "         SR    15,15\n         BR    10\n         DROP  11\n",
        "W        DC    F'5'\n",
    ),
    "TIMES": program(
        "TIMES",
        "         TIME  DEC\n         LR    5,0\n         LR    6,1\n"
        "         LINEDIT TEXT='........ ........',SUB=(HEX,(5),HEX,(6)),DOT=NO\n         TIME  BIN\n"
        "         LR    5,0\n"
        + number("BIN", 5)
        + "         TIME  TU\n         LR    5,0\n"
        + number("TU", 5)
        + "         TIME  MIC,D\n         LM    4,5,D\n         SRDL  4,12\n         D     4,=F'1000000'\n"
        + number("SECONDS", 5),
        "D        DS    D\n",
    ),
    "TIMER": program(
        "TIMER",
        "         STIMER WAIT,BINTVL=TWO\n         WRTERM 'WAITED'\n         STIMER REAL,XIT,DINTVL=DEC\n"
        "         TTIMER\n         LTR   0,0\n         BNP   EXIT\n         WAIT  ECB=ECB\n         WRTERM 'POSTED'\n"
        "         TTIMER CANCEL\n         LR    5,0\n"
        + number("LEFT", 5)
        + "         B     OUT\nXIT      SAVE  (14,12)\n         LR    11,15\n         USING XIT,11\n"
        "         WTO   'TIMER EXIT'\n         L     1,=A(ECB)\n         POST  (1),3\n         RETURN (14,12)\n"
        "         DROP  11\nOUT      DS    0H\n",
        "TWO      DC    F'2'\nDEC      DC    CL8'00000002'\nECB      DC    F'0'\n",
    ),
    "STORAGE": program(
        "STORAGE",
        "         STRINIT\n         GETMAIN EC,LV=100,A=A1\n"
        + rc("EC")
        + "         GETMAIN VC,LA=LA,A=A2\n"
        + rc("VC")
        + "         L     5,A2+4\n"
        + number("LENGTH", 5)
        + "         FREEMAIN V,A=A2\n         GETMAIN VC,LA=LB,A=A2\n"
        + rc("VC")
        + "         GETMAIN LC,LA=LL,A=A3\n"
        + rc("LC")
        + "         FREEMAIN L,LA=LL,A=A3\n         GETMAIN LC,LA=LM,A=A3\n"
        + rc("LC")
        + "         FREEMAIN E,LV=100,A=A1\n         GETMAIN RC,LV=100\n"
        + rc("RC")
        + "         FREEMAIN R,LV=100,A=(1)\n         L     5,X'510'\n         S     5,X'504'\n"
        + number("USED", 5)
        + "         GETMAIN EU,LV=16000000,A=A1\n",
        "A1       DS    A\nA2       DS    2A\nA3       DS    2A\nLA       DC    F'1000',F'2000'\n"
        "LB       DC    F'9000000',F'9000001'\nLL       DC    F'80',X'80',AL3(160)\n"
        "LM       DC    F'80',X'80',AL3(9000000)\n",
    ),
    "UNALIGN": program("UNALIGN", "         GETMAIN R,LV=80\n         LA    1,4(,1)\n         FREEMAIN R,LV=8,A=(1)\n"),
    "TWICE": program(
        "TWICE",
        "         GETMAIN EU,LV=80,A=A\n         GETMAIN R,LV=80\n         FREEMAIN E,LV=80,A=A\n"
        "         FREEMAIN E,LV=80,A=A\n",
        "A        DS    A\n",
    ),
    "QUESTION": program(
        "QUESTION",
        "         DEVTYPE =CL8'OUT',AREA\n"
        + rc("DEVTYPE")
        + "         L     5,AREA+4\n"
        + number("MOST", 5)
        + "         DEVTYPE =CL8'NONE',AREA\n"
        + rc("DEVTYPE")
        + "         RDJFCB (OUT)\n         WRTERM JFCB,18\n         L     1,16\n         L     1,0(,1)\n"
        "         L     1,4(,1)\n         L     1,12(,1)\n         LA    6,28(,1)\n         LA    7,8\n"
        "         WRTERM (6),(7)\n"
        "         TPUT  =C'HELLO',5\n         SVC   100\n"
        + rc("SVC")
        + "         WTOR  'REPLY',REPLY,8,ECB\n         WAIT  ECB=ECB\n         WRTERM REPLY,8\n"
        "         TGET  REPLY,8\n"
        "         LR    5,1\n" + number("TGET", 5),
        "AREA     DS    5F\nECB      DC    F'0'\nREPLY    DC    CL8' '\nOUT      DCB   DDNAME=OUT,MACRF=PM,EXLST=LIST\n"
        "LIST     DC    X'87',AL3(JFCB)\nJFCB     DS    CL176\n",
    ),
    "NOJFCB": program("NOJFCB", "         RDJFCB (OUT)\n", "OUT      DCB   DDNAME=OUT,MACRF=PM\n"),
    "EVENTS": program("EVENTS", "         WAIT  3,ECBLIST=LIST\n", "LIST     DC    X'80',AL3(SAVEAREA)\n"),
    "SYNADS": program(
        "SYNADS",
        "         OPEN  (IN)\n         GET   IN\n         WRTERM 'ON'\n         B     OUT\n"
        "ERROR    SYNADAF ACSMETH=QSAM\n"
        "         LA    6,117(,1)\n         LA    7,26\n         SYNADRLS\n         WRTERM 'SYNAD'\n         BR    14\n"
        "OUT      CLOSE IN\n",
        "IN       DCB   DDNAME=IN,MACRF=GL,RECFM=F,LRECL=80,SYNAD=ERROR\n",
    ),
}
