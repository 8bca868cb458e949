"""The instruction table, formats, and the rules for bodies."""

import ast
import inspect
import textwrap
from types import FunctionType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpvm.s370 import insn as registry
from cpvm.s370.formats import FIELDS, Format, decode, encode, length_of
from cpvm.s370.insn import DuplicateInstruction, Insn, by_mnemonic, by_opcode, identify, table
from cpvm.s370.ops import Ops

ROWS = list(table().values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mnemonic)
def test_encoding_and_decoding_agree(row: Insn) -> None:
    for pattern in (0, -1, 0x5A5A5A5A, 0x123456789):
        sizes = {name: FIELDS[row.format][name][1] for name in row.fields}
        fields = {name: pattern >> n & (1 << bits) - 1 for n, (name, bits) in enumerate(sizes.items())}
        text = row.encode(**fields)
        assert len(text) == row.length == length_of(text[0])
        assert row.decode(text) == fields
        assert identify(text) is row
    assert by_mnemonic(row.mnemonic) is row
    assert by_opcode(row.opcode) is row
    assert row.title


def test_known_encodings() -> None:
    def text(mnemonic: str, **fields: int) -> str:
        row = by_mnemonic(mnemonic)
        assert row is not None
        return row.encode(**fields).hex()

    assert text("BALR", r1=12, r2=0) == "05c0"
    assert text("L", r1=3, d2=0x123, x2=5, b2=12) == "5835c123"
    assert text("MVC", l=255, d1=1, b1=2, d2=3, b2=4) == "d2ff20014003"
    assert text("SRP", l1=7, i3=5, d1=0, b1=1, d2=63) == "f0751000003f"
    assert text("SIOF", d2=0x9) == "9c010009"
    assert text("IPK") == "b20b0000"
    assert text("SVC", i1=202) == "0aca"
    assert text("ICM", r1=1, m3=7, d2=0xFFF, b2=15) == "bf17ffff"


def test_second_byte_of_io_instructions() -> None:
    for second in (0x00, 0x02, 0xFE):
        found = identify(bytes((0x9C, second, 0, 0)))
        assert found is not None
        assert found.mnemonic == "SIO"
    found = identify(bytes.fromhex("9EFF0000"))
    assert found is not None
    assert found.mnemonic == "HDV"
    assert identify(bytes.fromhex("B2FF0000")) is None
    assert identify(bytes.fromhex("00970000")) is None


@given(st.binary(min_size=2, max_size=6))
def test_any_bytes_can_be_identified(text: bytes) -> None:
    row = identify(text)
    if row is not None and len(text) >= row.length:
        assert set(row.decode(text)) == set(row.fields)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode(Format.RR, 0x18, {"r1": 16})
    with pytest.raises(ValueError, match="no field"):
        encode(Format.RR, 0x18, {"d2": 0})
    with pytest.raises(ValueError, match="takes 4 bytes"):
        decode(Format.RX, b"\x58\0")
    with pytest.raises(ValueError, match="at least two bytes"):
        identify(b"\x05")
    assert by_mnemonic("XYZZY") is None
    assert by_opcode(0xFF) is None


def test_duplicates_refuse() -> None:
    def body(m: Ops, r1: int) -> None:
        """Nothing."""

    with pytest.raises(DuplicateInstruction, match="X'18'"):
        registry.insn(0x18, "LR2", Format.RR)(body)
    with pytest.raises(DuplicateInstruction, match="LR"):
        registry.insn(0x02, "LR", Format.RR)(body)

    def strange(m: Ops, q9: int) -> None:
        """Nothing."""

    with pytest.raises(ValueError, match="operands"):
        registry.insn(0x02, "XX", Format.RR)(strange)
    assert by_opcode(0x02) is None


ALLOWED: tuple[type[ast.AST], ...] = (
    ast.FunctionDef, ast.arguments, ast.arg, ast.Load, ast.Store, ast.Expr, ast.Call, ast.Attribute, ast.Name,
    ast.Constant, ast.Assign, ast.If, ast.While, ast.For, ast.Return, ast.IfExp, ast.Compare, ast.BoolOp, ast.And,
    ast.Or, ast.Not, ast.UnaryOp, ast.USub, ast.Invert, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod,
    ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift, ast.Pow, ast.Eq, ast.NotEq, ast.Lt, ast.LtE,
    ast.Gt, ast.GtE,
)  # fmt: skip
"""What a compiler of native code takes: names, numbers, operators, if, while, for, calls of Ops and helpers."""


def _functions(function: FunctionType, seen: set[FunctionType]) -> None:
    if function in seen:
        return
    seen.add(function)
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, FunctionType):
            _functions(value, seen)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mnemonic)
def test_bodies_keep_to_the_subset(row: Insn) -> None:
    functions: set[FunctionType] = set()
    assert isinstance(row.body, FunctionType)
    _functions(row.body, functions)
    for function in functions:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        assert isinstance(tree, ast.FunctionDef)
        tree.decorator_list = []
        tree.body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        for node in ast.walk(tree):
            assert isinstance(node, ALLOWED), f"{function.__name__}: {ast.dump(node)}"
            if isinstance(node, ast.Compare):
                assert len(node.ops) == 1, f"{function.__name__}: chained comparison"
            if isinstance(node, ast.Assign):
                assert isinstance(node.targets[0], ast.Name), function.__name__
            if isinstance(node, ast.Attribute):
                assert isinstance(node.value, ast.Name), function.__name__
                assert node.value.id == "m", function.__name__
                assert hasattr(Ops, node.attr), f"{function.__name__}: {node.attr}"
