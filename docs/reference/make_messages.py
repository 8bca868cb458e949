"""Write `cp-messages.md`, the reference of CP's messages, from where they are declared and explained.

    python docs/reference/make_messages.py

A test compares the committed file with what this gives.
"""

from collections.abc import Iterator
from pathlib import Path

from cpvm.cp import helpmessage

HERE = Path(__file__).parent
HEAD = """# CP's messages

Each message is DMK, three letters of the module that sends it (`mmm` where that is the command's), its number and a
letter: E error, W warning, I information, A action wanted. The number is the return code of a command. In CMS,
`HELP DMK045E` shows the same.

This file is written by `docs/reference/make_messages.py` from the places where messages are declared,
`cpvm/cp/messages.help` and the help texts of the commands; do not edit it.
"""


def lines() -> Iterator[str]:
    """The file, line by line."""
    yield HEAD
    general, particular = helpmessage.explanations(), helpmessage.by_commands()
    for number, texts in helpmessage.declared().items():
        yield f"## {number}\n"
        yield from (f"    {text}" for text in texts)
        yield ""
        if number in general:
            yield f"{general[number]}\n"
        said: dict[str, list[str]] = {}
        for command, explanation in particular.get(number, []):
            said.setdefault(explanation or "see there", []).append(command)
        yield from (f"- {', '.join(commands)}: {explanation}" for explanation, commands in said.items())
        if said:
            yield ""


def text() -> str:
    """The whole file."""
    return "\n".join(lines()).rstrip("\n") + "\n"


if __name__ == "__main__":
    (HERE / "cp-messages.md").write_text(text(), encoding="utf-8")
