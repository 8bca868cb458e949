"""What the walker takes, what it refuses, and that what it makes does what Python does."""

import ctypes
from collections.abc import Callable
from random import Random

import llvmlite.binding as llvm
import pytest

from cpvm.machine.compiled import areas, dispatch
from cpvm.machine.compiled.build import target_machine
from cpvm.machine.compiled.emitstorage import StorageEmitter
from cpvm.machine.compiled.handlers import generate
from cpvm.machine.compiled.subset import Subset, walk
from cpvm.machine.compiled.text import Text
from cpvm.s370.insn import table
from cpvm.s370.ops import Ops

FACTOR = 3


def emitted(body: Callable[..., None], operands: int = 1) -> StorageEmitter:
    e = StorageEmitter(4)
    walk(e, body, ["%iw"] * operands)
    return e


class _Plain:
    """An emitter that emits nothing of its own."""

    def __init__(self) -> None:
        self.x = Text()
        self.live = True
        self.changed = False
        self.faults = 0
        self.unroll = 0


def arithmetic(a: int, b: int) -> int:
    v = a * FACTOR + b - 7
    if a < b and not b > 5:
        v = v ^ 0x55
    elif a == 3 or b == 3:
        return -v
    n = 0
    for i in range(4):
        n = n * 2 + (1 if v >> i & 1 != 0 else 0)
    while n > 3:
        n = n - 3
    return v // 10 + v % 10 * 100 + _helper(n, 2) + (~a & 0xFF | b << 3)


def _helper(a: int, b: int) -> int:
    return a + b if a > b else a - b


def test_native_code_gives_what_python_gives() -> None:
    e = _Plain()
    result = walk(e, arithmetic, ["%a", "%b"])
    e.x.do(f"ret i64 {result}")
    text = areas.DECLARATIONS + e.x.function("define i64 @f(i64 %a, i64 %b) {")
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(text), target_machine())
    engine.finalize_object()
    native = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(engine.get_function_address("f"))
    random = Random(1)
    for a in range(-6, 7):
        for b in range(-6, 7):
            assert native(a, b) == arithmetic(a, b), (a, b)
    for _ in range(200):
        a, b = (random.randrange(-(2**40), 2**40) for _ in range(2))
        assert native(a, b) == arithmetic(a, b), (a, b)


def change_then_fault(m: Ops, a2: int) -> None:
    m.set_gr(1, 0)
    m.set_gr(2, m.fetch4(a2))


def fault_in_the_next_round(m: Ops, a2: int) -> None:
    for i in range(2):
        m.set_gr(i, m.fetch4(a2))


def change_in_one_branch(m: Ops, a2: int) -> None:
    if a2 == 0:
        m.set_cc(0)
    m.program_check(6)


def fault_then_change(m: Ops, a2: int) -> None:
    if a2 == 0:
        m.program_check(6)
    m.set_gr(1, m.fetch4(a2))
    m.completed_check(8)


@pytest.mark.parametrize("body", [change_then_fault, change_in_one_branch])
def test_a_body_that_may_fault_after_a_change_is_refused(body: Callable[..., None]) -> None:
    with pytest.raises(Subset, match="after a change"):
        emitted(body)


def test_so_is_a_loop() -> None:
    with pytest.raises(Subset, match="later round"):
        emitted(fault_in_the_next_round)
    emitted(fault_then_change)


def no_number(m: Ops, a2: int) -> None:
    m.set_gr(1, "x")  # type: ignore[arg-type]


def truth_of_a_number(m: Ops, a2: int) -> None:
    if a2:
        m.set_cc(1)


def unknown_divisor(m: Ops, a2: int) -> None:
    m.set_gr(1, 5 // a2)


def two_names(m: Ops, a2: int) -> None:
    a, b = a2, a2
    m.set_gr(a, b)


def in_python_only(m: Ops, a2: int) -> None:
    m.diagnose(a2, 0, 0)


def recursive(m: Ops, a2: int) -> None:
    recursive(m, a2)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (no_number, "Constant"),
        (truth_of_a_number, "no comparison"),
        (unknown_divisor, "divisor"),
        (two_names, "Assign"),
        (in_python_only, "diagnose is not done in native code"),
        (recursive, "recursion"),
    ],
)
def test_what_is_outside_is_refused_with_its_place(body: Callable[..., None], why: str) -> None:
    with pytest.raises(Subset, match=why) as refused:
        emitted(body)
    assert body.__name__ in str(refused.value)


def test_what_is_left_to_python_is_known() -> None:
    """Everything a program does all the time is native; what is left out has a reason."""
    code = generate(table())
    assert set(code.left_out) <= {
        *("DIAG", "SIGP", "LCTL", "PTLB", "SPX", "IPTE", "SSKE", "RRBE", "DXR", "TPROT"),
        *("SIO", "SIOF", "TIO", "CLRIO", "HIO", "HDV", "TCH", "STIDC", "STIDP", "STAP"),
        *("SCK", "STCK", "SCKC", "STCKC", "SPT", "STPT"),
    }
    assert all(code.left_out.values())


def test_registers_that_must_not_be_named_are_left_to_python() -> None:
    code = generate(table())
    assert code.rows[0x1C10] == 0  # MR 1,0
    names = [name for module in code.names for name in module]
    assert names[code.rows[0x1C20]] == "MR"
    assert code.rows[0x2A10] == 0  # ADR 1,0
    assert names[code.rows[0x4780]] == "BC_m8"
    assert names[code.rows[0x4785]] == "BC"
    assert code.rows[0x0000] == 0
    assert dispatch.LAST_WHOLE == 2042
