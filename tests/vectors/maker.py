"""The source of the random numbers, operands and vectors of `cases.py` and `picked.py`."""

import random

from vectors.vector import WINDOW, WINDOW_SIZE, Vector

EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF)
BASE, SECOND = 12, 13
"""Base registers: of the window, and of whatever a case needs."""
MIDDLE = WINDOW_SIZE // 2


class Maker:
    """Makes vectors from a source of random numbers."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def word(self) -> int:
        r = self.random
        return r.choice(EDGES) if r.random() < 0.5 else r.getrandbits(32) >> r.choice((0, 0, 0, 8, 16, 24))

    def bytes(self, n: int) -> bytes:
        return self.random.randbytes(n)

    def packed(self, size: int, good: float = 0.97) -> bytes:
        """A packed number of this many bytes, seldom invalid."""
        r = self.random
        kind = r.random()
        digits = 2 * size - 1
        if kind < 0.1:
            text = "0" * digits
        elif kind < 0.2:
            text = "9" * digits
        else:
            used = r.randint(1, digits)
            text = "".join(r.choices("0123456789", k=used)).zfill(digits)
        data = bytearray.fromhex(text + r.choice("CCCDDDFABE"))
        if r.random() > good:
            data[r.randrange(size)] = r.getrandbits(8)
        return bytes(data)

    def vector(self, code: str, gr: dict[int, int] | None = None, **more: object) -> Vector:
        """A vector with the base register set, and a random program mask and condition code."""
        registers = {BASE: WINDOW, **(gr or {})}
        given = {str(n): f"{v & 0xFFFFFFFF:X}" for n, v in sorted(registers.items()) if v & 0xFFFFFFFF}
        window = more.pop("window", {})
        assert isinstance(window, dict)
        pieces = {str(k): v.hex() for k, v in window.items()}
        values: dict[str, object] = {"pm": self.random.getrandbits(4), "cc": self.random.getrandbits(2), **more}
        return Vector(code=code, gr=given, window=pieces, **values)  # type: ignore[arg-type]

    def place(self, size: int) -> int:
        """Offset in the window of an operand of this size; often over the boundary in its middle."""
        r = self.random
        if r.random() < 0.25:
            return MIDDLE - r.randint(0, size)
        return r.randint(0, WINDOW_SIZE - size)
