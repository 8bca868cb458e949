"""Contents of files: bytes of the host as records of CMS and back, so that nothing is changed unseen.

A file is in one of three forms on the host: `text`, a line of UTF-8 for each record; `fixed`, the bytes of records of
one length; `variable`, each record behind two bytes with its length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cpvm.front.disks import textcode

TEXT: Final = "text"
FIXED: Final = "fixed"
VARIABLE: Final = "variable"
FORMS: Final = (TEXT, FIXED, VARIABLE)

BINARY_TYPES: Final = frozenset(
    (
        "MODULE",
        "TEXT",
        "TXTLIB",
        "LOADLIB",
        "MACLIB",
        "IMAGELIB",
        "AUXPROC",
        "SYMTAB",
        "UT1",
        "UT2",
        "UT3",
        "CMSUT1",
        "BIN",
        "OBJ",
        "ZIP",
        "GZ",
        "AWS",
    )
)
"""File types whose records are not text."""
CARD_TYPES: Final = frozenset(
    ("ASSEMBLE", "MACRO", "COPY", "EXEC", "JOB", "DIRECT", "UPDATE", "UPDTS", "FORTRAN", "COBOL", "PLI", "PLIOPT")
)
"""File types whose text is in records of 80 characters, as long as no line is longer."""
CARD: Final = 80
MOST_RECORDS: Final = 65_535
LONGEST_RECORD: Final = 65_535


class UnfitError(ValueError):
    """A host file cannot be a CMS file; the text says why."""


@dataclass(frozen=True)
class Contents:
    """Records with their format (F or V) and length, and the form that they have on the host."""

    recfm: str
    lrecl: int
    records: tuple[bytes, ...]
    form: str


def records_of(data: bytes, filetype: str, page: str, known: tuple[str, int, str] | None) -> Contents:
    """The records of a host file.

    Args:
        data: its bytes.
        filetype: its CMS file type, upper case; that decides if nothing is known.
        page: the EBCDIC code page of text, 037 or 1047.
        known: format, record length and form that it had when CMS wrote it. Text may have outgrown them since.

    Raises:
        UnfitError: it is empty, has characters that are not in the code page, or is too large.
    """
    if not data:
        raise UnfitError("it is empty, and a CMS file has at least one record")
    recfm, lrecl, form = known or ("", 0, _form(data, filetype))
    if form == TEXT:
        found = _text(data, filetype, page, recfm, lrecl)
    elif form == VARIABLE:
        found = Contents("V", 0, tuple(_variable(data)), VARIABLE)
    else:
        width = lrecl or CARD
        pieces = tuple(data[at : at + width].ljust(width, b"\0") for at in range(0, len(data), width))
        found = Contents("F", width, pieces, FIXED)
    if len(found.records) > MOST_RECORDS:
        raise UnfitError(f"it has {len(found.records)} records, a CMS file {MOST_RECORDS} at most")
    longest = max(map(len, found.records))
    if longest > LONGEST_RECORD:
        raise UnfitError(f"a line has {longest} characters, a record {LONGEST_RECORD} at most")
    return Contents(found.recfm, found.lrecl if found.recfm == "F" else longest, found.records, found.form)


def _form(data: bytes, filetype: str) -> str:
    """What the bytes of a file that CMS did not write look like."""
    if filetype not in BINARY_TYPES and b"\0" not in data:
        try:
            data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return FIXED
        return TEXT
    if filetype == "MODULE":
        try:
            _variable(data)
        except UnfitError:
            return FIXED
        return VARIABLE
    return FIXED


def _text(data: bytes, filetype: str, page: str, recfm: str, lrecl: int) -> Contents:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnfitError(f"it is not UTF-8 text: byte {error.start} is {data[error.start]:02X}") from None
    try:
        lines = textcode.records(text, page, None)
    except textcode.CodeError as error:
        raise UnfitError(str(error)) from None
    longest = max(map(len, lines))
    if not recfm:
        recfm = "F" if filetype in CARD_TYPES and longest <= CARD else "V"
        lrecl = CARD
    if recfm == "F" and longest <= lrecl:
        return Contents("F", lrecl, tuple(line.ljust(lrecl, b"\x40") for line in lines), TEXT)
    return Contents("V", 0, tuple(line or b"\x40" for line in lines), TEXT)


def _variable(data: bytes) -> list[bytes]:
    records, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end == at + 2 or end > len(data):
            raise UnfitError(f"at byte {at} there is no length of a variable record")
        records.append(data[at + 2 : end])
        at = end
    return records


def host_bytes(recfm: str, lrecl: int, records: tuple[bytes, ...], filetype: str, page: str) -> tuple[str, bytes]:
    """The form and the bytes of a CMS file on the host: text if the very same records come back from it."""
    if filetype not in BINARY_TYPES:
        data = textcode.lines(list(records), page, keep_blanks=recfm == "V").encode("utf-8")
        if recfm == "V":  # the empty line is a record of one blank
            data = b"".join(b"\n" if line == b" \n" else line for line in data.splitlines(keepends=True))
        try:
            back = _text(data, filetype, page, recfm, lrecl)
        except UnfitError:
            back = None
        if back is not None and (back.recfm, back.records) == (recfm, records):
            return TEXT, data
    if recfm == "V":
        return VARIABLE, b"".join(len(record).to_bytes(2, "big") + record for record in records)
    return FIXED, b"".join(records)
