"""A maker of CMS disks of the enhanced format, for tests: from the format alone, sharing no code with the reader."""

from __future__ import annotations

from collections.abc import Sequence

File = tuple[str, str, str, int, Sequence[bytes]]
"""Name, type, record format, record length, records."""


def word(number: int) -> bytes:
    return number.to_bytes(4, "big")


class Maker:
    """Blocks of one size, taken one after another. Block 3 (of 512 bytes: at 1024) is kept for the label."""

    def __init__(self, size: int, total: int) -> None:
        self.size = size
        self.total = total
        self.blocks: dict[int, bytes] = {}
        self._next = 6

    def _put(self, data: bytes) -> int:
        number = self._next
        self._next += 1
        self.blocks[number] = data.ljust(self.size, b"\0")
        return number

    def _tree(self, leaves: list[tuple[int, int, int]], wide: bool) -> tuple[int, int]:
        """Pointer blocks over data blocks (number, highest record, where its first begins): root and levels."""
        each = self.size // (12 if wide else 4)
        depth = 0
        while len(leaves) > 1 or not depth:
            if not depth and len(leaves) == 1:
                break
            above = []
            for at in range(0, len(leaves), each):
                part = leaves[at : at + each]
                raw = b"".join(b"".join(map(word, leaf)) if wide else word(leaf[0]) for leaf in part)
                above.append((self._put(raw) if any(leaf[0] for leaf in part) else 0, part[-1][1], part[0][2]))
            leaves = above
            depth += 1
        return leaves[0][0], depth

    def file(self, given: File) -> bytes:
        """Write a file; returns its file status table."""
        fn, ft, recfm, lrecl, records = given
        stream = b"".join((len(r).to_bytes(2, "big") if recfm == "V" else b"") + r for r in records)
        leaves = []
        for at in range(0, len(stream), self.size):
            piece = stream[at : at + self.size]
            leaves.append((self._put(piece) if any(piece) else 0, min(at // max(lrecl, 1) + 1, len(records)), 0))
        root, depth = self._tree(leaves, recfm == "V")
        name = (fn.ljust(8) + ft.ljust(8)).encode("cp037")
        return self.fst(name, recfm, lrecl, (root, len(leaves), len(records), depth))

    def fst(self, name: bytes, recfm: str, lrecl: int, where: tuple[int, int, int, int]) -> bytes:
        root, count, records, depth = where
        head = name + bytes(8) + "A1".encode("cp037") + bytes(4) + recfm.encode("cp037") + b"\0" + word(lrecl)
        tail = bytes((depth, 0 if not depth else 12 if recfm == "V" else 4)) + bytes.fromhex("850704194500") + bytes(4)
        return head + bytes(4) + word(root) + word(count) + word(records) + tail

    def directory(self, volid: str, files: Sequence[File]) -> bytes:
        """Write files and directory; returns the label."""
        fsts = [self.file(file) for file in files]
        count = len(fsts) + 2
        per_block = self.size // 64
        own = self._next + 5000  # the first block of the directory is known before it is written
        self._next = own + 1
        leaves = [(own, 0, 0)] + [(self._put(b""), 0, 0) for _ in range(per_block, count, per_block)]
        root, depth = self._tree(leaves, wide=False)
        name = bytes((0, 0, 0, 1, 0, 0, 0, 0)) + "DIRECTOR".encode("cp037")
        table = [self.fst(name, "F", 64, (root, len(leaves), count, depth))]
        name = bytes((0, 0, 0, 2, 0, 0, 0, 0)) + "ALLOCMAP".encode("cp037")
        table += [self.fst(name, "F", self.size, (0, 0, 1, 0)), *fsts]
        for at, (number, _, _) in enumerate(leaves):
            self.blocks[number] = b"".join(table[at * per_block : (at + 1) * per_block]).ljust(self.size, b"\0")
        label = "CMS1".encode("cp037") + volid.ljust(6).encode("cp037") + bytes(2)
        for number in (self.size, own, 5, 5, self.total, len(self.blocks), 64, per_block):
            label += word(number)
        return label.ljust(80, b"\0")
