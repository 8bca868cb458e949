"""Opening a reel by the name of its file: which format it has, or is to have if it is new."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Final

from cpvm.machine.device import MediaError
from cpvm.machine.media.hostfile import ordinary
from cpvm.machine.media.tape.oma import OMATape, is_description
from cpvm.machine.media.tape.segments import (
    BUS_TECH,
    BZIP2,
    COMPRESSED,
    END_OF_BLOCK,
    HEADER,
    NEW_BLOCK,
    TAPE_MARK,
    ZLIB,
    AWSTape,
    HETTape,
)
from cpvm.machine.media.tape.simh import BAD, END_OF_MEDIUM, GAP, LENGTH, WORD, E11Tape, SIMHTape
from cpvm.machine.media.tape.store import READ_LIMIT, TapeStore

FORMATS: Final = ("aws", "het", "tap", "e11")
"""Names of the formats that can be written: AWSTAPE, HET, SIMH, E11."""
_LOOK: Final = 1 << 16  # bytes from the beginning of a file that show whether it has segments
_BLOCKS: Final = 1 << 17  # blocks that are looked at to find one of odd length


def open_tape(path: str | Path, read_only: bool = False, format: str = "", bzip2: bool = False) -> TapeStore:
    """The reel in a host file. A file that is not there is made with the first write.

    Args:
        path: the file. What it holds tells the format; its name's ending (.aws, .het, .tap, .e11) does if it is new or
            empty, and AWSTAPE is it for any other.
        read_only: a reel without write-enable ring; so is one in a file that this process may not write.
        format: one of FORMATS instead of what would be chosen.
        bzip2: compress blocks that are written to a HET file by bzip2, not zlib.

    Raises:
        MediaError: no such file or folder, not a tape, in use, or not readable.
    """
    path = Path(path)
    if "\0" in str(path):
        raise MediaError("a file's name cannot have X'00' in it")
    try:
        if path.is_dir():
            raise MediaError(f"{path}: a folder, not a tape")
        there = path.exists()
    except OSError as error:  # a name that is too long
        raise MediaError(f"{path}: {error.strerror}") from error
    if there and not read_only:
        read_only = not _writable(path)
    beginning = _beginning(path) if there else b""
    if beginning and not format and is_description(beginning):
        return OMATape(path)
    kind = format or (_sniff(path, beginning) if beginning else _named(path))
    match kind:
        case "aws":
            return AWSTape(path, read_only)
        case "het":
            return HETTape(path, read_only, BZIP2 if bzip2 else ZLIB)
        case "tap":
            return SIMHTape(path, read_only)
        case "e11":
            return E11Tape(path, read_only)
    raise MediaError(f"{path}: no tape in a format known here (AWSTAPE, HET, SIMH, E11, OMA)")


def is_new_tape(path: str | Path) -> bool:
    """Whether a name, of a file that is not there, is that of a tape by its ending."""
    return Path(path).suffix.lower()[1:] in FORMATS


def _writable(path: Path) -> bool:
    try:
        with open(path, "r+b", opener=ordinary):
            return True
    except OSError:
        return False


def _beginning(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=ordinary) as file:
            return file.read(_LOOK)
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror}") from error


def _named(path: Path) -> str:
    ending = path.suffix.lower()[1:]
    return ending if ending in FORMATS else "aws"


def _sniff(path: Path, beginning: bytes) -> str:
    """The format of a file that begins so; "" if it is none."""
    segments, covered = _segments(beginning)
    lengths, further = _lengths(path)
    if segments and covered >= further:
        return "het" if path.suffix.lower() == ".het" else segments
    return lengths


def _segments(beginning: bytes) -> tuple[str, int]:
    """Whether segments begin the file, "aws", or "het" if one is compressed; and how far they go. Links backward need
    not be right: there are programs that leave them 0.
    """
    at, found = 0, ""
    while at + HEADER <= len(beginning):
        length, link = beginning[at] | beginning[at + 1] << 8, beginning[at + 2] | beginning[at + 3] << 8
        flags, more = beginning[at + 4], beginning[at + 5]
        if flags & ~(NEW_BLOCK | TAPE_MARK | END_OF_BLOCK | COMPRESSED) or more & ~BUS_TECH:
            break
        if (not at and (link or not flags & (NEW_BLOCK | TAPE_MARK))) or (flags & TAPE_MARK and length):
            break
        at += HEADER + length
        found = "het" if flags & COMPRESSED or more or found == "het" else "aws"
    return found, at


def _lengths(path: Path) -> tuple[str, int]:
    """Whether blocks between their lengths begin the file, "tap", or "e11" if one of odd length is not padded; and how
    far they go. The first block of odd length, wherever it is, tells the two apart.
    """
    at, found = 0, ""
    try:
        with open(path, "rb", opener=ordinary) as file:
            for _ in range(_BLOCKS):
                word = _word(file, at)
                if word is None:
                    break
                length = word & LENGTH
                if word in (0, GAP, END_OF_MEDIUM):
                    at += WORD
                    found = "tap"
                    if word == END_OF_MEDIUM:
                        break
                    continue
                if word & ~(LENGTH | BAD) or not length or length > READ_LIMIT:
                    break
                tail = at + WORD + length
                if length % 2 and _word(file, tail + 1) == word:
                    return "tap", tail
                if _word(file, tail) != word:
                    break
                if length % 2:
                    return "e11", tail
                found = "tap"
                at = tail + WORD
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror}") from error
    return found, at


def _word(file: IO[bytes], at: int) -> int | None:
    file.seek(at)
    word = file.read(WORD)
    return int.from_bytes(word, "little") if len(word) == WORD else None
