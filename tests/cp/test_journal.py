"""The journal: what is in it, that it survives, its size, and that several processes may write to it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cpvm.cp import journal
from cpvm.cp.journal import FILE, Entry, Journal, What, read

from .helper import FakeTerminal, Site


def entries(folder: Path) -> list[Entry]:
    found = list(read(folder))
    assert None not in found
    return [entry for entry in found if entry is not None]


def told(folder: Path, what: What) -> list[tuple[str, str, str]]:
    return [(entry.user, entry.about, entry.result) for entry in entries(folder) if entry.what == what]


def test_records_come_back_in_order(tmp_path: Path) -> None:
    written = Journal(tmp_path)
    written.write(What.LOGON, "USER01", place="L0001 10.0.0.1")
    written.write(What.LINK, "USER01", about="MAINT 191 R", result="DMKLNK114E")
    assert [(entry.what, entry.user, entry.failed) for entry in entries(tmp_path)] == [
        ("LOGON", "USER01", False),
        ("LINK", "USER01", True),
    ]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_the_oldest_file_goes(tmp_path: Path) -> None:
    written = Journal(tmp_path, file_bytes=2000, kept=3)
    written.written = lambda: None
    for number in range(200):
        written.write(What.COMMAND, "MAINT", about=f"NUMBER {number}")
    written.close()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert {"journal.1.jsonl", "journal.2.jsonl"} <= set(files) and "journal.3.jsonl" not in files
    assert all(path.stat().st_size < 2200 for path in tmp_path.iterdir())
    numbers = [int(entry.about.split()[1]) for entry in entries(tmp_path)]
    assert numbers == list(range(numbers[0], 200)) and len(numbers) > 20


def test_what_is_alike_is_counted(tmp_path: Path) -> None:
    now = [0.0]
    written = Journal(tmp_path, ticks=lambda: now[0])
    for _ in range(1000):
        written.write(What.LINK, "USER01", about="MAINT 190 RR")
    written.write(What.LINK, "USER02", about="MAINT 190 RR")
    assert len(entries(tmp_path)) == journal.MOST_ALIKE + 1
    now[0] = journal.ALIKE_SECONDS + 1
    written.count_out()
    last = entries(tmp_path)[-1]
    assert (last.user, last.times) == ("USER01", 1000 - journal.MOST_ALIKE)
    written.write(What.LINK, "USER01", about="MAINT 190 RR")
    assert entries(tmp_path)[-1].times == 1


def test_many_different_records_are_counted_in_bounded_memory(tmp_path: Path) -> None:
    written = Journal(tmp_path)
    written.written = lambda: None
    for number in range(journal.MOST_COUNTED + 200):
        written.write(What.LINK, "USER01", about=f"{number}")
    assert len(written._alike) <= journal.MOST_COUNTED


def test_half_a_record_at_the_end_spoils_no_other(tmp_path: Path) -> None:
    Journal(tmp_path).write(What.LOGON, "A")
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"time":17')
    Journal(tmp_path).write(What.LOGON, "B")
    found = list(read(tmp_path))
    assert [entry.user if entry else None for entry in found] == ["A", None, "B"]


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"time":"x","what":"A"}', b'{"time":1,"what":2}', b"\xff\xfe"])
def test_what_is_no_record(line: bytes) -> None:
    assert journal.parse(line) is None


def test_a_full_disk_is_told_once_and_what_was_lost_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Journal(tmp_path)
    written.write(What.LOGON, "A")
    said: list[str] = []
    written.trouble = said.append
    whole = os.write

    def short(file: int, data: bytes) -> int:
        return whole(file, data[:5])

    monkeypatch.setattr(os, "write", short)
    for user in "BCD":
        written.write(What.LOGON, user)
    monkeypatch.undo()
    written.write(What.LOGON, "E")
    assert len(said) == 1
    assert [(entry.user, entry.times) for entry in entries(tmp_path)] == [("A", 1), ("", 3), ("E", 1)]


def test_two_processes_write_and_turn_over(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from cpvm.cp.journal import Journal, What
written = Journal(Path({str(tmp_path)!r}), file_bytes=20000, kept=50)
written.written = lambda: None
for number in range(300):
    written.write(What.COMMAND, sys.argv[1], about=f"NUMBER {{number}}")
"""
    there = [subprocess.Popen([sys.executable, "-c", program, name]) for name in ("A", "B", "C")]
    assert [process.wait(timeout=60) for process in there] == [0, 0, 0]
    found = entries(tmp_path)
    for name in "ABC":
        assert [entry.about for entry in found if entry.user == name] == [f"NUMBER {number}" for number in range(300)]
    assert len(list(tmp_path.iterdir())) > 2


