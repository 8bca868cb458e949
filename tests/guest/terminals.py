"""Runs the program about displays with s3270 as their terminals: `python -m guest.terminals` in `tests`.

Shows that displays, their mirrors of the terminals, and a terminal of others agree. The tests do not need s3270.
"""

from __future__ import annotations

import re
import select
import sys
from pathlib import Path
from typing import Any

from cpvm import api
from cpvm.machine.configure import ConfigurationError
from cpvm.machine.devices.display3277 import Display
from cpvm.s370.datastream import REMOTE, Read
from guest.program import deck, typed

sys.path.append(str(Path(__file__).parents[1] / "machine" / "media"))
from make_screen_vectors import Terminal

ON_THE_LINE = {command: code for code, command in REMOTE.items()}
ACTIONS = {"TAB": "Tab()", "ENTER": "Enter()", "CLEAR": "Clear()", "RIGHT": "Right()"}


class Place(Terminal):
    """s3270 in place of a display's terminal, and its operator."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.asked = False
        self.done: list[str] = []

    def attach(self, display: Display) -> None:
        self.display = display

    def write(self, command: int, data: bytes) -> None:
        self.send(ON_THE_LINE[command], data)

    def read(self) -> None:
        self.asked = True
        self.send(ON_THE_LINE[Read.BUFFER], b"")

    def poll(self) -> None:
        """Pass on what s3270 has sent."""
        while select.select([self.line], [], [], 0.005)[0]:
            self.raw += self.line.recv(65536)
            while b"\xff\xef" in self.raw:
                record = self.receive()
                if self.asked and record[0] not in (0x61, 0x88):
                    self.asked = False
                    self.display.answer(record)
                else:
                    self.display.enter(record)

    def operate(self) -> None:
        """Do, once, what the last row says."""
        _, output, status = self.action("Ascii1(24,1,1,80)")
        words = output[0].split() if output else []
        if words[:1] != ["DO"] or words == self.done or status[0] != "U" or self.display.reading:
            return
        self.done = words
        for word in words[1:]:
            name, _, text = word.partition(":")
            key = re.sub(r"(P[AF])(\d+)", r"\1(\2)", word)
            self.action(f'String("{text}")' if name == "TYPE" else ACTIONS.get(name, key))


def main() -> None:
    places = {"a": Place("3278-2"), "b": Place("3279-4")}

    def display(name: str) -> Any:
        if name not in places:
            raise ConfigurationError(f"there is no terminal {name}")
        return places[name]

    machine = api.BareMachine(devices=("009,1052",))
    machine.room.display = display  # type: ignore[method-assign]
    for words in ("0C0,3277,a", "0C1,3278,b,model=4,extended"):
        shown = machine.attach_words(words)
        assert isinstance(shown, Display)
        shown.power(True)
    machine.load_deck([deck("display")])
    machine.operator.typed.extend(typed("display"))
    machine.end_of_input()
    machine.ipl()
    for _ in range(500):
        if machine.run(20000).reason is api.StopReason.DISABLED_WAIT:
            break
        for place in places.values():
            place.poll()
            place.operate()
    print(machine.typed_out)
    for place in places.values():
        place.close()


if __name__ == "__main__":
    main()
