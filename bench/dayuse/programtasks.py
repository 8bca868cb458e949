"""What users do with programs: assemble and run them, write EXECs, run guests of their own without CMS."""

from __future__ import annotations

from bench.dayuse.filetasks import name, write
from bench.dayuse.ledger import Content
from bench.dayuse.person import Person


def _summing(program: str, numbers: list[int]) -> Content:
    return (
        f"{program:8} CSECT",
        "         STM   14,12,12(13)",
        "         BALR  12,0",
        "         USING *,12",
        "         LR    11,14",
        "         SR    2,2",
        "         LA    3,TABLE",
        f"         LA    4,{len(numbers)}",
        "LOOP     A     2,0(,3)",
        "         LA    3,4(,3)",
        "         BCT   4,LOOP",
        "         CVD   2,WORK",
        "         UNPK  RESULT,WORK",
        "         OI    RESULT+7,X'F0'",
        "         WRTERM LINE,L'LINE",
        "         LR    14,11",
        "         SR    15,15",
        "         BR    14",
        f"TABLE    DC    F'{','.join(map(str, numbers))}'",
        "WORK     DS    D",
        "LINE     DS    0CL16",
        "         DC    C'THE SUM '",
        "RESULT   DC    CL8' '",
        f"         END   {program}",
    )


async def program(person: Person) -> None:
    """A program is written, assembled, run from its deck, made a module, run as a command, and erased."""
    await _erase_programs(person)
    called = name(person, "P")
    file = f"{called} ASSEMBLE"
    numbers = [person.chance.randint(1, 99999) for _ in range(person.chance.randint(3, 7))]
    await write(person, file, _summing(called, numbers))
    await person.command("GLOBAL MACLIB CMSLIB")
    await person.command(f"ASSEMBLE {called}", "ASSEMBLER (XF) DONE", "NO STATEMENTS FLAGGED IN THIS ASSEMBLY")
    said = f"THE SUM {sum(numbers):08}"
    await person.command(f"LOAD {called} (START", "DMSLIO740I Execution begins...", said, label="LOAD (START")
    await person.command(f"LOAD {called}")
    await person.command(f"GENMOD {called}")
    for _ in range(person.chance.randint(1, 3)):
        await person.command(called, said, label="a program")
    listed = await person.command(f"LISTFILE {called} * A", "*")
    found = sorted(line.split()[1] for line in listed)
    if found != ["ASSEMBLE", "LISTING", "MODULE", "TEXT"]:
        raise person.failed(f"there are {found}")
    await _erase_programs(person)


async def _erase_programs(person: Person) -> None:
    for file in [file for file in person.disk.names() if file.endswith(" ASSEMBLE") and file.startswith("P")]:
        called = file.split()[0]
        if file not in person.disk.files:
            continue
        person.disk.begin(file, None)
        await person.command(f"ERASE {called} * A")
        person.disk.done(file, None)


async def mistake(person: Person) -> None:
    """A program with an error is assembled."""
    await _erase_programs(person)
    called = name(person, "P")
    file = f"{called} ASSEMBLE"
    await write(person, file, (f"{called:8} CSECT", "         BALR  12,0", "         LA    3,NOWHERE", "         END"))
    said = await person.command(f"ASSEMBLE {called} (NOPRINT", "*", code=8)
    if not any("ASSEMBLER (XF) DONE" in line for line in said):
        raise person.failed(f"the assembler says {said}")
    await _erase_programs(person)


async def exec_procedure(person: Person) -> None:
    """An EXEC is written and run: a loop, arguments, a return code."""
    called = name(person, "E")
    file = f"{called} EXEC"
    turns, code, word = person.chance.randint(2, 6), person.chance.randint(1, 99), person.chance.choice(("RED", "BLUE"))
    lines = (
        "&CONTROL OFF",
        "&N = 0",
        f"&LOOP 2 {turns}",
        "&N = &N + 1",
        "&TYPE TURN &N OF &INDEX WITH &1",
        f"&IF &1 EQ RED &EXIT {code}",
        "STATE NO SUCH A",
        "&EXIT &RETCODE",
    )
    await write(person, file, lines)
    output = [f"TURN {turn} OF 1 WITH {word}" for turn in range(1, turns + 1)]
    if word == "RED":
        await person.command(f"{called} {word}", *output, label="an EXEC", code=code)
    else:
        await person.command(f"{called} {word}", *output, "*", label="an EXEC", code=28)
    person.disk.begin(file, None)
    await person.command(f"ERASE {file} A")
    person.disk.done(file, None)


async def guest(person: Person) -> None:
    """A program in a machine without CMS: it sums numbers and stops; CP shows what it left; then CMS again."""
    count = person.chance.randint(2, 30_000)
    person.present = False
    await person.say("#CP DEFINE STORAGE 512K", "STORAGE = 00512K", label="DEFINE STORAGE")
    await person.think()
    # X'800': LA 1,0  L 2,X'840'  AR 1,2  BCT 2,X'808'  LPSW X'848'
    for where, what in (
        ("800", "41100000 58200840 1A124620 08088200 0848"),
        ("840", f"{count:08X}"),
        ("848", f"000A0000 00{count:06X}"),
    ):
        await person.say(f"STORE S{where} {what}", "STORE COMPLETE", label="STORE")
        await person.think(0.3)
    await person.say("STORE PSW 00000000 00000800", "STORE COMPLETE")
    stopped = f"DMKDSP450W CP ENTERED; DISABLED WAIT PSW '000A0000 00{count:06X}'"
    await person.say("BEGIN", stopped, "CP", label="BEGIN a guest")
    total = count * (count + 1) // 2
    await person.say("DISPLAY G1", f"GPR  1 = {total:08X}", label="DISPLAY")
    await person.think()
    await person.say("DEFINE STORAGE 1M", "STORAGE = 01024K")
    await person.say("IPL CMS", "CMS VERSION...")
    await person.first()
    person.begin()
