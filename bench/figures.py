"""Figures that were measured, kept in a file and put into a page of the documents: nobody types one.

    python bench/SOME.py --json some.json
    python bench/figures.py some.json docs/performance.md

A bench or a campaign calls `save`. In the page stands what it measured between the lines `<!-- name -->` and
`<!-- end -->`: the command, the machine, and a table.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.peer import this_machine

HEADS = ("what", "measured")


def save(
    path: Path | None, name: str, command: str, rows: Sequence[Sequence[str]], heads: Sequence[str] = HEADS
) -> None:
    """Write the figures of one run, unless PATH is None.

    NAME is the place in the page, COMMAND what was typed, with the options that made a difference. Each of the ROWS
    has a text for each of the HEADS, units included. Raises ValueError for a row of another length.
    """
    for row in rows:
        if len(row) != len(heads):
            raise ValueError(f"{name}: {len(row)} texts beneath {len(heads)} heads: {row!r}")
    if path is None:
        return
    about = {"name": name, "command": command, "machine": this_machine(), "heads": list(heads)}
    path.write_text(json.dumps(about | {"rows": [list(row) for row in rows]}, indent=1) + "\n")


def table(found: dict[str, Any]) -> list[str]:
    """What `save` wrote, in Markdown."""
    about = "; ".join(f"{what} {text}" for what, text in found["machine"].items())
    rows = [found["heads"], *found["rows"]]
    lines = [f"| {' | '.join(_cell(text) for text in row)} |" for row in rows]
    return [
        "```text",
        found["command"],
        "```",
        "",
        f"{about}.",
        "",
        lines[0],
        "|---" * len(found["heads"]) + "|",
        *lines[1:],
    ]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def put(found: dict[str, Any], page: str) -> str:
    """The page with these figures in their place. Raises ValueError if it has no such place, or more than one."""
    name = re.escape(found["name"])
    place = re.compile(rf"(?s)(<!-- {name} -->\n).*?(<!-- end -->)")
    text, places = place.subn(lambda match: match[1] + "\n".join(table(found)) + "\n" + match[2], page)
    if places != 1:
        raise ValueError(f"{places} places for {found['name']}")
    return text


def main() -> None:
    """Fill the page."""
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    page = Path(sys.argv[-1])
    for file in sys.argv[1:-1]:
        try:
            page.write_text(put(json.loads(Path(file).read_text()), page.read_text()))
        except ValueError as error:
            raise SystemExit(f"{page}: {error}") from None


if __name__ == "__main__":
    main()
