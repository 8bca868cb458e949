"""The channel programs of `vectors/dasd.jsonl`: what they try. See `make_dasd_vectors`."""

from __future__ import annotations

import random
from collections.abc import Iterator

from dasdsteps import Maker, Step, cchh, count_field, new_record, one, search, search_id, seek, step
from dasdvectors import Vector

from cpvm.s370.ckd import GEOMETRY

TYPES = ("2305-2", "2311", "2314", "3330", "3340", "3350", "3375", "3380")
READS = {
    "06": 40,
    "86": 40,
    "0E": 48,
    "8E": 48,
    "1E": 56,
    "9E": 56,
    "12": 8,
    "92": 8,
    "16": 16,
    "96": 16,
    "1A": 5,
    "9A": 5,
}
PLACES = {"unkeyed": (0, 0), "keyed": (0, 1), "empty": (0, 2), "mixed": (0, 3)}


def vectors() -> Iterator[Vector]:
    """All vectors, without outcomes."""
    for kind in TYPES:
        yield from seeking(kind)
        yield from formatting(kind)
        yield from states(kind)
        yield from mixed(kind, 60 if kind == "3350" else 30)
    for kind in ("2314", "3350", "3380"):
        yield from reading(kind, full=kind == "3350")
        yield from searching(kind, full=kind == "3350")
        yield from segments(kind)
        yield from codes(kind)
    for kind in ("2314", "3350"):
        yield from writing_after(kind)
        yield from masks(kind)


def reading(kind: str, full: bool) -> Iterator[Vector]:
    """Each read, at each place, from index, behind a search, behind Read Count, twice, with counts of all kinds."""
    last = GEOMETRY[kind].heads - 1
    places = (
        {**PLACES, "last but one": (0, last - 1), "last": (0, last)} if full else {"keyed": (0, 1), "last": (0, last)}
    )
    for code, size in READS.items():
        for place, (cyl, head) in places.items():
            yield one(f"{code} {place}", kind, seek(cyl, head), step(code, size))
            yield one(f"{code} twice {place}", kind, seek(cyl, head), step(code, size), step(code, size))
            found = search_id(cyl, head, 1)
            yield one(f"{code} after search ID {place}", kind, seek(cyl, head), *found, step(code, size))
            yield one(f"{code} after read count {place}", kind, seek(cyl, head), step("12", 8), step(code, size))
        for sli in (True, False):
            for count in (1, size - 3, size + 7):
                yield one(f"{code} count {count} {sli}", kind, seek(0, 1), step(code, size, sli, count))
        if full:
            yield one(f"{code} after R0", kind, seek(0, 1), *search_id(0, 1, 0), step(code, size))
            yield one(f"{code} behind all", kind, seek(0, 1), *search_id(0, 1, 4), step("06", 16), step(code, size))
            yield one(f"{code} six times", kind, seek(0, 0), *(step(code, size) for _ in range(6)))
    yield one("read IPL", kind, seek(1, 0), step("02", 24))
    yield one("read IPL, read", kind, step("02", 10), step("06", 20))
    yield one("read IPL after a mask", kind, step("1F", b"\x00"), step("02", 24))
    yield one("read multiple", kind, seek(0, 3), step("5E", 80))
    yield one("read multiple behind a record", kind, seek(0, 1), step("1E", 28), step("5E", 100))
    yield one("read multiple of an empty track", kind, seek(0, 2), step("5E", 80))


