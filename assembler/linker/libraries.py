"""Where decks are looked for by name: folders of TEXT files, TXTLIB files, files of several decks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assembler.deck import split_decks
from assembler.hostfile import read_bytes
from assembler.linker import cards, txtlib
from assembler.linker.cards import BadCard
from assembler.linker.loader import Library
from assembler.linker.names import LinkError
from cpvm.s370.ebcdic import to_ebcdic

SUFFIXES = (".text", ".obj", ".deck")


class Folder:
    """A folder with a file for each name, as a CMS disk has TEXT files: `NAME.text`, in upper or lower case."""

    def __init__(self, path: Path) -> None:
        self._files: dict[str, Path] = {}
        files = [file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file()]
        for file in sorted(files, key=lambda one: (SUFFIXES.index(one.suffix.lower()), one.name)):
            self._files.setdefault(file.stem.upper(), file)

    def find(self, name: str) -> tuple[Sequence[bytes], str] | None:
        file = self._files.get(name)
        return None if file is None else (read_cards(file), str(file))


class Decks:
    """The decks of a file, found by the names that they define."""

    def __init__(self, path: Path, records: list[bytes]) -> None:
        self._path = path
        self._decks: dict[str, list[bytes]] = {}
        for deck in split_decks(records):
            try:
                for name in txtlib.names(deck):
                    self._decks.setdefault(name, deck)
            except BadCard as error:
                raise LinkError(f"{path}: {error}") from None

    def find(self, name: str) -> tuple[Sequence[bytes], str] | None:
        deck = self._decks.get(name)
        return None if deck is None else (deck, f"{self._path}({name})")


class Txtlib:
    """A TXTLIB file."""

    def __init__(self, path: Path, records: list[bytes]) -> None:
        self._path = path
        self._records = records
        try:
            self._names = txtlib.directory(records)
        except LinkError as error:
            raise LinkError(f"{path}: {error}") from None

    def find(self, name: str) -> tuple[Sequence[bytes], str] | None:
        first = self._names.get(name)
        return None if first is None else (txtlib.member(self._records, first), f"{self._path}({name})")


def library(path: Path) -> Library:
    """The library at a path: a folder, a TXTLIB, or a file of decks. Raises LinkError, OSError."""
    if path.is_dir():
        return Folder(path)
    records = read_cards(path)
    return Txtlib(path, records) if txtlib.is_library(records[0]) else Decks(path, records)


def read_cards(path: Path) -> list[bytes]:
    """The cards of a file: 80-byte card images, or lines of text with control cards. Raises LinkError, OSError."""
    data = read_bytes(path)
    if not data:
        raise LinkError(f"{path}: the file is empty")
    if data[0] in (0x02, 0x40, 0x5C) or data[0] >= 0x80:
        if len(data) % cards.CARD:
            raise LinkError(f"{path}: {len(data)} bytes are not whole cards of 80")
        return [data[at : at + cards.CARD] for at in range(0, len(data), cards.CARD)]
    try:
        lines = data.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise LinkError(f"{path}: neither cards of 80 bytes nor lines of text") from None
    return [to_ebcdic(line[: cards.CARD].upper().ljust(cards.CARD)) for line in lines]
