"""`cpvm link`: what it writes, what it says, exit statuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assembler import assemble
from assembler.linker import Loader, module, txtlib
from cpvm.cli import main
from cpvm.s370.ebcdic import to_ebcdic

MAIN = "MAIN CSECT\n BALR 12,0\n USING *,12\n L 15,=V(SUB)\n BALR 14,15\n STH 15,STOP+6\n LPSW STOP\n DS 0D\n"
MAIN += "STOP DC X'0002000000000000'\n END"
SUB = "SUB CSECT\n LA 15,42\n BR 14\n END"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, source in (("main", MAIN), ("sub", SUB)):
        Path(f"{name}.text").write_bytes(b"".join(assemble(source).deck))
    return tmp_path


def records(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return found


def test_a_module() -> None:
    assert main(["link", "main.text", "sub.text"]) == 0
    header, text, names = records(Path("main.module").read_bytes())
    assert header[:16].hex() == "00020000" * 2 + "00020028" * 2
    assert (header[35], header[41], len(text), len(names)) == (4, 4, 0x28, 80)


def test_a_module_without_its_map_and_one_for_the_transient_area(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["link", "main.text", "sub.text", "--nomap", "-o", "a"]) == 0
    header, _ = records(Path("a").read_bytes())
    assert (header[41], header[43]) == (0, 0x80)
    assert main(["link", "sub.text", "--origin", "trans"]) == 0
    assert records(Path("sub.module").read_bytes())[0][:4].hex() == "0000e000"
    Path("big.text").write_bytes(b"".join(assemble("BIG CSECT\n DS XL9000\n END").deck))
    assert main(["link", "big.text", "--origin", "TRANS"]) == 2
    assert "STORAGE CAPACITY EXCEEDED" in capsys.readouterr().err


def test_an_image_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["link", "main.text", "--lib", ".", "--format", "image", "--origin", "2000", "-o", "m.img"]) == 0
    assert main(["ipl", "--core", "m.img@2000", "--psw", "0000000000002000"]) == 42


@pytest.mark.parametrize("form", ["deck", "txtlib", "folder"])
def test_libraries(form: str) -> None:
    cards = assemble(SUB).deck
    if form == "folder":
        Path("lib").mkdir()
        Path("sub.text").rename("lib/SUB.TEXT")
        path = "lib"
    else:
        path = "sub.lib"
        Path(path).write_bytes(b"".join(cards if form == "deck" else txtlib.write([cards])))
    assert main(["link", "main.text", "--lib", os.pathsep.join([path, path])]) == 0
    loader = Loader(0x20000, cms=True)
    loader.load(assemble(MAIN).deck)
    loader.search([])
    loader.load(cards)
    loader.finish()
    assert Path("main.module").read_bytes() == module.with_lengths(module.records(loader))


def test_a_deck_of_decks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["link", "main.text", "--format", "deck"]) == 0
    assert capsys.readouterr().err == "left open: SUB\n"
    assert main(["link", "main.deck", "sub.text", "--format", "deck", "-o", "both.text"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["ipl", "both.text"]) == 42


def test_undefined_and_double_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["link", "main.text", "main.text"]) == 4
    assert capsys.readouterr().err == "main.text: card 1: DUPLICATE IDENTIFIER 'MAIN'\nundefined: SUB\n"
    assert Path("main.module").exists()


def test_the_map(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["link", "sub.text", "main.text", "--map", "x.map", "--entry", "main"]) == 0
    assert "ENTRY POINT 020008  MAIN" in Path("x.map").read_text()
    assert main(["link", "sub.text", "main.text", "--map", "-"]) == 0
    assert "ENTRY POINT 020000  SUB" in capsys.readouterr().out


def test_damaged_cards_are_not_linked(capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(Path("sub.text").read_bytes())
    data[80 + 11] = 99
    Path("bad.text").write_bytes(data)
    Path("bad.module").write_bytes(b"OLD")
    assert main(["link", "bad.text"]) == 8
    assert capsys.readouterr().err == "bad.text: card 2: INVALID COUNT 99\ncpvm link: bad.module is not written\n"
    assert Path("bad.module").read_bytes() == b"OLD"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nosuch.text"], "nosuch.text: No such file or directory"),
        (["main.text", "-o", "main.text"], "main.text is one of the decks to be linked"),
        (["main.text", "--map", "main.text"], "main.text is one of the decks to be linked"),
        (["main.text", "--origin", "1000"], "--origin: CMS runs programs from 20000 on, or at TRANS"),
        (["main.text", "--format", "deck", "--origin", "1000"], "--origin: a deck has no place of its own"),
        (["main.text", "--entry", "nowhere"], "--entry: NOWHERE is not defined"),
        (["main.text", "--lib", "nosuch"], "nosuch: No such file or directory"),
        (["empty"], "empty: the file is empty"),
        (["control"], "control: no object deck"),
        (["main.text", "-o", "no/such/folder"], "No such file or directory"),
    ],
)
def test_what_cannot_be_done(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").write_bytes(b"")
    Path("control").write_bytes(to_ebcdic("* NOTHING".ljust(80)))
    before = Path("main.text").read_bytes()
    assert main(["link", *arguments]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("cpvm link: ") and text in error
    assert Path("main.text").read_bytes() == before
    assert not list(Path().glob("*.part"))


@pytest.mark.parametrize("origin", ["xyz", "-1", "1000000"])
def test_origins_that_are_none(origin: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["link", "main.text", f"--origin={origin}"])
    assert stop.value.code == 2


def test_a_pipe_is_written_to_and_stays_one() -> None:
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert main(["link", "main.text", "sub.text", "-o", "pipe"]) == 0
        assert os.read(reader, 10000) and Path("pipe").is_fifo()
    finally:
        os.close(reader)
