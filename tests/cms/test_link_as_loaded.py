"""`cpvm link` and CMS's loader: the same decks give the same MODULE file, byte for byte."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from bare_cms import BareCMS

from assembler import assemble
from assembler.linker import Loader, module, txtlib
from cms.build import empty_disk
from cms.cmsdisk import CMSDisk
from cms.source import Library
from cpvm.s370.ebcdic import to_ebcdic

SOURCES = {
    "MAINP": "MAINP CSECT\n ENTRY ENTA\n USING *,15\n B GO\nENTA DC F'1'\nGO L 15,=V(SUBA)\n BR 15\n DS 3D\n END",
    "SUBA": "SUBA CSECT\n SR 15,15\n BR 14\n DC A(SUBA+2,*-4)\n END",
    "ADCONS": "ADCONS CSECT\nA4 DC A(PART)\nNEG DC A(PART-ADCONS)\nA3 DC AL3(ADCONS)\nA2 DC Y(PART-ADCONS)\n"
    " DC A(-PART)\n EXTRN PART\n END NEG",
    "PARTS": "PARTS CSECT\n ENTRY PART\n DC 3D'0'\nPART DC F'0'\n DC V(ADCONS),A(A4)\n EXTRN A4\n END",
    "UNDEF": "UNDEF CSECT\n WXTRN WEAK1\n DC V(NOSUCH1),A(NOSUCH2,WEAK1)\n EXTRN NOSUCH2\n END",
    "STRONG": "STRONG CSECT\n DC V(WEAK1)\n END",
    "DUPL": "DUPL CSECT\n DC A(MAINP,ENTA,IN)\nMAINP CSECT\n ENTRY ENTA\n DC 4D'1'\nIN EQU *-8\nENTA DC F'2'\n END",
    "COMM1": "COMM1 CSECT\n DC A(CC+4,DD)\nCC COM\n DS 5F\nDD CSECT\n DC A(COMM1)\n END",
    "COMM2": "COMM2 CSECT\n DC A(CC+8)\nCC COM\n DS 30F\n COM\n DS F\nCOMM2 CSECT\n DC A(CC)\n END",
    "PRS1": "PRS1 CSECT\n DC Q(PA),QL2(PB)\nLEN CXD\nPA DXD 3F\nPB DXD H\nLONG DXD CL5\n END",
    "PRS2": "PRS2 CSECT\n DC Q(PC,PB)\nLEN CXD\nPC DXD D\nPB DXD 2D\n END",
    "PRIVATE": " DC A(*,SUBA)\n EXTRN SUBA\n END",
    "EMPTY": "EMPTY CSECT\n END",
    "SECOND": "FIRST CSECT\n LA 15,1\n BR 14\nOTHER DS 0H\n LA 15,2\n BR 14\n ENTRY OTHER\n DC V(DEEP)\n END OTHER",
    "DEEP": "DEEP CSECT\n DC V(DEEPER)\n ENTRY DEEPE\nDEEPE DC F'1'\n END",
    "DEEPER": "DEEPER CSECT\n DC A(DEEPE),V(NEVER)\n EXTRN DEEPE\n END",
    "LARGE": "LARGE CSECT\n DC A(END)\n DS 20000D\nEND DC A(LARGE),V(SUBA)\n END",
    "NEVER": "NEVER CSECT\n DC F'1'\n END",
}


def card(text: str, head: str = "") -> bytes:
    return (b"\x02" + to_ebcdic(text) if head else to_ebcdic(text)).ljust(80, b"\x40")


def columns(kind: str, **fields: str) -> bytes:
    """A card with X'02' and fields at columns (`c7="000008"`)."""
    text = list(kind.ljust(79))
    for at, value in fields.items():
        start = int(at[1:]) - 2
        text[start : start + len(value)] = value
    return b"\x02" + to_ebcdic("".join(text))


DECKS: dict[str, list[bytes]] = {name: assemble(source, library=Library()).deck for name, source in SOURCES.items()}
DECKS["REPPED"] = [
    columns("ICS", c17="ICSED", c24=",0040"),
    *assemble("ICSED CSECT\n DC A(ICSED),F'1'\n END").deck[:-1],
    columns("REP", c7="000004", c15="01", c17="1234,5678"),
    columns("REP", c7="000020", c17="ABCD"),
    assemble("ICSED CSECT\n END").deck[-1],
]
DECKS["COUNTED"] = [
    columns("SLC", c7="021000"),
    *DECKS["SUBA"],
    columns("SLC", c7="000100", c17="SUBA"),
    *DECKS["MAINP"],
    columns("SLC", c17="NOWHERE"),
    columns("SLC", c7="000010", c17="SUBA"),
    *DECKS["PARTS"],
]
DECKS["ENTRIES"] = [card(" ENTRY SUBA"), card("* A COMMENT"), card("LIBRARY *(NEVER,NONE)"), card("ENTRY DEEPER")]
DECKS["NOTED"] = [card(" ENTRY ENTA"), *DECKS["EMPTY"]]


def random_source(rng: random.Random, number: int) -> str:
    """A program of sections, entries, references, commons and pseudo registers with names that others have too."""
    lines, extrn = [], set()
    for section in rng.sample(range(8), rng.randrange(1, 4)):
        kind = rng.choice(("CSECT", "CSECT", "CSECT", "COM"))
        name = f"{'S' if kind == 'CSECT' else 'C'}{section}"
        lines.append(f"{name} {kind}\n DS XL{rng.randrange(1, 40)}")
        if kind == "COM":
            continue
        if rng.random() < 0.6:
            entry = f"E{section}{rng.randrange(2)}"
            lines.append(f" ENTRY {entry}\n{entry} DC X'{rng.randrange(256):02X}'")
        for _ in range(rng.randrange(6)):
            other = rng.choice(
                (f"S{rng.randrange(8)}", f"E{rng.randrange(8)}{rng.randrange(2)}", f"W{rng.randrange(3)}")
            )
            form = rng.choice(("A({})", "V({})", "A({}+5)", "AL3({})", "A(-{})", "A(*-{})", "Q(P{})", "AL2({})"))
            if "P{}" in form:
                register = rng.randrange(4)
                extrn.add(f"P{register} DXD {rng.choice(('F', 'H', 'D', 'CL5', '3F'))}")
                lines.append(f" DC Q(P{register})")
                continue
            lines.append(f" DC {form.format(other)}")
            if not form.startswith("V"):
                extrn.add(f" {'WXTRN' if other[0] == 'W' else 'EXTRN'} {other}")
        if rng.random() < 0.3:
            lines.append(f"L{section} CXD")
    text = "\n".join(lines)
    defined = {line.split()[0] for line in text.splitlines() if not line.startswith(" ")}
    outside = sorted(line for line in extrn if line.split()[-1] not in defined)
    return "\n".join((text, *outside, f" END {rng.choice(('', sorted(defined)[-1]))}"))


RANDOM = random.Random(370)
for count in range(24):
    DECKS[f"RND{count}"] = assemble(random_source(RANDOM, count), library=Library()).deck
LIBRARY = ["DEEP", "DEEPER", "SUBA", "NEVER"]

CASES = [
    "MAINP SUBA",
    "SUBA MAINP",
    "ADCONS PARTS",
    "PARTS ADCONS",
    "UNDEF",
    "UNDEF STRONG",
    "MAINP SUBA DUPL",
    "COMM1 COMM2",
    "PRS1 PRS2",
    "PRS2 PRS1 COMM1",
    "PRIVATE SUBA EMPTY",
    "EMPTY SECOND",
    "SECOND",
    "REPPED SUBA",
    "COUNTED",
    "ENTRIES SECOND",
    "NOTED MAINP",
    "MAINP SUBA (ORIGIN 30000",
    "SUBA (ORIGIN TRANS",
    "MAINP SUBA (RESET SUBA",
    "UNDEF (RESET NOWHERE",
    "LARGE MAINP",
    *(" ".join(f"RND{count}" for count in RANDOM.sample(range(24), RANDOM.randrange(2, 7))) for _ in range(30)),
]


class Texts:
    """The TEXT files of the A-disk, and the library, as LOAD finds them."""

    def find(self, name: str) -> tuple[Sequence[bytes], str] | None:
        return (DECKS[name], name) if name in DECKS and name not in LIBRARY else None


class Members:
    def __init__(self) -> None:
        self.records = txtlib.write([DECKS[name] for name in LIBRARY])
        self.names = txtlib.directory(self.records)

    def find(self, name: str) -> tuple[Sequence[bytes], str] | None:
        return (txtlib.member(self.records, self.names[name]), name) if name in self.names else None


def linked(names: str, option: str) -> list[bytes]:
    words = option.split()
    origin = words[1] if words[:1] == ["ORIGIN"] else "20000"
    loader = Loader(module.TRANSIENT_AREA if origin == "TRANS" else int(origin, 16), cms=True)
    for name in names.split():
        loader.load(DECKS[name], name)
    entry = words[1] if words[:1] == ["RESET"] else ""
    if entry:
        loader.need(entry)  # so that it is looked for
    loader.search([Texts(), Members()])
    loader.finish(entry)
    return module.records(loader)


@pytest.fixture(scope="module")
def cms() -> BareCMS:
    machine = BareCMS()
    disk = empty_disk(5, "CMS191", None)
    for name, deck in DECKS.items():
        if name not in LIBRARY:
            disk.write(name, "TEXT", "A1", deck, "F", 80)
    disk.write("MYLIB", "TXTLIB", "A1", txtlib.write([DECKS[name] for name in LIBRARY]), "F", 80)
    machine.a_disk.tracks.update({(cyl, head): image for cyl, head, image in disk.tracks()})
    machine.ipl()
    machine.type("GLOBAL TXTLIB MYLIB")
    return machine


@pytest.mark.parametrize("case", CASES)
def test_the_same_module(cms: BareCMS, case: str) -> None:
    names, _, option = case.partition(" (")
    out = cms.type(f"LOAD {names} (CLEAR {option}")
    assert out[-1].startswith("Ready"), out
    assert cms.type("GENMOD MADE")[-1].startswith("Ready;")
    disk = CMSDisk.load(cms.a_disk.read, 5, "3350")
    records = [bytes(record) for record in disk.read("MADE", "MODULE").records]
    expected = linked(names, option)
    assert [record.hex() for record in records] == [record.hex() for record in expected]
