"""Write `cp-commands.md`, the reference of CP's commands, from the table of commands and their HELP texts.

    python docs/reference/make_commands.py

A test compares the committed file with what this gives.
"""

from pathlib import Path

from cpvm.cp import help

HERE = Path(__file__).parent
HEAD = """# CP commands

Every command of the control program, as `HELP CP` shows it: the forms with the shortest abbreviations in capitals, the
privilege classes, what it does, its operands, responses and messages. A message is told by its number, `DMKmmmnnns`;
`SET EMSG` says whether number and text are shown. `#CP` in front of a line makes it a command of CP wherever it is
typed, and `#` stands between several commands on one line.

This file is written by `docs/reference/make_commands.py` from the `.help` files beside the commands; do not edit it.
"""


def commands() -> str:
    """The whole of `cp-commands.md`."""
    table = help.commands()
    pages = help.pages()
    names = [name for name in pages if not table[name].same_as]
    parts = [HEAD, " ".join(f"[{name}](#{name.lower()})" for name in names), ""]
    for name in names:
        heading, _, text = pages[name].partition("\n")
        others = heading.removesuffix("CP command").strip().split(", ")[1:]
        also = f", {', '.join(others)}" if others else ""
        parts += [f"## {name}{also}", "", "```text", text.strip("\n"), "```", ""]
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    (HERE / "cp-commands.md").write_text(commands(), encoding="utf-8")
