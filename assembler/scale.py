"""Scale and integer attributes (S' and I') of constants.

Source: OS/VS Assembler Language (GC33-4010), "Scaling attribute" and "Integer attribute": of fixed-point constants the
bits, of hexadecimal floating-point and decimal ones the digits behind and before the point.
"""

from __future__ import annotations

from assembler.constant import Constant
from assembler.expression import Environment, absolute


def scale_and_integer(constant: Constant, env: Environment) -> tuple[int, int]:
    """S' and I' of a constant's first value; zeros for types that have neither.  Raises Flaw."""
    kind = constant.kind
    if kind not in "FHEDLPZ":
        return 0, 0
    length = constant.length_attribute(env)
    if kind in "PZ":
        value = constant.values[0] if constant.values else ""
        _, point, behind = value.partition(".")
        scale = len(behind) if point else 0
        return scale, (2 * length - 1 if kind == "P" else length) - scale
    scale = absolute(constant.scale, env) if constant.scale is not None else 0
    if kind in "FH":
        return scale, 8 * length - scale - 1
    digits = 2 * (length - 1) if length <= 8 else 2 * (length - 2)  # an extended number has two characteristics
    return scale, digits - scale
