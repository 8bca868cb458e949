"""The listing, the web page and the JSON of one program as they were looked at and found good (`golden/`)."""

from __future__ import annotations

import importlib.util
import json
import random
from html.parser import HTMLParser
from pathlib import Path

import pytest

from assembler import Options, assemble
from assembler.listing import plain
from assembler.listing.data import data
from assembler.listing.page import page
from assembler.options import parse_options
from tests.assembler.random_sources import mutated, random_program

GOLDEN = Path(__file__).parent / "golden"
_spec = importlib.util.spec_from_file_location("make_golden", GOLDEN / "make_golden.py")
assert _spec is not None and _spec.loader is not None
make_golden = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_golden)

FORMS = make_golden.forms()


@pytest.mark.parametrize("name", FORMS)
def test_form(name: str) -> None:
    assert FORMS[name] == (GOLDEN / name).read_text(encoding="utf-8")


class Page(HTMLParser):
    """What a page consists of: anchors, links, elements that are not closed or closed twice."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.anchors: list[str] = []
        self.links: set[str] = set()
        self.wrong: list[object] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements.append((tag, given))
        if "id" in given:
            self.anchors.append(str(given["id"]))
        if "href" in given:
            self.links.add(str(given["href"]))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))


AWKWARD = """\
         MACRO
         OUTER &A
         PRINT OFF
         INNER &A
         PRINT ON
         MEND
         MACRO
         INNER &A
         DC    C&A
         L     1,NOWHERE
         MEND
T        CSECT
         OUTER '<B>&& "X"</B>'
A_LONG_NAME DC C'<SCRIPT>'
         PRINT OFF
         OUTER 'Y'
         L     1,ALSO
         PRINT ON
         OUTER 'Z'
         BAD<OP X
         END
"""


@pytest.mark.parametrize(
    "text", [FORMS["demo.html"], "".join(page(assemble(AWKWARD), "<awkward>"))], ids=["demo", "awkward"]
)
def test_the_page_is_well_formed_and_stands_alone(text: str) -> None:
    found = Page(text)
    assert found.open == [] and found.wrong == []
    assert len(found.anchors) == len(set(found.anchors))
    assert all(link.startswith("#") for link in found.links)
    assert {link[1:] for link in found.links} <= set(found.anchors)
    names = {tag for tag, _ in found.elements}
    assert not names & {"script", "link", "img", "b>", "iframe", "object"}
    assert "url(" not in text and "@import" not in text and "http" not in text


def test_the_page_links_symbols_with_definitions_and_uses() -> None:
    text = FORMS["demo.html"]
    done = make_golden.demo()
    definition = done.symbols["SUM"].statement
    assert f'<a href="#s{definition}" title="SUM: 000000A8 in DEMO, length 4, statement {definition}">SUM</a>' in text
    assert '<tr id="y-SUM"><td class=m>SUM</td><td class=m>000000A8</td>' in text
    assert "<details class=macro>" in text
    assert "<details class=macro open>" in text  # the one with a message in it
    assert "register names are symbols" in text
    assert '<a class=op href="#s4" title="macro CLEAR">CLEAR</a>' in text


def loaded(source: str, **options: object) -> dict[str, object]:
    done = assemble(source, options=Options(**options))  # type: ignore[arg-type]
    found: dict[str, object] = json.loads("".join(data(done, "x.assemble")))
    return found


def test_json_has_a_statement_for_each_of_the_listing() -> None:
    found = json.loads(FORMS["demo.json"])
    done = make_golden.demo()
    assert [one["number"] for one in found["statements"]] == [st.number for st in done.statements]
    assert found["return_code"] == done.return_code == 8
    add = next(one for one in found["statements"] if one["operation"] == "A")
    assert (add["code"], add["location"], add["uses"]) == ("5A302000", 0x10, {"R3": "", "PRICE": ""})
    assert add["defines"] == ["LOOP"]
    moved = next(one for one in found["statements"] if one["operand"] == "LINE,C' '" and one["operation"] == "MVI")
    assert [call["macro"] for call in moved["calls"]] == ["CLEAR", "GREET"]
    assert moved["level"] == 2 and moved["uses"] == {"LINE": "M"}


def test_json_messages_are_found_from_their_statements() -> None:
    found = json.loads(FORMS["demo.json"])
    for number, message in enumerate(found["messages"]):
        statement = found["statements"][message["statement"] - 1]
        assert number in statement["messages"]


def test_json_of_nothing_and_of_rubbish() -> None:
    assert loaded("")["return_code"] == 4
    assert loaded("\x00\x01 \ud800 '\n" + " X" * 300)["statements"]
    empty: dict[str, object] = loaded(" END")
    assert empty["symbols"] == [] and empty["entry"] is None


def test_plain_text_has_form_feeds_between_pages_and_no_blanks_at_the_ends() -> None:
    lines = list(plain(["1FIRST  ", " A", "0B", "-C", "1SECOND"]))
    assert "".join(lines) == "FIRST\nA\n\nB\n\n\nC\n\fSECOND\n"
    assert "".join(plain(["1FIRST", "1SECOND"], form_feeds=False)) == "FIRST\n\nSECOND\n"


@pytest.mark.parametrize("seed", range(6))
def test_every_form_of_programs_that_nobody_would_write(seed: int) -> None:
    rng = random.Random(seed)
    some = rng.choice(("NOXREF", "XREF(SHORT)", "NOLIST", "LINECOUNT(9)"))
    words = f"{some},FLAG(ALL),RENT,MLOGIC,MCALL,LIBMAC,MXREF,DXREF,RXREF,USING"
    options = parse_options(words, Options(blunders=True))[0]
    programs = [(GOLDEN / "demo.assemble").read_text(encoding="utf-8").splitlines(), AWKWARD.splitlines()]
    for _ in range(8):
        source = random_program(rng) if rng.random() < 0.5 else mutated(rng, programs)
        done = assemble(source, options=options)
        assert max(map(len, done.listing)) <= 121
        assert len(json.loads("".join(data(done, "x")))["statements"]) == len(done.statements)
        found = Page("".join(page(done, "x")))
        assert found.open == [] and found.wrong == []
        assert {link[1:] for link in found.links} <= set(found.anchors)
