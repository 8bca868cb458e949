"""Puts channel programs for disks together: steps become CCWs."""

from __future__ import annotations

from dataclasses import dataclass, field

from dasdvectors import DATA_AT, PROGRAM, PROGRAMS_AT, READ_AT, RECORD, Vector

SLI = 0x20


@dataclass
class Step:
    """A CCW to be: `what` is the data that it brings, how many bytes it reads, or how many CCWs a TIC goes back."""

    code: str
    what: bytes | int = 0
    sli: bool = True
    count: int | None = None
    flags: int = 0


def step(code: str, what: bytes | int = 0, sli: bool = True, count: int | None = None, flags: int = 0) -> Step:
    return Step(code, what, sli, count, flags)


@dataclass
class Maker:
    """Puts the programs of a vector together, and their data."""

    data: bytearray = field(default_factory=bytearray)
    reading: int = READ_AT
    programs: list[list[str]] = field(default_factory=list)

    def add(self, *steps: Step) -> Maker:
        """Another program."""
        start = PROGRAMS_AT + PROGRAM * len(self.programs)
        ccws = []
        for n, s in enumerate(steps):
            flags = s.flags | (SLI if s.sli else 0) | (0x40 if n < len(steps) - 1 else 0)
            if s.code == "08":
                assert isinstance(s.what, int)
                ccws.append(f"08 {start + 8 * (n - s.what):06X} 00 0000")
                continue
            if isinstance(s.what, bytes):
                address, count = DATA_AT + len(self.data), len(s.what)
                self.data += s.what
            else:
                address, count = self.reading, s.what
                self.reading += s.count or s.what
            ccws.append(f"{s.code} {address:06X} {flags:02X} {s.count if s.count is not None else count or 1:04X}")
        assert len(ccws) * 8 <= PROGRAM
        self.programs.append(ccws)
        return self

    def vector(self, name: str, kind: str) -> Vector:
        assert DATA_AT + len(self.data) <= READ_AT, name
        assert self.reading <= RECORD, name
        return Vector(name, kind, self.programs, self.data.hex())


def cchh(cyl: int, head: int) -> bytes:
    return (cyl << 16 | head).to_bytes(4, "big")


def seek(cyl: int, head: int, code: str = "07") -> Step:
    return step(code, b"\0\0" + cchh(cyl, head))


def search(code: str, argument: bytes, sli: bool = True) -> tuple[Step, Step]:
    """A search, and TIC back to it."""
    return step(code, argument, sli), step("08", 1)


def search_id(cyl: int, head: int, rec: int, code: str = "31") -> tuple[Step, Step]:
    return search(code, cchh(cyl, head) + bytes((rec,)))


def count_field(cyl: int, head: int, rec: int, key: int, data: int) -> bytes:
    return cchh(cyl, head) + bytes((rec, key)) + data.to_bytes(2, "big")


def new_record(cyl: int, head: int, rec: int, key: bytes = b"", data: bytes = b"NEW RECORD") -> bytes:
    return count_field(cyl, head, rec, len(key), len(data)) + key + data


def one(name: str, kind: str, *steps: Step) -> Vector:
    return Maker().add(*steps).vector(f"{kind} {name}", kind)
