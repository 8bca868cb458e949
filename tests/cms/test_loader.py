"""LOAD, INCLUDE, START, GENMOD, LOADMOD: a session on a bare machine, line by line as VM/370 answers it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from bare_cms import BareCMS

from assembler import assemble
from cms.build import empty_disk
from cms.cmsdisk import CMSDisk
from cms.source import Library
from cpvm.s370.ebcdic import to_ebcdic

SESSION = Path(__file__).parent / "loader_session.txt"

PROGRAMS = {
    "RC0": "RC0 CSECT\n SR 15,15\n BR 14\n END",
    "RC5": "RC5 CSECT\n LA 15,5\n BR 14\n END",
    "RCNEG": "RCNEG CSECT\n L 15,CON-RCNEG(15)\n BR 14\nCON DC F'-3'\n END",
    "MAINP": "MAINP CSECT\n ENTRY ENTA\n USING *,15\n B GO\nENTA DC F'1'\nGO L 15,=V(SUBA)\n BR 15\n END",
    "SUBA": "SUBA CSECT\n SR 15,15\n BR 14\n DC A(SUBA+2,*-4)\n END",
    "UNDEF": "UNDEF CSECT\n SR 15,15\n BR 14\n DC V(NOSUCH1),A(NOSUCH2)\n EXTRN NOSUCH2\n END",
    "DUPL": "RC0 CSECT\n LA 15,9\n BR 14\n END",
    # Address constants of every length and sign, across decks; the sum comes back as the return code.
    "ADCONS": "ADCONS CSECT\n USING *,15\n L 1,A4\n S 1,NEG\n A 1,=A(PART+8-X)\n SR 2,2\n ICM 2,7,A3\n SR 1,2\n"
    " SR 2,2\n ICM 2,3,A2\n AR 1,2\n LR 15,1\n BR 14\nA4 DC A(PART)\nNEG DC A(PART-ADCONS)\nX EQU PART+4\n"
    "A3 DC AL3(ADCONS)\nA2 DC Y(PART-ADCONS)\n EXTRN PART\n END",
    "PARTS": "PARTS CSECT\n ENTRY PART\n DC 3D'0'\nPART DC F'0'\n END",
    "COMM": "COMM CSECT\n USING *,15\n L 1,=A(CC+4)\n ST 15,0(,1)\n S 15,0(,1)\n BR 14\nCC COM\n DS 100F\n END",
    "ARGS": "ARGS CSECT\n BALR 12,0\n USING *,12\n LR 4,1\n LR 11,14\nLOOP CLI 0(4),X'FF'\n BE OUT\n LR 2,4\n"
    " WRTERM (R2),8\n LA 4,8(,4)\n B LOOP\nOUT SR 15,15\n BR 11\n REGEQU\n END",
    "BIG": "BIG CSECT\n SR 15,15\n BR 14\n DS 300000F\n END",
    "PRS": "PRS CSECT\n DC Q(PA,PB)\nPA DXD F\nPB DXD D\n CXD\n END",
    "PRS2": "PRS2 CSECT\n DC Q(PA,PC)\nPA DXD D\nPC DXD CL4\n END",
    "KEYS": "KEYS CSECT\n SR 2,2\n IPK\n LR 15,2\n SRL 15,4\n BR 14\n END",  # the return code is the key
    "SECOND": "FIRST CSECT\n LA 15,1\n BR 14\nOTHER DS 0H\n LA 15,2\n BR 14\n ENTRY OTHER\n END OTHER",
}


def columns(text: str) -> bytes:
    """A card with X'02' in column 1."""
    return b"\x02" + to_ebcdic(text.ljust(79))


CARDS = [
    to_ebcdic("INCLUDE X".ljust(80)),
    to_ebcdic(" SETSSI 00000000".ljust(80)),
    columns("REP  000004  010005"),
    columns("REP  00000G"),
    *assemble(PROGRAMS["RC0"]).deck[:-1],
    columns("REP  000002  0107FE,07FE"),
    assemble(PROGRAMS["RC0"]).deck[-1],
    columns("SLC            NOWHERE"),
]


def script() -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in SESSION.read_text().splitlines():
        if line.startswith("> "):
            found.append((line[2:], []))
        elif line.startswith("|"):
            found[-1][1].append(line[2:].rstrip())
    return found


def answer(output: list[str]) -> list[str]:
    return [line.split(" T=")[0].rstrip() for line in output]


@pytest.fixture(scope="module")
def cms(engine: str) -> BareCMS:
    machine = BareCMS(files={("NOTDECK", "TEXT"): "HELLO\n"}, programs=PROGRAMS)
    disk = CMSDisk.load(machine.a_disk.read, 5, "3350")
    disk.write("CARDS", "TEXT", "A1", CARDS, "F", 80)
    machine.a_disk.tracks.update({(cyl, head): image for cyl, head, image in disk.tracks()})
    machine.ipl()
    return machine


def test_session(cms: BareCMS) -> None:
    for number, (line, expected) in enumerate(script(), 1):
        assert answer(cms.type(line)) == expected, f"line {number}: {line}"


def test_no_program_loaded() -> None:
    machine = BareCMS()
    machine.ipl()
    assert answer(machine.type("START")) == ["DMSLIO055E NO ENTRY POINT DEFINED.", "Ready(00040);"]
    assert answer(machine.type("GENMOD X")) == ["DMSMOD040E NO FILES LOADED.", "Ready(00040);"]


def test_without_a_disk_to_write_on_there_is_no_map() -> None:
    machine = BareCMS(a_disk=False)
    machine.ipl()
    assert answer(machine.type("LOAD NOFILE")) == [
        "DMSLIO201W THE FOLLOWING NAMES ARE UNDEFINED:",
        " NOFILE",
        "Ready(00004);",
    ]


def test_damaged_decks_do_no_damage() -> None:
    """Decks with random cards and bytes in them: each LOAD ends with Ready, and the next one works."""
    rng = random.Random(370)
    disk = empty_disk(5, "CMS191", None)
    decks = {name: assemble(source, library=Library()).deck for name, source in PROGRAMS.items() if name != "BIG"}
    for number in range(30):
        cards = [bytearray(card) for name in rng.sample(sorted(decks), 2) for card in decks[name]]
        for _ in range(rng.randrange(1, 8)):
            card = rng.choice(cards)
            change = rng.randrange(4)
            if change == 0:
                card[rng.randrange(80)] = rng.randrange(256)
            elif change == 1:
                card[rng.randrange(4, 34)] = rng.choice((0, 1, 2, 3, 255, 0x40, 0x80))
            elif change == 2:
                cards.insert(rng.randrange(len(cards)), bytearray(rng.randbytes(80)))
            else:
                card[5:16] = rng.randbytes(11)
        disk.write(f"D{number}", "TEXT", "A1", [bytes(card) for card in cards], "F", 80)
    disk.write("RC5", "TEXT", "A1", decks["RC5"], "F", 80)
    cms = BareCMS()
    cms.a_disk.tracks.update({(cyl, head): image for cyl, head, image in disk.tracks()})
    cms.ipl()
    for number in range(30):
        assert cms.type(f"LOAD D{number}")[-1].startswith("Ready")
        assert answer(cms.type("LOAD RC5 (START"))[-1] == "Ready(00005);"
