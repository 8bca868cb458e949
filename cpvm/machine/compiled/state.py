"""The state block: what native code and Python share of a CPU while native code runs.

All of it is in the host's byte order, at offsets that are fixed here. Python fills it before each run and reads it
afterwards; in between it belongs to the native code.
"""

from struct import Struct
from typing import Final

from cpvm.machine.quick import layout

GENERAL: Final = 0
"""16 general registers, 32 bits each."""
FLOATING: Final = 64
"""Eight floating-point registers of 64 bits, of which 0, 2, 4 and 6 exist."""
CONTROL: Final = 128
"""16 control registers, 32 bits each."""

_WORDS: Final = (
    "IA",
    "CC",
    "PROGRAM_MASK",
    "MODE",
    "KEY",
    "SYSTEM_MASK",
    "BUDGET",
    "PREFIX",
    "QUIET",
    "CODE",
    "ILC",
    "OPERAND",
    "EXECUTE_N",
    "EXECUTE_SHIFT",
    "STORAGE",
    "SIZE",
    "KEYS",
    "TABLES",
    "FETCH",
    "STORE",
    "USED",
    "STOP",
    "EPOCH",
    "MAP",
    "LINKS",
    "LINK_MASK",
    "STRUCK",
    "SPAN",
    "BANK",
    "SIPPED",
    "ENTERED",
    "ENTERED_N",
    "INSIDE",
    "PATIENCE",
    "WRITE",
)
_AT: Final = {name: 192 + 8 * i for i, name in enumerate(_WORDS)}

IA: Final = _AT["IA"]
CC: Final = _AT["CC"]
PROGRAM_MASK: Final = _AT["PROGRAM_MASK"]
MODE: Final = _AT["MODE"]
"""PSW bits 12-15."""
KEY: Final = _AT["KEY"]
SYSTEM_MASK: Final = _AT["SYSTEM_MASK"]
BUDGET: Final = _AT["BUDGET"]
"""Instructions that may still be executed."""
PREFIX: Final = _AT["PREFIX"]
QUIET: Final = _AT["QUIET"]
"""What is pending that new masks may let interrupt, besides what the block of the channels has: LOUD and so on."""
LOUD: Final = 0
"""Anything."""
NOTHING_PENDING: Final = 1
EXTERNAL_ONLY: Final = 2
"""At most external interruptions."""
CODE: Final = _AT["CODE"]
"""Code of the program interruption, for COMPLETED."""
ILC: Final = _AT["ILC"]
"""Length of the instruction in halfwords, for COMPLETED."""
OPERAND: Final = _AT["OPERAND"]
"""The new system mask, for MASKED; first word of the new PSW (the second is in CODE), for LOADED."""
EXECUTE_N: Final = _AT["EXECUTE_N"]
"""What the last EXECUTE noted for an exit out of the instruction that it executes: the budget then, and by how much
the instruction address seems to be too large."""
EXECUTE_SHIFT: Final = _AT["EXECUTE_SHIFT"]
STORAGE: Final = _AT["STORAGE"]
"""Host address of absolute address zero."""
SIZE: Final = _AT["SIZE"]
"""Bytes of storage."""
KEYS: Final = _AT["KEYS"]
"""Host address of the storage keys."""
TABLES: Final = _AT["TABLES"]
"""Host address of the access tables, see `cpvm.machine.compiled.tables`."""
FETCH: Final = _AT["FETCH"]
"""Host address of the access table for fetching that is in use."""
STORE: Final = _AT["STORE"]
USED: Final = _AT["USED"]
"""Host address of a byte for each block of absolute storage: 1 if there is, or was, an entry in an access table."""

STOP: Final = _AT["STOP"]
"""Not zero: native code is to come back soon, its budget counting as used. Any thread may set it, at any time."""
EPOCH: Final = _AT["EPOCH"]
"""A number that is another one whenever the text of linked regions may have changed, or how it is mapped."""
MAP: Final = _AT["MAP"]
"""Host address of the code map, see `cpvm.machine.compiled.links`; 0 as long as no region was linked."""
LINKS: Final = _AT["LINKS"]
"""Host address of the links, see `cpvm.machine.compiled.links`; 0 as long as there are none."""
LINK_MASK: Final = _AT["LINK_MASK"]
"""Their number less one; it is a power of two."""
STRUCK: Final = _AT["STRUCK"]
"""Absolute address of an operand that was not stored natively because it lies in the text of a linked region, plus 1;
0 if none was."""
SPAN: Final = _AT["SPAN"]
"""Length of that operand in bytes."""
BANK: Final = _AT["BANK"]
"""Instructions besides BUDGET that may still be executed. They are drawn where a translated region is entered, so that
what is left when a program leaves fast code for slow code takes no long time."""
SIPPED: Final = _AT["SIPPED"]
"""Not zero: the interpreter has drawn something from the bank, too, since a region was entered last."""
ENTERED: Final = _AT["ENTERED"]
"""How often a translated region was entered through the links."""
ENTERED_N: Final = _AT["ENTERED_N"]
"""The budget at that moment."""
INSIDE: Final = _AT["INSIDE"]
"""Instructions executed in translated regions."""
PATIENCE: Final = _AT["PATIENCE"]
"""What long operations may still take, in nanoseconds as they are estimated; below zero, STOP is set."""

WRITE: Final = _AT["WRITE"]
"""Host address of the function pwrite; 0 if there is none."""

HINTS: Final = 192 + 8 * len(_WORDS)
"""For each halfword of a 2K block, how far it was from a branch there to its target: 16 bits, signed. May be wrong."""

CHANNELS: Final = HINTS + 2048
"""The block of the machine's channels, see `cpvm.machine.quick.layout`."""

LENGTH: Final = CHANNELS + layout.BLOCK_BYTES
"""Of the block, in bytes."""

REGISTERS: Final = Struct("=16i8q16I6q")
"""General, floating-point and control registers, instruction address, condition code, program mask, mode, key, system
mask."""

# Why native code comes back
BUDGET_USED: Final = 0
RESTART: Final = 1
"""The instruction at the instruction address is to be executed in Python; it has changed nothing yet."""
COMPLETED: Final = 2
"""An instruction was executed and ends with a program interruption."""
MASKED: Final = 3
"""An instruction was executed, except that a system mask has yet to be set."""
LOADED: Final = 4
"""An instruction was executed, except that a PSW has yet to be loaded."""
STALE: Final = 5
"""The text of the region that is to be entered at the instruction address is not what was translated, or not there."""
HANDED: Final = 6
"""Start I/O was executed, except that its channel program has yet to be brought to its end."""

REASONS: Final = (
    "budget used",
    "done in Python",
    "program interruption",
    "mask set",
    "PSW loaded",
    "region stale",
    "channel program",
)
"""What they are called in statistics."""
