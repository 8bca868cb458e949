"""How the CPU gets at storage: access tables that hold what prefixing, translation and protection have decided.

A table has an entry for each block of 2K logical bytes that was accessed with its PSW key: the displacement from the
logical to the absolute address. A missing entry is worked out when it is needed, which is where the exceptions come
from; whatever changes the decision (keys, prefix, control registers, translation) removes entries.
"""

from collections.abc import Callable
from struct import Struct

from cpvm.machine.dat import Translator, page_entry
from cpvm.machine.stop import ProgramCheck
from cpvm.machine.storage import BLOCK, CHANGE, FETCH_PROTECTION, REFERENCE, Storage
from cpvm.s370.interruption import ADDRESSING, DATA, PROTECTION
from cpvm.s370.ops import ADDRESS_MASK

SHIFT = 11
LAST = BLOCK - 1
PREFIXED = 4096
MOST_ENTRIES = 65536
"""Entries of all tables of a machine, about 100 bytes each: a program that goes through all of storage with one key
after the other makes all begin anew, rather than take more and more of the host's storage."""

_H = Struct(">h")
_W = Struct(">i")
_D = Struct(">q")
_U = Struct(">I")


class AccessTable(dict[int, int]):
    """Block number -> displacement; works out what is missing. The block number may be beyond 2**24, it wraps."""

    def __init__(self, find: Callable[[int], int]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, block: int) -> int:
        displacement = self._find(block)
        self[block] = displacement
        return displacement


TableMaker = Callable[[int, bool, Callable[[int], int]], AccessTable]
"""Makes a table: for a PSW key (+ 16 with translation), for storing or not, from what finds its entries."""


