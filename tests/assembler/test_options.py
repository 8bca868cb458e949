"""Option words, as in a PARM field."""

from __future__ import annotations

import re

import pytest

from assembler.options import OptionError, Options, chosen, option_words, parse_options


def parsed(text: str) -> Options:
    return parse_options(text, Options())[0]


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("NOLIST", "source", False),
        ("LIST(121)", "source", True),
        ("noesd,NORLD", "rld", False),
        ("XREF", "xref", "FULL"),
        ("XREF(SHORT)", "xref", "SHORT"),
        ("NOXREF", "xref", "NONE"),
        ("XREF(SHORT,UNREFS)", "unrefs", True),
        ("NOXREF XREF(FLAGS)", "xref", "FULL"),
        ("LINECOUN(60)", "linecount", 60),
        ("LINECOUNT(0)", "linecount", 0),
        ("TERM", "terminal", True),
        ("NOTERM", "terminal", False),
        ("NUM", "number", True),
        ("NONUM", "number", False),
        ("OBJ NODECK", "object", True),
        ("NOALIGN", "align", False),
        ("RENT", "rent", True),
        ("NOYFLAG", "yflag", False),
        ("TEST", "test", True),
        ("FLAG(8)", "flag", 8),
        ("FLAG(NOFALL)", "no_warnings", frozenset({"FALL"})),
        ("FLAG(4,IMPLEN)", "warnings", frozenset({"IMPLEN"})),
        ("FLAG(NOALL)", "no_warnings", frozenset({"ALL"})),
        ("USING(MAP)", "using_map", True),
        ("USING,NOUSING", "using_map", False),
        ("MXREF(SOURCE),DXREF", "mxref", True),
        ("PCONTROL(ON,NOGEN)", "pcontrol", ("ON", "NOGEN")),
        ("BUFSIZE(MAX),NOBATCH,SIZE(1M)", "test", False),
        ("ALOGIC,NOALOGIC", "alogic", False),
        (" LIST , , RLD ", "rld", True),
    ],
)
def test_words(text: str, field: str, value: object) -> None:
    assert getattr(parsed(text), field) == value


def test_one_warning_alone() -> None:
    options = parsed("FLAG(NOALL,FALL)")
    assert ("FALL" in options.warnings and "ALL" in options.no_warnings) or "FALL" not in options.no_warnings


@pytest.mark.parametrize(
    ("text", "sysparm"), [("SYSPARM(A B,C)", "A B,C"), ("SYSPARM()", ""), ("SYSPARM(F(X))", "F(X)"), ("LIST", None)]
)
def test_sysparm(text: str, sysparm: str | None) -> None:
    assert parse_options(text, Options())[1] == sysparm


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("NOSUCH", "NOSUCH: there is no such option"),
        ("NOFLAG", "NOFLAG: there is no such option"),
        ("LINECOUNT", "LINECOUNT needs a number from 0 to 32767"),
        ("LINECOUNT(3)", "at least 5 lines"),
        ("LINECOUNT(X)", "LINECOUNT needs a number"),
        ("XREF(LONG)", "XREF takes FULL, SHORT, UNREFS, FLAGS, not LONG"),
        ("NOXREF(FULL)", "NOXREF: takes no value"),
        ("ESD(1)", "ESD: takes no value"),
        ("FLAG(SILLY)", "not SILLY"),
        ("FLAG(999)", "from 0 to 255"),
        ("USING(WARN(3))", "USING takes MAP or NOMAP"),
        ("PCONTROL(X)", "not X"),
        ("(", "an option word is needed here"),
        ("LIST)", "an option word is needed here"),
    ],
)
def test_words_that_are_wrong(text: str, told: str) -> None:
    with pytest.raises(OptionError, match=re.escape(told)):
        parsed(text)


def test_the_listing_tells_all_options_and_takes_them_back() -> None:
    options = parsed("NOALIGN,DECK,NOOBJECT,FLAG(4,NOFALL,PAGE0),XREF(SHORT,UNREFS,FLAGS),RXREF,PCONTROL(GEN),RENT")
    lines = chosen(options, "P")
    assert lines[0] == "OPTIONS FOR THIS ASSEMBLY" and lines[-1] == "  SYSPARM(P)"
    assert parse_options(",".join(line.strip() for line in lines[1:]), Options()) == (options, "P")


def test_every_word_is_accepted_in_some_form() -> None:
    for word in option_words():
        if word not in ("FLAG", "LINECOUNT", "PCONTROL", "SYSPARM"):
            parsed(word)
