"""Printer output as pages of a PDF file."""

from __future__ import annotations

import base64
import importlib
import re
import zlib
from typing import Any

import pytest
from unitbench import UnitBench

from cpvm.machine.device import ConfigurationError

CE_DE = 0x0C
LINE = re.compile(r"1 0 0 1 ([\d.]+) ([\d.]+) Tm.*?/F\d+ ([\d.]+) Tf.*?\((.*?)\) Tj", re.DOTALL)
Page = list[tuple[float, float, float, str]]


@pytest.fixture(autouse=True)
def _reportlab() -> None:
    pytest.importorskip("reportlab")


def streams(data: bytes) -> list[bytes]:
    """What is drawn, by pages and by what they have in common."""
    assert data.startswith(b"%PDF-")
    found = []
    for part in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
        found.append(zlib.decompress(base64.a85decode(part.strip().removesuffix(b"~>"))))
    return found


def pages(data: bytes) -> list[Page]:
    """What is printed on each page: x and y in points from the lower left, size of the type, text."""
    found = []
    for content in streams(data):
        if b" Do" in content:  # a page has the sheet as its background; the sheet itself is no page
            lines = LINE.findall(content.decode("latin-1"))
            found.append([(float(x), float(y), float(size), text) for x, y, size, text in lines])
    assert len(found) == len(re.findall(rb"/Type /Page\b", data))
    return found


def box(data: bytes) -> list[tuple[float, float]]:
    return [(float(w), float(h)) for w, h in re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", data)]


def printed(words: str, *work: tuple[int, str]) -> bytes:
    b = UnitBench(words)
    for code, line in work:
        assert b.do(code, line)[0] == CE_DE
    b.device.close()
    b.device.close()
    (data,) = [file.getvalue() for file in b.room.out.values()]
    return data


def test_lines_are_where_the_carriage_was() -> None:
    data = printed("1403,out.pdf", (0x09, "LINE 1"), (0x11, "LINE 2"), (0x01, "LINE 4"), (0x09, "______"))
    (page,) = pages(data)
    assert [text for *_, text in page] == ["LINE 1", "LINE 2", "LINE 4", "______"]
    first = page[0][1]
    assert [round(first - y, 3) for _, y, *_ in page] == [0, 12, 36, 36]
    assert first == pytest.approx(792 - 36 - 12 * 0.78)
    assert {x for x, *_ in page} == {60.3}
    assert box(data) == [(1071, 792)]


def test_a_skip_makes_a_page() -> None:
    data = printed("1403,out,pdf", (0x89, "ONE"), (0x09, "TWO"), (0x8B, ""), (0x8B, ""), (0x09, "THREE"))
    assert [[text for *_, text in page] for page in pages(data)] == [["ONE"], ["TWO"], ["THREE"]]


def test_the_last_half_inch_is_on_the_next_page() -> None:
    work = [(0x09, f"LINE {line}") for line in range(1, 61)]
    b = UnitBench("1403,out.pdf,form=none")
    for code, text in [*work, *((0x09, f"LINE {line}") for line in range(61, 68))]:
        b.do(code, text)
    b.device.close()
    first, second = pages(b.written("out.pdf"))
    assert first[-1][3] == "LINE 63"
    assert [text for *_, text in second] == ["LINE 64", "LINE 65", "LINE 66", "LINE 67"]
    assert second[0][1] == pytest.approx(792 - 12 * 0.78)


def test_blank_pages_stay() -> None:
    data = printed("1403,out.pdf", (0x89, ""), (0x89, ""), (0x09, "THREE"))
    assert [len(page) for page in pages(data)] == [0, 0, 1]


def test_nothing_printed_is_a_page_all_the_same() -> None:
    assert [len(page) for page in pages(printed("1403,out.pdf"))] == [0]


def test_eight_lines_an_inch_from_the_buffer() -> None:
    b = UnitBench("3211,out.pdf")
    b.do(0x09, "SIX")
    assert b.do(0x63, b"\x11" + b"\0" * 86 + b"\x1c")[0] == CE_DE
    b.do(0x09, "EIGHT")
    b.do(0x09, "EIGHT")
    b.device.close()
    six, eight = pages(b.written("out.pdf"))
    assert (six[0][2], eight[0][2]) == (11.5, 9.25)
    assert eight[0][1] - eight[1][1] == pytest.approx(9)


def test_wider_paper() -> None:
    assert box(printed("3211,out.pdf,width=150", (0x09, "X" * 150)))[0][0] == pytest.approx(1071 + 18 * 7.2)


def test_green_bars() -> None:
    white, green = streams(printed("1403,out.pdf")), streams(printed("1403,out,greenbar"))
    assert [part.count(b" re f*") + part.count(b" re f\n") for part in white] == [0, 0]
    bars = re.findall(rb"n ([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re f", b"".join(green))
    assert len(bars) == 11
    assert {float(height) for *_, height in bars} == {36.0}


def test_characters_beyond_ascii() -> None:
    data = printed("1403,out.pdf", (0x09, "¢¬|\\(x)"))
    assert pages(data)[0][0][3].startswith("\\242\\254|")


def test_without_reportlab_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def none(name: str, *args: Any) -> Any:
        if name.startswith("reportlab"):
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", none)
    with pytest.raises(ConfigurationError, match=r"pages need reportlab: pip install 'cpvm\[pdf\]'"):
        UnitBench("1403,out.pdf")
    b = UnitBench("1403,out.txt")
    assert b.do(0x09, "A")[0] == CE_DE