def searching(kind: str, full: bool) -> Iterator[Vector]:
    """Searches that succeed, that fail, with short arguments; home address, identifier, key."""
    last = GEOMETRY[kind].heads - 1
    for code in ("31", "51", "71", "B1", "D1", "F1"):
        for rec in (0, 1, 3, 9) if full else (2, 9):
            yield one(f"search {code} {rec}", kind, seek(0, 1), *search_id(0, 1, rec, code), step("06", 16))
        yield one(f"search {code} short", kind, seek(0, 1), *search(code, cchh(0, 1)), step("06", 16))
        yield one(f"search {code} on another track", kind, seek(0, 0), *search_id(0, 3, 2, code), step("06", 16))
        yield one(f"search {code} once", kind, seek(0, 1), step(code, cchh(0, 1) + b"\2", False), step("06", 16))
        yield one(f"search {code} from the last", kind, seek(0, last), *search_id(0, 0, 1, code), step("06", 16))
    for code in ("29", "49", "69", "A9", "C9", "E9"):
        for key in (b"\xc1" * 4, b"\xc4" * 4, b"\xc7" * 4, b"\xe9" * 4):
            yield one(f"search {code} {key.hex()}", kind, seek(0, 1), *search(code, key), step("06", 16))
        yield one(f"search {code} short", kind, seek(0, 1), *search(code, b"\xc5\xc5"), step("06", 16))
        yield one(f"search {code} long", kind, seek(0, 1), *search(code, b"\xc5" * 6), step("06", 16))
        yield one(f"search {code} long, no SLI", kind, seek(0, 1), *search(code, b"\xc5" * 6, False), step("06", 16))
        yield one(f"search {code} mixed", kind, seek(0, 3), *search(code, b"\xd3" * 6), step("06", 16))
        yield one(f"search {code} no keys", kind, seek(1, 0), *search(code, b"\xd3" * 6), step("06", 16))
        here = search_id(0, 1, 3)
        yield one(f"search {code} of a record found", kind, seek(0, 1), *here, step(code, b"\xc5" * 4), step("06", 16))
        yield one(f"search {code} next head", kind, seek(0, 0), *search(code, b"\xc5" * 4), step("06", 16))
    yield one("search 39", kind, seek(0, 1), *search("39", cchh(0, 1)), step("06", 16))
    yield one("search 39 short", kind, seek(0, 1), *search("39", b"\0\0\0"), step("06", 16))
    yield one("search 39 once, unequal", kind, seek(0, 1), step("39", cchh(0, 2)), step("06", 16))
    yield one("search B9", kind, seek(0, 0), *search("B9", cchh(0, 1)), step("06", 16))
    yield one("search B9 from the last", kind, seek(0, last), *search("B9", cchh(0, 0)), step("06", 16))
    yield one("search 39, R0", kind, seek(0, 1), *search("39", cchh(0, 1)), step("16", 16), step("1E", 30))
    yield one("search ID, NRF, sense", kind, seek(0, 1), *search_id(0, 1, 9), step("06", 16))
    for between in ("12", "92", "06", "1A", "16", "03"):
        steps = (step("51", cchh(9, 9) + b"\0"), step("51", cchh(9, 9) + b"\0")) * 3
        yield one(
            f"index points with {between} between", kind, seek(0, 3), *steps, step(between, 16), *steps, step("06", 8)
        )


def seeking(kind: str) -> Iterator[Vector]:
    """Seeks to all edges."""
    heads = GEOMETRY[kind].heads
    for code in ("07", "0B", "1B"):
        for cyl, head in ((0, 0), (1, heads - 1), (2, 0), (0, heads), (0xFFFF, 0), (0, 0x100)):
            yield one(f"seek {code} {cyl}/{head}", kind, seek(1, 1), seek(cyl, head, code), step("1A", 5))
        yield one(f"seek {code} bin", kind, step(code, b"\0\1" + cchh(0, 1)), step("1A", 5))
        yield one(f"seek {code} short", kind, step(code, b"\0\0\0\0\0"), step("1A", 5))
        yield one(f"seek {code} long", kind, step(code, b"\0\0" + cchh(1, 1) + b"\0", False), step("1A", 5))
    yield one("recalibrate", kind, seek(1, 2), step("13"), step("1A", 5))
    yield one("restore", kind, seek(1, 2), step("17"), step("1A", 5))
    two = Maker().add(seek(1, 3)).add(step("1A", 5), step("06", 12))
    yield two.vector(f"{kind} the arm stays", kind)


