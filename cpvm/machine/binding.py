"""From a decoded instruction to a function without arguments.

For each instruction the text of a small function is put together, compiled, and kept: it takes a CPU and the fields,
and gives the function that advances the instruction address, works out the operand addresses and calls the body.
Whatever the fields decide (a register number that must be even) is decided here, once.
"""

from collections.abc import Callable
from typing import Any, Protocol

from cpvm.machine import guard
from cpvm.machine.cpu import CPU
from cpvm.machine.stop import ProgramCheck
from cpvm.s370.formats import Format
from cpvm.s370.insn import Insn
from cpvm.s370.interruption import PRIVILEGED, SPECIFICATION
from cpvm.s370.psw import PROBLEM

Step = Callable[[], None]


class Bind(Protocol):
    """Makes the function for one instruction text."""

    def __call__(self, cpu: CPU, **fields: int) -> Step: ...


def _address(row: Insn, n: str, fields: dict[str, int]) -> str:
    """Expression for the effective address a1 or a2."""
    terms = [f"g[b{n}]"] if fields[f"b{n}"] else []
    if row.format is Format.RX and fields[f"x{n}"]:
        terms.insert(0, f"g[x{n}]")
    if not terms:
        return f"d{n}"
    if fields[f"d{n}"]:
        terms.append(f"d{n}")
    return f"{' + '.join(terms)} & 0xFFFFFF"


def _shape(row: Insn, fields: dict[str, int]) -> tuple[bool, ...]:
    """What of the fields decides the text of the function: which parts of the addresses are zero."""
    return tuple(value != 0 for name, value in fields.items() if name[0] in "xbd" and len(name) == 2)


def _text(row: Insn, fields: dict[str, int]) -> str:
    lines = [f"    cpu.ia += {row.length}"]
    if row.privileged:
        lines.append(f"    if cpu.state & {PROBLEM}: raise ProgramCheck({PRIVILEGED})")
    arguments = []
    for name in row.operands:
        if name[0] != "a":
            arguments.append(name)
        elif row.align > 1:
            lines.append(f"    {name} = {_address(row, name[1], fields)}")
            lines.append(f"    if {name} & {row.align - 1}: raise ProgramCheck({SPECIFICATION})")
            arguments.append(name)
        else:
            arguments.append(_address(row, name[1], fields))
    lines.append(f"    body({', '.join(['cpu', *arguments])})")
    return "\n".join(lines)


def _wrong_registers(row: Insn, fields: dict[str, int]) -> bool:
    return (
        any(fields[r] & 1 for r in row.even)
        or any(fields[r] & 9 for r in row.floating)
        or any(fields[r] & 11 for r in row.extended)
    )


def _wrong(cpu: CPU, row: Insn) -> Step:
    """Function for an instruction that names registers it must not name."""

    def wrong() -> None:
        cpu.ia += row.length
        if row.privileged and cpu.state & PROBLEM:
            raise ProgramCheck(PRIVILEGED)
        raise ProgramCheck(SPECIFICATION)

    return wrong


def binder(row: Insn) -> Bind:
    """What makes functions for this instruction."""
    makers: dict[tuple[bool, ...], Any] = {}
    body = guard.instruction(row.body, row.mnemonic)

    def bind(cpu: CPU, **fields: int) -> Step:
        if _wrong_registers(row, fields):
            return _wrong(cpu, row)
        shape = _shape(row, fields)
        maker = makers.get(shape)
        if maker is None:
            name = f"{row.mnemonic.lower()}_step"
            text = (
                f"def make(cpu, g, body, {', '.join(fields)}):\n"
                f"  def {name}():\n{_text(row, fields)}\n"
                f"  return {name}\n"
            )
            scope: dict[str, Any] = {"ProgramCheck": ProgramCheck}
            exec(compile(text, f"<{row.mnemonic}>", "exec"), scope)
            maker = makers[shape] = scope["make"]
        step: Step = maker(cpu, cpu.general, body, **fields)
        return step

    return bind
