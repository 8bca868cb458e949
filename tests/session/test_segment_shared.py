"""CMS takes its segment from the control program, and not when its own storage is in the way."""

from __future__ import annotations

import re

from cpvm import api

SEGMENT = 0xF00000


def word(user: api.User, address: int) -> int:
    """A fullword of the machine's storage."""
    shown = user.type(f"#CP DISPLAY {address:X}.4").text
    found = re.search(rf"^{address:06X}  ([0-9A-F]{{8}})", shown, re.MULTILINE)
    assert found, shown
    return int(found[1], 16)


def system_directory_of(user: api.User) -> int:
    """Where the directory of the machine's disk S begins."""
    adt = word(user, 0x560)
    while word(user, adt + 0x44) >> 24 != "S".encode("cp037")[0]:
        adt = word(user, adt + 8)
    return word(user, adt + 0x10)


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


def test_the_system_disk_has_one_directory_for_all(system: api.SystemHandle) -> None:
    """Until somebody changes the disk: who IPLs then reads what is there."""
    user = system.logon("CMSUSER")
    user.type("IPL CMS")
    user.type("")
    assert system_directory_of(user) >= SEGMENT
    assert user.type("LISTFILE CMSLIB MACLIB S").return_code == 0
    user.type("DEFINE STORAGE 16M")
    user.type("IPL CMS")
    user.type("")
    assert system_directory_of(user) < SEGMENT
    assert user.type("LISTFILE CMSLIB MACLIB S").return_code == 0
    user.logoff()
    maint = system.logon("MAINT")
    maint.type("IPL CMS")
    maint.type("")
    assert maint.type("ACCESS 190 F").return_code == 0
    assert maint.type("RENAME CMSLIB MACLIB F CMSLAB MACLIB F").return_code == 0
    maint.logoff()
    user = system.logon("CMSUSER")
    user.type("IPL CMS")
    user.type("")
    assert system_directory_of(user) < SEGMENT
    assert user.type("STATE CMSLAB MACLIB S").return_code == 0
    assert user.type("STATE CMSLIB MACLIB S").return_code == 28
