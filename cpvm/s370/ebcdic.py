"""EBCDIC, code page 037 (USA/Canada), the code of VM/370's terminals, files and printers.

Every one of the 256 code points has a character of ISO 8859-1, so that bytes survive the way to text and back.
Source: *IBM System/370 Reference Summary*, GX20-1850, code translation table.
"""

CODEC = "cp037"
"""Name of the Python codec."""

BLANK = 0x40
"""The EBCDIC blank."""

_PRINTABLE = bytes(b if bytes((b,)).decode(CODEC).isprintable() else 0x4B for b in range(256))


def to_ebcdic(text: str) -> bytes:
    """Text as EBCDIC, one byte a character; a character that code page 037 lacks becomes X'6F', ``?``. Never raises."""
    return text.encode(CODEC, "replace")


def from_ebcdic(data: bytes | bytearray | memoryview) -> str:
    """EBCDIC as text, one character a byte; control codes become the control characters of ISO 8859-1. Never raises."""
    return bytes(data).decode(CODEC)


def printable(data: bytes | bytearray | memoryview) -> str:
    """EBCDIC as text for dumps and displays: a code without a graphic becomes ``.``. Never raises."""
    return bytes(data).translate(_PRINTABLE).decode(CODEC)
