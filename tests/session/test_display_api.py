"""A 3270 from Python, in this process and over the network: log on, commands, full screens, files."""

from collections.abc import Callable

import pytest

from cpvm import api

Make = Callable[[], api.Display]


@pytest.fixture(params=["here", "over the network", "a large one"])
def make(request: pytest.FixtureRequest, system: api.SystemHandle) -> Make:
    """Makes displays of a kind."""
    if request.param == "here":
        return system.display
    address = system.listen()
    model = 4 if request.param == "a large one" else 2
    return lambda: api.connect(*address, model=model)


def test_a_day_at_a_display(make: Make) -> None:
    with make() as display:
        said = display.logon("CMSUSER")
        assert any(line.startswith("LOGON AT") for line in said)
        assert display.ipl_cms().return_code == 0
        answer = display.command("LISTFILE PROFILE EXEC")
        assert answer.output == ("PROFILE  EXEC     A1",)
        assert display.command("LISTFILE NOTHERE FILE").return_code == 28
        assert display.command("#CP").state is api.ReadState.CP_READ
        assert display.command("BEGIN").state is api.ReadState.VM_READ

        long = display.command("LISTFILE * MODULE S")  # more than a screen
        assert len(set(long.output)) == len(long.output) > 60 and all("MODULE" in line for line in long.output)

        assert display.put(b"ONE\r\nTWO\r\n", "SOME FILE A (ASCII CRLF").startswith("TRANS03")
        assert display.command("TYPE SOME FILE").output[-2:] == ("ONE", "TWO")
        assert display.get("SOME FILE A (ASCII CRLF") == b"ONE\r\nTWO\r\n"
        with pytest.raises(api.TransferError, match="TRANS"):
            display.get("NO FILE A (ASCII CRLF")

        display.enter("EDIT SOME FILE")
        display.wait_for("EDIT:")
        display.wait_status("VM READ")
        row, column = display.find("TWO") or (0, 0)
        display.fill(display.field_at(row - 1, column), "ONE AND A HALF")
        display.move(22, 0)
        display.press("enter")
        display.wait_status("VM READ")
        display.enter("FILE")
        display.wait_for("Ready;")
        assert display.command("TYPE SOME FILE").output[-2:] == ("ONE AND A HALF", "TWO")
        display.logoff()
        with pytest.raises(api.LogonRefused, match="DMKLOG050E PASSWORD INCORRECT"):
            display.logon("CMSUSER", "WRONG")
        with pytest.raises(api.LogonRefused, match="NOT IN CP DIRECTORY"):
            display.logon("NOBODY")


def test_attention_and_a_display_that_is_switched_off(make: Make) -> None:
    first = make()
    first.logon("CMSUSER")
    first.ipl_cms()
    first.press("attn")
    first.wait_status("CP READ")
    first.hangup()
    second = make()
    assert any(line.startswith("RECONNECTED AT") for line in second.logon("CMSUSER"))
    with pytest.raises(api.ScreenTimeoutError):
        second.wait_for("NEVER", 0.01)
    second.logoff()
    second.hangup()


def test_nobody_listens(system: api.SystemHandle) -> None:
    host, port = system.listen()
    system.stop()
    with pytest.raises(OSError):
        api.connect(host, port)
