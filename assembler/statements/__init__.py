"""Assembler statements, one class and file each; `assembler.operation` finds them here."""
