"""Where things lie that native code and Python share of channels, drives and packs: offsets in bytes.

All are numbers of 64 bits in the host's byte order unless something else is said. Host addresses are such numbers, too.
"""

from __future__ import annotations

from typing import Final


def _offsets(start: int, *names: str) -> dict[str, int]:
    return {name: start + 8 * n for n, name in enumerate(names)}


SLOTS: Final = 8
"""Drives that can be lent at a time."""
OTHERS: Final = 8
"""Interruptions of other devices that can be pending there, too."""

# ---- the block of a machine's channels
_BLOCK: Final = _offsets(
    0,
    "COUNT",
    "WAITING",
    "QUEUED",
    "TOUCHED",
    "MISSED",
    "WANTED",
    "WANTED_FROM",
    "FULL",
    "STARTED",
    "HANDED",
    "STAGE",
    "DONE",
)
COUNT: Final = _BLOCK["COUNT"]
"""Slots in use."""
WAITING: Final = _BLOCK["WAITING"]
"""Channels with interruptions of lent drives pending, as in control register 2."""
QUEUED: Final = _BLOCK["QUEUED"]
"""Number of these interruptions."""
TOUCHED: Final = _BLOCK["TOUCHED"]
"""1 if any drive has executed anything."""
MISSED: Final = _BLOCK["MISSED"]
"""I/O address, plus 1, of a Start I/O to what is not lent."""
WANTED: Final = _BLOCK["WANTED"]
"""Number, plus 1, of a track that is not in memory and was asked for; WANTED_FROM: the slot."""
WANTED_FROM: Final = _BLOCK["WANTED_FROM"]
FULL: Final = _BLOCK["FULL"]
"""The slot of a drive whose pack could not take another write: its log is full, or not there."""
STARTED: Final = _BLOCK["STARTED"]
"""Programs begun."""
HANDED: Final = _BLOCK["HANDED"]
"""The slot of the program that Python is to go on with."""
STAGE: Final = _BLOCK["STAGE"]
"""Of that: -1 if the next command comes, else the unit status with which the program ends."""
DONE: Final = _BLOCK["DONE"]
"""Of that: commands executed."""
QUEUE: Final = 8 * len(_BLOCK)
"""Slots with interruptions pending, oldest first."""
FIRST_SLOT: Final = QUEUE + 8 * (SLOTS + OTHERS)

# ---- a slot: a drive and its subchannel
DRIVE_STATE: Final = ("CYL", "HEAD", "AT", "LEFT", "PRIOR", "INDEX", "MASK", "MASKED")
_SLOT: Final = _offsets(
    0,
    "ADDRESS",
    "PENDING",
    "CSW_FIRST",
    "CSW_SECOND",
    "SLOT_TOUCHED",
    *DRIVE_STATE,
    "SENSE_GONE",
    "CONNECTED",
    "KEY",
    "CCW",
    "COMMAND",
    "DATA",
    "FLAGS",
    "LEFT_OVER",
    "CHANNEL",
    "MOVED",
    "LONG",
    "PACK",
    "CYLINDERS",
    "HEADS",
    "SECTORS",
    "MASK_ZEROS",
    "WRITABLE",
)
ADDRESS: Final = _SLOT["ADDRESS"]
"""I/O address; -1 if the drive cannot be used for the moment."""
PENDING: Final = _SLOT["PENDING"]
"""1 if the program has ended and its interruption is pending."""
SLOT_TOUCHED: Final = _SLOT["SLOT_TOUCHED"]
CYL: Final = _SLOT["CYL"]
"""This and the following: attributes of `cpvm.machine.media.drive.Drive`."""
HEAD: Final = _SLOT["HEAD"]
AT: Final = _SLOT["AT"]
LEFT: Final = _SLOT["LEFT"]
PRIOR: Final = _SLOT["PRIOR"]
INDEX: Final = _SLOT["INDEX"]
MASK: Final = _SLOT["MASK"]
MASKED: Final = _SLOT["MASKED"]
SENSE_GONE: Final = _SLOT["SENSE_GONE"]
"""1 if a command has reset the sense bytes."""
CONNECTED: Final = _SLOT["CONNECTED"]
"""1 if block multiplexing was off."""
KEY: Final = _SLOT["KEY"]
"""This and the following up to LONG: attributes of `cpvm.machine.datapath.DataPath`."""
CCW: Final = _SLOT["CCW"]
COMMAND: Final = _SLOT["COMMAND"]
DATA: Final = _SLOT["DATA"]
FLAGS: Final = _SLOT["FLAGS"]
LEFT_OVER: Final = _SLOT["LEFT_OVER"]
"""Its `count`."""
CHANNEL: Final = _SLOT["CHANNEL"]
MOVED: Final = _SLOT["MOVED"]
LONG: Final = _SLOT["LONG"]
CSW_FIRST: Final = _SLOT["CSW_FIRST"]
CSW_SECOND: Final = _SLOT["CSW_SECOND"]
PACK: Final = _SLOT["PACK"]
"""Host address of what follows under "a pack"."""
CYLINDERS: Final = _SLOT["CYLINDERS"]
HEADS: Final = _SLOT["HEADS"]
SECTORS: Final = _SLOT["SECTORS"]
"""Rotational positions; 0 if the type does not know Set Sector."""
MASK_ZEROS: Final = _SLOT["MASK_ZEROS"]
WRITABLE: Final = _SLOT["WRITABLE"]
SLOT_BYTES: Final = 8 * len(_SLOT)
FIRST_OTHER: Final = FIRST_SLOT + SLOTS * SLOT_BYTES
"""Slots that only have an address, a CSW and whether that is pending."""
BLOCK_BYTES: Final = FIRST_OTHER + OTHERS * SLOT_BYTES

