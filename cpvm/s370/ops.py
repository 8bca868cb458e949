"""What the semantics of an instruction may ask of the machine, whichever engine runs them.

All values are integers that fit a signed 64-bit word. Storage addresses are logical, and wrap at 2**24.

`fetch` and `store` may end the instruction with an access exception, so they stand before any change. `get`, `put` and
the operations on areas may be used only inside an area that `check_fetch` or `check_store` has accepted; they never
fault, and may therefore come after a change. Access to the area is checked for all of it, but never changes it.
"""

from typing import Protocol

ADDRESS_MASK = 0xFFFFFF
"""Addresses have 24 bits."""


class Ops(Protocol):
    """The operations of a CPU, as seen by instruction bodies."""

    # registers
    def gr(self, r: int) -> int:
        """General register, as a signed number of 32 bits."""

    def gru(self, r: int) -> int:
        """General register, as an unsigned number of 32 bits."""

    def set_gr(self, r: int, v: int) -> None:
        """Set a general register to the low 32 bits of v."""

    def fr(self, r: int) -> int:
        """Floating-point register, as a signed number of 64 bits."""

    def set_fr(self, r: int, v: int) -> None:
        """Set a floating-point register to the low 64 bits of v."""

    def cr(self, r: int) -> int:
        """Control register, as an unsigned number of 32 bits."""

    def set_cr(self, r: int, v: int) -> None:
        """Set a control register to the low 32 bits of v, with all that this entails."""

    # storage, checked; numbers of 2, 4 and 8 bytes are signed, a byte is not
    def fetch1(self, a: int) -> int: ...
    def fetch2(self, a: int) -> int: ...
    def fetch4(self, a: int) -> int: ...
    def fetch8(self, a: int) -> int: ...
    def store1(self, a: int, v: int) -> None: ...
    def store2(self, a: int, v: int) -> None: ...
    def store4(self, a: int, v: int) -> None: ...
    def store8(self, a: int, v: int) -> None: ...
    def check_fetch(self, a: int, n: int) -> None:
        """Recognise access exceptions for fetching n bytes (1 to 2048)."""

    def check_store(self, a: int, n: int) -> None:
        """Recognise access exceptions for storing n bytes (1 to 2048). What may be stored into may be fetched too."""

    def check_table(self, a1: int, a2: int, n: int) -> None:
        """Recognise access exceptions for those bytes of the table at a2 that the n bytes at a1 select."""

    # storage that was checked before
    def get1(self, a: int) -> int: ...
    def put1(self, a: int, v: int) -> None: ...
    def get2(self, a: int) -> int: ...
    def put2(self, a: int, v: int) -> None: ...
    def get4(self, a: int) -> int: ...
    def put4(self, a: int, v: int) -> None: ...
    def move(self, a1: int, a2: int, n: int) -> None:
        """Move n bytes, one by one from left to right, so that overlapping areas propagate."""

    def fill(self, a: int, v: int, n: int) -> None:
        """Set n bytes to v."""

    def compare(self, a1: int, a2: int, n: int) -> int:
        """Number of equal bytes at the beginning of two areas of n bytes (n if they are equal)."""

    def match(self, a: int, v: int, n: int) -> int:
        """Number of bytes equal to v at the beginning of an area of n bytes."""

    def and_area(self, a1: int, a2: int, n: int) -> int:
        """AND n bytes into a1, one by one from left to right; 0 if all results are zero, else 1."""

    def or_area(self, a1: int, a2: int, n: int) -> int: ...
    def xor_area(self, a1: int, a2: int, n: int) -> int: ...
    def translate(self, a1: int, a2: int, n: int) -> None:
        """Replace each of n bytes by the byte of the table at a2 that it selects."""

    def digits(self, a: int, n: int) -> int:
        """The number in n bytes (0 to 9) of packed digits, no sign; a data exception if a digit is invalid."""

    def put_digits(self, a: int, n: int, v: int) -> None:
        """Store the last 2n digits of v >= 0 as n bytes (0 to 8) of packed digits."""

    # real storage and storage keys; v of a key is KKKKFRC0
    def real4(self, a: int) -> int:
        """The word at a real address in the first 2K bytes, unsigned."""

    def put_real4(self, a: int, v: int) -> None: ...
    def storage_key(self, a: int) -> int:
        """Key of the block with this real address; may fault (addressing)."""

    def set_storage_key(self, a: int, v: int) -> None: ...

    def test_protection(self, a: int, key: int) -> int:
        """What is allowed at a with a key: 0 fetching and storing, 1 fetching, 2 nothing, 3 it is not translated."""

    # PSW
    def cc(self) -> int: ...
    def set_cc(self, v: int) -> None: ...
    def set_cc_by_sign(self, v: int) -> None:
        """Condition code 0 if v is zero, 1 if it is negative, 2 if it is positive. It is less than 2**62 in amount."""

    def selected(self, mask: int) -> int:
        """1 if a mask of four bits (8 for code 0, 4, 2, 1 for code 3) has that of the condition code, else 0."""

    def program_mask(self) -> int:
        """PSW bits for fixed-point overflow (8), decimal overflow (4), exponent underflow (2), significance (1)."""

    def set_program_mask(self, v: int) -> None: ...
    def mode(self) -> int:
        """PSW bits 12-15: EC mode (8), machine check (4), wait (2), problem state (1)."""

    def psw_key(self) -> int:
        """The protection key, 0 to 15."""

    def set_psw_key(self, v: int) -> None: ...
    def system_mask(self) -> int:
        """PSW bits 0-7."""

    def set_system_mask(self, v: int) -> None:
        """Set PSW bits 0-7; interruptions thereby allowed happen after the instruction."""

    def load_psw(self, first: int, second: int) -> None:
        """Make two words the current PSW. Last act of a body."""

    # control
    def next_ia(self) -> int:
        """Address of the next sequential instruction."""

    def ilc(self) -> int:
        """Length of this instruction in halfwords; 2 under EXECUTE."""

    def branch(self, a: int) -> None:
        """Continue at a. Last act of a body."""

    def repeat(self) -> None:
        """Continue with this same instruction, after interruptions that are pending. Last act of a body."""

    def program_check(self, code: int) -> None:
        """Program interruption that suppresses the instruction: nothing has changed. Does not return."""

    def completed_check(self, code: int) -> None:
        """Program interruption after the instruction is complete. Does not return."""

    def monitor_call(self, number: int, code: int) -> None:
        """Program interruption for monitoring (completes): class number 0-15 and monitor code. Does not return."""

    def supervisor_call(self, code: int) -> None:
        """Supervisor-call interruption. Last act of a body."""

    def execute(self, a: int, v: int) -> None:
        """Execute the instruction at a, its second byte ORed with v."""

    def diagnose(self, code: int, r1: int, r3: int) -> None:
        """Ask the host of the machine for a service."""

    # timers, in the format of the TOD clock
    def tod_clock(self) -> int: ...
    def set_tod_clock(self, v: int) -> None: ...
    def clock_comparator(self) -> int: ...
    def set_clock_comparator(self, v: int) -> None: ...
    def cpu_timer(self) -> int: ...
    def set_cpu_timer(self, v: int) -> None: ...

    # the CPU and its place in the configuration
    def cpu_id(self) -> int:
        """What STIDP stores: version, serial number, model, length of the extended log-out."""

    def cpu_address(self) -> int: ...
    def signal_processor(self, address: int, order: int) -> int:
        """Signal a CPU: its status, 0 if it accepts the order, -1 if there is no such CPU."""

    def prefix(self) -> int: ...
    def set_prefix(self, v: int) -> None:
        """Set the prefix, an address of a 4K block; may fault (addressing)."""

    def purge_tlb(self) -> None: ...
    def invalidate_page(self, origin: int, a: int) -> None:
        """Set the invalid bit in the entry for a of the page table at this origin; may fault."""

    def load_real_address(self, a: int) -> int:
        """What LRA finds for a: condition code << 32 | real address, or address of the table entry if CC is not 0."""

    # input and output; each gives a condition code. a is the I/O address.
    def start_io(self, a: int) -> int: ...
    def start_io_fast(self, a: int) -> int: ...
    def test_io(self, a: int) -> int: ...
    def clear_io(self, a: int) -> int: ...
    def halt_io(self, a: int) -> int: ...
    def halt_device(self, a: int) -> int: ...
    def test_channel(self, a: int) -> int: ...
    def store_channel_id(self, a: int) -> int: ...

    # 64-bit arithmetic that Python's operators do not give
    def quotient(self, a: int, b: int) -> int:
        """a / b, truncated toward zero; b is not zero."""

    def remainder(self, a: int, b: int) -> int:
        """What `quotient` leaves; has the sign of a."""

    def leading_zeros(self, v: int) -> int:
        """Zero bits on the left of v as a number of 64 bits; v is not negative. 64 for 0."""
