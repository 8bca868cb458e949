"""A little assembler for random programs: instructions one after the other, with labels that one register reaches."""

from cpvm.s370.insn import by_mnemonic

BASE = 10
"""The register that has the address of the text; it reaches 4,096 bytes."""


def encoded(mnemonic: str, **fields: int) -> bytes:
    """An instruction; fields not given are zero."""
    row = by_mnemonic(mnemonic)
    assert row is not None, mnemonic
    return row.encode(**{name: fields.get(name, 0) for name in row.fields})


class Assembly:
    """A program as it is written."""

    def __init__(self) -> None:
        self.text = bytearray()
        self.labels: dict[str, int] = {}
        self.starts: list[int] = []
        """Offsets of the instructions."""
        self._wanted: list[tuple[int, str, int]] = []
        self._names = 0

    @property
    def here(self) -> int:
        """Offset of what comes next."""
        return len(self.text)

    def fresh(self) -> str:
        """A new name for a label."""
        self._names += 1
        return f".{self._names}"

    def label(self, name: str) -> None:
        """What comes next has this name."""
        self.labels[name] = self.here

    def raw(self, text: bytes) -> None:
        """An instruction."""
        self.starts.append(self.here)
        self.text += text

    def data(self, text: bytes) -> None:
        """Something that is no instruction."""
        self.text += text

    def add(self, mnemonic: str, **fields: int) -> None:
        """An instruction."""
        self.raw(encoded(mnemonic, **fields))

    def to(self, mnemonic: str, name: str, plus: int = 0, at: int = 2, **fields: int) -> None:
        """An instruction, the halfword at offset `at` of which is the address of a label, and so many bytes."""
        self._wanted.append((self.here + at, name, plus))
        self.add(mnemonic, **fields)

    def address(self, name: str, plus: int = 0) -> None:
        """The address of a label counts in the last halfword of the last instruction."""
        self._wanted.append((self.here - 2, name, plus))

    def align(self, to: int) -> None:
        """Fill up to a boundary."""
        self.text += bytes(-self.here % to)

    def done(self) -> bytes:
        """The text."""
        for at, name, plus in self._wanted:
            place = self.labels[name] + plus
            assert 0 <= place < 4096, name
            self.text[at : at + 2] = (BASE << 12 | place).to_bytes(2, "big")
        return bytes(self.text)
