"""Passwords of every kind are planted in a system, everything is done with them, and then none is found anywhere.

Looked through are all files of the system's folder (ASCII and EBCDIC), its spool files as users read them, what
terminals showed besides the line that was typed there, and the process's output.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm import api, cli
from cpvm.cp import password, signon
from cpvm.front.address import Address
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

LOGON, CHANGED, READ, WRITE = "PLANTLG1", "PLANTCH1", "PLANTRD1", "PLANTWR1"
"""Those that are right: of USER01, before and after SET PASSWORD, and of a disk of MAINT's."""
WRONG = [f"WRONG{number:03}" for number in range(20)]
ALL = (LOGON, CHANGED, READ, WRITE, *WRONG)


@pytest.fixture
def folder(built_system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(password, "_COST", 1 << 4)
    there = tmp_path / "system"
    shutil.copytree(built_system, there)
    secret = tmp_path / "secret"
    secret.write_text(LOGON + "\n")
    cpvm("user", "password", "USER01", "--password-file", str(secret), "--system", str(there))
    source = tmp_path / "source"
    cpvm("directory", "show", str(source), "--system", str(there))
    lines = source.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if line.split()[:1] == ["MDISK"] and " 191 " in line)
    words = lines[at].split()
    owner = next(line.split()[1] for line in reversed(lines[:at]) if line.split()[:1] == ["USER"])
    lines[at] = " ".join([*words[:6], "MR", READ, WRITE])
    source.write_text("\n".join(lines) + "\n")
    cpvm("directory", "install", str(source), "--system", str(there))
    (tmp_path / "owner").write_text(owner)
    return there


def cpvm(*arguments: str) -> None:
    assert cli.main(list(arguments)) == 0


def look(shown: str) -> list[str]:
    """The planted passwords in a text."""
    return [secret for secret in ALL if secret in shown.upper()]


def in_files(folder: Path) -> list[tuple[str, str]]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".volume":
            data = path.read_bytes()
            text = data.decode("latin-1").upper()
            ebcdic = from_ebcdic(data).upper()
            found += [(path.name, secret) for secret in ALL if secret in text or secret in ebcdic]
        elif path.is_file():
            data = path.read_bytes()
            found += [(path.name, secret) for secret in ALL if secret.encode() in data or to_ebcdic(secret) in data]
    return found


def in_spool(system: api.SystemHandle) -> list[tuple[str, str]]:
    """As users read their files."""
    found = []
    for queue in ("RDR", "PRT", "PUN"):
        for file in system.system.spool.files(queue, None):
            for record in system.system.spool.records(file.spoolid):
                found += [(f"{queue} {file.owner} {file.spoolid}", secret) for secret in look(from_ebcdic(record.data))]
    return found


def do(user: api.User, line: str, shown: list[str]) -> None:
    """Type a line; what came is looked through."""
    shown += user.type(line).lines


def at_a_terminal(system: api.SystemHandle, owner: str, shown: list[str]) -> None:
    user = system.terminal()
    for line in (f"LOGON USER01 {WRONG[0]}", "LOGON USER01", WRONG[1], f"LOGON {WRONG[2]} X", f"LOGON USER01#{LOGON}"):
        do(user, line, shown)
    assert user.userid == "USER01", shown
    for line in ("#CP SPOOL CONSOLE START", "#CP TRACE PRIV#CP TRACE END", "#CP SET PF1 RETRIEVE"):
        do(user, line, shown)
    for line in (
        f"#CP LINK {owner} 191 391 R {READ}",
        f"#CP LINK {owner} 191 392 R PASS={WRONG[3]}",
        f"#CP LINK {owner} 191 393 R",
        WRONG[4],
        f"#CP LINK NOSUCH 191 394 R {WRONG[6]}",
        "#CP SET PASSWORD",
        WRONG[7],
        "#CP SET PASSWORD",
        LOGON,
        CHANGED,
        CHANGED,
        f"#CP SET PASSWORD {WRONG[8]} {WRONG[9]}",
        f"#CP LOGON MAINT {WRONG[10]}",
        "QUERY DISK",
        "#CP QUERY VIRTUAL ALL",
        "#CP QUERY LINKS 191",
        "#CP VMDUMP 0-END",
        "#CP DUMP 0-END",
        "#CP SPOOL CONSOLE STOP CLOSE",
        "#CP CLOSE 00E",
    ):
        do(user, line, shown)
    user.logoff()


