"""The short path for operands and the grammar agree; errors tell their column."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assembler.message import Flaw
from assembler.operand import parse_by_grammar, parse_by_shape

term = st.sampled_from(["R1", "15", "*", "LABEL", "X'1F'", "B'101'", "L'FIELD", "A$#@_9", "0", "4095"])
total = st.lists(term, min_size=1, max_size=3).flatmap(
    lambda terms: st.lists(st.sampled_from("+-"), min_size=len(terms) - 1, max_size=len(terms) - 1).map(
        lambda signs: terms[0] + "".join(sign + one for sign, one in zip(signs, terms[1:], strict=True))
    )
)
literal = st.sampled_from(["=F'5'", "=C'A,B'", "=A(X+4)", "=X'0F'", "=CL8'IT''S'", "=2H'1,2'", "=AL3(SYM)"])
address = st.one_of(total, literal)
operand = st.one_of(
    address,
    st.builds(lambda a, x: f"{a}({x})", address, total),
    st.builds(lambda a, x, b: f"{a}({x},{b})", address, total, total),
    st.builds(lambda a, b: f"{a}(,{b})", address, total),
)
field = st.lists(operand, min_size=1, max_size=4).map(",".join)


@settings(max_examples=400, deadline=None)
@given(field)
def test_short_path_agrees_with_the_grammar(text: str) -> None:
    short = parse_by_shape(text)
    assert short is not None
    assert short == parse_by_grammar(text)


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="AR19*+-/(),='X LC$F", max_size=16))
def test_short_path_takes_nothing_that_the_grammar_refuses(text: str) -> None:
    short = parse_by_shape(text)
    if short is not None:
        assert short == parse_by_grammar(text)


@pytest.mark.parametrize(
    ("text", "column"),
    [("1,2)", 3), ("A+,B", 2), ("(A", 2), ("A(B", 3), ("A B", 1), ("A,,B", 2), ("1,X'G'", 2), ("", 0)],
)
def test_errors_tell_the_column(text: str, column: int) -> None:
    with pytest.raises(Flaw) as error:
        parse_by_grammar(text)
    assert error.value.column == column


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(Flaw, match="LEVELS"):
        parse_by_grammar("(" * 50 + "1" + ")" * 50)


def test_long_sums_do_not_nest() -> None:
    (parsed,) = parse_by_grammar("+".join(["1"] * 3000) + "*2")
    assert len(parsed.address.walk()) == 3000
