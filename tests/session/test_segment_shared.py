"""CMS takes its segment from the control program, and not when its own storage is in the way."""

from __future__ import annotations

from cpvm import api


def test_cp_shares_it(system: api.SystemHandle) -> None:
    user = system.logon("CMSUSER")
    user.type("IPL CMS")
    user.type("")
    assert "0005F0  00F00000" in user.type("#CP DISPLAY 5F0").text
    assert "CMSSEG" in user.type("#CP DISPLAY TF00000.8").text
    user.type("#CP DEFINE STORAGE 16M")
    user.type("IPL CMS")
    user.type("")
    assert "0005F0  00F00000" not in user.type("#CP DISPLAY 5F0").text
    assert user.type("EXEC PROFILE").text.startswith("Ready;")


def test_a_small_machine(system: api.SystemHandle) -> None:
    """256K are enough where the segment is shared."""
    user = system.logon("CMSUSER")
    user.type("DEFINE STORAGE 256K")
    user.type("IPL CMS")
    assert "Ready;" in user.type("").text
    assert user.type("EXEC PROFILE").return_code == 0
    assert "LISTFILE" in user.type("HELP LISTFILE").text