def segments(kind: str) -> Iterator[Vector]:
    """Overflow records: read, written, at the end of the cylinder, under a mask that forbids it, made."""
    last = GEOMETRY[kind].heads - 1
    for code, size in (("06", 200), ("0E", 200), ("1E", 200), ("9E", 200)):
        yield one(f"segments {code}", kind, seek(1, 1), *search_id(1, 1, 1), step("06", 24), step(code, size))
        yield one(f"segments {code} exactly", kind, seek(1, 1), step("06", 24), step(code, size, False, 91))
        yield one(f"segments {code} at the end", kind, seek(1, last), step(code, size))
        masked = (seek(1, 1), step("1F", b"\x18"), step("06", 24), step(code, size))
        yield one(f"segments {code} masked heads", kind, *masked)
    data = bytes(range(1, 100))
    yield one("segments written", kind, seek(1, 1), *search_id(1, 1, 2), step("05", data), step("12", 8))
    yield one("segments written in part", kind, seek(1, 1), *search_id(1, 1, 2), step("05", data[:50]))
    yield one("segments written with key", kind, seek(1, 1), *search_id(1, 1, 2), step("0D", data))
    yield one("segments written at the end", kind, seek(1, last), *search_id(1, last, 1), step("05", data))
    first = (seek(0, 2), *search_id(0, 2, 0), step("01", new_record(0, 2, 1, b"K", data[:40])))
    then = (seek(0, 3, "1B"), *search_id(0, 3, 0), step("1D", new_record(0, 3, 1, b"", data[:30])))
    yield Maker().add(*first, *then).add(seek(0, 2), step("0E", 100)).vector(f"{kind} segments made", kind)


def formatting(kind: str) -> Iterator[Vector]:
    """Format writes in their right order."""
    r0 = count_field(0, 2, 0, 0, 8) + bytes(8)
    home = (seek(0, 2), step("1F", b"\xc0"))
    eq = search("39", cchh(0, 2))
    one_record, two = new_record(0, 2, 1), new_record(0, 2, 2, b"KEY", b"")
    yield one("format R0 and records", kind, *home, *eq, step("15", r0), step("1D", one_record), step("1D", two))
    yield one("format R0 alone", kind, *home, *eq, step("15", r0))
    yield one("format R0 with key", kind, *home, *eq, step("15", count_field(0, 2, 0, 2, 9) + b"KKDATADATA1"))
    yield one("format home, R0", kind, *home, step("19", b"\0" + cchh(0, 2)), step("15", r0), step("1D", one_record))
    behind = (seek(0, 1), *search_id(0, 1, 2))
    for name, between in {
        "": (),
        "data": (step("06", 16),),
        "key and data": (step("0E", 20),),
        "count": (step("12", 8),),
    }.items():
        for code in ("1D", "11"):
            new = new_record(0, 1, 3, b"QQ")
            yield one(f"{code} behind ID, {name}", kind, *behind, *between, step(code, new), step("1E", 40))
            keyed = (seek(0, 1), *search("29", b"\xc3" * 4))
            yield one(f"{code} behind key, {name}", kind, *keyed, *between, step(code, new), step("1E", 40))
    for length in (3, 8, 9, 12, 18):
        new = new_record(0, 1, 3, b"QQ", b"WXYZ1234")[:length]
        yield one(f"1D with {length} bytes", kind, *behind, step("1D", new))
    yield one("1D end of file", kind, *behind, step("1D", new_record(0, 1, 3, b"", b"")), step("1E", 40))
    yield one("1D too long", kind, *behind, step("1D", count_field(0, 1, 3, 0, 0xFFF0)))
    chained = Maker()
    steps = [step("1D", new_record(0, 2, n, b"", bytes((n,)) * n)) for n in range(1, 9)]
    chained.add(seek(0, 2), *search_id(0, 2, 0), *steps).add(seek(0, 2), *(step("1E", 20) for _ in range(8)))
    yield chained.vector(f"{kind} format eight records", kind)
    yield one("write data, short and long", kind, *behind, step("05", b"SHORT"))
    yield one("write data long", kind, *behind, step("05", bytes(range(1, 33))))
    yield one("write data of end of file", kind, seek(0, 0), *search_id(0, 0, 4), step("05", b"SHORT"))
    yield one("write key and data of end of file", kind, seek(0, 3), *search_id(0, 3, 4), step("0D", b"SHORT"))
    yield one("write key and data", kind, *behind, step("0D", b"BBBB" + bytes(range(1, 17))))
    yield one("write R0 data", kind, seek(0, 1), *search_id(0, 1, 0), step("05", b"R0 DATA!"), step("16", 16))


