"""What native code does when the PSW changes, written in the subset that `cpvm.machine.compiled.subset` compiles.

Only a PSW that needs no look around is taken here: nothing is pending that it would let interrupt, it does not wait, it
has no program-event recording, and the bits that must be zero are. Any other is handed to Python, which loads it.
"""

from typing import Protocol

from cpvm.machine.compiled.state import EXTERNAL_ONLY, LOUD
from cpvm.s370.ops import Ops
from cpvm.s370.psa import IO_ADDRESS, IO_NEW, IO_OLD, SVC_ILC, SVC_NEW, SVC_OLD
from cpvm.s370.psw import (
    BC_OTHER_CHANNELS,
    EC,
    EC_IO,
    EC_PER,
    EC_TRANSLATION,
    EC_ZERO_FIRST,
    EC_ZERO_SECOND,
    EXTERNAL_MASK,
    WAIT,
)

EC_UNUSUAL = EC_PER << 24 | EC_ZERO_FIRST
MASK_UNUSUAL = EC_PER | EC_ZERO_FIRST >> 24


class NativeOps(Ops, Protocol):
    """What native code has besides the operations of a CPU."""

    def quiet(self) -> int:
        """What is pending elsewhere that new masks may let interrupt, see `state.QUIET`."""

    def waiting(self) -> int:
        """Channels with interruptions pending that may be taken here, as in control register 2."""

    def take_io(self, mask: int) -> int:
        """Take the interruption of the first channel in a mask, which has one: its CSW is stored. The I/O address."""

    def exchange(self, first: int, second: int) -> None:
        """Make this PSW the current one, and take the I/O interruptions that it allows. Last act."""

    def leave_psw(self, first: int, second: int) -> None:
        """Let Python load this PSW. Last act."""

    def leave_mask(self, v: int) -> None:
        """Let Python set this system mask, after the instruction. Nothing else may come that is not in storage."""

    def put_mask(self, v: int) -> None:
        """Set the system mask, nothing more."""

    def put_mode(self, v: int) -> None: ...
    def put_key(self, v: int) -> None: ...
    def choose_tables(self, key: int, translating: int) -> None:
        """After the instruction, use the access tables for this key, with translation (16) or without (0)."""


def calm(m: NativeOps, mask: int) -> int:
    """1 if nothing that is pending elsewhere would interrupt under a system mask."""
    quiet = m.quiet()
    if quiet == LOUD or (quiet == EXTERNAL_ONLY and mask & EXTERNAL_MASK != 0):
        return 0
    return 1


def channels(m: NativeOps, first: int) -> int:
    """Channels whose pending interruptions are to be taken here, under a PSW with this first word."""
    return allowed(m, first) if m.waiting() != 0 and calm(m, first >> 24) != 0 else 0


def allowed(m: NativeOps, first: int) -> int:
    """Channels with pending interruptions that are known here, and allowed by a PSW with this first word."""
    mask = 0
    if m.waiting() != 0:
        selected = m.cr(2)
        if first & EC << 16 != 0:
            if first & EC_UNUSUAL == 0 and first & EC_IO << 24 != 0:
                mask = selected
        else:
            mask = first & 0xFC000000
            if first & BC_OTHER_CHANNELS << 24 != 0:
                mask = mask | selected & 0x03FFFFFF
        mask = mask & m.waiting()
    return mask


def load_psw(m: NativeOps, first: int, second: int) -> None:
    """LOAD PSW, and the second half of an interruption. I/O interruptions that it allows are taken."""
    if channels(m, first) != 0:
        m.exchange(first, second)
    else:
        make_current(m, first, second)


def exchange(m: NativeOps, first: int, second: int) -> None:
    """Make a PSW the current one, and then those of all interruptions that are allowed, one after the other."""
    enabled = channels(m, first)
    while enabled != 0 and (first & EC << 16 == 0 or second & EC_ZERO_SECOND == 0):
        address = m.take_io(enabled)
        if first & EC << 16 != 0:
            m.put_real4(IO_ADDRESS, m.real4(IO_ADDRESS) & 0xFFFF0000 | address)
            m.put_real4(IO_OLD, first)
            m.put_real4(IO_OLD + 4, second)
        else:
            m.put_real4(IO_OLD, first & 0xFFFF0000 | address)
            m.put_real4(IO_OLD + 4, second & 0x3FFFFFFF)
        first = m.real4(IO_NEW)
        second = m.real4(IO_NEW + 4)
        enabled = channels(m, first)
    make_current(m, first, second)


def make_current(m: NativeOps, first: int, second: int) -> None:
    """Make a PSW the current one that allows no interruption."""
    mode = first >> 16 & 15
    unusual = 1 if calm(m, first >> 24) == 0 or mode & WAIT != 0 else 0
    if mode & EC != 0 and (first & EC_UNUSUAL != 0 or second & EC_ZERO_SECOND != 0):
        unusual = 1
    if unusual != 0:
        m.leave_psw(first, second)
    else:
        key = first >> 20 & 15
        m.put_mask(first >> 24 & 0xFF)
        m.put_key(key)
        m.put_mode(mode)
        if mode & EC != 0:
            m.set_cc(first >> 12 & 3)
            m.set_program_mask(first >> 8 & 15)
            m.choose_tables(key, 16 if first >> 24 & EC_TRANSLATION != 0 else 0)
        else:
            m.set_cc(second >> 28 & 3)
            m.set_program_mask(second >> 24 & 15)
            m.choose_tables(key, 0)
        m.branch(second)


def set_system_mask(m: NativeOps, v: int) -> None:
    """SET SYSTEM MASK and its like."""
    if calm(m, v) == 0 or (m.mode() & EC != 0 and v & MASK_UNUSUAL != 0):
        m.leave_mask(v)
    else:
        m.put_mask(v)
        if m.mode() & EC != 0:
            m.choose_tables(m.psw_key(), 16 if v & EC_TRANSLATION != 0 else 0)
        interrupt(m)


def interrupt(m: NativeOps) -> None:
    """Take the I/O interruptions that the present PSW allows, as the last act of an instruction."""
    if m.waiting() != 0:
        first = m.system_mask() << 24 | m.psw_key() << 20 | m.mode() << 16
        second = m.next_ia()
        if m.mode() & EC != 0:
            first = first | m.cc() << 12 | m.program_mask() << 8
        else:
            second = second | m.cc() << 28 | m.program_mask() << 24
        if channels(m, first) != 0:
            m.exchange(first, second)
        elif allowed(m, first) != 0:  # but something else may come before it
            m.leave_mask(m.system_mask())


def set_psw_key(m: NativeOps, v: int) -> None:
    """SET PSW KEY FROM ADDRESS."""
    m.put_key(v)
    m.choose_tables(v, 16 if m.mode() & EC != 0 and m.system_mask() & EC_TRANSLATION != 0 else 0)


def supervisor_call(m: NativeOps, code: int) -> None:
    """Supervisor-call interruption."""
    first = m.system_mask() << 24 | m.psw_key() << 20 | m.mode() << 16
    if m.mode() & EC != 0:
        m.put_real4(SVC_ILC, m.ilc() << 17 | code)
        m.put_real4(SVC_OLD, first | m.cc() << 12 | m.program_mask() << 8)
        m.put_real4(SVC_OLD + 4, m.next_ia())
    else:
        m.put_real4(SVC_OLD, first | code)
        m.put_real4(SVC_OLD + 4, m.ilc() << 30 | m.cc() << 28 | m.program_mask() << 24 | m.next_ia())
    m.load_psw(m.real4(SVC_NEW), m.real4(SVC_NEW + 4))
