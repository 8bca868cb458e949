"""Assembler for System/370: source in, object deck and listing out."""