def states(kind: str) -> Iterator[Vector]:
    """Sense, identity, reservation, sectors."""
    for code in ("04", "E4", "A4", "B4", "94", "14", "22", "64"):
        yield one(f"{code} alone", kind, step(code, 80))
        yield one(f"{code} chained", kind, seek(1, 1), step(code, 80))
        yield one(f"{code} after a mask", kind, step("1F", b"\0"), step(code, 80))
        yield one(f"{code} exact", kind, step(code, 24, False))
    for sector in (0, 5, 63, 0xFF):
        yield one(
            f"set sector {sector}", kind, seek(0, 1), step("23", bytes((sector,))), *search_id(0, 1, 4), step("06", 16)
        )
    yield one("two masks", kind, step("1F", b"\0"), step("1F", b"\0"))
    yield one("NOP between", kind, seek(0, 1), step("03"), step("1E", 28))
    for bits in (0x01, 0x02, 0x04, 0x20):
        yield one(f"mask {bits:02X}", kind, step("1F", bytes((bits,))), step("1A", 5))


BEFORE: dict[str, tuple[Step, ...]] = {
    "seek": (seek(0, 1),),
    "nothing": (),
    "ID equal": (seek(0, 1), *search_id(0, 1, 2)),
    "ID equal, short": (seek(0, 1), *search("31", cchh(0, 1))),
    "ID high": (seek(0, 1), *search_id(0, 1, 1, "51")),
    "ID equal or high, equal": (seek(0, 1), *search_id(0, 1, 2, "71")),
    "ID unequal": (seek(0, 1), step("31", cchh(0, 1) + b"\7")),
    "ID of R0": (seek(0, 1), *search_id(0, 1, 0)),
    "key equal": (seek(0, 1), *search("29", b"\xc3" * 4)),
    "key equal, short": (seek(0, 1), *search("29", b"\xc3" * 3)),
    "key high": (seek(0, 1), *search("49", b"\xc2" * 4)),
    "ID, key equal": (seek(0, 1), *search_id(0, 1, 2), *search("29", b"\xc3" * 4)),
    "home equal": (seek(0, 1), *search("39", cchh(0, 1))),
    "home equal, short": (seek(0, 1), *search("39", cchh(0, 1)[:3])),
    "home unequal": (seek(0, 1), step("39", cchh(0, 0))),
    "read data": (seek(0, 1), step("06", 16)),
    "read count": (seek(0, 1), step("12", 8)),
    "read CKD": (seek(0, 1), step("1E", 28)),
    "read R0": (seek(0, 1), step("16", 16)),
    "read HA": (seek(0, 1), step("1A", 5)),
    "ID, read data": (seek(0, 1), *search_id(0, 1, 2), step("06", 16)),
    "ID, read key and data": (seek(0, 1), *search_id(0, 1, 2), step("0E", 20)),
    "ID, read count": (seek(0, 1), *search_id(0, 1, 2), step("12", 8)),
    "ID, write data": (seek(0, 1), *search_id(0, 1, 2), step("05", b"WRITTEN")),
    "ID, write key and data": (seek(0, 1), *search_id(0, 1, 2), step("0D", b"KEY+WRITTEN")),
    "key, read data": (seek(0, 1), *search("29", b"\xc3" * 4), step("06", 16)),
    "key, read key and data": (seek(0, 1), *search("29", b"\xc3" * 4), step("0E", 20)),
    "key, write data": (seek(0, 1), *search("29", b"\xc3" * 4), step("05", b"WRITTEN")),
    "ID, write CKD": (seek(0, 1), *search_id(0, 1, 2), step("1D", new_record(0, 1, 3))),
    "ID, erase": (seek(0, 1), *search_id(0, 1, 2), step("11", new_record(0, 1, 3))),
    "ID, special": (seek(0, 1), *search_id(0, 1, 2), step("01", new_record(0, 1, 3))),
    "ID, file mask": (seek(0, 1), *search_id(0, 1, 2), step("1F", b"\xc0")),
    "ID, sense": (seek(0, 1), *search_id(0, 1, 2), step("04", 24)),
    "ID, read sector": (seek(0, 1), *search_id(0, 1, 2), step("22", 1)),
}
WRITES = {
    "05": b"NEW DATA OF 16 B",
    "0D": b"NKEYNEW DATA OF 16 B",
    "1D": new_record(0, 1, 7, b"KEY7", b"DATA 7"),
    "01": new_record(0, 1, 7, b"KEY7", b"DATA 7"),
    "11": new_record(0, 1, 7, b"KEY7", b"DATA 7"),
    "15": count_field(0, 1, 0, 0, 8) + b"R0 NEW!!",
}


