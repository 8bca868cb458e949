"""A class comes at the same time: twelve students on telnet, and none waits for another."""

from __future__ import annotations

import threading

from cpvm import api

from .telnet_client import TelnetUser


def test_twelve_students_at_once(system: api.SystemHandle) -> None:
    _, port = system.listen()
    together = threading.Barrier(12)
    files: dict[str, str] = {}

    def work(name: str) -> None:
        user = TelnetUser(port)
        user.until("VM/370 ONLINE")
        together.wait(60)
        user.type(f"LOGON {name} {name}")
        user.until("LOGON AT .*\n")
        user.type("IPL CMS")
        user.until("CMS VERSION .*\n")
        user.command("")
        files[name] = user.command("LISTFILE")
        user.close()

    students = [threading.Thread(target=work, args=(f"STUDENT{number:02d}",)) for number in range(1, 13)]
    for student in students:
        student.start()
    for student in students:
        student.join(90)
    assert len(files) == 12
    assert all("PROFILE  EXEC     A1" in listed for listed in files.values())