def as_operator(system: api.SystemHandle, shown: list[str]) -> None:
    user = system.logon("MAINT")
    for line in (
        "#CP SET JOURNAL ON",
        "#CP MONITOR START",
        f"#CP AUTOLOG USER01 {WRONG[11]} IPL CMS",
        f"#CP AUTOLOG USER01 {CHANGED} IPL CMS",
        "#CP FORCE USER01",
        "#CP AUTOLOG USER01 PROMPT IPL CMS",
        CHANGED,
        "#CP SEND CP USER01 QUERY TIME",
        "#CP FORCE USER01",
        "#CP DMCP 0-2FFFF",
        "#CP QUERY JOURNAL",
        "#CP MONITOR STOP",
        "#CP ACNT ALL",
        "#CP ACNT CLOSE",
        "#CP CLOSE 00E",
    ):
        do(user, line, shown)
    user.logoff()


def at_a_display(system: api.SystemHandle, shown: list[str]) -> None:
    display = system.display()
    display.wait_for("VM/370 ONLINE")
    display.enter(f"LOGON USER01 {WRONG[12]}")
    display.wait_for("DMKLOG050E")
    shown += display.lines
    display.enter(f"LOGON USER01 {CHANGED} NOIPL")
    display.wait_for("LOGON AT")
    shown += display.lines
    display.enter("LOGOFF")
    display.wait_for("LOGOFF AT")


def by_ssh(system: api.SystemHandle) -> None:
    asyncssh = pytest.importorskip("asyncssh")
    from cpvm.front.services import ssh

    service = ssh.serve(system, Address("127.0.0.1", 0), argparse.Namespace())

    async def work(secret: str) -> None:
        async with asyncssh.connect(
            service.address.host,
            service.address.port,
            username="user01",
            password=secret,
            client_keys=[],
            known_hosts=None,
            config=None,
            agent_path=None,
        ) as there:
            done = await there.run("QUERY DISK", check=False)
            assert done.stdout

    asyncio.run(work(CHANGED))
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(work(WRONG[13]))
    service.stop()


def by_web(system: api.SystemHandle) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    from cpvm.front.services import web

    service = web.serve(system, Address("127.0.0.1", 0), argparse.Namespace())
    base = f"http://{service.address.host}:{service.address.port}"

    async def work() -> None:
        async with aiohttp.ClientSession() as session:
            for userid, secret in (("user01", CHANGED), ("maint", WRONG[14]), (WRONG[15], WRONG[16])):
                body = json.dumps({"userid": userid, "password": secret})
                async with session.post(f"{base}/operator/session", data=body, headers={"Origin": base}) as answer:
                    assert look(await answer.text()) in ([], [WRONG[15]])

    asyncio.run(work())
    service.stop()


def with_an_error_in_the_check(system: api.SystemHandle, monkeypatch: pytest.MonkeyPatch, shown: list[str]) -> None:
    """CP itself fails, with the password in the error's text."""

    def fails(secret: str, hashed: str) -> bool:
        raise ValueError(f"cannot look at {secret!r}")

    with monkeypatch.context() as patch:
        patch.setattr(signon, "check_password", fails)
        user = system.terminal()
        do(user, "LOGON USER01", shown)
        do(user, WRONG[17], shown)
        user.hangup()


@pytest.fixture
def system(folder: Path) -> Iterator[api.SystemHandle]:
    with api.start(folder) as handle:
        yield handle


def test_none_is_found(
    system: api.SystemHandle, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    at_a_terminal(system, (folder.parent / "owner").read_text(), shown)
    as_operator(system, shown)
    at_a_display(system, shown)
    by_ssh(system)
    by_web(system)
    with_an_error_in_the_check(system, monkeypatch, shown)
    files = system.system.spool.files("PRT", None) + system.system.spool.files("RDR", None)
    assert {"USER01", "OPERATOR"} <= {file.owner for file in files}
    assert in_spool(system) == []
    assert in_files(folder) == []  # while it runs
    cpvm("journal", "--system", str(folder))
    cpvm("directory", "show", "--system", str(folder))
    cpvm("user", "list", "--system", str(folder))
    system.stop()
    assert in_files(folder) == []
    said = capfd.readouterr()
    assert "DMKLOG050E" in said.out and "DMKLNK114E" in said.out  # the journal
    assert look(said.out + said.err) == []
    # A userid that there is none of is repeated to the one who typed it.
    repeated = {WRONG[2]}
    assert [line for line in shown if set(look(line)) - repeated] == []


def test_what_is_planted_would_be_found(folder: Path) -> None:
    assert in_files(folder) == []
    (folder / "somewhere").write_bytes(to_ebcdic(f"X{LOGON.lower()}X"))
    (folder / "operator.log").write_text(WRONG[3].lower())
    assert in_files(folder) == [("operator.log", WRONG[3]), ("somewhere", LOGON)]
    assert sys.argv