def test_a_kill_loses_nothing(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from cpvm.cp.journal import Journal, What
written = Journal(Path({str(tmp_path)!r}), file_bytes=5000, kept=1000)
written.written = lambda: None
number = 0
while True:
    written.write(What.COMMAND, "A", about=f"NUMBER {{number}}")
    print(number, flush=True)
    number += 1
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = -1
    for _ in range(500):
        acknowledged = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    acknowledged = max([acknowledged, *(int(line) for line in process.stdout.read().splitlines() if line)])
    numbers = [int(entry.about.split()[1]) for entry in entries(tmp_path)]
    assert numbers[: acknowledged + 1] == list(range(acknowledged + 1))


def test_a_halted_process_with_the_lock_halts_no_other(tmp_path: Path) -> None:
    written = Journal(tmp_path, file_bytes=100)
    written.write(What.LOGON, "A")
    with (tmp_path / FILE).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        Journal(tmp_path).write(What.LOGON, "B")
        written.write(What.LOGON, "C")
    assert [entry.user for entry in entries(tmp_path)] == ["A", "B", "C"]


def test_it_is_read_as_a_whole_while_files_take_turns(tmp_path: Path) -> None:
    written = Journal(tmp_path, file_bytes=300, kept=20)
    written.written = lambda: None
    for number in range(10):
        written.write(What.COMMAND, "A", about=f"NUMBER {number}")
    reading = read(tmp_path)
    first = next(reading)
    for number in range(10, 20):
        written.write(What.COMMAND, "A", about=f"NUMBER {number}")
    found = [first, *reading]
    assert [entry.about for entry in found[:10] if entry] == [f"NUMBER {number}" for number in range(10)]


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("precious\n")
    (tmp_path / FILE).symlink_to(tmp_path / "other")
    said: list[str] = []
    written = Journal(tmp_path)
    written.trouble = said.append
    written.write(What.LOGON, "A")
    assert len(said) == 1 and (tmp_path / "other").read_text() == "precious\n"


# In a system


def test_a_host_that_cannot_store_it_is_told_of_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(site.system.journal, "sync", lambda: fails(0))
    user = site.logon("USER01", "SECRET")
    user.type("LINK MAINT 190 291 RR")
    user.type("LOGOFF HOLD")
    site.on_cp(lambda: None)
    site.system.shutdown()
    log = (site.folder / "operator.log").read_text()
    assert log.count("DMKJRL147W JOURNAL NOT WRITTEN; INPUT/OUTPUT ERROR") == 1
    assert "USER01" in [entry.user for entry in entries(site.folder)]


def test_coming_and_going(site: Site) -> None:
    user = site.logon("USER01", "SECRET")
    user.type("DISCONN")
    back = site.terminal()
    back.type("LOGON USER01 SECRET")
    back.type("LOGOFF")
    kinds = [(entry.what, entry.user) for entry in entries(site.folder) if entry.what != "LINK"]
    assert kinds == [
        ("SYSTEM", ""),
        *(("LOGON", "USER01"), ("DISCONNECT", "USER01"), ("RECONNECT", "USER01"), ("LOGOFF", "USER01")),
    ]


def test_who_was_not_let_in(site: Site) -> None:
    stranger = site.terminal(local=False)
    stranger.type("LOGON USER01 GUESSED")
    stranger.type("LOGON MYSECRET")
    stranger.type("LOGON NOBODY")
    stranger.type("LOGON CMSUSER CMSUSER")
    assert told(site.folder, What.LOGON) == [
        ("USER01", "", "DMKLOG050E"),
        ("", "", "DMKLOG053E"),
        ("NOBODY", "", "DMKLOG055E"),
        ("CMSUSER", "", "DMKLOG056E"),
    ]
    assert all(word not in (site.folder / FILE).read_text() for word in ("GUESSED", "MYSECRET"))


def test_links(site: Site) -> None:
    user = site.logon("USER01", "SECRET")
    user.type("LINK MAINT 191 291 R GUESSED")
    user.type("LINK MAINT 191 291 R READIT")
    user.type("LINK MAINT 190 292 R")
    user.type("LINK MAINT 555 293 R")
    user.type("LINK MYSECRET 191 294 R")
    assert told(site.folder, What.LINK) == [
        ("USER01", "MAINT 190 RR R/O BY DIRECTORY", "OK"),
        ("USER01", "MAINT 191 R", "DMKLNK114E"),
        ("USER01", "MAINT 191 R R/O", "OK"),
        ("USER01", "MAINT 190 R R/O", "OK"),
        ("USER01", "MAINT 555 R", "DMKLNK107E"),
        ("USER01", "", "DMKLNK053E"),
    ]
    text = (site.folder / FILE).read_text()
    assert all(word not in text for word in ("GUESSED", "READIT", "MYSECRET"))


def test_privileged_commands(site: Site) -> None:
    operator = site.logon("OPERATOR")
    user = site.logon("USER01", "SECRET")
    operator.type("SET PRIORITY USER01 30#SET SHARE USER01 RELATIVE 200#SET LOGMSG")
    operator.type("DISABLE L0999#QUERY ALLOC#WNG USER01 HELLO THERE")
    user.type("FORCE OPERATOR")
    user.type("SET PRIORITY OPERATOR 99")
    operator.type("FORCE USER01")
    assert told(site.folder, What.SHARE) == [
        ("OPERATOR", "SET PRIORITY USER01 30", "OK"),
        ("OPERATOR", "SET SHARE USER01 RELATIVE 200", "OK"),
        ("USER01", "SET PRIORITY", "REFUSED"),
    ]
    assert told(site.folder, What.COMMAND) == [
        ("OPERATOR", "SET LOGMSG", "OK"),
        ("OPERATOR", "DISABLE L0999", "OK"),
        ("OPERATOR", "WNG USER01", "OK"),
        ("USER01", "FORCE", "REFUSED"),
    ]
    assert told(site.folder, What.FORCE) == [("OPERATOR", "USER01", "OK")]
    assert ("USER01", "FORCED", "OK") in told(site.folder, What.LOGOFF)


def test_autolog(site: Site) -> None:
    operator = site.logon("OPERATOR")
    operator.type("AUTOLOG USER01 GUESSED IPL 191")
    operator.type("AUTOLOG USER01 SECRET QUERY TIME")
    operator.type("XAUTOLOG CMSUSER QUERY TIME")
    operator.type("XAUTOLOG NOBODY QUERY TIME")
    assert told(site.folder, What.AUTOLOG) == [
        ("OPERATOR", "USER01", "DMKALG059E"),
        ("OPERATOR", "USER01", "OK"),
        ("OPERATOR", "CMSUSER", "OK"),
        ("OPERATOR", "NOBODY", "DMKALG059E"),
    ]
    text = (site.folder / FILE).read_text()
    assert "GUESSED" not in text and "SECRET" not in text


def test_files_and_machines_of_others(site: Site) -> None:
    maint, user = site.logon("MAINT", "CPCMS"), site.logon("USER01", "SECRET")
    for terminal in (maint, user):
        terminal.type("PURGE RDR ALL")
        terminal.type("PURGE SYSTEM RDR ALL")
        terminal.type("QUERY RDR ALL")
    user.type("DISCONN")
    maint.type("SEND CP USER01 LINK MAINT 191 291 R READIT")
    assert told(site.folder, What.COMMAND) == [
        ("MAINT", "PURGE SYSTEM RDR ALL", "OK"),
        ("MAINT", "SEND CP USER01", "OK"),
    ]
    assert "READIT" not in (site.folder / FILE).read_text()
    maint.type("SET SECUSER USER01 *")
    assert told(site.folder, What.COMMAND)[-1] == ("MAINT", "SET SECUSER USER01 *", "OK")


def test_a_password_that_is_changed(site: Site) -> None:
    user = site.logon("USER01", "SECRET")
    for line in ("SET PASSWORD", "GUESSED"):
        user.type(line)
    for line in ("SET PASSWORD", "SECRET", "CHANGED1", "CHANGED1"):
        user.type(line)
    assert user.transcript[-1] == "PASSWORD CHANGED"
    assert told(site.folder, What.DIRECTORY) == [
        ("USER01", "PASSWORD OF USER01", "DMKCFS050E"),
        ("USER01", "PASSWORD OF USER01", "OK"),
    ]
    assert user.type("SET PASSWORD SECRET CHANGED2") == ["DMKCFS118E COMMAND FORMAT INVALID; PASSWORDS ARE ASKED FOR"]


def test_the_file_is_plain_json(site: Site) -> None:
    terminal: FakeTerminal = site.logon("CMSUSER")
    terminal.type("LOGOFF")
    for text in (site.folder / FILE).read_text().splitlines():
        plain = json.loads(text)
        assert plain["time"] > 1e9 and plain["what"] in set(What)


def test_a_user_does_not_wash_it_out(site: Site) -> None:
    user = site.logon("USER01", "SECRET")
    for number in range(5):
        user.type("#".join(f"FORCE U{number}{other}" for other in range(8)))
    assert len(told(site.folder, What.COMMAND)) == journal.MOST_ALIKE