# ---- a pack: tracks in memory and the log of writes to them
_PACK: Final = _offsets(0, "INDEX_OF", "DIRTY", "LOG", "LOG_AT", "LOG_BYTES", "ENTRIES", "ENTRIES_BYTES", "GENERATION")
INDEX_OF: Final = _PACK["INDEX_OF"]
"""Host address of the index: for each track, by number, the host address of its frame, or 0."""
DIRTY: Final = _PACK["DIRTY"]
"""1 if any frame was written to since all were in the volume's file."""
LOG: Final = _PACK["LOG"]
"""File descriptor of the log, or -1."""
LOG_AT: Final = _PACK["LOG_AT"]
"""Bytes of it that count."""
LOG_BYTES: Final = _PACK["LOG_BYTES"]
"""Bytes that it may have."""
ENTRIES: Final = _PACK["ENTRIES"]
"""Host address of the entries that the present channel program has made for it."""
ENTRIES_BYTES: Final = _PACK["ENTRIES_BYTES"]
"""How many bytes they have; 0 if there are none."""
GENERATION: Final = _PACK["GENERATION"]
"""The log's."""
PACK_BYTES: Final = 8 * len(_PACK)
ENTRIES_ROOM: Final = 1 << 17
"""Room for them."""

# what is in the log: groups, each the writes of a channel program
GROUP_HEAD: Final = 24
"""Generation, length of what follows in bytes, checksum of that."""
SEED: Final = 0x243F6A8885A308D3
MULTIPLIER: Final = 0x1E3779B97F4A7C15
"""Of the checksum."""
ENTRY_HEAD: Final = 24
"""Track, offset in its image, length of the data, which follow, filled up to a multiple of 8."""

# ---- a frame: a track in memory
FRAME_TRACK: Final = 0
FRAME_LENGTH: Final = 8
"""Bytes of the image."""
FRAME_RECORDS: Final = 16
"""Number of records, record 0 included."""
FRAME_CHANGED: Final = 24
"""1 if the image was written to natively since Python looked."""
FRAME_DIRTY: Final = 32
"""1 if what the volume's file has is older."""
FRAME_PLACES: Final = 40
"""For each record its offset in the image, 32 bits."""
MOST_RECORDS: Final = 128
FRAME_SECTORS: Final = FRAME_PLACES + 4 * MOST_RECORDS
"""For each record the sector in which it begins, a byte."""
FRAME_IMAGE: Final = FRAME_SECTORS + MOST_RECORDS
"""The image, as `cpvm.s370.ckd` lays it out."""
