"""Small assembler programs that tests load into a user's machine."""

START = "         BALR  12,0\n         USING *,12\n         LR    10,14\n"


def program(body: str, name: str = "PROG") -> str:
    """A program with base register 12 and its return address in register 10."""
    return f"{name:<9}CSECT\n{START}{body}         LTORG\n         END\n"


def continued(first: str, second: str) -> str:
    """A statement on two records."""
    return f"{first:<71}X\n               {second}\n"


RETURN_0 = "         SR    15,15\n         BR    10\n"

PROGRAMS = {
    "RC0": "RC0      CSECT\n         SR    15,15\n         BR    14\n         END\n",
    "RC5": "RC5      CSECT\n         LA    15,5\n         BR    14\n         END\n",
    "BADOP": "BADOP    CSECT\n         BALR  12,0\n         DC    X'B2E1C3C4'\n         END\n",
    "SPECEX": "SPECEX   CSECT\n         MR    3,5\n         END\n",
    "DATAEX": program("         AP    X,X\nX        DC    X'FFFF'\n"),
    "DIVEX": "DIVEX    CSECT\n         SR    2,2\n         LA    3,1\n         DR    2,2\n         END\n",
    "PROTEX": "PROTEX   CSECT\n         ST    0,0\n         END\n",
    "NOWHERE": "NOWHERE  CSECT\n         SR    15,15\n         BCTR  15,0\n"
    "         SLL   15,12\n         BR    15\n         END\n",
    "BADSVC": "BADSVC   CSECT\n         SVC   200\n         BR    14\n         END\n",
    "ABEND1": program("         L     1,=X'80000123'\n         SVC   13\n"),
    "ABEND2": program("         ABEND 15,,,SYSTEM\n"),
    "LOOPER": "LOOPER   CSECT\n         USING *,15\n         B     LOOPER\n         END\n",
    "LOOPTYPE": program("LOOP     WRTERM 'TYPING LINE'\n         B     LOOP\n"),
    "TYPER": program(
        "         WRTERM 'LITERAL TEXT'\n"
        "         LA    5,BUFFER\n"
        "         LA    6,8\n"
        "         WRTERM (5),(6)\n"
        "         WRTERM BUFFER,10\n"
        "         WRTERM 'NO ',EDIT=NO\n".replace("'NO ',EDIT=NO", "BUFFER,4,EDIT=NO")
        + "         WRTERM ' LINE END'\n"
        + RETURN_0
        + "BUFFER   DC    C'FROM A BUFFER'\n"
    ),
    "READER": program(
        "         RDTERM BUFFER\n"
        + "         LR    5,0\n"
        + continued("         LINEDIT TEXT='.... <..........>',DOT=NO,", "SUB=(DEC,(5),CHARA,(BUFFER,10))")
        + "         RDTERM BUFFER,EDIT=NO\n"
        + "         LR    5,0\n"
        + "         WRTERM BUFFER,(5)\n"
        + RETURN_0
        + "BUFFER   DS    CL130\n"
    ),
    "EDITED": program(
        "         LA    5,255\n"
        + continued("         LINEDIT TEXT='........ ...... [........] ..',COMP=NO,", "SUB=(DEC,-5,HEX,(5),CHARA,NAME)")
        + continued(
            "         LINEDIT TEXT='..... ...... [........] ......',DOT=NO,",
            "SUB=(DECA,WORD,HEXA,WORD,CHARA,NAME,HEX4A,(NAME,6))",
        )
        + continued("         DMSERR NUM=7,LET=W,CODE=XYZ,TEXT='FILE ''....''',", "SUB=(CHAR8A,(FILEID,18))")
        + RETURN_0
        + "WORD     DC    F'1234'\n"
        + "NAME     DC    CL8'ABC'\n"
        + "FILEID   DC    CL8'MY',CL8'FILE',CL2'A1'\n"
    ),
    "STORAGE": program(
        "         STRINIT\n"
        "         GETMAIN R,LV=1000\n"
        "         LR    5,1\n"
        "         GETMAIN R,LV=80\n"
        "         SR    1,5\n"
        "         LR    6,1\n"
        "         LINEDIT TEXT='APART ....',SUB=(DEC,(6))\n"
        "         FREEMAIN R,LV=1000,A=(5)\n"
        "         GETMAIN R,LV=1000\n"
        "         SR    1,5\n"
        "         LR    6,1\n"
        "         LINEDIT TEXT='REUSED ....',SUB=(DEC,(6))\n"
        "         GETMAIN EC,LV=9000000,A=WORD\n"
        "         LR    6,15\n"
        "         LINEDIT TEXT='TOO MUCH ..',SUB=(DEC,(6))\n"
        "         DMSFREE DWORDS=100\n"
        "         LR    5,1\n"
        "         MVI   0(5),1\n"
        "         DMSFRET DWORDS=100,LOC=(5),ERR=BAD\n"
        "         DMSFRET DWORDS=100,LOC=(5),ERR=*\n"
        "         LR    6,15\n"
        "         LINEDIT TEXT='TWICE ..',SUB=(DEC,(6))\n"
        "         LA    0,4095\n"
        "         SLL   0,12\n"
        "         DMSFREE DWORDS=(0),ERR=*\n"
        "         LR    6,15\n"
        "         LINEDIT TEXT='NO STORAGE ..',SUB=(DEC,(6))\n" + RETURN_0 + "BAD      BR    10\n"
        "WORD     DS    F\n"
    ),
    "NOSTOR": program("         LA    0,4095\n         SLL   0,8\n         DMSFREE DWORDS=(0)\n" + RETURN_0),
    "BADFREE": program("         LA    1,16\n         FREEMAIN R,LV=80,A=(1)\n" + RETURN_0),
    "SPIED": program(
        "         LA    1,PICA\n         SVC   14\n         DC    X'0000'\n         WRTERM 'AFTER'\n"
        + RETURN_0
        + "         DS    0F\nPICA     DC    X'00',AL3(EXIT),X'FFFF'\nEXIT     BR    14\n"
    ),
    "CARDS": program(
        "LOOP     RDCARD BUFFER,80,ERROR=DONE\n"
        "         PUNCHC BUFFER\n"
        "         WRTERM BUFFER,80\n"
        "         PRINTL CONTROL,81\n"
        "         B     LOOP\n"
        "DONE     BR    10\n"
        "CONTROL  DC    C'0'\n"
        "BUFFER   DC    CL80' '\n"
    ),
    "CALLER": program(
        "         LA    1,LIST\n         SVC   202\n         DC    AL4(ERROR)\n         WRTERM 'NO ERROR'\n"
        + RETURN_0
        + "ERROR    LINEDIT TEXT='ERROR ...',SUB=(DEC,(15))\n         LA    15,77\n         BR    10\n"
        + "LIST     DC    CL8'STATE',CL8'NOSUCH',CL8'FILE',CL2'A1'\n"
    ),
    "NOERROR": program(
        "         LA    1,LIST\n         SVC   202\n         BR    10\nLIST     DC    CL8'NOSUCH',8X'FF'\n"
    ),
    "CPCALL": program(
        "         LA    1,LIST\n         SVC   202\n         DC    AL4(1)\n         BR    10\n"
        "LIST     DC    CL8'CP',CL8'MESSAGE',CL8'*',CL8'HELLO',8X'FF'\n"
    ),
    "REGS": program(
        "         LM    5,8,WORDS\n         LD    2,DOUBLE\n         LA    1,LIST\n         SVC   202\n"
        "         DC    AL4(*+4)\n         CLM   5,15,WORDS\n         BNE   BAD\n         CLM   8,15,WORDS+12\n"
        "         BNE   BAD\n         STD   2,COPY\n         CLC   COPY(8),DOUBLE\n         BNE   BAD\n"
        "         WRTERM 'KEPT'\n"
        + RETURN_0
        + "BAD      WRTERM 'LOST'\n         BR    10\n"
        + "WORDS    DC    F'1,2,3,4'\nDOUBLE   DC    D'1.5'\nCOPY     DS    D\nLIST     DC    CL8'CMSTIME',8X'FF'\n"
    ),
    "ARGS": program("         LA    5,8(,1)\n         LA    6,24\n         WRTERM (5),(6)\n" + RETURN_0),
    "FILER": program(
        "         FSSTATE 'NEW DATA A1',ERROR=ABSENT\n"
        "         BR    10\n"
        "ABSENT   LINEDIT TEXT='STATE ..',SUB=(DEC,(15))\n"
        "         FSWRITE FSCB=OUT,BUFFER=LINE,BSIZE=20,RECFM=V\n"
        "         LTR   15,15\n         BNZR  10\n"
        "         LA    5,LINE2\n         LA    6,9\n"
        "         FSWRITE FSCB=OUT,BUFFER=(5),BSIZE=(6),ERROR=BAD\n"
        "         FSCLOSE FSCB=OUT\n"
        "         FSSTATE FSCB=OUT\n"
        "         LR    5,1\n"
        + continued(
            "         LINEDIT TEXT='........ ........ .. .....',DOT=NO,",
            "SUB=(CHARA,0(5),CHARA,8(5),CHARA,24(5),DECA,32(5))",
        )
        + "         FSOPEN 'NEW DATA A1',FSCB=IN,BUFFER=BUFFER\n"
        "         LTR   15,15\n         BNZR  10\n"
        "LOOP     FSREAD FSCB=IN,ERROR=END\n"
        "         LR    6,0\n"
        "         WRTERM BUFFER,(6)\n"
        "         B     LOOP\n"
        "END      LINEDIT TEXT='END ..',SUB=(DEC,(15))\n"
        "         FSPOINT FSCB=IN,RDPNT=2\n"
        "         FSREAD FSCB=IN,BUFFER=BUFFER,BSIZE=80\n"
        "         LR    6,0\n"
        "         WRTERM BUFFER,(6)\n"
        "         FSREAD FSCB=IN,RECNO=1\n"
        "         LR    6,0\n"
        "         WRTERM BUFFER,(6)\n"
        "         LA    5,FILEID\n"
        "         FSREAD (5),BUFFER=BUFFER,BSIZE=80,RECNO=2\n"
        "         LR    6,0\n"
        "         WRTERM BUFFER,(6)\n"
        "         FSCLOSE (5)\n"
        "         FSCLOSE (5)\n"
        "         LINEDIT TEXT='CLOSE ..',SUB=(DEC,(15))\n"
        "         FSERASE 'NEW DATA A1'\n"
        "         LINEDIT TEXT='ERASE ..',SUB=(DEC,(15))\n"
        "         FSERASE 'NEW DATA A1'\n"
        "         LINEDIT TEXT='ERASE ..',SUB=(DEC,(15))\n"
        "         FSREAD 'NEW DATA A1',BUFFER=BUFFER,BSIZE=80\n"
        "         LINEDIT TEXT='READ ..',SUB=(DEC,(15))\n"
        + RETURN_0
        + "BAD      LINEDIT TEXT='BAD ..',SUB=(DEC,(15))\n         BR    10\n"
        "OUT      FSCB  'NEW DATA A1'\n"
        "IN       FSCB  'X Y Z'\n"
        "FILEID   DC    CL8'NEW',CL8'DATA',CL2'A1'\n"
        "LINE     DC    CL20'FIRST RECORD'\n"
        "LINE2    DC    C'SECOND ONE'\n"
        "BUFFER   DS    CL80\n"
    ),
    "BADLIST": program("         L     1,=X'00FFF000'\n         SVC   202\n         DC    AL4(1)\n" + RETURN_0),
    "BADTYPE": program("         L     5,=X'00FFF000'\n         LA    6,10\n         WRTERM (5),(6)\n" + RETURN_0),
    "BADREAD": program("         L     5,=X'00FFF000'\n         RDTERM (5)\n" + RETURN_0),
    "BADPRINT": program("         L     5,=X'00FFF000'\n         PRINTL (5),10\n         BR    10\n"),
    "BADPUNCH": program("         L     5,=X'00FFF000'\n         PUNCHC (5)\n         BR    10\n"),
    "BADFILE": program("         L     5,=X'00FFF000'\n         FSREAD (5),BUFFER=(5),BSIZE=80\n         BR    10\n"),
    "BADWRITE": program(
        "         L     5,=X'00FFF000'\n         FSWRITE 'A B A1',BUFFER=(5),BSIZE=80\n         BR    10\n"
    ),
    "BAD203": program("         SVC   203\n         DC    H'99'\n" + RETURN_0),
    "BAD201": program("         SVC   201\n         SVC   201\n" + RETURN_0),
    "BADFRET": program("         LA    5,8\n         DMSFRET DWORDS=3,LOC=(5)\n" + RETURN_0),
    "BADFREE2": program("         SR    0,0\n         DMSFREE DWORDS=(0)\n" + RETURN_0),
    "ODDEXIT": program("         LA    14,1\n         BR    14\n"),
    "EXITED": program("         WRTERM 'BEFORE'\n         SVC   3\n         WRTERM 'AFTER'\n" + RETURN_0),
    "CLOCK": program(
        "         LA    1,2\n         SVC   11\n         LR    5,0\n         LR    6,1\n"
        "         LA    1,1\n         SVC   11\n         LR    7,0\n"
        + continued("         LINEDIT TEXT='........ ........ ........',DOT=NO,", "SUB=(HEX,(5),HEX,(6),DEC,(7))")
        + RETURN_0
    ),
    "OPERATOR": program("         WTO   'HELLO OPERATOR'\n" + RETURN_0),
}
