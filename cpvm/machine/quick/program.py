"""Channel programs, from Start I/O to the pending interruption: what `channel`, `program` and `datapath` of
`cpvm.machine` say of them, for lent drives with immediate completion.

Source: *Principles of Operation*, GA22-7000, "Input/Output Operations". Not here, but in Python: data chaining,
indirect data addressing, program-controlled interruptions, blocks without reference bit, all checks.
"""

from __future__ import annotations

from typing import Final

from cpvm.machine.quick import layout as where
from cpvm.machine.quick.disk import begin, immediate, perform
from cpvm.machine.quick.host import HostOps
from cpvm.machine.quick.track import LEAVE
from cpvm.machine.quick.transfer import readable
from cpvm.machine.quick.writes import save_writes
from cpvm.s370 import psa
from cpvm.s370.ccw import ADDRESS_MASK, ChannelCondition, Command, Flag, UnitStatus

RESTART: Final = 4
"""In place of a condition code: nothing was done, the instruction is Python's."""
TO_PYTHON: Final = 5
"""The program has begun, and Python is to go on with it: see HANDED, STAGE and DONE."""
COMMANDS: Final = 1024
"""That many commands of one program are executed; what is left is Python's."""

COMMAND_TIME: Final = 25
"""Nanoseconds, about; a byte takes less than a sixteenth of one."""

ADDRESS_LIMIT: Final = 0xFFFF
CAW_ZEROS: Final = 0x0F000007
NEVER_HERE: Final = Flag.CD | Flag.PCI | Flag.IDA | Flag.UNUSED
BLOCK_MULTIPLEXING: Final = 0x80000000


def find(m: HostOps, address: int) -> int:
    """The slot of the drive with this I/O address, 0 if it is not lent."""
    slot = m.block() + where.FIRST_SLOT
    for _ in range(m.word(m.block() + where.COUNT)):
        if m.word(slot + where.ADDRESS) == address:
            return slot
        slot = slot + where.SLOT_BYTES
    return 0


def start(m: HostOps, what: int) -> int:
    """START I/O to an I/O address: the condition code, RESTART or TO_PYTHON.

    Or, given the host address of a slot, go on with its program, which was handed over for want of something: 0 or
    TO_PYTHON.
    """
    slot = what
    at = 0
    n = 0
    if what > ADDRESS_LIMIT:
        at = m.word(slot + where.CCW)
        n = m.word(m.block() + where.DONE)
    else:
        slot = find(m, what)
        if slot == 0:
            m.put_word(m.block() + where.MISSED, what + 1)
            return RESTART
        word = m.big4(m.storage() + (m.prefix() | psa.CAW))
        if m.word(slot + where.PENDING) != 0 or word & CAW_ZEROS != 0:
            return RESTART
        m.put_word(slot + where.KEY, word >> 28)
        at = word & ADDRESS_MASK
    if fetch(m, slot, at, 1 if n == 0 else 0) != 0:
        return hand_over(m, slot, at, n) if n > 0 else RESTART
    if n == 0:
        if immediate(m.word(slot + where.COMMAND)) != 0 and m.word(slot + where.FLAGS) & Flag.CC == 0:
            return RESTART  # its status comes with condition code 1
        begin(m, slot)
        m.put_word(slot + where.CONNECTED, 1 if m.cr(0) & BLOCK_MULTIPLEXING == 0 else 0)
    result = run(m, slot, at, n)
    if n == 0 and result != RESTART:
        m.put_word(m.block() + where.STARTED, m.word(m.block() + where.STARTED) + 1)
    return result


def fetch(m: HostOps, slot: int, at: int, transferred: int) -> int:
    """Fetch a command; 1 if that is Python's business, where nothing has changed then but CCW.

    `transferred`: a transfer in channel may not come.
    """
    key = m.word(slot + where.KEY)
    m.put_word(slot + where.CCW, at)
    if readable(m, key, at) == 0:
        return 1
    word = m.big4(m.storage() + at)
    if word >> 24 & 15 == Command.TIC:
        at = word & ADDRESS_MASK
        if transferred != 0 or at & 7 != 0 or readable(m, key, at) == 0:
            return 1
        word = m.big4(m.storage() + at)
    rest = m.big4(m.storage() + at + 4)
    flags = rest >> 24
    if word >> 24 & 7 == 0 or flags & NEVER_HERE != 0 or rest & 0xFFFF == 0:
        return 1
    m.put_word(slot + where.COMMAND, word >> 24)
    m.put_word(slot + where.DATA, word & ADDRESS_MASK)
    m.put_word(slot + where.FLAGS, flags)
    m.put_word(slot + where.LEFT_OVER, rest & 0xFFFF)
    m.put_word(slot + where.CCW, at + 8 & ADDRESS_MASK)
    m.put_word(slot + where.CHANNEL, 0)
    m.put_word(slot + where.MOVED, 0)
    m.put_word(slot + where.LONG, 0)
    return 0


def run(m: HostOps, slot: int, at: int, n: int) -> int:
    """Execute commands from the one that was fetched, at an address or by a transfer in channel there, as the n-th."""
    while n < COMMANDS:
        m.spend(COMMAND_TIME)
        status = perform(m, slot)
        if status == LEAVE:
            return hand_over(m, slot, at, n) if n > 0 else RESTART
        n = n + 1
        m.put_word(slot + where.SLOT_TOUCHED, 1)
        if chains(m, slot, status) == 0:
            return conclude(m, slot, status, n)
        at = m.word(slot + where.CCW) + (8 if status & UnitStatus.STATUS_MODIFIER != 0 else 0) & ADDRESS_MASK
        if fetch(m, slot, at, 0) != 0:
            return hand_over(m, slot, at, n)
    return hand_over(m, slot, at, n)


