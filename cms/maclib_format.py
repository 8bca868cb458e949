"""MACLIB files of CMS; their format is known where libraries are read, in `assembler.maclib`."""

from assembler.maclib import END_OF_MEMBER, ENTRY, HEADER, RECORD, MaclibError, directory, member, write

__all__ = ["END_OF_MEMBER", "ENTRY", "HEADER", "RECORD", "MaclibError", "directory", "member", "write"]
