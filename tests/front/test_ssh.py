"""Terminals by ssh, against a CP without CMS."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

asyncssh = pytest.importorskip("asyncssh", reason="asyncssh (the extra `ssh`) is not installed")

from cpvm.cp import password  # noqa: E402
from cpvm.terminal.line import ReadState  # noqa: E402
from cpvm.terminal.ssh import line  # noqa: E402

from .sshsite import Site, run, terminal  # noqa: E402


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(password, "_COST", 1 << 4)
    site = Site(tmp_path)
    yield site
    site.stop()


def test_a_password_logs_the_user_on_and_logoff_ends_it(site: Site) -> None:
    async def work() -> None:
        async with site.connect("Conversational", "cmsuser") as connection:
            there = await terminal(connection)
            assert (await there.until("LOGON AT")).startswith("VM/370 ONLINE\r\n")
            there.type("QUERY USERID\r")
            await there.until("QUERY USERID\r\nCMSUSER  AT CPVM\r\n")
            there.type("LOGOFF\r")
            assert await there.end() == 0

    run(work())
    assert re.search(r"LINE S0001 LOGON  AS CMSUSER", site.log)


async def reached(site: Site, state: ReadState) -> None:
    """Wait until the terminal knows the state, which comes behind the line that tells of it."""
    serving: Any = site.server._sessions["S0001"]._serving
    while serving._editor.state is not state:
        await asyncio.sleep(0.01)


def test_the_logon_screen_is_for_everybody(site: Site) -> None:
    async def work() -> None:
        async with site.connect("vm") as connection:
            there = await terminal(connection)
            await there.until("VM/370 ONLINE\r\n")
            there.type("LOGON USER01\r")
            await there.until("ENTER PASSWORD:\r\n")
            await reached(site, ReadState.PASSWORD)
            there.type("secret\r")
            assert "secret" not in await there.until("LOGON AT")
            there.type("LOGOFF HOLD\r")
            await there.until("VM/370 ONLINE\r\n")
            await reached(site, ReadState.LOGON)
            there.type("\x04")
            assert await there.end() == 0

    run(work())


def test_who_is_logged_on_elsewhere_is_told_so(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01", "secret") as one, site.connect("user01", "secret") as two:
            first = await terminal(one)
            await first.until("LOGON AT")
            second = await terminal(two)
            await second.until("DMKLOG054E ALREADY LOGGED ON LINE S0001")
            assert await second.end() == 1

    run(work())


def test_a_lost_connection_disconnects_and_the_next_reconnects(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01", "secret") as connection:
            there = await terminal(connection)
            await there.until("LOGON AT")
            connection.abort()
        while "DISCONNECT USER01" not in site.log:
            await asyncio.sleep(0.01)
        async with site.connect("user01", "secret") as connection:
            await (await terminal(connection)).until("RECONNECTED AT")

    run(work())


def test_attention_in_its_forms(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01", "secret") as connection:
            there = await terminal(connection)
            await there.until("LOGON AT")
            for press in (
                lambda: there.type("\x03"),
                lambda: there.process.send_break(500),
                lambda: there.process.send_signal("INT"),
            ):
                there.type("SLEEP 10 MIN\r")
                await there.until("SLEEP 10 MIN\r\n")
                there.type("QUERY TIME")  # not entered
                await there.until("QUERY TIME")
                press()
                there.type("QUERY USERID\r")
                assert "TIME IS" not in await there.until("USER01   AT CPVM\r\n")

    run(work())


def test_lines_without_a_terminal_are_all_answered(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01", "secret") as connection:
            there = await terminal(connection, None)
            there.type("QUERY USERID\nMSG * é€\nQUERY VIRTUAL CONSOLE")
            there.type("\n")
            there.process.stdin.write_eof()
            await there.end()
            assert "\r" not in there.text and "USER01   AT CPVM\n" in there.text and "CONS 009" in there.text
            assert "NOT IN CODE PAGE 037: € U+20AC\n" in there.text and "é?" in there.text

    run(work())
    assert "DISCONNECT USER01" in site.log


def test_who_does_not_read_is_dropped(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MAX_UNREAD", 20_000)

    async def work() -> None:
        async with site.connect("user01", "secret") as connection:
            process = await connection.create_process(term_type="dumb", window=1000)
            for _ in range(1000):
                process.stdin.write("QUERY TIME\r")
            while "DISCONNECT USER01" not in site.log:
                await asyncio.sleep(0.02)

    run(work())


def test_a_name_that_somebody_else_has_is_not_used(site: Site) -> None:
    class Other:
        name = "S0001"
        local = True

        def write(self, text: str) -> None: ...
        def state(self, state: object) -> None: ...
        def close(self) -> None: ...

    site.system.connect(Other())

    async def work() -> None:
        async with site.connect("user01", "secret") as connection:
            await (await terminal(connection)).until("LOGON AT")

    run(work())
    assert "LINE S0002 LOGON  AS USER01" in site.log


def test_lines_that_come_before_logon_wait_for_it(site: Site) -> None:
    async def work() -> None:
        for _ in range(5):
            async with site.connect("user01", "secret") as connection:
                there = await terminal(connection, None)
                there.type("LOGOFF\n")
                assert await there.end() == 0
                assert "LOGOFF AT" in there.text and "?CP" not in there.text

    run(work())


@pytest.mark.parametrize("name", ["user01+line", "user01+3270", "user01"])
def test_any_keys_do_no_harm(site: Site, name: str) -> None:
    import random

    noise = random.Random(name)
    some = [
        "\x1b[",
        "\x1b",
        "\x1bO",
        "\x1b[200~",
        "\x1b[201~",
        "\x14",
        "\r",
        "\t",
        "€",
        "日",
        "e\u0301",
        "\x1b[A",
        "\x19",
    ]

    async def work() -> None:
        async with site.connect(name, "secret") as connection:
            process = await connection.create_process(term_type="xterm", term_size=(80, 24), encoding=None)
            reading = asyncio.ensure_future(process.stdout.read())
            for _ in range(100):
                text = "".join(noise.choice(some) for _ in range(20)).encode() + noise.randbytes(50)
                process.stdin.write(text.replace(b"\x04", b""))
                process.change_terminal_size(noise.randrange(300), noise.randrange(100))
            await process.stdin.drain()
            process.close()
            await reading
        async with site.connect("vm") as connection:
            await (await terminal(connection)).until("ONLINE")

    run(work())


def test_a_3270_from_the_beginning(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01+3270", "secret") as connection:
            there = await terminal(connection, "xterm-256color", (90, 40))
            await there.until("\x1b[?1049h")
            await there.until("CP READ")
            there.type("QUERY USERID\r")
            await there.until("USER01   AT CPVM")
            there.process.change_terminal_size(100, 50)
            there.type("\x14")  # lines
            await there.until("\x1b[?1049l")
            there.type("LOGOFF\r")
            assert await there.end() == 0

    run(work())


@pytest.mark.parametrize(
    ("term", "size", "name", "status"),
    [("xterm", (79, 24), "user01+3270", 254), ("dumb", (80, 24), "user01+3270", 254), (None, (0, 0), "vm+3270", 254)],
)
def test_a_3270_needs_room(site: Site, term: str | None, size: tuple[int, int], name: str, status: int) -> None:
    async def work() -> None:
        async with site.connect(name, "secret") as connection:
            there = await terminal(connection, term, size)
            assert await there.end() == status
            assert "a 3270 needs a terminal" in there.errors

    run(work())


def test_lines_may_be_asked_for_and_keys_edit_them(site: Site) -> None:
    async def work() -> None:
        async with site.connect("user01+line", "secret") as connection:
            there = await terminal(connection, "xterm", (80, 24))
            await there.until("LOGON AT")
            await reached(site, ReadState.CP_READ)
            there.type("QUERX\x7fY USERXX\x1b[D\x1b[D\x1b[3~\x1b[3~ID\r")
            await there.until("USER01   AT CPVM\r\n")
            there.type("\x1b[A\r")
            await there.until("USER01   AT CPVM\r\n")
            assert "\x1b[?1049h" not in there.text and "\x1b[?2004h" in there.text

    run(work())


def test_a_command_needs_a_user(site: Site) -> None:
    async def work() -> None:
        async with site.connect("vm") as connection:
            done = await connection.run("QUERY TIME")
            assert done.exit_status == 254 and "needs a user" in done.stderr

    run(work())


def test_stopping_ends_all_sessions(tmp_path: Path) -> None:
    site = Site(tmp_path)

    async def work() -> None:
        async with site.connect("vm") as connection, site.connect("user01", "secret") as other:
            one, two = await terminal(connection), await terminal(other)
            await one.until("ONLINE")
            await two.until("LOGON AT")
            await asyncio.to_thread(site.stop)
            await one.end()
            await two.end()
            assert "SHUTDOWN COMPLETE" in one.text

    run(work())
