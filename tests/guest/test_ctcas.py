"""The program about channel-to-channel adapters, in two machines: in turns, and in two threads."""

from __future__ import annotations

import threading
import time

import pytest

from cpvm import api
from guest.program import deck

ENTRY = 0x1000


def machine(words: str, immediate: bool) -> api.BareMachine:
    """A machine at the beginning of the program."""
    made = api.BareMachine()
    made.load_deck([deck("ctca")])
    made.end_of_input()
    made.ipl()
    made.address_stop = ENTRY  # the loader, which polls its reader, is none of this test's business
    made.go()
    made.address_stop = None
    made.attach_words(words)
    made.io.immediate = immediate
    return made


def check(x: api.BareMachine, y: api.BareMachine) -> None:
    told = x.typed_out, y.typed_out
    assert told[0].startswith("CTCA: PASSED"), told
    assert told[1].startswith("CTCA: PASSED"), told
    for made in (x, y):
        made.close()


@pytest.mark.parametrize("immediate", [True, False])
@pytest.mark.parametrize("type", ["CTCA", "3088"])
@pytest.mark.parametrize("share", [37, 500])
def test_in_turns(immediate: bool, type: str, share: int) -> None:
    name = f"{type} {immediate} {share}"
    x = machine(f"0E0,{type},{name}", immediate)
    x.run(200)  # alone
    y = machine(f"0E1,{type},{name}", immediate)
    for _ in range(3000):
        stops = x.run(share), y.run(share)
        if all(stop.reason is api.StopReason.DISABLED_WAIT for stop in stops):
            break
    check(x, y)


def test_in_two_threads() -> None:
    machines = machine("0E0,CTCA,threads", True), machine("0E1,CTCA,threads", True)
    errors: list[BaseException] = []
    waker = threading.Condition()

    def wake() -> None:
        with waker:
            waker.notify_all()

    def run(made: api.BareMachine, address: int) -> None:
        device = made.device(address)
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                device.poll()  # type: ignore[union-attr]
                if made.run(300).reason is api.StopReason.DISABLED_WAIT:
                    return
                with waker:
                    waker.wait(0.001)  # the other one's turn; it need not be woken in time
        except BaseException as error:
            errors.append(error)

    threads = []
    for made, address in zip(machines, (0x0E0, 0x0E1), strict=True):
        made.device(address).wake = wake  # type: ignore[union-attr]
        threads.append(threading.Thread(target=run, args=(made, address)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    check(*machines)
