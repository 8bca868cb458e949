"""The forms of the listing for `demo.assemble`, which has something of everything and two mistakes.

    python tests/assembler/golden/make_golden.py

writes them anew; look at what changed before it is committed.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent

if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[2]))

from assembler import Assembly, Options, assemble  # noqa: E402
from assembler.listing.data import data  # noqa: E402
from assembler.listing.page import page  # noqa: E402

OPTIONS = Options(
    date="05/01/76", time="08.30", name="DEMO", blunders=True, flags=True, mxref=True, dxref=True, rxref=True,
    using_map=True,
)  # fmt: skip


def demo() -> Assembly:
    """The program, assembled with everything that can be listed."""
    library = {"TAIL": (HERE / "tail.copy").read_text(encoding="utf-8")}
    return assemble((HERE / "demo.assemble").read_text(encoding="utf-8"), library=library, options=OPTIONS)


def forms() -> dict[str, str]:
    """Each form's file name and contents."""
    done = demo()
    return {
        "demo.listing": "".join(f"{line}\n" for line in done.listing),
        "demo.html": "".join(page(done, "demo.assemble")),
        "demo.json": "".join(data(done, "demo.assemble")),
    }


if __name__ == "__main__":
    for name, text in forms().items():
        (HERE / name).write_text(text, encoding="utf-8")
