"""What a program writes to its console, as text."""

from __future__ import annotations

from cpvm.s370.ebcdic import from_ebcdic

_SILENT = bytes(byte for byte in range(1, 256) if byte < 0x40 or not bytes((byte,)).decode("cp037").isprintable())


def printable(data: bytes) -> str:
    """Console output as text: X'00' is a blank, other codes without a graphic print nothing."""
    return from_ebcdic(data.replace(b"\0", b"\x40").translate(None, _SILENT))