class Access:
    """The storage side of the CPU: the operations of `cpvm.s370.ops.Ops` on storage."""

    def __init__(self, storage: Storage, control: list[int]) -> None:
        self.storage = storage
        self.memory = storage.data
        self.prefix_register = 0
        self.protection = 0
        """The PSW key."""
        self.translating = False
        """DAT is on."""
        self.control = control
        """Control registers."""
        self.translator = Translator(self, control)
        self._tables: dict[int, tuple[AccessTable, AccessTable]] = {}
        self._make_table: TableMaker = lambda index, storing, find: AccessTable(find)
        self.fetch_table = AccessTable(self._find_fetch)
        self.store_table = AccessTable(self._find_store)
        self._entries = 0
        """At least as many as there are."""
        self.attention = True
        """Something is to be looked at before the next instruction."""
        storage.key_changed = self.forget_block
        self.forget()

    # ---- tables
    def select_tables(self) -> None:
        """Take the tables for the PSW key and the translation mode, which have changed."""
        self.choose_tables()
        self.attention = True

    def choose_tables(self) -> None:
        """Take the tables for the PSW key and the translation mode."""
        index = self.protection | (16 if self.translating else 0)
        pair = self._tables.get(index)
        if pair is None:
            make = self._make_table
            pair = make(index, False, self._find_fetch), make(index, True, self._find_store)
            self._tables[index] = pair
        self.fetch_table, self.store_table = pair

    def use_tables(self, make: TableMaker) -> None:
        """Have tables of another make from now on."""
        self._make_table = make
        self._tables.clear()
        self.select_tables()

    def forget(self) -> None:
        """Drop all that the tables say."""
        self._entries = 0
        for pair in self._tables.values():
            for table in pair:
                table.clear()
        self.select_tables()

    def _more(self, count: int) -> None:
        """So many entries will be made; what an instruction has found in the tables already stays true."""
        self._entries += count
        if self._entries > MOST_ENTRIES:
            self.forget()

    def forget_block(self, block: int) -> None:
        """Drop what the tables say of an absolute block of 2K bytes."""
        for index, pair in self._tables.items():
            for table in pair:
                if index >= 16:
                    table.clear()
                else:
                    table.pop(self.absolute(block * BLOCK) >> SHIFT, None)
                    table.pop((self.absolute(block * BLOCK) >> SHIFT) + (1 << 24 - SHIFT), None)

    def absolute(self, real: int) -> int:
        """Apply prefixing, which is its own inverse."""
        if real < PREFIXED:
            return real | self.prefix_register
        if real & ~(PREFIXED - 1) == self.prefix_register:
            return real & PREFIXED - 1
        return real

    def _locate(self, a: int) -> int:
        """Logical to absolute address; may fault."""
        absolute = self.absolute(self.translator.real(a) if self.translating else a)
        if absolute >= self.storage.size and not self.storage.holds(absolute):
            raise ProgramCheck(ADDRESSING)
        return absolute

    def _find_fetch(self, block: int) -> int:
        a = block << SHIFT
        absolute = self._locate(a & ADDRESS_MASK)
        key = self.storage.keys[absolute >> SHIFT]
        if key & FETCH_PROTECTION and self.protection and key >> 4 != self.protection:
            raise ProgramCheck(PROTECTION)
        self.storage.keys[absolute >> SHIFT] = key | REFERENCE
        self._more(1)
        return absolute - a

    def _find_store(self, block: int) -> int:
        a = block << SHIFT
        absolute = self._locate(a & ADDRESS_MASK)
        key = self.storage.keys[absolute >> SHIFT]
        if self.protection and key >> 4 != self.protection:
            raise ProgramCheck(PROTECTION)
        self.storage.keys[absolute >> SHIFT] = key | REFERENCE | CHANGE
        if self.storage.watched:
            self.storage.touched(absolute >> SHIFT)
        self._more(2)
        self.fetch_table.setdefault(block, absolute - a)  # what may be stored into may be fetched
        return absolute - a

    # ---- numbers
    def fetch1(self, a: int) -> int:
        a &= ADDRESS_MASK
        return self.memory[a + self.fetch_table[a >> SHIFT]]

    def fetch2(self, a: int) -> int:
        a &= ADDRESS_MASK
        if a & LAST < LAST:
            v: int = _H.unpack_from(self.memory, a + self.fetch_table[a >> SHIFT])[0]
            return v
        return int.from_bytes(self.fetch_bytes(a, 2), "big", signed=True)

    def fetch4(self, a: int) -> int:
        a &= ADDRESS_MASK
        if a & LAST < BLOCK - 3:
            v: int = _W.unpack_from(self.memory, a + self.fetch_table[a >> SHIFT])[0]
            return v
        return int.from_bytes(self.fetch_bytes(a, 4), "big", signed=True)

    def fetch8(self, a: int) -> int:
        a &= ADDRESS_MASK
        if a & LAST < BLOCK - 7:
            v: int = _D.unpack_from(self.memory, a + self.fetch_table[a >> SHIFT])[0]
            return v
        return int.from_bytes(self.fetch_bytes(a, 8), "big", signed=True)

    def store1(self, a: int, v: int) -> None:
        a &= ADDRESS_MASK
        self.memory[a + self.store_table[a >> SHIFT]] = v & 0xFF

    def store2(self, a: int, v: int) -> None:
        self.store_bytes(a, (v & 0xFFFF).to_bytes(2, "big"))

    def store4(self, a: int, v: int) -> None:
        a &= ADDRESS_MASK
        if a & LAST < BLOCK - 3:
            _U.pack_into(self.memory, a + self.store_table[a >> SHIFT], v & 0xFFFFFFFF)
        else:
            self.store_bytes(a, (v & 0xFFFFFFFF).to_bytes(4, "big"))

    def store8(self, a: int, v: int) -> None:
        self.store_bytes(a, (v & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "big"))

    get1 = fetch1
    get2 = fetch2
    get4 = fetch4
    put1 = store1
    put2 = store2
    put4 = store4

    # ---- areas
    def check_fetch(self, a: int, n: int) -> None:
        a &= ADDRESS_MASK
        self.fetch_table[a >> SHIFT]
        if (a & LAST) + n > BLOCK:
            self.fetch_table[(a + n - 1 & ADDRESS_MASK) >> SHIFT]

    def check_store(self, a: int, n: int) -> None:
        a &= ADDRESS_MASK
        self.store_table[a >> SHIFT]
        if (a & LAST) + n > BLOCK:
            self.store_table[(a + n - 1 & ADDRESS_MASK) >> SHIFT]

    def check_table(self, a1: int, a2: int, n: int) -> None:
        a2 &= ADDRESS_MASK
        if a2 & LAST <= BLOCK - 256:
            self.fetch_table[a2 >> SHIFT]
        else:
            for selected in sorted(set(self.fetch_bytes(a1, n))):
                self.fetch_table[(a2 + selected & ADDRESS_MASK) >> SHIFT]

    def fetch_bytes(self, a: int, n: int) -> bytes:
        """Fetch n bytes (1 to 2048); may fault."""
        a &= ADDRESS_MASK
        start = a + self.fetch_table[a >> SHIFT]
        room = BLOCK - (a & LAST)
        if n <= room:
            return self.memory[start : start + n]
        following = a + room & ADDRESS_MASK
        then = following + self.fetch_table[following >> SHIFT]
        return self.memory[start : start + room] + self.memory[then : then + n - room]

    def store_bytes(self, a: int, data: bytes) -> None:
        """Store 1 to 2048 bytes, all or none; may fault."""
        a &= ADDRESS_MASK
        start = a + self.store_table[a >> SHIFT]
        room = BLOCK - (a & LAST)
        n = len(data)
        if n <= room:
            self.memory[start : start + n] = data
            return
        following = a + room & ADDRESS_MASK
        then = following + self.store_table[following >> SHIFT]
        self.memory[start : start + room] = data[:room]
        self.memory[then : then + n - room] = data[room:]

    def _distance(self, a1: int, a2: int) -> int:
        """How far a1 lies behind a2 in absolute storage, if both are in one piece; else 0 means take care."""
        return (
            (a1 & ADDRESS_MASK)
            + self.fetch_table[(a1 & ADDRESS_MASK) >> SHIFT]
            - ((a2 & ADDRESS_MASK) + self.fetch_table[(a2 & ADDRESS_MASK) >> SHIFT])
        )

    def _propagates(self, a1: int, a2: int, n: int) -> bool:
        """Whether a byte of the first area may be a later byte of the second."""
        if (a1 & LAST) + n > BLOCK or (a2 & LAST) + n > BLOCK:
            # areas over two blocks: blocks may be anywhere; logical distance decides only without translation
            return self.translating or self.prefix_register != 0 or 0 < (a1 - a2 & ADDRESS_MASK) < n
        return 0 < self._distance(a1, a2) < n

    def move(self, a1: int, a2: int, n: int) -> None:
        if not self._propagates(a1, a2, n):
            self.store_bytes(a1, self.fetch_bytes(a2, n))
        elif (a1 - a2 & ADDRESS_MASK) == 1:
            self.store_bytes(a1, self.fetch_bytes(a2, 1) * n)
        else:
            for i in range(n):
                self.store1(a1 + i, self.fetch1(a2 + i))

    def fill(self, a: int, v: int, n: int) -> None:
        self.store_bytes(a, bytes((v & 0xFF,)) * n)

    def compare(self, a1: int, a2: int, n: int) -> int:
        one = self.fetch_bytes(a1, n)
        two = self.fetch_bytes(a2, n)
        if one == two:
            return n
        i = 0
        while one[i] == two[i]:
            i += 1
        return i

    def match(self, a: int, v: int, n: int) -> int:
        data = self.fetch_bytes(a, n)
        return n - len(data.lstrip(bytes((v,))))

    def and_area(self, a1: int, a2: int, n: int) -> int:
        if self._propagates(a1, a2, n):
            return self._one_by_one(a1, a2, n, lambda x, y: x & y)
        v = int.from_bytes(self.fetch_bytes(a1, n), "big") & int.from_bytes(self.fetch_bytes(a2, n), "big")
        self.store_bytes(a1, v.to_bytes(n, "big"))
        return 1 if v else 0

    def or_area(self, a1: int, a2: int, n: int) -> int:
        if self._propagates(a1, a2, n):
            return self._one_by_one(a1, a2, n, lambda x, y: x | y)
        v = int.from_bytes(self.fetch_bytes(a1, n), "big") | int.from_bytes(self.fetch_bytes(a2, n), "big")
        self.store_bytes(a1, v.to_bytes(n, "big"))
        return 1 if v else 0

    def xor_area(self, a1: int, a2: int, n: int) -> int:
        if self._propagates(a1, a2, n):
            return self._one_by_one(a1, a2, n, lambda x, y: x ^ y)
        v = int.from_bytes(self.fetch_bytes(a1, n), "big") ^ int.from_bytes(self.fetch_bytes(a2, n), "big")
        self.store_bytes(a1, v.to_bytes(n, "big"))
        return 1 if v else 0

    def _one_by_one(self, a1: int, a2: int, n: int, combine: Callable[[int, int], int]) -> int:
        seen = 0
        for i in range(n):
            v = combine(self.fetch1(a1 + i), self.fetch1(a2 + i))
            self.store1(a1 + i, v)
            seen |= v
        return 1 if seen else 0

    def translate(self, a1: int, a2: int, n: int) -> None:
        a2 &= ADDRESS_MASK
        distance = a1 - a2 & ADDRESS_MASK
        apart = 256 <= distance <= ADDRESS_MASK - 256
        if apart and a2 & LAST <= BLOCK - 256 and not self.translating and not self.prefix_register:
            start = a2 + self.fetch_table[a2 >> SHIFT]
            self.store_bytes(a1, self.fetch_bytes(a1, n).translate(self.memory[start : start + 256]))
        else:
            for i in range(n):
                self.store1(a1 + i, self.fetch1(a2 + self.fetch1(a1 + i)))

    def digits(self, a: int, n: int) -> int:
        if n == 0:
            return 0
        text = self.fetch_bytes(a, n).hex()
        if not text.isdecimal():
            raise ProgramCheck(DATA)
        return int(text)

    def put_digits(self, a: int, n: int, v: int) -> None:
        if n != 0:
            self.store_bytes(a, bytes.fromhex(str(v)[-2 * n :].zfill(2 * n)))

    # ---- real storage
    def real4(self, a: int) -> int:
        v: int = _U.unpack_from(self.memory, self.absolute(a))[0]
        return v

    def put_real4(self, a: int, v: int) -> None:
        _U.pack_into(self.memory, self.absolute(a), v & 0xFFFFFFFF)

    def real_word(self, a: int) -> int:
        """The word at any real address on a word boundary, unsigned; may fault (addressing)."""
        a = self.absolute(a & ADDRESS_MASK)
        if a >= self.storage.size and not self.storage.holds(a):
            raise ProgramCheck(ADDRESSING)
        v: int = _U.unpack_from(self.memory, a)[0]
        return v

    def real_half(self, a: int) -> int:
        """The halfword at any real address on a halfword boundary, unsigned; may fault (addressing)."""
        word = self.real_word(a & ~3)
        return word & 0xFFFF if a & 2 else word >> 16

    def storage_key(self, a: int) -> int:
        a = self.absolute(a & ADDRESS_MASK)
        if a >= self.storage.size and not self.storage.holds(a):
            raise ProgramCheck(ADDRESSING)
        return self.storage.keys[a >> SHIFT]

    def test_protection(self, a: int, key: int) -> int:
        if self.translating:
            found = self.translator.load_real_address(a)
            if found >> 32:
                return 3
            a = found
        held = self.storage_key(a)
        if key in (0, held >> 4):
            return 0
        return 2 if held & FETCH_PROTECTION else 1

    def invalidate_page(self, origin: int, a: int) -> None:
        entry, invalid = page_entry(self.control[0], origin, a)
        word = self.real_word(entry & ~3)
        absolute = self.absolute(entry & ~3)
        _U.pack_into(self.memory, absolute, word | (invalid if entry & 2 else invalid << 16))
        self.forget()

    def set_storage_key(self, a: int, v: int) -> None:
        a = self.absolute(a & ADDRESS_MASK)
        if a >= self.storage.size and not self.storage.holds(a):
            raise ProgramCheck(ADDRESSING)
        self.storage.set_key(a, v)
