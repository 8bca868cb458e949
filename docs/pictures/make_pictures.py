"""Makes the pictures of this directory: a system is started, somebody works at a 3270, and screens are drawn.

    python docs/pictures/make_pictures.py [FOLDER]

Times, dates and what processor time something took are always the same on them, so that a picture changes only when
a screen does.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cpvm import api
from cpvm.front.picture import picture
from cpvm.machine.media.screen import Screen
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

FOLDER = Path(__file__).parent
GREETING = b"""\
&CONTROL OFF
* GREETS WHOMEVER IS NAMED
&IF &INDEX EQ 0 &GOTO -NOBODY
&LOOP 1 &INDEX
&TYPE HELLO, &1
&EXIT
-NOBODY
&TYPE AND WHO ARE YOU?
&EXIT 4
""".replace(b"\n", b"\r\n")
PLANETS = ("MERCURY", "VENUS", "EARTH", "MARS", "JUPITER", "SATURN", "URANUS", "NEPTUNE")
TABLE = "".join(f"{planet:<10}{does}\r\n" for does in ("RISES", "STANDS", "SETS") for planet in PLANETS).encode()
_ALWAYS = (
    (r"GMT \w+ \d\d/\d\d/\d\d", "GMT MONDAY 11/23/26"),
    (r"\d\d:\d\d:\d\d", "10:02:57"),
    (r"(?<![:\d])\d\d:\d\d(?![:\d])", "10:02"),
    (r"\d\d/\d\d/\d\d", "11/23/26"),
    (r"T=\d+\.\d+/\d+\.\d+", "T=0.01/0.02"),
)


def settled(screen: Screen) -> Screen:
    """A copy of a screen on which all times are the same."""
    copy = Screen(*screen.default, screen.alternate, extended=screen.extended)
    copy.from_bytes(screen.to_bytes())
    for row in range(copy.rows):
        start = row * copy.columns
        for pattern, always in _ALWAYS:
            text = from_ebcdic(bytes(copy.text[start : start + copy.columns]))
            for found in re.finditer(pattern, text):
                new = to_ebcdic(always.ljust(len(found[0]))[: len(found[0])])
                copy.text[start + found.start() : start + found.end()] = new
    return copy


def pictures() -> Iterator[tuple[str, str]]:
    """Names and pictures."""
    with tempfile.TemporaryDirectory() as folder, api.start(Path(folder) / "system") as system:
        yield from _session(system.display())


def _session(display: api.Display) -> Iterator[tuple[str, str]]:
    def drawn(name: str, title: str, *, colours: bool = True) -> tuple[str, str]:
        with display.still:
            return name, picture(settled(display.screen), colours=colours, title=title)

    display.wait_status("CP READ")
    yield drawn("logo", "The screen of a 3270 at which nobody is logged on: VM/370 ONLINE")
    display.logon("CMSUSER")
    display.wait_status("CP READ")
    yield drawn("cp-read", "CMSUSER has logged on; CP waits for a command", colours=False)
    display.ipl_cms()
    display.put(GREETING, "GREET EXEC A (ASCII CRLF")
    display.put(TABLE, "PLANETS DATA A (ASCII CRLF")
    display.press("clear")
    for line in ("LISTFILE * * A (DATE", "GREET ADA", "GREET", "STATE PROFILE EXEC"):
        display.wait_status("VM READ")
        ready = display.text.count("Ready")
        display.enter(line)
        display.wait(lambda ready=ready: display.text.count("Ready") > ready)  # type: ignore[misc]
    display.wait_status("VM READ")
    display.type("CP QUERY TIME")
    yield drawn("cms", "CMS: files are listed, an EXEC is run, the next command is typed")
    display.press("erase_input", "clear")
    display.wait_status("VM READ")
    display.enter("TYPE PLANETS DATA")
    display.wait_status("MORE...")
    yield drawn("more", "More lines than the screen has: MORE...", colours=False)
    while display.status != "VM READ":
        display.press("clear")
        display.wait_status("VM READ", "MORE...")
    display.enter("EDIT GREET EXEC")
    display.wait_for("EDIT:")
    display.wait_status("VM READ")
    yield drawn("edit", "A file in the editor")
    display.enter("QUIT")
    display.wait_for("Ready;")
    display.enter("HELP")
    display.wait_for("Topic ====>")
    display.unlocked()
    yield drawn("help", "HELP")
    display.hangup()


def main() -> None:
    """Write them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pictures():
        (folder / f"{name}.svg").write_text(text, encoding="utf-8")
        print(folder / f"{name}.svg")


if __name__ == "__main__":
    main()
