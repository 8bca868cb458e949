"""Write `code-pages.md`, the reference of the code pages, from the package.

    python docs/reference/make_code_pages.py

A test compares the committed file with what this gives.
"""

import unicodedata
from pathlib import Path

from cpvm.front.disks.textcode import decode
from cpvm.terminal.codepage import CHARACTERS

HERE = Path(__file__).parent
HEAD = """# Code pages

The system's own code is EBCDIC, code page 037: terminals, files, cards and printers. Its 256 codes are the 256
characters of ISO 8859-1; those that can be seen, {count} of them and the tabulator, can be typed. In code page 1047,
which some files come in, six characters have other codes; what reads such files (`code=1047`, `--code 1047`)
translates them.

This file is written by `docs/reference/make_code_pages.py`; do not edit it.

## 037

Rows are the first half of a byte, columns the second. `SP` is the blank, `NB` the no-break space, `SH` the soft hyphen;
a blank field is a control code. Of these only X'05', the tabulator, comes from a keyboard.

"""
DIFFERENT = """
## What is different in 1047

| Character | | 037 | 1047 |
|---|---|---|---|
"""
TYPED = """
## What is typed otherwise

| From the terminal | What the system gets |
|---|---|
| a letter and a combining mark (U+0300 ...) | the letter with the mark, if there is one (normalization form C) |
| no-break space, U+00A0 | a blank |
| soft hyphen, U+00AD | nothing: it cannot be seen, so it is not taken, and reported |
| any other character | nothing if it was a key, `?` in pasted lines; either way the system says so |
| bytes that are no UTF-8 | the same |
"""


def page() -> str:
    """The text of `code-pages.md`."""
    lines = ["| |" + "|".join(f"-{low:X}" for low in range(16)) + "|", "|---" * 17 + "|"]
    for high in range(4, 16):
        lines.append(f"|**{high:X}-**|" + "|".join(_shown(high << 4 | low) for low in range(16)) + "|")
    different = [code for code in range(256) if decode(bytes((code,)), "037") != decode(bytes((code,)), "1047")]
    there = {decode(bytes((code,)), "1047"): code for code in range(256)}
    table = [
        f"| `{char}` | {unicodedata.name(char).lower()} | X'{code:02X}' | X'{there[char]:02X}' |"
        for code in different
        if (char := decode(bytes((code,)), "037")).isprintable()
    ]
    head = HEAD.format(count=len(CHARACTERS) - 1)
    return head + "\n".join(lines) + "\n" + DIFFERENT + "\n".join(table) + "\n" + TYPED


def _shown(code: int) -> str:
    char = decode(bytes((code,)), "037")
    named = {
        " ": "SP",
        "\xa0": "NB",
        "\xad": "SH",
        "|": "\\|",
        "`": "\\`",
        "*": "\\*",
        "_": "\\_",
        "<": "\\<",
        "\\": "\\\\",
    }
    return named.get(char, char if char.isprintable() else "")


if __name__ == "__main__":
    (HERE / "code-pages.md").write_text(page(), encoding="utf-8")