def writing_after(kind: str) -> Iterator[Vector]:
    """Each write after each command: what may be chained from what."""
    for name, before in BEFORE.items():
        for code, data in WRITES.items():
            steps = before
            if code == "15":
                if "file mask" in name:
                    continue
                steps = (*before[:1], step("1F", b"\xc0"), *before[1:])
            yield one(f"{code} after {name}", kind, *steps, step(code, data))


def masks(kind: str) -> Iterator[Vector]:
    """Each file mask, and what it permits."""
    for mask in range(0, 0x100, 8):
        if mask & 0x20:
            continue
        prefix = (seek(0, 1), step("1F", bytes((mask,))))
        for code, data in WRITES.items():
            found = search("39", cchh(0, 1)) if code == "15" else search_id(0, 1, 2)
            yield one(f"mask {mask:02X} write {code}", kind, *prefix, *found, step(code, data))
        if mask & 0xC0:
            continue
        for code in ("07", "0B", "1B"):
            yield one(f"mask {mask:02X} seek {code}", kind, *prefix, seek(0, 3, code), step("1A", 5))
        yield one(f"mask {mask:02X} recalibrate", kind, *prefix, step("13"), step("1A", 5))
        yield one(f"mask {mask:02X} multi-track read", kind, seek(0, 2), prefix[1], step("86", 16))
        yield one(
            f"mask {mask:02X} multi-track search",
            kind,
            seek(0, 0),
            prefix[1],
            *search("A9", b"\xc5" * 4),
            step("06", 16),
        )


EXTENDED = {"27", "34", "3E", "47", "4B", "54", "5B", "63", "87", "A5", "85", "8D", "A6", "9D", "AF", "DE", "F3", "FA"}
"""Commands of the 3990 and of other makers' control units."""


def codes(kind: str) -> Iterator[Vector]:
    """All other command codes."""
    for value in range(256):
        code = f"{value:02X}"
        if not value & 0x0F or value & 0x0F in (0x08, 0x0C) or code in EXTENDED:
            continue
        steps = (step(code, bytes(16)) if value & 1 else step(code, 16),)
        yield one(f"command {code}", kind, seek(0, 1), *steps, step("1E", 28))


def mixed(kind: str, number: int) -> Iterator[Vector]:
    """Chains put together by chance, in ways that make sense; always the same ones."""
    chance = random.Random(f"mixed {kind}")
    for n in range(number):
        maker = Maker()
        for _ in range(chance.randint(1, 3)):
            maker.add(*some_chain(chance))
        yield maker.vector(f"{kind} mixed {n}", kind)


def some_chain(chance: random.Random) -> list[Step]:
    cyl, head = chance.choice(((0, 0), (0, 1), (0, 1), (0, 2), (0, 3), (1, 0), (1, 2)))
    steps = [seek(cyl, head, chance.choice(("07", "07", "0B")))]
    if chance.random() < 0.3:
        steps.append(step("1F", bytes((chance.choice((0x00, 0xC0, 0xC0, 0x80, 0x40, 0x18, 0xD8)),))))
    for _ in range(chance.randint(1, 3)):
        rec = chance.choice((0, 1, 2, 3, 4, 5))
        key = bytes((chance.choice((0xC1, 0xC3, 0xC4, 0xC5, 0xD1, 0xD3)),)) * chance.choice((4, 4, 6, 2))
        found = chance.choice(
            (
                search_id(cyl, head, rec),
                search_id(cyl, head, rec),
                search_id(cyl, head, rec, chance.choice(("51", "71"))),
                search(chance.choice(("29", "49", "69", "A9", "E9")), key),
                search("39", cchh(cyl, head)),
                (step("12", 8),),
                (),
            )
        )
        steps += found
        size = chance.choice((4, 16, 20, 40))
        text = bytes(chance.randrange(1, 256) for _ in range(size))
        new = new_record(cyl, head, rec + 1, text[: chance.choice((0, 0, 3))], text)
        r0 = count_field(cyl, head, 0, 0, 8) + text.ljust(8)[:8]
        for code in chance.choices(("06", "0E", "1E", "12", "92", "86", "05", "0D", "1D", "11", "15", "1A", "16"), k=2):
            if code in ("05", "0D"):
                steps.append(step(code, text))
            elif code in ("1D", "11"):
                steps.append(step(code, new))
            elif code == "15":
                steps.append(step(code, r0))
            else:
                steps.append(step(code, chance.choice((size, READS[code], READS[code] + 5))))
            if chance.random() < 0.5:
                break
    return steps
