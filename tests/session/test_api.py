"""The Python API, as a user would use it."""

import pytest

from cpvm import api


def cms(system: api.SystemHandle, userid: str = "CMSUSER") -> api.User:
    user = system.logon(userid)
    user.type("IPL CMS")
    user.type("")
    return user


def test_a_response(system: api.SystemHandle) -> None:
    response = cms(system).type("LISTFILE PROFILE EXEC")
    assert response.output == ("PROFILE  EXEC     A1",)
    assert response.return_code == 0
    assert response.state is api.ReadState.VM_READ
    assert response.ready is not None and 0 < (response.ready.virtual or 0) <= (response.ready.total or 0)
    assert response.text.startswith("PROFILE  EXEC     A1\nReady; T=")


def test_return_codes(system: api.SystemHandle) -> None:
    user = cms(system)
    assert user.type("LISTFILE NOTHERE FILE").return_code == 28
    assert user.type("CP FROB").return_code == -1
    assert user.type("FROB").return_code is None
    assert user.type("#CP QUERY TIME").return_code is None


def test_states(system: api.SystemHandle) -> None:
    user = system.terminal()
    assert user.read_state is api.ReadState.LOGON
    assert user.type("LOGON CMSUSER").state is api.ReadState.PASSWORD
    assert user.type("CMSUSER").state is api.ReadState.CP_READ
    assert user.userid == "CMSUSER"
    assert user.type("IPL CMS").state is api.ReadState.VM_READ
    assert user.attention().state is api.ReadState.CP_READ
    assert user.type("BEGIN").state is api.ReadState.VM_READ
    assert user.logoff().state is api.ReadState.LOGON
    assert user.userid == ""


def test_a_refused_logon_tells_why(system: api.SystemHandle) -> None:
    with pytest.raises(api.LogonRefused, match="DMKLOG050E PASSWORD INCORRECT") as caught:
        system.logon("CMSUSER", "WRONG")
    assert any("PASSWORD INCORRECT" in line for line in caught.value.lines)
    with pytest.raises(api.LogonRefused, match="NOBODY NOT IN CP DIRECTORY"):
        system.logon("NOBODY")
    system.logon("CMSUSER")
    with pytest.raises(api.LogonRefused, match="ALREADY LOGGED ON"):
        system.logon("CMSUSER")


def test_a_program_that_does_not_end_runs_into_the_timeout_and_can_be_stopped(system: api.SystemHandle) -> None:
    user = system.logon("CMSUSER")
    user.type("STORE S10 47F00010")  # an endless loop
    with pytest.raises(api.NoAnswer, match="state RUNNING"):
        user.type("BEGIN 10", timeout=0.2)
    response = user.attention()
    assert response.lines[-1] == "CP"
    assert user.type("DISPLAY PSW").lines[0].endswith("000010")


def test_hanging_up_keeps_the_machine_for_a_reconnection(system: api.SystemHandle) -> None:
    user = cms(system)
    user.hangup()
    again = system.terminal()
    response = again.logon("CMSUSER")
    assert any(line.startswith("RECONNECTED AT") for line in response.lines)


def test_messages_can_be_waited_for(system: api.SystemHandle) -> None:
    first, second = cms(system), cms(system, "USER01")
    second.type("CP MSG CMSUSER HELLO 370")
    assert first.expect(r"MSG FROM USER01 *: HELLO (\d+)")[1] == "370"
    assert first.new_lines() == ()


def test_typing_after_shutdown(system: api.SystemHandle) -> None:
    user, operator = cms(system), system.logon("OPERATOR")
    assert operator.type("SHUTDOWN").state is api.ReadState.CLOSED
    with pytest.raises(api.LineClosed):
        user.type("LISTFILE")
    system.stop()
    system.stop()


def test_a_bare_machine() -> None:
    machine = api.Machine(storage=1 << 16)
    machine.storage.write(0x2000, (42).to_bytes(4, "big"))
    machine.gr[1] = 8
    machine.gr[2] = 0x2000
    machine.storage.write(0x1000, bytes.fromhex("5A102000"))
    machine.psw = machine.psw.from_bytes(bytes.fromhex("0000000000001000"))
    stop = machine.run(1)
    assert stop.reason is api.StopReason.BUDGET
    assert machine.gr[1] == 50
