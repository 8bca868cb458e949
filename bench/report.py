"""Put figures that were measured into a page: between the lines `<!-- engine -->` and `<!-- end -->`, a table.

python bench/engine.py --json engine.json
python bench/report.py engine.json docs/decisions/0013-translated-regions.md
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from pathlib import Path
from typing import Any

_PLACE = re.compile(r"(?s)(<!-- engine -->\n).*?(<!-- end -->)")


def rows(found: dict[str, Any]) -> list[str]:
    """The table, in Markdown."""
    engines = [name for name in found["programs"][0]["rates"] if name != "Hercules"]
    peer = any("Hercules" in program["rates"] for program in found["programs"])
    heads = ["program", *engines, *(["Hercules", *(f"{name}, ratio" for name in engines)] if peer else [])]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    ratios: dict[str, list[float]] = {name: [] for name in engines}
    for program in found["programs"]:
        medians = {who: statistics.median(rates) for who, rates in program["rates"].items()}
        cells = [program["program"], *(_rate(medians[name]) for name in engines)]
        if peer:
            cells.append(_rate(medians["Hercules"]))
            for name in engines:
                ratios[name].append(medians[name] / medians["Hercules"])
                cells.append(f"{ratios[name][-1]:.1f}")
        lines.append(f"| {' | '.join(cells)} |")
    if peer:
        blank = [""] * (len(engines) + 1)
        lines.append(f"| median | {' | '.join([*blank, *(f'{statistics.median(ratios[n]):.1f}' for n in engines)])} |")
    about = "; ".join(f"{what} {text}" for what, text in found["machine"].items())
    return [f"{about}; Hercules {found['hercules'] or 'none'}.", "", *lines]


def _rate(mips: float) -> str:
    return f"{mips:.0f}" if mips >= 100 else f"{mips:.1f}"


def main() -> None:
    """Fill the page."""
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    found, page = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    text, places = _PLACE.subn(lambda place: place[1] + "\n".join(rows(found)) + "\n" + place[2], page.read_text())
    if places != 1:
        raise SystemExit(f"{page}: no place for a table")
    page.write_text(text)


if __name__ == "__main__":
    main()