def chains(m: HostOps, slot: int, status: int) -> int:
    """1 if command chaining goes on. A wrong length is noted."""
    flags = m.word(slot + where.FLAGS)
    wrong = m.word(slot + where.LEFT_OVER) | m.word(slot + where.LONG)
    if wrong != 0 and flags & Flag.SLI == 0 and immediate(m.word(slot + where.COMMAND)) == 0:
        m.put_word(slot + where.CHANNEL, ChannelCondition.INCORRECT_LENGTH)
        return 0
    return 1 if flags & Flag.CC != 0 and status & ~UnitStatus.STATUS_MODIFIER == UnitStatus.ENDED else 0


def hand_over(m: HostOps, slot: int, at: int, n: int) -> int:
    """Let Python go on with the command that is to be fetched at an address."""
    m.put_word(slot + where.CCW, at)
    return to_python(m, slot, -1, n)


def to_python(m: HostOps, slot: int, stage: int, n: int) -> int:
    """Let Python go on."""
    block = m.block()
    m.put_word(block + where.TOUCHED, 1)
    m.put_word(block + where.HANDED, slot)
    m.put_word(block + where.STAGE, stage)
    m.put_word(block + where.DONE, n)
    return TO_PYTHON


def conclude(m: HostOps, slot: int, status: int, n: int) -> int:
    """The program goes no further: what it has written is made lasting, and its interruption is pending."""
    if save_writes(m, slot) == 0:
        return to_python(m, slot, status, n)
    block = m.block()
    m.put_word(block + where.TOUCHED, 1)
    m.put_word(slot + where.CSW_FIRST, m.word(slot + where.KEY) << 28 | m.word(slot + where.CCW))
    m.put_word(
        slot + where.CSW_SECOND, status << 24 | m.word(slot + where.CHANNEL) << 16 | m.word(slot + where.LEFT_OVER)
    )
    m.put_word(slot + where.PENDING, 1)
    queued = m.word(block + where.QUEUED)
    m.put_word(block + where.QUEUE + 8 * queued, slot)
    m.put_word(block + where.QUEUED, queued + 1)
    m.put_word(block + where.WAITING, m.word(block + where.WAITING) | channel_bit(m.word(slot + where.ADDRESS)))
    return 0


def channel_bit(address: int) -> int:
    """The bit of an I/O address' channel, as in control register 2. Channels have numbers up to 15."""
    bit = 0x80000000
    for _ in range(address >> 8):
        bit = bit >> 1
    return bit


def accept(m: HostOps, place: int) -> int:
    """Store the CSW of the interruption at a place in the queue, which is pending no more; gives its I/O address."""
    block = m.block()
    slot = m.word(block + where.QUEUE + 8 * place)
    csw = m.storage() + (m.prefix() | psa.CSW)
    m.put_big4(csw, m.word(slot + where.CSW_FIRST))
    m.put_big4(csw + 4, m.word(slot + where.CSW_SECOND))
    m.text_may_change()
    m.put_word(slot + where.PENDING, 0)
    m.put_word(block + where.TOUCHED, 1)
    queued = m.word(block + where.QUEUED) - 1
    m.put_word(block + where.QUEUED, queued)
    waiting = 0
    for i in range(queued):
        if i >= place:
            m.put_word(block + where.QUEUE + 8 * i, m.word(block + where.QUEUE + 8 * i + 8))
        waiting = waiting | channel_bit(m.word(m.word(block + where.QUEUE + 8 * i) + where.ADDRESS))
    m.put_word(block + where.WAITING, waiting)
    return m.word(slot + where.ADDRESS)


def take(m: HostOps, mask: int) -> int:
    """Take the interruption of the first channel in a mask, which has one, the oldest of it: the I/O address."""
    block = m.block()
    enabled = m.word(block + where.WAITING) & mask
    channel = 0
    while enabled & 0x80000000 >> channel == 0:
        channel = channel + 1
    place = 0
    while m.word(m.word(block + where.QUEUE + 8 * place) + where.ADDRESS) >> 8 != channel:
        place = place + 1
    return accept(m, place)


def test(m: HostOps, address: int) -> int:
    """TEST I/O: the condition code, or RESTART."""
    slot = find(m, address)
    if slot == 0:
        return RESTART
    if m.word(slot + where.PENDING) == 0:
        return 0
    place = 0
    while m.word(m.block() + where.QUEUE + 8 * place) != slot:
        place = place + 1
    accept(m, place)
    return 1


def test_channel(m: HostOps, address: int) -> int:
    """TEST CHANNEL: the condition code, or RESTART. The channel is known to be there by a drive that is lent."""
    if m.others() != 0:
        return RESTART
    slot = m.block() + where.FIRST_SLOT
    for _ in range(m.word(m.block() + where.COUNT)):
        if m.word(slot + where.ADDRESS) >> 8 == address >> 8:
            return 1 if m.word(m.block() + where.WAITING) & channel_bit(address) != 0 else 0
        slot = slot + where.SLOT_BYTES
    return RESTART
