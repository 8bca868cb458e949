"""Makes terminal-limits.md: every limit of the terminals, from the constants in their sources and what stands below."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = (
    "cpvm/terminal/**/*.py",
    *(
        f"cpvm/cp/{name}.py"
        for name in ("cpscreen", "graphic", "session", "fullscreen", "window", "vconsole", "lineedit")
    ),
    "cpvm/front/netstation.py",
)
NO_LIMITS = {"COLOUR_BITS", "INTERRUPT_KEY", "REFUSED", "TAB_STOPS", "UNUSABLE"}
"""Numbers that bound nothing."""

HEAD = """\
# Limits of the terminals

Whatever a terminal, a browser or a host sends is checked against these. Made by `make_terminal_limits.py` from the
sources.

| limit | value | what it is |
|---|---|---|
"""


def constants(path: Path) -> Iterator[tuple[str, int | float, str]]:
    """Names, values and texts of the numbers of a module that have a text below."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node, below in pairwise(body):
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value):
                pass
            case _:
                continue
        match below:
            case ast.Expr(value=ast.Constant(value=str(text))) if (
                name.isupper() and name not in NO_LIMITS and name[0] != "_"
            ):
                number = _number(value)
                if number is not None:
                    yield name, number, " ".join(text.split())


def _number(value: ast.expr) -> int | float | None:
    match value:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.BinOp(left=ast.Constant(value=int(left)), op=ast.LShift(), right=ast.Constant(value=int(right))):
            return left << right
    return None


def page() -> str:
    """The page."""
    rows = []
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            module = path.relative_to(ROOT / "cpvm").as_posix().removesuffix(".py")
            for name, number, text in constants(path):
                shown = f"{number:,}" if isinstance(number, int) else f"{number:g}"
                rows.append(f"| `{name}` of `{module}` | {shown} | {text.replace('|', '&#124;')} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    (Path(__file__).parent / "terminal-limits.md").write_text(page(), encoding="utf-8")
