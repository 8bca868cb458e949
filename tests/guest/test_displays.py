"""The program about the console and displays, with all of them, and their operator."""

from __future__ import annotations

import pytest

from cpvm import api
from guest.program import deck, typed

ENTRY = 0x1000
DISPLAYS = (0x0C0, 0x0C1)


class Operator:
    """Does, once, what the last row of each screen says."""

    def __init__(self, machine: api.BareMachine) -> None:
        self.machine = machine
        self.done: dict[int, list[str]] = {}

    def look(self, address: int) -> None:
        """Do what a screen asks for, if the keyboard is free."""
        words = self.machine.screen(address)[23].split()
        display = self.machine.device(address)
        if words[:1] != ["DO"] or words == self.done.get(address) or display.screen.locked:  # type: ignore[union-attr]
            return
        self.done[address] = words
        for word in words[1:]:
            action, _, text = word.partition(":")
            if action == "TYPE":
                self.machine.type_into(address, text)
            else:
                self.machine.press(address, action.lower())


@pytest.mark.parametrize("immediate", [True, False])
def test_every_check_passes(immediate: bool) -> None:
    machine = api.BareMachine(devices=("009,1052", "0C0,3277", "0C1,3278,,model=4,extended"))
    machine.load_deck([deck("display")])
    machine.operator.typed.extend(typed("display"))
    machine.end_of_input()
    machine.ipl()
    machine.address_stop = ENTRY  # the loader, which polls its reader, is none of this test's business
    machine.go()
    machine.address_stop = None
    machine.io.immediate = immediate
    operator = Operator(machine)
    for _ in range(400):
        stop = machine.run(2000)
        if stop.reason is api.StopReason.DISABLED_WAIT:
            break
        for address in DISPLAYS:
            operator.look(address)
    assert "DISPLAY: PASSED" in machine.typed_out, (stop, machine.typed_out, machine.screen(0x0C0))
    assert machine.typed_out.startswith("\aA LINE IN PARTS\nECHO\nDISPLAY: PASSED")
