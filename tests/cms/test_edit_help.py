"""Every subcommand of EDIT has a help file, with its shortest form, and no help file is of anything else."""

import re

from cms.source import COMMANDS

FOLDER = COMMANDS / "edit"
OTHERS = {"$DUP", "$MOVE", "MACROS", "DISPLAY", "NNNNN", "QUESTION"}
"""What is not in the table of verbs."""
UNNAMED = {"SU"}
"""Other forms of a subcommand that has help."""


def verbs() -> dict[str, int]:
    """Names in the table of subcommands, and how many letters they need."""
    table = (FOLDER / "dmsedt.assemble").read_text(encoding="utf-8")
    found = re.findall(r"DC    CL8'([A-Z]+)',H'(\d),\d',V\(", table)
    return {name: int(least) + 1 for name, least in found if name not in UNNAMED}


def test_every_subcommand_has_help() -> None:
    helped = {file.stem.upper(): file.read_text(encoding="utf-8") for file in FOLDER.glob("*.helpedt")}
    assert set(helped) == set(verbs()) | OTHERS
    for name, least in verbs().items():
        shortest = name[:least] + name[least:].lower()
        assert re.search(rf"^    .*\b{re.escape(shortest)}\b", helped[name], re.MULTILINE), (name, shortest)


def test_help_fits_the_screen() -> None:
    for file in FOLDER.glob("*.helpedt"):
        assert all(len(line) <= 80 for line in file.read_text(encoding="utf-8").splitlines()), file
